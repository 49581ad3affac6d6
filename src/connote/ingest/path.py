"""Where a value is in a document: `a.b.0.c`, as Elasticsearch's processors write it.

All raise IllegalArgument, in Elasticsearch's words, for what is not there or cannot be.
"""

from typing import Any

import orjson

from connote.contract.errors import IllegalArgument
from connote.ingest.painless.values import java_class

Value = Any
Path = tuple[str, ...]

# Names in a path, which bound how deep a document can become.
_MOST_NAMES = 50
_MOST_ELEMENTS, _MOST_DEPTH = 250_000, 100


def parse(text: str) -> Path:
    """The names of a path; `_source.` before them says nothing."""
    if not text:
        raise IllegalArgument("path cannot be null nor empty")
    names = tuple(text.split("."))
    if names[0] == "_source" and len(names) > 1:
        names = names[1:]
    if not all(names):
        raise IllegalArgument(f"path [{text[:200]}] is not valid")
    if len(names) > _MOST_NAMES:
        raise IllegalArgument(f"path [{text[:200]}...] has {len(names)} names; at most {_MOST_NAMES} are taken")
    return names


def get(root: dict[str, Value], path: Path) -> Value:
    """The value."""
    value: Value = root
    for name in path:
        value = _child(value, name, path)
    return value


def has(root: dict[str, Value], path: Path) -> bool:
    """Whether there is one, null included."""
    try:
        get(root, path)
    except IllegalArgument:
        return False
    return True


def put(root: dict[str, Value], path: Path, value: Value) -> None:
    """Put a value there, making the objects that lead to it."""
    parent: Value = root
    for name in path[:-1]:
        if isinstance(parent, dict) and name not in parent:
            parent[name] = {}
        parent = _child(parent, name, path)
    name = path[-1]
    if isinstance(parent, dict):
        parent[name] = value
    elif isinstance(parent, list):
        parent[_index(parent, name, path)] = value
    elif parent is None:
        raise IllegalArgument(f"cannot set [{name}] with null parent as part of path [{'.'.join(path)}]")
    else:
        raise IllegalArgument(
            f"cannot set [{name}] with parent object of type [{java_class(parent)}] as part of path [{'.'.join(path)}]"
        )


def append(root: dict[str, Value], path: Path, value: Value, *, duplicates: bool = True) -> None:
    """Add a value, or each of a list, to what is there, which becomes a list."""
    given = value if isinstance(value, list) else [value]
    if not has(root, path):
        put(root, path, [])
    there = get(root, path)
    if not isinstance(there, list):
        there = [] if there is None else [there]
        put(root, path, there)
    if duplicates:
        there += list(given)
        return
    known = set(map(_key, there))  # to look through the list for each value would take for ever
    for each in list(given):
        if (key := _key(each)) not in known:
            known.add(key)
            there.append(each)


def _key(value: Value) -> Value:
    """What is equal for equal values, and can be looked up."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if isinstance(value, dict | list) else value


def remove(root: dict[str, Value], path: Path) -> Value:
    """Take a value out, and give it."""
    parent: Value = get(root, path[:-1])
    value = _child(parent, path[-1], path)
    if isinstance(parent, dict):
        del parent[path[-1]]
    else:
        del parent[_index(parent, path[-1], path)]
    return value


def copied(value: Value) -> Value:
    """A copy that shares nothing with the value. Raises IllegalArgument if it is too large or too deep."""
    return _copied(value, [_MOST_ELEMENTS], 0) if isinstance(value, dict | list) else value


def _copied(value: Value, left: list[int], depth: int) -> Value:
    if not isinstance(value, dict | list):
        return value
    left[0] -= len(value)
    if left[0] < 0 or depth > _MOST_DEPTH:
        raise IllegalArgument(f"a value that is copied may have at most {_MOST_ELEMENTS} elements, {_MOST_DEPTH} deep")
    if isinstance(value, dict):
        return {key: _copied(item, left, depth + 1) for key, item in value.items()}
    return [_copied(item, left, depth + 1) for item in value]


def _child(value: Value, name: str, path: Path) -> Value:
    if isinstance(value, dict):
        if name in value:
            return value[name]
        raise IllegalArgument(f"field [{name}] not present as part of path [{'.'.join(path)}]")
    if isinstance(value, list):
        return value[_index(value, name, path)]
    if value is None:
        raise IllegalArgument(f"cannot resolve [{name}] from null as part of path [{'.'.join(path)}]")
    raise IllegalArgument(
        f"cannot resolve [{name}] from object of type [{java_class(value)}] as part of path [{'.'.join(path)}]"
    )


def _index(value: list[Value], name: str, path: Path) -> int:
    where = f"as part of path [{'.'.join(path)}]"
    if not (name.isascii() and name.isdigit() and len(name) < 10):
        raise IllegalArgument(f"[{name}] is not an integer, cannot be used as an index {where}")
    if int(name) >= len(value):
        raise IllegalArgument(f"[{name}] is out of bounds for array with length [{len(value)}] {where}")
    return int(name)
