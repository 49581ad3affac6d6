"""Rolling over: an alias is written to another index from now on, once the one before has grown or aged enough.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-rollover
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract import durations, sizes
from connote.contract.errors import IllegalArgument, Unparsable
from connote.contract.settings import java
from connote.search.index import Index

_NUMBERED = re.compile(r"(.*-)(\d{1,18})", re.DOTALL)


@dataclass(frozen=True)
class Measured:
    """What conditions look at: documents, bytes, and the age in seconds."""

    docs: int
    size: int
    age: float

    @classmethod
    def of(cls, index: Index, created: int) -> "Measured":
        """An index that was made at that time (milliseconds since 1970). Reads the sizes of its files."""
        return cls(index.snapshot().documents, index.size(), time.time() - created / 1000)


@dataclass(frozen=True)
class Condition:
    """`max_…` is met from that value on, and one such must be; `min_…` likewise, and all such must be."""

    name: str
    given: Any
    least: float
    value: Callable[[Measured], float]

    def met(self, measured: Measured) -> bool:
        """Whether it is met."""
        return self.value(measured) >= self.least

    @property
    def shown(self) -> str:
        """As the answer names it."""
        return f"[{self.name}: {self.given}]"


def conditions(given: Any) -> list[Condition]:  # noqa: ANN401 (JSON)
    """Those in `{"max_docs": 1000, "max_age": "7d"}`. Raises Unparsable, IllegalArgument."""
    if not isinstance(given, Mapping):
        raise Unparsable(f"[conditions] must be an object, not [{java(given)[:100]}]")
    return [_condition(name, value) for name, value in given.items()]


def rolls(wanted: list[Condition], measured: Measured) -> bool:
    """Whether these let the alias roll over; none always do."""
    upper = [each for each in wanted if each.name.startswith("max_")]
    lower = [each for each in wanted if each.name.startswith("min_")]
    if wanted and not upper:
        raise IllegalArgument("at least one max_* rollover condition must be set when using min_* conditions")
    return all(each.met(measured) for each in lower) and (not upper or any(each.met(measured) for each in upper))


def successor(name: str) -> str:
    """The name of the index after one whose name ends in a number. Raises IllegalArgument."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        raise IllegalArgument(f"index name [{name}] does not match pattern '^.*-\\d+$'")
    return f"{found[1]}{int(found[2]) + 1:06}"


def _condition(name: str, given: Any) -> Condition:  # noqa: ANN401
    bound, _, what = name.partition("_")
    if bound not in ("max", "min") or what not in _WHAT:
        known = [f"{each}_{what}" for each in ("max", "min") for what in _WHAT]
        raise Unparsable(f"[conditions] unknown field [{name}]; known are [{', '.join(known)}]")
    read, value = _WHAT[what]
    return Condition(name, given, read(given, name), value)


def _age(given: Any, name: str) -> float:  # noqa: ANN401
    return durations.seconds(str(given), name) or 0.0


def _count(given: Any, name: str) -> float:  # noqa: ANN401
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 19:
        given = int(given)
    if type(given) is not int or given < 0:
        raise IllegalArgument(f"[{name}] must be a whole number that is not negative, not [{java(given)[:100]}]")
    return given


_Read = Callable[[Any, str], float]
_WHAT: Mapping[str, tuple[_Read, Callable[[Measured], float]]] = {
    "age": (_age, lambda measured: measured.age),
    "docs": (_count, lambda measured: measured.docs),
    "primary_shard_docs": (_count, lambda measured: measured.docs),
    "primary_shard_size": (sizes.parse, lambda measured: measured.size),
    "size": (sizes.parse, lambda measured: measured.size),
}
