"""Which indices a request is for: the part of the path, and the parameters that say what patterns may mean."""

from collections.abc import Sequence

from connote.api.exchange import Ask
from connote.contract.errors import IllegalArgument
from connote.search.view import Filters

CHOICE = {
    "allow_no_indices": "Whether patterns may mean nothing; default true.",
    "expand_wildcards": "Which indices patterns mean: `open`, `closed`, of these also `hidden`, `all`, `none`.",
    "ignore_unavailable": "Leave out what is not there, or closed.",
}
TIMEOUTS = {"master_timeout": "Accepted: there is one node.", "timeout": "Accepted: the answer is immediate."}
_STATES = {
    "open": ("open",), "closed": ("closed",), "hidden": ("hidden",), "all": ("open", "closed", "hidden"), "none": (),
}  # fmt: skip


def chosen(ask: Ask, *, expand: str = "open", name: str = "index") -> list[str]:
    """The names of the indices that the path means; `expand` is what patterns mean if it is not said.

    Raises NoIndex, IllegalArgument.
    """
    return ask.connote.indices.resolve(
        ask.request.path_params.get(name),
        ignore_missing=ask.flag("ignore_unavailable"),
        allow_none=ask.flag("allow_no_indices", default=True),
        expand=states(ask.text("expand_wildcards") or expand),
    )


def filters(ask: Ask, found: Sequence[str]) -> Filters:
    """What the aliases that the path names let be seen of the indices that it means."""
    return ask.connote.indices.filters(ask.request.path_params.get("index"), found)


def states(told: str) -> set[str]:
    """What patterns mean, of `expand_wildcards`. Raises IllegalArgument."""
    found: set[str] = set()
    for each in told.split(","):
        if each not in _STATES:
            raise IllegalArgument(f"No valid expand wildcard value [{each}]")
        found.update(_STATES[each])
    return found


def opened(ask: Ask) -> list[str]:
    """The same for what needs open indices. Raises ClosedIndex for one that is named and closed."""
    found = chosen(ask)
    for name in found:
        ask.connote.indices.check_open(name)
    return found
