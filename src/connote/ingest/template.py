"""Mustache templates: variables and sections, and Elasticsearch's `toJson`, `join` and `url`.

https://mustache.github.io/mustache.5.html without partials and lambdas. `{{name}}` is escaped as its
media type wants, `{{{name}}}` and `{{&name}}` are not.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import orjson

from connote.contract.errors import IllegalArgument
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import text as shown

Value = Any
Part = Callable[[list[Value], list[int]], str]

JSON, TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"
_BRACES = ("{{", "}}")
_TAG = re.compile(r"\{\{\{([^{}]*)\}\}\}|\{\{([^{}]*)\}\}")
_MOST_DEPTH = 20
# Characters of what a template gives, and sections that it runs through.
_MOST_TEXT, _MOST_TURNS = 10_000_000, 100_000


def _json_escaped(text: str) -> str:
    return orjson.dumps(text.encode("utf-8", "replace").decode())[1:-1].decode()


ESCAPES: Mapping[str, Callable[[str], str]] = {
    JSON: _json_escaped,
    TEXT: lambda text: text,
    FORM: lambda text: quote_plus(text, errors="replace"),
}


class _Tag(NamedTuple):
    """Where a tag stands, its sign (`#`, `^`, `/`, `&`, `!`, `=` or none), and what it says."""

    start: int
    end: int
    sign: str
    key: str


class Template:
    """A template, compiled. Raises IllegalArgument for one that is malformed."""

    def __init__(self, source: str, media_type: str = JSON) -> None:
        self.source, self._escape = source, ESCAPES[media_type]
        self._tags = list(_tags(source))
        self.constant = not self._tags
        self._next = 0
        self._parts = self._section(None, 0, 0)

    def render(self, values: Mapping[str, Value]) -> str:
        """The text with these values. Raises IllegalArgument if it becomes too long."""
        if self.constant:
            return self.source
        try:
            return _joined(self._parts, [values], [_MOST_TEXT, _MOST_TURNS])
        except Fault as fault:
            raise IllegalArgument(f"the template [{self.source[:100]}] gives too long a text: {fault}") from None

    def _section(self, name: str | None, start: int, depth: int) -> list[Part]:
        """The parts up to the tag that ends this section."""
        if depth > _MOST_DEPTH:
            raise IllegalArgument(f"sections are nested more than {_MOST_DEPTH} deep")
        parts = list[Part]()
        while self._next < len(self._tags):
            tag = self._tags[self._next]
            self._next += 1
            parts.append(_literal(self.source[start : tag.start]))
            sign, key, start = tag.sign, tag.key, tag.end
            if sign == "/":
                if key != name:
                    raise IllegalArgument(f"the section [{name}] of a template is closed by [{key}]")
                self._end, self._begin = start, tag.start
                return parts
            if sign in ("#", "^"):
                parts.append(self._opened(sign, key, start, depth))
                start = self._end
            elif sign not in ("!", "="):
                parts.append(_variable(key, self._escape if sign != "&" else ESCAPES[TEXT]))
        if name is not None:
            raise IllegalArgument(f"the section [{name}] of a template is not closed")
        self._end = len(self.source)
        return [*parts, _literal(self.source[start:])]

    def _opened(self, sign: str, key: str, start: int, depth: int) -> Part:
        inner = self._section(key, start, depth + 1)
        body = self.source[start : self._begin].strip()
        if key == "toJson":
            return _as_json(body)
        if key == "join" or key.startswith("join "):
            found = re.search(r"delimiter\s*=\s*'([^']*)'", key)
            return _as_list(body, found[1] if found else ",")
        if key == "url":
            return _quoted(inner)
        return _repeated(key, inner) if sign == "#" else _absent(key, inner)


def _tags(source: str) -> Iterator[_Tag]:
    """All tags. One with `=` says between what the next ones stand: `{{=<% %>=}}`. Raises IllegalArgument."""
    ends, at = _BRACES, 0
    while (tag := _braced(source, at) if ends == _BRACES else _between(source, at, *ends)) is not None:
        yield tag
        at = tag.end
        if tag.sign == "=":
            given = tag.key.removesuffix("=").split()
            if len(given) != 2 or "=" in "".join(given):
                raise IllegalArgument(f"the delimiters of a template must be two, as in <% %>, not [{tag.key[:100]}]")
            ends = (given[0], given[1])


def _braced(source: str, at: int) -> _Tag | None:
    found = _TAG.search(source, at)
    if found is None:
        return None
    if found[1] is not None:
        return _Tag(found.start(), found.end(), "&", found[1].strip())
    return _Tag(found.start(), found.end(), *_signed(found[2]))


def _between(source: str, at: int, first: str, last: str) -> _Tag | None:
    start = source.find(first, at)
    end = source.find(last, start + len(first)) if start >= 0 else -1
    return None if end < 0 else _Tag(start, end + len(last), *_signed(source[start + len(first) : end]))


def _signed(text: str) -> tuple[str, str]:
    """The sign and the rest."""
    said = text.strip()
    return (said[0], said[1:].strip()) if said[:1] in tuple("#^/&!=") else ("", said)


def _literal(text: str) -> Part:
    return lambda _, left: _spent(text, left)


def _spent(text: str, left: list[int]) -> str:
    left[0] -= len(text)
    left[1] -= 1
    if min(left) < 0:
        raise IllegalArgument(f"a template may give at most {_MOST_TEXT} characters")
    return text


def _joined(parts: list[Part], scopes: list[Value], left: list[int]) -> str:
    return "".join([part(scopes, left) for part in parts])


def _variable(key: str, escape: Callable[[str], str]) -> Part:
    def part(scopes: list[Value], left: list[int]) -> str:
        value = found(scopes, key)
        return "" if value is None else _spent(escape(shown(value)), left)

    return part


def _repeated(key: str, inner: list[Part]) -> Part:
    def part(scopes: list[Value], left: list[int]) -> str:
        value = found(scopes, key)
        if value is None or value is False or value == []:
            return ""
        turns = value if isinstance(value, list) else [value]
        return "".join([_joined(inner, [*scopes, turn], left) for turn in turns])

    return part


def _absent(key: str, inner: list[Part]) -> Part:
    def part(scopes: list[Value], left: list[int]) -> str:
        value = found(scopes, key)
        return _joined(inner, scopes, left) if value is None or value is False or value == [] else ""

    return part


def _quoted(inner: list[Part]) -> Part:
    return lambda scopes, left: _spent(quote_plus(_joined(inner, scopes, left), errors="replace"), left)


def _as_json(key: str) -> Part:
    return lambda scopes, left: _spent(orjson.dumps(found(scopes, key)).decode(), left)


def _as_list(key: str, between: str) -> Part:
    def part(scopes: list[Value], left: list[int]) -> str:
        value = found(scopes, key)
        items = value if isinstance(value, list) else [] if value is None else [value]
        return _spent(between.join([_spent(shown(item), left) for item in items]), left)

    return part


def found(scopes: list[Value], key: str) -> Value:
    """The value of a dotted name, in the innermost section that has its first part; null if none has."""
    if key == ".":
        return scopes[-1]
    first, *rest = key.split(".")
    value: Value = None
    for scope in reversed(scopes):
        if isinstance(scope, Mapping) and first in scope:
            value = scope[first]
            break
    for name in rest:
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(value):
            value = value[int(name[:9])]
        else:
            return None
    return value
