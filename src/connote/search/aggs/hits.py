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
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows, count
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Source
from connote.search.collect import Found, Hit
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
        """The hits, of nested objects their documents."""
        documents = [part.outside(None) for part in parts]
        hits = first(documents, self.request, context.found)
        shown = context.fetch(hits, self.request)
        best = max((float(part.hits.points()[part.numbers].max()) for part in documents if len(part)), default=None)
        is_scored = not self.request.sort or any(name == "_score" for name, _ in self.request.sort)
        total = {"value": count(documents), "relation": "eq"}
        return {"hits": {"total": total, "max_score": best if is_scored else None, "hits": shown}}


def first(parts: Sequence[Rows], request: SearchRequest, found: Sequence[Found]) -> list[Hit]:
    """The first documents of some rows in the request's order."""
    made = []
    for own in found:
        rows = {part.segment: part for part in parts if part.seen is own.seen}
        if not rows:
            continue
        masks = []
        for number, segment in enumerate(own.seen.snapshot.segments):
            mask = np.zeros(segment.size, dtype=np.bool_)
            if number in rows:
                mask[rows[number].numbers] = True
            masks.append(Hits(mask, rows[number].hits.scores if number in rows else None))
        made.append(collect.among(own, masks, replace(request, start=0, size=request.window)))
    return collect.merged(made, request)[request.start : request.window]


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
