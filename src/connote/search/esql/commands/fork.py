"""FORK: several rows of commands over the same table, whose rows are told apart by `_fork`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connote.search.esql import types
from connote.search.esql.column import Column
from connote.search.esql.commands.command import AnyStep, Branched, Command
from connote.search.esql.commands.limit import Limit
from connote.search.esql.commands.ranking import shortened
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

# Rows of a branch without a LIMIT.
MOST_BRANCHES, DEFAULT_ROWS = 8, 1000
NAME = "_fork"


@dataclass(frozen=True)
class Fork:
    """The branches, and where the command stands."""

    branches: list[list[Command]]
    at: str

    @classmethod
    def read(cls, parser: "Parser") -> "Fork":
        """`FORK (command | …) (command | …)`."""
        at, found = parser.at(parser.token.start), list[list[Command]]()
        while parser.is_next("(") or not found:
            commands = parser.piped()
            has_limit = any(isinstance(each, Limit) for each in commands)
            found.append(commands if has_limit else [*commands, Limit(DEFAULT_ROWS)])
        if len(found) > MOST_BRANCHES:
            raise parser.fault(f"Fork supports up to {MOST_BRANCHES} branches")
        return cls(found, at)

    def expressions(self) -> list[Expression]:
        """Those of all branches."""
        return [each for branch in self.branches for command in branch for each in command.expressions()]

    def bind(self, scope: Scope) -> Branched:
        """The columns of all branches; what one has not got is null there."""
        scopes, branches = list[Scope](), []
        for branch in self.branches:
            own = replace(scope, columns=dict(scope.columns), mapped=set(scope.mapped), why=dict(scope.why))
            branches.append(bound(branch, own))
            scopes.append(own)
        kinds = shared(scopes, self.at, "FORK branches")
        kinds.pop(NAME, None)
        scope.columns, scope.behind, scope.mapped = {**kinds, NAME: "keyword"}, scope.behind or "FORK", set()
        shown = dict(scope.columns)

        def join(pages: list[Page]) -> Page:
            marked = [
                page.having({NAME: Column.constant("keyword", f"fork{number}", page.size)})
                for number, page in enumerate(pages, 1)
            ]
            return Page.joined(marked, shown, pages[0].running)

        return Branched(branches, join)


def bound(commands: Sequence[Command], scope: Scope) -> list[AnyStep]:
    """The steps of commands; of searches for so many documents the first LIMIT among these says how many."""
    scope.limit = next((each.count for each in commands if isinstance(each, Limit)), scope.limit)
    return shortened(commands, [command.bind(scope) for command in commands])


def shared(scopes: Sequence[Scope], at: str, where: str) -> dict[str, str]:
    """The types of the columns of all. Raises Problem for columns whose types do not go together."""
    kinds = dict[str, str]()
    for own in scopes:
        for name, kind in own.columns.items():
            joined = types.wider([kinds.get(name, "null"), kind])
            if joined is None:
                raise Problem(
                    at,
                    f"Column [{name}] has conflicting data types in {where}: "
                    f"[{types.shown(kinds[name])}] and [{types.shown(kind)}]",
                )
            kinds[name] = joined
    return kinds
