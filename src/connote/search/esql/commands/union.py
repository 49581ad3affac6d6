"""FROM with subqueries: the rows of several queries, one behind another.

https://www.elastic.co/docs/reference/query-languages/esql/esql-subquery
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connote.search.esql.commands.command import Branched, Command
from connote.search.esql.commands.fork import MOST_BRANCHES, Fork, bound, shared
from connote.search.esql.commands.source import From
from connote.search.esql.page import Page
from connote.search.esql.scope import Scope
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser


@dataclass(frozen=True)
class Union:
    """The queries, and where the command stands."""

    branches: list[list[Command]]
    at: str

    @classmethod
    def read(cls, parser: "Parser") -> "Union | From":
        """`FROM index, (FROM other | command | …), … METADATA field, …`; without subqueries it is a plain FROM."""
        start, names, branches = parser.token.start, list[str](), list[list[Command]]()
        while True:
            place = parser.token.start
            if parser.is_next("("):
                branches.append(parser.subquery())
                if any(isinstance(each, Fork | Union) for each in branches[-1]):
                    raise parser.fault("FORK and subqueries are not supported within subqueries", place)
            else:
                names.append(parser.index())
            if not parser.take(","):
                break
        metadata_at = parser.token.start
        plain = From([part for name in names for part in name.split(",")], From.read_metadata(parser))
        if names:
            branches.insert(0, [plain])
        elif plain.metadata:
            raise parser.fault("METADATA beside subqueries needs an index pattern: give it within them", metadata_at)
        if len(branches) > MOST_BRANCHES:
            raise parser.fault(f"FROM supports up to {MOST_BRANCHES} subqueries", start)
        return plain if names and len(branches) == 1 else cls(branches, parser.at(start))

    def expressions(self) -> list[Expression]:
        """Those of all queries."""
        return [each for branch in self.branches for command in branch for each in command.expressions()]

    def bind(self, scope: Scope) -> Branched:
        """The columns of all queries; what one has not got is null there. Nothing is searched behind them."""
        scopes, steps = list[Scope](), []
        for branch in self.branches:
            own = Scope(scope.running, searches=scope.searches, problems=scope.problems)
            steps.append(bound(branch, own))
            scopes.append(own)
        scope.columns = shared(scopes, self.at, "subqueries")
        scope.why = {name: why for own in scopes for name, why in own.why.items() if name in scope.columns}
        scope.behind = "subqueries"
        shown = dict(scope.columns)
        return Branched(steps, lambda pages: Page.joined(pages, shown, pages[0].running))
