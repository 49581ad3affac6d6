"""A search that runs on when nobody waits for it, and what it has come to.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-async-search-submit
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from connote.contract.errors import ConnoteError, SearchFailed
from connote.endpoints import asking
from connote.search.answer import shards
from connote.security.passwords import fingerprint

Body = dict[str, Any]


def now() -> int:
    """Milliseconds of the epoch."""
    return int(time.time() * 1000)


def owned() -> str:
    """What ids of those end with that were begun by who asks: nothing, if they may do everything."""
    return "" if asking.visit() is None else f"~{fingerprint(asking.identity())[:32]}"


@dataclass
class AsyncSearch:
    """One of them, over so many `indices`, asked for in `size` bytes; times are milliseconds of the epoch.

    It has ended with a `response`, or with an `error` and its HTTP `status`. `is_kept`: it can be asked for by its id.
    `halt`, if it has one, lets it end early with what it has found.
    """

    indices: int
    expires: int
    started: int = field(default_factory=now)
    id: str = field(default_factory=lambda: secrets.token_urlsafe(32) + owned())
    is_kept: bool = False
    ended: int | None = None
    response: Body | None = None
    error: Body | None = None
    status: int = 200
    size: int = 0
    running: "asyncio.Task[None] | None" = None
    halt: Callable[[], None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether nothing has come of it yet."""
        return self.ended is None

    def end(self, response: Body) -> None:
        """It has found this."""
        self.response, self.error, self.status, self.ended = response, None, 200, now()

    def fail(self, error: ConnoteError) -> None:
        """It has failed. What an index has answered it with is told of all."""
        counts = {**shards(self.indices), "successful": 0, "failed": self.indices}
        failures = error.details.get("failed_shards") if isinstance(error, SearchFailed) else None
        self.response = self._nothing({**counts, **({"failures": failures} if failures else {})})
        self.error, self.status, self.ended = error.told(), error.status, now()

    def wire(self, *, shows_response: bool = True) -> Body:
        """As the API answers: while it runs nothing is found."""
        told = self._head()
        if shows_response:
            told["response"] = self.response or self._nothing({**shards(self.indices), "successful": 0})
        return told if self.error is None else {**told, "error": self.error}

    def state(self) -> Body:
        """As the API answers who asks only how far it is."""
        found = self.response or self._nothing({**shards(self.indices), "successful": 0})
        counts = {name: count for name, count in found["_shards"].items() if name != "failures"}
        return {**self._head(), "_shards": counts, **({} if self.is_running else {"completion_status": self.status})}

    def dumped(self) -> bytes:
        """What has come of it, to be kept."""
        names = ("indices", "started", "id", "ended", "response", "error", "status")
        return orjson.dumps({name: getattr(self, name) for name in names}, option=orjson.OPT_SERIALIZE_NUMPY)

    @classmethod
    def loaded(cls, raw: bytes, expires: int) -> "AsyncSearch":
        """One that was kept."""
        return cls(**orjson.loads(raw), expires=expires, is_kept=True)

    def _head(self) -> Body:
        return {
            **({"id": self.id} if self.is_kept else {}),
            "is_partial": self.is_running or self.error is not None,
            "is_running": self.is_running,
            "start_time_in_millis": self.started,
            "expiration_time_in_millis": self.expires,
            **({} if self.is_running else {"completion_time_in_millis": self.ended}),
        }

    def _nothing(self, counts: Body) -> Body:
        hits = {"total": {"value": 0, "relation": "gte"}, "max_score": None, "hits": list[Body]()}
        took = now() - self.started
        return {"took": took, "timed_out": False, "num_reduce_phases": 0, "_shards": counts, "hits": hits}
