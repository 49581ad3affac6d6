"""ROW and SHOW INFO: tables of one row."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connote.search.esql.column import Column
from connote.search.esql.commands.command import Step
from connote.search.esql.commands.eval import Eval
from connote.search.esql.page import Page
from connote.search.esql.scope import Scope
from connote.search.esql.tree import Expression
from connote.version import VERSION_SPOKEN

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser


@dataclass(frozen=True)
class Row(Eval):
    """A row of constants."""

    @classmethod
    def read(cls, parser: "Parser") -> "Row":
        """`ROW name = constant, …`."""
        return cls(parser.columns())

    def bind(self, scope: Scope) -> Step:
        """Its columns are all that there are."""
        step = super().bind(scope)

        def run(page: Page) -> Page:
            return step(Page(1, {}, np.full(1, -1, dtype=np.int64), page.running))

        return run


@dataclass(frozen=True)
class Show:
    """SHOW INFO."""

    @classmethod
    def read(cls, parser: "Parser") -> "Show":
        """Nothing but INFO can be shown."""
        parser.expect("info")
        return cls()

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """Which version is spoken."""
        values = {"version": VERSION_SPOKEN, "date": "2026-01-01T00:00:00.000Z", "hash": "connote"}
        for name in values:
            scope.put(name, "keyword")

        def run(page: Page) -> Page:
            made = {name: Column.constant("keyword", value, 1) for name, value in values.items()}
            return Page.made(made, 1, page.running)

        return run
