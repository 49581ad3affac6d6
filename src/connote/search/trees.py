"""From the JSON of retrievers to their tree.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrievers
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument, InvalidRequest
from connote.contract.settings import java
from connote.search import rescores, sorting
from connote.search.diversified import Diversified
from connote.search.query.body import Body
from connote.search.query.boosts import boosted
from connote.search.query.knn import Knn
from connote.search.query.match import How, Match
from connote.search.query.multi import MultiMatch
from connote.search.query.parse import parse as parse_query
from connote.search.query.pinned import MOST_PINNED
from connote.search.query.rule import Ruling
from connote.search.query.rules import is_doc
from connote.search.retriever import (
    RANK_CONSTANT,
    WINDOW,
    Linear,
    Pinned,
    Reranked,
    Rescored,
    Retriever,
    Rrf,
    Standard,
)
from connote.search.ruled import Ruled

NORMALIZERS = ("none", "minmax", "l2_norm")
MOST_DEPTH = 10
# In several fields a text is looked for in those that can have it.
_LENIENT = How(is_lenient=True)
Boosted = Sequence[tuple[str, float]]
# Of fields with boosts: those of text and words, and those that are embedded.
Split = Callable[[Boosted], tuple[Boosted, Boosted]]


@dataclass(frozen=True)
class Scope:
    """Where in the tree: how many documents are wanted, how deep it is; and which fields are semantic.

    `least` is what no window may be below, however deep: the search's own `size`, 0 if it says none.
    """

    size: int
    least: int
    split: Split
    depth: int = 0

    def inside(self, size: int) -> "Scope":
        """For what is one deeper."""
        return replace(self, size=size, depth=self.depth + 1)


def parse(given: Any, scope: Scope) -> Retriever:  # noqa: ANN401 (JSON)
    """The retriever in `{"KIND": {…}}`. Raises BadQuery, IllegalArgument."""
    if not isinstance(given, Mapping) or len(given) != 1:
        raise BadQuery(f"[retriever] must be an object with one retriever, not [{java(given)[:100]}]")
    if scope.depth > MOST_DEPTH:
        raise IllegalArgument(f"retrievers may be nested {MOST_DEPTH} deep")
    ((kind, value),) = given.items()
    if kind not in _KINDS:
        raise BadQuery(f"unknown retriever [{kind}]; known are {sorted(_KINDS)}. See docs/compatibility.md")
    body = Body(kind, value)
    filters, least = body.raw("filter"), body.number("min_score", -1.0) if "min_score" in body else None
    listed = [] if filters is None else filters if isinstance(filters, list) else [filters]
    common = {
        "filters": [parse_query(each) for each in listed],
        "least": least,
        "name": body.text("_name"),
    }
    made = _KINDS[kind](body, common, scope)
    body.done()
    return made


def _standard(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:  # noqa: ARG001
    query, sort = body.raw("query"), body.raw("sort")
    for name in ("search_after", "collapse"):
        if body.raw(name) is not None:
            raise BadQuery(f"[standard] [{name}] is not supported in a retriever that is part of another")
    body.raw("terminate_after")
    return Standard(query=None if query is None else parse_query(query), sort=sorting.parse(sort or []), **common)


def _knn(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:
    given = {name: body.raw(name) for name in body.names()}
    return Standard(query=Knn.parse(given, parse_query, size=scope.size), **common)


Inner = Sequence[tuple[Retriever, float, str]]


def _inner(body: Body, scope: Scope, default: str | None = None) -> Inner:
    """The retrievers that are joined, with their weights and normalizers."""
    listed, query, fields = body.raw("retrievers"), body.raw("query"), body.raw("fields")
    if listed is None:
        return _of_fields(body.kind, query, fields, scope, default)
    if query is not None or fields is not None:
        raise IllegalArgument(f"[{body.kind}] cannot combine [retrievers] and [{'query' if query else 'fields'}]")
    if not isinstance(listed, list) or not listed:
        raise BadQuery(f"[{body.kind}] [retrievers] must be an array of retrievers")
    return [_component(body.kind, each, scope, default) for each in listed]


def _component(kind: str, given: Any, scope: Scope, default: str | None) -> tuple[Retriever, float, str]:  # noqa: ANN401
    """A retriever, or `{"retriever", "weight", "normalizer"}`."""
    if not isinstance(given, Mapping) or "retriever" not in given:
        return parse(given, scope), 1.0, _normalizer(default)
    own = Body(kind, given)
    inner, weight = parse(own.raw("retriever"), scope), own.number("weight", 1.0)
    normalizer = _normalizer(own.text("normalizer") or default) if kind == "linear" else "none"
    own.done()
    if not 0 <= weight < float("inf"):
        raise IllegalArgument(f"[{kind}] [weight] must be non-negative, found [{weight}]")
    return inner, weight, normalizer


def _of_fields(kind: str, query: Any, fields: Any, scope: Scope, normalizer: str | None) -> Inner:  # noqa: ANN401
    """A text in some fields: those of words together are one retriever, and the semantic ones together are one."""
    if not isinstance(query, str):
        raise IllegalArgument(f"[{kind}] requires [retrievers], or [query] with [fields]")
    if not query.strip():
        raise IllegalArgument(f"[{kind}] [query] cannot be empty")
    if kind == "linear" and normalizer is None:
        raise IllegalArgument("[linear] [normalizer] must be provided when [query] is specified")
    words, semantic = scope.split(boosted(fields or ["*"], kind))
    name, found = _normalizer(normalizer), list[tuple[Retriever, float, str]]()
    if words:
        found.append(
            (Standard(query=MultiMatch(fields=words, text=query, type="most_fields", how=_LENIENT)), 1.0, name)
        )
    parts: Inner = [(Standard(query=Match(field=field, text=query)), boost, name) for field, boost in semantic]
    if len(parts) == 1 or (parts and not words):
        found += parts
    elif parts:
        found.append((_group(kind, parts, scope.size), 1.0, name))
    return found


def _group(kind: str, parts: Inner, size: int) -> Retriever:
    retrievers, weights = [each for each, _, _ in parts], [weight for _, weight, _ in parts]
    if kind == "rrf":
        return Rrf(inner=retrievers, weights=weights, most=size)
    return Linear(inner=retrievers, weights=weights, normalizers=[name for _, _, name in parts], most=size)


def _normalizer(name: str | None) -> str:
    chosen = (name or "none").lower()
    if chosen not in NORMALIZERS:
        raise IllegalArgument(f"Unknown normalizer [{name}]; it is one of {list(NORMALIZERS)}")
    return chosen


def _window(body: Body, scope: Scope) -> int:
    older = body.whole("window_size", max(scope.size, WINDOW)) if body.kind == "rrf" else max(scope.size, WINDOW)
    return _checked(body.kind, "rank_window_size", body.whole("rank_window_size", older), scope)


def _checked(kind: str, name: str, window: int, scope: Scope) -> int:
    if window < 1:
        raise IllegalArgument(f"[{name}] parameter must be greater than or equal to [1], but was [{window}]")
    if window < scope.least:
        raise InvalidRequest(
            [f"[{kind}] requires [{name}: {window}] be greater than or equal to [size: {scope.least}]"]
        )
    return window


def _rrf(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:
    window, constant = _window(body, scope), body.whole("rank_constant", RANK_CONSTANT)
    if constant < 1:
        raise IllegalArgument("[rank_constant] must be greater or equal to [1] for [rrf]")
    inner = _inner(body, scope.inside(window))
    retrievers, weights = [each for each, _, _ in inner], [weight for _, weight, _ in inner]
    return Rrf(inner=retrievers, weights=weights, most=window, constant=constant, **common)


def _linear(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:
    window, default = _window(body, scope), body.text("normalizer")
    inner = _inner(body, scope.inside(window), default)
    retrievers, weights = [each for each, _, _ in inner], [weight for _, weight, _ in inner]
    names = [name for _, _, name in inner]
    return Linear(inner=retrievers, weights=weights, normalizers=names, most=window, **common)


def _reranker(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:
    window = _window(body, scope)
    return Reranked(
        inner=[parse(body.required("retriever", _any), scope.inside(window))],
        most=window,
        field=_text(body, "field"),
        text=_text(body, "inference_text"),
        endpoint=body.text("inference_id") or ".rerank-v1-elasticsearch",
        tolerates=body.flag("allow_rerank_failures", default=False),
        chunks=body.raw("chunk_rescorer"),
        **common,
    )


def _rescorer(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:
    rescore = body.required("rescore", _any)
    parts = [rescores.parse(each) for each in (rescore if isinstance(rescore, list) else [rescore])]
    if not parts:
        raise IllegalArgument("[rescorer] [rescore] must not be empty")
    _checked(body.kind, "window_size", min(each.window for each in parts), scope)
    inner = parse(body.required("retriever", _any), scope.inside(max(each.window for each in parts)))
    return Rescored(inner=inner, rescores=parts, **common)


def _any(value: Any) -> Any:  # noqa: ANN401
    return value


def _text(body: Body, name: str) -> str:
    found = body.text(name)
    if not found:
        raise BadQuery(f"[{body.kind}] requires [{name}], a text that is not empty")
    return found


def _pinned(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:
    ids, docs = body.raw("ids"), body.raw("docs")
    if (ids is None) == (docs is None):
        raise BadQuery("[pinned] requires either [ids] or [docs]")
    wanted = [{"_id": each} for each in ids] if isinstance(ids, list) else docs
    if not isinstance(wanted, list) or not all(is_doc(each) for each in wanted):
        raise BadQuery("[pinned] [ids] must be texts, and [docs] objects with [_id] and, if not for all, [_index]")
    if len(wanted) > MOST_PINNED:
        raise IllegalArgument(f"[pinned] takes at most {MOST_PINNED} documents")
    inner = parse(body.required("retriever", _any), scope.inside(scope.size))
    return Pinned(inner=inner, docs=wanted, **common)


def _rule(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:
    window, ruling = _window(body, scope), Ruling.parse(body)
    inner = parse(body.required("retriever", _any), scope.inside(window))
    return Ruled(inner=[inner], most=window, ruling=ruling, **common)


def _diversify(body: Body, common: dict[str, Any], scope: Scope) -> Retriever:
    kind, field, count = body.required("type", str), body.required("field", str), body.whole("size", WINDOW)
    if kind != "mmr":
        raise IllegalArgument(f"[diversify] [type] must be [mmr], not [{kind}]")
    balance = body.number("lambda", -1.0)
    if not 0 <= balance <= 1:
        raise IllegalArgument("[diversify] requires [lambda], a number from 0.0 to 1.0")
    if count < 1:
        raise IllegalArgument("[diversify] [size] must be greater than 0")
    window = _window(body, scope)
    near = Knn.of(field, body.raw("query_vector"), body.raw("query_vector_builder"))
    inner = parse(body.required("retriever", _any), scope.inside(window))
    return Diversified(inner=[inner], most=window, near=near, balance=balance, count=count, **common)


_KINDS: Mapping[str, Callable[[Body, dict[str, Any], Scope], Retriever]] = {
    "standard": _standard,
    "knn": _knn,
    "rrf": _rrf,
    "linear": _linear,
    "text_similarity_reranker": _reranker,
    "rescorer": _rescorer,
    "pinned": _pinned,
    "rule": _rule,
    "diversify": _diversify,
}
