"""The backlog of a lane: what waits to be computed, and which of it makes a good batch."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence

from connote.runtime.job import Item

# While both wait, of so many batches one starts with ingest, the others with search.
TURNS = 4


class Backlog:
    """Not safe for several threads at once: the lane's lock guards it.

    `dropped` is told of items that are in no batch since nobody waits for them any more.
    """

    def __init__(self, *, budget: int, pads: bool, dropped: Callable[[Item], None] = lambda _: None) -> None:
        self._budget, self._pads, self._dropped = budget, pads, dropped
        self._search, self._ingest = _Line(sorts=pads), _Line(sorts=pads)
        self._turn = 0
        self.items = self.tokens = self.urgent_tokens = 0

    def add(self, item: Item) -> None:
        """Put an item in its line."""
        (self._search if item.is_urgent else self._ingest).add(item)
        self._count(item, 1)

    def take(self) -> list[Item]:
        """The next batch: the oldest item of a line, and what goes well with it. Empty if nothing is wanted.

        An item larger than the budget is a batch of its own.
        """
        for line in self._lines():
            while seed := line.oldest():
                batch = self._fill(line, seed)
                if batch:
                    return batch
        return []

    def drain(self) -> list[Item]:
        """Everything that waits, which then waits no more."""
        left = [*self._search.drain(), *self._ingest.drain()]
        self.items = self.tokens = self.urgent_tokens = 0
        return left

    def _count(self, item: Item, sign: int) -> None:
        self.items += sign
        self.tokens += sign * item.tokens
        if item.is_urgent:
            self.urgent_tokens += sign * item.tokens

    def _lines(self) -> Sequence["_Line"]:
        self._turn = (self._turn + 1) % TURNS
        return (self._ingest, self._search) if self._turn == 0 else (self._search, self._ingest)

    def _fill(self, line: "_Line", seed: Item) -> list[Item]:
        """The seed, then its neighbours by length if padding counts, else by age."""
        batch: list[Item] = []
        left: list[Item] = []  # by all who waited for it
        longest = total = 0
        for item in line.near(seed) if self._pads else line.by_age():
            if not item.is_wanted:
                left.append(item)
                continue
            longest, total = max(longest, item.tokens), total + item.tokens
            if batch and (longest * (len(batch) + 1) if self._pads else total) > self._budget:
                break
            batch.append(item)
        for item in (*batch, *left):
            line.remove(item)
            self._count(item, -1)
        for item in left:
            self._dropped(item)
        return batch


class _Line:
    """Items by age, and if it sorts by length: among many that costs more than all else."""

    def __init__(self, *, sorts: bool) -> None:
        self._sorts, self._number = sorts, 0
        self._numbers: dict[Item, int] = {}  # in the order of age
        self._by_length: list[tuple[int, int, Item]] = []

    def add(self, item: Item) -> None:
        self._number += 1
        self._numbers[item] = self._number
        if self._sorts:
            insort(self._by_length, (item.tokens, self._number, item))

    def remove(self, item: Item) -> None:
        number = self._numbers.pop(item)
        if self._sorts:
            del self._by_length[bisect_left(self._by_length, (item.tokens, number))]

    def oldest(self) -> Item | None:
        return next(iter(self._numbers), None)

    def by_age(self) -> Iterator[Item]:
        return iter(self._numbers)

    def near(self, seed: Item) -> Iterator[Item]:
        """The seed, then always the next shorter or longer one, whichever is nearer in length."""
        items = self._by_length
        longer = bisect_left(items, (seed.tokens, self._numbers[seed]))
        shorter = longer - 1
        while shorter >= 0 or longer < len(items):
            if shorter < 0 or (longer < len(items) and items[longer][0] + items[shorter][0] <= 2 * seed.tokens):
                yield items[longer][2]
                longer += 1
            else:
                yield items[shorter][2]
                shorter -= 1

    def drain(self) -> list[Item]:
        left = list(self._numbers)
        self._numbers.clear()
        self._by_length.clear()
        return left
