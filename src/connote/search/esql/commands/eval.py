"""EVAL: columns that are computed."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connote.search.esql import types
from connote.search.esql.bind import bind, refuse, usable
from connote.search.esql.column import Column
from connote.search.esql.commands.command import ByRow, Step
from connote.search.esql.nodes import Node
from connote.search.esql.page import Page
from connote.search.esql.running import check_held
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression, Named

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser


@dataclass(frozen=True)
class Eval:
    """The new columns, of which later ones may use those before."""

    made: list[Named]

    @classmethod
    def read(cls, parser: "Parser") -> "Eval":
        """`EVAL name = expression, …`."""
        return cls(parser.columns())

    def expressions(self) -> list[Expression]:
        """Those of all columns."""
        return [each.expression for each in self.made]

    def bind(self, scope: Scope) -> Step:
        """The new columns stand behind the others."""
        nodes = list[tuple[str, Node]]()
        for each in self.made:
            try:
                node = bind(each.expression, scope)
                usable(node, scope)
                told = f"as the return data type of expression [{node.text}]"
                refuse(node, types.SPANS, f"EVAL does not support type [{node.type}] {told}")
            except Problem as problem:
                scope.noted(problem)
                scope.put(each.name, "null")
                continue
            scope.put(each.name, node.type)
            nodes.append((each.name, node))

        def run(page: Page) -> Page:
            page = replace(page, columns=dict(page.columns))  # which later columns are added to
            held = sum(each.held for each in page.columns.values() if isinstance(each, Column))
            for name, node in nodes:
                column = node.run(page)
                held += column.held
                check_held(held)
                page.columns.pop(name, None)
                page.columns[name] = column
            return page

        return ByRow(run)
