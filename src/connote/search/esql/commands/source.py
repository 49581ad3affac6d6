"""FROM: the documents of indices."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from connote.search.esql.column import Column
from connote.search.esql.commands.command import Step
from connote.search.esql.page import Lazy, Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.source import METADATA, Source
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser


@dataclass
class From:
    """Names and patterns of indices, and which metadata are columns. `source` is set once these are opened."""

    names: list[str]
    metadata: list[tuple[str, str]]
    source: Source = field(default_factory=lambda: Source([]))

    @staticmethod
    def read_metadata(parser: "Parser") -> list[tuple[str, str]]:
        """`METADATA field, …`, if it is there: the fields and where they stand."""
        metadata = list[tuple[str, str]]()
        bracket = parser.take("[")
        if parser.take("metadata"):
            metadata.append((parser.name(), parser.at(parser.last)))
            while parser.take(","):
                metadata.append((parser.name(), parser.at(parser.last)))
        if bracket:
            parser.expect("]")
        return metadata

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """All fields, in the order of their names, and the metadata behind them."""
        kinds, scope.why = self.source.types()
        for name, at in self.metadata:
            if name not in METADATA:
                raise Problem(at, f"unresolved metadata pattern [{name}]")
            kinds[name] = METADATA[name]
        scope.columns, scope.mapped = dict(kinds), set(kinds) - {name for name, _ in self.metadata}
        source, scope.source, scope.scores = self.source, self.source, "_score" in kinds

        def run(page: Page) -> Page:
            documents = np.flatnonzero(source.allowed())
            page.running.found += len(documents)
            columns: dict[str, Column | Lazy] = {name: source.column(name, kind) for name, kind in kinds.items()}
            return Page(len(documents), columns, documents, page.running)

        return run
