"""One call of one endpoint, from its start to its end."""

from collections.abc import Callable
from time import perf_counter
from types import TracebackType
from typing import TypeVar

from connote.contract.chat import Chunk
from connote.contract.results import NO_USAGE, Completion, Result, Usage
from connote.endpoints.cache import Caching
from connote.services.service import Call

R = TypeVar("R", bound=Result)


class Attempt:
    """What comes of a call; all of `told` are told at its end.

    `result` is None until it has come whole: for ever if the call failed, or if its client left a stream. Then `usage`
    is what had been reported by then, in a stream or with those parts that had come.
    """

    def __init__(self, call: Call, key: str, caching: Caching, *told: Callable[["Attempt"], None]) -> None:
        self.call, self.key, self.caching, self._told = call, key, caching, told
        self.result: Result | None = None
        self.error: Exception | None = None
        self.usage, self.seconds = NO_USAGE, 0.0
        self._began, self._texts, self._parts = perf_counter(), list[str](), 0

    def __enter__(self) -> "Attempt":
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        self.seconds = perf_counter() - self._began
        # What is no Exception is a client that left.
        self.error = error if isinstance(error, Exception) else None
        for tell in self._told:
            tell(self)

    @property
    def has_come(self) -> bool:
        """Whether anything has come, be it the beginning of a stream or a part."""
        return self.result is not None or bool(self._texts) or self._parts > 0

    def gave(self, result: R) -> R:
        """Take the result."""
        self.result, self.usage = result, result.usage
        return result

    def part(self, result: Result) -> None:
        """Take a part of the result: it has been used, whatever becomes of the others."""
        self._parts, self.usage = self._parts + 1, self.usage + result.usage

    def streamed(self, chunk: Chunk) -> Chunk:
        """Take a chunk. Services report usage at the end, or again and again what it is so far."""
        used = chunk.usage_counted
        self.usage = Usage(max(self.usage.read, used.read), max(self.usage.written, used.written))
        self._texts.append(chunk.text())
        return chunk

    def ended(self) -> None:
        """The stream has come to its end."""
        self.gave(Completion(["".join(self._texts)], self.usage))
