"""The mapping of an index: its fields by name, as they were put and as documents have added to them."""

from collections.abc import Mapping as Object
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from connote.contract.errors import BadMapping, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis
from connote.search.fetch.source import SourceFilter
from connote.search.mapping import (
    branch,
    completion,
    date,
    geo,
    geoshape,
    join,
    keyword,
    number,
    percolator,
    ranges,
    semantic,
    special,
    text,
    tokens,
    vectors,
)
from connote.search.mapping import runtime as runtimes
from connote.search.mapping.branch import Branch
from connote.search.mapping.field import Field, unknown
from connote.search.mapping.runtime import Runtime

KINDS: Object[str, type[Field]] = {
    kind.kind: kind
    for kind in (
        text.Text,
        text.MatchOnlyText,
        text.SearchAsYouType,
        text.AnnotatedText,
        keyword.Keyword,
        keyword.Wildcard,
        keyword.ConstantKeyword,
        keyword.Version,
        keyword.Boolean,
        keyword.Ip,
        keyword.Binary,
        number.Long,
        number.Integer,
        number.Short,
        number.Byte,
        number.UnsignedLong,
        number.Double,
        number.Float,
        number.HalfFloat,
        number.ScaledFloat,
        number.RankFeature,
        tokens.TokenCount,
        date.Date,
        date.DateNanos,
        geo.GeoPoint,
        vectors.SparseVector,
        vectors.RankFeatures,
        vectors.DenseVector,
        vectors.RankVectors,
        semantic.SemanticText,
        join.Join,
        special.Alias,
        special.Flattened,
        geoshape.GeoShape,
        completion.Completion,
        percolator.Percolator,
    )
} | {kind.kind: kind for kind in ranges.RANGES}
# What the mapping of a data stream's index has, and the field that its documents must have then.
MARK, TIMESTAMP = "_data_stream_timestamp", "@timestamp"
NO_DEFAULTS: Object[str, Any] = {}
# Most fields of an index, as Elasticsearch limits them by default, and how deep objects go.
MOST_FIELDS, MOST_DEPTH = 1000, 20


@dataclass(frozen=True)
class Making:
    """What fields are made with: the index's analyzers, and parameters where they have none."""

    analysis: Analysis
    defaults: Object[str, Any]


@dataclass(frozen=True)
class Mapping:
    """Immutable: a change is a new mapping. `root` is the whole document."""

    root: Branch
    analysis: Analysis
    runtime: Object[str, Runtime] = field(default_factory=dict)  # fields that only a search has
    defaults: Object[str, Any] = field(default_factory=dict)  # parameters of fields that do not have them themselves

    @classmethod
    def read(
        cls,
        body: Object[str, Any],
        analysis: Analysis,
        most: int = MOST_FIELDS,
        defaults: Object[str, Any] = NO_DEFAULTS,
    ) -> "Mapping":
        """The mapping in `{"properties": …}`. Raises BadMapping, IllegalArgument."""
        root = _branch("", body, Making(analysis, defaults), 0)
        return cls(root, analysis, defaults=defaults)._checked(most)

    def merged(self, body: Object[str, Any], most: int = MOST_FIELDS) -> "Mapping":
        """With what `body` adds or changes. Raises BadMapping, IllegalArgument for what cannot change."""
        other = _branch("", body, Making(self.analysis, self.defaults), 0)
        if self.has_timestamps and MARK in other.given and not _is_marked(other.given):
            raise IllegalArgument(
                f"Mapper for [{MARK}] conflicts with existing mapper:\n\tCannot update parameter [enabled] from [true] "
                "to [false]"
            )
        root = self.root.merged(other)
        if "runtime" in other.given:
            runtime = runtimes.merged(self.root.given.get("runtime"), other.given["runtime"])
            root = replace(root, given={**root.given, "runtime": runtime})
        return replace(self, root=_prepared(root, self.analysis))._checked(most)

    def searched(self, given: Object[str, Any] | None = None) -> "Mapping":
        """The mapping as a search has it: with its runtime fields, or those given. Raises BadMapping."""
        wanted = self.root.given.get("runtime") if given is None else given
        made = runtimes.parse(wanted) if wanted else {}
        return replace(self, runtime={**self.runtime, **made}) if made else self

    def with_field(self, changed: Field) -> "Mapping":
        """With that field in place of the one of its name."""
        *parents, name = changed.name.split(".")
        return replace(self, root=_prepared(_put(self.root, parents, name, changed), self.analysis))

    @cached_property
    def fields(self) -> Object[str, Field]:
        """Every field by its full name, multi-fields too; an alias is the field that it names."""
        found = {each.name: each for each in self.root.leaves()}
        for name, each in list(found.items()):
            if isinstance(each, special.Alias) and each["path"] in found:
                found[name] = found[each["path"]]
        return found | {name: each.field for name, each in self.runtime.items()}

    @cached_property
    def branches(self) -> Object[str, Branch]:
        """Every object by its full path."""
        return {each.name: each for each in self.root.branches()}

    @cached_property
    def semantic(self) -> Object[str, semantic.SemanticText]:
        """The fields that are embedded."""
        return {name: each for name, each in self.fields.items() if isinstance(each, semantic.SemanticText)}

    @cached_property
    def vectors(self) -> Sequence[str]:
        """The names of the fields that hold vectors."""
        kinds = (vectors.DenseVector.kind, vectors.RankVectors.kind, vectors.SparseVector.kind)
        return [name for name, each in self.fields.items() if each.kind in kinds]

    def find(self, name: str) -> Field | None:
        """The field of that name; below a flattened one any name is one of its."""
        if name in self.fields:
            return self.fields[name]
        if "#" in name and isinstance(above := self.fields.get(name.partition("#")[0]), join.Join):
            return above.keyed(name)
        flattened = self.flattened_above(name)
        return None if flattened is None else flattened.keyed(name)

    def flattened_above(self, name: str) -> special.Flattened | None:
        """The flattened field that a name is below of, if any."""
        parts = name.split(".")
        above = (self.fields.get(".".join(parts[:end])) for end in range(len(parts) - 1, 0, -1))
        return next((field for field in above if isinstance(field, special.Flattened)), None)

    def nested_above(self, name: str) -> str | None:
        """The innermost nested object that the field is in, if any."""
        parts = name.split(".")
        paths = (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))
        return next((path for path in paths if path in self.branches and self.branches[path].is_nested), None)

    @cached_property
    def shown(self) -> SourceFilter:
        """What is shown of every document, whatever a request says. All of it is kept, to be indexed again."""
        return _source(self.root.given.get("_source"))

    @cached_property
    def needs_routing(self) -> bool:
        """Whether documents must come with a routing."""
        routing = self.root.given.get("_routing")
        return isinstance(routing, Object) and routing.get("required") in (True, "true")

    @cached_property
    def has_timestamps(self) -> bool:
        """Whether every document must have one `@timestamp`: that of a data stream."""
        return _is_marked(self.root.given)

    @cached_property
    def may_ignore(self) -> bool:
        """Whether there are fields that may leave a value out."""
        return any(each.may_ignore for each in self.fields.values())

    def check_scripts(self) -> None:
        """Raise BadMapping for fields that scripts are to make when a document is written: older indices may have such.

        Nothing runs them.
        """
        for name, each in self.fields.items():
            if name not in self.runtime and each.given.get("script") is not None:
                raise BadMapping(
                    f"[script] of field [{name}] is not supported: make it a field of [runtime], or of an ingest "
                    "pipeline; see docs/compatibility.md"
                )

    def wire(self) -> dict[str, Any]:
        """The mapping as GET shows it."""
        return self.root.wire()

    def _checked(self, most: int) -> "Mapping":
        count = len(self.fields) + len(self.branches)
        if count > most:
            raise IllegalArgument(f"Limit of total fields [{most}] has been exceeded")
        if len(joins := [name for name, each in self.fields.items() if isinstance(each, join.Join)]) > 1:
            raise IllegalArgument(f"Only one [parent-join] field can be defined per index, got [{', '.join(joins)}]")
        for name, each in self.fields.items():
            self._check_copies(each)
            if isinstance(each, semantic.SemanticText):
                self._check_semantic(name)
            if isinstance(each, percolator.Percolator) and self.nested_above(name) is not None:
                raise BadMapping(f"percolator field [{name}] cannot be nested")
        if self.has_timestamps and not isinstance(found := self.fields.get(TIMESTAMP), date.Date):
            told = (
                "is not defined" if found is None else f"is of type [{found.kind}], but [date,date_nanos] is expected"
            )
            raise IllegalArgument(f"data stream timestamp field [{TIMESTAMP}] {told}")
        self.shown  # noqa: B018 (it raises)
        self.searched()
        return self

    def _check_copies(self, field: Field) -> None:
        for target in field.copies:
            if target in self.branches:
                raise IllegalArgument(f"Cannot copy to field [{target}] since it is mapped as an object")

    def _check_semantic(self, name: str) -> None:
        if self.nested_above(name) is not None:
            raise BadMapping(f"semantic_text field [{name}] cannot be nested")
        parts = name.split(".")
        above = [
            self.root,
            *(
                self.branches[".".join(parts[:end])]
                for end in range(1, len(parts))
                if ".".join(parts[:end]) in self.branches
            ),
        ]
        if any(each.given.get("subobjects") in (False, "false") for each in above):
            raise IllegalArgument(f"semantic_text field [{name}] cannot be in an object field with subobjects disabled")


def _source(given: Any) -> SourceFilter:  # noqa: ANN401 (JSON)
    """Raises BadMapping."""
    if given is None:
        return SourceFilter()
    known = {"enabled", "includes", "excludes", "mode", "compress"}
    if not isinstance(given, Object) or (unknown := given.keys() - known):
        told = f"unknown parameter [{min(unknown)}]" if isinstance(given, Object) else f"not [{java(given)[:100]}]"
        raise BadMapping(f"[_source] must be an object of [enabled, includes, excludes]: {told}")
    if given.get("enabled", True) in (False, "false"):
        return SourceFilter(is_shown=False)
    parts = {name: given[name] for name in ("includes", "excludes") if given.get(name)}
    try:
        return SourceFilter.parse(parts)
    except ConnoteError as error:
        raise BadMapping(f"Failed to parse mapping: {error.reason}") from None


def _is_marked(given: Object[str, Any]) -> bool:
    """Whether documents must have timestamps. Raises BadMapping."""
    marked = given.get(MARK, {})
    if not isinstance(marked, Object) or marked.keys() - {"enabled"}:
        raise BadMapping(f"[{MARK}] must be an object of [enabled], not [{java(marked)[:100]}]")
    if marked.get("enabled", False) not in (True, False, "true", "false"):
        raise BadMapping(f"[enabled] of [{MARK}] must be [true] or [false], not [{java(marked['enabled'])[:100]}]")
    return marked.get("enabled") in (True, "true")


def _branch(name: str, body: Any, making: Making, depth: int) -> Branch:  # noqa: ANN401 (JSON)
    if not isinstance(body, Object):
        raise BadMapping(f"Expected map for property [properties] on field [{name or '_doc'}] but got [{java(body)}]")
    if depth > MOST_DEPTH:
        raise IllegalArgument(f"Limit of mapping depth [{MOST_DEPTH}] has been exceeded due to object field [{name}]")
    properties = body.get("properties") or {}
    if not isinstance(properties, Object):
        raise BadMapping(
            f"Expected map for property [properties] on field [{name or '_doc'}] but got a {java(properties)}"
        )
    own = Branch(name, {param: value for param, value in body.items() if param != "properties"})
    branch.check_params(own)
    found: dict[str, Branch | Field] = {}
    for key, value in properties.items():
        if not key.strip(". ") or any(not part.strip() for part in key.split(".")):
            raise BadMapping(f"field name cannot be an empty string or contain only whitespace: [{key}]")
        first, _, rest = key.partition(".")
        nested = (
            {"properties": {rest: value}} if rest and body.get("subobjects", True) not in (False, "false") else value
        )
        part = first if nested is not value else key
        made = _property(own.path(part), nested, making, depth + 1)
        before = found.get(part)
        found[part] = before.merged(made) if isinstance(before, Branch) and isinstance(made, Branch) else made
    return replace(own, properties=found)


def _property(name: str, body: Any, making: Making, depth: int) -> Branch | Field:  # noqa: ANN401
    if not isinstance(body, Object):
        raise BadMapping(f"Expected map for property [fields] on field [{name}] but got a {java(body)}")
    kind = body.get(
        "type", "object" if "properties" in body or not body or body.keys() & {"dynamic", "enabled"} else None
    )
    if kind is None:
        raise BadMapping(f"No type specified for field [{name.rpartition('.')[2]}]")
    if kind in ("object", "nested"):
        return _branch(name, body, making, depth)
    if kind == join.Join.kind and "." in name:
        raise BadMapping(f"join field [{name.rpartition('.')[2]}] cannot be added inside an object or in a multi-field")
    return _field(name, kind, body, making)


def _field(name: str, kind: Any, body: Object[str, Any], making: Making) -> Field:  # noqa: ANN401
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadMapping(f"No handler for type [{java(kind)}] declared on field [{name.rpartition('.')[2]}]")
    made = KINDS[kind]
    rest = {param: value for param, value in body.items() if param not in ("type", "fields")}
    if left := {param: value for param, value in rest.items() if param not in made.params}:
        raise unknown(name.rpartition(".")[2], kind, left)
    multi = body.get("fields") or {}
    if not isinstance(multi, Object):
        raise BadMapping(f"Expected map for property [fields] on field [{name}] but got [{java(multi)}]")
    fields = {}
    for inner, each in multi.items():
        found = _property(f"{name}.{inner}", each, making, 1)
        if isinstance(found, Branch):
            raise BadMapping(f"Type [{found.given.get('type', 'object')}] cannot be used in multi field")
        if isinstance(found, vectors.DenseVector | vectors.RankVectors | join.Join):
            raise BadMapping(f"Type [{found.kind}] cannot be used in multi field")
        fields[inner] = found
    field = made(name, rest, fields, making.defaults)
    for param in rest:
        try:
            field[param]
        except ConnoteError as error:
            raise BadMapping(f"Failed to parse mapping: [{param}] of field [{name}]: {error.reason}") from None
    field.prepare(making.analysis)
    scored = None if isinstance(field, vectors.DenseVector) or "similarity" not in field.params else field["similarity"]
    if scored is not None and scored not in making.analysis.similarities:
        raise BadMapping(f"Failed to parse mapping: Unknown Similarity type [{scored}] for field [{name}]")
    return field


def _prepared(root: Branch, analysis: Analysis) -> Branch:
    for each in root.leaves():
        each.prepare(analysis)
    return root


def _put(above: Branch, parents: list[str], name: str, changed: Field) -> Branch:
    properties = dict(above.properties)
    if not parents:
        properties[name] = changed
        return replace(above, properties=properties)
    inner = properties[parents[0]]
    if isinstance(inner, Field):  # a multi-field of it
        fields = dict(inner.fields)
        fields[name] = changed
        properties[parents[0]] = replace(inner, fields=fields)
    else:
        properties[parents[0]] = _put(inner, parents[1:], name, changed)
    return replace(above, properties=properties)
