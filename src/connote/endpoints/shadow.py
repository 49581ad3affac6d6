"""Shadows: endpoints that get a share of another's live requests too, in the background, to compare the two."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from connote.contract.errors import ConnoteError, NotFound, Rejected
from connote.endpoints import fallback
from connote.endpoints.attempt import Attempt
from connote.endpoints.comparison import Figures, compare
from connote.endpoints.meter import Meter
from connote.endpoints.runner import Runner
from connote.services.service import Endpoint
from connote.upstream.sender import Terms

log = logging.getLogger("connote.endpoints")

# Of one endpoint, so many shadow requests are under way at once; what comes then is dropped.
MOST_IN_FLIGHT = 8
# Seconds that one may take.
_TIME = 120.0
# Whom the usage of shadows is counted for.
KEY = "shadow"


class Shadows:
    """Asks shadows, and keeps the figures in memory."""

    def __init__(self, find: Callable[[str], Endpoint], runner: Runner, meter: Meter) -> None:
        self._find, self._runner, self._meter = find, runner, meter
        self._figures: dict[str, Figures] = {}
        self._in_flight = Counter[str]()
        self._tasks: set[asyncio.Task[None]] = set()

    def mirror(self, attempt: Attempt) -> None:
        """Ask the shadow too what an endpoint was asked, if its turn comes. Nobody waits for that."""
        endpoint = attempt.call.endpoint
        shadow = endpoint.policy.shadow
        is_over = attempt.result is not None or attempt.error is not None
        if shadow is None or not is_over or random.random() >= shadow.sample:  # noqa: S311 (no secret)
            return
        figures = self._of(endpoint.id, shadow.endpoint)
        if self._in_flight[endpoint.id] >= MOST_IN_FLIGHT:
            figures.dropped += 1
            return
        self._in_flight[endpoint.id] += 1
        task = asyncio.get_running_loop().create_task(self._compared(attempt, figures))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def wire(self, endpoints: Sequence[Endpoint]) -> list[dict[str, Any]]:
        """The figures of those of the endpoints that have a shadow."""
        return [
            {
                "inference_id": endpoint.id,
                "shadow_id": shadow.endpoint,
                "sample": shadow.sample,
                "in_flight": self._in_flight[endpoint.id],
                **self._of(endpoint.id, shadow.endpoint).wire(),
            }
            for endpoint in endpoints
            if (shadow := endpoint.policy.shadow)
        ]

    def forget(self, id: str) -> None:
        """Begin anew with an endpoint."""
        self._figures.pop(id, None)

    async def close(self) -> None:
        """Break off what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _of(self, id: str, shadow_id: str) -> Figures:
        figures = self._figures.get(id)
        if figures is None or figures.shadow_id != shadow_id:
            figures = self._figures[id] = Figures(shadow_id)
        return figures

    async def _compared(self, live: Attempt, figures: Figures) -> None:
        try:
            shadow = await self._asked(live, figures.shadow_id)
            figures.requests += 1
            figures.live.count(live)
            figures.shadow.count(shadow)
            if live.result is not None and shadow.result is not None:
                figures.alike(await asyncio.to_thread(compare, live.result, shadow.result))
        except Exception:
            log.exception("the shadow of [%s] failed", live.call.endpoint.id)
        finally:
            self._in_flight[live.call.endpoint.id] -= 1

    async def _asked(self, live: Attempt, id: str) -> Attempt:
        """What comes of asking the shadow. It has no fallbacks and no shadow of its own, and its budget holds."""
        attempt = Attempt(live.call, KEY, live.caching)
        try:
            other = self._find(id)
            if misfit := _misfit(live.call.endpoint, other):
                raise Rejected(misfit)  # it was deleted by force, and made anew
            self._meter.check(other)
            if not live.call.fits(other):
                raise Rejected(f"The endpoint [{id}] takes no messages")
            call = replace(fallback.for_another(live.call, other), stream=False)
            attempt = Attempt(call, KEY, live.caching, self._meter.count)
            with attempt:
                async with asyncio.timeout(_TIME):
                    terms = Terms(asyncio.get_running_loop().time() + _TIME, urgent=False)
                    attempt.gave(await self._runner.run(call, live.caching, terms, attempt.part))
        except (ConnoteError, TimeoutError) as error:
            attempt.error = error
        return attempt


def problems(endpoint: Endpoint, find: Callable[[str], Endpoint]) -> list[str]:
    """What is wrong with an endpoint's shadow."""
    shadow, problem = endpoint.policy.shadow, None
    if shadow is None:
        return []
    if shadow.endpoint == endpoint.id:
        problem = "It is the endpoint itself"
    else:
        try:
            problem = _misfit(endpoint, find(shadow.endpoint))
        except (NotFound, Rejected) as error:
            problem = error.reason
    return [f"[shadow] Invalid value [{shadow.endpoint}]. [endpoint]: {problem}"] if problem else []


def _misfit(endpoint: Endpoint, other: Endpoint) -> str | None:
    kind = other.task.kind
    return None if kind is endpoint.task.kind else f"Its task type is [{kind}] and must be [{endpoint.task.kind}]"
