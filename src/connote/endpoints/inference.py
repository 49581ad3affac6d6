"""Inference on an endpoint: checked, run by the endpoint's flow, answered within its time."""

import asyncio
from collections.abc import Sequence
from typing import NoReturn

from connote.contract import durations
from connote.contract.errors import IllegalArgument, MethodNotAllowed, Rejected, TimedOut
from connote.contract.requests import InferenceRequest
from connote.contract.results import Cut, Result
from connote.contract.settings import TASK_SETTINGS, Settings
from connote.contract.tasks import TaskType
from connote.endpoints.cache import Cache, Caching
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.remote import Remote
from connote.runtime.local import Outputs
from connote.runtime.placement import Device
from connote.services.service import Call, Endpoint, Flow, Run

# Seconds that a request may take if it does not say.
TIMEOUT = 30.0
TIMEOUT_COMPLETION = 120.0


class Inference:
    """The corridor: from a request to a result."""

    def __init__(self, endpoints: Endpoints, cache: Cache, remote: Remote | None = None) -> None:
        self._endpoints, self._cache, self._remote = endpoints, cache, remote

    async def infer(
        self, id: str, request: InferenceRequest, caching: Caching = Caching.USE
    ) -> tuple[Endpoint, Result]:
        """Run the request on the endpoint of that id.

        Raises NotFound, Rejected if the endpoint does another task, TimedOut, and whatever the service finds wrong.
        """
        endpoint = self._endpoints.find(id)
        _check_task(endpoint, request.task)
        call = _call(endpoint, request)
        limit = timeout(endpoint.task.kind, request.timeout)
        try:
            async with asyncio.timeout(limit):
                return endpoint, await self._run(endpoint.task.flow(call), caching)
        except TimeoutError:
            raise TimedOut(
                f"timeout [{request.timeout or f'{limit:.0f}s'}] waiting for inference result of [{id}]. A model that "
                "is being loaded or pulled goes on loading: repeat the request, or give it more time with ?timeout="
            ) from None

    def stream(self, id: str, task: TaskType) -> NoReturn:
        """No local service streams. Raises NotFound, Rejected or MethodNotAllowed, in this order."""
        endpoint = self._endpoints.find(id)
        _check_task(endpoint, task)
        raise MethodNotAllowed(f"Streaming is not allowed for service [{endpoint.service.name}].")

    def chat(self, id: str) -> NoReturn:
        """No local service chats. Raises NotFound or Rejected."""
        endpoint = self._endpoints.find(id)
        _check_task(endpoint, TaskType.CHAT_COMPLETION)
        raise Rejected(f"The {endpoint.service.name} service does not support unified completion")

    async def _run(self, flow: Flow, caching: Caching) -> Result:
        try:
            wish = next(flow)
            while True:
                wish = flow.send(await self._fulfil(wish, caching))
        except StopIteration as end:
            result: Result = end.value
            return result

    async def _fulfil(self, wish: Run, caching: Caching) -> Outputs:
        if self._remote and wish.deployment.device is Device.FASTEST:
            return await self._remote.run(wish.deployment.model, wish.inputs)  # it has a cache of its own
        return await self._cache.run(wish.deployment, wish.inputs, caching)


def timeout(task: TaskType, given: str | None) -> float | None:
    """The seconds that a request may take; None is no limit."""
    if given is not None:
        return durations.seconds(given)
    return TIMEOUT_COMPLETION if task in (TaskType.COMPLETION, TaskType.CHAT_COMPLETION) else TIMEOUT


def refuse_cut(cuts: Sequence[Cut]) -> None:
    """Raise IllegalArgument if an input was cut, for those who asked for `truncate=none`."""
    if cuts:
        raise IllegalArgument(f"{describe(cuts)}; shorten the input, or leave out [truncate=none] to let it be cut")


def describe(cuts: Sequence[Cut]) -> str:
    """Which inputs are longer than the model takes, and by how much; the first few of many."""
    told = "; ".join(f"input [{cut.position}] has {cut.tokens} tokens, the model takes {cut.used}" for cut in cuts[:5])
    return told if len(cuts) <= 5 else f"{told}; and {len(cuts) - 5} more inputs"


def _check_task(endpoint: Endpoint, requested: TaskType) -> None:
    actual = endpoint.task.kind
    if requested not in (TaskType.ANY, actual):
        raise Rejected(
            f"Incompatible task_type, the requested type [{requested}] does not match the model type [{actual}]"
        )


def _call(endpoint: Endpoint, request: InferenceRequest) -> Call:
    if endpoint.task.kind is TaskType.RERANK and not request.query:
        raise IllegalArgument(f"Field [query] cannot be null for task type [{TaskType.RERANK}]")
    return Call(
        endpoint=endpoint,
        options=_options(endpoint, request),
        inputs=request.inputs,
        query=request.query,
        search=request.input_type == "search",
        top_n=request.top_n,
        return_documents=request.return_documents,
    )


def _options(endpoint: Endpoint, request: InferenceRequest) -> Settings:
    if not request.task_settings:
        return endpoint.options
    merged = {**endpoint.options.wire(), **request.task_settings}
    return endpoint.task.options.parse(merged, TASK_SETTINGS, owner=endpoint.service.name)
