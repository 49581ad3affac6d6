"""Settings, declared once.

A settings class is a list of annotated fields. From that one declaration come parsing with every problem
reported together, `GET _inference/_services`, what GET echoes, and the reference pages:

    class Options(Settings):
        return_documents: Annotated[bool | None, About("Return documents", "Whether the texts come back.")] = True
"""

from collections.abc import Callable, Hashable, Mapping, MutableMapping, Sequence
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
from urllib.parse import urlsplit

from connote.contract.errors import Invalid, Rejected
from connote.contract.secret import Secret

SERVICE_SETTINGS = "service_settings"
TASK_SETTINGS = "task_settings"

# The wire's names for JSON types: in error texts (Java's) and in the service listing.
_JAVA_NAMES = {str: "String", int: "Integer", float: "Double", bool: "Boolean", list: "List", dict: "Map"}
_LISTED_NAMES = {str: "str", int: "int", float: "float", bool: "bool", list: "list", dict: "map"}
_WITH_USER = "it must not hold a user or password"


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
    url: bool = False
    unless: str = ""  # it need not be given if that setting is
    derived: bool = False  # found out by connote: kept and shown, but never taken from a request
    hidden: bool = False  # kept, but not shown


@dataclass(frozen=True)
class Field:
    """One setting of a settings class; `items` is the type of what a list or map holds."""

    name: str
    kind: type
    about: About
    default: Any
    items: type | None = None

    @property
    def required(self) -> bool:
        """Whether the setting has no default, so that it must be given."""
        return self.default is MISSING

    @property
    def is_secret(self) -> bool:
        """Whether its values are sealed, and never shown."""
        return issubclass(self.kind, Secret)

    @property
    def json(self) -> type:
        """The type that its values have in JSON."""
        if issubclass(self.kind, Secret):
            return self.kind.kind
        return dict if issubclass(self.kind, Settings) else self.kind

    def described(self) -> dict[str, dict[str, Any]]:
        """Its entries in `configurations` of `GET _inference/_services`, by name: one, or of flat settings several."""
        if issubclass(self.kind, Settings) and self.kind.flat:
            entries = [(field, getattr(self.default, field.name, MISSING)) for field in self.kind.fields()]
            return {f"{self.name}.{field.name}": field._entry(default, False) for field, default in entries}
        return {self.name: self._entry(self.default, self.required)}

    def _entry(self, default: Any, required: bool) -> dict[str, Any]:  # noqa: ANN401
        shown: dict[str, Any] = {} if default is MISSING or default is None else {"default_value": _plain(default)}
        if self.about.choices:
            shown["choices"] = list(self.about.choices)
        return shown | {
            "description": self.about.help,
            "label": self.about.label,
            "required": required,
            "sensitive": self.is_secret,
            "updatable": self.about.updatable,
            "type": _LISTED_NAMES[self.json],
        }


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Settings:
    """Base of all settings classes; subclasses are frozen, keyword-only dataclasses.

    A `flat` class is listed as `outer.inner` where it is a setting of another.
    """

    flat: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Make the subclass a dataclass."""
        dataclass(frozen=True, kw_only=True)(cls)

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """The declared settings, in the order in which they are echoed."""
        return _fields(cast("Hashable", cls))

    @classmethod
    def take(cls, raw: MutableMapping[str, Any], problems: list[str], scope: str, *, kept: bool = False) -> Self | None:
        """Take the declared settings out of `raw`; what is left there is unknown. None if `problems` grew.

        Derived settings are taken only from what connote has `kept` itself.
        """
        before = len(problems)
        values = {
            field.name: _take(field, raw, problems, scope) for field in cls.fields() if kept or not field.about.derived
        }
        if len(problems) > before:
            return None
        settings = cast("Callable[..., Self]", cls)(**values)
        problems.extend(settings.problems(scope))
        return settings if len(problems) == before else None

    @classmethod
    def parse(cls, raw: Mapping[str, Any], scope: str, *, owner: str, kept: bool = False) -> Self:
        """The settings in `raw`. Raises Invalid with all problems, or Rejected for keys that `owner` does not know."""
        rest, problems = dict(raw), list[str]()
        settings = cls.take(rest, problems, scope, kept=kept)
        if settings is None:
            # What is missing may be there under a name that is not known.
            raise Invalid(problems + [f"[{scope}] does not allow the setting [{name}]" for name in list(rest)[:5]])
        refuse_unknown(rest, owner)
        return settings

    def problems(self, scope: str) -> list[str]:  # noqa: ARG002 (for subclasses)
        """What is wrong with the settings taken together; nothing, unless a subclass says more."""
        return []

    def wire(self) -> dict[str, Any]:
        """The settings as GET echoes them: without secrets, and those that are hidden or not set."""
        return {name: value for name, value in self.plain().items() if not self._hides(name)}

    def plain(self) -> dict[str, Any]:
        """The settings as they are kept: all that are set, but for secrets."""
        values = ((field.name, getattr(self, field.name)) for field in self.fields() if not field.is_secret)
        return {name: _plain(value) for name, value in values if value is not None}

    def secrets(self) -> dict[str, Any]:
        """The secrets that are set, revealed: to be sealed."""
        values = ((field.name, getattr(self, field.name)) for field in self.fields() if field.is_secret)
        return {name: value.reveal() for name, value in values if value is not None}

    def secret_texts(self) -> list[str]:
        """What must be taken out of every text that is shown, longest first."""
        held = (getattr(self, field.name) for field in self.fields() if field.is_secret)
        return sorted((text for secret in held if secret is not None for text in secret.texts()), key=len, reverse=True)

    @classmethod
    def _hides(cls, name: str) -> bool:
        return any(field.name == name and field.about.hidden for field in cls.fields())


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
    items = get_args(kind)[-1] if get_args(kind) else None
    items = get_origin(items) or items
    return Field(name, get_origin(kind) or kind, about, default, items)


def _take(field: Field, raw: MutableMapping[str, Any], problems: list[str], scope: str) -> Any:  # noqa: ANN401
    value = raw.pop(field.name, None)
    if value is None:
        if field.required and field.about.unless not in raw:
            problems.append(f"[{scope}] does not contain the required setting [{field.name}]")
        return None if field.required else field.default
    if issubclass(field.kind, Settings):
        return _take_nested(field, value, problems)
    if not _is_a(value, field.json):
        # A secret of a wrong type may be a secret all the same.
        shown = "***" if field.is_secret else java(value)
        problems.append(
            f"field [{field.name}] is not of the expected type. "
            f"The value [{shown}] cannot be converted to a [{_JAVA_NAMES[field.json]}]"
        )
        return None
    problems.extend(_out_of_bounds(field, value, scope))
    return cast("type[Secret]", field.kind)(value) if field.is_secret else value


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
    if value == "" and field.json is str:
        return [f"[{scope}] Invalid value empty string. [{field.name}] must be a non-empty string"]
    if field.about.url:
        return _wrong_url(field, value, scope)
    if field.json in (list, dict):
        return _wrong_items(field, value, scope)
    return _wrong_value(field, value, scope)


def _wrong_value(field: Field, value: Any, scope: str) -> list[str]:  # noqa: ANN401
    about, name = field.about, field.name
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


def wrong_url(value: str) -> str | None:
    """Why that cannot be a URL to ask; None if it can."""
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_fine = urlsplit(""), True
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        return "it must be a whole address such as https://example.org/path"
    if parts.username is not None or parts.password is not None:
        return _WITH_USER
    if not value.isascii() or any(character <= " " or character == "\x7f" for character in value):
        return "it has characters that must be percent-encoded"
    return None


def _wrong_url(field: Field, value: str, scope: str) -> list[str]:
    reason = wrong_url(value)
    shown = "" if reason == _WITH_USER else f" [{value}]"
    return [f"[{scope}] Invalid url{shown} received for field [{field.name}]. Error: {reason}"] if reason else []


def _wrong_items(field: Field, value: Any, scope: str) -> list[str]:  # noqa: ANN401
    wanted = str if field.is_secret else field.items
    held = value.values() if isinstance(value, Mapping) else value
    if wanted not in _JAVA_NAMES or all(_is_a(item, wanted) for item in held):
        return []
    shown, name = "***" if field.is_secret else java(value), _JAVA_NAMES[wanted]
    return [f"[{scope}] Invalid value [{shown}]. [{field.name}] must hold values of type [{name}] only"]


def _plain(value: Any) -> Any:  # noqa: ANN401
    return value.wire() if isinstance(value, Settings) else value
