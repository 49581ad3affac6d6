"""The meter: counts what endpoints are used for, and what that costs; stops those that are over their budget."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from connote.contract.errors import ConnoteError, Unavailable
from connote.contract.results import Usage
from connote.endpoints import budget
from connote.endpoints.attempt import Attempt
from connote.endpoints.price import Price, Prices
from connote.services.service import Endpoint
from connote.store.usage import Figures, Row, UsageStore

log = logging.getLogger("connote.endpoints")

# Seconds in which counts gather before they are written together. With the writing, a kill loses less than a second.
GATHER = 0.5
# After a failure it is tried again so much later.
_LATER = 5.0
# No request takes more tokens; a service that tells more, or less than none, is not believed.
_MOST_TOKENS = 10**9


def _now() -> datetime:
    return datetime.now(UTC)


class Meter:
    """Counts in memory, and writes in the background. `now` tells the time in UTC."""

    def __init__(self, store: UsageStore, prices: Prices, now: Callable[[], datetime] = _now) -> None:
        self._store, self._prices, self._now = store, prices, now
        self.on_count: list[Callable[[Attempt], None]] = []
        self._waiting = defaultdict[Row, Figures](Figures)
        self._set_month(now())
        self._spent = defaultdict[tuple[str, str], Figures](Figures)  # this month, by endpoint and currency
        for row, figures in store.read(month=self._month).items():
            self._spent[row.inference_id, row.currency].add(figures)
        self._writing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None  # held, so that it is not lost before its end

    def check(self, endpoint: Endpoint) -> None:
        """Raise OverBudget if the endpoint has spent what it may this month."""
        if endpoint.policy.budget is None:
            return
        now = self._turned()
        price = self._prices.of(endpoint)
        paid = self._spent[endpoint.id, price.currency if price else ""]
        tokens = sum(each.read + each.written for (id, _), each in self._spent.items() if id == endpoint.id)
        budget.check(endpoint, price, paid.cost or 0.0, tokens, now)

    def count(self, attempt: Attempt) -> None:
        """Count an attempt that has ended."""
        endpoint = attempt.call.endpoint
        price = self._prices.of(endpoint)
        figures = _figures(attempt, price)
        self._turned()
        row = Row(self._month, endpoint.id, attempt.key, price.currency if price else "")
        self._waiting[row].add(figures)
        self._spent[row.inference_id, row.currency].add(figures)
        self._write_in(GATHER)
        for tell in self.on_count:
            tell(attempt)

    async def read(self, month: str | None, inference_id: str | None, key: str | None) -> list[dict[str, Any]]:
        """The figures up to now; only those of a month, endpoint and key if they are given."""
        await asyncio.shield(self.write())
        found = await asyncio.to_thread(self._store.read, month=month, inference_id=inference_id, key=key)
        return [_shown(row, figures) for row, figures in found.items()]

    async def write(self) -> None:
        """Write what waits; if that fails it goes on waiting."""
        async with self._writing:
            taken, self._waiting = self._waiting, defaultdict(Figures)
            if not taken:
                return
            try:
                await asyncio.to_thread(self._store.add, taken)
            except (SQLAlchemyError, Unavailable) as error:
                log.warning("the usage cannot be written, and waits: %s", error)
                for row, figures in taken.items():
                    self._waiting[row].add(figures)
                self._write_in(_LATER)

    async def close(self) -> None:
        """Write what waits."""
        await self.write()
        if self._timer:
            self._timer.cancel()

    def _turned(self) -> datetime:
        """The time; if the month has turned nothing is spent yet."""
        now = self._now()
        if (now.year, now.month) != self._turn:
            self._set_month(now)
            self._spent.clear()
        return now

    def _set_month(self, now: datetime) -> None:
        self._turn, self._month = (now.year, now.month), f"{now:%Y-%m}"  # to write it is slow, to compare is not

    def _write_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._waiting:
            self._task = asyncio.get_running_loop().create_task(self.write())


def _figures(attempt: Attempt, price: Price | None) -> Figures:
    endpoint, errors = attempt.call.endpoint, int(attempt.error is not None)
    if not attempt.has_come and (endpoint.service.site is None or isinstance(attempt.error, ConnoteError)):
        return Figures(1, errors, cost=0.0 if price else None)  # it was refused, so it is free, as far as is known
    usage = Usage(_believed(attempt.usage.read), _believed(attempt.usage.written))
    cost = price.cost(endpoint, usage) if price else None
    return Figures(1, errors, int(cost is None), usage.read, usage.written, cost)


def _believed(tokens: int) -> int:
    return min(max(tokens, 0), _MOST_TOKENS)


def _shown(row: Row, figures: Figures) -> dict[str, Any]:
    return {
        "month": row.month,
        "inference_id": row.inference_id,
        "key": row.key,
        "requests": figures.requests,
        "errors": figures.errors,
        "input_tokens": figures.read,
        "output_tokens": figures.written,
        "cost": None if figures.cost is None else round(figures.cost, 9),
        "currency": row.currency or None,
        "unpriced_requests": figures.unpriced,
    }
