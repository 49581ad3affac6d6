"""STATS and INLINE STATS: figures of groups of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.esql import types
from connote.search.esql.aggregates import AGGREGATES, Group
from connote.search.esql.bind import applied, bind, condition, known, refuse, usable
from connote.search.esql.column import Column, Rows
from connote.search.esql.commands.command import Step
from connote.search.esql.factors import factors
from connote.search.esql.nodes import Applied, Constant, Node, folded
from connote.search.esql.page import Page
from connote.search.esql.running import Running, check_rows
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Call, Expression, Literal, Name, Named, calls
from connote.search.thread import check

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

_ROWS = "\0row"  # the number of each row before rows were repeated


@dataclass(frozen=True)
class Figure:
    """An aggregate over the rows of each group that pass a test."""

    name: str
    node: Applied
    test: Node | None


@dataclass(frozen=True)
class Stats:
    """`made` are the figures, `by` what rows are grouped by. If it is `inline`, every row keeps what it has."""

    made: list[Named]
    by: list[Named]
    inline: bool = False

    @classmethod
    def read(cls, parser: "Parser", *, inline: bool = False) -> "Stats":
        """`STATS name = aggregate WHERE condition, … BY name = expression, …`."""
        made = [] if parser.is_next("by") else parser.columns(filtered=True)
        return cls(made, parser.columns() if parser.take("by") else [], inline)

    @classmethod
    def read_inline(cls, parser: "Parser") -> "Stats":
        """The same behind INLINE."""
        parser.expect("stats")
        return cls.read(parser, inline=True)

    def expressions(self) -> list[Expression]:
        """All, those of conditions too."""
        found = [each.expression for each in (*self.made, *self.by)]
        return [*found, *(each.where for each in self.made if each.where is not None)]

    def bind(self, scope: Scope) -> Step:
        """The figures, and behind them what rows are grouped by."""
        keys = self._keys(scope)
        inner = replace(scope, columns={**scope.columns, **{name: node.type for name, node in keys}})
        inner.problems, inner.searches = scope.problems, scope.searches
        outer = replace(scope, columns={name: node.type for name, node in keys}, mapped=set())
        outer.problems = scope.problems
        figures, results = list[Figure](), list[tuple[str, Node]]()
        for each in self.made:
            try:
                results.append((each.name, self._figure(each, inner, outer, figures)))
            except Problem as problem:
                scope.noted(problem)
                results.append((each.name, Constant("null", each.name, each.expression.at)))
        made = {name: node.type for name, node in results}
        names = [name for name, _ in keys]
        if self.inline:
            for name, kind in (*made.items(), *((name, node.type) for name, node in keys)):
                scope.put(name, kind)
        else:
            scope.columns = {
                **{name: kind for name, kind in made.items() if name not in names},
                **{name: node.type for name, node in keys},
            }
            scope.mapped = set()
        scope.behind = scope.behind or ("INLINE STATS" if self.inline else "STATS")
        shown = list(scope.columns)

        def run(page: Page) -> Page:
            return _run(page, keys, figures, results, shown, inline=self.inline)

        return run

    def _keys(self, scope: Scope) -> list[tuple[str, Node]]:
        found = dict[str, Node]()
        for number, each in enumerate(self.by):
            scope.grouping = number == 0
            try:
                node = bind(each.expression, scope)
                usable(node, scope)
                told = f"cannot group by on [{node.type}] type for grouping [{node.text}]"
                refuse(node, ("dense_vector", "_source", "date_period", "time_duration"), told)
            except Problem as problem:
                scope.noted(problem)
                node = Constant("null", each.name, each.expression.at)
            scope.grouping = False
            found.pop(each.name, None)
            found[each.name] = node
        return list(found.items())

    def _figure(self, named: Named, inner: Scope, outer: Scope, figures: list[Figure]) -> Node:
        """What is computed of aggregates once these are known."""
        for call in calls(named.expression):
            known(call, inner)
        inner.searchable = True
        try:
            test = None if named.where is None else condition(named.where, inner)
        finally:
            inner.searchable = False
        rest = _lifted(named.expression, test, inner, outer, figures)
        for name in _names(rest):
            if name.name not in outer.columns:
                if name.name in inner.columns:
                    raise Problem(
                        name.at,
                        f"column [{name.name}] must appear in the STATS BY clause or be used in an aggregate function",
                    )
                raise Problem(name.at, inner.unknown(name.name))
        return bind(rest, outer)


def _lifted(expression: Expression, test: Node | None, inner: Scope, outer: Scope, figures: list[Figure]) -> Expression:
    """The expression with names in the place of its aggregates, which become figures."""
    if not isinstance(expression, Call):
        return expression
    if expression.name not in AGGREGATES:
        arguments = [_lifted(each, test, inner, outer, figures) for each in expression.arguments]
        return replace(expression, arguments=arguments)
    given = list(expression.arguments)
    if given and isinstance(given[0], Literal) and given[0].type == "star":
        given = []
    for each in given:
        if isinstance(each, Call) and any(call.name in AGGREGATES for call in calls(each)):
            raise Problem(
                each.at, f"nested aggregations [{each.text}] not allowed inside other aggregations [{expression.text}]"
            )
    nodes = [bind(each, inner) for each in given]
    for node in nodes:
        usable(node, inner)
    call = replace(expression, arguments=given)
    made = applied(AGGREGATES[expression.name], call, nodes)
    assert isinstance(made, Applied)  # noqa: S101 (see above)
    name = f"\0figure {len(figures)}"
    figures.append(Figure(name, made, test))
    outer.columns[name] = made.type
    return Name(expression.text, expression.at, name)


def _names(expression: Expression) -> list[Name]:
    if isinstance(expression, Name):
        return [expression]
    if isinstance(expression, Call):
        return [name for each in expression.arguments for name in _names(each)]
    return []


def _run(
    page: Page, keys: Sequence[tuple[str, Node]], figures: Sequence[Figure], results: Sequence[tuple[str, Node]],
    shown: list[str], *, inline: bool,
) -> Page:  # fmt: skip
    page = replace(page, columns=dict(page.columns))
    key_columns = [(name, node.run(page)) for name, node in keys]
    full = page.having({**dict(key_columns), _ROWS: Column.whole("long", np.arange(page.size))})
    for name, _ in key_columns:
        if full[name].many:
            full = unfolded(full, name)
    groups, count, first = grouped([full[name] for name, _ in key_columns], full.size)
    made = {name: full[name].take(first) for name, _ in key_columns}
    for figure in figures:
        made[figure.name] = _figured(figure, full, groups, count)
    table = Page.made(made, count, page.running)
    found = {name: node.run(table) for name, node in results}
    if not inline:
        return Page.made(
            {name: found[name] if name in found and name not in made else made[name] for name in shown},
            count,
            page.running,
        )
    rows = full[_ROWS].values
    joined = page if len(rows) == page.size else page.take(rows)
    found |= {name: made[name] for name, _ in key_columns}
    whole = joined.having({name: column.take(groups) for name, column in found.items()})
    if len(rows) != page.size:  # rows with several values of a key stay one row
        whole = whole.take(np.unique(rows, return_index=True)[1])
    return whole.only(shown)


def unfolded(page: Page, name: str) -> Page:
    """A row for each value of a column."""
    column = page[name]
    check_rows(page.size - len(column.many) + sum(map(len, column.many.values())))
    values, owners = column.flat()
    empty = np.flatnonzero(column.nulls)
    rows = np.concatenate([owners, empty])
    places = np.argsort(rows, kind="stable")
    whole = np.concatenate([values, types.empty(column.type, len(empty))])
    nulls = np.arange(len(rows)) >= len(owners)
    others = page.only(each for each in page.columns if each != name)
    return others.take(rows[places]).having({name: Column(column.type, whole[places], nulls[places])})


def grouped(keys: Sequence[Column], size: int) -> tuple[Rows, int, Rows]:
    """Of each row its group, how many groups there are, and the first row of each: null comes first."""
    if not keys:
        return np.zeros(size, dtype=np.int64), 1, np.zeros(1 if size else 0, dtype=np.int64)
    codes, count = np.zeros(size, dtype=np.int64), 1
    for key in keys:
        own, several = factors(key.values[~key.nulls]) if key.type != "null" else (np.zeros(0, dtype=np.int64), 0)
        whole = np.zeros(size, dtype=np.int64)
        whole[~key.nulls] = own + 1
        codes, count = codes * (several + 1) + whole, count * (several + 1)
        if len(keys) > 1:
            codes, count = factors(codes)
    unique, first, groups = np.unique(codes, return_index=True, return_inverse=True)
    return groups.reshape(-1), len(unique), first


def _figured(figure: Figure, page: Page, groups: Rows, count: int) -> Column:
    check()
    if figure.test is not None:
        passed = figure.test.run(page)
        rows = (
            np.flatnonzero(passed.values & ~passed.nulls & ~passed.several)
            if passed.type != "null"
            else np.zeros(0, dtype=np.int64)
        )
        page, groups = page.take(rows), groups[rows]
    node = figure.node
    assert node.function is not None  # noqa: S101 (only so are they made)
    given = [
        _value(each, page.running) if node.function.takes_constant(number) else each.run(page)
        for number, each in enumerate(node.arguments)
    ]
    for number, constant in enumerate(given):
        if node.function.takes_constant(number) and (constant is None or isinstance(constant, list)):
            raise IllegalArgument(f"[{node.text}] takes a single value, which is not null, as argument {number + 1}")
    found: Column = (
        Column.nothing(node.type, count)
        if given and isinstance(given[0], Column) and given[0].type == "null" and node.type != "long"
        else node.function.body(Group(groups, count, node.type, page.running), *given)
    )
    return found


def _value(node: Node, running: Running) -> object:
    return node.value if isinstance(node, Constant) else folded(node, running)
