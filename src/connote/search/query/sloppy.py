"""How often a phrase stands in a text nearly: its terms in other places than they should, but not by more than `slop`.

As Lucene counts: a match spans so many places more than the phrase itself, its width, and counts 1 / (1 + width).
Matches are found by moving, time and again, the term that lags most; a term that stands twice in the phrase is never
matched twice by one place of the text. See the search for phrases in
https://lucene.apache.org/core/10_0_0/core/org/apache/lucene/search/PhraseQuery.html#getSlop()
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Slot:
    """One term of the phrase: its place in it, the places in the text, and at which of these it is."""

    offset: int
    places: Sequence[int]
    at: int = 0
    group: list["Slot"] = field(default_factory=list)  # the slots of the same term, itself too

    @property
    def start(self) -> int:
        """Where the phrase would begin, if this term were right."""
        return self.places[self.at] - self.offset

    @property
    def key(self) -> tuple[int, int]:
        """The order of lagging."""
        return self.start, self.offset

    def advance(self) -> bool:
        """Go to the next place; False if there is none."""
        self.at += 1
        return self.at < len(self.places)


def frequency(slots: Sequence[tuple[int, Sequence[int]]], repeats: Sequence[Sequence[int]], slop: int) -> float:
    """The sum over all matches. `slots` are offsets with rising places; `repeats` the numbers of slots of one term."""
    own = [Slot(offset, places) for offset, places in slots]
    for group in repeats:
        for number in group:
            own[number].group = [own[each] for each in group]
        for rank, number in enumerate(group):
            if any(not own[number].advance() for _ in range(rank)):
                return 0.0
    return _Search(own).sum(slop)


class _Search:
    def __init__(self, slots: list[Slot]) -> None:
        self._slots = slots
        self._end = max(slot.start for slot in slots)

    def sum(self, slop: int) -> float:
        total = 0.0
        lagging, others = self._split()
        width, following = self._end - lagging.start, min(slot.start for slot in others)
        while self._advance(lagging):
            if lagging.start > following:
                total += 1 / (1 + width) if width <= slop else 0
                lagging, others = self._split()
                width, following = self._end - lagging.start, min(slot.start for slot in others)
            else:
                width = min(width, self._end - lagging.start)
        return total + (1 / (1 + width) if width <= slop else 0)

    def _split(self) -> tuple[Slot, list[Slot]]:
        lagging = min(self._slots, key=lambda slot: slot.key)
        return lagging, [slot for slot in self._slots if slot is not lagging]

    def _advance(self, slot: Slot) -> bool:
        """Move a slot, and then whoever stands on a place with another of its term. False where one's places end."""
        if not self._moved(slot):
            return False
        while (other := self._collides(slot)) is not None:
            slot = min(slot, other, key=lambda each: each.key)
            if not self._moved(slot):
                return False
        return True

    def _moved(self, slot: Slot) -> bool:
        if not slot.advance():
            return False
        self._end = max(self._end, slot.start)
        return True

    def _collides(self, slot: Slot) -> Slot | None:
        place = slot.places[slot.at]
        return next((each for each in slot.group if each is not slot and each.places[each.at] == place), None)
