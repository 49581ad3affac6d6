"""Server-sent events, as Elasticsearch's inference API streams them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connote.contract.chat import Chunk
from connote.contract.errors import ConnoteError

log = logging.getLogger("connote.api")

_DONE = b"event: message\ndata: [DONE]\n\n"


class EventStream(Response):
    """A response of chunks as they come. A client that leaves closes the source at once.

    `shown` gives what is told of a chunk, None for nothing; `failed` the body of an error event.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        chunks: AsyncGenerator[Chunk, None],
        shown: Callable[[Chunk], Any],
        failed: Callable[[ConnoteError], dict[str, Any]],
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._chunks, self._shown, self._failed = chunks, shown, failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI)
        """Send all, or what there is until the client leaves."""
        sending = asyncio.ensure_future(self._sent(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _sent(self, send: Send) -> None:
        async def tell(body: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": more})

        async with aclosing(self._chunks):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            try:
                async for chunk in self._chunks:
                    if (value := self._shown(chunk)) is not None:
                        await tell(_event(b"message", value))
                await tell(_DONE, more=False)
            except ConnoteError as error:
                await tell(_event(b"error", self._failed(error)), more=False)
            except Exception:
                log.exception("a stream failed")
                ours = ConnoteError("internal error; the server's log says more")
                await tell(_event(b"error", self._failed(ours)), more=False)


def chat(chunk: Chunk) -> Chunk:
    """A chunk of a chat, as it is."""
    return chunk


def completion(chunk: Chunk) -> dict[str, Any] | None:
    """What a chunk adds to a completion, if it is text."""
    return {"completion": [{"delta": text}]} if (text := chunk.text()) else None


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: bytes, value: Any) -> bytes:  # noqa: ANN401 (JSON)
    return b"event: " + name + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"
