"""The parameters of a deployment: what a start may say, and what an update may change."""

from collections.abc import Mapping
from typing import Any

import msgspec

from connote.contract import body, sizes
from connote.contract.errors import IllegalArgument, InvalidRequest
from connote.runtime.autoscale import Adaptive
from connote.runtime.fleet import CORES, Deployment

NORMAL, LOW = "normal", "low"
_MOST_THREADS, _MOST_QUEUE, _MOST_WORKERS = 32, 100_000, 1024


class AdaptiveAllocations(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How the number of allocations follows the load."""

    enabled: bool = msgspec.field(default=False)
    min_number_of_allocations: int | None = None
    max_number_of_allocations: int | None = None

    def problems(self) -> list[str]:
        """What is wrong with it."""
        least, most = self.min_number_of_allocations, self.max_number_of_allocations
        found = []
        if least is not None and least < 0:
            found.append("[min_number_of_allocations] must be a non-negative integer or null")
        if most is not None and most < 1:
            found.append("[max_number_of_allocations] must be a positive integer or null")
        if least is not None and most is not None and least > most:
            found.append("[min_number_of_allocations] must not be larger than [max_number_of_allocations]")
        return found

    def wire(self) -> dict[str, Any]:
        """As it is told, `enabled` always."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return {"enabled": self.enabled, **plain}


class Parameters(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a deployment is to be like; also what is kept of it."""

    number_of_allocations: int | None = None
    threads_per_allocation: int = 1
    priority: str = NORMAL
    queue_capacity: int = 1024
    cache_size: str | None = None
    adaptive_allocations: AdaptiveAllocations | None = None

    @property
    def adaptive(self) -> AdaptiveAllocations | None:
        """How allocations follow the load, if they do."""
        wanted = self.adaptive_allocations
        return wanted if wanted and wanted.enabled else None

    @property
    def allocations(self) -> int:
        """How many are wished for, at first if they follow the load."""
        return self.number_of_allocations or 1

    def problems(self) -> list[str]:
        """What is wrong with them."""
        threads = self.threads_per_allocation
        numbers = {name: number for name in _POSITIVE if (number := getattr(self, name)) is not None}
        found = [
            *(f"[{name}] must be a positive integer" for name, number in numbers.items() if number < 1),
            *_wrong_allocations(self.number_of_allocations, self.adaptive_allocations),
        ]
        if threads > _MOST_THREADS or threads & (threads - 1):
            found.append(f"[threads_per_allocation] must be a power of 2 less than or equal to {_MOST_THREADS}")
        if self.queue_capacity > _MOST_QUEUE:
            found.append(f"[queue_capacity] must be less than or equal to {_MOST_QUEUE}")
        if self.allocations * max(threads, 1) > _MOST_WORKERS:
            found.append(f"[number_of_allocations] times [threads_per_allocation] must be at most {_MOST_WORKERS}")
        if self.priority not in (NORMAL, LOW):
            found.append(f"[priority] must be one of [{LOW}, {NORMAL}]")
        if self.priority == LOW:
            found += [
                f"[{name}] must be 1 when [priority] is low" for name in _POSITIVE[:2] if numbers.get(name, 1) > 1
            ]
        return found

    def cache_bytes(self) -> int | None:
        """The size of its cache, if one is given. Raises IllegalArgument for what is no size."""
        return None if self.cache_size is None else sizes.parse(self.cache_size, "[cache_size]")

    def deployment(self, id: str, model: str) -> Deployment:
        """The deployment of that model with these parameters."""
        adaptive = None
        if wanted := self.adaptive:
            adaptive = Adaptive(wanted.min_number_of_allocations or 0, wanted.max_number_of_allocations or CORES)
        return Deployment(
            id,
            model,
            self.allocations,
            self.threads_per_allocation,
            adaptive,
            queue=self.queue_capacity,
            is_low=self.priority == LOW,
            caches=self.cache_bytes() != 0,
        )

    def plain(self) -> dict[str, Any]:
        """As they are kept."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


_POSITIVE = ("number_of_allocations", "threads_per_allocation", "queue_capacity")


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What an update may say."""

    number_of_allocations: int | None = None
    adaptive_allocations: AdaptiveAllocations | None = None


def read(query: Mapping[str, str], given: Mapping[str, Any]) -> Parameters:
    """The parameters of a start, in the URL or the body; the URL wins. Raises what is wrong with them."""
    told = {name: _number(name, value) if name in _POSITIVE else value for name, value in query.items()}
    found = body.read(dict(given) | told, Parameters, "start_trained_model_deployment_request")
    if problems := found.problems():
        raise InvalidRequest(problems)
    found.cache_bytes()
    return found


def changed(before: Parameters, query: Mapping[str, str], given: Mapping[str, Any]) -> Parameters:
    """The parameters after an update. Raises what is wrong with it."""
    told = {name: _number(name, value) for name, value in query.items()}
    change = body.read(dict(given) | told, Change, "update_trained_model_deployment_request")
    number, adaptive = change.number_of_allocations, change.adaptive_allocations
    problems = list(_wrong_allocations(number, adaptive))
    if number is None and adaptive is None:
        problems.append("one of [number_of_allocations, adaptive_allocations] must be given")
    if number is not None and number < 1:
        problems.append("[number_of_allocations] must be a positive integer")
    if number is not None and adaptive is None and before.adaptive:
        problems.append("[number_of_allocations] cannot be set if adaptive allocations is enabled")
    if problems:
        raise InvalidRequest(problems)
    fields = {"number_of_allocations": number, "adaptive_allocations": adaptive}
    after = msgspec.structs.replace(before, **{name: value for name, value in fields.items() if value is not None})
    if after.adaptive and after.number_of_allocations is not None:
        after = msgspec.structs.replace(after, number_of_allocations=None)
    if problems := after.problems():
        raise InvalidRequest(problems)
    return after


def _wrong_allocations(number: int | None, adaptive: AdaptiveAllocations | None) -> list[str]:
    if adaptive is None:
        return []
    both = adaptive.enabled and number is not None
    told = ["[number_of_allocations] cannot be set if adaptive allocations is enabled"] if both else []
    return [*told, *adaptive.problems()]


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise IllegalArgument(f"Failed to parse int parameter [{name}] with value [{value}]") from None
