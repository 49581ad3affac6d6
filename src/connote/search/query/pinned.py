"""pinned: some documents above all others, in an order; and wrapper, a query as base64."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.segment import Segment, Table
from connote.search.query.body import Body
from connote.search.query.query import Asks, Explanation, Hits, Query, Weight
from connote.search.query.reader import Reader

MOST_PINNED = 100
# The bits of the least score of a pinned document, as float32: no other is let above it.
_LEAST = 0xFE << 23


def _score(place: int, count: int) -> np.float32:
    """The score of the pinned document at a place."""
    found: np.float32 = np.array([_LEAST + count - place], dtype=np.uint32).view(np.float32)[0]
    return found


@dataclass(frozen=True)
class PinnedWeight:
    """The organic query's scores, and above them those that are pinned."""

    organic: Weight
    ids: Sequence[str]

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who is pinned, or matches the organic query."""
        hits = self.organic.run(table, scored=scored)
        documents = (
            table.find(list(self.ids)) if isinstance(table, Segment) else np.full(len(self.ids), -1, dtype=np.int32)
        )
        mask, points = hits.mask.copy(), np.minimum(hits.points(), np.nextafter(_score(0, 0), np.float32(0)))
        for place, document in enumerate(documents.tolist()):
            if document >= 0:
                mask[document], points[document] = True, max(points[document], _score(place, len(self.ids)))
        return Hits(mask, points if scored else None)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """Whether it is pinned."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        organic, value = self.organic.explain(table, document), float(hits.points()[document])
        return Explanation(value, "pinned" if value >= _score(0, 0) else "organic", [organic] if organic else [])


@dataclass(frozen=True, kw_only=True)
class Pinned(Query):
    """Documents above those of another query."""

    organic: Query
    ids: Sequence[str] = ()
    docs: Sequence[Mapping[str, str]] = ()

    @classmethod
    def parse(cls, given: Any, parse: Callable[[Any], Query]) -> Query:  # noqa: ANN401 (JSON)
        """`{"ids": ["1", "7"], "organic": {…}}`, or with `docs`: `[{"_index": …, "_id": …}]`."""
        body = Body("pinned", given)
        ids, docs, organic = body.raw("ids"), body.raw("docs"), body.required("organic", parse)
        if (ids is None) == (docs is None):
            raise IllegalArgument("[pinned] needs either [ids] or [docs]")
        listed = docs if ids is None else ids
        if not isinstance(listed, list) or len(listed) > MOST_PINNED:
            raise IllegalArgument(f"[pinned] takes a list of at most {MOST_PINNED} documents")
        for each in docs or ():
            if not isinstance(each, Mapping) or not isinstance(each.get("_id"), str):
                raise BadQuery("[pinned] each of [docs] must be an object with [_id], and [_index] if not in all")
        made = cls(organic=organic, ids=[str(each) for each in ids or ()], docs=docs or (), **body.common())
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """The organic query."""
        return replace(self, organic=await self.organic.rewritten(asks, reader))

    def weigh(self, reader: Reader) -> Weight:
        """With those that are pinned in this index."""
        own = ["" if each.get("_index", reader.index) != reader.index else each["_id"] for each in self.docs]
        return PinnedWeight(self.organic.weigh(reader), [*self.ids, *own])

    def parts(self) -> Sequence[Query]:
        """The organic query."""
        return (self.organic,)


def wrapped(given: Any, parse: Callable[[Any], Query]) -> Query:  # noqa: ANN401
    """The query wrapper: `{"query": "eyJtYXRjaF9hbGwiOnt9fQ=="}`. Raises BadQuery for what is no JSON in base64."""
    body = Body("wrapper", given)
    text = body.required("query", str)
    body.done()
    try:
        inner = orjson.loads(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise BadQuery("[wrapper] [query] must be the JSON of a query in base64") from None
    return parse(inner)
