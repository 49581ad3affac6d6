"""Documents in buckets: top_hits, top_metrics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search import collect, sorting
from connote.search import request as requests
from connote.search.aggs.context import Context
from connote.search.aggs.objects import identity, shown
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows, count
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Source
from connote.search.collect import Found, Hit
from connote.search.engine.segment import Table
from connote.search.fetch.fields import objects
from connote.search.fetch.source import SourceFilter
from connote.search.query.query import Hits, Query
from connote.search.request import SearchRequest

# As Elasticsearch's index.max_inner_result_window.
MOST = 100
_TAKEN = (
    "from", "size", "sort", "_source", "highlight", "explain", "fields", "docvalue_fields", "stored_fields", "version",
    "seq_no_primary_term", "track_scores",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TopHits(Agg):
    """The first documents of a bucket, as a search shows them."""

    request: SearchRequest

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """What a search takes, but for its query."""
        given = {"size": 3} | {name: body.raw(name) for name in _TAKEN if name in body}
        request = requests.parse(given)
        if request.window > MOST:
            raise IllegalArgument(
                f"Top hits result window is too large, the top hits aggregator [{body.kind}]'s from + size must be "
                f"less than or equal to: [{MOST}] but was [{request.window}]."
            )
        return {"request": request}

    def queries(self) -> Iterator[Query]:
        """Those of its highlights."""
        return iter(()) if self.request.highlight is None else self.request.highlight.queries()

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The hits: documents, or nested objects, which have the scores of their documents."""
        rows = [part for part in parts if len(part)]
        hits = first(rows, self.request, context.found)
        if all(part.path is None for part in rows):
            shown = context.fetch(hits, self.request)
        else:
            shown = [self._object(hit, rows, context) for hit in hits]
        best = max((part.hits.points()[part.documents].max() for part in rows), default=None)
        total = {"value": count(rows), "relation": "eq"}
        return {"hits": {"total": total, "max_score": best if self.request.is_scored else None, "hits": shown}}

    def _object(self, hit: Hit, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """A nested object, from the source of its document."""
        rows = next(part for part in parts if part.seen is hit.found.seen and part.segment == hit.segment)
        path, number = str(rows.path), hit.document
        (document,) = rows.take(np.array([number], dtype=np.int64)).documents.tolist()
        request = SearchRequest(source=SourceFilter(excludes_vectors=False))  # the object's own says what is shown
        whole = context.fetch([replace(hit, document=document)], request)[0]
        every = rows.outside(None).take(np.array([document], dtype=np.int64))
        for each in [*rows.above[1:], rows]:
            every = every.inside(str(each.path)) or every
        own = list(objects(whole["_source"], path.split(".")))
        place = number - int(every.numbers[0])
        part = own[place] if place < len(own) else {}
        body = shown(rows.seen, whole["_id"], path, identity(rows, number), hit.score, part, self.request)
        if self.request.sort:
            pairs = zip(hit.found.clauses, hit.values, strict=True)
            body["sort"] = [value if each is None else each.shown(value) for each, value in pairs]
        return body


def first(parts: Sequence[Rows], request: SearchRequest, found: Sequence[Found]) -> list[Hit]:
    """The first of some rows, documents or nested objects, in the request's order."""
    made = []
    for own in found:
        rows = {part.segment: part for part in parts if part.seen is own.seen}
        if not rows:
            continue
        masks, tables = list[Hits](), list[Table]()
        for number, segment in enumerate(own.seen.snapshot.segments):
            part = rows.get(number)
            tables.append(segment if part is None else part.table)
            masks.append(Hits.none(segment.size) if part is None else _hits(part))
        made.append(collect.among(own, masks, replace(request, start=0, size=request.window), tables))
    hits = collect.merged(made, request)
    if request.collapse is not None:
        hits = request.collapse.distinct(hits)
    return hits[request.start : request.window]


def _hits(rows: Rows) -> Hits:
    """The rows, in the whole of their table, with the scores of their documents."""
    mask, points = np.zeros(rows.table.size, dtype=np.bool_), np.zeros(rows.table.size, dtype=np.float32)
    mask[rows.numbers] = True
    points[rows.numbers] = rows.hits.points()[rows.documents]
    return Hits(mask, points)


@dataclass(frozen=True, kw_only=True)
class TopMetrics(Agg):
    """The values that some fields have in the first documents."""

    names: Sequence[str]
    sort: Any
    size: int = 1

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`metrics`, `sort`, `size`."""
        given = body.required("metrics", lambda value: value)
        names = []
        for each in given if isinstance(given, list) else [given]:
            if not isinstance(each, Mapping) or not isinstance(each.get("field"), str):
                raise BadQuery(f"[top_metrics] [metrics] must be objects with [field], not [{java(each)[:100]}]")
            names.append(each["field"])
        sort = sorting.parse(body.required("sort", lambda value: value))
        if len(sort) != 1:
            raise IllegalArgument("[top_metrics] must have exactly one [sort]")
        return {"names": names, "sort": sort, "size": body.size("size", 1)}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """By the sort; documents without a value of it are left out."""
        request = SearchRequest(sort=self.sort, size=self.size)
        hits = first([part.outside(None) for part in parts], request, context.found)
        top = []
        for hit in hits:
            if hit.values and hit.values[0] is not None:
                metrics = {name: self._value(hit, name, parts, context) for name in self.names}
                top.append({"sort": list(hit.values[:1]), "metrics": metrics})
        return {"top": top}

    def _value(self, hit: Hit, name: str, parts: Sequence[Rows], context: Context) -> Any:  # noqa: ANN401
        part = next(each for each in parts if each.seen is hit.found.seen and each.segment == hit.segment).outside(None)
        source = Source(name, self.kind)
        column = source.any(part.take(np.array([hit.document], dtype=np.int64)))
        if not len(column.keys):
            return None
        return source.format(context).key(column.value(column.keys[0].item()))
