"""Server-sent events, as Elasticsearch's inference API streams them."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Send

from connote.contract.chat import Chunk
from connote.contract.errors import ConnoteError

log = logging.getLogger("connote.api")

_DONE = b"event: message\ndata: [DONE]\n\n"


class EventStream(StreamingResponse):
    """A response of chunks as they come. A client that leaves closes the source at once."""

    def __init__(
        self,
        chunks: AsyncGenerator[Chunk, None],
        shown: Callable[[Chunk], Any],
        failed: Callable[[ConnoteError], dict[str, Any]],
    ) -> None:
        self._chunks, self._shown, self._failed = chunks, shown, failed
        super().__init__(self._events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def stream_response(self, send: Send) -> None:
        """Send all; whatever happens, the source is closed."""
        async with aclosing(self._chunks):
            await super().stream_response(send)

    async def _events(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                if (value := self._shown(chunk)) is not None:
                    yield _event(b"message", value)
            yield _DONE
        except ConnoteError as error:
            yield _event(b"error", self._failed(error))
        except Exception:
            log.exception("a stream failed")
            yield _event(b"error", self._failed(ConnoteError("internal error; the server's log says more")))


def chat(chunk: Chunk) -> Chunk:
    """A chunk of a chat, as it is."""
    return chunk


def completion(chunk: Chunk) -> dict[str, Any] | None:
    """What a chunk adds to a completion, if it is text."""
    return {"completion": [{"delta": text}]} if (text := chunk.text()) else None


def _event(name: bytes, value: Any) -> bytes:  # noqa: ANN401 (JSON)
    return b"event: " + name + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"
