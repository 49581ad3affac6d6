"""Server-sent events, read from bytes as they come: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from connote.contract.errors import Malformed

MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Event:
    """One event: its name, `message` if it has none, and its data."""

    name: str
    data: str


class EventParser:
    """Fed with bytes, gives the events that are whole. Raises Malformed for one that is too large."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest, self._name, self._data, self._size = "", "", list[str](), 0
        self._begun = False

    def feed(self, received: bytes) -> Iterator[Event]:
        """The events that end in what was received."""
        text = self._rest + self._decode(received)
        if not self._begun and text:
            text, self._begun = text.removeprefix("\ufeff"), True
        # A CR at the end may be half of a CRLF.
        held = "\r" if text.endswith("\r") else ""
        lines = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + held
        if len(self._rest) + self._size > MOST_BYTES:
            raise Malformed(f"the service sends an event of more than {MOST_BYTES} bytes")
        for line in lines:
            if line:
                self._field(line)
            elif event := self._end():
                yield event

    def close(self) -> Iterator[Event]:
        """The event that the stream broke off in, if it has data: services forget the last empty line."""
        if self._rest.strip("\r"):
            self._field(self._rest.strip("\r"))
        if event := self._end():
            yield event

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._size += len(value) + 1  # an empty line is held too
        elif name == "event":
            self._name = value

    def _end(self) -> Event | None:
        event = Event(self._name or "message", "\n".join(self._data)) if self._data else None
        self._name, self._data, self._size = "", [], 0
        return event
