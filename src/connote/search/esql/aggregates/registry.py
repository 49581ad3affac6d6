"""Aggregates by name: each makes of the values of a group's rows one row.

An aggregate gets a Group and its arguments: columns, and where it takes constants (`!`) values. It gives a column with
a row a group.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.search.esql import types
from connote.search.esql.column import Column, Rows, Values
from connote.search.esql.functions.registry import Function, Gives
from connote.search.esql.running import Running, check_rows

AGGREGATES: dict[str, Function] = {}


@dataclass(frozen=True)
class Group:
    """Of each row the number of its group, of which there are `count`. `type` is what the aggregate gives."""

    groups: Rows
    count: int
    type: str
    running: Running

    def flat(self, column: Column) -> tuple[Values, Rows]:
        """All values of a column, and of each its group."""
        values, rows = column.flat()
        return values, self.groups[rows]

    def parted(self, column: Column) -> tuple[Values, Rows, Rows]:
        """All values, one group's behind another's, in their order; where each group's begin; and which these are.

        Only groups with values are told.
        """
        values, groups = self.flat(column)
        order = np.argsort(groups, kind="stable")
        values, groups = values[order], groups[order]
        begins = np.flatnonzero(np.diff(groups, prepend=-1)) if len(groups) else np.zeros(0, dtype=np.int64)
        return values, begins, groups[begins]

    def filled(self, values: Values, groups: Rows) -> Column:
        """The column of values of some groups; the others have none."""
        made, nulls = types.empty(self.type, self.count), np.ones(self.count, dtype=np.bool_)
        made[groups], nulls[groups] = values, False
        return Column(self.type, made, nulls)

    def listed(self, values: Values, groups: Rows) -> Column:
        """The column of values of some groups, which rise: those of one group are together."""
        made, nulls = types.empty(self.type, self.count), np.ones(self.count, dtype=np.bool_)
        begins = np.flatnonzero(np.diff(groups, prepend=-1))
        sizes = np.diff(begins, append=len(values))
        made[groups[begins]], nulls[groups[begins]] = values[begins], False
        several = np.flatnonzero(sizes > 1)
        plain, many = values.tolist() if len(several) else [], dict[int, tuple[Any, ...]]()
        for at in several.tolist():
            many[int(groups[begins[at]])] = tuple(plain[begins[at] : begins[at] + sizes[at]])
        check_rows(len(values))
        return Column(self.type, made, nulls, many)


def aggregate(*takes: str, gives: Gives, names: Sequence[str] = ()) -> Callable[[Any], Any]:
    """Register an aggregate."""

    def add(body: Any) -> Any:  # noqa: ANN401
        for name in names or (body.__name__.rstrip("_"),):
            AGGREGATES[name] = Function(name, takes, gives, body, "aggregate", (body.__doc__ or "").strip())
        return body

    return add
