"""From a document to the values of its fields, by a mapping; fields that are not mapped are added, or not."""

from collections.abc import Iterator
from collections.abc import Mapping as Object
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from connote.contract.errors import BadDocument, IllegalArgument, StrictMapping
from connote.search.mapping.branch import Branch
from connote.search.mapping.dynamic import Dynamic, sampled
from connote.search.mapping.field import Field, failed
from connote.search.mapping.mapping import TIMESTAMP, Mapping
from connote.search.mapping.values import Values
from connote.search.mapping.vectors import Vectors

# What stands beside a document, and so not in it.
RESERVED = (
    "_id",
    "_index",
    "_type",
    "_routing",
    "_source",
    "_field_names",
    "_ignored",
    "_nested_path",
    "_seq_no",
    "_version",
    "_tier",
    "_doc_count",
    "_feature",
)
# How deep a document may go: deeper is a mistake, or hostile.
MOST_DEPTH = 50
INFERENCE = "_inference_fields"


@dataclass(frozen=True)
class _Place:
    """Where in a document reading is: the object's mapping, where its values go, and what it adds to the mapping."""

    branch: Branch
    into: Values
    added: dict[str, Any] = field(default_factory=dict)
    dynamic: str = "true"
    depth: int = 0

    @property
    def is_flat(self) -> bool:
        """Whether names with dots are names, and no paths."""
        return self.branch.given.get("subobjects") in (False, "false")


NO_TEMPLATES: Object[str, str] = {}
_Value = TypeVar("_Value")


class Reader:
    """Reads one document. A `lenient` one leaves out what does not fit, and adds nothing to the mapping.

    `templates` are the names of dynamic templates by the paths of fields that they are for.
    """

    def __init__(
        self, mapping: Mapping, id: str, *, lenient: bool = False, templates: Object[str, str] = NO_TEMPLATES
    ) -> None:
        self._mapping, self._id, self._is_lenient, self._templates = mapping, id, lenient, templates
        self._dynamic = Dynamic(mapping.root.given)
        self._whole = Values()

    def read(self, source: Object[str, Any]) -> Values:
        """The values of a document. `added` is the mapping that it brings; read it again with that, if there is any.

        Raises BadDocument.
        """
        self._whole = into = Values()
        for name in RESERVED:
            if name in source and not self._is_lenient:
                raise BadDocument(
                    f"[1:1] Field [{name}] is a metadata field and cannot be added inside a document. "
                    "Use the index API request parameters."
                )
        if self._mapping.root.is_enabled:
            self._object(_Place(self._mapping.root, into, into.added), source)
        if self._mapping.has_timestamps and not self._is_lenient:
            _check_timestamp(into)
        return into

    def _take(self, field: Field, value: Any, into: Values, path: str) -> None:  # noqa: ANN401 (JSON)
        try:
            if isinstance(value, Object) and not field.takes_objects:
                cause = IllegalArgument(f"Expected a value but found an object at [{path}]")
                raise failed(field, value, self._id, cause)
            field.put(value, into, path, self._id)
        except BadDocument:
            if not self._is_lenient:
                raise
            into.ignored.add(field.name)
            return
        if isinstance(field, Vectors) and (sized := field.sized(into)):
            _put(self._whole.added, field.name.split("."), sized)

    def _object(self, at: _Place, source: Object[str, Any]) -> None:
        if at.depth > MOST_DEPTH and self._is_lenient:
            return
        if at.depth > MOST_DEPTH:
            name = at.branch.name[:100]
            raise BadDocument(f"[1:1] The depth of the field [{name}] exceeds the limit of [{MOST_DEPTH}]")
        at = replace(at, dynamic=at.branch.dynamic or at.dynamic)
        for key, value in source.items():
            if not at.branch.name and key == INFERENCE:
                continue
            if not key.strip() or any(not part.strip() for part in key.split(".")):
                if self._is_lenient:
                    continue
                raise BadDocument(f"[1:1] field name cannot contain only whitespace or empty parts: ['{key}']")
            self._entry(at, key, value)

    def _entry(self, at: _Place, key: str, value: Any) -> None:  # noqa: ANN401 (JSON)
        found = at.branch.properties.get(key)
        first, _, rest = key.partition(".")
        if found is None and rest and not at.is_flat:
            self._entry(replace(at, depth=at.depth + 1) if at.depth <= MOST_DEPTH else at, first, {rest: value})
        elif isinstance(found, Field):
            self._leaf(at, found, value, at.branch.path(key))
        elif isinstance(found, Branch):
            self._branch(at, found, key, value)
        elif at.is_flat and isinstance(value, Object):
            for inner, each in value.items():
                self._entry(at, f"{key}.{inner}", each)
        else:
            self._unmapped(at, key, value)

    def _leaf(self, at: _Place, field: Field, value: Any, path: str) -> None:  # noqa: ANN401
        for each in _values(field, value):
            if each is None:
                continue
            self._take(field, each, at.into, path)
            for target in field.copies:
                self._copy(at, target, each, path)

    def _copy(self, at: _Place, target: str, value: Any, path: str) -> None:  # noqa: ANN401
        found = self._mapping.fields.get(target)
        if found is not None:
            is_outside = self._mapping.nested_above(target) is None
            self._take(found, value, self._whole if is_outside else at.into, path)
            return
        dynamic = "false" if self._is_lenient else self._mapping.root.dynamic or "true"
        if dynamic == "strict":
            raise _not_allowed(target, "_doc")
        if dynamic == "true":
            name = target.rpartition(".")[2]
            _put(self._whole.added, target.split("."), self._dynamic.of(target, name, value))

    def _branch(self, at: _Place, branch: Branch, key: str, value: Any) -> None:  # noqa: ANN401
        if not branch.is_enabled:
            return
        added: dict[str, Any] = {}
        for each in value if isinstance(value, list) else [value]:
            if each is None:
                continue
            if not isinstance(each, Object):
                if self._is_lenient:
                    continue
                raise BadDocument(
                    f"[1:1] object mapping for [{branch.name}] tried to parse field [{branch.name}] as object, but "
                    "found a concrete value"
                )
            into = at.into
            if branch.is_nested:
                into = Values()
                at.into.nested[branch.name].append(into)
            self._object(_Place(branch, into, added, at.dynamic, at.depth + 1), each)
            if branch.is_nested:
                self._close(branch, into, at.into)
        if added:
            properties = at.added.setdefault("properties", {})
            properties[key] = properties.get(key, {}) | added

    def _close(self, branch: Branch, nested: Values, into: Values) -> None:
        """Give what a nested object is in its values too, as far as it shall have them."""
        _lift(nested, into)
        outer = [into] if branch.includes("parent") else []
        if branch.includes("root") and not (outer and into is self._whole):
            outer.append(self._whole)
        for each in outer:
            _include(nested, each)

    def _unmapped(self, at: _Place, key: str, value: Any) -> None:  # noqa: ANN401
        sample = sampled(value)
        if at.dynamic == "false" or sample is None or self._is_lenient:
            return
        if at.dynamic == "strict":
            raise _not_allowed(key, at.branch.name or "_doc")
        properties = at.added.setdefault("properties", {})
        if at.is_flat:
            at.added["subobjects"] = False
        known = properties.get(key)
        path = at.branch.path(key)
        made = self._dynamic.of(path, key, value, self._templates.get(path)) if known is None else known
        if isinstance(sample, Object) and made.get("type", "object") in ("object", "nested"):
            properties[key] = made
            own = {name: item for name, item in made.items() if name != "properties"}
            inner = _Place(Branch(path, own), Values(), made, at.dynamic, at.depth + 1)
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Object):
                    self._object(inner, each)
            if made.get("properties") and made.get("type") == "object":
                del made["type"]
        elif known is None:
            properties[key] = made


def _check_timestamp(values: Values) -> None:
    """A document of a data stream has one. Raises BadDocument."""
    count = len(values.numbers.get(TIMESTAMP, ()))
    if count != 1:
        told = "encountered multiple values" if count else "is missing"
        error = BadDocument(f"[1:1] failed to parse: data stream timestamp field [{TIMESTAMP}] {told}")
        error.caused_by = IllegalArgument(f"data stream timestamp field [{TIMESTAMP}] {told}")
        raise error


def _not_allowed(name: str, where: str) -> StrictMapping:
    return StrictMapping(
        f"[1:1] mapping set to strict, dynamic introduction of [{name}] within [{where}] is not allowed"
    )


def _values(field: Field, value: Any) -> Iterator[Any]:  # noqa: ANN401
    """The values of a field: a list is several, unless it is one vector or point."""
    if value is None:
        yield field["null_value"] if "null_value" in field.params else None
    elif isinstance(value, list) and not _is_one(field, value):
        for each in value:
            yield from _values(field, each)
    else:
        yield value


def _is_one(field: Field, value: list[Any]) -> bool:
    if isinstance(field, Vectors):
        return True
    return field.kind == "geo_point" and len(value) in (2, 3) and all(type(each) in (int, float) for each in value)


def _put(added: dict[str, Any], path: list[str], mapping: dict[str, Any]) -> None:
    for name in path[:-1]:
        added = added.setdefault("properties", {}).setdefault(name, {})
    added.setdefault("properties", {}).setdefault(path[-1], mapping)


def _include(nested: Values, into: Values) -> None:
    """Let the values of a nested object be those of what it is in, too; but for dense vectors, which come singly."""
    _append(into.texts, nested.texts)
    _append(into.words, nested.words)
    _append(into.numbers, nested.numbers)
    _append(into.points, nested.points)
    for name, weights in nested.sparse.items():
        kept = into.sparse[name]
        for token, weight in weights.items():
            kept[token] = max(weight, kept.get(token, 0.0))


def _append(into: dict[str, list[_Value]], more: Object[str, list[_Value]]) -> None:
    for name, values in more.items():
        into[name] += values


def _lift(nested: Values, into: Values) -> None:
    """What of a nested object belongs to the document: texts to embed, and what was left out."""
    for name, by_path in nested.inputs.items():
        for path, texts in by_path.items():
            into.inputs[name][path] += texts
    into.ignored |= nested.ignored
