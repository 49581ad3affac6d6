"""A binary heap that among equals has the same one on top as Lucene's: which one is moved decides what is found.

https://lucene.apache.org/core/9_12_0/core/org/apache/lucene/util/PriorityQueue.html
"""

# Two numbers to order by, and whose they are.
Entry = tuple[int, int, int]


class Heap:
    """The least entry is on top; if `passing`, an entry passes those that are equal."""

    def __init__(self, *, passing: bool) -> None:
        self._entries: list[Entry] = []
        self._passing = passing

    @property
    def top(self) -> Entry:
        """The least."""
        return self._entries[0]

    def push(self, entry: Entry) -> None:
        """One more."""
        entries, at = self._entries, len(self._entries)
        entries.append(entry)
        while at and self._before(entry, entries[(at - 1) // 2]):
            entries[at] = entries[(at - 1) // 2]
            at = (at - 1) // 2
        entries[at] = entry

    def replace(self, entry: Entry) -> None:
        """Another one in place of the one on top."""
        entries, at = self._entries, 0
        while (child := 2 * at + 1) < len(entries):
            if child + 1 < len(entries) and self._before(entries[child + 1], entries[child]):
                child += 1
            if not self._before(entries[child], entry):
                break
            entries[at], at = entries[child], child
        entries[at] = entry

    def pop(self) -> None:
        """Take the one on top away."""
        last = self._entries.pop()
        if self._entries:
            self.replace(last)

    def _before(self, one: Entry, other: Entry) -> bool:
        return one[:2] < other[:2] or (self._passing and one[:2] == other[:2])
