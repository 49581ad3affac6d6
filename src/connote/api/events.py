"""Streams of server-sent events: the chunks of an answer as they come, in the words of one protocol."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connote.contract import sse
from connote.contract.chat import Chunk
from connote.contract.errors import ConnoteError

log = logging.getLogger("connote.api")


class Dialect(Protocol):
    """What a protocol sends for the chunks of one stream; it may remember what it has sent."""

    def chunk(self, chunk: Chunk) -> Iterable[bytes]:
        """The events for a chunk."""
        ...

    def end(self) -> Iterable[bytes]:
        """The last events of an answer that is whole."""
        ...

    def failure(self, error: ConnoteError) -> Iterable[bytes]:
        """The last events of an answer that broke off."""
        ...


class EventStream(Response):
    """A response of chunks as they come. A client that leaves closes the source at once."""

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncGenerator[Chunk, None], dialect: Dialect) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._chunks, self._dialect = chunks, dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI)
        """Send all, or what there is until the client leaves."""
        sending = asyncio.ensure_future(self._sent(send))
        leaving = asyncio.ensure_future(_left(receive))
        async with aclosing(self._chunks):
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
                leaving.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _sent(self, send: Send) -> None:
        async def tell(events: Iterable[bytes], *, more: bool = True) -> None:
            if (body := b"".join(events)) or not more:
                await send({"type": "http.response.body", "body": body, "more_body": more})

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async for chunk in self._chunks:
                await tell(self._dialect.chunk(chunk))
            await tell(self._dialect.end(), more=False)
        except ConnoteError as error:
            await tell(self._dialect.failure(error), more=False)
        except Exception:
            log.exception("a stream failed")
            ours = ConnoteError("internal error; the server's log says more")
            await tell(self._dialect.failure(ours), more=False)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True)
class Elastic:
    """The dialect of Elasticsearch's inference API: every event has a name; what is shown of a chunk may be none."""

    shown: Callable[[Chunk], Any]
    failed: Callable[[ConnoteError], dict[str, Any]]

    def chunk(self, chunk: Chunk) -> Iterable[bytes]:
        """One event or none."""
        if (value := self.shown(chunk)) is not None:
            yield sse.event(value, "message")

    def end(self) -> Iterable[bytes]:
        """The mark of the end."""
        yield sse.event(sse.DONE, "message")

    def failure(self, error: ConnoteError) -> Iterable[bytes]:
        """The error, and no mark of the end."""
        yield sse.event(self.failed(error), "error")


def _text(chunk: Chunk) -> dict[str, Any] | None:
    """What a chunk adds to a completion, if it is text."""
    return {"completion": [{"delta": text}]} if (text := chunk.text()) else None


CHAT = Elastic(lambda chunk: chunk, lambda error: error.unified())
COMPLETION = Elastic(_text, lambda error: error.wire())
