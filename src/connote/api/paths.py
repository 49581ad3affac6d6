"""Which of many paths a request is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")


@dataclass
class _Node(Generic[T]):
    """What may follow on one part of a path. `names` are those of the parameters before it."""

    literal: "dict[str, _Node[T]]" = field(default_factory=dict)
    parameter: "_Node[T] | None" = None
    found: T | None = None
    names: tuple[str, ...] = ()


class Paths(Generic[T]):
    """A tree by parts: `/{index}/_doc/{id}`. A part that is named goes before a parameter, which is never empty.

    Parts are decoded one by one, so a parameter may hold slashes (`%2F`).
    """

    def __init__(self, things: Mapping[str, T]) -> None:
        self._root = _Node[T]()
        for path, thing in things.items():
            self._add(path, thing)

    def find(self, raw: str) -> Iterator[tuple[T, dict[str, str]]]:
        """What is at a path, still percent-encoded, and its parameters; what fits best first.

        A slash at its end says nothing.
        """
        parts = [unquote(part) for part in _parts(raw)]
        for node, values in _walk(self._root, parts, 0, ()):
            if node.found is not None:
                yield node.found, dict(zip(node.names, values, strict=True))

    def _add(self, path: str, thing: T) -> None:
        node, names = self._root, list[str]()
        for part in _parts(path):
            if part.startswith("{"):
                names.append(part[1:-1])
                node.parameter = node = node.parameter or _Node()
            else:
                node = node.literal.setdefault(part, _Node())
        node.found, node.names = thing, tuple(names)


def _parts(path: str) -> list[str]:
    stripped = path.strip("/")
    return stripped.split("/") if stripped else []


def _walk(
    node: _Node[T], parts: list[str], at: int, values: tuple[str, ...]
) -> Iterator[tuple[_Node[T], tuple[str, ...]]]:
    if at == len(parts):
        yield node, values
        return
    part = parts[at]
    if part in node.literal:
        yield from _walk(node.literal[part], parts, at + 1, values)
    if node.parameter is not None and part:
        yield from _walk(node.parameter, parts, at + 1, (*values, part))
