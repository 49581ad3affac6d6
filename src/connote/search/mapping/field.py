"""A field of a mapping: what it is called, which parameters it takes, and how its values are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from connote.contract.errors import BadDocument, BadMapping, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.mapping.values import Values

if TYPE_CHECKING:
    from connote.search.analysis import Analysis


@dataclass(frozen=True)
class Param:
    """One parameter: `read` checks what is given and gives the value. Only an `updatable` one may change later."""

    read: Callable[[Any], Any]
    default: Any = None
    updatable: bool = False


def flag(value: Any) -> bool:  # noqa: ANN401 (JSON)
    """A boolean, or its text. Raises IllegalArgument."""
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise IllegalArgument(f"Failed to parse value [{java(value)}] as only [true] or [false] are allowed.")


def whole(value: Any) -> int:  # noqa: ANN401
    """An integer, or its text. Raises IllegalArgument."""
    is_whole = not isinstance(value, bool) and (not isinstance(value, float) or value.is_integer())
    try:
        return int(value if is_whole else "")
    except (TypeError, ValueError):
        raise IllegalArgument(f"Failed to parse value [{java(value)}] as an integer") from None


def length(value: Any) -> int:  # noqa: ANN401
    """An integer that is not negative, or its text. Raises IllegalArgument."""
    if (found := whole(value)) < 0:
        raise IllegalArgument(f"must be positive, got [{found}]")
    return found


def number(value: Any) -> float:  # noqa: ANN401
    """A number, or its text. Raises IllegalArgument."""
    try:
        return float("" if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        raise IllegalArgument(f"Failed to parse value [{java(value)}] as a number") from None


def text(value: Any) -> str:  # noqa: ANN401
    """A text. Raises IllegalArgument."""
    if not isinstance(value, str):
        raise IllegalArgument(f"a text is needed, not [{java(value)}]")
    return value


def texts(value: Any) -> list[str]:  # noqa: ANN401
    """A text or several. Raises IllegalArgument."""
    return [text(each) for each in (value if isinstance(value, list) else [value])]


def anything(value: Any) -> Any:  # noqa: ANN401
    """Whatever is given."""
    return value


def mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """An object. Raises IllegalArgument."""
    if not isinstance(value, Mapping):
        raise IllegalArgument(f"an object is needed, not [{java(value)}]")
    return value


# What every field takes.
COMMON = {
    "copy_to": Param(texts, (), updatable=True),
    "meta": Param(mapping, None, updatable=True),
    "synthetic_source_keep": Param(text),  # documents are always kept as they came
}
# What every field with values of its own takes.
LEAF = COMMON | {
    "index": Param(flag, True),
    "store": Param(flag, False),
    "doc_values": Param(flag, True),
    "boost": Param(number, 1.0),
    "similarity": Param(text),
}


@dataclass(frozen=True)
class Field:
    """A field with its full name; `given` are the parameters as they were put, and `fields` its multi-fields.

    `defaults` are those of the index, for parameters that are not given. A subclass says in `params` what it takes and
    in `add` how a value is read.
    """

    name: str
    given: Mapping[str, Any]
    fields: Mapping[str, "Field"]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    kind: ClassVar[str]
    params: ClassVar[Mapping[str, Param]] = LEAF
    # Whether values may be objects, so that a document's object here is one value.
    takes_objects: ClassVar[bool] = False

    def __getitem__(self, param: str) -> Any:  # noqa: ANN401 (the parameter's own)
        """The value of a parameter."""
        spec, given = self.params[param], self.given.get(param)
        if given is None:
            given = self.defaults.get(param)
        return spec.default if given is None else spec.read(given)

    @property
    def copies(self) -> tuple[str, ...]:
        """The fields that get its values too."""
        return tuple(self["copy_to"] or ()) if "copy_to" in self.params else ()

    @property
    def may_ignore(self) -> bool:
        """Whether it leaves values out that it cannot keep, and says so."""
        return bool("ignore_malformed" in self.params and self["ignore_malformed"])

    def prepare(self, analysis: "Analysis") -> None:
        """Check what the parameters name. Raises BadMapping."""

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ANN401 (JSON)
        """Take a value that stands at `path` in the document. Raises what `failed` tells of."""
        raise NotImplementedError

    def put(self, value: Any, into: Values, path: str, id: str) -> None:  # noqa: ANN401
        """Take a value into the field and its multi-fields. Raises BadDocument."""
        try:
            self.add(value, into, path)
        except ConnoteError as error:
            if isinstance(error, BadDocument):
                raise
            if self.may_ignore:
                into.ignored.add(self.name)
                return
            raise failed(self, value, id, error) from None
        for each in self.fields.values():
            each.put(value, into, path, id)

    def merged(self, other: "Field") -> Self:
        """The field with the parameters of another of its name. Raises IllegalArgument for what cannot change."""
        if other.kind != self.kind:
            raise IllegalArgument(f"mapper [{self.name}] cannot be changed from type [{self.kind}] to [{other.kind}]")
        for name, spec in self.params.items():
            if not spec.updatable and self[name] != other[name] and name in other.given:
                raise IllegalArgument(
                    f"Mapper for [{self.name}] conflicts with existing mapper:\n\tCannot update parameter [{name}] "
                    f"from [{java(self[name])}] to [{java(other[name])}]"
                )
        fields = dict(self.fields)
        for name, each in other.fields.items():
            fields[name] = fields[name].merged(each) if name in fields else each
        return replace(self, given={**self.given, **other.given}, fields=fields)

    def wire(self) -> dict[str, Any]:
        """The field as GET shows it."""
        shown = {"type": self.kind, **{name: self._shown(name, value) for name, value in self.given.items()}}
        if self.fields:
            shown["fields"] = {name: each.wire() for name, each in self.fields.items()}
        return shown

    def _shown(self, param: str, value: Any) -> Any:  # noqa: ANN401
        spec = self.params.get(param)
        return spec.read(value) if spec is not None and spec.read in (flag, whole) and value is not None else value


def failed(field: Field, value: Any, id: str, cause: ConnoteError) -> BadDocument:  # noqa: ANN401
    """A value does not fit its field."""
    error = BadDocument(
        f"[1:1] failed to parse field [{field.name}] of type [{field.kind}] in document with id '{id}'. "
        f"Preview of field's value: '{java(value)[:100]}'"
    )
    error.caused_by = cause
    return error


def unknown(name: str, kind: str, params: Mapping[str, Any]) -> BadMapping:
    """Parameters are left over."""
    listed = ", ".join(f"[{param}]" for param in params)
    return BadMapping(f"unknown parameter{'s' * (len(params) > 1)} {listed} on mapper [{name}] of type [{kind}]")
