"""Intervals in which all of some sources have one: in a row, in order, or in any order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from connote.search.engine.arrays import Ints
from connote.search.engine.segment import Table
from connote.search.query import places
from connote.search.query.heap import Heap
from connote.search.query.intervals.source import (
    Around,
    Interval,
    Nothing,
    Source,
    any_of,
    combinations,
    repeated,
)
from connote.search.query.places import Reading

Lists = Sequence[Sequence[Interval]]


@dataclass(frozen=True)
class AllOf(Source):
    """Base: the parts, each of which must be there."""

    parts: tuple[Source, ...]

    @property
    def least(self) -> int:
        """One of each."""
        return sum(each.least for each in self.parts)

    def documents(self, table: Table) -> Ints:
        """Those of all."""
        return places.shared(each.documents(table) for each in self.parts)

    def found(self, reading: Reading) -> list[Interval]:
        """None where a part has none."""
        lists = []
        for part in self.parts:
            lists.append(reading.of(part))
            if not lists[-1]:
                return []
        return list(self.joined(lists))

    def joined(self, lists: Lists) -> Iterator[Interval]:
        """The intervals that are made of those of the parts."""
        raise NotImplementedError

    def alternatives(self) -> Sequence[Source]:
        """Of every combination of the parts' alternatives."""
        return combinations(self.parts, type(self))

    def words(self) -> Iterator[tuple[str, str]]:
        """Everyone's."""
        return (word for each in self.parts for word in each.words())


class Block(AllOf):
    """One part after another, without a gap."""

    def found(self, reading: Reading) -> list[Interval]:
        """All that follow are looked at for each of the first."""
        found = super().found(reading)
        reading.budget.spend(len(found) * len(self.parts))
        return found

    def joined(self, lists: Lists) -> Iterator[Interval]:
        """Each of the first part with those that follow it."""
        at = [0] * len(lists)
        for first in lists[0]:
            end = first.end
            for number, own in enumerate(lists[1:], start=1):
                while at[number] < len(own) and own[at[number]].start <= end:
                    at[number] += 1
                if at[number] == len(own):
                    return
                if own[at[number]].start != end + 1:
                    break
                end = own[at[number]].end
            else:
                yield Interval.of(first.start, end)

    def alternatives(self) -> Sequence[Source]:
        """Itself: what there was to choose from is multiplied out already."""
        return (self,)


class Ordered(AllOf):
    """One part after another, with any gaps: of those that end alike the narrowest."""

    def joined(self, lists: Lists) -> Iterator[Interval]:
        """From each of the first part to where all others have followed."""
        best: tuple[int, Interval] | None = None
        for first, last, width in _chains(lists):
            end = lists[-1][last].end
            if best is not None and best[0] != last:
                yield best[1]
            best = last, Interval.of(first.start, end, end - first.start + 1 - width)
        if best is not None:
            yield best[1]


def _chains(lists: Lists) -> Iterator[tuple[Interval, int, int]]:
    """For each of the first list, that and the soonest of each other list that follow one another.

    Told are the first, the place in the last list, and the widths of all together.
    """
    at = [-1] * len(lists)
    width = 0
    for first in lists[0]:
        previous = first
        for number, own in enumerate(lists[1:], start=1):
            place = at[number]
            if place >= 0 and own[place].start > previous.end:
                break  # it and those behind it still follow
            width -= own[place].width if place >= 0 else 0
            place = max(place, 0)
            while place < len(own) and own[place].start <= previous.end:
                place += 1
            if place == len(own):
                return
            at[number], previous = place, own[place]
            width += previous.width
        yield first, at[-1], width + first.width


class Unordered(AllOf):
    """All parts in any order, which may overlap: of those that begin or end alike the narrowest."""

    def joined(self, lists: Lists) -> Iterator[Interval]:
        """By always moving the part that begins first."""
        window = _Window(lists)
        start = -1
        while True:
            while window.start == start:
                if not window.move():
                    return
            start, best = window.start, window.interval
            is_over = False
            while window.first_end != best.end:
                end = window.end
                is_over = not window.move()
                if is_over or window.end != end:
                    break
                start, best = window.start, window.interval
            yield best
            if is_over:
                return


class _Window:
    """One interval of each list, ordered by where they begin."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._at = [0] * len(lists)
        self._heap = Heap(passing=True)
        for number, own in enumerate(lists):
            self._heap.push((own[0].start, -own[0].end, number))
        self.end = max(own[0].end for own in lists)
        self._width = sum(own[0].width for own in lists)

    @property
    def start(self) -> int:
        """Where the first of them begins."""
        return self._heap.top[0]

    @property
    def first_end(self) -> int:
        """Where the first of them ends."""
        return -self._heap.top[1]

    @property
    def interval(self) -> Interval:
        """What they span."""
        return Interval.of(self.start, self.end, self.end - self.start + 1 - self._width)

    def move(self) -> bool:
        """The first of them to the next of its list; False if there is none."""
        number = self._heap.top[2]
        own, self._at[number] = self._lists[number], self._at[number] + 1
        if self._at[number] == len(own):
            return False
        it = own[self._at[number]]
        self._width += it.width - own[self._at[number] - 1].width
        self._heap.pop()
        self._heap.push((it.start, -it.end, number))
        self.end = max(self.end, it.end)
        return True


@dataclass(frozen=True)
class MaxGaps(Around):
    """The intervals with few gaps."""

    most: int

    def found(self, reading: Reading) -> list[Interval]:
        """Those of the source."""
        own = reading.of(self.inner)
        return [Interval.of(each.start, each.end, each.gaps) for each in own if each.gaps <= self.most]


def combined(parts: Sequence[Source], gaps: int, *, ordered: bool) -> Source:
    """All of the parts with at most so many gaps (-1: any), as Elasticsearch makes them of the rules' parameters."""
    if len(parts) < 2:
        return parts[0] if parts else Nothing()
    if gaps == 0 and ordered:
        return any_of(combinations(parts, _block))
    own = _ordered(parts) if ordered else _unordered(parts)
    return own if gaps == -1 else any_of(MaxGaps(each, gaps) for each in own.alternatives())


def _block(parts: Iterable[Source]) -> Source:
    return Block(_flat(parts, Block))


def _ordered(parts: Iterable[Source]) -> Source:
    """Parts that are alike and follow each other are one that is repeated."""
    groups = [(source, sum(1 for _ in group)) for source, group in groupby(_flat(parts, Ordered))]
    made = [repeated(source, count) for source, count in groups]
    return made[0] if len(made) == 1 else Ordered(tuple(made))


def _unordered(parts: Iterable[Source]) -> Source:
    """Parts that are alike are one that is repeated."""
    made = [repeated(source, count) for source, count in Counter(_flat(parts, Unordered)).items()]
    return made[0] if len(made) == 1 else Unordered(tuple(made))


def _flat(parts: Iterable[Source], kind: type[AllOf]) -> tuple[Source, ...]:
    return tuple(each for part in parts for each in (part.parts if isinstance(part, kind) else (part,)))
