"""Inner hits: what in a hit matched (nested objects, chunks), or the other hits of its group."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search import collect, highlight
from connote.search import request as requests
from connote.search.aggs.filters import inside
from connote.search.aggs.hits import MOST, first
from connote.search.aggs.objects import identity
from connote.search.aggs.objects import shown as object_shown
from connote.search.aggs.rows import Rows, count
from connote.search.collapse import Collapse
from connote.search.collect import Found, Hit
from connote.search.embedded import Embedded
from connote.search.fetch.fields import at, objects
from connote.search.highlight import semantic
from connote.search.query import join
from connote.search.query.chunks import chunks_of
from connote.search.query.join import Joined
from connote.search.query.nested import Nested
from connote.search.query.query import Hits, Query
from connote.search.request import SearchRequest

_TAKEN = (
    "from", "size", "sort", "_source", "highlight", "explain", "fields", "docvalue_fields", "stored_fields", "version",
    "seq_no_primary_term", "track_scores", "collapse",
)  # fmt: skip
Fetch = Callable[[Sequence[Hit], SearchRequest], list[dict[str, Any]]]


@dataclass(frozen=True)
class Inner:
    """What is shown under a name."""

    name: str
    request: SearchRequest

    @classmethod
    def parse(cls, given: Any, name: str) -> "Inner":  # noqa: ANN401 (JSON)
        """`{"name": "latest", "size": 5, "sort": …}`. Raises BadQuery, IllegalArgument."""
        if not isinstance(given, Mapping):
            raise BadQuery(f"[inner_hits] must be an object, not [{java(given)[:100]}]")
        if unknown := given.keys() - {"name", "ignore_unmapped", *_TAKEN}:
            raise BadQuery(f"[inner_hits] unknown field [{min(unknown)}]")
        if isinstance(given.get("collapse"), Mapping) and given["collapse"].get("inner_hits"):
            raise IllegalArgument("the [collapse] of [inner_hits] cannot have [inner_hits] of its own")
        request = requests.parse({"size": 3} | {key: value for key, value in given.items() if key in _TAKEN})
        if request.window > MOST:
            raise IllegalArgument(
                f"Inner result window is too large, the inner hit definition's [{given.get('name')}]'s from + size "
                f"must be less than or equal to: [{MOST}] but was [{request.window}]."
            )
        return cls(str(given.get("name") or name), request)


def wanted(query: Query) -> Iterator[tuple[Nested | Joined, Inner]]:
    """The queries with inner hits: on nested objects, parents and children. Raises IllegalArgument for two of one name.

    Those within one of them are not among them: they are shown in its own inner hits.
    """
    found = dict[str, tuple[Nested | Joined, Inner]]()
    for each in _wanted(query):
        inner = Inner.parse(each.inner_hits, each.path if isinstance(each, Nested) else each.relation)
        if isinstance(each, Nested) and inner.request.collapse is not None:
            raise IllegalArgument("[collapse] is only for the [inner_hits] of documents, not of nested objects")
        if inner.name in found:
            raise IllegalArgument(
                f"[inner_hits] already contains an entry for key [{inner.name}]; give one of them another [name]"
            )
        found[inner.name] = each, inner
    return iter(found.values())


def _wanted(query: Query) -> Iterator[Nested | Joined]:
    if isinstance(query, Nested | Joined) and query.inner_hits is not None:
        yield query
        return
    for each in query.parts():
        yield from _wanted(each)


def kin_of(hit: Hit, query: Joined, inner: Inner, fetch: Fetch) -> Any:  # noqa: ANN401
    """The parents or children of a hit that match, as the answer shows them."""
    seen, segment = hit.found.seen, hit.found.seen.snapshot.segments[hit.segment]
    kin, own, parts = query.kin(seen.reader), query.own(seen.reader), list[Rows]()
    words = None if own is None else own.keys(segment)
    if kin is None or words is None:
        return _body([], 0, inner, None)
    (ordinal,) = words.ordinals[words.owners.of(hit.document)].tolist()
    weight = query.inner.weigh(seen.reader)
    for number, each in enumerate(seen.snapshot.segments):
        hits = weight.run(each, scored=True)
        members = np.flatnonzero(join.kin_of(words.terms[ordinal], hits, each, kin))
        parts.append(Rows(seen, number, each, members.astype(np.int64), hits))
    # The kin is shown as what the inner query has found, with inner hits of its own.
    found = replace(hit.found, query=query.inner, weight=weight, post=None)
    return _body(fetch(first(parts, inner.request, [found]), inner.request), count(parts), inner, _best(parts))


def _best(parts: Sequence[Rows]) -> float | None:
    return max((float(part.hits.points()[part.numbers].max()) for part in parts if len(part)), default=None)


def objects_of(hit: Hit, query: Nested, inner: Inner, source: Mapping[str, Any], kept: Mapping[str, Embedded]) -> Any:  # noqa: ANN401
    """The objects of a hit that match, as the answer shows them."""
    seen, segment = hit.found.seen, hit.found.seen.snapshot.segments[hit.segment]
    name = chunks_of(seen.reader, query.path)
    if name != query.path:
        return _chunks(hit, name, query, inner, source, kept)
    row = np.array([hit.document], dtype=np.int64)
    return _objects(hit, Rows(seen, hit.segment, segment, row, Hits(segment.live)), query, inner, source)


def _objects(hit: Hit, outer: Rows, query: Nested, inner: Inner, source: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Those in one row, which is the document or an object in it; `source` is the row's."""
    rows, seen = inside(outer, query.path), hit.found.seen
    if rows is None:
        return _body([], 0, inner, None)
    weight = query.inner.weigh(seen.reader.inside(query.path))
    hits = weight.run(rows.table, scored=True)
    numbers, points = rows.numbers[hits.mask[rows.numbers]], hits.points()
    clauses = [each for each in collect.clauses(seen, inner.request) if each is not None]
    keys = [each.keys(rows.table, hits, 0)[numbers] for each in clauses]  # type: ignore[arg-type]
    ordered = (numbers[np.lexsort(keys[::-1])] if keys else numbers)[inner.request.start : inner.request.window]
    columns = [each.values(rows.table, ordered.astype(np.int32), hits, 0) for each in clauses]  # type: ignore[arg-type]
    path = query.path if outer.path is None else query.path.removeprefix(f"{outer.path}.")
    own, offset = list(objects(source, path.split("."))), int(rows.numbers[0]) if len(rows) else 0
    shown, id = list[dict[str, Any]](), seen.snapshot.segments[hit.segment].ids[hit.document]
    for turn, number in enumerate(ordered.tolist()):
        place = number - offset
        part = own[place] if place < len(own) else {}
        made = object_shown(seen, id, query.path, identity(rows, number), float(points[number]), part, inner.request)
        made |= _told(hit, query, inner, part)
        if inner.request.sort:
            made["sort"] = [each.shown(column[turn]) for each, column in zip(clauses, columns, strict=True)]
        if inner.request.explain and (why := weight.explain(rows.table, number)) is not None:
            made["_explanation"] = why.wire()
        if within := _within(hit, rows.take(np.array([number], dtype=np.int64)), query, part):
            made["inner_hits"] = within
        shown.append(made)
    return _body(shown, len(numbers), inner, float(points[numbers].max()) if len(numbers) else None)


def _told(hit: Hit, query: Nested, inner: Inner, own: Mapping[str, Any]) -> dict[str, Any]:
    """Versions of the document, and what is marked in the object, if they are asked for."""
    seen, request, told = hit.found.seen, inner.request, dict[str, Any]()
    if request.version or request.seq_no:
        state = seen.index.documents.at([hit.seq])[hit.seq]
        told |= {"_version": state.version} if request.version else {}
        told |= {"_seq_no": state.seq, "_primary_term": 1} if request.seq_no else {}
    if request.highlight is not None:
        whole = dict(own)
        for part in reversed(query.path.split(".")):
            whole = {part: whole}
        asked = [query.inner if each.query is None else each.query for each in request.highlight.fields]
        if parts := highlight.shown(request.highlight, asked, whole, {}, seen.reader):
            told["highlight"] = parts
    return told


def _within(hit: Hit, row: Rows, query: Nested, source: Mapping[str, Any]) -> dict[str, Any]:
    """The inner hits of an object, by name."""
    found = {inner.name: (each, inner) for each, inner in wanted(query.inner)}
    return {
        name: _objects(hit, row, each, inner, source)
        for name, (each, inner) in found.items()
        if isinstance(each, Nested)
    }


def _chunks(
    hit: Hit, name: str, query: Nested, inner: Inner, source: Mapping[str, Any], kept: Mapping[str, Embedded]
) -> Any:  # noqa: ANN401
    """The chunks of a semantic field, the best first."""
    seen = hit.found.seen
    field = seen.reader.field(name)
    if name not in kept or field is None:
        return _body([], 0, inner, None)
    texts = {path: [str(value) for value in at(source, path.split("."), field)] for path in kept[name].parts}
    found = semantic.scored(field, kept[name], texts, query.inner, seen.reader)
    order = sorted(range(len(found)), key=lambda place: -found[place][0])
    shown, id = list[dict[str, Any]](), seen.snapshot.segments[hit.segment].ids[hit.document]
    for place in order[inner.request.start : inner.request.window]:
        score, text = found[place]
        told = {"field": query.path, "offset": place}
        shown.append(object_shown(seen, id, query.path, told, score, {"text": text}, inner.request))
    return _body(shown, len(found), inner, found[order[0]][0] if order else None)


def group(hit: Hit, collapse: Collapse, inner: Inner, found: Sequence[Found], fetch: Fetch) -> Any:  # noqa: ANN401
    """The hits of a collapsed one's group."""
    value, parts = collapse.value(hit), list[Rows]()
    for own in found:
        for number, hits in enumerate(own.masks):
            segment = own.seen.snapshot.segments[number]
            groups = collapse.groups(segment, own.seen.reader, hits.mask)
            members = np.flatnonzero(hits.mask & (groups == _group(value, segment, own, collapse)))
            parts.append(Rows(own.seen, number, segment, members.astype(np.int64), hits))
    return _body(fetch(first(parts, inner.request, found), inner.request), count(parts), inner, _best(parts))


def _group(value: Any, segment: Any, own: Found, collapse: Collapse) -> int:  # noqa: ANN401
    """The number that a value's group has in a segment; -2 if it has none."""
    if value is None:
        return -1
    field = own.seen.reader.field(collapse.field)
    name = collapse.field if field is None else field.name
    words, numbers = segment.words(name), segment.numbers(name)
    if words is not None and isinstance(value, str):
        place = words.find(value)
        return place if place >= 0 else -2
    if numbers is not None and not isinstance(value, str):
        different = np.unique(numbers.values[numbers.owners.starts[:-1][numbers.exists]])
        place = int(np.searchsorted(different, value))
        return place if place < len(different) and different[place] == value else -2
    return -2


def _body(shown: list[dict[str, Any]], total: int, inner: Inner, best: float | None) -> dict[str, Any]:
    score = np.float32(best) if best is not None and inner.request.is_scored else None
    return {"hits": {"total": {"value": total, "relation": "eq"}, "max_score": score, "hits": shown}}
