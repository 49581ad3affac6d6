"""Retrievers: a tree whose leaves search and whose inner nodes join, rescore or rerank what these have found.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrievers
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search import sorting
from connote.search.query.body import Body
from connote.search.query.boolean import Bool, Boosting
from connote.search.query.multi import MultiMatch, boosted
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import MatchAll, Query
from connote.search.query.term import Ids
from connote.search.query.vectors import Knn

RANK_CONSTANT, WINDOW = 60, 10
NORMALIZERS = ("none", "minmax", "l2_norm")
MOST_DEPTH = 10


@dataclass(frozen=True, order=True)
class Key:
    """Which document: index, segment, number in it."""

    index: int
    segment: int
    document: int


@dataclass(frozen=True)
class Scored:
    """A document with its score."""

    key: Key
    score: float


class Run(Protocol):
    """What retrievers need of a search."""

    async def ranked(
        self, query: Query, window: int, least: float | None, sort: Sequence[tuple[str, dict[str, Any]]]
    ) -> list[Scored]:
        """The first documents of a query, over all indices."""
        ...

    async def rescored(self, query: Query, keys: Sequence[Key]) -> dict[Key, float]:
        """The scores of a query for those of the documents that match it."""
        ...

    async def reranked(self, endpoint: str, text: str, name: str, keys: Sequence[Key], chunks: Any) -> dict[Key, float]:  # noqa: ANN401
        """What a reranker says of the documents' field. Raises what the endpoint raises."""
        ...


@dataclass(frozen=True, kw_only=True)
class Retriever:
    """A node. `filters` are its own; those of the nodes above come in `ranked`."""

    filters: Sequence[Query] = ()
    least: float | None = None
    name: str | None = None

    def window(self, size: int) -> int:
        """How many documents it gives."""
        return size

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """The first documents, best first. At most `window(size)`."""
        raise NotImplementedError

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """What matches, whatever its rank: for totals and aggregations."""
        raise NotImplementedError

    def _cut(self, found: list[Scored]) -> list[Scored]:
        return [each for each in found if self.least is None or each.score >= self.least]


@dataclass(frozen=True, kw_only=True)
class Standard(Retriever):
    """A query."""

    query: Query
    sort: Sequence[tuple[str, dict[str, Any]]] = ()

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By score, or as it sorts."""
        return await run.ranked(filtered(self.query, [*filters, *self.filters]), size, self.least, self.sort)

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """The query."""
        return [filtered(self.query, [*filters, *self.filters])]


@dataclass(frozen=True, kw_only=True)
class Joined(Retriever):
    """Base of those that join several."""

    inner: Sequence[Retriever]
    most: int | None = None

    def window(self, size: int) -> int:
        """How many documents of each are looked at."""
        return max(self.most or 0, size) if self.most is None else self.most

    async def _lists(self, run: Run, size: int, filters: Sequence[Query]) -> list[list[Scored]]:
        wanted = self.window(size)
        return [(await each.ranked(run, wanted, [*filters, *self.filters]))[:wanted] for each in self.inner]

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """Those of all."""
        return [query for each in self.inner for query in each.queries([*filters, *self.filters])]


@dataclass(frozen=True, kw_only=True)
class Rrf(Joined):
    """Reciprocal rank fusion: a document scores weight / (constant + rank), added up.

    https://doi.org/10.1145/1571941.1572114
    """

    constant: int = RANK_CONSTANT
    weights: Sequence[float] = ()

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By the sum."""
        totals: dict[Key, float] = {}
        for weight, found in zip(self.weights, await self._lists(run, size, filters), strict=True):
            for rank, each in enumerate(found, start=1):
                totals[each.key] = totals.get(each.key, 0.0) + weight / (self.constant + rank)
        return self._cut(best(totals))[: self.window(size)]


@dataclass(frozen=True, kw_only=True)
class Linear(Joined):
    """A weighted sum of scores, each made comparable first."""

    weights: Sequence[float] = ()
    normalizers: Sequence[str] = ()

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By the sum."""
        totals: dict[Key, float] = {}
        lists = await self._lists(run, size, filters)
        for weight, normalizer, found in zip(self.weights, self.normalizers, lists, strict=True):
            for each, score in zip(found, _normal([each.score for each in found], normalizer), strict=True):
                totals[each.key] = totals.get(each.key, 0.0) + weight * score
        return self._cut(best(totals))[: self.window(size)]


@dataclass(frozen=True, kw_only=True)
class Reranked(Joined):
    """The first of another retriever, in the order of a reranker."""

    field: str
    text: str
    endpoint: str = ".rerank-v1-elasticsearch"
    tolerates: bool = False
    chunks: Any = None

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By the reranker's scores."""
        (found,) = await self._lists(run, size, filters)
        try:
            scores = await run.reranked(self.endpoint, self.text, self.field, [each.key for each in found], self.chunks)
        except Exception:
            if not self.tolerates:
                raise
            return found
        return self._cut(best(scores))


@dataclass(frozen=True, kw_only=True)
class Rescored(Retriever):
    """The first of another retriever, with the score of a second query mixed in."""

    inner: Retriever
    rescores: Sequence["Rescore"]

    def window(self, size: int) -> int:
        """As many as it rescores."""
        return max([size, *(each.window for each in self.rescores)])

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By the mixed scores."""
        found = await self.inner.ranked(run, self.window(size), [*filters, *self.filters])
        return self._cut(await rescored(run, found, self.rescores))

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """Those of the inner one."""
        return self.inner.queries([*filters, *self.filters])


@dataclass(frozen=True, kw_only=True)
class Pinned(Retriever):
    """Some documents before all others."""

    inner: Retriever
    ids: Sequence[str]

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """The pinned ones in their order, then the others."""
        first: list[Key] = []
        for id in self.ids:
            first += [each.key for each in await run.ranked(Ids(values=(id,)), 1, None, ())]
        rest = await self.inner.ranked(run, size, [*filters, *self.filters])
        top = 1.7e38  # as far above all scores as Elasticsearch puts them
        pinned = [Scored(key, top * (1 - at * 1e-6)) for at, key in enumerate(first)]
        return [*pinned, *(each for each in self._cut(rest) if each.key not in first)]

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """The pinned ones, and those of the inner one."""
        return [Ids(values=tuple(self.ids)), *self.inner.queries([*filters, *self.filters])]


@dataclass(frozen=True)
class Rescore:
    """A second query over the first hits."""

    query: Query
    window: int
    first: float = 1.0
    second: float = 1.0
    mode: str = "total"

    @classmethod
    def parse(cls, given: Any) -> "Rescore":  # noqa: ANN401 (JSON)
        """`{"window_size": 50, "query": {"rescore_query": {…}, "query_weight": 0.7}}`. Raises BadQuery."""
        body = Body("rescore", given)
        own = Body("rescore", body.required("query", lambda value: value))
        mode = (own.text("score_mode") or "total").lower()
        if mode not in _MIX:
            raise IllegalArgument(f"illegal score_mode [{mode}]")
        made = cls(
            own.required("rescore_query", parse_query),
            body.whole("window_size", WINDOW),
            own.number("query_weight", 1.0),
            own.number("rescore_query_weight", 1.0),
            mode,
        )
        own.done()
        body.done()
        return made


async def rescored(run: Run, found: list[Scored], rescores: Sequence[Rescore]) -> list[Scored]:
    """The same documents, the first of each window in a new order."""
    for each in rescores:
        head, tail = found[: each.window], found[each.window :]
        scores = await run.rescored(each.query, [one.key for one in head])
        mixed = {
            one.key: _MIX[each.mode](one.score * each.first, scores[one.key] * each.second)
            if one.key in scores
            else one.score * each.first
            for one in head
        }
        found = [*best(mixed), *tail]
    return found


_MIX: Mapping[str, Callable[[float, float], float]] = {
    "total": lambda one, other: one + other,
    "multiply": lambda one, other: one * other,
    "avg": lambda one, other: (one + other) / 2,
    "max": max,
    "min": min,
}


def filtered(query: Query, filters: Sequence[Query]) -> Query:
    """A query among those that pass filters; of a knn search only these are looked at."""
    if not filters:
        return query
    if isinstance(query, Knn):
        return replace(query, filters=(*query.filters, *filters))
    return Bool(must=[query], filters=filters)


def best(scores: Mapping[Key, float]) -> list[Scored]:
    """Best first; of equals the older document."""
    return [Scored(key, score) for key, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]


def parse(given: Any, size: int, depth: int = 0) -> Retriever:  # noqa: ANN401 (JSON)
    """The retriever in `{"KIND": {…}}`. Raises BadQuery, IllegalArgument."""
    if not isinstance(given, Mapping) or len(given) != 1:
        raise BadQuery(f"[retriever] must be an object with one retriever, not [{java(given)[:100]}]")
    if depth > MOST_DEPTH:
        raise IllegalArgument(f"retrievers may be nested {MOST_DEPTH} deep")
    ((kind, value),) = given.items()
    if kind not in _KINDS:
        raise BadQuery(f"unknown retriever [{kind}]; known are {sorted(_KINDS)}")
    body = Body(kind, value)
    filters, least = body.raw("filter"), body.raw("min_score")
    listed = [] if filters is None else filters if isinstance(filters, list) else [filters]
    common = {
        "filters": [parse_query(each) for each in listed],
        "least": None if least is None else float(least),
        "name": body.text("_name"),
    }
    made = _KINDS[kind](body, common, size, depth)
    body.done()
    return made


def _standard(body: Body, common: dict[str, Any], size: int, depth: int) -> Retriever:  # noqa: ARG001
    query, sort = body.raw("query"), body.raw("sort")
    for name in ("search_after", "terminate_after", "collapse"):
        if body.raw(name) is not None and name != "terminate_after":
            raise BadQuery(f"[standard] [{name}] is not supported in a retriever; give it in the request")
    return Standard(query=MatchAll() if query is None else parse_query(query), sort=sorting.parse(sort or []), **common)


def _knn(body: Body, common: dict[str, Any], size: int, depth: int) -> Retriever:  # noqa: ARG001
    given = {name: body.raw(name) for name in body.names()}
    return Standard(query=Knn.parse(given, parse_query, size=size), **common)


def _inner(body: Body, size: int, depth: int) -> list[tuple[Retriever, float, str | None]]:
    """The retrievers that are joined, with their weights and normalizers; or made of one text and some fields."""
    listed = body.raw("retrievers")
    query, fields = body.raw("query"), body.raw("fields")
    if listed is None:
        if not isinstance(query, str):
            raise BadQuery(f"[{body.kind}] requires [retrievers], or [query] and [fields]")
        return _of_fields(body.kind, query, fields, size, depth)
    if not isinstance(listed, list) or not listed:
        raise BadQuery(f"[{body.kind}] [retrievers] must be an array of retrievers")
    found = []
    for each in listed:
        if isinstance(each, Mapping) and "retriever" in each:
            own = Body(body.kind, each)
            inner = parse(own.raw("retriever"), size, depth + 1)
            weight, normalizer = own.number("weight", 1.0), own.text("normalizer")
            own.done()
            if weight < 0:
                raise BadQuery(f"[{body.kind}] [weight] must be non-negative")
            found.append((inner, weight, normalizer))
        else:
            found.append((parse(each, size, depth + 1), 1.0, None))
    return found


def _of_fields(kind: str, query: str, fields: Any, size: int, depth: int) -> list[tuple[Retriever, float, str | None]]:  # noqa: ANN401
    """Lexical fields together are one retriever, and each semantic field is one; which is which the index knows."""
    del size, depth
    named = boosted(fields or ["*"], kind)
    return [
        (Standard(query=MultiMatch(fields=[(name, 1.0)], text=query, type="most_fields")), boost, None)
        for name, boost in named
    ]


def _window(body: Body, size: int) -> int:
    window = body.whole("rank_window_size", max(size, WINDOW))
    if window < max(size, 1):
        raise IllegalArgument(
            f"[{body.kind}] [rank_window_size: {window}] must be greater than or equal to [size: {size}]"
        )
    return window


def _rrf(body: Body, common: dict[str, Any], size: int, depth: int) -> Retriever:
    window, constant = _window(body, size), body.whole("rank_constant", RANK_CONSTANT)
    if constant < 1:
        raise IllegalArgument("[rrf] [rank_constant] must be greater than or equal to [1]")
    inner = _inner(body, window, depth)
    return Rrf(
        inner=[each for each, _, _ in inner],
        weights=[weight for _, weight, _ in inner],
        most=window,
        constant=constant,
        **common,
    )


def _linear(body: Body, common: dict[str, Any], size: int, depth: int) -> Retriever:
    window, default = _window(body, size), body.text("normalizer")
    inner = _inner(body, window, depth)
    names = [(normalizer or default or "none").lower() for _, _, normalizer in inner]
    if wrong := [name for name in names if name not in NORMALIZERS]:
        raise IllegalArgument(f"Unknown normalizer [{wrong[0]}]; it is one of {list(NORMALIZERS)}")
    return Linear(
        inner=[each for each, _, _ in inner],
        weights=[weight for _, weight, _ in inner],
        normalizers=names,
        most=window,
        **common,
    )


def _reranker(body: Body, common: dict[str, Any], size: int, depth: int) -> Retriever:
    window = body.whole("rank_window_size", WINDOW)
    if window < 1:
        raise IllegalArgument("[text_similarity_reranker] [rank_window_size] must be greater than 0")
    return Reranked(
        inner=[parse(body.required("retriever", lambda value: value), max(size, window), depth + 1)],
        most=max(window, size) if window == WINDOW else window,
        field=body.required("field", str),
        text=body.required("inference_text", str),
        endpoint=body.text("inference_id") or ".rerank-v1-elasticsearch",
        tolerates=body.flag("allow_rerank_failures", default=False),
        chunks=body.raw("chunk_rescorer"),
        **common,
    )


def _rescorer(body: Body, common: dict[str, Any], size: int, depth: int) -> Retriever:
    rescore = body.required("rescore", lambda value: value)
    parts = [Rescore.parse(each) for each in (rescore if isinstance(rescore, list) else [rescore])]
    inner = parse(
        body.required("retriever", lambda value: value), max([size, *(each.window for each in parts)]), depth + 1
    )
    return Rescored(inner=inner, rescores=parts, **common)


def _pinned(body: Body, common: dict[str, Any], size: int, depth: int) -> Retriever:
    ids, docs = body.raw("ids"), body.raw("docs")
    if (ids is None) == (docs is None):
        raise BadQuery("[pinned] requires either [ids] or [docs]")
    wanted = ids if ids is not None else [each.get("_id") if isinstance(each, Mapping) else None for each in docs]
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
        raise BadQuery("[pinned] ids must be texts")
    return Pinned(inner=parse(body.required("retriever", lambda value: value), size, depth + 1), ids=wanted, **common)


_KINDS: Mapping[str, Callable[[Body, dict[str, Any], int, int], Retriever]] = {
    "standard": _standard,
    "knn": _knn,
    "rrf": _rrf,
    "linear": _linear,
    "text_similarity_reranker": _reranker,
    "rescorer": _rescorer,
    "pinned": _pinned,
}


def _normal(scores: Sequence[float], normalizer: str) -> list[float]:
    """Scores made comparable."""
    if normalizer == "none" or not scores:
        return list(scores)
    if normalizer == "l2_norm":
        length = sum(score * score for score in scores) ** 0.5
        return [score / length if length else score for score in scores]
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


__all__ = ["Boosting", "Key", "Rescore", "Retriever", "Run", "Scored", "field", "parse"]
