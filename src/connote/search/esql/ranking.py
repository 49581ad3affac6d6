"""What needs not be done: of searches whose best documents alone are wanted, only these are scored."""

from collections.abc import Sequence

from connote.search.esql.commands.command import AnyStep, Command
from connote.search.esql.scope import Scope


def shortened(commands: Sequence[Command], steps: list[AnyStep], scope: Scope) -> list[AnyStep]:  # noqa: ARG001
    """The steps, of which some may be joined."""
    return steps
