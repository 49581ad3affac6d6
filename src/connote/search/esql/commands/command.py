"""What a command is: read from a query, bound to columns, and then run on a table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from connote.search.esql.page import Page
from connote.search.esql.scope import Scope
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.asks import Asked
    from connote.search.esql.parser import Parser


class Step(Protocol):
    """A command whose columns are known."""

    def __call__(self, page: Page) -> Page:
        """The table that it makes of one. It may take long, and runs in a thread."""
        ...


@dataclass(frozen=True)
class ByRow:
    """A step that looks at each row for itself, so that rows may come block by block."""

    run: Callable[[Page], Page]

    def __call__(self, page: Page) -> Page:
        """The table that it makes of one."""
        return self.run(page)


@dataclass(frozen=True)
class Asking:
    """A step that asks endpoints."""

    run: "Callable[[Page, Asked], Awaitable[Page]]"


@dataclass(frozen=True)
class Branched:
    """Several rows of steps over the same table, and what is made of what they come to."""

    branches: "list[list[AnyStep]]"
    join: Callable[[list[Page]], Page]


AnyStep = Step | Asking | Branched


class Command(Protocol):
    """A command as it was read."""

    def bind(self, scope: Scope) -> AnyStep:
        """The step; the scope is changed to what there is behind it. Raises Problem, BadQuery."""
        ...

    def expressions(self) -> list[Expression]:
        """All expressions in it."""
        ...


Read = Callable[["Parser"], Command]
