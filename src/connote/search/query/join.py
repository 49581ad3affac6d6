"""Queries over the parents and children of a join field: has_child, has_parent, parent_id.

https://www.elastic.co/docs/reference/query-languages/query-dsl/joining-queries
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.engine.fields import Words
from connote.search.engine.segment import Segment, Table
from connote.search.mapping.join import Join
from connote.search.query.body import Body
from connote.search.query.query import Asks, Constant, Explanation, Hits, MatchNone, Query, Weight
from connote.search.query.reader import Reader

MODES = ("none", "avg", "max", "min", "sum")
_MOST = 2**31 - 1


@dataclass(frozen=True)
class Kin:
    """Documents of these relations; `key` has, in the field of that name, the id of the parent of each."""

    join: Join
    relations: Sequence[str]
    key: str

    def mask(self, table: Table) -> Mask:
        """Bool [size]: who they are."""
        found, words = np.zeros(table.size, dtype=np.bool_), table.words(self.join.name)
        if words is None:
            return found
        ordinals = [words.terms.find(relation) for relation in self.relations]
        return words.owners.any(np.isin(words.ordinals, ordinals))

    def keys(self, table: Table) -> Words | None:
        """The ids of their parents."""
        return table.words(self.key)


@dataclass(frozen=True)
class JoinWeight:
    """Documents whose kin matches, scored by the kin's scores. What matches is looked for once, in all segments."""

    inner: Weight
    tables: Sequence[Table]
    kin: Kin
    own: Kin
    mode: str
    bounds: tuple[int, int]
    boost: float

    @cached_property
    def _found(self) -> dict[str, list[float]]:
        """By the parent's id the scores of the kin that match."""
        found: dict[str, list[float]] = {}
        for table in self.tables:
            words = self.kin.keys(table)
            if words is None:
                continue
            hits = self.inner.run(table, scored=self.mode != "none")
            rows = np.flatnonzero(matching(hits, table, self.kin)[words.owners.numbers])
            points = hits.points()[words.owners.numbers[rows]].tolist()
            for ordinal, score in zip(words.ordinals[rows].tolist(), points, strict=True):
                found.setdefault(words.terms[ordinal], []).append(score)
        least, most = self.bounds
        return {id: scores for id, scores in found.items() if least <= len(scores) <= most}

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has kin that matches."""
        words = self.own.keys(table)
        if words is None:
            return Hits.none(table.size)
        by_id = np.full(len(words.terms), np.nan, dtype=np.float32)
        for id, scores in self._found.items():
            if (ordinal := words.terms.find(id)) >= 0:
                by_id[ordinal] = _joined(scores, self.mode)
        points = np.full(table.size, np.nan, dtype=np.float32)
        points[words.owners.numbers] = by_id[words.ordinals]
        mask = ~np.isnan(points) & self.own.mask(table)
        return Hits(mask, np.where(mask, points, 0).astype(np.float32) * np.float32(self.boost) if scored else None)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The score."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        return Explanation(float(hits.points()[document]), f"A match, score mode [{self.mode}]")


def kin_of(id: str, hits: Hits, table: Table, kin: Kin) -> Mask:
    """Bool [size]: the kin that matches, of one parent."""
    words = kin.keys(table)
    if words is None:
        return np.zeros(table.size, dtype=np.bool_)
    return matching(hits, table, kin) & words.owners.any(words.ordinals == words.terms.find(id))


def matching(hits: Hits, table: Table, kin: Kin) -> Mask:
    """Bool [size]: the kin that matches, and is not deleted."""
    mask = hits.mask & kin.mask(table)
    return mask & table.live if isinstance(table, Segment) else mask


def _joined(scores: Sequence[float], mode: str) -> float:
    if mode == "none":
        return 1.0
    if mode in ("sum", "avg"):
        return sum(scores) / (len(scores) if mode == "avg" else 1)
    return max(scores) if mode == "max" else min(scores)


@dataclass(frozen=True, kw_only=True)
class Joined(Query):
    """A query that some kin of a document must match. `relation` is the kin's.

    The inner query is none of its parts: nothing of it is in the document itself, to be named or highlighted there.
    """

    relation: str
    inner: Query
    mode: str = "none"
    bounds: tuple[int, int] = (1, _MOST)
    ignores_unmapped: bool = False
    inner_hits: Any = None

    kind: ClassVar[str]

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """The inner query."""
        return replace(self, inner=await self.inner.rewritten(asks, reader))

    def weigh(self, reader: Reader) -> Weight:
        """Raises BadQuery if no join field has such a relation."""
        kin, own = self.kin(reader), self.own(reader)
        if kin is None or own is None:
            if self.ignores_unmapped:
                return MatchNone().weigh(reader)
            raise BadQuery(f"[{self.kind}] {_missing(reader, self.relation)}")
        tables = reader.snapshot.segments
        return JoinWeight(self.inner.weigh(reader), tables, kin, own, self.mode, self.bounds, self.boost)

    def kin(self, reader: Reader) -> Kin | None:
        """Whose matches count; None if the mapping has no such relation."""
        raise NotImplementedError

    def own(self, reader: Reader) -> Kin | None:
        """Who is found."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class HasChild(Joined):
    """Parents with children that match."""

    kind: ClassVar[str] = "has_child"

    @classmethod
    def parse(cls, given: Any, parse: Callable[[Any], Query]) -> Query:  # noqa: ANN401 (JSON)
        """`{"type": "answer", "query": {…}, "score_mode": "max", "min_children": 2, "max_children": 10}`."""
        body = Body(cls.kind, given)
        mode, bounds = (
            body.text("score_mode") or "none",
            (body.whole("min_children", 1), body.whole("max_children", _MOST)),
        )
        if mode not in MODES:
            raise IllegalArgument(f"No score mode for child query [{mode}] found")
        if bounds[0] < 0 or bounds[1] < max(bounds[0], 1):
            raise IllegalArgument(
                "[has_child] needs 0 <= 'min_children' <= 'max_children', of which the last is positive"
            )
        return _made(cls, body, "type", parse, mode=mode, bounds=bounds)

    def kin(self, reader: Reader) -> Kin | None:
        """The children."""
        join = joins(reader)
        above = join and join.above(self.relation)
        return Kin(join, [self.relation], join.key(above)) if join and above else None

    def own(self, reader: Reader) -> Kin | None:
        """The parents."""
        join = joins(reader)
        above = join and join.above(self.relation)
        return Kin(join, [above], join.key(above)) if join and above else None


@dataclass(frozen=True, kw_only=True)
class HasParent(Joined):
    """Children whose parent matches."""

    kind: ClassVar[str] = "has_parent"

    @classmethod
    def parse(cls, given: Any, parse: Callable[[Any], Query]) -> Query:  # noqa: ANN401 (JSON)
        """`{"parent_type": "question", "query": {…}, "score": true}`."""
        body = Body(cls.kind, given)
        mode = "max" if body.flag("score", default=False) else "none"
        return _made(cls, body, "parent_type", parse, mode=mode)

    def kin(self, reader: Reader) -> Kin | None:
        """The parents."""
        join = joins(reader)
        return Kin(join, [self.relation], join.key(self.relation)) if join and join.below(self.relation) else None

    def own(self, reader: Reader) -> Kin | None:
        """The children."""
        join = joins(reader)
        below = join.below(self.relation) if join else []
        return Kin(join, below, join.key(self.relation)) if join and below else None


@dataclass(frozen=True, kw_only=True)
class ParentId(Query):
    """The children of one parent."""

    relation: str
    id: str
    ignores_unmapped: bool = False

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"type": "answer", "id": "1"}`."""
        body = Body("parent_id", given)
        made = cls(
            relation=body.required("type", str),
            id=body.required("id", str),
            ignores_unmapped=body.flag("ignore_unmapped", default=False),
            **body.common(),
        )
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """Scored as a term is that all of them have: by one constant."""
        kin = HasChild(relation=self.relation, inner=MatchNone()).kin(reader)
        if kin is None:
            if self.ignores_unmapped:
                return MatchNone().weigh(reader)
            raise BadQuery(f"[parent_id] {_missing(reader, self.relation)}")
        children = kin

        def find(table: Table) -> Mask:
            words = children.keys(table)
            if words is None:
                return np.zeros(table.size, dtype=np.bool_)
            return words.owners.any(words.ordinals == words.terms.find(self.id)) & children.mask(table)

        return Constant(find, self.boost)


def joins(reader: Reader) -> Join | None:
    """The index's join field."""
    return next((each for each in reader.mapping.fields.values() if isinstance(each, Join)), None)


def _made(made: type[Joined], body: Body, relation: str, parse: Callable[[Any], Query], **more: Any) -> Query:  # noqa: ANN401
    query = made(
        relation=body.required(relation, str),
        inner=body.required("query", parse),
        ignores_unmapped=body.flag("ignore_unmapped", default=False),
        inner_hits=body.raw("inner_hits"),
        **more,
        **body.common(),
    )
    body.done()
    return query


def _missing(reader: Reader, relation: str) -> str:
    join = joins(reader)
    if join is None:
        return "no join field has been configured"
    return f"join field [{join.name}] doesn't hold [{relation}] as a relation of that kind"
