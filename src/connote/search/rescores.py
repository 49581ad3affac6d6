"""Rescorers: what gives the first hits of a search a new order."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from connote.contract.errors import IllegalArgument
from connote.ingest.template import Template
from connote.models.rankers import KIND, Feature
from connote.search.query.body import Body
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import Explanation
from connote.search.retriever import Rescore, Rescorer, Run, Scored, best, window_of


@dataclass(frozen=True)
class Learned:
    """A trained ranker: its score takes the place of the one that there was; what it does not look at is left out."""

    model: str
    params: Mapping[str, Any]
    window: int

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Learned":
        """`{"learning_to_rank": {"model_id": "mine", "params": {"query": "…"}}, "window_size": 9}`. Raises BadQuery."""
        body = Body("rescore", given)
        own = Body(KIND, body.required(KIND, lambda value: value))
        made = cls(own.required("model_id", str), own.raw("params") or {}, window_of(body))
        if not isinstance(made.params, Mapping):
            raise IllegalArgument(f"[params] of [{KIND}] must be an object")
        own.done()
        body.done()
        return made

    async def applied(self, run: Run, found: list[Scored]) -> list[Scored]:
        """Raises NotFound, and what the queries that are features raise."""
        ranker = await run.ranker(self.model)
        keys = [each.key for each in found[: self.window]]
        values = dict[str, Any]()
        for feature in ranker.features:
            scores: Mapping[Any, float] = {}
            if feature.variables <= self.params.keys():
                scores = await run.rescored(parse_query(_filled(feature, self.params)), keys)
            values[feature.name] = np.array([scores.get(key, feature.default) for key in keys], dtype=np.float64)
        made = ranker.scores(values, len(keys)).tolist()
        ordered = best({key: score for key, score in zip(keys, made, strict=True) if not math.isnan(score)})
        told = f"score of the model [{self.model}]"
        return [Scored(each.key, each.score, Explanation(each.score, told)) for each in ordered]


def _filled(feature: Feature, params: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
    """The query of a feature. Raises IllegalArgument."""
    try:
        return orjson.loads(Template(feature.template).render(params))
    except orjson.JSONDecodeError as error:
        raise IllegalArgument(f"the query of [{feature.name}] is not JSON with these [params]: {error.msg}") from None


def parse(given: Any) -> Rescorer:  # noqa: ANN401 (JSON)
    """A rescorer: by a query, or by a model. Raises BadQuery, IllegalArgument."""
    return Learned.parse(given) if isinstance(given, Mapping) and KIND in given else Rescore.parse(given)
