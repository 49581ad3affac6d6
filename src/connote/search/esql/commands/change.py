"""CHANGE_POINT: where a column changes most.

https://www.elastic.co/docs/reference/query-languages/esql/commands/change-point
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from connote.search.esql import types
from connote.search.esql.changes import changed
from connote.search.esql.column import Column, Rows
from connote.search.esql.commands.command import Step
from connote.search.esql.commands.sort import UNSORTED, arrays
from connote.search.esql.commands.stats import grouped
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression
from connote.search.thread import check

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

# Values that are needed, and rows that are looked at, as in Elasticsearch.
_LEAST, _MOST = 22, 1000
Placed = tuple[str, str]


@dataclass(frozen=True)
class ChangePoint:
    """The column, that of its order, and those that are added, with where the first two stand."""

    value: Placed
    key: Placed
    type: str = "type"
    p: str = "pvalue"
    by: list[Placed] = field(default_factory=list)

    @classmethod
    def read(cls, parser: "Parser") -> "ChangePoint":
        """`CHANGE_POINT value ON key BY group, … AS type, pvalue`."""
        value = _placed(parser)
        key, by, names = ("@timestamp", value[1]), list[Placed](), ("type", "pvalue")
        while (part := parser.take("on", "by", "as")) is not None:
            first = _placed(parser)
            if part == "on":
                key = first
            elif part == "as":
                parser.expect(",")
                names = (first[0], parser.name())
            else:
                by = [first]
                while parser.take(","):
                    by.append(_placed(parser))
        return cls(value, key, *names, by)

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """The rows stand in the order of the key, with the new columns behind the others."""
        if (kind := scope.find(*self.value)) not in (*types.NUMBERS, "null"):
            raise Problem(self.value[1], f"change point value [{self.value[0]}] must be numeric")
        if (by := scope.find(*self.key)) in UNSORTED:
            raise Problem(self.key[1], f"change point key [{self.key[0]}] must be sortable, not [{types.shown(by)}]")
        for each in self.by:
            if (own := scope.find(*each)) in (*UNSORTED, "null"):
                raise Problem(each[1], f"cannot group by on [{types.shown(own)}] type for grouping [{each[0]}]")
        scope.put(self.type, "keyword")
        scope.put(self.p, "double")
        scope.behind = scope.behind or "CHANGE_POINT"
        return lambda page: self._run(page, kind)

    def _run(self, page: Page, kind: str) -> Page:
        keys = [self.key[0], *(name for name, _ in self.by)]
        parts = [part for name in keys for part in arrays(page[name])]
        page = page.take(np.lexsort(parts[::-1])) if parts and page.size else page
        page, groups, count = self._cut(page)
        names, values = types.empty("keyword", page.size), types.empty("double", page.size)
        nulls = np.ones(page.size, dtype=np.bool_)
        order = np.argsort(groups, kind="stable").astype(np.int64)
        ends = np.searchsorted(groups[order], np.arange(count + 1)).tolist()
        for begin, end in pairwise(ends) if kind != "null" else ():
            check()
            if found := self._found(page, order[begin:end]):
                at, names[found[0]], values[found[0]] = found
                nulls[at] = False
        return page.having({self.type: Column("keyword", names, nulls), self.p: Column("double", values, nulls)})

    def _cut(self, page: Page) -> tuple[Page, Rows, int]:
        """The first rows of each group, of each row its group, and how many there are."""
        groups, count, _ = grouped([page[name] for name, _ in self.by], page.size)
        order = np.argsort(groups, kind="stable")
        begins = np.searchsorted(groups[order], np.arange(count))
        numbers = np.empty(page.size, dtype=np.int64)
        numbers[order] = np.arange(page.size) - begins[groups[order]]
        kept = np.flatnonzero(numbers < _MOST)
        if len(kept) == page.size:
            return page, groups, count
        page.running.warn(f"Line {self.value[1]}: warnings during evaluation of [CHANGE_POINT {self.value[0]}]")
        page.running.warn(f"Line {self.value[1]}: too many values; keeping only first {_MOST} values")
        return page.take(kept), groups[kept], count

    def _found(self, page: Page, rows: Rows) -> tuple[int, str, float] | None:
        """The row at which the values of some rows change, how, and the p-value."""
        column = page[self.value[0]]
        has = ~(column.nulls | column.several)[rows]
        if not has.all():
            page.running.warn(f"Line {self.value[1]}: values contain nulls or multivalues; skipping them")
        rows = rows[has]
        if len(rows) < _LEAST:
            page.running.warn(
                f"Line {self.value[1]}: not enough buckets to calculate change_point. Requires at least [{_LEAST}]; "
                f"found [{len(rows)}]"
            )
            return None
        found = changed(column.values[rows].astype(np.float64))
        return None if found is None else (int(rows[found.at]), found.type, found.p)


def _placed(parser: "Parser") -> Placed:
    at = parser.at(parser.token.start)
    return parser.name(), at
