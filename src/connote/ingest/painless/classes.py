"""What a script may call on classes: `Math.max`, `Integer.parseInt`, `Collectors.toList`, … and their constants."""

import math
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connote.ingest.painless import days, moments, moving, patterns, streams
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.types import made
from connote.ingest.painless.values import (
    INTEGERS,
    Value,
    checked,
    class_cast,
    equal,
    is_number,
    java_class,
    text,
    wrapped,
)

_LONGS = range(-(1 << 63), 1 << 63)
_INTEGER = re.compile(r"[+-]?[0-9]{1,25}", re.ASCII)
_PLACE = re.compile(r"%([-,0]{0,3})([1-9][0-9]{0,2})?(?:\.([0-9]{1,2}))?([sdfxcn%])")
_DOUBLE = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?[fFdD]?\s*", re.ASCII)


def _number(value: Value) -> Any:  # noqa: ANN401
    if not is_number(value):
        raise class_cast(value, "double")
    return value


def _parsed_int(within: range) -> Callable[[Value], int]:
    def parse(value: Value) -> int:
        found = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None
        if found is None or found not in within:
            raise Fault(f'For input string: "{text(value)}"', "number_format_exception")
        return found

    return parse


def _parsed_double(value: Value) -> float:
    if not isinstance(value, str) or not _DOUBLE.fullmatch(value):
        raise Fault(f'For input string: "{text(value)}"', "number_format_exception")
    return float(value.strip().rstrip("fFdD"))


def _real(function: Callable[..., float]) -> Callable[..., Value]:
    """A function of doubles that gives NaN or infinity where Python raises."""

    def run(*values: Value) -> Value:
        try:
            return function(*(float(_number(value)) for value in values))
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return run


def _round(value: Value) -> int:
    """Half up, as Java does."""
    if math.isnan(_number(value)):
        return 0
    return int(max(_LONGS[0], min(_LONGS[-1], math.floor(min(max(value, -1e19), 1e19) + 0.5))))


def _whole(function: Callable[[float], int]) -> Callable[[Value], Value]:
    return lambda value: float(function(_number(value))) if math.isfinite(_number(value)) else value


_MATH: Mapping[str, Any] = {
    "PI": math.pi,
    "E": math.e,
    "abs": lambda value: wrapped(abs(_number(value))),
    "max": lambda a, b: max(_number(a), _number(b)),
    "min": lambda a, b: min(_number(a), _number(b)),
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "round": _round,
    "sqrt": _real(math.sqrt),
    "pow": _real(math.pow),
    "exp": _real(math.exp),
    "log": _real(lambda value: math.log(value) if value else -math.inf),
    "log10": _real(lambda value: math.log10(value) if value else -math.inf),
    **{name: _real(getattr(math, name)) for name in ("sin", "cos", "tan", "atan", "tanh", "hypot", "cbrt")},
}


def _integers(within: range) -> Mapping[str, Any]:
    names = dict.fromkeys(("parseInt", "parseLong", "valueOf"), _parsed_int(within))
    both = {"MAX_VALUE": within[-1], "MIN_VALUE": within[0], "toString": text}
    return {**names, **both, "compare": lambda a, b: (_number(a) > _number(b)) - (_number(a) < _number(b))}


def _unsigned(operation: Callable[[int, int], int]) -> Callable[[Value, Value], int]:
    """On the bits of 64 as a number without a sign; what it gives is again a number with one."""

    def run(left: Value, right: Value) -> int:
        if not isinstance(left, int) or not isinstance(right, int):
            raise class_cast(right if isinstance(left, int) else left, "long")
        if right == 0:
            raise Fault("/ by zero", "arithmetic_exception")
        found: int = wrapped(operation(left % (1 << 64), right % (1 << 64)))
        return found

    return run


def _text_of(*values: Value) -> list[str]:
    return [text(value) for value in values]


def _join(between: Value, *values: Value) -> str:
    items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    return streams.joined(items, text(between))


def _joining(between: Value = "", before: Value = "", after: Value = "") -> streams.Collector:
    return streams.Collector(lambda items: streams.joined(items, *_text_of(between, before, after)))


def _to_map(key: Callable[[Value], Value], value: Callable[[Value], Value], _: Value = None) -> streams.Collector:
    return streams.Collector(lambda items: {key(item): value(item) for item in items})


def _formatted(pattern: Value, *values: Value) -> str:
    """`String.format`, of `%s`, `%d`, `%f`, `%x`, `%c`, with widths. Raises Fault."""
    left = iter(values[0] if len(values) == 1 and isinstance(values[0], list) else values)
    made: str = checked(_PLACE.sub(lambda found: _placed(found, left), text(pattern)))
    return made


def _placed(found: "re.Match[str]", left: Iterator[Value]) -> str:
    flags, width, decimals, kind = found.groups()
    if kind in "%n":
        return "%" if kind == "%" else "\n"
    try:
        value = next(left)
    except StopIteration:
        raise Fault(f"Format specifier '{found[0]}'", "missing_format_argument_exception") from None
    if kind in "dx" and (isinstance(value, bool) or not isinstance(value, int)):
        raise Fault(f"{kind} != {java_class(value)}", "illegal_format_conversion_exception")
    if kind == "f" and not isinstance(value, float):
        raise Fault(f"{kind} != {java_class(value)}", "illegal_format_conversion_exception")
    if kind in "sc":
        own = text(value)[: int(decimals) if decimals else None]
    else:
        sign = "," * ("," in flags) + (f".{decimals or 6}" if kind == "f" else "")
        own = format(value, f"{sign}{kind}")
    size = int(width or 0)
    return own.ljust(size) if "-" in flags else own.zfill(size) if "0" in flags else own.rjust(size)


def _not_null(value: Value, told: Value = None) -> Value:
    if value is None:
        raise Fault("null" if told is None else text(told), "null_pointer_exception")
    return value


def _date(value: Value) -> datetime:
    try:
        return datetime.fromtimestamp(_number(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise Fault(f"[{text(value)}] is no date that can be had") from None


_DOUBLES: Mapping[str, Any] = {
    "parseDouble": _parsed_double,
    "parseFloat": _parsed_double,
    "valueOf": _parsed_double,
    "isNaN": lambda value: math.isnan(_number(value)),
    "toString": text,
    "isInfinite": lambda value: math.isinf(_number(value)),
    "MAX_VALUE": 1.7976931348623157e308,
    "MIN_VALUE": 5e-324,
    "NaN": math.nan,
    "POSITIVE_INFINITY": math.inf,
    "NEGATIVE_INFINITY": -math.inf,
}
CLASSES: Mapping[str, Mapping[str, Any]] = {
    "Math": _MATH,
    "Integer": _integers(INTEGERS),
    "Long": {
        **_integers(_LONGS),
        "divideUnsigned": _unsigned(int.__floordiv__),
        "remainderUnsigned": _unsigned(int.__mod__),
    },
    "BigInteger": {"ZERO": 0, "ONE": 1, "TWO": 2, "TEN": 10, "valueOf": _number},
    "Double": _DOUBLES,
    "Float": _DOUBLES,
    "Boolean": {"parseBoolean": lambda value: text(value).lower() == "true", "TRUE": True, "FALSE": False},
    "Character": {
        "isDigit": lambda value: text(value).isdigit(),
        "isLetter": lambda value: text(value).isalpha(),
        "isLetterOrDigit": lambda value: text(value).isalnum(),
        "isWhitespace": lambda value: text(value).isspace(),
        "isUpperCase": lambda value: text(value).isupper(),
        "toString": text,
    },
    "String": {"valueOf": text, "join": _join, "format": _formatted},
    "Objects": {
        "equals": equal,
        "isNull": lambda value: value is None,
        "nonNull": lambda value: value is not None,
        "requireNonNull": _not_null,
        "toString": text,
        "requireNonNullElse": lambda value, other: other if value is None else value,
    },
    "Arrays": {
        "asList": lambda *values: list(values[0] if len(values) == 1 and isinstance(values[0], list) else values),
        "stream": lambda values: streams.Stream(list(values)),
        "toString": text,
    },
    "Collections": {
        "emptyList": list,
        "emptyMap": dict,
        "singletonList": lambda value: [value],
        "reverse": lambda values: values.reverse(),
        "max": max,
        "min": min,
    },
    "Collectors": {
        "toList": lambda: streams.Collector(list),
        "toSet": lambda: streams.Collector(streams.unique),
        "joining": _joining,
        "toMap": _to_map,
    },
    "MovingFunctions": moving.FUNCTIONS,
    "Pattern": {"compile": patterns.Pattern},
    "TextStyle": {name: name for name in days.STYLES},
    "Locale": days.LOCALES,
    "System": {"currentTimeMillis": lambda: int(time.time() * 1000), "nanoTime": time.monotonic_ns},
    **moments.CLASSES,
    "Instant": {**moments.CLASSES["Instant"], "now": lambda: datetime.now(UTC), "ofEpochMilli": _date},
    "UUID": {"randomUUID": lambda: str(uuid.uuid4())},
}


def new(kind: str, values: list[Any]) -> Value:
    """What `new kind(…)` gives. Raises Fault."""
    if kind == "Date" and len(values) < 2:
        return _date(values[0]) if values else datetime.now(UTC)
    return made(kind, values)


def call(kind: str, name: str, values: list[Any]) -> Value:
    """What a static method gives. Raises Fault if there is none."""
    method = CLASSES.get(kind, {}).get(name)
    told = f"static method [{kind}, {name}/{len(values)}] not found"
    if not callable(method):
        raise Fault(told)
    try:
        return method(*values)
    except (TypeError, AttributeError):
        raise Fault(f"{told} for [{', '.join(java_class(value) for value in values)}]") from None


def constant(kind: str, name: str) -> Value:
    """A constant of a class. Raises Fault if there is none."""
    found = CLASSES.get(kind, {}).get(name)
    if found is None or callable(found):
        raise Fault(f"unknown field [{name}] within type [{kind}].")
    return found
