"""A table: columns by name, some of which are read only when something looks at them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from connote.search.esql import types
from connote.search.esql.column import Column, Rows
from connote.search.esql.running import Running, check_rows


class Lazy(Protocol):
    """A column that is not read yet."""

    @property
    def type(self) -> str:
        """The type of its values."""
        ...

    def load(self, documents: Rows) -> Column:
        """The values of these documents, by their numbers in the source."""
        ...


@dataclass(frozen=True)
class Page:
    """So many rows. `documents` are the numbers that these have in the source, for columns that are not read yet."""

    size: int
    columns: dict[str, Column | Lazy]
    documents: Rows
    running: Running

    @classmethod
    def made(cls, columns: Mapping[str, Column], size: int, running: Running) -> "Page":
        """Without a source."""
        return cls(size, dict(columns), np.full(size, -1, dtype=np.int64), running)

    @classmethod
    def joined(cls, parts: Sequence["Page"], names: Mapping[str, str], running: Running) -> "Page":
        """One after another, with these columns by type; where one has not got a column it has no values."""
        check_rows(sum(part.size for part in parts))
        made = {
            name: Column.joined(
                kind, [part[name] if name in part.columns else Column.nothing(kind, part.size) for part in parts]
            )
            for name, kind in names.items()
        }
        documents = np.concatenate([part.documents for part in parts]) if parts else np.zeros(0, dtype=np.int64)
        return cls(len(documents), {**made}, documents, running)

    @classmethod
    def stacked(cls, parts: Sequence["Page"]) -> "Page":
        """Blocks of one table, one after another: what none of them has read stays unread. There is at least one."""
        first = parts[0]
        check_rows(sum(part.size for part in parts))
        made = dict[str, Column | Lazy]()
        for name, each in first.columns.items():
            unread = not isinstance(each, Column) and all(part.columns[name] is each for part in parts)
            made[name] = each if unread else Column.joined(each.type, [part[name] for part in parts])
        documents = np.concatenate([part.documents for part in parts])
        return cls(len(documents), made, documents, first.running)

    def __getitem__(self, name: str) -> Column:
        found = self.columns[name]
        if not isinstance(found, Column):
            found = self.columns[name] = found.load(self.documents)
            self.running.loaded += len(found)
        return found

    def take(self, rows: Rows) -> "Page":
        """These rows, in that order."""
        check_rows(len(rows))
        kept = {name: each.take(rows) if isinstance(each, Column) else each for name, each in self.columns.items()}
        return replace(self, size=len(rows), columns=kept, documents=self.documents[rows])

    def only(self, names: Iterable[str]) -> "Page":
        """These columns, in that order."""
        return replace(self, columns={name: self.columns[name] for name in names})

    def having(self, made: Mapping[str, Column | Lazy]) -> "Page":
        """With these columns behind the others; they take the place of those of their names."""
        kept = {name: each for name, each in self.columns.items() if name not in made}
        return replace(self, columns={**kept, **made})

    def constant(self, kind: str, value: Any) -> Column:  # noqa: ANN401
        """A column with the same value in all rows."""
        if value is None:
            return Column.nothing(kind, self.size)
        if kind != "dense_vector" and not isinstance(value, list):
            made = types.empty(kind, 1)
            made[0] = value
            return Column.whole(kind, np.broadcast_to(made, self.size))
        return Column.constant(kind, value, self.size)
