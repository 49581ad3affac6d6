"""Spans near each other, in order with gaps of a given width, or in any order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connote.search.engine.arrays import Ints
from connote.search.engine.segment import Table
from connote.search.query import places
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
        """The width is the sum of the gaps between them."""
        at = [0] * len(lists)
        for first in _firsts(lists):
            end, width = first.end, 0
            for number, own in enumerate(lists[1:], start=1):
                if isinstance(own, int):
                    end += own
                    continue
                while at[number] < len(own) and own[at[number]].start < end:
                    at[number] += 1
                if at[number] == len(own):
                    return
                width += own[at[number]].start - end
                end = own[at[number]].end
            if width <= self.slop:
                yield Span(first.start, end, width)


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
        heap = list[Place]()
        for number, spans in enumerate(own):
            _push(heap, (spans[0].start, spans[0].end, number))
        last, length = max(end for _, end, _ in heap), sum(end - start for start, end, _ in heap)
        while True:
            start, end, number = heap[0]
            if last - start - length <= self.slop:
                yield Span(start, last, last - start)
            at[number] += 1
            if at[number] == len(own[number]):
                return
            following = own[number][at[number]]
            length += (following.end - following.start) - (end - start)
            last = max(last, following.end)
            _replace(heap, (following.start, following.end, number))


# A span, and the number of its part. Of parts that stand on the same span the one is moved that a plain binary heap
# has on top, for that is what Lucene does: which one it is decides what else is found.
Place = tuple[int, int, int]


def _push(heap: list[Place], place: Place) -> None:
    at = len(heap)
    heap.append(place)
    while at and place[:2] < heap[(at - 1) // 2][:2]:
        heap[at] = heap[(at - 1) // 2]
        at = (at - 1) // 2
    heap[at] = place


def _replace(heap: list[Place], place: Place) -> None:
    """Another one in place of the one on top."""
    at = 0
    while (child := 2 * at + 1) < len(heap):
        if child + 1 < len(heap) and heap[child + 1][:2] < heap[child][:2]:
            child += 1
        if heap[child][:2] >= place[:2]:
            break
        heap[at], at = heap[child], child
    heap[at] = place
