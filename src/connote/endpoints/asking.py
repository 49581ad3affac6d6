"""Who asks, and what is to be told beside the answer: known wherever a request passes, without being handed on."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from connote.security.asker import Asker, Visit

ANONYMOUS = "anonymous"


@dataclass
class Asking:
    """One request: its connection, the name of its API key, the endpoint that has answered, warnings to its sender.

    `asker` is who was recognised, and `visit` what is known of the indices of one who may not do everything.
    """

    connection: object = None
    key: str = ANONYMOUS
    answered: str | None = None
    warnings: list[str] = field(default_factory=list)
    asker: Asker | None = None
    visit: Visit | None = None


_CURRENT: ContextVar[Asking] = ContextVar("asking")


def begin(connection: object = None) -> Asking:
    """A new request, which from now on is the current one of this task."""
    asking = Asking(connection)
    _CURRENT.set(asking)
    return asking


def current() -> Asking:
    """The request that this task works for; one of nobody's if there is none."""
    return _CURRENT.get(None) or Asking()


def visit() -> Visit | None:
    """The request of somebody who may not do everything; None if they may, or if nobody asks."""
    asking = _CURRENT.get(None)
    return None if asking is None else asking.visit


def identity() -> str:
    """Who asks, told from everybody else."""
    asking = _CURRENT.get(None)
    return "" if asking is None or asking.asker is None else asking.asker.identity


def standing() -> tuple[Any, ...]:
    """The same with what they may do."""
    asking = _CURRENT.get(None)
    return () if asking is None or asking.asker is None else asking.asker.standing
