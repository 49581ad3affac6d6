"""Settings, declared once.

A settings class is a list of annotated fields. From that one declaration come parsing with every problem
reported together, `GET _inference/_services`, what GET echoes, and the reference pages:

    class Options(Settings):
        return_documents: Annotated[bool | None, About("Return documents", "Whether the texts come back.")] = True
"""

from collections.abc import Hashable, Mapping, MutableMapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Self,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from connote.contract.errors import Invalid, Rejected

SERVICE_SETTINGS = "service_settings"
TASK_SETTINGS = "task_settings"

# The wire's names for JSON types: in error texts (Java's) and in the service listing.
_JAVA_NAMES = {str: "String", int: "Integer", float: "Double", bool: "Boolean", list: "List", dict: "Map"}
_LISTED_NAMES = {str: "str", int: "int", float: "float", bool: "bool", list: "list", dict: "map"}


@dataclass(frozen=True)
class About:
    """What a setting is, for people, and the bounds of its values."""

    label: str
    help: str
    at_least: float | None = None
    at_most: float | None = None
    positive: bool = False
    choices: Sequence[str] = ()
    updatable: bool = False


@dataclass(frozen=True)
class Field:
    """One setting of a settings class."""

    name: str
    kind: type
    about: About
    default: Any

    @property
    def required(self) -> bool:
        """Whether the setting has no default, so that it must be given."""
        return self.default is MISSING

    def described(self) -> dict[str, Any]:
        """Its entry in `configurations` of `GET _inference/_services`."""
        shown: dict[str, Any] = {} if self.default in (MISSING, None) else {"default_value": _plain(self.default)}
        return shown | {
            "description": self.about.help,
            "label": self.about.label,
            "required": self.required,
            "sensitive": False,
            "updatable": self.about.updatable,
            "type": _LISTED_NAMES[dict if issubclass(self.kind, Settings) else self.kind],
        }


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Settings:
    """Base of all settings classes; subclasses are frozen, keyword-only dataclasses."""

    def __init_subclass__(cls) -> None:
        """Make the subclass a dataclass."""
        dataclass(frozen=True, kw_only=True)(cls)

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """The declared settings, in the order in which they are echoed."""
        return _fields(cast("Hashable", cls))

    @classmethod
    def take(cls, raw: MutableMapping[str, Any], problems: list[str], scope: str) -> Self | None:
        """Take the declared settings out of `raw`; what is left there is unknown. None if `problems` grew."""
        before = len(problems)
        values = {field.name: _take(field, raw, problems, scope) for field in cls.fields()}
        if len(problems) > before:
            return None
        settings = cls(**values)
        problems.extend(settings.problems(scope))
        return settings if len(problems) == before else None

    @classmethod
    def parse(cls, raw: Mapping[str, Any], scope: str, *, owner: str) -> Self:
        """The settings in `raw`. Raises Invalid with all problems, or Rejected for keys that `owner` does not know."""
        rest, problems = dict(raw), list[str]()
        settings = cls.take(rest, problems, scope)
        if settings is None:
            raise Invalid(problems)
        refuse_unknown(rest, owner)
        return settings

    def problems(self, scope: str) -> list[str]:  # noqa: ARG002 (for subclasses)
        """What is wrong with the settings taken together; nothing, unless a subclass says more."""
        return []

    def wire(self) -> dict[str, Any]:
        """The settings as GET echoes them: without those that are not set."""
        values = ((field.name, getattr(self, field.name)) for field in self.fields())
        return {name: _plain(value) for name, value in values if value is not None}


class NoSettings(Settings):
    """The settings of what has none."""

    _: ClassVar[None] = None


def refuse_unknown(rest: Mapping[str, Any], owner: str) -> None:
    """Raise Rejected if keys are left over."""
    if rest:
        raise Rejected(f"Model configuration contains settings [{java(rest)}] unknown to the [{owner}] service")


def java(value: Any, depth: int = 0) -> str:  # noqa: ANN401
    """A JSON value as Java prints it, which is how error texts show it; cut where it is long or deep."""
    if depth > 8:
        return "..."
    if isinstance(value, Mapping):
        text = "{" + ", ".join(f"{key}={java(item, depth + 1)}" for key, item in value.items()) + "}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(java(item, depth + 1) for item in value) + "]"
    elif value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    else:
        text = str(value)
    return text if len(text) <= 1000 else text[:1000] + "..."


@cache
def _fields(cls: Any) -> tuple[Field, ...]:  # noqa: ANN401 (hashable, for the cache)
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_field(field.name, hints[field.name], field.default) for field in fields(cast("Any", cls)))


def _field(name: str, hint: Any, default: Any) -> Field:  # noqa: ANN401
    about = next((part for part in get_args(hint) if isinstance(part, About)), None)
    if get_origin(hint) is not Annotated or about is None:
        raise TypeError(f"setting {name} must be annotated with About(...)")
    kind = get_args(hint)[0]
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (part for part in get_args(kind) if part is not NoneType)
    return Field(name, get_origin(kind) or kind, about, default)


def _take(field: Field, raw: MutableMapping[str, Any], problems: list[str], scope: str) -> Any:  # noqa: ANN401
    value = raw.pop(field.name, None)
    if value is None:
        if field.required:
            problems.append(f"[{scope}] does not contain the required setting [{field.name}]")
        return None if field.required else field.default
    if issubclass(field.kind, Settings):
        return _take_nested(field, value, problems)
    if not _is_a(value, field.kind):
        problems.append(
            f"field [{field.name}] is not of the expected type. "
            f"The value [{java(value)}] cannot be converted to a [{_JAVA_NAMES[field.kind]}]"
        )
        return None
    problems.extend(_out_of_bounds(field, value, scope))
    return value


def _take_nested(field: Field, value: Any, problems: list[str]) -> Settings | None:  # noqa: ANN401
    if not isinstance(value, Mapping):
        problems.append(
            f"field [{field.name}] is not of the expected type. "
            f"The value [{java(value)}] cannot be converted to a [Map]"
        )
        return None
    rest = dict(value)
    nested = cast("type[Settings]", field.kind).take(rest, problems, field.name)
    problems.extend(f"[{field.name}] does not allow the setting [{key}]" for key in rest)
    return nested


def _is_a(value: Any, kind: type) -> bool:  # noqa: ANN401
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _out_of_bounds(field: Field, value: Any, scope: str) -> list[str]:  # noqa: ANN401
    about, name = field.about, field.name
    if value == "" and field.kind is str:
        return [f"[{scope}] Invalid value empty string. [{name}] must be a non-empty string"]
    if about.choices and value not in about.choices:
        allowed = ", ".join(sorted(about.choices))
        return [f"[{scope}] Invalid value [{value}] received. [{name}] must be one of [{allowed}]"]
    if about.positive and value <= 0:
        return [f"[{scope}] Invalid value [{value}]. [{name}] must be a positive integer"]
    if about.at_least is not None and value < about.at_least:
        return [
            f"[{scope}] Invalid value [{value:.1f}]. [{name}] must be a greater than or equal to [{about.at_least:.1f}]"
        ]
    if about.at_most is not None and value > about.at_most:
        return [
            f"[{scope}] Invalid value [{value:.1f}]. [{name}] must be a less than or equal to [{about.at_most:.1f}]"
        ]
    return []


def _plain(value: Any) -> Any:  # noqa: ANN401
    return value.wire() if isinstance(value, Settings) else value
