"""What takes lambdas: streams, and the methods that Painless adds to lists."""

from collections.abc import Callable, Mapping
from functools import cmp_to_key
from itertools import chain
from typing import Any

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import MOST_TEXT, Unique, Value, checked, class_cast, text, too_long, truth

Method = Callable[..., Value]


class Stream:
    """A stream: its elements are all there."""

    def __init__(self, items: list[Any]) -> None:
        self.items = checked(items)


class Collector:
    """How a stream becomes a value."""

    def __init__(self, collect: Callable[[list[Any]], Value]) -> None:
        self.collect = collect


def unique(values: Any) -> Unique:  # noqa: ANN401 (whatever can be walked through)
    """The values, each once."""
    found = Unique()
    for value in values:
        found.add(value)
    return found


def joined(values: list[Any], between: str = "", before: str = "", after: str = "") -> str:
    """The texts of the values as one."""
    size, parts = 0, []
    for value in values:
        parts.append(text(value))
        size += len(parts[-1]) + len(between)
        if size > MOST_TEXT:
            raise too_long()
    return f"{before}{between.join(parts)}{after}"


def _sorted(items: list[Any], by: Callable[[Value, Value], Value] | None = None) -> list[Any]:
    try:
        return sorted(items, key=cmp_to_key(by) if by else None)
    except TypeError:
        raise Fault("the elements cannot be compared", "class_cast_exception") from None


def _filtered(items: list[Any], test: Callable[[Value], Value]) -> list[Any]:
    return [item for item in items if truth(test(item))]


def _flat(items: list[Any], act: Callable[[Value], Value]) -> list[Any]:
    parts = [act(item) for item in items]
    return list(chain.from_iterable(part.items if isinstance(part, Stream) else part for part in parts))


def _collected(self: Stream, collector: Value) -> Value:
    if not isinstance(collector, Collector):
        raise class_cast(collector, "Collector")
    return collector.collect(self.items)


def _each(items: list[Any], act: Callable[[Value], Value]) -> None:
    for item in list(items):
        act(item)


def _total(self: Stream) -> Value:
    if not all(isinstance(item, int | float) for item in self.items):
        raise Fault("only numbers have a sum", "class_cast_exception")
    return sum(self.items)


OF_STREAMS: Mapping[str, Method] = {
    "filter": lambda self, test: Stream(_filtered(self.items, test)),
    **dict.fromkeys(
        ("map", "mapToInt", "mapToLong", "mapToDouble", "mapToObj"),
        lambda self, act: Stream([act(item) for item in self.items]),
    ),
    "flatMap": lambda self, act: Stream(_flat(self.items, act)),
    "distinct": lambda self: Stream(list(unique(self.items))),
    "sorted": lambda self, by=None: Stream(_sorted(self.items, by)),
    "limit": lambda self, most: Stream(self.items[: max(0, most)]),
    "skip": lambda self, many: Stream(self.items[max(0, many) :]),
    "collect": _collected,
    "toList": lambda self: list(self.items),
    "toArray": lambda self, _=None: list(self.items),
    "anyMatch": lambda self, test: any(truth(test(item)) for item in self.items),
    "allMatch": lambda self, test: all(truth(test(item)) for item in self.items),
    "noneMatch": lambda self, test: not any(truth(test(item)) for item in self.items),
    "count": lambda self: len(self.items),
    "sum": _total,
    "forEach": lambda self, act: _each(self.items, act),
}
# https://www.elastic.co/docs/reference/scripting-languages/painless/painless-api-reference: augmentations of Iterable
OF_LISTS: Mapping[str, Method] = {
    "stream": lambda self: Stream(list(self)),
    "forEach": _each,
    "each": _each,
    "any": lambda self, test: any(truth(test(item)) for item in list(self)),
    "every": lambda self, test: all(truth(test(item)) for item in list(self)),
    "find": lambda self, test: next((item for item in list(self) if truth(test(item))), None),
    "findAll": lambda self, test: _filtered(list(self), test),
    "collect": lambda self, act: [act(item) for item in list(self)],
    "join": lambda self, between: joined(self, between if isinstance(between, str) else text(between)),
    "sum": lambda self: _total(Stream(list(self))),
}
