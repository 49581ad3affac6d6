"""MV_EXPAND: a row for each value of a column."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connote.search.esql.commands.command import ByRow, Step
from connote.search.esql.commands.stats import unfolded
from connote.search.esql.page import Page
from connote.search.esql.scope import Scope
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser


@dataclass(frozen=True)
class Expand:
    """The column, and where it stands."""

    name: str
    at: str

    @classmethod
    def read(cls, parser: "Parser") -> "Expand":
        """`MV_EXPAND name`."""
        at = parser.at(parser.token.start)
        return cls(parser.name(), at)

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """The columns stay."""
        kind = scope.find(self.name, self.at)
        scope.mapped.discard(self.name)
        scope.behind = scope.behind or "MV_EXPAND"

        def run(page: Page) -> Page:
            if kind == "null" or not page[self.name].many:
                return page
            order = list(page.columns)
            expanded = unfolded(page, self.name)
            return replace(expanded, columns={name: expanded.columns[name] for name in order})

        return ByRow(run)
