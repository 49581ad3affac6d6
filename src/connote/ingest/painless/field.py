"""What `field('name')` gives in a script: a field's values, and what to take in place of none.

https://www.elastic.co/docs/explore-analyze/scripting/modules-scripting-using#script-fields-api
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import Value


class FieldValues(list[Any]):
    """The values of a field in one document."""

    def __init__(self, name: str, values: Sequence[Value]) -> None:
        super().__init__(values)
        self.name = name

    def first(self, at: Value, default: Value = ...) -> Value:
        """`get(default)`: the first value, or the default; `get(n, default)`: the one at a place, or the default."""
        at, default = (0, at) if default is ... else (at, default)
        if not isinstance(at, int) or isinstance(at, bool):
            raise Fault(f"[get] of field [{self.name}] needs a place that is a whole number", "class_cast_exception")
        return self[at] if 0 <= at < len(self) else default


def _unsigned(self: FieldValues, *given: Value) -> Value:
    """The same of a field without negative numbers, the greater of which are negative in 64 bits."""
    found = self.first(*given)
    return found + (1 << 64) if isinstance(found, int) and found < 0 else found


OF_FIELDS: Mapping[str, Callable[..., Value]] = {
    "get": FieldValues.first,
    "asBigInteger": _unsigned,
    "getName": lambda self: self.name,
    "isEmpty": lambda self: not self,
    "size": len,
}
