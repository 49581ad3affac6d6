"""Reading the JSON of a query: parameters by name and type, and nothing left over."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java

T = TypeVar("T")


class Body:
    """The parameters of one query, each taken out as it is read; `done` refuses what is left."""

    def __init__(self, kind: str, given: Any) -> None:  # noqa: ANN401 (JSON)
        if not isinstance(given, Mapping):
            raise BadQuery(f"[{kind}] query malformed, no start_object after query name")
        self.kind, self._rest = kind, dict(given)

    def __contains__(self, name: str) -> bool:
        return name in self._rest

    def names(self) -> list[str]:
        """What is left."""
        return list(self._rest)

    def raw(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """A parameter as it is."""
        return self._rest.pop(name, default)

    def number(self, name: str, default: float) -> float:
        """A number, or its text."""
        value = self._rest.pop(name, None)
        if value is None:
            return default
        try:
            if isinstance(value, bool):
                raise self._wrong(name, "a number", value)
            return float(value)
        except (TypeError, ValueError):
            raise self._wrong(name, "a number", value) from None

    def whole(self, name: str, default: int) -> int:
        """An integer, or its text."""
        value = self.number(name, default)
        if not float(value).is_integer():
            raise self._wrong(name, "an integer", value)
        return int(value)

    def text(self, name: str, default: str | None = None) -> str | None:
        """A text."""
        value = self._rest.pop(name, default)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "a text", value)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean, or its text."""
        value = self._rest.pop(name, default)
        if value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            raise self._wrong(name, "a boolean", value)
        return value

    def required(self, name: str, read: Callable[[Any], T]) -> T:
        """A parameter that must be there."""
        if self._rest.get(name) is None:
            raise BadQuery(f"[{self.kind}] requires '{name}' field")
        return read(self._rest.pop(name))

    def common(self) -> dict[str, Any]:
        """`boost` and `_name`."""
        boost = self.number("boost", 1.0)
        if not 0 <= boost < float("inf"):
            raise IllegalArgument(
                f"negative [boost] are not allowed in [{self.kind}], use a value between 0 and 1 to deboost"
            )
        return {"boost": boost, "name": self.text("_name")}

    def done(self) -> None:
        """Raise BadQuery for what is left."""
        if self._rest:
            raise BadQuery(f"[{self.kind}] query does not support [{next(iter(self._rest))}]")

    def _wrong(self, name: str, wanted: str, value: Any) -> BadQuery:  # noqa: ANN401
        return BadQuery(f"[{self.kind}] [{name}] must be {wanted}, not [{java(value)[:100]}]")


def one_field(kind: str, given: Any, short: str) -> tuple[str, Body, dict[str, Any]]:  # noqa: ANN401
    """The field of a query such as `{"title": {"query": …}}` or `{"title": …}`, and what it says of it.

    The value of the short form becomes the parameter `short`. Also what stands beside the field: boost and name.
    """
    outer = Body(kind, given)
    common = {name: outer.raw(name) for name in ("boost", "_name") if name in outer}
    names = outer.names()
    if len(names) != 1:
        found = f", found [{names[0]}] and [{names[1]}]" if names else ""
        raise BadQuery(
            f"[{kind}] query doesn't support multiple fields{found}" if names else f"[{kind}] query needs a field"
        )
    value = outer.raw(names[0])
    inner = value if isinstance(value, Mapping) else {short: value}
    return names[0], Body(kind, {**common, **inner}), common
