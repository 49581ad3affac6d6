"""The methods that a script may call, by the kind of value.

Each takes the value and its arguments; a function among these is a lambda. What takes longer for large values is paid
for by whoever calls, in steps.
"""

import base64
import binascii
import hashlib
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cmp_to_key, lru_cache
from typing import Any

from connote.ingest.painless import patterns, streams
from connote.ingest.painless.days import OF_WEEKDAYS, Weekday
from connote.ingest.painless.extractor import OF_EXTRACTORS, Extractor
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.field import OF_FIELDS, FieldValues
from connote.ingest.painless.moments import OF_DATES, OF_FORMATTERS, OF_UNITS, OF_ZONES, Formatter, Unit, Zone
from connote.ingest.painless.token import OF_TOKENS, SeenToken
from connote.ingest.painless.values import (
    MOST_TEXT,
    Builder,
    Column,
    Entry,
    Thrown,
    Unique,
    Value,
    checked,
    class_cast,
    equal,
    java_class,
    text,
    too_long,
    truth,
)

Method = Callable[..., Value]
# Those that change a list or map, of values or of classes.
CHANGING = frozenset((
    "add", "addAll", "set", "remove", "removeIf", "removeAll", "retainAll", "clear", "sort", "put", "putAll",
    "putIfAbsent", "computeIfAbsent", "setValue", "reverse",
))  # fmt: skip
_RADIUS = 6_371_008.7714  # of the earth, in metres


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise class_cast(value, "String")
    return value


def _index(value: Value, size: int, *, end: bool = False) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise class_cast(value, "int")
    if not 0 <= value < size + end:
        raise Fault(f"Index {value} out of bounds for length {size}", "index_out_of_bounds_exception")
    return value


def _substring(self: str, begin: Value, end: Value = None) -> str:
    last = len(self) if end is None else _index(end, len(self), end=True)
    first = _index(begin, len(self), end=True)
    if first > last:
        raise Fault(f"begin {first}, end {last}, length {len(self)}", "string_index_out_of_bounds_exception")
    return self[first:last]


def _replace(self: str, old: Value, new: Value) -> str:
    old, new = _text(old), _text(new)
    if len(self) + (self.count(old) * (len(new) - len(old))) > MOST_TEXT:
        raise too_long()
    return self.replace(old, new)


def _repeat(self: str, times: Value) -> str:
    if not isinstance(times, int) or times < 0:
        raise Fault(f"count is negative: {text(times)}")
    if len(self) * times > MOST_TEXT:
        raise too_long()
    return self * times


def _on_token(self: str, token: Value, most: Value = -1) -> list[str]:
    if not _text(token):
        raise Fault("the token to split on is empty")
    return self.split(token, most - 1 if isinstance(most, int) and most > 0 else -1)


def _decoded(self: str) -> str:
    try:
        return base64.b64decode(self, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Fault("Illegal base64 character or text that is not UTF-8") from None


def _compare(left: Value, right: Value) -> int:
    try:
        return int(left > right) - int(left < right)
    except TypeError:
        raise Fault(
            f"[{java_class(left)}] cannot be compared with [{java_class(right)}]", "class_cast_exception"
        ) from None


_STRING: Mapping[str, Method] = {
    "length": len,
    "isEmpty": lambda self: not self,
    "isBlank": lambda self: not self.strip(),
    "contains": lambda self, part: _text(part) in self,
    "startsWith": lambda self, part, at=0: self.startswith(_text(part), at),
    "endsWith": lambda self, part: self.endswith(_text(part)),
    "equalsIgnoreCase": lambda self, other: isinstance(other, str) and self.lower() == other.lower(),
    "indexOf": lambda self, part, at=0: self.find(_text(part), at),
    "lastIndexOf": lambda self, part: self.rfind(_text(part)),
    "substring": _substring,
    "toLowerCase": str.lower,
    "toUpperCase": str.upper,
    "trim": lambda self: self.strip(" \t\n\r\f\v\0"),
    "strip": str.strip,
    "replace": _replace,
    "repeat": _repeat,
    "concat": lambda self, other: checked(self + _text(other)),
    "charAt": lambda self, at: self[_index(at, len(self))],
    "compareTo": lambda self, other: _compare(self, _text(other)),
    "toCharArray": list,
    "split": lambda self, pattern, most=0: patterns.Pattern(_text(pattern)).split(self, most),
    "matches": lambda self, pattern: patterns.Pattern(_text(pattern)).matcher(self).matches(),
    "replaceAll": lambda self, pattern, by: patterns.Pattern.of(pattern).replace(self, by),
    "replaceFirst": lambda self, pattern, by: patterns.Pattern.of(pattern).replace(self, by, most=1),
    "splitOnToken": _on_token,
    "encodeBase64": lambda self: base64.b64encode(self.encode()).decode(),
    "decodeBase64": _decoded,
    "sha1": lambda self: hashlib.sha1(self.encode(), usedforsecurity=False).hexdigest(),
    "sha256": lambda self: hashlib.sha256(self.encode()).hexdigest(),
}


def _find(self: list[Any], value: Value) -> int:
    return next((at for at, each in enumerate(self) if equal(each, value)), -1)


def _list_add(self: list[Any], *given: Value) -> Value:
    if isinstance(self, Unique):
        return self.add(given[0])
    if len(given) == 2:
        self.insert(_index(given[0], len(self), end=True), given[1])
        return None
    (value,) = given
    self.append(value)
    checked(self)
    return True


def _list_all(self: list[Any], others: Value) -> bool:
    if not isinstance(others, list):
        raise class_cast(others, "List")
    for each in list(others):
        _list_add(self, each)
    return bool(others)


def _list_remove(self: list[Any], at: Value) -> Value:
    """By position for a number, else the first that is equal, as Java's overloads do."""
    if isinstance(at, int) and not isinstance(at, bool):
        return self.pop(_index(at, len(self)))
    if (found := _find(self, at)) >= 0:
        del self[found]
    return found >= 0


def _list_set(self: list[Any], at: Value, value: Value) -> Value:
    at = _index(at, len(self))
    before, self[at] = self[at], value
    return before


def _keep(self: list[Any], wanted: Callable[[Value], bool]) -> bool:
    before = len(self)
    self[:] = [each for each in self if wanted(each)]
    return len(self) < before


def _sort(self: list[Any], by: Callable[[Value, Value], Value] | None = None) -> None:
    self.sort(key=cmp_to_key(by or _compare))


_LIST: Mapping[str, Method] = {
    "size": len,
    "length": len,
    "isEmpty": lambda self: not self,
    "get": lambda self, at: self[_index(at, len(self))],
    "set": _list_set,
    "add": _list_add,
    "addAll": _list_all,
    "remove": _list_remove,
    "removeIf": lambda self, test: _keep(self, lambda each: not truth(test(each))),
    "removeAll": lambda self, others: _keep(self, lambda each: _find(others, each) < 0),
    "retainAll": lambda self, others: _keep(self, lambda each: _find(others, each) >= 0),
    "contains": lambda self, value: _find(self, value) >= 0,
    "containsAll": lambda self, others: all(_find(self, each) >= 0 for each in others),
    "indexOf": _find,
    "clear": list.clear,
    "subList": lambda self, begin, end: self[_index(begin, len(self), end=True) : _index(end, len(self), end=True)],
    "sort": _sort,
    "getLength": len,
    **streams.OF_LISTS,
}


def _put(self: dict[Any, Value], key: Value, value: Value) -> Value:
    before = self.get(_key(key))
    self[_key(key)] = value
    checked(self)
    return before


def _key(key: Value) -> Value:
    if not isinstance(key, str | int | float | bool | None):
        raise Fault(f"a map's key must be a text or number, not [{java_class(key)}]")
    return key


def _put_all(self: dict[Any, Value], others: Value) -> None:
    if not isinstance(others, dict):
        raise class_cast(others, "Map")
    for key, value in list(others.items()):
        _put(self, key, value)


def _absent(self: dict[Any, Value], key: Value, value: Value) -> Value:
    before = self.get(_key(key))
    if before is None:
        _put(self, key, value)
    return before


def _computed(self: dict[Any, Value], key: Value, make: Callable[[Value], Value]) -> Value:
    _absent(self, key, None if self.get(_key(key)) is not None else make(key))
    return self[key]


def _each_entry(self: dict[Any, Value], act: Callable[[Value, Value], Value]) -> None:
    for key, value in list(self.items()):
        act(key, value)


_MAP: Mapping[str, Method] = {
    "size": len,
    "isEmpty": lambda self: not self,
    "get": lambda self, key: self.get(_key(key)),
    "getOrDefault": lambda self, key, other: self.get(_key(key), other),
    "containsKey": lambda self, key: _key(key) in self,
    "containsValue": lambda self, value: any(equal(each, value) for each in self.values()),
    "put": _put,
    "putAll": _put_all,
    "putIfAbsent": _absent,
    "computeIfAbsent": _computed,
    "remove": lambda self, key: self.pop(_key(key), None),
    "clear": dict.clear,
    "keySet": streams.unique,
    "values": lambda self: list(self.values()),
    "entrySet": lambda self: [Entry(self, key) for key in self],
    "forEach": _each_entry,
}


def _appended(self: Builder, value: Value) -> Builder:
    self.text = checked(self.text + text(value))
    return self


# What every value can.
_ANY: Mapping[str, Method] = {
    "equals": equal,
    "hashCode": lambda self: hash(text(self)) % (1 << 31),
    "toString": text,
    "compareTo": _compare,
}
_NUMBER: Mapping[str, Method] = {
    "intValue": int,
    "longValue": int,
    "doubleValue": float,
    "floatValue": float,
}
_DATE: Mapping[str, Method] = {
    **dict.fromkeys(("getTime", "toEpochMilli", "getMillis"), lambda self: round(self.timestamp() * 1000)),
    "toInstant": lambda self: self,
    "getYear": lambda self: self.year,
    "getMonthValue": lambda self: self.month,
    "getDayOfMonth": lambda self: self.day,
    "getDayOfYear": lambda self: self.timetuple().tm_yday,
    "getDayOfWeekEnum": Weekday.of,
    "getDayOfWeek": lambda self: self.isoweekday(),
    "getHour": lambda self: self.hour,
    "getMinute": lambda self: self.minute,
    "getSecond": lambda self: self.second,
    **OF_DATES,
    "getNano": lambda self: self.microsecond * 1000,
    "toString": lambda self: self.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
}


def _away(self: Column, lat: Value, lon: Value) -> float:
    """Metres along the sphere from the first place."""
    (here, east), there = map(math.radians, self.value), math.radians(lat)
    half = math.sin((there - here) / 2) ** 2
    half += math.cos(here) * math.cos(there) * math.sin((math.radians(lon) - east) / 2) ** 2
    return 2 * _RADIUS * math.asin(math.sqrt(min(half, 1.0)))


_COLUMN: Mapping[str, Method] = {
    **_LIST,
    "getValue": lambda self: self.value,
    "getValues": lambda self: self,
    "getLat": lambda self: self.value[0],
    "getLon": lambda self: self.value[1],
    "getVectorValue": lambda self: self.value,
    "getMagnitude": lambda self: math.hypot(*self.value),
    "arcDistance": _away,
    "planeDistance": _away,
}

_METHODS: tuple[tuple[type | tuple[type, ...], Mapping[str, Method]], ...] = (
    (str, _STRING),
    (Column, _COLUMN),
    (FieldValues, OF_FIELDS),
    (tuple, {"getLat": lambda self: self[0], "getLon": lambda self: self[1]}),
    (list, _LIST),
    (SeenToken, {**_MAP, **OF_TOKENS}),
    (dict, _MAP),
    (bool, {"booleanValue": lambda self: self}),
    ((int, float), _NUMBER),
    (Entry, {"getKey": lambda self: self.key, "getValue": lambda self: self.value,
             "setValue": lambda self, value: _put(self.map, self.key, value)}),
    (Builder, {"append": _appended, "toString": lambda self: self.text, "length": lambda self: len(self.text)}),
    (Thrown, {"getMessage": lambda self: self.message, "toString": lambda self: self.message}),
    (datetime, _DATE),
    (Unit, OF_UNITS),
    (Formatter, OF_FORMATTERS),
    (Zone, OF_ZONES),
    (Weekday, OF_WEEKDAYS),
    (patterns.Pattern, patterns.OF_PATTERNS),
    (patterns.Matcher, patterns.OF_MATCHERS),
    (streams.Stream, streams.OF_STREAMS),
    (Extractor, OF_EXTRACTORS),
)  # fmt: skip


def call(target: Value, name: str, arguments: list[Value]) -> Value:
    """What the method gives. Raises Fault if there is none of that name, or if it takes other arguments."""
    method = _of(type(target)).get(name) or _ANY.get(name)
    if method is None:
        raise _missing(target, name, arguments)
    try:
        return method(target, *arguments)
    except (TypeError, AttributeError):
        # The wrong number of arguments, or a number where a list belongs: both are no method in Java.
        raise _missing(target, name, arguments) from None


def _of(kind: type) -> Mapping[str, Method]:
    """The methods of a kind of values, looked up once."""
    found = _known.get(kind)
    if found is None:
        found = _known[kind] = next((methods for known, methods in _METHODS if issubclass(kind, known)), {})
    return found


_known: dict[type, Mapping[str, Method]] = {}


def _missing(target: Value, name: str, arguments: list[Value]) -> Fault:
    return Fault(f"dynamic method [{java_class(target)}, {name}/{len(arguments)}] not found")


def member(target: Value, name: str) -> Value:
    """What `target.name` gives where that is no entry of a map: `list.length`, `entry.key`, `text.empty`."""
    own = _of(type(target))
    for method in _getters(name):
        if method in own:
            return call(target, method, [])
    raise Fault(f"dynamic getter [{java_class(target)}, {name}] not found")


@lru_cache(1024)
def _getters(name: str) -> tuple[str, str, str]:
    return name, f"get{name[:1].upper()}{name[1:]}", f"is{name[:1].upper()}{name[1:]}"
