"""Inference on an endpoint: checked, run by the endpoint's flow, answered within its time."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar, cast

from connote.contract import durations
from connote.contract.chat import Chat, ChatRequest, Chunk
from connote.contract.errors import IllegalArgument, MethodNotAllowed, Rejected
from connote.contract.requests import InferenceRequest
from connote.contract.results import Cut, Result
from connote.contract.settings import TASK_SETTINGS, Settings
from connote.contract.tasks import TaskType
from connote.endpoints import asking, fallback
from connote.endpoints.attempt import Attempt
from connote.endpoints.cache import Caching
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.meter import Meter
from connote.endpoints.runner import Runner
from connote.endpoints.shadow import Shadows
from connote.services.service import Call, Endpoint
from connote.upstream.sender import Terms

T = TypeVar("T")

# Seconds that a request may take if it does not say.
TIMEOUT = 30.0
TIMEOUT_COMPLETION = 120.0


class Inference:
    """The corridor: from a request to a result.

    Each endpoint that is asked is one attempt: it is counted by the meter, and its shadow gets a copy.
    """

    def __init__(self, endpoints: Endpoints, runner: Runner, meter: Meter, shadows: Shadows) -> None:
        self._endpoints, self._runner, self._meter, self._shadows = endpoints, runner, meter, shadows

    async def infer(
        self, id: str, request: InferenceRequest, caching: Caching = Caching.USE
    ) -> tuple[Endpoint, Result]:
        """Run the request on the endpoint of that id. Gives also which endpoint has answered.

        Raises NotFound, Rejected if the endpoint does another task, TimedOut, and whatever the service finds wrong.
        """
        endpoint = self._found(id, request.task)
        if endpoint.task.kind is TaskType.CHAT_COMPLETION:
            raise Rejected(f"The task type [{endpoint.task.kind}] takes [messages]: ask {_chat_url(id)}")
        endpoint, result = await self._run(_call(endpoint, request), request.timeout, caching)
        return endpoint, cast("Chat", result).completion() if endpoint.task.kind is TaskType.COMPLETION else result

    async def chat(
        self, id: str, request: ChatRequest, given: str | None = None, task: TaskType = TaskType.CHAT_COMPLETION
    ) -> Chat:
        """The answer of a chat model, at once; with the task `any` also of a completion's. Raises what `infer` does."""
        endpoint = self._chatting(id, task)
        _, result = await self._run(Call(endpoint, endpoint.options, (), chat=request), given, Caching.BYPASS)
        return cast("Chat", result)

    async def stream_chat(
        self, id: str, request: ChatRequest, given: str | None = None, task: TaskType = TaskType.CHAT_COMPLETION
    ) -> AsyncGenerator[Chunk, None]:
        """The answer that `chat` gives in chunks; the first has come. Raises what `infer` raises, also between them."""
        endpoint = self._chatting(id, task)
        _check_streams(endpoint)
        return await self._stream(Call(endpoint, endpoint.options, (), chat=request, stream=True), given)

    async def stream(self, id: str, request: InferenceRequest) -> AsyncGenerator[Chunk, None]:
        """The answer of a completion model in chunks; the first has come. Raises what `infer` raises."""
        endpoint = self._found(id, request.task)
        _check_streams(endpoint)
        if endpoint.task.kind is TaskType.CHAT_COMPLETION:
            raise Rejected(f"The task type [{endpoint.task.kind}] takes [messages]: ask {_chat_url(id)}")
        return await self._stream(_call(endpoint, request, stream=True), request.timeout)

    async def _run(self, call: Call, given: str | None, caching: Caching) -> tuple[Endpoint, Result]:
        async def attempt(call: Call, terms: Terms) -> Result:
            with self._attempt(call, caching) as attempt:
                async with asyncio.timeout_at(terms.deadline):
                    return attempt.gave(await self._runner.run(call, caching, terms, attempt.part))

        return await self._first(call, given, attempt)

    async def _stream(self, call: Call, given: str | None) -> AsyncGenerator[Chunk, None]:
        async def attempt(call: Call, terms: Terms) -> AsyncGenerator[Chunk, None]:
            chunks = self._chunks(call, terms)
            return _continued(await anext(chunks, None), chunks)

        _, chunks = await self._first(call, given, attempt)
        return chunks

    async def _chunks(self, call: Call, terms: Terms) -> AsyncGenerator[Chunk, None]:
        """The chunks of one attempt. Only the first must come in time."""
        with self._attempt(call, Caching.BYPASS) as attempt:
            async with aclosing(self._runner.stream(call, terms)) as chunks:
                async with asyncio.timeout_at(terms.deadline):
                    first = await anext(chunks, None)
                if first is not None:
                    yield attempt.streamed(first)
                async for chunk in chunks:
                    yield attempt.streamed(chunk)
                attempt.ended()

    def _attempt(self, call: Call, caching: Caching) -> Attempt:
        """One call of one endpoint. Raises OverBudget if the endpoint has spent what it may."""
        self._meter.check(call.endpoint)
        return Attempt(call, asking.current().key, caching, self._meter.count, self._shadows.mirror)

    async def _first(
        self, call: Call, given: str | None, attempt: Callable[[Call, Terms], Awaitable[T]]
    ) -> tuple[Endpoint, T]:
        """What the endpoint gives, or the first of its fallbacks that is not down too."""
        able = (each for each in self._endpoints.chain(call.endpoint) if each.task.streams or not call.stream)
        chain = [each for each in able if call.fits(each)]
        return await fallback.first(chain, call, timeout(call.endpoint.task.kind, given), given, attempt)

    def _found(self, id: str, task: TaskType) -> Endpoint:
        endpoint = self._endpoints.find(id)
        actual = endpoint.task.kind
        if task not in (TaskType.ANY, actual):
            raise Rejected(
                f"Incompatible task_type, the requested type [{task}] does not match the model type [{actual}]"
            )
        return endpoint

    def _chatting(self, id: str, task: TaskType) -> Endpoint:
        endpoint = self._endpoints.find(id)
        if TaskType.CHAT_COMPLETION not in endpoint.service.tasks:
            raise Rejected(f"The {endpoint.service.name} service does not support unified completion")
        self._found(id, task)
        if not endpoint.chats:
            raise Rejected(f"The endpoint [{id}] does [{endpoint.task.kind}]: it takes no messages")
        return endpoint


async def _continued(first: Chunk | None, rest: AsyncGenerator[Chunk, None]) -> AsyncGenerator[Chunk, None]:
    async with aclosing(rest):
        if first is not None:
            yield first
        async for chunk in rest:
            yield chunk


def timeout(task: TaskType, given: str | None) -> float | None:
    """The seconds that a request may take; None is no limit."""
    if given is not None:
        return durations.seconds(given)
    return TIMEOUT_COMPLETION if task in (TaskType.COMPLETION, TaskType.CHAT_COMPLETION) else TIMEOUT


def refuse_cut(cuts: Sequence[Cut], wish: str) -> None:
    """Raise IllegalArgument if an input was cut, for those whose wish, such as `truncate=none`, was that none is."""
    if cuts:
        raise IllegalArgument(f"{describe(cuts)}; shorten the input, or leave out [{wish}] to let it be cut")


def describe(cuts: Sequence[Cut]) -> str:
    """Which inputs are longer than the model takes, and by how much; the first few of many."""
    told = "; ".join(f"input [{cut.position}] has {cut.tokens} tokens, the model takes {cut.used}" for cut in cuts[:5])
    return told if len(cuts) <= 5 else f"{told}; and {len(cuts) - 5} more inputs"


def _check_streams(endpoint: Endpoint) -> None:
    service = endpoint.service
    streaming = sorted(task.kind for task in service.tasks.values() if task.streams)
    if not streaming:
        raise MethodNotAllowed(f"Streaming is not allowed for service [{service.name}].")
    if endpoint.task.kind not in streaming:
        raise MethodNotAllowed(
            f"Streaming is not allowed for service [{service.name}] and task [{endpoint.task.kind}]. "
            f"Supported tasks: [{', '.join(streaming)}]"
        )


def _chat_url(id: str) -> str:
    return f"[POST _inference/chat_completion/{id}/_stream]"


def _call(endpoint: Endpoint, request: InferenceRequest, *, stream: bool = False) -> Call:
    if endpoint.task.kind is TaskType.RERANK and not request.query:
        raise IllegalArgument(f"Field [query] cannot be null for task type [{TaskType.RERANK}]")
    is_completion, is_embedding = (endpoint.task.kind is kind for kind in (TaskType.COMPLETION, TaskType.EMBEDDING))
    extra = _extra(endpoint, request)
    return Call(
        endpoint=endpoint,
        options=_options(endpoint, {name: item for name, item in request.task_settings.items() if name not in extra}),
        inputs=() if is_embedding else request.texts(),
        contents=request.inputs if is_embedding else (),
        query=request.query,
        input_type=request.input_type,
        top_n=request.top_n,
        return_documents=request.return_documents,
        chat=ChatRequest.of(request.texts()) if is_completion else None,
        stream=stream,
        extra=extra,
        task_settings=request.task_settings,
    )


def _extra(endpoint: Endpoint, request: InferenceRequest) -> dict[str, Any]:
    """The task settings that are not declared, if the endpoint takes such."""
    if not request.task_settings or not endpoint.takes_extra:
        return {}
    declared = {field.name for field in endpoint.task.options.fields()}
    return {name: value for name, value in request.task_settings.items() if name not in declared}


def _options(endpoint: Endpoint, given: Mapping[str, Any]) -> Settings:
    if not given:
        return endpoint.options
    current = {**endpoint.options.plain(), **endpoint.options.secrets()}
    return endpoint.task.options.parse({**current, **given}, TASK_SETTINGS, owner=endpoint.service.name)
