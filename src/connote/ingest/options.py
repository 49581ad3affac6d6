"""The options of one processor, read in Elasticsearch's words for what is wrong with them."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connote.contract.errors import BadScript, IllegalArgument, ParseFailed, Rejected
from connote.contract.settings import java
from connote.ingest import painless, path
from connote.ingest.document import Document
from connote.ingest.painless import Kept, Script, kept
from connote.ingest.painless.values import java_class
from connote.ingest.path import Path
from connote.ingest.template import ESCAPES, JSON, Template

if TYPE_CHECKING:
    from connote.ingest.enrich import Lookup
    from connote.ingest.pipeline import Node, Pipeline

Value = Any
# What an option is for a document: the same for all, or filled in from its fields.
Text = Callable[[Document], str]

_REQUIRED = object()
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_MOST_VALUES = 10_000


class Options:
    """Options are taken one by one; `end` refuses those that nobody took."""

    def __init__(
        self,
        type: str,
        config: Mapping[str, Value],
        nested: "Callable[[Value, str], Node]",
        find: "Callable[[str], Pipeline | None]",
        lookup: "Callable[[str], Lookup | None]" = lambda _: None,
    ) -> None:
        self.type, self._left, self.nested, self.find, self.lookup = type, dict(config), nested, find, lookup
        self.tag: str | None = None
        self.tag = self.text("tag", None)

    def failure(self, name: str | None, reason: str) -> ParseFailed:
        """The error of an option, or of the processor."""
        error = ParseFailed(reason if name is None else f"[{name}] {reason}")
        error.details = self.about(name)
        return error

    def about(self, name: str | None = None) -> dict[str, str]:
        """Which processor it is, as errors tell it."""
        told = {"property_name": name, "processor_type": self.type, "processor_tag": self.tag}
        return {key: value for key, value in told.items() if value is not None}

    def end(self) -> None:
        """Raise ParseFailed for options that the processor does not have."""
        if self._left:
            raise self.failure(
                None,
                f"processor [{self.type}] doesn't support one or more provided configuration parameters "
                f"[{', '.join(self._left)}]",
            )

    def value(self, name: str, default: Value = _REQUIRED) -> Value:
        """Any JSON. Raises ParseFailed if it is required and missing."""
        found = self._left.pop(name, None)
        if found is not None:
            return found
        if default is _REQUIRED:
            raise self.failure(name, "required property is missing")
        return default

    def _typed(self, name: str, kind: type | tuple[type, ...], told: str, default: Value) -> Value:
        found = self.value(name, default)
        if found is not default and not isinstance(found, kind):
            raise self.failure(name, f"property isn't {told}, but of type [{java_class(found)}]")
        return found

    def text(self, name: str, default: Value = _REQUIRED) -> Any:  # noqa: ANN401
        """A string."""
        return self._typed(name, str, "a string", default)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean, which may be written as a string."""
        found = self.value(name, default)
        if found in ("true", "false"):
            return bool(found == "true")
        if not isinstance(found, bool):
            raise self.failure(name, f"property isn't a boolean, but of type [{java_class(found)}]")
        return found

    def whole(self, name: str, default: int) -> int:
        """A number without a fraction, which may be written as a string."""
        found = self.value(name, default)
        if isinstance(found, str) and _WHOLE.fullmatch(found):
            return int(found)
        if type(found) is not int:
            raise self.failure(name, f"property cannot be converted to an int [{java(found)[:100]}]")
        return found

    def map(self, name: str, default: Value = _REQUIRED) -> Any:  # noqa: ANN401
        """An object."""
        return self._typed(name, dict, "a map", default)

    def list(self, name: str, default: Value = _REQUIRED) -> Any:  # noqa: ANN401
        """An array."""
        return self._typed(name, list, "a list", default)

    def texts(self, name: str, default: Value = _REQUIRED) -> Any:  # noqa: ANN401
        """One string or an array of strings."""
        found = self.value(name, default)
        items = found if isinstance(found, list) else [found]
        if found is not default and not all(isinstance(item, str) for item in items):
            raise self.failure(name, "property isn't a string or a list of strings")
        return default if found is default else items

    def choice(self, name: str, choices: "Mapping[str, Value]", default: str) -> str:
        """One of several strings."""
        found = self.text(name, default)
        if found not in choices:
            raise self.failure(name, f"property must be one of [{', '.join(choices)}], not [{found}]")
        return str(found)

    # --- what is filled in from a document

    def template(self, name: str, default: Value = _REQUIRED) -> Text:
        """A string in which `{{field}}` stands for a field's value."""
        return self.filled(name, self.text(name, default))

    def filled(self, name: str, source: str) -> Text:
        """A template of that text."""
        made = self._template(name, source, JSON)
        return lambda document: made.render(document.ctx)

    def field(self, name: str = "field", default: Value = _REQUIRED) -> Callable[[Document], Path]:
        """The path of a field, in which `{{field}}` may stand too."""
        return self.path(name, self.text(name, default))

    def path(self, name: str, source: str) -> Callable[[Document], Path]:
        """The path that a template gives."""
        made = self._template(name, source, JSON)
        if not made.constant:
            return lambda document: path.parse(made.render(document.ctx))
        fixed = self.fixed(name, source)
        return lambda _: fixed

    def fixed(self, name: str, source: str) -> Path:
        """A path that is the same for all documents."""
        try:
            return path.parse(source)
        except IllegalArgument as error:
            raise self.failure(name, error.reason) from None

    def _template(self, name: str, source: str, media_type: str) -> Template:
        try:
            return Template(source, media_type)
        except IllegalArgument as error:
            raise self.failure(name, f"Invalid template: {error.reason}") from None

    def values(self, name: str, value: Value, media_type: str = JSON) -> Callable[[Document], Value]:
        """A value in whose strings, at any depth, `{{field}}` stands for a field's value. Each call makes a new one."""
        if isinstance(value, str):
            made = self._template(name, value, media_type)
            return (lambda _: value) if made.constant else (lambda document: made.render(document.ctx))
        if isinstance(value, list):
            items = [self.values(name, item, media_type) for item in value]
            return lambda document: [item(document) for item in items]
        if isinstance(value, dict):
            pairs = [(self.filled(name, key), self.values(name, item, media_type)) for key, item in value.items()]
            return lambda document: {key(document): item(document) for key, item in pairs}
        return lambda _: value

    def media_type(self) -> str:
        """How `{{field}}` is escaped."""
        return self.choice("media_type", ESCAPES, JSON)

    # --- scripts

    def condition(self) -> tuple[str, Callable[[Document], bool]] | None:
        """The script of `if` and its source; None if there is none."""
        given = self.value("if", None)
        if given is None:
            return None
        config = {"source": given} if isinstance(given, str) else given
        if not isinstance(config, dict):
            raise self.failure("if", f"property isn't a script, but of type [{java_class(given)}]")
        inner = Options(self.type, config, self.nested, self.find)
        inner.tag = self.tag
        script, params = inner.script()
        inner.end()
        if not script.changes:
            return script.source, lambda document: script.test(ctx=document.ctx, params=params)
        # What a condition changes is no change of the document.
        return script.source, lambda document: script.test(ctx=path.copied(document.ctx), params=path.copied(params))

    def script(self) -> tuple[Script, dict[str, Value]]:
        """The script in `source`, or the one that is kept as `id`, and its `params`. Raises what is wrong with it."""
        source, lang, id = self.text("source", None), self.text("lang", "painless"), self.text("id", None)
        params = self.map("params", None) or {}
        self.map("options", None)
        if lang != "painless":
            raise self.failure("lang", f"script_lang not supported [{lang}]; only [painless] is")
        if (source is None) == (id is None):
            raise self.failure("source", "required property is missing" if id is None else "give [source] or [id]")
        try:
            if source is not None:
                return painless.compiled(source), params
            if kept.is_known():
                painless.compiled(kept.source(str(id)))
            return Kept(str(id)), params
        except BadScript as error:
            error.details = {**error.details, **self.about()}
            raise


def checked(errors: "list[Rejected]") -> None:
    """Raise the first of the errors, with the others beside it."""
    if errors:
        first = errors[0]
        if len(errors) > 1:
            first.details = {**first.details, "suppressed": [error.told() for error in errors[1:20]]}
        raise first
