"""What aggregations need of the search that they are part of."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from connote.contract.errors import ConnoteError
from connote.search.aggs.calendar import Span
from connote.search.aggs.rows import Rows
from connote.search.collect import Found, Hit
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Table
from connote.search.mapping.field import Field
from connote.search.query.query import Hits, Query
from connote.search.request import SearchRequest
from connote.search.rewrites import Rewrites

# As Elasticsearch's search.max_buckets.
MOST_BUCKETS = 65_536
Fetch = Callable[[Sequence[Hit], SearchRequest], list[dict[str, Any]]]


class TooManyBuckets(ConnoteError):
    """More buckets than an answer may have."""

    type, status = "too_many_buckets_exception", 400


@dataclass
class Context:
    """`found` in every index; `fetch` shows hits as the answer does."""

    found: Sequence[Found]
    rewrites: Rewrites
    fetch: Fetch
    buckets: int = field(default=0)
    span: Span | None = None  # the bucket of dates that is looked at
    _masks: dict[tuple[int, int], tuple[object, Table, Mask]] = field(default_factory=dict, init=False)

    def parts(self) -> list[Rows]:
        """All rows that match."""
        made = []
        for own in self.found:
            for number, hits in enumerate(own.masks):
                numbers = np.flatnonzero(hits.mask).astype(np.int64)
                made.append(Rows(own.seen, number, own.seen.snapshot.segments[number], numbers, hits))
        return made

    def every(self) -> list[Rows]:
        """All documents of the indices."""
        made = []
        for own in self.found:
            for number, segment in enumerate(own.seen.snapshot.segments):
                numbers = np.flatnonzero(segment.live).astype(np.int64)
                made.append(Rows(own.seen, number, segment, numbers, Hits(segment.live)))
        return made

    def field(self, name: str) -> Field | None:
        """The field of that name in the first index that has it."""
        known = (own.seen.reader.field(name) for own in self.found)
        return next((each for each in known if each is not None), None)

    def matching(self, query: Query, parts: Sequence[Rows]) -> list[Rows]:
        """The rows that match a query."""
        return [part.where(self.mask(query, part.table, partial(self._matches, query, part))) for part in parts]

    def mask(self, of: object, table: Table, make: Callable[[], Mask]) -> Mask:
        """A mask of a whole table, made once for all the buckets that a query or an aggregation stands in."""
        key = id(of), id(table)
        if key not in self._masks:
            self._masks[key] = of, table, make()
        return self._masks[key][2]

    def _matches(self, query: Query, part: Rows) -> Mask:
        reader = part.seen.reader if part.path is None else part.seen.reader.inside(part.path)
        return self.rewrites.of_query(part.seen, query).weigh(reader).run(part.table, scored=False).mask

    @contextmanager
    def within(self, span: Span) -> Iterator[None]:
        """While a bucket of dates is looked at."""
        outer, self.span = self.span, span
        try:
            yield
        finally:
            self.span = outer

    def counted(self, number: int) -> None:
        """Count buckets of the answer. Raises TooManyBuckets."""
        self.buckets += number
        if self.buckets > MOST_BUCKETS:
            raise TooManyBuckets(
                f"Trying to create too many buckets. Must be less than or equal to: [{MOST_BUCKETS}] but was "
                f"[{self.buckets}]. This limit can be set by changing the [search.max_buckets] cluster level setting."
            )
