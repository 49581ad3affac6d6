"""Streams of server-sent events: the chunks of an answer as they come, in the words of one protocol."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connote.contract import sse
from connote.contract.chat import Chunk
from connote.contract.errors import ConnoteError, Unavailable

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
    """A response of chunks as they come. A client that leaves closes the source at once; so does the server's end."""

    media_type = "text/event-stream"
    _open: ClassVar[set[asyncio.Event]] = set()

    @classmethod
    def end_all(cls) -> None:
        """The server stops: end the streams that are open, each with an error."""
        for stop in cls._open:
            stop.set()

    def __init__(self, chunks: AsyncGenerator[Chunk, None], dialect: Dialect) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._chunks, self._dialect = chunks, dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI)
        """Send all, or what there is until the client leaves."""
        stop = asyncio.Event()
        self._open.add(stop)
        sending, *_ = tasks = [asyncio.ensure_future(each) for each in (self._sent(send), _left(receive), stop.wait())]
        async with aclosing(self._chunks):
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._open.discard(stop)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            if stop.is_set() and sending.cancelled():
                await self._told(send, self._dialect.failure(Unavailable("the server stops")), more=False)

    async def _told(self, send: Send, events: Iterable[bytes], *, more: bool = True) -> None:
        if (body := b"".join(events)) or not more:
            await send({"type": "http.response.body", "body": body, "more_body": more})

    async def _sent(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async for chunk in self._chunks:
                await self._told(send, self._dialect.chunk(chunk))
            await self._told(send, self._dialect.end(), more=False)
        except ConnoteError as error:
            await self._told(send, self._dialect.failure(error), more=False)
        except Exception:
            log.exception("a stream failed")
            ours = ConnoteError("internal error; the server's log says more")
            await self._told(send, self._dialect.failure(ours), more=False)


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
