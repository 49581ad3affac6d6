"""The types that a script may name: what is one of them, what a cast to them does."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import INTEGERS, Builder, Entry, Unique, Value, class_cast, is_number, wrapped


def _is_int(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _one_of(*kinds: type) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, kinds)


_LIST, _MAP = _one_of(list), _one_of(dict)
# Whether a value that is not null is one of the type.
IS: Mapping[str, Callable[[Value], bool]] = {
    "def": lambda _: True,
    "Object": lambda _: True,
    "String": _one_of(str),
    "CharSequence": _one_of(str),
    "Character": lambda value: isinstance(value, str) and len(value) == 1,
    "Boolean": _one_of(bool),
    "Number": is_number,
    "Integer": lambda value: _is_int(value) and value in INTEGERS,
    "Long": lambda value: _is_int(value) and value not in INTEGERS,
    "Double": _one_of(float),
    "Float": _one_of(float),
    **dict.fromkeys(("List", "ArrayList", "LinkedList", "Collection", "Iterable"), _LIST),
    **dict.fromkeys(("Set", "HashSet", "LinkedHashSet", "TreeSet"), _one_of(Unique)),
    **dict.fromkeys(("Map", "HashMap", "LinkedHashMap", "TreeMap"), _MAP),
    "Map.Entry": _one_of(Entry),
    "StringBuilder": _one_of(Builder),
}
# What a declaration without a value has.
PRIMITIVES: Mapping[str, Value] = {
    "int": 0, "long": 0, "short": 0, "byte": 0, "char": "\0", "double": 0.0, "float": 0.0, "boolean": False,
}  # fmt: skip
# Types that are only named: their values are whatever a script has got.
_OTHERS = ("BigInteger", "Date", "Instant", "ZonedDateTime", "Pattern", "Matcher", "Iterator", "Stream", "Exception",
           "Math", "MovingFunctions", "System", "TextStyle", "Locale", "Objects", "Arrays", "Collections", "Collectors",
           "NumberFormatException", "IllegalArgumentException", "NullPointerException", "RuntimeException",
           "ArithmeticException", "IndexOutOfBoundsException", "ClassCastException", "ChronoUnit", "DateTimeFormatter",
           "ZoneId", "ZoneOffset", "UUID")  # fmt: skip
NAMES = frozenset((*IS, *PRIMITIVES, *_OTHERS))


def is_one(value: Value, kind: str) -> bool:
    """Painless's `instanceof`; an array is a list here."""
    if value is None:
        return False
    if kind.endswith("[]"):
        return isinstance(value, list)
    return IS.get(kind, lambda _: True)(value)


def _to_int(bits: int) -> Callable[[Value], Value]:
    def cast(value: Value) -> Value:
        if isinstance(value, str) and len(value) == 1:
            return ord(value)
        if not is_number(value):
            raise class_cast(value, "int")
        if isinstance(value, int):
            return wrapped(value) if bits == 64 else (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)
        most = 1 << (bits - 1)
        return 0 if math.isnan(value) else int(max(-most, min(most - 1, value)))

    return cast


def _to_float(value: Value) -> Value:
    if not is_number(value):
        raise class_cast(value, "double")
    return float(value)


def _to_boolean(value: Value) -> Value:
    if not isinstance(value, bool):
        raise class_cast(value, "boolean")
    return value


def _to_char(value: Value) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return chr(value % 0xD800)  # no surrogates: they are no text
    if not isinstance(value, str) or len(value) != 1:
        raise class_cast(value, "char")
    return value


_CASTS: Mapping[str, Callable[[Value], Value]] = {
    "int": _to_int(32),
    "long": _to_int(64),
    "short": _to_int(16),
    "byte": _to_int(8),
    "double": _to_float,
    "float": _to_float,
    "boolean": _to_boolean,
    "char": _to_char,
}


def cast(value: Value, kind: str) -> Value:
    """What `(kind) value` gives. Raises Fault if the value cannot be one."""
    if kind in _CASTS:
        return _CASTS[kind](value)
    if kind in ("Double", "Float") and is_number(value):
        return float(value)
    if kind in ("Integer", "Long") and _is_int(value):
        return value
    if value is not None and not is_one(value, kind):
        raise class_cast(value, kind)
    return value


def assigned(value: Value, kind: str) -> Value:
    """The value as a variable of that type takes it. Unlike a cast it loses nothing. Raises Fault."""
    if isinstance(value, float) and kind in ("int", "long", "short", "byte"):
        raise class_cast(value, kind)
    return cast(value, kind)


def made(kind: str, values: list[Any]) -> Value:
    """What `new kind(values)` gives. Raises Fault for what cannot be made."""
    maker = _MAKERS.get(kind)
    if maker is None or len(values) > 1:
        raise Fault(f"cannot make a new [{kind}] of {len(values)} values")
    return maker(*values)


def _list(given: Value = None) -> Value:
    return list(given) if isinstance(given, list) else []


def _map(given: Value = None) -> Value:
    return dict(given) if isinstance(given, dict) else {}


def _set(given: Value = None) -> Value:
    found = Unique()
    for value in _list(given):
        found.add(value)
    return found


_MAKERS: Mapping[str, Callable[..., Value]] = {
    **dict.fromkeys(("ArrayList", "LinkedList"), _list),
    **dict.fromkeys(("HashMap", "LinkedHashMap"), _map),
    "TreeMap": lambda given=None: dict(sorted(_map(given).items())),
    **dict.fromkeys(("HashSet", "LinkedHashSet"), _set),
    "StringBuilder": lambda given="": Builder(given if isinstance(given, str) else ""),
    "String": lambda given="": given,
}
