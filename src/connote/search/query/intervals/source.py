"""Sources of intervals, as Lucene has them: each finds the intervals of a document, by their ends.

Semantics are those of the package `org.apache.lucene.queries.intervals`
(https://lucene.apache.org/core/9_12_0/queries/org/apache/lucene/queries/intervals/package-summary.html), after
"Efficient Optimally Lazy Algorithms for Minimal-Interval Semantics" (https://vigna.di.unimi.it/ftp/papers/EfficientLazy.pdf).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.engine.arrays import Ints
from connote.search.engine.segment import Table
from connote.search.query import places
from connote.search.query.places import Reading

# As far as alternatives are multiplied out: so many combinations (Lucene's limit), of so many parts in all.
_MOST_COMBINATIONS, _MOST_PARTS = 1024, 1 << 16
_WIDEST = (1 << 31) - 1


class Interval(NamedTuple):
    """From a first to a last position; `gaps` of them are of no part, and `width` is what it takes of a larger one."""

    start: int
    end: int
    gaps: int
    width: int

    @classmethod
    def of(cls, start: int, end: int, gaps: int = 0) -> "Interval":
        """It takes what it spans."""
        return cls(start, end, gaps, end - start + 1)


class Source:
    """Base of the sources, which are values: equal ones find the same."""

    @property
    def least(self) -> int:
        """The width of the narrowest interval that it may find."""
        raise NotImplementedError

    def documents(self, table: Table) -> Ints:
        """int32, rising: those that may have an interval; no other has any."""
        raise NotImplementedError

    def found(self, reading: Reading) -> list[Interval]:
        """The intervals, by their ends."""
        raise NotImplementedError

    def alternatives(self) -> Sequence["Source"]:
        """The sources of which it is the choice, so that what looks at gaps can look at each."""
        return (self,)

    def words(self) -> Iterator[tuple[str, str]]:
        """The terms whose places make the intervals up, each with its field."""
        raise NotImplementedError

    def stretches(self, reading: Reading) -> Iterable[tuple[int, int]]:
        """The first and the last position of each interval."""
        return ((each.start, each.end) for each in reading.of(self))


@dataclass(frozen=True)
class Terms(Source):
    """Terms of one field, any of them. `told` is how they were asked for, which tells equal sources."""

    field: str
    terms: tuple[str, ...]
    told: str = ""

    @property
    def least(self) -> int:
        """One position."""
        return 1

    def documents(self, table: Table) -> Ints:
        """Who has one of them."""
        return places.having(table, self.field, self.terms)

    def found(self, reading: Reading) -> list[Interval]:
        """One position each, however many of them stand there."""
        return [Interval(place, place, 0, 1) for place in dict.fromkeys(reading.places(self.field, self.terms))]

    def words(self) -> Iterator[tuple[str, str]]:
        """Themselves."""
        return ((self.field, term) for term in self.terms)


@dataclass(frozen=True)
class Nothing(Source):
    """No intervals: of a text without words."""

    @property
    def least(self) -> int:
        """Nothing."""
        return 0

    def documents(self, table: Table) -> Ints:  # noqa: ARG002
        """Nobody."""
        return np.zeros(0, dtype=np.int32)

    def found(self, reading: Reading) -> list[Interval]:  # noqa: ARG002
        """None."""
        return []

    def alternatives(self) -> Sequence[Source]:
        """None."""
        return ()

    def words(self) -> Iterator[tuple[str, str]]:
        """None."""
        return iter(())


@dataclass(frozen=True)
class Around(Source):
    """Base of what changes the intervals of another source."""

    inner: Source

    @property
    def least(self) -> int:
        """The other's."""
        return self.inner.least

    def documents(self, table: Table) -> Ints:
        """The other's."""
        return self.inner.documents(table)

    def words(self) -> Iterator[tuple[str, str]]:
        """The other's."""
        return self.inner.words()


@dataclass(frozen=True)
class Fixed(Around):
    """Intervals of another field (`use_field`): no part of what is around them, however alike they are made."""

    def found(self, reading: Reading) -> list[Interval]:
        """The same."""
        return reading.of(self.inner)

    def alternatives(self) -> Sequence[Source]:
        """Of the other field too."""
        return [Fixed(each) for each in self.inner.alternatives()]


@dataclass(frozen=True)
class Extended(Around):
    """Intervals that begin some positions earlier, where an analyzer has left words out, or end later."""

    before: int
    after: int = 0

    @property
    def least(self) -> int:
        """With what is added."""
        return self.inner.least + self.before + self.after

    def found(self, reading: Reading) -> list[Interval]:
        """Never before the text."""
        own = reading.of(self.inner)
        return [Interval.of(max(0, each.start - self.before), each.end + self.after, each.gaps) for each in own]

    def alternatives(self) -> Sequence[Source]:
        """Extended too."""
        found = [Extended(each, self.before, self.after) for each in self.inner.alternatives()]
        return found or (self,)


@dataclass(frozen=True)
class Beside(Around):
    """The positions just before (or after) intervals."""

    is_before: bool

    def found(self, reading: Reading) -> list[Interval]:
        """One position each."""
        own = reading.of(self.inner)
        ends = (max(0, each.start - 1) if self.is_before else each.end + 1 for each in own)
        return [Interval(end, end, 0, 1) for end in ends]


@dataclass(frozen=True)
class Repeated(Around):
    """So many intervals of one source in a row, as one: what is asked for twice must be there twice."""

    count: int

    def found(self, reading: Reading) -> list[Interval]:
        """Each with those that follow it.

        Of the width Lucene has the sum of 1 less the distance between the ends, which is right for single words only.
        """
        own = reading.of(self.inner)
        sums = list(accumulate((each.start - each.end + 1 for each in own), initial=0))
        made = []
        for first, last, before, behind in zip(own, own[self.count - 1 :], sums, sums[self.count :], strict=False):
            width = behind - before
            made.append(Interval(first.start, last.end, last.end - first.start + 1 - width, width))
        return made


def repeated(source: Source, count: int) -> Source:
    """The source itself, if it is there once."""
    return source if count == 1 else Repeated(source, count)


@dataclass(frozen=True)
class AnyOf(Source):
    """The minimal ones among the intervals of several sources, which are told apart as a set."""

    members: frozenset[Source]

    @property
    def least(self) -> int:
        """The narrowest of all; of none, wider than any text."""
        return min((each.least for each in self.members), default=_WIDEST)

    def documents(self, table: Table) -> Ints:
        """Anyone's."""
        return places.united([each.documents(table) for each in self.members])

    def found(self, reading: Reading) -> list[Interval]:
        """Those that have none of the others in them."""
        own = sorted((each for source in self.members for each in reading.of(source)), key=_narrow)
        minimal = list[Interval]()
        for each in own:
            if not minimal or each.start > minimal[-1].start:
                minimal.append(Interval.of(each.start, each.end, each.gaps))
        return minimal

    def alternatives(self) -> Sequence[Source]:
        """All."""
        return tuple(self.members)

    def words(self) -> Iterator[tuple[str, str]]:
        """Everyone's."""
        return (word for each in self.members for word in each.words())


def _narrow(interval: Interval) -> tuple[int, int, int]:
    """The order in which the ones that have another one in them come behind it."""
    return interval.end, -interval.start, interval.gaps


def any_of(sources: Iterable[Source]) -> Source:
    """The choice of some sources; those that are choices themselves are taken apart."""
    members = frozenset(
        each for source in sources for each in (source.alternatives() if isinstance(source, AnyOf) else (source,))
    )
    return next(iter(members)) if len(members) == 1 else AnyOf(members)


def combinations(parts: Sequence[Source], make: Callable[[tuple[Source, ...]], Source]) -> list[Source]:
    """What is made of each combination of the parts' alternatives. Raises IllegalArgument for too many."""
    rows: list[tuple[Source, ...]] = [()]
    for part in parts:
        options = split(part)
        count = len(rows) * len(options)
        if count > _MOST_COMBINATIONS or (count > 1 and count * len(parts) > _MOST_PARTS):
            raise IllegalArgument("Too many disjunctions to expand")
        rows = [(*row, option) for option in options for row in rows]
    return [make(row) for row in rows]


def split(source: Source) -> list[Source]:
    """The alternatives of a source; those of one position are alike, and stay together."""
    own = source.alternatives()
    single = [each for each in own if each.least == 1]
    return [*([any_of(single)] if single else []), *(each for each in own if each.least != 1)]
