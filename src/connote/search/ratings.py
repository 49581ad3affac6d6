"""How well a search ranks, by what people said of documents: the metrics of `_rank_eval`.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-rank-eval
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.query.body import Body

# The rating of each hit, best first, None where nobody gave one; and all ratings that there are for the query.
Ratings = Sequence[int | None]
# A score, and what it was made of.
Outcome = tuple[float, dict[str, Any]]
Document = tuple[str, str]  # index and id
K = 10
MOST_RATING = 1000  # 2 to the power of it is still a float64


@dataclass(frozen=True)
class Metric:
    """A metric over the first `k` hits. `options` are those of its kind."""

    kind: str
    k: int
    options: Mapping[str, Any]

    @classmethod
    def parse(cls, given: Any) -> "Metric":  # noqa: ANN401 (JSON)
        """`{"precision": {"k": 20, "relevant_rating_threshold": 1}}`. Raises BadQuery, IllegalArgument."""
        if not isinstance(given, Mapping) or len(given) != 1 or next(iter(given)) not in _METRICS:
            raise BadQuery(f"[metric] must be an object with one of {sorted(_METRICS)}, not [{java(given)[:100]}]")
        ((kind, options),) = given.items()
        body = Body(kind, options)
        k, read = body.whole("k", K), _OPTIONS[kind](body)
        body.done()
        if k < 1:
            raise IllegalArgument(f"[k] of [{kind}] must be positive, not [{k}]")
        return cls(kind, k, read)

    def of(self, found: Ratings, known: Sequence[int]) -> Outcome:
        """The score of a ranking, and what it was made of; `known` are all ratings for the query."""
        return _METRICS[self.kind](found, known, **self.options)


def _threshold(body: Body) -> dict[str, Any]:
    least = body.whole("relevant_rating_threshold", 1)
    if least < 0:
        raise IllegalArgument("[relevant_rating_threshold] must be positive or zero")
    return {"least": least}


def _precision_options(body: Body) -> dict[str, Any]:
    return {**_threshold(body), "skips_unknown": body.flag("ignore_unlabeled", default=False)}


def _unknown(body: Body) -> dict[str, Any]:
    given = body.whole("unknown_doc_rating", 0) if "unknown_doc_rating" in body else None
    return {"unknown": None if given is None else rating(given)}


def _gain_options(body: Body) -> dict[str, Any]:
    return {**_unknown(body), "normalizes": body.flag("normalize", default=False)}


def _expected_options(body: Body) -> dict[str, Any]:
    return {**_unknown(body), "highest": rating(body.required("maximum_relevance", lambda value: value))}


def _precision(found: Ratings, _: Sequence[int], *, least: int, skips_unknown: bool) -> Outcome:
    relevant = sum(each is not None and each >= least for each in found)
    seen = sum(each is not None for each in found) if skips_unknown else len(found)
    return relevant / seen if seen else 0.0, {"relevant_docs_retrieved": relevant, "docs_retrieved": seen}


def _recall(found: Ratings, known: Sequence[int], *, least: int) -> Outcome:
    relevant, every = sum(each is not None and each >= least for each in found), sum(each >= least for each in known)
    return relevant / every if every else 0.0, {"relevant_docs_retrieved": relevant, "relevant_docs": every}


def _reciprocal(found: Ratings, _: Sequence[int], *, least: int) -> Outcome:
    first = next((rank for rank, each in enumerate(found, start=1) if each is not None and each >= least), -1)
    return 1 / first if first > 0 else 0.0, {"first_relevant": first}


def _gain(found: Ratings, known: Sequence[int], *, unknown: int | None, normalizes: bool) -> Outcome:
    gain = _discounted([unknown if each is None else each for each in found])
    told: dict[str, Any] = {"dcg": gain}
    score = gain
    if normalizes:
        ideal = _discounted(sorted(known, reverse=True)[: len(found)])
        score = gain / ideal if ideal else 0.0
        told |= {"ideal_dcg": ideal, "normalized_dcg": score}
    return score, told | {"unrated_docs": sum(each is None for each in found)}


def _discounted(ratings: Ratings) -> float:
    return math.fsum((2.0**each - 1) / math.log2(rank + 1) for rank, each in enumerate(ratings, 1) if each is not None)


def _expected(found: Ratings, _: Sequence[int], *, unknown: int | None, highest: int) -> Outcome:
    """Chapelle and others, Expected reciprocal rank for graded relevance, CIKM 2009."""
    score, reached = 0.0, 1.0
    for rank, each in enumerate(found, start=1):
        given = unknown if each is None else each
        if given is not None:
            stops = (2.0**given - 1) / 2.0**highest
            score += reached * stops / rank
            reached *= 1 - stops
    return score, {"unrated_docs": sum(each is None for each in found)}


def rating(given: Any) -> int:  # noqa: ANN401 (JSON)
    """A rating. Raises IllegalArgument."""
    if type(given) is not int or not 0 <= given <= MOST_RATING:
        raise IllegalArgument(f"a rating must be an integer from 0 to {MOST_RATING}, not [{java(given)[:100]}]")
    return given


_METRICS: Mapping[str, Callable[..., Outcome]] = {
    "precision": _precision,
    "recall": _recall,
    "mean_reciprocal_rank": _reciprocal,
    "dcg": _gain,
    "expected_reciprocal_rank": _expected,
}
_OPTIONS: Mapping[str, Callable[[Body], dict[str, Any]]] = {
    "precision": _precision_options,
    "recall": _threshold,
    "mean_reciprocal_rank": _threshold,
    "dcg": _gain_options,
    "expected_reciprocal_rank": _expected_options,
}
