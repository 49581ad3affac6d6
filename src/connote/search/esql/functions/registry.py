"""Functions by name. To add one is to write it: what it takes and gives, and what it does.

A parameter is a type, or a kind of them (`types.KINDS`), or several with `|` between them. Behind it stand `?` if it
may be left out, `*` if there may be any number of it, and `!` if it must be the same in all rows: that one is given as
a value, not as an array. A value is null where one of its arguments is, or has several values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.esql import types
from connote.search.esql.column import Column, Values
from connote.search.esql.running import Running
from connote.search.thread import check

Body = TypeVar("Body", bound=Callable[..., Any])
Gives = str | Callable[[Sequence[str]], str]
_MANY = "java.lang.IllegalArgumentException: single-value function encountered multi-value"
_BLOCK, _PART = 4096, 2**20
_MOST_INTEGER = 2**31 - 1


class Failed(NamedTuple):
    """Values of which some could not be computed, and why."""

    values: Values
    where: Mask
    why: str


class Place(NamedTuple):
    """Which call it is that runs, and what type it gives."""

    type: str
    text: str
    at: str
    running: Running


@dataclass(frozen=True)
class Function:
    """`style` says what it gets: arrays, single values (each), or whole columns with the place.

    `options` are the names of those that may stand behind its arguments; only functions of whole columns have some.
    """

    name: str
    takes: Sequence[str]
    gives: Gives
    body: Callable[..., Any]
    style: str
    about: str
    options: Sequence[str] = ()

    def parameter(self, number: int) -> str:
        """What the argument of that number must be."""
        return self.takes[min(number, len(self.takes) - 1)]

    def takes_constant(self, number: int) -> bool:
        """Whether that argument must be the same in all rows."""
        return "!" in self.parameter(number)

    @property
    def least(self) -> int:
        """How many arguments there must be."""
        return sum(1 for each in self.takes if not each.endswith(("?", "*")))

    @property
    def most(self) -> int | None:
        """How many arguments there may be; None for any number."""
        return None if self.takes and self.takes[-1].endswith("*") else len(self.takes)

    def type(self, kinds: Sequence[str]) -> str:
        """The type of its values, of those of its arguments."""
        return self.gives if isinstance(self.gives, str) else self.gives(kinds)

    def run(
        self, arguments: Sequence[Any], size: int, place: Place, options: Mapping[str, Any] | None = None
    ) -> Column:
        """Its values; the arguments are columns, and values where it takes constants."""
        for number, each in enumerate(arguments):
            if self.takes_constant(number) and isinstance(each, list):
                raise IllegalArgument(f"[{place.text}] takes a single value, not several")
            if self.takes_constant(number) and each is None:
                return Column.nothing(place.type, size)
        if self.style == "columns":
            found: Column = self.body(place, size, *arguments, **(options or {}))
            return found
        columns = [each for each in arguments if isinstance(each, Column)]
        if any(each.type == "null" for each in columns):
            return Column.nothing(place.type, size)
        nulls = np.zeros(size, dtype=np.bool_)
        for each in columns:
            nulls |= each.nulls
            if each.many:
                place.running.failed(place.at, place.text, _MANY)
                nulls |= each.several
        kept = None if not nulls.any() else np.flatnonzero(~nulls)
        given = [
            (each.values if kept is None else each.values[kept]) if isinstance(each, Column) else each
            for each in arguments
        ]
        count = size if kept is None else len(kept)
        made, lost = self._each(given, count, place) if self.style == "each" else self._all(given, count, place)
        return _spread(made, lost, kept, nulls, place.type)

    def _all(self, given: Sequence[Any], count: int, place: Place) -> tuple[Values, Mask | None]:
        if not count:
            return types.empty(place.type, 0), None
        with np.errstate(all="ignore"):
            found = self.body(*given)
        if not isinstance(found, Failed):
            values = np.broadcast_to(found, count) if np.ndim(found) == 0 else found
            found = Failed(values, np.zeros(count, dtype=np.bool_), "")
        if found.where.any():
            place.running.failed(place.at, place.text, found.why)
        lost = found.where
        if place.type == "integer" and (over := (found.values > _MOST_INTEGER) | (found.values < ~_MOST_INTEGER)).any():
            place.running.failed(place.at, place.text, "java.lang.ArithmeticException: integer overflow")
            lost = lost | over
        return found.values, lost if lost.any() else None

    def _each(self, given: Sequence[Any], count: int, place: Place) -> tuple[Values, Mask | None]:
        made, lost = types.empty(place.type, count), np.zeros(count, dtype=np.bool_)
        for start in range(0, count, _BLOCK):
            end = min(start + _BLOCK, count)
            lists = [
                each[start:end].tolist() if isinstance(each, np.ndarray) else [each] * (end - start) for each in given
            ]
            found = self._block(lists, place)
            for at, value in enumerate(found, start):
                if value is None:
                    lost[at] = True
                else:
                    made[at] = value
            check()
        return made, lost if lost.any() else None

    def _block(self, lists: Sequence[Sequence[Any]], place: Place) -> list[Any]:
        """The values of some rows; None where there is none. Texts are counted."""
        found, spent = list[Any](), 0
        for values in zip(*lists, strict=True):
            try:
                value = self.body(*values)
            except (ValueError, OverflowError, ArithmeticError) as error:
                place.running.failed(place.at, place.text, f"java.lang.IllegalArgumentException: {error}"[:500])
                value = None
            found.append(value)
            spent += len(value) if isinstance(value, str) else 0
            if spent > _PART:
                place.running.spend(spent)
                spent = 0
        place.running.spend(spent)
        return found


def _spread(made: Values, lost: Mask | None, kept: Any, nulls: Mask, kind: str) -> Column:  # noqa: ANN401
    """The values of some rows in their places among all."""
    wanted = types.dtype(kind)
    if made.dtype != wanted:
        made = made.astype(wanted)
    if kept is None:
        return Column(kind, made, nulls if lost is None else lost)
    values = types.empty(kind, len(nulls))
    values[kept] = made
    if lost is not None:
        nulls[kept[lost]] = True
    return Column(kind, values, nulls)


FUNCTIONS: dict[str, Function] = {}


def _registered(
    style: str, takes: Sequence[str], gives: Gives, names: Sequence[str], options: Sequence[str] = ()
) -> Callable[[Body], Body]:
    def add(body: Body) -> Body:
        for name in names or (body.__name__.rstrip("_"),):
            FUNCTIONS[name] = Function(name, takes, gives, body, style, (body.__doc__ or "").strip(), options)
        return body

    return add


def arrays(*takes: str, gives: Gives, names: Sequence[str] = ()) -> Callable[[Body], Body]:
    """A function of arrays without nulls, which gives an array, or Failed."""
    return _registered("arrays", takes, gives, names)


def each(*takes: str, gives: Gives, names: Sequence[str] = ()) -> Callable[[Body], Body]:
    """A function of single values, which gives one, or None; ValueError says why there is none."""
    return _registered("each", takes, gives, names)


def columns(
    *takes: str, gives: Gives, names: Sequence[str] = (), options: Sequence[str] = ()
) -> Callable[[Body], Body]:
    """A function of a Place, how many rows there are, and whole columns, which gives a column.

    Options that are given follow by name.
    """
    return _registered("columns", takes, gives, names, options)


def first(kinds: Sequence[str]) -> str:
    """The type of the first argument; of text a keyword."""
    return "keyword" if kinds[0] == "text" else kinds[0]


def widest(kinds: Sequence[str]) -> str:
    """The type that all arguments can have."""
    return types.wider(list(kinds)) or "unsupported"
