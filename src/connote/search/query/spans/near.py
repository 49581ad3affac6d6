"""Spans near each other, in order with gaps of a given width, or in any order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connote.search.engine.arrays import Ints
from connote.search.engine.segment import Table
from connote.search.query import places
from connote.search.query.heap import Heap
from connote.search.query.places import Reading
from connote.search.query.spans.source import Source, Span

Part = Source | int  # an int is the width of a gap


@dataclass(frozen=True)
class Near(Source):
    """Base: the parts, between which at most `slop` positions may be of none of them."""

    parts: tuple[Part, ...]
    slop: int

    @property
    def sources(self) -> Sequence[Source]:
        """The parts that are no gaps."""
        return [each for each in self.parts if isinstance(each, Source)]

    @property
    def field(self) -> str:
        """That of all."""
        return self.sources[0].field

    def documents(self, table: Table) -> Ints:
        """Those of all."""
        return places.shared(each.documents(table) for each in self.sources)

    def found(self, reading: Reading) -> list[Span]:
        """None where a part has none."""
        lists = list[Sequence[Span] | int]()
        for part in self.parts:
            own = part if isinstance(part, int) else reading.of(part)
            if own == []:
                return []
            lists.append(own)
        return list(self.joined(lists))

    def joined(self, lists: Sequence[Sequence[Span] | int]) -> Iterator[Span]:
        """The spans that are made of those of the parts."""
        raise NotImplementedError

    def words(self) -> Iterator[tuple[str, str]]:
        """Everyone's."""
        return (word for each in self.sources for word in each.words())


class Ordered(Near):
    """From each span of the first part on, the next one of each other part that does not overlap those before it."""

    def joined(self, lists: Sequence[Sequence[Span] | int]) -> Iterator[Span]:
        """The width is the sum of what is between them."""
        rows, behind = _rows(lists[1:])
        at, taken = [-1] * len(rows), 0
        for first in _firsts(lists):
            end = first.end
            for number, (gap, own) in enumerate(rows):
                place = at[number]
                if place >= 0 and own[place].start >= end + gap:
                    break  # it and those behind it still follow
                taken -= 0 if place < 0 else own[place].end - own[place].start + gap
                place = max(place, 0)
                while place < len(own) and own[place].start < end + gap:
                    place += 1
                if place == len(own):
                    return
                at[number], end = place, own[place].end
                taken += end - own[place].start + gap
            last = rows[-1][1][at[-1]].end if rows else first.end
            width = last - first.end - taken
            if width <= self.slop:
                yield Span(first.start, last + behind, width)


def _rows(lists: Sequence[Sequence[Span] | int]) -> tuple[list[tuple[int, Sequence[Span]]], int]:
    """The lists, each with the gaps before it; and the gaps at the end."""
    rows, gap = list[tuple[int, Sequence[Span]]](), 0
    for own in lists:
        if isinstance(own, int):
            gap += own
        else:
            rows.append((gap, own))
            gap = 0
    return rows, gap


def _firsts(lists: Sequence[Sequence[Span] | int]) -> Iterator[Span]:
    """A gap at the beginning may be anywhere."""
    first = lists[0]
    if not isinstance(first, int):
        yield from first
        return
    far = max(own[-1].end for own in lists if not isinstance(own, int))
    yield from (Span(place, place + first) for place in range(far))


class Unordered(Near):
    """One span of each part, by always moving the one that begins first; they may overlap."""

    def joined(self, lists: Sequence[Sequence[Span] | int]) -> Iterator[Span]:
        """The width is all that they span together."""
        own = [each for each in lists if not isinstance(each, int)]
        at = [0] * len(own)
        heap = Heap(passing=False)
        for number, spans in enumerate(own):
            heap.push((spans[0].start, spans[0].end, number))
        last, length = max(each[0].end for each in own), sum(each[0].end - each[0].start for each in own)
        while True:
            start, end, number = heap.top
            if last - start - length <= self.slop:
                yield Span(start, last, last - start)
            at[number] += 1
            if at[number] == len(own[number]):
                return
            following = own[number][at[number]]
            length += (following.end - following.start) - (end - start)
            last = max(last, following.end)
            heap.replace((following.start, following.end, number))
