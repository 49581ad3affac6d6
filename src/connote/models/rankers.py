"""Models that order what a search has found: queries that are features, and trees over their scores.

https://www.elastic.co/docs/solutions/search/ranking/learning-to-rank-ltr
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.models.definition import parse
from connote.models.forest import REGRESSION, Doubles, Forest

KIND = "learning_to_rank"
# Features of a model.
_MOST_FEATURES = 500
_LARGEST = float(np.finfo(np.float32).max)
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

    @property
    def kind(self) -> str:
        """The type of its inference configuration."""
        return KIND

    @classmethod
    def of(cls, id: str, body: Mapping[str, Any], created: int) -> "Ranker":
        """Raises Unparsable, IllegalArgument."""
        features = _features(body["inference_config"])
        forest, _, _ = parse(body["definition"])
        if forest.target != REGRESSION or body["definition"].get("preprocessors"):
            raise IllegalArgument(f"trees for [{KIND}] must be a [{REGRESSION}] without [preprocessors]")
        if unknown := [name for name in forest.names if name not in {each.name for each in features}]:
            raise IllegalArgument(f"the feature [{unknown[0]}] of the trees has no feature extractor")
        return cls(id, body, created, features, forest)

    def scores(self, values: Mapping[str, Doubles], count: int) -> Doubles:
        """float64 [count]: of the features' values by name, each [count].

        They are raised by what a sum can be below zero, as Elasticsearch does since 8.19: scores are never negative.
        """
        columns = [values.get(name, np.full(count, math.nan)) for name in self.forest.names]
        scores = self.forest.predict(np.stack(columns, axis=1))
        if self.forest.joined in (None, "weighted_sum"):
            scores -= min(0.0, self.forest.least)
        return np.clip(scores, -_LARGEST, _LARGEST)

    @property
    def tags(self) -> Sequence[str]:
        """What its owner has marked it with."""
        return self.body.get("tags") or ()

    def entry(self) -> dict[str, Any]:
        """What its entry in the answer to GET has of its own."""
        given = self.body.get("input")
        return {
            "input": given if isinstance(given, Mapping) else {"field_names": []},
            "inference_config": self.body["inference_config"],
        }


def is_ranker(body: Mapping[str, Any]) -> bool:
    """Whether the body of a PUT is one's."""
    config = body.get("inference_config")
    return isinstance(config, Mapping) and KIND in config


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
