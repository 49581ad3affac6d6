"""Dictionaries of search applications: a JSON Schema of the parameters that their template takes.

https://json-schema.org/draft-07, of it what describes parameters; what is not in `_KEYWORDS` is refused, for it would
check nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from typing import Any, cast

from connote.contract.errors import IllegalArgument, InvalidRequest
from connote.contract.settings import java

_MOST_DEPTH = 20
_TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}
Schema = Mapping[str, Any]


def check(schema: Any, path: str = "dictionary", depth: int = 0) -> None:  # noqa: ANN401 (JSON)
    """Raise IllegalArgument for what is no such schema."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping):
        raise IllegalArgument(f"[{path}] must be a JSON Schema, an object, not [{java(schema)[:100]}]")
    if depth > _MOST_DEPTH:
        raise IllegalArgument(f"[{path}] is nested more than {_MOST_DEPTH} deep")
    for keyword, value in schema.items():
        if keyword not in _KEYWORDS:
            raise IllegalArgument(f"[{path}] knows no [{keyword}]; known are [{', '.join(_KEYWORDS)}]")
        if not _KEYWORDS[keyword](value):
            raise IllegalArgument(f"[{keyword}] of [{path}] cannot be [{java(value)[:100]}]")
    for name, inner in _inner(schema):
        check(inner, f"{path}.{name}", depth + 1)


def validate(schema: Schema, params: Mapping[str, Any]) -> None:
    """Raise InvalidRequest with all that the schema has against these parameters."""
    if faults := list(_faults(schema, params, "$")):
        raise InvalidRequest(faults)


def _faults(schema: Any, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401
    if isinstance(schema, bool):
        if not schema:
            yield f"{path}: is not allowed"
        return
    kinds = _listed(schema.get("type"))
    if kinds and not any(_is(kind, value) for kind in kinds):
        yield f"{path}: {java(value)[:100]} found, [{', '.join(kinds)}] expected"
        return
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        yield f"{path}: does not have a value in the enumeration {java(schema['enum'])}"
    yield from _sized(schema, value, path)
    if isinstance(value, Mapping):
        yield from _of_object(schema, value, path)
    if isinstance(value, list) and "items" in schema:
        for at, each in enumerate(value):
            yield from _faults(schema["items"], each, f"{path}[{at}]")


def _of_object(schema: Schema, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name}: is missing but it is required"
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, each in value.items():
        if name not in properties and others is False:
            yield f"{path}.{name}: is not defined in the schema and the schema does not allow additional properties"
        else:
            yield from _faults(properties.get(name, others), each, f"{path}.{name}")


def _sized(schema: Schema, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401
    kind: type | tuple[type, ...]
    for keyword, kind, passes in _SIZES:
        if keyword in schema and isinstance(value, kind) and not isinstance(value, bool):
            size: Any = value if kind is _NUMBER else len(cast("Sized", value))
            if not passes(size, schema[keyword]):
                yield f"{path}: [{keyword}] is {schema[keyword]}, not {size}"


def _is(kind: str, value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, float) and value.is_integer())


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401
    """As JSON: true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _inner(schema: Schema) -> Iterator[tuple[str, Any]]:
    yield from schema.get("properties", {}).items()
    yield from ((name, schema[name]) for name in ("items", "additionalProperties") if name in schema)


def _listed(kinds: Any) -> Sequence[str]:  # noqa: ANN401
    return () if kinds is None else [kinds] if isinstance(kinds, str) else kinds


def _is_type(value: Any) -> bool:  # noqa: ANN401
    kinds = _listed(value)
    return isinstance(kinds, list) and bool(kinds) and all(isinstance(each, str) and each in _TYPES for each in kinds)


def _is_names(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_number(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_object(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, Mapping)


def _anything(_: object) -> bool:
    return True


_NUMBER = (int, float)
_SIZES: Sequence[tuple[str, type | tuple[type, ...], Callable[[Any, Any], bool]]] = (
    ("minimum", _NUMBER, lambda size, least: size >= least),
    ("maximum", _NUMBER, lambda size, most: size <= most),
    ("minLength", str, lambda size, least: size >= least),
    ("maxLength", str, lambda size, most: size <= most),
    ("minItems", list, lambda size, least: size >= least),
    ("maxItems", list, lambda size, most: size <= most),
)
_KEYWORDS: Mapping[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "enum": lambda value: isinstance(value, list),
    "properties": _is_object,
    "required": _is_names,
    "additionalProperties": _anything,
    "items": _anything,
    "minimum": _is_number,
    "maximum": _is_number,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    **dict.fromkeys(("title", "description", "default", "examples", "$schema", "$id", "$comment"), _anything),
}
