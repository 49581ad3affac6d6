"""From a document to the values of its fields, by a mapping; fields that are not mapped are added, or not."""

import re
from collections.abc import Iterator
from collections.abc import Mapping as Object
from typing import Any

from connote.contract import dates
from connote.contract.errors import BadDocument, ConnoteError, IllegalArgument, StrictMapping
from connote.search.mapping.branch import Branch
from connote.search.mapping.field import Field, failed
from connote.search.mapping.mapping import Mapping
from connote.search.mapping.values import Values

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
_DETECTED = "strict_date_optional_time||yyyy/MM/dd HH:mm:ss||yyyy/MM/dd"
_LIKE_A_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", re.ASCII)


class Reader:
    """Reads one document."""

    def __init__(self, mapping: Mapping, id: str) -> None:
        self._mapping, self._id = mapping, id

    def read(self, source: Object[str, Any]) -> Values:
        """The values of a document. `added` is the mapping that it brings; read it again with that, if there is any.

        Raises BadDocument.
        """
        into = Values()
        for name in source:
            if name in RESERVED:
                raise BadDocument(
                    f"[1:1] Field [{name}] is a metadata field and cannot be added inside a document. "
                    "Use the index API request parameters."
                )
        self._object(self._mapping.root, source, into, "true", into.added, 0)
        return into

    def _object(
        self, branch: Branch, source: Object[str, Any], into: Values, dynamic: str, added: dict[str, Any], depth: int
    ) -> None:
        if depth > MOST_DEPTH:
            raise BadDocument(f"[1:1] The depth of the field [{branch.name[:100]}] exceeds the limit of [{MOST_DEPTH}]")
        dynamic = branch.dynamic or dynamic
        for key, value in source.items():
            if not branch.name and key == INFERENCE:
                continue
            if not key.strip() or any(not part.strip() for part in key.split(".")):
                raise BadDocument(f"[1:1] field name cannot contain only whitespace or empty parts: ['{key}']")
            self._entry(branch, key, value, into, dynamic, added, depth)

    def _entry(
        self,
        branch: Branch,
        key: str,
        value: Any,
        into: Values,
        dynamic: str,
        added: dict[str, Any],
        depth: int,
    ) -> None:
        found = branch.properties.get(key)
        first, _, rest = key.partition(".")
        if found is None and rest:
            self._entry(branch, first, {rest: value}, into, dynamic, added, depth)
        elif isinstance(found, Field):
            self._leaf(found, value, into, branch.path(key))
        elif isinstance(found, Branch):
            self._branch(found, value, into, dynamic, added, depth)
        else:
            self._unmapped(branch, key, value, into, dynamic, added, depth)

    def _leaf(self, field: Field, value: Any, into: Values, path: str) -> None:  # noqa: ANN401
        for each in _values(field, value):
            if each is None:
                continue
            if isinstance(each, Object) and not field.takes_objects:
                raise failed(
                    field, each, self._id, IllegalArgument(f"Expected a value but found an object at [{path}]")
                )
            field.put(each, into, path, self._id)
            for target in field.copies:
                self._copy(target, each, into, path)

    def _copy(self, target: str, value: Any, into: Values, path: str) -> None:  # noqa: ANN401
        field = self._mapping.fields.get(target)
        if field is not None:
            field.put(value, into, path, self._id)
        else:
            _put(into.added, target.split("."), self._guess(target, value))

    def _branch(
        self,
        branch: Branch,
        value: Any,
        into: Values,
        dynamic: str,
        added: dict[str, Any],
        depth: int,
    ) -> None:
        if not branch.is_enabled:
            return
        inner = added.setdefault("properties", {}).setdefault(branch.name.rpartition(".")[2], {})
        for each in value if isinstance(value, list) else [value]:
            if each is None:
                continue
            if not isinstance(each, Object):
                raise BadDocument(
                    f"[1:1] object mapping for [{branch.name}] tried to parse field [{branch.name}] as object, but found "
                    "a concrete value"
                )
            target = into
            if branch.is_nested:
                target = Values()
                into.nested[branch.name].append(target)
            self._object(branch, each, target, dynamic, inner, depth + 1)
            if branch.is_nested:
                _lift(target, into)
        if not inner:
            del added["properties"][branch.name.rpartition(".")[2]]
            if not added["properties"]:
                del added["properties"]

    def _unmapped(
        self,
        branch: Branch,
        key: str,
        value: Any,
        into: Values,
        dynamic: str,
        added: dict[str, Any],
        depth: int,
    ) -> None:
        if dynamic == "false" or _is_empty(value):
            return
        if dynamic == "strict":
            where = branch.name or "_doc"
            raise StrictMapping(
                f"[1:1] mapping set to strict, dynamic introduction of [{key}] within [{where}] is not allowed"
            )
        properties = added.setdefault("properties", {})
        sample = _sample(value)
        template = self._template(branch.path(key), key, sample)
        if isinstance(sample, Object) and (template is None or template.get("type", "object") in ("object", "nested")):
            known = properties.setdefault(key, {**(template or {})} or {"type": "object"})
            fresh = Branch(branch.path(key), {name: item for name, item in known.items() if name != "properties"})
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Object):
                    self._object(fresh, each, Values(), dynamic, known, depth + 1)
            if known.get("properties") and known.get("type") == "object":
                del known["type"]
        else:
            properties.setdefault(key, template if template is not None else self._guess(key, sample))

    def _guess(self, name: str, value: Any) -> dict[str, Any]:  # noqa: ARG002, ANN401
        """The mapping that a value suggests: https://www.elastic.co/docs/manage-data/data-store/mapping/dynamic-field-mapping."""
        root = self._mapping.root.given
        sample = _sample(value)
        if isinstance(sample, bool):
            return {"type": "boolean"}
        if isinstance(sample, int):
            return {"type": "long"}
        if isinstance(sample, float):
            return {"type": "float"}
        if isinstance(sample, str) and root.get("date_detection", True) not in (False, "false"):
            formats = root.get("dynamic_date_formats")
            if _is_date(sample, "||".join(formats) if isinstance(formats, list) and formats else _DETECTED):
                return {"type": "date"}
        if isinstance(sample, str) and root.get("numeric_detection", False) in (True, "true"):
            if re.fullmatch(r"-?\d{1,18}", sample):
                return {"type": "long"}
            if re.fullmatch(r"-?\d*\.\d+(?:[eE][-+]?\d{1,3})?", sample):
                return {"type": "float"}
        return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}

    def _template(self, path: str, key: str, value: Any) -> dict[str, Any] | None:  # noqa: ANN401
        """The mapping of the first dynamic template that the field fits, if any does."""
        detected = "object" if isinstance(value, Object) else self._guess(key, value)["type"]
        kind = {"text": "string", "float": "double"}.get(detected, detected)
        for named in self._mapping.root.given.get("dynamic_templates") or ():
            for rule in named.values():
                if _fits(rule, path, key, kind):
                    return _filled(rule.get("mapping") or {}, key, "text" if kind == "string" else kind)
        return None


def _fits(rule: Object[str, Any], path: str, key: str, kind: str) -> bool:
    regex = rule.get("match_pattern") == "regex"
    kinds = rule.get("match_mapping_type")
    wanted = kinds if isinstance(kinds, list) else [kinds]
    if kinds is not None and "*" not in wanted and kind not in wanted:
        return False
    checks = (("match", key, True), ("unmatch", key, False), ("path_match", path, True), ("path_unmatch", path, False))
    return all(_matches(rule[name], value, regex=regex) is want for name, value, want in checks if name in rule)


def _matches(patterns: Any, value: str, *, regex: bool) -> bool:  # noqa: ANN401
    listed = patterns if isinstance(patterns, list) else [patterns]
    if regex:
        return any(re.fullmatch(str(each), value) is not None for each in listed)
    return any(re.fullmatch(".*".join(map(re.escape, str(each).split("*"))), value) is not None for each in listed)


def _filled(template: Any, name: str, kind: str) -> Any:  # noqa: ANN401
    if isinstance(template, Object):
        made = {key: _filled(value, name, kind) for key, value in template.items()}
        return made
    if isinstance(template, str):
        return template.replace("{name}", name).replace("{dynamic_type}", kind)
    return template


def _values(field: Field, value: Any) -> Iterator[Any]:  # noqa: ANN401
    """The values of a field: a list is several, unless it is one vector or point."""
    if value is None:
        null = field["null_value"] if "null_value" in field.params else None
        yield null
    elif isinstance(value, list):
        is_one = field.kind == "dense_vector" or (
            field.kind == "geo_point" and len(value) in (2, 3) and all(type(each) in (int, float) for each in value)
        )
        if is_one:
            yield value
        else:
            for each in value:
                yield from _values(field, each)
    else:
        yield value


def _is_empty(value: Any) -> bool:  # noqa: ANN401
    return value is None or (isinstance(value, list) and all(_is_empty(each) for each in value))


def _sample(value: Any) -> Any:  # noqa: ANN401
    """The first value that is there; of whole numbers and fractions a fraction."""
    if not isinstance(value, list):
        return value
    found = [inner for each in value if (inner := _sample(each)) is not None]
    return next((each for each in found if isinstance(each, float)), found[0] if found else None)


def _is_date(value: str, formats: str) -> bool:
    if formats == _DETECTED and not _LIKE_A_DATE.match(value):
        return False
    try:
        dates.parse(value, formats)
    except ConnoteError:
        return False
    return True


def _put(added: dict[str, Any], path: list[str], mapping: dict[str, Any]) -> None:
    for name in path[:-1]:
        added = added.setdefault("properties", {}).setdefault(name, {})
    added.setdefault("properties", {}).setdefault(path[-1], mapping)


def _lift(nested: Values, into: Values) -> None:
    """What of a nested object belongs to the document: texts to embed, and what it adds to the mapping."""
    for field, by_path in nested.inputs.items():
        for path, texts in by_path.items():
            into.inputs[field][path] += texts
    into.ignored |= nested.ignored
