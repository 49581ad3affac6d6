"""`fields`: a document's values by field, formatted, each as a list."""

from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from connote.contract import dates
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.embedded import Embedded
from connote.search.fetch.unmapped import unmapped
from connote.search.mapping.branch import Branch
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.geo import GeoPoint, point
from connote.search.mapping.join import Join
from connote.search.mapping.keyword import Boolean, ConstantKeyword, Ip, Keyword, word
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.mapping.number import Float, Number, UnsignedLong
from connote.search.mapping.ranges import Range
from connote.search.mapping.text import Text, scalar
from connote.search.mapping.tokens import TokenCount
from connote.search.mapping.vectors import RankVectors, SparseVector
from connote.search.names import fits
from connote.search.write import given

INFERENCE = "_inference_fields"


@dataclass(frozen=True)
class Wanted:
    """A field or pattern, for dates and places the format, and whether names that are not mapped count, too."""

    pattern: str
    format: str | None = None
    unmapped: bool = False

    @classmethod
    def parse(cls, given: Any, where: str = "fields") -> "Wanted":  # noqa: ANN401 (JSON)
        """A name, or `{"field", "format"}`. Raises BadQuery."""
        if isinstance(given, str):
            return cls(given)
        if isinstance(given, Mapping) and isinstance(given.get("field"), str):
            if unknown := given.keys() - {"field", "format", "include_unmapped"}:
                raise BadQuery(f"[{where}] unknown field [{min(unknown)}]")
            if not isinstance(unmapped := given.get("include_unmapped", False), bool):
                raise BadQuery(f"[{where}] [include_unmapped] must be true or false, not [{java(unmapped)}]")
            return cls(given["field"], given.get("format"), unmapped)
        raise BadQuery(f"[{where}] must be names or objects with [field], not [{java(given)}]")


@dataclass(frozen=True)
class _Read:
    """A field that is wanted, and the places in documents that its values are at: its own, and what is copied to it."""

    name: str
    field: Field
    wanted: Wanted
    places: Sequence[Sequence[str]]


def values(wanted: Sequence[Wanted], source: Mapping[str, Any], mapping: Fields) -> dict[str, list[Any]]:
    """The values of all fields that are wanted, by name; those without values are not there."""
    found: dict[str, list[Any]] = {}
    for wish, own in _reads(tuple(wanted), mapping):
        if own is None:
            _nested(wish, source, mapping, found)
            _below_flattened(wish, source, mapping, found)
            if wish.unmapped:
                found |= unmapped(wish.pattern, source, mapping)
        elif isinstance(own.field, ConstantKeyword):
            found |= {} if own.field["value"] is None else {own.name: [own.field["value"]]}
        elif shown := [value for each in own.places for value in _shown(own.field, each, own.wanted, source)]:
            found[own.name] = shown
    return found


# The last mapping that was asked for, and what was read of it by what was wanted: all hits of a search want the same.
_LAST: ContextVar[tuple[Fields, dict[tuple[Wanted, ...], Sequence[tuple[Wanted, _Read | None]]]] | None] = ContextVar(
    "reads", default=None
)


def _reads(wanted: tuple[Wanted, ...], mapping: Fields) -> Sequence[tuple[Wanted, _Read | None]]:
    """Which fields each wish means; None stands for what only a document tells."""
    last = _LAST.get()
    if last is None or last[0] is not mapping:
        last = mapping, {}
        _LAST.set(last)
    if wanted not in last[1]:
        last[1][wanted] = [pair for each in wanted for pair in _meant(each, mapping)]
    return last[1][wanted]


def _meant(wanted: Wanted, mapping: Fields) -> Iterator[tuple[Wanted, _Read | None]]:
    if wanted.pattern == INFERENCE:
        return  # it is shown in the source
    for name, field in mapping.fields.items():
        if name in mapping.runtime or not fits(name, wanted.pattern):
            continue
        path = place(name, mapping)  # those of nested objects stand under the objects' path, object by object
        if isinstance(field, ConstantKeyword) or mapping.nested_above(path) is None:
            copied = [place(each.name, mapping) for each in mapping.fields.values() if path in each.copies]
            yield wanted, _Read(name, field, wanted, [each.split(".") for each in dict.fromkeys([path, *copied])])
    yield wanted, None


def _below_flattened(wanted: Wanted, source: Mapping[str, Any], mapping: Fields, found: dict[str, list[Any]]) -> None:
    """What a flattened object has under a path, as it was written. It is shown only by its full name."""
    name = wanted.pattern
    flattened = None if name in mapping.fields or "*" in name else mapping.flattened_above(name)
    if flattened is None or mapping.nested_above(name) is not None:
        return
    if wanted.format is not None:
        raise IllegalArgument(f"Field [{name}] of type [{flattened.kind}] doesn't support formats.")
    if shown := list(at(source, name.split("."), flattened)):
        found[name] = shown


def left_out(
    wanted: Sequence[Wanted], names: Sequence[str], source: Mapping[str, Any], mapping: Fields
) -> dict[str, list[Any]]:
    """What a document has for wanted fields that could not keep it; `names` are those that left something out."""
    found = dict[str, list[Any]]()
    for name in names:
        field = mapping.fields.get(name)
        if field is None or not any(fits(name, each.pattern) for each in wanted):
            continue
        given = at(source, place(name, mapping).split("."), field)
        if values := [value for value in given if not _is_kept(field, value)]:
            found[name] = values
    return found


def _is_kept(field: Field, value: Any) -> bool:  # noqa: ANN401
    try:
        formatted(field, value, None)
    except ConnoteError:
        return False
    return True


def inference_fields(embedded: Mapping[str, Embedded], mapping: Fields, source: Mapping[str, Any]) -> dict[str, Any]:
    """What `_inference_fields` shows of a document."""
    return given.wire(embedded, mapping, source)


def _shown(field: Field, path: Sequence[str], wanted: Wanted, source: Mapping[str, Any]) -> list[Any]:
    found = list[Any]()
    null = field["null_value"] if "null_value" in field.params else None
    for value in at(source, path, field, null):
        try:
            found.append(formatted(field, value, wanted.format))
        except ConnoteError:
            continue  # what was ignored as malformed, or as too long, has no value
    return sorted(found) if isinstance(field, TokenCount) else found  # as what is made of a text is kept


def place(name: str, mapping: Fields) -> str:
    """Where in the document a field's values are: of a multi-field those of the field that it is of."""
    parts = name.split(".")
    node: Any = mapping.root
    for at_, part in enumerate(parts):
        if isinstance(node, Branch):
            node = node.properties.get(part)
            if isinstance(node, Field) and at_ < len(parts) - 1:
                return ".".join(parts[: at_ + 1])
    own = mapping.fields.get(name)
    return own.name if own is not None and own.name != name else name


def formatted(field: Field, value: Any, form: str | None) -> Any:  # noqa: ANN401
    """A value as `fields` shows it. Raises ConnoteError for one that the field does not keep."""
    if isinstance(field, Date):
        return dates.render(field.read(value), form or field["format"])
    if isinstance(field, GeoPoint):
        lat, lon = point(value)
        if form == "wkt":
            return f"POINT ({lon} {lat})"
        return {"coordinates": [lon, lat], "type": "Point"}
    if isinstance(field, Range):
        return field.formatted(value, form)
    if isinstance(field, Float):
        return float(str(field.precision(field.read(value))))  # in as many digits as it has
    return kept(field, value)


def kept(field: Field, value: Any) -> Any:  # noqa: ANN401
    """A value of a document as the field keeps it, not as it was written. Raises ConnoteError for what it does not."""
    if isinstance(field, UnsignedLong):
        return int(field.plain(value))
    if isinstance(field, TokenCount):
        return field.count(value)
    if isinstance(field, Number | Date):
        return field.read(value)
    if isinstance(field, Boolean):
        return word(value) == "true"
    if isinstance(field, Keyword) and not isinstance(field, Join):
        text = scalar(value)
        if len(text) > field["ignore_above"]:
            raise IllegalArgument(f"[{field.name}] ignores what is longer than {field['ignore_above']} characters")
        return field.normal(text)
    return scalar(value) if isinstance(field, Text | Ip) else value


def at(value: Any, path: Sequence[str], field: Field, null: Any = None) -> Iterator[Any]:  # noqa: ANN401
    """The values at a path of a document, however its names are written: nested, or with dots; `null` is for nulls."""
    if isinstance(value, list) and path:
        for each in value:
            yield from at(each, path, field, null)
    elif not path:
        yield from _flat(value, field, null)
    elif isinstance(value, Mapping):
        for end in range(1, len(path) + 1):
            name = ".".join(path[:end])
            if name in value:
                yield from at(value[name], path[end:], field, null)


def _flat(value: Any, field: Field, null: Any) -> Iterator[Any]:  # noqa: ANN401
    if value is None:
        if null is not None:
            yield null
        return
    is_one = isinstance(value, list) and (
        (isinstance(field, GeoPoint) and len(value) in (2, 3)) or isinstance(field, RankVectors)
    )
    if isinstance(value, list) and not (is_one and all(type(each) in (int, float) for each in value)):
        for each in value:
            yield from _flat(each, field, null)
    elif not isinstance(value, Mapping) or field.takes_objects or isinstance(field, SparseVector):
        yield value


def _nested(wanted: Wanted, source: Mapping[str, Any], mapping: Fields, found: dict[str, list[Any]]) -> None:
    """Values of nested objects, object by object."""
    for path, branch in mapping.branches.items():
        if not branch.is_nested:
            continue
        inside = [each for each in branch.leaves() if fits(each.name, wanted.pattern)]
        if not inside and not wanted.unmapped:
            continue
        own_objects = list(objects(source, path.split(".")))
        shown = []
        for each in own_objects:
            own = {}
            for field in inside:
                relative = field.name.removeprefix(f"{path}.")
                if held := _shown(field, relative.split("."), wanted, each):
                    own[relative] = held
            if wanted.unmapped:
                others = unmapped(wanted.pattern, each, mapping, path)
                own |= {name.removeprefix(f"{path}."): held for name, held in others.items()}
            if own:
                shown.append(own)
        if shown:
            found[path] = shown


def objects(value: Any, path: Sequence[str]) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    """The objects at a path of a document."""
    if isinstance(value, list):
        for each in value:
            yield from objects(each, path)
    elif isinstance(value, Mapping):
        if not path:
            yield value
        elif path[0] in value:
            yield from objects(value[path[0]], path[1:])
