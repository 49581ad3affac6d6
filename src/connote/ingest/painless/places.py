"""What can be assigned to: variables, entries of maps and elements of lists."""

from collections.abc import Callable
from typing import Any

from connote.ingest.painless import methods
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.frame import Expression, Frame
from connote.ingest.painless.types import assigned
from connote.ingest.painless.values import Builder, Entry, Thrown, Value, checked, java_class


class Place:
    """An expression that can also be assigned to. Calling it gives its value."""

    def __call__(self, frame: Frame) -> Value:
        """The value."""
        return self.get(*self.at(frame))

    def at(self, frame: Frame) -> tuple[Any, Value]:
        """What holds the value, and under which key; evaluated once, also where it is read and then written."""
        raise NotImplementedError

    def get(self, holder: Any, key: Value) -> Value:  # noqa: ANN401
        """What is there."""
        raise NotImplementedError

    def put(self, holder: Any, key: Value, value: Value) -> None:  # noqa: ANN401
        """Put a value there."""
        raise NotImplementedError


class Variable(Place):
    """A variable: its number in the frame, and its type."""

    def __init__(self, slot: int, kind: str) -> None:
        self.slot, self.kind = slot, kind

    def __call__(self, frame: Frame) -> Value:
        """The value."""
        return frame.slots[self.slot]

    def at(self, frame: Frame) -> tuple[Any, Value]:
        """The frame's variables and the number."""
        return frame.slots, self.slot

    def get(self, holder: Any, key: Value) -> Value:  # noqa: ANN401
        """The value."""
        return holder[key]

    def put(self, holder: Any, key: Value, value: Value) -> None:  # noqa: ANN401
        """Assign it. Raises Fault if the variable's type is another."""
        holder[key] = value if self.kind == "def" else assigned(value, self.kind)


class Element(Place):
    """`holder[key]`; `safe` gives null for a holder that is null."""

    def __init__(self, holder: Expression, key: Expression, *, safe: bool = False) -> None:
        self.holder, self.key, self.safe = holder, key, safe

    def at(self, frame: Frame) -> tuple[Any, Value]:
        """The map or list, and the key."""
        holder = self.holder(frame)
        return holder, None if holder is None and self.safe else self.key(frame)

    def get(self, holder: Any, key: Value) -> Value:  # noqa: ANN401
        """The entry of a map, or null; the element of a list, which must be there."""
        if isinstance(holder, dict):
            return methods.call(holder, "get", [key])
        if isinstance(holder, list):
            return holder[_position(holder, key)]
        if holder is None and self.safe:
            return None
        raise _no_elements(holder, key)

    def put(self, holder: Any, key: Value, value: Value) -> None:  # noqa: ANN401
        """Put a value there. Raises Fault for an element that is not there."""
        if isinstance(value, Builder | Entry | Thrown):
            raise Fault(f"[{type(value).__name__}] cannot be kept: use its text", "class_cast_exception")
        if isinstance(holder, dict):
            methods.call(holder, "put", [key, value])
            checked(holder)
        elif isinstance(holder, list):
            holder[_position(holder, key)] = value
        else:
            raise _no_elements(holder, key)


class Member(Element):
    """`holder.name`: the entry of a map, or what a list or text tells of itself."""

    def __init__(self, holder: Expression, name: str, *, safe: bool = False) -> None:
        super().__init__(holder, lambda _: name, safe=safe)

    def get(self, holder: Any, key: Value) -> Value:  # noqa: ANN401
        """The entry, or null."""
        if holder is None:
            return super().get(holder, key)
        if isinstance(holder, dict):
            return holder.get(key)
        if isinstance(holder, list) and key.isdecimal():
            return super().get(holder, int(key))
        return methods.member(holder, key)


def _position(holder: list[Any], key: Value) -> int:
    if not isinstance(key, int) or isinstance(key, bool):
        raise Fault(f"Cannot cast from [{java_class(key)}] to [int].", "class_cast_exception")
    at = key + len(holder) if key < 0 else key  # as Painless's lists do
    if not 0 <= at < len(holder):
        raise Fault(f"Index {key} out of bounds for length {len(holder)}", "index_out_of_bounds_exception")
    return at


def _no_elements(holder: Value, key: Value) -> Fault:
    if holder is None:
        return Fault(f"cannot access method/field [{key}] from a null def reference", "null_pointer_exception")
    return Fault(f"Attempting to address a non-array-like type [{java_class(holder)}] as an array.")


def changed(place: Place, change: Callable[[Value, Frame], Value], *, before: bool = False) -> Expression:
    """Assigns to a place what is made of its value; gives the new value, or that `before`."""

    def run(frame: Frame) -> Value:
        holder, key = place.at(frame)
        old = place.get(holder, key)
        new = change(old, frame)
        place.put(holder, key, new)
        return old if before else new

    return run


def stored(place: Place, value: Expression) -> Expression:
    """Assigns a value to a place, and gives it."""

    def run(frame: Frame) -> Value:
        holder, key = place.at(frame)
        found = value(frame)
        place.put(holder, key, found)
        return found

    return run
