"""Objects of a mapping: what has properties of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connote.contract.errors import BadMapping, IllegalArgument
from connote.contract.settings import java
from connote.search.mapping import dynamic
from connote.search.mapping.field import Field

_DYNAMIC = {"true": "true", "false": "false", "strict": "strict", "runtime": "true"}
# What stands at the root only, and is kept as it is put.
ROOT = (
    "_source",
    "_routing",
    "_meta",
    "date_detection",
    "numeric_detection",
    "dynamic_date_formats",
    "dynamic_templates",
)
ROOT_ALSO = ("runtime", "_data_stream_timestamp", "_size", "_field_names")
_OWN = (
    "type",
    "properties",
    "dynamic",
    "enabled",
    "subobjects",
    "synthetic_source_keep",
    "include_in_parent",
    "include_in_root",
    "store_array_source",
)

# What stays as it is once an object is mapped, and what it is where nothing is said.
_FINAL = {"enabled": True, "subobjects": True, "include_in_parent": False, "include_in_root": False}


@dataclass(frozen=True)
class Branch:
    """An object, nested or not; `name` is its full path, empty for the whole document.

    `given` are its parameters as they were put, without properties.
    """

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, "Branch | Field"] = field(default_factory=dict)

    @property
    def is_nested(self) -> bool:
        """Whether each of its values is a document of its own, for queries that say `nested`."""
        return self.given.get("type") == "nested"

    @property
    def is_enabled(self) -> bool:
        """Whether its values are looked at."""
        return self.given.get("enabled", True) not in (False, "false")

    def includes(self, where: str) -> bool:
        """Whether the values of nested objects are those of the object above (`parent`), of the document (`root`)."""
        return self.is_nested and _is_on(self.given, f"include_in_{where}", usual=False)

    @property
    def dynamic(self) -> str | None:
        """What becomes of fields that are not mapped: `true`, `false`, `strict`; None: as the object above says."""
        value = self.given.get("dynamic")
        if value is None:
            return None
        name = str(value).lower()
        if name not in _DYNAMIC:
            raise BadMapping(f"Could not convert [{self.name or '_doc'}.dynamic] to boolean: [{java(value)}]")
        return _DYNAMIC[name]

    def path(self, name: str) -> str:
        """The full name of a property."""
        return f"{self.name}.{name}" if self.name else name

    def leaves(self) -> Iterator[Field]:
        """All fields below, with their multi-fields."""
        for each in self.properties.values():
            if isinstance(each, Branch):
                yield from each.leaves()
            else:
                yield each
                yield from _multi(each)

    def branches(self) -> Iterator["Branch"]:
        """All objects below."""
        for each in self.properties.values():
            if isinstance(each, Branch):
                yield each
                yield from each.branches()

    def merged(self, other: "Branch") -> "Branch":
        """With the properties and parameters of another of its name. Raises IllegalArgument for what cannot change."""
        if self.name and "type" in other.given and self.is_nested != other.is_nested:
            own, their = ("nested", "object") if self.is_nested else ("object", "nested")
            raise IllegalArgument(f"object mapping [{self.name}] can't be changed from {own} to {their}")
        for param, usual in _FINAL.items():
            if param in other.given and _is_on(self.given, param, usual) != _is_on(other.given, param, usual):
                raise IllegalArgument(
                    f"the [{param}] parameter can't be updated for the object mapping [{self.name or '_doc'}]"
                )
        properties = dict(self.properties)
        for name, theirs in other.properties.items():
            mine = properties.get(name)
            if mine is None:
                properties[name] = theirs
            else:
                properties[name] = self._both(name, mine, theirs)
        return replace(self, given={**self.given, **other.given}, properties=properties)

    def _both(self, name: str, mine: "Branch | Field", theirs: "Branch | Field") -> "Branch | Field":
        if isinstance(mine, Branch):
            if isinstance(theirs, Branch):
                return mine.merged(theirs)
            raise IllegalArgument(f"can't merge an object mapping [{self.path(name)}] with a non-object mapping")
        if isinstance(theirs, Branch):
            raise IllegalArgument(f"can't merge a non-object mapping [{self.path(name)}] with an object mapping")
        return mine.merged(theirs)

    def wire(self) -> dict[str, Any]:
        """The object as GET shows it."""
        shown = {name: value for name, value in self.given.items() if not (name == "type" and value == "object")}
        if self.properties:
            shown["properties"] = {name: each.wire() for name, each in self.properties.items()}
        elif self.name and "type" not in shown:
            shown["type"] = "object"
        return shown


def check_params(branch: Branch) -> None:
    """Raise BadMapping for parameters that no object has."""
    known = (*_OWN, *ROOT, *ROOT_ALSO) if not branch.name else _OWN
    if unknown := [f"[{name} : {java(branch.given[name])}]" for name in branch.given if name not in known]:
        where = f"Mapping definition for [{branch.name}]" if branch.name else "Root mapping definition"
        raise BadMapping(f"{where} has unsupported parameters:  {' '.join(unknown)}")
    branch.dynamic  # noqa: B018 (it raises)
    for name in _FINAL:
        value = branch.given.get(name, True)
        if value not in (True, False, "true", "false", "auto"):
            raise BadMapping(
                f"[{name}] of [{branch.name or '_doc'}] must be [true] or [false], not [{java(value)[:100]}]"
            )
    if not branch.name:
        dynamic.check(branch.given)


def _is_on(given: Mapping[str, Any], param: str, usual: bool) -> bool:
    return given.get(param, usual) not in (False, "false")


def _multi(field: Field) -> Iterator[Field]:
    for each in field.fields.values():
        yield each
        yield from _multi(each)
