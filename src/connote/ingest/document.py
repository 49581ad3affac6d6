"""One document on its way through pipelines."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connote.contract import body
from connote.contract.errors import IllegalArgument
from connote.ingest import path
from connote.ingest.painless.values import java_class

Value = Any
Path = path.Path

# What a document has beside its fields: https://www.elastic.co/docs/manage-data/ingest/transform-enrich/ingest-pipelines
METADATA = ("_index", "_type", "_id", "_routing", "_version", "_version_type", "_if_seq_no", "_if_primary_term",
            "_dynamic_templates", "_op_type")  # fmt: skip
_TEXTS = ("_index", "_id", "_routing", "_version_type")
# Processors that one document may meet, since pipelines may run others many times over.
_MOST_RUNS = 100_000
_MOST_NESTED = 200  # what writes JSON can do 254
_DEPTH, _ELEMENTS, _CHARACTERS = 100, 1_000_000, 100_000_000


class Document:
    """Fields and metadata stand side by side in `ctx`, as scripts see them, with `_ingest`, which goes at the end.

    The source that is given is changed in place.
    """

    __slots__ = ("_left", "ctx", "room", "stack", "trace")

    def __init__(
        self, source: dict[str, Any], metadata: Mapping[str, Value] | None = None, timestamp: str | None = None
    ) -> None:
        self.ctx: dict[str, Any] = source
        self.ctx.update(metadata or {})
        self.ctx["_ingest"] = {"timestamp": timestamp or now()}
        self.stack: list[str] = []  # the pipelines that it is in
        self.trace: list[dict[str, Any]] | None = None  # what each processor did, if that is wanted
        self.room = [_ELEMENTS, _CHARACTERS]  # for copies of the document in its trace
        self._left = _MOST_RUNS

    @property
    def source(self) -> dict[str, Value]:
        """The fields."""
        return {name: value for name, value in self.ctx.items() if name not in METADATA and name != "_ingest"}

    @property
    def metadata(self) -> dict[str, Value]:
        """`_index`, `_id`, `_routing`, …, as far as there are such."""
        return {name: self.ctx[name] for name in METADATA if name in self.ctx}

    @property
    def ingest(self) -> dict[str, Value]:
        """`_ingest`: the timestamp, and while a failure is handled what it was."""
        found = self.ctx.get("_ingest")
        if not isinstance(found, dict):  # a script may have put anything there
            found = self.ctx["_ingest"] = {"timestamp": now()}
        return found

    def spend(self) -> None:
        """Count one processor. Raises IllegalArgument if the document has met too many."""
        self._left -= 1
        if self._left < 0:
            raise IllegalArgument(f"a document may run through at most {_MOST_RUNS} processors")

    def get(self, at: Path) -> Value:
        """The value of a field. Raises IllegalArgument if it is not there."""
        return path.get(self.ctx, at)

    def has(self, at: Path) -> bool:
        """Whether a field is there, null included."""
        return path.has(self.ctx, at)

    def read(self, at: Path, *, missing: bool) -> Value:
        """The value of a field, or None if it is not there and may be `missing`. Else raises IllegalArgument."""
        return self.get(at) if not missing or self.has(at) else None

    def text(self, at: Path, name: str, *, missing: bool) -> str | None:
        """The same of a field of that name that holds a string; null, too, may be `missing`. Raises IllegalArgument."""
        value = self.read(at, missing=missing)
        if isinstance(value, str) or (value is None and missing):
            return value
        raise IllegalArgument(f"field [{name}] is null or of type [{java_class(value)}], cannot process it.")

    def given(self, at: Path) -> bool:
        """Whether a field is there and not null."""
        return self.has(at) and self.get(at) is not None

    def put(self, at: Path, value: Value) -> None:
        """Set a field. Raises IllegalArgument if it cannot be there."""
        path.put(self.ctx, at, value)

    def remove(self, at: Path) -> Value:
        """Remove a field, and give its value. Raises IllegalArgument if it is not there."""
        return path.remove(self.ctx, at)

    def check(self) -> None:
        """Raise IllegalArgument for metadata that is of a wrong type, and fields that no JSON could hold."""
        for name in _TEXTS:
            value = self.ctx.get(name)
            if value is not None and not isinstance(value, str):
                raise IllegalArgument(_not_of(name, "null or a String", value))
        if body.is_deeper(self.ctx, _MOST_NESTED):
            raise IllegalArgument(f"a pipeline has nested a document's fields more than {_MOST_NESTED} deep")
        version = self.ctx.get("_version")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise IllegalArgument(_not_of("_version", "a long", version))


def now() -> str:
    """The time, as `_ingest.timestamp` has it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def plain(value: Value, name: str, room: list[int] | None = None) -> Value:
    """A copy of what a stranger or a script made that is JSON, and of a size that can be told.

    `room` is how many values and characters there may still be; they are counted off. Raises IllegalArgument, which
    calls it by that name, for what is nested too deeply, too large, or no JSON.
    """
    return _plain(value, name, [_ELEMENTS, _CHARACTERS] if room is None else room, 0)


def _plain(value: Value, name: str, left: list[int], depth: int) -> Value:
    left[0] -= 1
    left[1] -= len(value) if isinstance(value, str) else 0
    if depth > _DEPTH:
        raise IllegalArgument(f"{name} is nested more than {_DEPTH} deep, or holds itself")
    if min(left) < 0:
        raise IllegalArgument(f"{name} has more than {_ELEMENTS} values or {_CHARACTERS} characters")
    if isinstance(value, dict):
        return {_key(key, name): _plain(item, name, left, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, name, left, depth + 1) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise IllegalArgument(f"{name} holds a [{type(value).__name__}], which no document can hold")


def _key(key: Value, name: str) -> str:
    if isinstance(key, str):
        return key
    raise IllegalArgument(f"{name} has the field [{key}], whose name is no text but a [{java_class(key)}]")


def _not_of(name: str, kind: str, value: Value) -> str:
    return f"{name} must be {kind} but was [{value}] with type [{java_class(value)}]"
