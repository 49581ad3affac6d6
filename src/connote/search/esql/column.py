"""Columns of typed values: each row has none, one or several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.search.engine.arrays import Mask
from connote.search.esql import types
from connote.search.esql.running import check_rows

Values = NDArray[Any]
Rows = NDArray[np.int64]
_NONE: Mapping[int, tuple[Any, ...]] = MappingProxyType({})


@dataclass(frozen=True)
class Column:
    """`values` [rows], of meaning where `nulls` (bool [rows]) is false.

    `many` are all values of rows with more than one, of which `values` has the first.
    """

    type: str
    values: Values
    nulls: Mask
    many: Mapping[int, tuple[Any, ...]] = field(default_factory=lambda: _NONE)

    @classmethod
    def whole(cls, kind: str, values: Values) -> "Column":
        """One value a row."""
        return cls(kind, values, np.zeros(len(values), dtype=np.bool_))

    @classmethod
    def nothing(cls, kind: str, size: int) -> "Column":
        """No value in any row."""
        return cls(kind, types.empty(kind, size), np.ones(size, dtype=np.bool_))

    @classmethod
    def constant(cls, kind: str, value: Any, size: int) -> "Column":  # noqa: ANN401 (of any type)
        """The same in all rows: a value, a list of them, or None."""
        if value is None:
            return cls.nothing(kind, size)
        several = tuple(value) if isinstance(value, list) and kind != "dense_vector" else (value,)
        made = types.empty(kind, size)
        if made.dtype == np.object_:
            for at in range(size):
                made[at] = several[0]
        else:
            made[:] = several[0]
        check_rows(size * len(several))
        many = dict.fromkeys(range(size), several) if len(several) > 1 else _NONE
        return cls(kind, made, np.zeros(size, dtype=np.bool_), many)

    @classmethod
    def of(cls, kind: str, rows: Sequence[Sequence[Any]]) -> "Column":
        """Of the values of each row."""
        made, nulls = types.empty(kind, len(rows)), np.zeros(len(rows), dtype=np.bool_)
        many, count = dict[int, tuple[Any, ...]](), len(rows)
        for at, row in enumerate(rows):
            if len(row) == 0:
                nulls[at] = True
                continue
            made[at] = row[0]
            if len(row) > 1:
                many[at] = tuple(row)
                count += len(row)
        check_rows(count)
        return cls(kind, made, nulls, many)

    @classmethod
    def joined(cls, kind: str, parts: Sequence["Column"]) -> "Column":
        """One after another, all as that type."""
        if not parts:
            return cls.nothing(kind, 0)
        cast = [each.cast(kind) for each in parts]
        many, base = dict[int, tuple[Any, ...]](), 0
        for each in cast:
            many |= {base + at: row for at, row in each.many.items()}
            base += len(each)
        values, nulls = np.concatenate([each.values for each in cast]), np.concatenate([each.nulls for each in cast])
        return cls(kind, values, nulls, many)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_same(self) -> bool:
        """Whether it was made of one value for all rows, which stands in memory once."""
        return len(self.values) > 1 and self.values.strides == (0,)

    @property
    def held(self) -> int:
        """Bytes that it needs, but for those of texts, which others may have too."""
        own = 0 if self.is_same else self.values.nbytes
        return own + self.nulls.nbytes + 16 * sum(map(len, self.many.values()))

    def take(self, rows: Rows) -> "Column":
        """These rows, in that order; of -1 one without a value."""
        if len(self.values) == 0:
            return Column.nothing(self.type, len(rows))
        nulls = self.nulls[rows] | (rows < 0)
        if not self.many:
            return replace(self, values=self.values[rows], nulls=nulls)
        has = np.zeros(len(self), dtype=np.bool_)
        has[list(self.many)] = True
        places = np.flatnonzero(has[rows] & (rows >= 0))
        many = dict(zip(places.tolist(), (self.many[each] for each in rows[places].tolist()), strict=True))
        check_rows(sum(map(len, many.values())))  # which may be many more than there are rows
        return replace(self, values=self.values[rows], nulls=nulls, many=many)

    def cast(self, kind: str) -> "Column":
        """As another type of the same kind of values, or of a column without any."""
        if kind == self.type:
            return self
        if self.type == "null":
            return Column.nothing(kind, len(self))
        wanted = types.dtype(kind)
        if self.values.dtype == wanted:
            return replace(self, type=kind)
        many = {at: tuple(wanted(each) for each in row) for at, row in self.many.items()}
        return Column(kind, self.values.astype(wanted), self.nulls, many or _NONE)

    @property
    def several(self) -> Mask:
        """Mask [rows]: which have more than one value."""
        found = np.zeros(len(self), dtype=np.bool_)
        if self.many:
            found[list(self.many)] = True
        return found

    def row(self, at: int) -> tuple[Any, ...]:
        """The values of a row."""
        if at in self.many:
            return self.many[at]
        return () if self.nulls[at] else (self.values[at],)

    def rows(self) -> list[tuple[Any, ...]]:
        """The values of every row, as Python has them."""
        values, nulls = self.values.tolist(), self.nulls.tolist()
        found: list[tuple[Any, ...]] = [() if null else (value,) for value, null in zip(values, nulls, strict=True)]
        for at, row in self.many.items():
            found[at] = row
        return found

    def flat(self) -> tuple[Values, Rows]:
        """All values, and of each its row, rising."""
        if not self.many:
            rows = np.flatnonzero(~self.nulls)
            return (self.values if len(rows) == len(self) else self.values[rows]), rows
        single = ~self.nulls & ~self.several
        rows = np.flatnonzero(single)
        more = [value for row in self.many.values() for value in row]
        owners = [at for at, row in self.many.items() for _ in row]
        extra = types.empty(self.type, len(more))
        extra[:] = more
        values, whose = np.concatenate([self.values[rows], extra]), np.concatenate([rows, np.array(owners, np.int64)])
        order = np.argsort(whose, kind="stable")
        return values[order], whose[order]
