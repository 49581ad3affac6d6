"""The tokens of a query, read one at a time, for what a token is depends on the command that it is in."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument

# Characters of a query.
MOST_CHARACTERS = 1_000_000

_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TOKEN = re.compile(
    r'(?P<raw>"""(?P<inner>.*?)"""(?!"))'
    r'|(?P<string>"(?:\\[tnr"\\]|[^\\"\r\n])*")'
    r"|(?P<decimal>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)"
    r"|(?P<integer>\d+)"
    r"|(?P<quoted>`(?:[^`]|``)*`)"
    r"|(?P<param>\?\??(?:[^\W\d]\w*|\d+)?)"
    r"|(?P<name>[^\W\d]\w*|@\w+)"
    r"|(?P<sign>::|==|=~|!=|<>|<=|>=|[-+*/%<>=(),.:|\[\]{};])",
    re.DOTALL | re.ASCII,
)
_PATTERN = re.compile(r"(?:[\w@*]+|`(?:[^`]|``)*`|\?\??\w*)(?:\.(?:[\w@*]+|`(?:[^`]|``)*`|\?\?\w+))*", re.ASCII)
_PART = re.compile(r"`((?:[^`]|``)*)`|\?\??(\w*)|([\w@*]+)", re.ASCII)
_INDEX = re.compile(r'"(?:\\.|[^\\"\r\n])*"|"""(?:.*?)"""|(?:<[^>\s|,]*>|[^\s|,"=\[\]()`])+', re.DOTALL)
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", '\\"': '"', "\\\\": "\\"}


@dataclass(frozen=True)
class Token:
    """`kind`: string, decimal, integer, quoted, param, name, sign or end."""

    kind: str
    text: str
    start: int
    end: int
    value: str = ""


@dataclass(frozen=True)
class Param:
    """What stands for a `?`: a value, or with `kind` identifier or pattern the name of a column or function."""

    value: Any
    kind: str = "value"


class Cursor:
    """Where the parser is. `named` params are by name, all are `listed` in their order."""

    def __init__(self, text: str, listed: Sequence[Param] = (), named: Mapping[str, Param] | None = None) -> None:
        if len(text) > MOST_CHARACTERS:
            raise BadQuery(f"ES|QL statement is too large [{len(text)} characters > {MOST_CHARACTERS}]")
        self.text, self.listed, self.named = text, listed, named or {}
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self.used = 0  # params without name or number
        self.last = 0  # where the token before ends
        self.token = self._read(0)

    def step(self) -> Token:
        """The next token; then the one behind it is next."""
        taken = self.token
        self.last, self.token = taken.end, self._read(taken.end)
        return taken

    def is_next(self, *texts: str) -> bool:
        """Whether the next token is one of these signs, or words however they are written."""
        return self.token.kind in ("sign", "name") and self.token.text.lower() in texts

    def take(self, *texts: str) -> str | None:
        """The next token, if it is one of these."""
        return self.step().text.lower() if self.is_next(*texts) else None

    def expect(self, *texts: str) -> str:
        """Take one of these. Raises BadQuery if something else is next."""
        found = self.take(*texts)
        if found is None:
            raise self.unexpected(*texts)
        return found

    def unexpected(self, *wanted: str) -> BadQuery:
        """The error of another token than is wanted."""
        found = "<EOF>" if self.token.kind == "end" else self.token.text[:100]
        listed = ", ".join(each if each.startswith("<") else f"'{each}'" for each in wanted)
        told = f"{{{listed}}}" if len(wanted) > 1 else listed
        return self.fault(f"mismatched input '{found}' expecting {told}")

    def fault(self, why: str, start: int | None = None) -> BadQuery:
        """An error at a place; without one at the next token."""
        return BadQuery(f"line {self.at(self.token.start if start is None else start)}: {why}")

    def at(self, start: int) -> str:
        """Line and column, both from 1, of a place."""
        line = bisect_right(self._lines, start)
        return f"{line}:{start - self._lines[line - 1] + 1}"

    def string(self) -> str:
        """Take a string, or a param for one. Raises BadQuery."""
        if self.token.kind == "param":
            start, found = self.token.start, self.param(self.step())
            if not isinstance(found.value, str):
                raise self.fault(f"a string is needed, not [{found.value}]", start)
            return found.value
        if self.token.kind != "string":
            raise self.unexpected("<string>")
        return self.step().value

    def index(self) -> str:
        """Take the name or pattern of an index. Raises BadQuery."""
        found = _INDEX.match(self.text, self.token.start)
        if found is None or not found[0]:
            raise self.unexpected("<index>")
        name = found[0]
        self._jump(found.end())
        return _unquoted(name) if name.startswith('"') else name

    def pattern(self) -> str:
        """Take the name of a column, which may hold `*`. Raises BadQuery."""
        found = _PATTERN.match(self.text, self.token.start)
        if found is None:
            raise self.unexpected("<identifier>")
        start, parts = self.token.start, list[str]()
        for part in _PART.finditer(found[0]):
            if part[1] is not None:
                parts.append(part[1].replace("``", "`").replace("*", "\0"))  # a star in quotes means itself
            elif part[0].startswith("?"):
                given = self.param(Token("param", part[0], start, found.end()))
                parts.append(str(given.value) if given.kind != "identifier" else str(given.value).replace("*", "\0"))
            else:
                parts.append(part[3])
        self._jump(found.end())
        return ".".join(parts)

    def name(self) -> str:
        """Take the full name of a column, without `*`. Raises BadQuery."""
        start, found = self.token.start, self.pattern()
        if "*" in found:
            raise self.fault(f"Using wildcards [*] is not allowed here [{found}]", start)
        return found.replace("\0", "*")

    def param(self, token: Token) -> Param:
        """What a param stands for. Raises BadQuery."""
        key = token.text.lstrip("?")
        found: Param | None = None
        if not key:
            found = self.listed[self.used] if self.used < len(self.listed) else None
            self.used += 1
        elif key.isdigit():
            found = self.listed[int(key) - 1] if 0 < int(key[:9]) <= len(self.listed) else None
        else:
            found = self.named.get(key)
        if found is None:
            told = f"Unknown query parameter [{key}]" if key else "Not enough actual parameters"
            raise self.fault(f"{told} {len(self.listed)}" if not key else told, token.start)
        if token.text.startswith("??") and found.kind == "value":
            return Param(found.value, "identifier")
        return found

    def _jump(self, end: int) -> None:
        self.last, self.token = end, self._read(end)

    def _read(self, start: int) -> Token:
        blank = _BLANK.match(self.text, start)
        start = blank.end() if blank else start
        if start >= len(self.text):
            return Token("end", "", len(self.text), len(self.text))
        found = _TOKEN.match(self.text, start)
        if found is None:
            # Not all that stands in a query is a token: names of indices and patterns are read otherwise.
            return Token("other", self.text[start], start, start + 1)
        kind = str(found.lastgroup)
        text = found[0]
        if found["raw"] is not None:
            return Token("string", text, start, found.end(), found["inner"])
        value = _unquoted(text) if kind == "string" else text[1:-1].replace("``", "`") if kind == "quoted" else text
        return Token(kind, text, start, found.end(), value)


def _unquoted(text: str) -> str:
    if text.startswith('"""'):
        return text[3:-3]
    return re.sub(r'\\[tnr"\\]', lambda found: _ESCAPES[found[0]], text[1:-1])


def params(given: Any) -> tuple[list[Param], dict[str, Param]]:  # noqa: ANN401 (JSON)
    """The `params` of a request, in order and by name. Raises IllegalArgument."""
    listed, named = list[Param](), dict[str, Param]()
    if given is None:
        return listed, named
    if not isinstance(given, list):
        raise IllegalArgument("[params] must be an array")
    for each in given:
        if not isinstance(each, dict):
            listed.append(Param(each))
            continue
        for key, value in each.items():
            named[key] = _named(key, value)
            listed.append(named[key])
    return listed, named


def _named(key: str, value: Any) -> Param:  # noqa: ANN401
    if not isinstance(value, dict):
        return Param(value)
    if len(value) != 1 or not value.keys() <= {"value", "identifier", "pattern"}:
        raise IllegalArgument(f"[{key}] of [params] must be a value, or one of [value, identifier, pattern]")
    ((kind, inner),) = value.items()
    if kind != "value" and not isinstance(inner, str):
        raise IllegalArgument(f"[{key}] is not a valid value for {kind.upper()} parameter, a text is needed")
    return Param(inner, kind)
