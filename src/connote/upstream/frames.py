"""How the events of a stream are told apart: as server-sent events, or as AWS's binary frames.

The frames: https://smithy.io/2.0/aws/amazon-eventstream.html.
"""

import json
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from connote.contract.errors import Malformed
from connote.services.aws import botocore
from connote.services.service import Framing
from connote.upstream.events import MOST_BYTES, Event, EventParser

__all__ = ["Event", "Parser", "parser"]

_SPACE = re.compile(r"[ \t\r\n]*")


class Parser(Protocol):
    """Fed with bytes, gives the events that are whole. Raises Malformed for what are none."""

    def feed(self, received: bytes) -> Iterator[Event]:
        """The events that end in what was received."""
        ...

    def close(self) -> Iterator[Event]:
        """What is left at the end."""
        ...


def parser(framing: Framing) -> Parser:
    """A parser for one stream."""
    kinds: dict[Framing, type[Parser]] = {"sse": EventParser, "aws": FrameParser, "aws-payload": PayloadParser}
    return kinds[framing]()


class FrameParser:
    """AWS's frames with payloads in JSON: `{":event-type": payload}` is an event's data. Exceptions are named error."""

    def __init__(self) -> None:
        module = botocore("eventstream")
        self._buffer, self._error, self._held = module.EventStreamBuffer(), module.ParserError, 0

    def feed(self, received: bytes) -> Iterator[Event]:
        """The events of the frames that end in what was received."""
        for message in self._messages(received):
            type = message.headers.get(":message-type")
            if type in ("exception", "error"):
                yield Event("error", json.dumps({"error": _told(message.headers, message.payload)}))
            else:
                yield from self._read(str(message.headers.get(":event-type")), message.payload)

    def close(self) -> Iterator[Event]:
        """Nothing; a frame that is not whole is none."""
        if self._held:
            raise Malformed("the service's stream breaks off in the middle of an event")
        return iter(())

    def _read(self, type: str, payload: bytes) -> Iterator[Event]:
        yield Event("message", f"{{{json.dumps(type)}:{_text(payload) or '{}'}}}")

    def _messages(self, received: bytes) -> Iterator[Any]:
        self._held += len(received)
        self._buffer.add_data(received)
        try:
            for message in self._buffer:
                self._held -= message.prelude.total_length
                yield message
        except (self._error, struct.error, LookupError, ValueError) as error:
            raise Malformed(f"the service sends what is no event stream: {error}") from None
        if self._held > MOST_BYTES:
            raise Malformed(f"the service sends an event of more than {MOST_BYTES} bytes")


class PayloadParser(FrameParser):
    """AWS's frames whose payloads together are another stream, cut anywhere: server-sent events, or JSON objects."""

    def __init__(self) -> None:
        super().__init__()
        self._inner: Parser | None = None

    def close(self) -> Iterator[Event]:
        """What is left of the other stream."""
        super().close()
        return self._inner.close() if self._inner else iter(())

    def _read(self, type: str, payload: bytes) -> Iterator[Event]:
        if type != "PayloadPart":
            return
        if self._inner is None and payload.strip():
            self._inner = ObjectParser() if payload.lstrip().startswith(b"{") else EventParser()
        if self._inner is not None:
            yield from self._inner.feed(payload)


class ObjectParser:
    """JSON objects, one behind the other."""

    def __init__(self) -> None:
        self._held, self._decoder = b"", json.JSONDecoder()

    def feed(self, received: bytes) -> Iterator[Event]:
        """The objects that end in what was received."""
        self._held += received
        if len(self._held) > MOST_BYTES:
            raise Malformed(f"the service sends an object of more than {MOST_BYTES} bytes")
        if received.rstrip().endswith(b"}"):
            text = _text(self._held)
            at = _skipped(text, 0)
            while (end := self._end(text, at)) is not None:
                yield Event("message", text[at:end])
                at = _skipped(text, end)
            self._held = text[at:].encode()

    def close(self) -> Iterator[Event]:
        """What is left is no object: whoever decodes it will say so."""
        if self._held.strip():
            yield Event("message", _text(self._held))

    def _end(self, text: str, at: int) -> int | None:
        """Where the object that begins there ends; None if it does not yet."""
        try:
            return self._decoder.raw_decode(text, at)[1]
        except ValueError:
            return None
        except RecursionError:
            raise Malformed("the service sends an object that is too deep") from None


def _skipped(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Malformed("the service sends an event that is not UTF-8") from None


def _told(headers: Mapping[str, Any], payload: bytes) -> dict[str, Any]:
    """What an exception says, in the shape of an error; its type is in a header."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        said = None
    type = headers.get(":exception-type") or headers.get(":error-code")
    told = said if isinstance(said, dict) else {"message": str(headers.get(":error-message") or type)}
    return {**told, "type": str(type)}
