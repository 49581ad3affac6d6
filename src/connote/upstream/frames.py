"""How the events of a stream are told apart."""

from collections.abc import Iterator
from typing import Literal, Protocol

from connote.upstream.events import Event, EventParser

__all__ = ["Event", "Parser", "parser"]


class Parser(Protocol):
    """Fed with bytes, gives the events that are whole."""

    def feed(self, received: bytes) -> Iterator[Event]:
        """The events that end in what was received."""
        ...

    def close(self) -> Iterator[Event]:
        """What is left at the end."""
        ...


def parser(framing: Literal["sse", "aws"]) -> Parser:
    """A parser for one stream."""
    if framing == "aws":
        raise NotImplementedError
    return EventParser()
