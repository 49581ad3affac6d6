"""Server-sent events, as bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from typing import Any

import msgspec

DONE = "[DONE]"


def event(value: Any, name: str | None = None) -> bytes:  # noqa: ANN401 (JSON, structs included)
    """One event, with a name if it has one; `DONE` is sent as it is."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + (DONE.encode() if value is DONE else msgspec.json.encode(value)) + b"\n\n"
