"""Drives flows: fulfils what they wish for, and gives what they come to."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import replace
from typing import Any

from connote.contract.chat import Chat, Chunk, ChunkChoice
from connote.contract.errors import Malformed, NotFound
from connote.contract.results import Result, join
from connote.contract.settings import Settings
from connote.endpoints.cache import Cache, Caching
from connote.endpoints.remote import Remote
from connote.runtime.fleet import Deployment
from connote.runtime.library import Library
from connote.runtime.placement import Device
from connote.services.service import Call, Deployed, Emit, Endpoint, Find, Open, Post, Run, Wish
from connote.upstream.sender import Sender, Terms

log = logging.getLogger("connote.endpoints")

# Of one request, so many parts are under way at a service at once.
_PARTS_AT_ONCE = 8


class Runner:
    """Knows who fulfils which wish: the catalog, the cache before the models here, another connote, the sender.

    `deployed` tells the deployment of that id, if there is one.
    """

    def __init__(
        self,
        library: Library,
        cache: Cache,
        sender: Sender,
        remote: Remote | None = None,
        deployed: Callable[[str], Deployment | None] = lambda _: None,
    ) -> None:
        self._library, self._cache, self._sender, self._remote = library, cache, sender, remote
        self._deployed = deployed

    async def check(self, endpoint: Endpoint, terms: Terms) -> Settings:
        """The settings of a new endpoint, completed. Raises what its service finds wrong."""
        settings: Settings = await self._driven(endpoint, endpoint.task.check(endpoint), Caching.USE, terms)
        return settings

    def forget(self, id: str) -> None:
        """An endpoint is no more: neither are its tokens."""
        self._sender.forget(id)

    async def run(self, call: Call, caching: Caching, terms: Terms, came: Callable[[Result], None]) -> Result:
        """The result of a call. More inputs than the service takes at once are sent in several parts.

        `came` is told each part, so that it is known what was used if another part fails.
        """
        batch, count = call.endpoint.batch, len(call.contents or call.inputs)
        if batch is None or count <= batch:
            return await self._called(call, caching, terms)
        gate = asyncio.Semaphore(_PARTS_AT_ONCE)

        async def part(start: int) -> Result:
            async with gate:
                some = slice(start, start + batch)
                result = await self._called(
                    replace(call, inputs=call.inputs[some], contents=call.contents[some]), caching, terms
                )
                came(result)
                return result

        try:
            async with asyncio.TaskGroup() as group:
                parts = [group.create_task(part(start)) for start in range(0, count, batch)]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return join([each.result() for each in parts])

    async def stream(self, call: Call, terms: Terms) -> AsyncGenerator[Chunk, None]:
        """The chunks of a streamed call; closing it closes the service's stream."""
        endpoint, flow = call.endpoint, call.endpoint.task.flow(call)
        try:
            wish = _step(endpoint, flow, None)
            while not isinstance(wish, Open):
                wish = _step(endpoint, flow, await self._fulfil(endpoint, wish, Caching.BYPASS, terms))
        except _Done as done:
            yield _whole(done.value)
            return
        async with self._sender.open(endpoint, wish, terms) as events:
            try:
                while True:
                    emitted = _step(endpoint, flow, await anext(events, None))
                    if not isinstance(emitted, Emit):
                        raise TypeError(f"a stream's flow may only emit, not wish for {emitted}")
                    for chunk in emitted.chunks:
                        yield chunk
            except _Done:
                return

    async def _called(self, call: Call, caching: Caching, terms: Terms) -> Result:
        result: Result = await self._driven(call.endpoint, call.endpoint.task.flow(call), caching, terms)
        return result

    async def _driven(self, endpoint: Endpoint, flow: Generator[Wish, Any, Any], caching: Caching, terms: Terms) -> Any:  # noqa: ANN401 (the flow's own)
        try:
            wish = _step(endpoint, flow, None)
            while True:
                wish = _step(endpoint, flow, await self._fulfil(endpoint, wish, caching, terms))
        except _Done as done:
            return done.value

    async def _fulfil(self, endpoint: Endpoint, wish: Wish, caching: Caching, terms: Terms) -> Any:  # noqa: ANN401
        match wish:
            case Find():
                return self._found(wish.model)
            case Deployed():
                return self._deployed(wish.id)
            case Run():
                if self._remote and wish.deployment.device is Device.FASTEST:
                    # It has a cache of its own, and what is asked of ours is asked of that.
                    return await self._remote.run(wish.deployment.model, wish.inputs, caching)
                return await self._cache.run(wish.deployment, wish.inputs, caching)
            case Post():
                return await self._sender.post(endpoint, wish, terms)
            case _:
                raise TypeError(f"the flow of [{endpoint.service.name}] must not wish for {type(wish).__name__} here")

    def _found(self, model: str) -> Any:  # noqa: ANN401
        try:
            return self._library.find(model)
        except NotFound:
            return None


class _Done(Exception):
    """A flow has come to its end; `value` is what it returned."""

    def __init__(self, value: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.value = value


def _step(endpoint: Endpoint, flow: Generator[Wish, Any, Any], reply: Any) -> Wish:  # noqa: ANN401
    """The next wish. Raises _Done at the end, Malformed if the flow stumbles over what a third party has sent."""
    try:
        return flow.send(reply)
    except StopIteration as end:
        raise _Done(end.value) from None
    except (LookupError, ValueError) as error:
        if endpoint.service.site is None:
            raise
        log.warning("the answer of [%s] could not be read", endpoint.service.name, exc_info=True)
        raise Malformed(
            f"The answer of the service [{endpoint.service.name}] for request from inference entity id "
            f"[{endpoint.id}] is not as expected: {type(error).__name__}"
        ) from None  # its text may be the service's, and is not for `error_trace`


def _whole(result: Any) -> Chunk:  # noqa: ANN401
    """The only chunk of a service that answered at once."""
    if not isinstance(result, Chat):
        raise TypeError(f"a chat gives chunks or a Chat, not {type(result).__name__}")
    answer = result.answer
    choices = [ChunkChoice(each.message, each.finish_reason, at) for at, each in enumerate(answer.choices)]
    return Chunk(answer.id, choices, answer.model, "chat.completion.chunk", answer.usage)
