"""Who asks, and what is to be told beside the answer: known wherever a request passes, without being handed on."""

from contextvars import ContextVar
from dataclasses import dataclass, field

ANONYMOUS = "anonymous"


@dataclass
class Asking:
    """One request: its connection, the name of its API key, the endpoint that has answered, warnings to its sender."""

    connection: object = None
    key: str = ANONYMOUS
    answered: str | None = None
    warnings: list[str] = field(default_factory=list)


_CURRENT: ContextVar[Asking] = ContextVar("asking")


def begin(connection: object = None) -> Asking:
    """A new request, which from now on is the current one of this task."""
    asking = Asking(connection)
    _CURRENT.set(asking)
    return asking


def current() -> Asking:
    """The request that this task works for; one of nobody's if there is none."""
    return _CURRENT.get(None) or Asking()
