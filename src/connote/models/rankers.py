"""Models that order what a search has found: queries that are features, and trees over their scores.

https://www.elastic.co/docs/solutions/search/ranking/learning-to-rank-ltr
"""

import asyncio
import base64
import math
import re
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from connote.contract.body import is_deeper
from connote.contract.errors import AlreadyExists, IllegalArgument, InvalidRequest, NotFound, Rejected, Unparsable
from connote.contract.settings import java
from connote.models.config import wrong_id
from connote.models.forest import Doubles, Forest, parse
from connote.store.bodies import BodyStore
from connote.version import VERSION_SPOKEN

KIND = "learning_to_rank"
# Bytes of a definition that came compressed, and features of a model.
_MOST_BYTES, _MOST_FEATURES = 256 * 2**20, 500
_KNOWN = {
    "model_id", "description", "model_type", "inference_config", "input", "metadata", "tags", "definition",
    "compressed_definition", "model_size_bytes", "estimated_operations", "version", "license_level",
}  # fmt: skip
_LARGEST = float(np.finfo(np.float32).max)
_MOST_NESTED = 100  # what is told again must be what JSON can be written of
_VARIABLE = re.compile(r"\{\{[{&]?\s*(\w+)")


@dataclass(frozen=True)
class Feature:
    """The score of a query, a Mustache template; NaN or `default` for a document that it does not find."""

    name: str
    template: str
    default: float

    @cached_property
    def variables(self) -> frozenset[str]:
        """What the template needs."""
        return frozenset(_VARIABLE.findall(self.template))


@dataclass(frozen=True)
class Ranker:
    """As it was put, with its definition; `created` is in milliseconds of the epoch."""

    id: str
    body: Mapping[str, Any]
    created: int
    features: Sequence[Feature]
    forest: Forest

    @classmethod
    def of(cls, id: str, body: Mapping[str, Any], created: int) -> "Ranker":
        """Raises Unparsable, IllegalArgument."""
        features = _features(body["inference_config"])
        forest = parse(body["definition"])
        if unknown := [name for name in forest.names if name not in {each.name for each in features}]:
            raise IllegalArgument(f"the feature [{unknown[0]}] of the trees has no feature extractor")
        return cls(id, body, created, features, forest)

    def scores(self, values: Mapping[str, Doubles], count: int) -> Doubles:
        """float64 [count]: of the features' values by name, each [count]."""
        columns = [values.get(name, np.full(count, math.nan)) for name in self.forest.names]
        return np.clip(self.forest.predict(np.stack(columns, axis=1)), -_LARGEST, _LARGEST)

    def wire(self) -> dict[str, Any]:
        """Its entry in the answer to GET."""
        given = {name: self.body[name] for name in ("description", "tags", "metadata", "input") if name in self.body}
        return {
            "model_id": self.id,
            "model_type": "tree_ensemble",
            "created_by": "api_user",
            "version": VERSION_SPOKEN,
            "create_time": self.created,
            "model_size_bytes": 0,
            "estimated_operations": 0,
            "license_level": "platinum",
            "tags": [],
            "input": {"field_names": [each.name for each in self.features]},
            **given,
            "inference_config": self.body["inference_config"],
        }


class Rankers:
    """Rankers by id. `claims` are asked, with the id of a new one, why it cannot be that."""

    def __init__(self, store: BodyStore) -> None:
        self._store = store
        self.claims: list[Callable[[str], str | None]] = []
        self.all = {id: Ranker.of(id, kept["body"], kept["created"]) for id, kept in store.all().items()}

    def get(self, id: str) -> Ranker:
        """The one of that id. Raises NotFound."""
        if id not in self.all:
            raise NotFound(f"Could not find trained model [{id}]")
        return self.all[id]

    async def put(self, id: str, given: Mapping[str, Any]) -> Ranker:
        """Keep a new one. Raises InvalidRequest, Unparsable, IllegalArgument, AlreadyExists, Rejected."""
        if problems := wrong_id(id, "model_id"):
            raise InvalidRequest(problems)
        if unknown := given.keys() - _KNOWN:
            raise Unparsable(f"[trained_model_config] unknown field [{min(unknown)}]")
        if given.get("model_id") not in (None, id):
            raise IllegalArgument(f"[model_id] of the body must be [{id}], as in the path")
        if is_deeper(given, _MOST_NESTED):
            raise IllegalArgument(f"the body must not be nested more than {_MOST_NESTED} deep")
        ranker = await asyncio.to_thread(_made, id, given)
        if id in self.all:
            raise AlreadyExists(f"Trained machine learning model [{id}] already exists")
        if why := next((why for claim in self.claims if (why := claim(id))), None):
            raise Rejected(why)
        self.all[id] = ranker
        try:
            await asyncio.to_thread(self._store.put, id, {"body": ranker.body, "created": ranker.created})
        except Exception:  # it is not kept: a full disk
            del self.all[id]
            raise
        return ranker

    async def delete(self, id: str) -> None:
        """Forget one. Raises NotFound."""
        self.get(id)
        await asyncio.to_thread(self._store.remove, [id])
        self.all.pop(id, None)

    def claim(self, id: str) -> str | None:
        """Why another model cannot have that id."""
        return f"Trained machine learning model [{id}] already exists" if id in self.all else None


def is_ranker(body: Mapping[str, Any]) -> bool:
    """Whether the body of a PUT is one's."""
    config = body.get("inference_config")
    return isinstance(config, Mapping) and KIND in config


def _made(id: str, given: Mapping[str, Any]) -> Ranker:
    compressed, definition = given.get("compressed_definition"), given.get("definition")
    if (compressed is None) == (definition is None):
        raise IllegalArgument("give either [definition] or [compressed_definition]")
    body = {name: value for name, value in given.items() if name != "compressed_definition"}
    body["definition"] = definition if compressed is None else _unpacked(compressed)
    return Ranker.of(id, body, time.time_ns() // 1_000_000)


def _unpacked(given: Any) -> Any:  # noqa: ANN401 (JSON)
    """What base64 of gzip holds. Raises IllegalArgument."""
    try:
        packed = base64.b64decode(str(given), validate=True)
        unpacking = zlib.decompressobj(wbits=31)
        content = unpacking.decompress(packed, _MOST_BYTES)
        if unpacking.unconsumed_tail:
            raise IllegalArgument(f"[compressed_definition] is more than [{_MOST_BYTES}] bytes")
        return orjson.loads(content)
    except (ValueError, zlib.error) as error:
        raise IllegalArgument(f"[compressed_definition] is not base64 of gzip of JSON: {error}") from None


def _features(config: Mapping[str, Any]) -> list[Feature]:
    """Raises IllegalArgument."""
    own = config[KIND]
    given = own.get("feature_extractors") if isinstance(own, Mapping) else None
    if len(config) != 1 or not isinstance(given, list) or not 0 < len(given) <= _MOST_FEATURES:
        raise IllegalArgument(f"[{KIND}] needs [feature_extractors], an array of up to {_MOST_FEATURES}")
    features = [_feature(each) for each in given]
    if len({each.name for each in features}) < len(features):
        raise IllegalArgument("[feature_name] must be different for each feature extractor")
    return features


def _feature(given: Any) -> Feature:  # noqa: ANN401
    own = given.get("query_extractor") if isinstance(given, Mapping) and len(given) == 1 else None
    if not isinstance(own, Mapping):
        raise IllegalArgument(f"a feature extractor must be a [query_extractor], not [{java(given)[:100]}]")
    name, query, default = own.get("feature_name"), own.get("query"), own.get("default_score")
    if not isinstance(name, str) or not name or not isinstance(query, Mapping) or not query:
        raise IllegalArgument("a [query_extractor] needs [feature_name], a text, and [query], an object")
    if default is not None and (isinstance(default, bool) or not isinstance(default, int | float)):
        raise IllegalArgument("[default_score] of a [query_extractor] must be a number")
    return Feature(name, orjson.dumps(query).decode(), math.nan if default is None else float(default))
