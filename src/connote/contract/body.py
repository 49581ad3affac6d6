"""A JSON body as the struct that it should be."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from connote.contract.errors import ConnoteError, IllegalArgument, Unparsable

T = TypeVar("T")
E = TypeVar("E", bound=ConnoteError)

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)


def read(body: Mapping[str, Any], kind: type[T], name: str) -> T:
    """The body as a struct, called `name` in errors. Raises Unparsable that names the field at fault."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        where = path.removesuffix("`").removeprefix(".")
        if unknown := _UNKNOWN.match(problem):
            where = f"{where}.{unknown[1]}" if where else unknown[1]
        raise about(where or None, Unparsable(f"[{name}] {error}")) from None


def about(field: str | None, error: E) -> E:
    """The error, saying which field is at fault."""
    error.param = field
    return error


def is_deeper(value: Any, most: int) -> bool:  # noqa: ANN401 (JSON)
    """Whether more than so many lists and objects are in each other."""
    if not isinstance(value, dict | list):
        return False
    items = value.values() if isinstance(value, dict) else value
    return most == 0 or any(is_deeper(item, most - 1) for item in items if isinstance(item, dict | list))


def meant(fields: Mapping[str, Any], ignored: Collection[str], neutral: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The fields that mean something: null does not, nor do those that are ignored, nor those with a neutral value.

    Raises IllegalArgument for any other value of a field that has neutral ones: it would have to be passed on.
    """
    kept = {}
    for name, value in fields.items():
        if value is None or name in ignored:
            continue
        if name not in neutral:
            kept[name] = value
        elif value not in neutral[name]:
            allowed = " or ".join(msgspec.json.encode(each).decode() for each in neutral[name])
            way_out = f"leave it out, or say {allowed}" if allowed else "leave it out"
            raise about(name, IllegalArgument(f"[{name}] cannot be passed on to the endpoint's service: {way_out}"))
    return kept
