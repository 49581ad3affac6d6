"""Queries on nested objects, each of which matches for itself; and on the chunks of semantic fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Floats
from connote.search.engine.owners import Owners
from connote.search.engine.segment import Segment, Table
from connote.search.query.body import Body
from connote.search.query.chunks import chunks_of
from connote.search.query.query import Asks, Explanation, Hits, MatchNone, Query, Weight
from connote.search.query.reader import Reader

MODES = ("avg", "max", "min", "sum", "none")


@dataclass(frozen=True)
class NestedWeight:
    """Objects' scores as those of what they are in. `paths` lead there, one nested object after another."""

    paths: Sequence[str]
    inner: Weight
    mode: str
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Whose objects match."""
        found = self.objects(table)
        if found is None:
            return Hits.none(table.size)
        objects, owners = found
        hits = self.inner.run(objects, scored=scored and self.mode != "none")
        mask = owners.any(hits.mask)
        if not scored:
            return Hits(mask)
        return Hits(mask, self._joined(owners, hits) * np.float32(self.boost))

    def objects(self, table: Table) -> tuple[Table, Owners] | None:
        """The objects at the end of the way, and whose of this table they are."""
        owners: Owners | None = None
        for path in self.paths:
            objects = table.nested(path)
            if objects is None:
                return None
            owners = objects.owners if owners is None else Owners(objects.owners.starts[owners.starts])
            table = objects
        return None if owners is None else (table, owners)

    def _joined(self, owners: Owners, hits: Hits) -> Floats:
        found = np.zeros(owners.documents, dtype=np.float32)
        if self.mode == "none":
            return found
        points, own = hits.points()[hits.mask], owners.numbers[hits.mask]
        if self.mode in ("sum", "avg"):
            np.add.at(found, own, points)
            counts = np.bincount(own, minlength=owners.documents)
            if self.mode == "avg":
                found /= np.maximum(counts, 1).astype(np.float32)
            return found
        best = np.full(owners.documents, -np.inf if self.mode == "max" else np.inf, dtype=np.float32)
        (np.maximum if self.mode == "max" else np.minimum).at(best, own, points)
        return np.where(np.isfinite(best), best, np.float32(0))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """Each object that matches."""
        found, hits = self.objects(table), self.run(table, scored=True)
        if found is None or not hits.mask[document]:
            return None
        objects, owners = found
        rows = range(*owners.of(document).indices(objects.size))
        matched = [each for row in rows if (each := self.inner.explain(objects, row)) is not None]
        told = f"Score based on {len(matched)} child docs, score mode [{self.mode}]:"
        return Explanation(float(hits.points()[document]), told, matched)


@dataclass(frozen=True, kw_only=True)
class Nested(Query):
    """A query that one object at `path` must match by itself."""

    path: str
    inner: Query
    mode: str = "avg"
    ignores_unmapped: bool = False
    inner_hits: Any = None

    @classmethod
    def parse(cls, given: Any, parse: Callable[[Any], Query]) -> Query:  # noqa: ANN401
        """`{"path": "rooms", "query": {…}, "score_mode": "avg"}`."""
        body = Body("nested", given)
        mode = body.text("score_mode") or "avg"
        if mode not in MODES:
            raise IllegalArgument(f"No score mode for child query [{mode}] found")
        made = cls(
            path=body.required("path", str),
            inner=body.required("query", parse),
            mode=mode,
            ignores_unmapped=body.flag("ignore_unmapped", default=False),
            inner_hits=body.raw("inner_hits"),
            **body.common(),
        )
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """The inner query, seen from within."""
        return replace(self, inner=await self.inner.rewritten(asks, reader.inside(self.path)))

    def weigh(self, reader: Reader) -> Weight:
        """On the chunks of a semantic field the inner query already is of the best chunk."""
        if chunks_of(reader, self.path) != self.path:
            return self.inner.boosted(self.boost).weigh(reader)
        paths = reader.way(self.path)
        if not paths:
            if self.ignores_unmapped:
                return MatchNone().weigh(reader)
            raise BadQuery(f"[nested] failed to find nested object under path [{self.path}]")
        return NestedWeight(paths, self.inner.weigh(reader.inside(self.path)), self.mode, self.boost)

    def parts(self) -> Sequence[Query]:
        """The inner query."""
        return (self.inner,)


@dataclass(frozen=True)
class FirstWeight:
    """By segment, the scores of the first documents; -inf for others."""

    inner: Weight
    allowed: Mapping[int, Floats]

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Those alone."""
        points = self.allowed.get(id(table.arrays))
        if points is None:
            return Hits.none(table.size)
        return Hits(points > -np.inf, points if scored else None)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """As the query itself."""
        return self.inner.explain(table, document) if self.run(table, scored=False).mask[document] else None


@dataclass(frozen=True, kw_only=True)
class First(Query):
    """The k best documents of a query (None: all) among those that some filters let through.

    The query's boost has no part in which these are.
    """

    inner: Query
    k: int | None
    filters: Sequence[Query] = ()

    def weigh(self, reader: Reader) -> Weight:
        """Of equals at the end the older ones are in."""
        weight, filters = replace(self.inner, boost=1.0).weigh(reader), [each.weigh(reader) for each in self.filters]
        points = []
        for table in reader.tables:
            hits = weight.run(table, scored=True)
            mask = hits.mask & table.live if isinstance(table, Segment) else hits.mask
            for each in filters:
                mask = mask & each.run(table, scored=False).mask
            points.append(np.where(mask, hits.points(), np.float32(-np.inf)))
        if points and self.k is not None:
            every = np.concatenate(points)
            every[np.argsort(-every, kind="stable")[self.k :]] = -np.inf
            points = np.split(every, np.cumsum([len(each) for each in points])[:-1])
        factor = np.float32(self.inner.boost)
        scores = [np.where(own > -np.inf, np.maximum(own, 0) * factor, own) for own in points]
        found = {id(table.arrays): own for table, own in zip(reader.tables, scores, strict=True)}
        return FirstWeight(self.inner.weigh(reader), found)

    def parts(self) -> Sequence[Query]:
        """The query."""
        return (self.inner,)
