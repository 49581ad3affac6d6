"""Operators: arithmetic, comparisons, and the logic of true, false and null."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.esql import order, spans, types
from connote.search.esql.column import Column, Values
from connote.search.esql.functions import patterns
from connote.search.esql.functions.registry import FUNCTIONS, Failed, Function, Place, arrays, columns
from connote.search.esql.functions.sums import checked
from connote.search.thread import check

# Characters of a pattern with wildcards.
_LONGEST_PATTERN = 10_000
_ZERO = "java.lang.ArithmeticException: / by zero"


def _sum_type(kinds: Sequence[str]) -> str:
    if "date" in kinds:
        return "date"
    return types.wider(list(kinds)) or "unsupported"


def _added(left: Any, right: Any, sign: int) -> Any:  # noqa: ANN401 (arrays, or spans of time)
    if np.object_ in (left.dtype, right.dtype):
        dates, others = (right, left) if left.dtype == np.object_ else (left, right)
        return spans.moved(dates, others, sign)
    return checked(np.add if sign > 0 else np.subtract, left, right)


@arrays("number|time", "number|time", gives=_sum_type, names=["+"])
def add(left: Values, right: Values) -> Any:  # noqa: ANN401
    """The sum; a span of time moves a date."""
    return _added(left, right, 1)


@arrays("number|time", "number|time", gives=_sum_type, names=["-"])
def subtract(left: Values, right: Values) -> Any:  # noqa: ANN401
    """The difference."""
    return _added(left, right, -1)


@arrays("number", "number", gives=_sum_type, names=["*"])
def multiply(left: Values, right: Values) -> Any:  # noqa: ANN401
    """The product."""
    return checked(np.multiply, left, right)


@arrays("number", "number", gives=_sum_type, names=["/"])
def divide(left: Values, right: Values) -> Any:  # noqa: ANN401
    """The quotient; of whole numbers it is cut off towards zero."""
    if left.dtype == right.dtype == np.int64:
        lost = right == 0
        safe = np.where(lost, 1, right)
        return Failed((left - np.fmod(left, safe)) // safe, lost, _ZERO)
    found = left / right
    return Failed(found, ~np.isfinite(found), _ZERO)


@arrays("number", "number", gives=_sum_type, names=["%"])
def modulo(left: Values, right: Values) -> Any:  # noqa: ANN401
    """What a division leaves, with the sign of what is divided."""
    if left.dtype == right.dtype == np.int64:
        lost = right == 0
        return Failed(np.fmod(left, np.where(lost, 1, right)), lost, _ZERO)
    found = np.fmod(left, right)
    return Failed(found, ~np.isfinite(found), _ZERO)


@arrays("number", gives=lambda kinds: kinds[0], names=["neg"])
def negative(value: Values) -> Any:  # noqa: ANN401
    """The number with the other sign."""
    return checked(np.subtract, np.zeros_like(value), value)


def _comparison(sign: str, compare: Callable[[Any, Any], Any]) -> None:
    kind = "plain" if sign in ("==", "!=") else "ordered"

    def compared(place: Place, size: int, left: Column, right: Column) -> Column:
        if left.type == "null" or right.type == "null":
            return Column.nothing("boolean", size)
        ordered = left.type in order.PARTS and sign not in ("==", "!=")

        def run(one: Values, other: Values) -> Values:
            if ordered:
                one, other = order.keys(left.type, one), order.keys(right.type, other)
            return np.asarray(compare(one, other), dtype=np.bool_)

        return Function(sign, (kind, kind), "boolean", run, "arrays", "").run([left, right], size, place)

    columns(kind, kind, gives="boolean", names=[sign])(compared)


for _sign, _compare in (
    ("==", operator.eq), ("!=", operator.ne), ("<", operator.lt), ("<=", operator.le), (">", operator.gt),
    (">=", operator.ge),
):  # fmt: skip
    _comparison(_sign, _compare)


@arrays("string", "string", gives="boolean", names=["=~"])
def alike(left: Values, right: Values) -> Values:
    """Whether two texts are equal but for their case."""
    return np.array([a.lower() == b.lower() for a, b in zip(left, right, strict=True)], dtype=np.bool_)


def _truth(place: Place, column: Column) -> tuple[Values, Values]:
    """Which rows are true, and which are null: those of several values too."""
    if column.type == "null":
        return np.zeros(len(column), dtype=np.bool_), np.ones(len(column), dtype=np.bool_)
    nulls = column.nulls
    if column.many:
        place.running.failed(
            place.at, place.text, "java.lang.IllegalArgumentException: single-value function encountered multi-value"
        )
        nulls = nulls | column.several
    return column.values & ~nulls, nulls


@columns("boolean*", gives="boolean", names=["and"])
def and_(place: Place, size: int, *parts: Column) -> Column:
    """False if one is, else null if one is."""
    true, null = np.ones(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    false = np.zeros(size, dtype=np.bool_)
    for part in parts:
        own, nulls = _truth(place, part)
        false |= ~own & ~nulls
        null |= nulls
        true &= own
    return Column("boolean", true, null & ~false)


@columns("boolean*", gives="boolean", names=["or"])
def or_(place: Place, size: int, *parts: Column) -> Column:
    """True if one is, else null if one is."""
    true, null = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    for part in parts:
        own, nulls = _truth(place, part)
        null |= nulls
        true |= own
    return Column("boolean", true, null & ~true)


@arrays("boolean", gives="boolean", names=["not"])
def not_(value: Values) -> Values:
    """The contrary; null stays null."""
    return ~value


@columns("any", gives="boolean", names=["is null"])
def is_null(_: Place, __: int, value: Column) -> Column:
    """Whether there is no value."""
    return Column.whole("boolean", value.nulls.copy() if value.type != "null" else np.ones(len(value), dtype=np.bool_))


@columns("plain", "plain*", gives="boolean", names=["in"])
def in_(place: Place, size: int, value: Column, *others: Column) -> Column:
    """Whether it is equal to one of the others; null if it is not, and one of them is null."""
    alike = [each for each in others if each.is_same and not each.nulls[0] and each.values.dtype == value.values.dtype]
    found = Column.whole("boolean", np.zeros(size, dtype=np.bool_))
    if alike and not value.many:
        wanted = {each.values[0] for each in alike}
        own = value.values
        among = np.isin(own, list(wanted)) if own.dtype != np.object_ else [each in wanted for each in own.tolist()]
        found = Column("boolean", np.asarray(among, dtype=np.bool_) & ~value.nulls, value.nulls)
        done = set(map(id, alike))
        others = tuple(each for each in others if id(each) not in done)
    equal = FUNCTIONS["=="]
    for each in others:
        check()
        found = or_(place, size, found, equal.run([value, each], size, place))
    return found


def _matching(place: Place, size: int, value: Column, test: Callable[[str], bool]) -> Column:
    def run(texts: Values) -> Values:
        known = {each: test(each) for each in set(texts.tolist())}
        return np.fromiter(map(known.__getitem__, texts.tolist()), dtype=np.bool_, count=len(texts))

    return Function("like", ("string",), "boolean", run, "arrays", "").run([value], size, place)


@columns("string", "string!*", gives="boolean")
def like(place: Place, size: int, value: Column, *wildcards: str) -> Column:
    r"""Whether a text fits a pattern in which `*` is anything and `?` one character; `\` escapes these."""
    if (longest := max(map(len, wildcards))) > _LONGEST_PATTERN:
        raise IllegalArgument(f"a pattern of LIKE has at most [{_LONGEST_PATTERN}] characters, not [{longest}]")
    tests = [patterns.wild(each) for each in wildcards]
    return _matching(
        place, size, value, tests[0] if len(tests) == 1 else lambda text: any(each(text) for each in tests)
    )


@columns("string", "string!*", gives="boolean")
def rlike(place: Place, size: int, value: Column, *expressions: str) -> Column:
    """Whether a text fits a regular expression of Lucene as a whole."""
    fits = patterns.whole(expressions)
    return _matching(place, size, value, fits)
