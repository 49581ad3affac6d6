"""What a document has under names that its index does not map."""

from collections.abc import Iterator, Mapping
from typing import Any

from connote.search.mapping.mapping import Mapping as Fields
from connote.search.names import fits


def unmapped(pattern: str, source: Mapping[str, Any], mapping: Fields, within: str = "") -> dict[str, list[Any]]:
    """The values of a document, or of the nested object at `within`, by their whole names that fit the pattern.

    As they were written, without nulls. What stands in nested objects is told with these, not here.
    """
    found: dict[str, list[Any]] = {}
    for name, value in _leaves(within, source, mapping):
        if value is not None and (name == pattern or fits(name, pattern)):
            found.setdefault(name, []).append(value)
    return found


def _leaves(path: str, value: Any, mapping: Fields) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    if isinstance(value, list):
        for each in value:
            yield from _leaves(path, each, mapping)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            name = f"{path}.{key}" if path else key
            branch = mapping.branches.get(name)
            if mapping.find(name) is None and not (branch is not None and branch.is_nested):
                yield from _leaves(name, inner, mapping)
    else:
        yield path, value
