"""Intervals that stand, or do not stand, in some relation to those of another source.

Both lists are gone through once, as Lucene does: where the other source's intervals overlap each other, that shows.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.ingest.painless import Script
from connote.search.engine.arrays import Ints
from connote.search.engine.segment import Table
from connote.search.query import places
from connote.search.query.intervals.source import (
    Around,
    Beside,
    Extended,
    Interval,
    Source,
    any_of,
    combinations,
    split,
)
from connote.search.query.places import Reading

# How far a text may reach.
_FAR = 1 << 31
Own = Sequence[Interval]
# Whether the other's interval lies wholly before one's own, so that the next one counts; and whether one's own passes.
Test = Callable[[Interval, Interval], bool]


@dataclass(frozen=True)
class Relation:
    """When an interval passes beside one of the others; and what passes when there are none of them any more."""

    is_past: Test
    passes: Test
    is_not: bool = False

    def chosen(self, own: Own, others: Own) -> Iterator[Interval]:
        """Of one's own those that pass."""
        at = 0
        for each in own:
            while at < len(others) and self.is_past(others[at], each):
                at += 1
            if self.is_not if at == len(others) else self.passes(others[at], each):
                yield each


def _ends_before(other: Interval, own: Interval) -> bool:
    return other.end < own.end


def _is_before(other: Interval, own: Interval) -> bool:
    return other.end < own.start


def _begins_and_ends_before(other: Interval, own: Interval) -> bool:
    return other.start < own.start and other.end < own.end


_RELATIONS = {
    "containing": Relation(
        _begins_and_ends_before, lambda other, own: own.start <= other.start and own.end >= other.end
    ),
    "contained_by": Relation(_ends_before, lambda other, own: other.start <= own.start),
    "overlapping": Relation(_is_before, lambda other, own: other.start <= own.end),
    "not_containing": Relation(_begins_and_ends_before, lambda other, own: other.start > own.end, is_not=True),
    "not_contained_by": Relation(_ends_before, lambda other, own: own.start < other.start, is_not=True),
    "not_overlapping": Relation(_is_before, lambda other, own: other.start > own.end, is_not=True),
}


@dataclass(frozen=True)
class Filtered(Around):
    """Intervals of the inner source that stand so to those of another."""

    other: Source
    kind: str

    def documents(self, table: Table) -> Ints:
        """The inner's; if the others must be there, those of both."""
        own = self.inner.documents(table)
        return own if _RELATIONS[self.kind].is_not else places.shared((own, self.other.documents(table)))

    def found(self, reading: Reading) -> list[Interval]:
        """Those that pass."""
        own = reading.of(self.inner)
        passed = _RELATIONS[self.kind].chosen(own, reading.of(self.other) if own else ())
        return [Interval.of(each.start, each.end, each.gaps) for each in passed]

    def alternatives(self) -> Sequence[Source]:
        """Of what is chosen from, as Lucene has it: of the larger one, or of both."""
        if self.kind == "containing":
            return [Filtered(each, self.other, self.kind) for each in split(self.inner)]
        if self.kind == "contained_by":
            return [Filtered(self.inner, each, self.kind) for each in split(self.other)]
        if self.kind == "overlapping":
            return combinations((self.inner, self.other), lambda pair: Filtered(pair[0], pair[1], self.kind))
        return (self,)


@dataclass(frozen=True)
class Scripted(Around):
    """Intervals of the inner source for which a script holds; `params` are JSON, for sources are values."""

    script: Script
    params: str

    def found(self, reading: Reading) -> list[Interval]:
        """Those that pass. Raises BadScript."""
        params, passed = json.loads(self.params), list[Interval]()
        for each in reading.of(self.inner):
            seen = {"start": each.start, "end": each.end, "gaps": each.gaps}
            if self.script.test(interval=seen, params=params):
                passed.append(Interval.of(each.start, each.end, each.gaps))
        return passed

    def alternatives(self) -> Sequence[Source]:
        """Of what is chosen from."""
        return [Scripted(each, self.script, self.params) for each in split(self.inner)]


def scripted(own: Source, script: Script, params: Mapping[str, Any]) -> Source:
    """The intervals for which a script holds, which sees `interval` (`start`, `end`, `gaps`) and its parameters."""
    return any_of(Scripted(each, script, json.dumps(params)) for each in split(own))


def filtered(kind: str, own: Source, other: Source) -> Source:
    """The intervals that pass one of FILTERS."""
    return FILTERS[kind](own, other)


def _of_inner(kind: str) -> Callable[[Source, Source], Source]:
    return lambda own, other: any_of(Filtered(each, other, kind) for each in split(own))


def _of_other(kind: str) -> Callable[[Source, Source], Source]:
    return lambda own, other: any_of(Filtered(own, each, kind) for each in split(other))


def _before(own: Source, other: Source) -> Source:
    """Within what reaches from the beginning of the text to just before the others."""
    return _of_other("contained_by")(own, Extended(Beside(other, is_before=True), _FAR))


def _after(own: Source, other: Source) -> Source:
    return _of_other("contained_by")(own, Extended(Beside(other, is_before=False), 0, _FAR))


FILTERS: Mapping[str, Callable[[Source, Source], Source]] = {
    "after": _after,
    "before": _before,
    "contained_by": _of_other("contained_by"),
    "containing": _of_inner("containing"),
    "not_contained_by": _of_other("not_contained_by"),
    "not_containing": _of_inner("not_containing"),
    "not_overlapping": lambda own, other: Filtered(own, other, "not_overlapping"),
    "overlapping": lambda own, other: Filtered(own, other, "overlapping"),
}
