"""`_source`: which parts of a document are shown."""

from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from connote.contract.errors import BadQuery
from connote.contract.settings import java
from connote.search.names import fits

# Whether who asks speaks the API of Elasticsearch 8, whose documents came with their vectors.
OLDER: ContextVar[bool] = ContextVar("older", default=False)
SOURCE = "_source"  # as `stored_fields` name the document


@dataclass(frozen=True)
class SourceFilter:
    """All, nothing, or what fits the patterns of `includes` and none of `excludes`."""

    is_shown: bool = True
    includes: Sequence[str] = ()
    excludes: Sequence[str] = ()
    excludes_vectors: bool | None = None  # of fields of vectors; said to be false, what texts became is shown too

    @classmethod
    def parse(cls, given: Any) -> "SourceFilter":  # noqa: ANN401 (JSON)
        """true, false, a pattern, patterns, or `{"includes", "excludes"}`. Raises BadQuery."""
        if given is None or given is True or given == "true":
            return cls()
        if given is False or given == "false":
            return cls(is_shown=False)
        if isinstance(given, str):
            return cls(includes=given.split(","))
        if isinstance(given, list):
            return cls(includes=_patterns(given))
        if not isinstance(given, Mapping):
            raise BadQuery(
                f"Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] but found [{java(given)}]"
            )
        known = {"includes", "include", "excludes", "exclude", "exclude_vectors"}
        if unknown := given.keys() - known:
            raise BadQuery(f"Unknown key for a VALUE_STRING in [{min(unknown)}] of [_source]")
        vectors = given.get("exclude_vectors")
        if vectors not in (None, True, False, "true", "false"):
            raise BadQuery(f"[exclude_vectors] of [_source] must be a boolean, not [{java(vectors)[:100]}]")
        return cls(
            includes=_patterns(given.get("includes", given.get("include")) or []),
            excludes=_patterns(given.get("excludes", given.get("exclude")) or []),
            excludes_vectors=None if vectors is None else vectors in (True, "true"),
        )

    def settled(self, excludes_vectors: bool | None) -> "SourceFilter":
        """With what an index says of vectors, if it is not said here; if neither says, clients of 8 are shown them."""
        if self.excludes_vectors is not None:
            return self
        return replace(self, excludes_vectors=not OLDER.get() if excludes_vectors is None else excludes_vectors)

    def apply(self, source: Mapping[str, Any], vectors: Collection[str] = ()) -> dict[str, Any]:
        """The parts that are shown; `vectors` are the fields that hold vectors: those that are named are wanted."""
        if self.excludes_vectors and vectors:
            left_out = [name for name in vectors if name not in self.includes]
            return replace(self, excludes=[*self.excludes, *left_out], excludes_vectors=None).apply(source)
        if not self.includes and not self.excludes:
            return dict(source)
        return _object(source, "", tuple(self.includes), self.excludes) or {}


def _patterns(given: Any) -> list[str]:  # noqa: ANN401
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(each, str) for each in listed):
        raise BadQuery(f"[_source] patterns must be texts, not [{java(given)}]")
    return listed


def _object(
    value: Mapping[str, Any], path: str, includes: tuple[str, ...], excludes: Sequence[str]
) -> dict[str, Any] | None:
    kept = {}
    for name, inner in value.items():
        full = f"{path}.{name}" if path else name
        if any(fits(full, pattern) for pattern in excludes):
            continue
        is_in = _fits(full, includes)
        found = _value(inner, full, () if is_in else includes, excludes, is_in=is_in)
        if found is not None:
            kept[name] = found[0]
    return kept or None


def _value(
    value: Any,  # noqa: ANN401
    path: str,
    includes: tuple[str, ...],
    excludes: Sequence[str],
    *,
    is_in: bool,
) -> tuple[Any] | None:
    if isinstance(value, Mapping):
        if not value:
            return ({},) if is_in else None
        found = _object(value, path, includes, excludes)
        return (found if found is not None else {},) if found is not None or is_in else None
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        parts = [_value(each, path, includes, excludes, is_in=is_in) for each in value]
        kept = [part[0] for part in parts if part is not None]
        return (kept,) if kept or is_in else None
    return (value,) if is_in else None


@lru_cache(maxsize=4096)
def _fits(path: str, includes: tuple[str, ...]) -> bool:
    """Whether a path, or what it is in, is included."""
    if not includes:
        return True
    parts = path.split(".")
    heads = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return any(fits(head, pattern) for pattern in includes for head in heads)
