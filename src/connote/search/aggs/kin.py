"""Buckets of the children or parents of what is in a bucket: children, parent.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-bucket-children-aggregation
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from connote.search.aggs.context import Context
from connote.search.aggs.filters import Single
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows
from connote.search.collect import Seen
from connote.search.query.join import HasChild, Kin
from connote.search.query.query import Hits, MatchNone


@dataclass(frozen=True, kw_only=True)
class Children(Single):
    """The children of one relation; of any index without it there are none."""

    relation: str

    is_upward: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`type`: the children's relation."""
        return {"relation": body.required("type", str)}

    def rows(self, parts: Sequence[Rows], context: Context) -> list[Rows]:
        """Each once, without scores."""
        return [rows for own in context.found for rows in self._kin(own.seen, parts)]

    def _kin(self, seen: Seen, parts: Sequence[Rows]) -> Iterator[Rows]:
        asked = HasChild(relation=self.relation, inner=MatchNone())
        start, end = asked.own(seen.reader), asked.kin(seen.reader)
        if start is None or end is None:
            return
        if self.is_upward:
            start, end = end, start
        ids = _ids([part.outside(None) for part in parts if part.seen is seen], start)
        for number, segment in enumerate(seen.snapshot.segments):
            words = end.keys(segment)
            if words is None:
                continue
            wanted = np.zeros(len(words.terms), dtype=np.bool_)
            wanted[[at for id in ids if (at := words.terms.find(id)) >= 0]] = True
            mask = words.owners.any(wanted[words.ordinals]) & end.mask(segment) & segment.live
            yield Rows(seen, number, segment, np.flatnonzero(mask).astype(np.int64), Hits(segment.live))


@dataclass(frozen=True, kw_only=True)
class Parent(Children):
    """The parents of children of one relation."""

    is_upward: ClassVar[bool] = True


def _ids(parts: Sequence[Rows], kin: Kin) -> set[str]:
    """The ids of the parents of these documents, as far as they are kin."""
    found = set[str]()
    for part in parts:
        if (words := kin.keys(part.table)) is not None:
            mask = np.zeros(part.table.size, dtype=np.bool_)
            mask[part.numbers] = True
            ordinals = words.ordinals[(mask & kin.mask(part.table))[words.owners.numbers]]
            found |= {words.terms[ordinal] for ordinal in np.unique(ordinals).tolist()}
    return found
