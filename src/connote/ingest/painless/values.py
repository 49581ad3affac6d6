"""What the values of a script do: Java's text, equality, arithmetic and casts, over the values of JSON.

Integers have 64 bits, whether Java would have an int or a long. An array is a list, a char a string of one character.
"""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from connote.ingest.painless.fault import Fault

Value = Any

# Characters of a text, and elements of a list or map, that a script may make.
MOST_TEXT, MOST_ITEMS = 10_000_000, 1_000_000
_DEPTH = 50
_BITS = 1 << 64
INTEGERS = range(-(1 << 31), 1 << 31)


class Entry:
    """One entry of a map."""

    def __init__(self, owner: dict[Any, Value], key: Value) -> None:
        self.map, self.key = owner, key

    @property
    def value(self) -> Value:
        """The value that the map has now."""
        return self.map.get(self.key)


class Column(list[Any]):
    """What `doc['field']` is: a field's values in one document. Of places the values are pairs, latitude first."""

    @property
    def value(self) -> Any:  # noqa: ANN401
        """The first one. Raises Fault without any."""
        if not self:
            raise Fault(
                "A document doesn't have a value for a field! Use doc[<field>].size()==0 to check if a document is "
                "missing a field!",
                "illegal_state_exception",
            )
        return self[0]


class Unique(list[Any]):
    """A set: a list in which nothing stands twice."""

    def __init__(self) -> None:
        super().__init__()
        self._known: set[Any] = set()

    def add(self, value: Value) -> bool:
        """Add a value; false if it is there."""
        if len(self._known) != len(self):  # something was removed
            self._known = {_identity(each) for each in self}
        if (key := _identity(value)) in self._known:
            return False
        self._known.add(key)
        self.append(value)
        return True


def _identity(value: Value) -> tuple[bool, Value]:
    return isinstance(value, bool), value if value is None or isinstance(value, str | int | float) else text(value)


class Thrown:
    """An exception that a script has caught."""

    def __init__(self, message: str) -> None:
        self.message = message


class Builder:
    """A StringBuilder."""

    def __init__(self, text: str = "") -> None:
        self.text = text


def is_number(value: Value) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_CLASSES: tuple[tuple[type, str], ...] = (
    (bool, "java.lang.Boolean"),
    (str, "java.lang.String"),
    (float, "java.lang.Double"),
    (Unique, "java.util.HashSet"),
    (list, "java.util.ArrayList"),
    (dict, "java.util.HashMap"),
)


def java_class(value: Value) -> str:
    """The name of the class that Elasticsearch has such a value in."""
    if value is None:
        return "null"
    if isinstance(value, int) and not isinstance(value, bool):
        return "java.lang.Integer" if value in INTEGERS else "java.lang.Long"
    return next((name for kind, name in _CLASSES if isinstance(value, kind)), type(value).__name__)


def text(value: Value) -> str:
    """What Java's `String.valueOf` gives. Raises Fault if it is too long."""
    parts = list[str]()
    _write(value, parts, [MOST_TEXT], 0)
    return "".join(parts)


def _write(value: Value, parts: list[str], left: list[int], depth: int) -> None:
    """Append the text; `left` is how many characters there may still be."""
    if depth > _DEPTH:
        raise Fault("the value is nested too deeply to be a text", final=True)
    if isinstance(value, Mapping):
        pairs = [part for key, item in value.items() for part in (", ", key, _EQUALS, item)]
        _write_all(pairs, "{}", parts, left, depth)
    elif isinstance(value, list):
        _write_all([part for item in value for part in (", ", item)], "[]", parts, left, depth)
    else:
        _put(_scalar(value), parts, left)


_EQUALS = "="


def _write_all(items: list[Value], brackets: str, parts: list[str], left: list[int], depth: int) -> None:
    _put(brackets[0], parts, left)
    for item in items[1:]:
        _write(item, parts, left, depth + 1)
    _put(brackets[1], parts, left)


def _put(piece: str, parts: list[str], left: list[int]) -> None:
    left[0] -= len(piece)
    if left[0] < 0:
        raise too_long()
    parts.append(piece)


def _scalar(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Entry):
        return f"{_scalar(value.key)}={text(value.value)}"
    return value.text if isinstance(value, Builder) else str(value)


def _float(value: float) -> str:
    """As Java prints a double: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Double.html."""
    if not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        shown = repr(value) if "e" not in repr(value) else f"{value:.20f}".rstrip("0")
        return shown if not shown.endswith(".") else f"{shown}0"
    sign, digits = ("-" if value < 0 else ""), repr(abs(value))
    mantissa, _, exponent = digits.partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    shift = len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")) + 1)
    figures = (whole + fraction).strip("0") or "0"
    return f"{sign}{figures[0]}.{figures[1:] or '0'}E{int(exponent or 0) + shift}"


def too_long() -> Fault:
    """The fault of a script that makes too much."""
    return Fault(f"a script may make texts of at most {MOST_TEXT} characters", final=True)


def checked(value: Value) -> Value:
    """The value. Raises Fault if a text or list of that size may not be."""
    if isinstance(value, str) and len(value) > MOST_TEXT:
        raise too_long()
    if isinstance(value, list | dict) and len(value) > MOST_ITEMS:
        raise Fault(f"a script may make lists and maps of at most {MOST_ITEMS} elements", final=True)
    return value


def equal(left: Value, right: Value) -> bool:
    """Painless's `==`: as `equals` does, numbers by their value. Raises Fault for what is too large to compare."""
    return _same(left, right, [MOST_ITEMS])


def _same(left: Value, right: Value, budget: list[int]) -> bool:
    budget[0] -= 1
    if budget[0] < 0:
        raise Fault("the values are too large to be compared", final=True)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(_same(a, b, budget) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key], budget) for key in left)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def truth(value: Value) -> bool:
    """The value, which must be a boolean."""
    if not isinstance(value, bool):
        raise class_cast(value, "boolean")
    return value


def class_cast(value: Value, kind: str) -> Fault:
    """The fault of a value that is not of a kind."""
    if value is None:
        return Fault(f"Cannot cast null to [{kind}]", "null_pointer_exception")
    return Fault(f"Cannot cast from [{java_class(value)}] to [{kind}].", "class_cast_exception")


def add(left: Value, right: Value) -> Value:
    """The sum; with a text, both as one text."""
    if isinstance(left, str) or isinstance(right, str):
        return checked(text(left) + text(right))
    return _arithmetic("addition", operator.add, left, right)


def _divide(left: float, right: float) -> Value:
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise Fault("/ by zero", "arithmetic_exception")
        return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def _remainder(left: float, right: float) -> Value:
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise Fault("/ by zero", "arithmetic_exception")
        return left - right * _divide(left, right)
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def wrapped(value: Value) -> Value:
    """An integer as 64 bits hold it; anything else as it is."""
    if isinstance(value, int) and not isinstance(value, bool) and not -(_BITS >> 1) <= value < _BITS >> 1:
        return (value + (_BITS >> 1)) % _BITS - (_BITS >> 1)
    return value


def _arithmetic(name: str, operation: Callable[[Any, Any], Value], left: Value, right: Value) -> Value:
    if not is_number(left) or not is_number(right):
        raise Fault(f"Cannot apply [{name}] operation to types [{java_class(left)}] and [{java_class(right)}].",
                    "class_cast_exception")  # fmt: skip
    return wrapped(operation(left, right))


def _bits(name: str, operation: Callable[[Any, Any], Value]) -> Callable[[Value, Value], Value]:
    def run(left: Value, right: Value) -> Value:
        if isinstance(left, bool) and isinstance(right, bool):
            return operation(left, right)
        if isinstance(left, float) or isinstance(right, float):
            raise Fault(f"Cannot apply [{name}] operation to a double", "class_cast_exception")
        return _arithmetic(name, operation, left, right)

    return run


def _numeric(name: str, operation: Callable[[Any, Any], Value]) -> Callable[[Value, Value], Value]:
    return lambda left, right: _arithmetic(name, operation, left, right)


def _compared(name: str, operation: Callable[[Any, Any], bool]) -> Callable[[Value, Value], Value]:
    def run(left: Value, right: Value) -> bool:
        chars = isinstance(left, str) and isinstance(right, str) and len(left) == len(right) == 1
        return bool(operation(left, right) if chars else _arithmetic(name, operation, left, right))

    return run


def _shift(operation: Callable[[int, int], int]) -> Callable[[int, int], int]:
    return lambda value, by: operation(value, by % 64)


BINARY: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": add,
    "-": _numeric("subtraction", operator.sub),
    "*": _numeric("multiplication", operator.mul),
    "/": _numeric("division", _divide),
    "%": _numeric("remainder", _remainder),
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "===": equal,
    "!==": lambda left, right: not equal(left, right),
    "<": _compared("less than", operator.lt),
    ">": _compared("greater than", operator.gt),
    "<=": _compared("less than or equal", operator.le),
    ">=": _compared("greater than or equal", operator.ge),
    "&": _bits("and", operator.and_),
    "|": _bits("or", operator.or_),
    "^": _bits("xor", operator.xor),
    "<<": _bits("left shift", _shift(operator.lshift)),
    ">>": _bits("right shift", _shift(operator.rshift)),
    ">>>": _bits("unsigned shift", _shift(lambda value, by: (value % _BITS) >> by)),
}


def negated(value: Value) -> Value:
    """The number with the other sign."""
    return _arithmetic("negation", operator.sub, 0 if isinstance(value, int) else -0.0, value)
