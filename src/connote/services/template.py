"""Texts and JSON in which `${name}` stands for a value. What is put in its place is not looked at again."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from connote.contract.body import is_deeper

_NAME = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")
# How deep JSON may be: far below what its writer can take.
MOST_DEPTH = 64
_IS_NO_NAME = "a template is written ${name}; a name has letters, digits, and any of [_.-]"


@dataclass(frozen=True)
class Template:
    """A text with templates. `pieces` are text and name in turn, text first and last."""

    pieces: Sequence[str]

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> "Template":
        """The template that a text is. Raises ValueError for a `${` that begins no name."""
        pieces = _NAME.split(text)
        if any("${" in plain for plain in pieces[::2]):
            raise ValueError(_IS_NO_NAME)
        return Template(tuple(pieces))

    @property
    def names(self) -> Sequence[str]:
        """The names of the values that it needs."""
        return self.pieces[1::2]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with values in place of names."""
        return "".join(values[piece] if at % 2 else piece for at, piece in enumerate(self.pieces))


@dataclass(frozen=True)
class Slot:
    """Where a value belongs."""

    name: str


@dataclass(frozen=True)
class JsonTemplate:
    """JSON in which whole values are templates.

    It is parsed before it is filled: so a value, whatever it holds, never becomes anything but that one value.
    """

    tree: Any
    names: Sequence[str]

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> "JsonTemplate":
        """The template that a text is. Raises ValueError if it is no JSON, or if a template is only part of a value."""
        template = Template.parse(text)
        mark = secrets.token_hex(16)  # in no text of anybody who does not know it
        marked = template.fill({name: f'"{mark}{name}"' for name in template.names})
        try:
            parsed = orjson.loads(marked)
        except orjson.JSONDecodeError as error:
            raise ValueError(
                f"it must be JSON, with templates in place of whole values and no quotes around them: {error.msg}"
            ) from None
        if is_deeper(parsed, MOST_DEPTH):
            raise ValueError(f"it must not be deeper than {MOST_DEPTH} levels")
        return JsonTemplate(_with_slots(parsed, mark), template.names)

    def fill(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
        """The JSON with values in place of names; members and elements that have no value are left out."""
        return _filled(self.tree, values)


def _with_slots(value: Any, mark: str) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        if any(mark in name for name in value):
            raise ValueError("the name of a member cannot be a template")
        return {name: _with_slots(item, mark) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_slots(item, mark) for item in value]
    if isinstance(value, str) and mark in value:
        if not value.startswith(mark):
            raise ValueError("a template must be a whole value")
        return Slot(value.removeprefix(mark))
    return value


def _filled(value: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if isinstance(value, Slot):
        return values.get(value.name)
    if isinstance(value, dict):
        return {name: _filled(item, values) for name, item in value.items() if _has_value(item, values)}
    if isinstance(value, list):
        return [_filled(item, values) for item in value if _has_value(item, values)]
    return value


def _has_value(value: Any, values: Mapping[str, Any]) -> bool:  # noqa: ANN401
    return not isinstance(value, Slot) or values.get(value.name) is not None
