"""Some rows of one table, and how they are parted into buckets."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.search.collect import Seen
from connote.search.engine.arrays import Mask
from connote.search.engine.owners import Owners
from connote.search.engine.segment import Segment, Table
from connote.search.query.query import Hits

Numbers = NDArray[np.int64]
Keys = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Rows of a segment, or of nested objects in it: `numbers` int64, rising. `above` are the tables that it is in."""

    seen: Seen
    segment: int
    table: Table
    numbers: Numbers
    hits: Hits
    path: str | None = None
    above: Sequence["Rows"] = ()

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, numbers: Numbers) -> "Rows":
        """Other rows of the same table."""
        return replace(self, numbers=numbers)

    def where(self, mask: Mask) -> "Rows":
        """Those of its rows that are in a mask of the whole table."""
        return self.take(self.numbers[mask[self.numbers]])

    @property
    def documents(self) -> Numbers:
        """int64 [rows]: the document of each row."""
        numbers = self.numbers
        tables = [*self.above, self]
        for own in reversed(tables[1:]):
            numbers = owners(own.table).numbers[numbers].astype(np.int64)
        return numbers

    def inside(self, path: str) -> "Rows | None":
        """The nested objects at a path, of these rows; None if there are none."""
        objects = self.table.nested(path)
        if objects is None:
            return None
        _, numbers = gathered(objects.owners, self.numbers)
        return replace(self, table=objects, numbers=numbers, path=path, above=(*self.above, self))

    def outside(self, path: str | None) -> "Rows":
        """The rows at an outer path (None: the documents) that these are in."""
        rows = self
        while rows.path != path and rows.above:
            outer = rows.above[-1]
            rows = outer.take(np.unique(owners(rows.table).numbers[rows.numbers]).astype(np.int64))
        return rows


def owners(table: Table) -> Owners:
    """Whose the nested objects are."""
    found: Owners = table.owners  # type: ignore[attr-defined]  # only nested tables are asked
    return found


def gathered(of: Owners, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """The values of some rows: int64, by value the place of its row in `numbers`, and its own in the column."""
    starts = of.starts[numbers].astype(np.int64)
    counts = of.starts[numbers + 1].astype(np.int64) - starts
    which = np.repeat(np.arange(len(numbers), dtype=np.int64), counts)
    shift = starts - (np.cumsum(counts) - counts)
    return which, np.arange(len(which), dtype=np.int64) + np.repeat(shift, counts)


def parted(rows: Rows, which: Numbers, keys: Keys) -> Iterator[tuple[Any, Rows]]:
    """The rows by key, each row once a key. `keys` are numbers, one for each place of a row in `which`."""
    if not len(keys):
        return
    is_rising = bool((which[1:] >= which[:-1]).all())
    order = np.argsort(_short(keys), kind="stable") if is_rising else np.lexsort((which, keys))
    which, keys = which[order], keys[order]
    changes = keys[1:] != keys[:-1]
    kept = np.concatenate([[True], changes | (which[1:] != which[:-1])])
    which, keys = which[kept], keys[kept]
    edges = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    firsts = keys[np.concatenate([[0], edges])].tolist()
    for key, places in zip(firsts, np.split(which, edges), strict=True):
        yield key, rows.take(rows.numbers[places])


def _short(keys: Keys) -> Keys:
    """Numbers in the same order, of 16 bits where that suffices: these are sorted in one pass."""
    if keys.dtype.kind == "i" and int(keys.max()) - (low := int(keys.min())) < 1 << 16:
        return (keys - low).astype(np.uint16)
    return keys


Buckets = dict[Any, list[Rows]]


def grouped(parts: Iterable[Rows], split: Callable[[Rows], Iterable[tuple[Any, Rows]]]) -> Buckets:
    """The rows of all tables by key."""
    found: Buckets = {}
    for part in parts:
        for key, rows in split(part):
            found.setdefault(key, []).append(rows)
    return found


def count(parts: Iterable[Rows]) -> int:
    """How many rows."""
    return sum(len(part) for part in parts)


def is_document(rows: Rows) -> bool:
    """Whether these are documents, no nested objects."""
    return isinstance(rows.table, Segment)
