"""Users' regular expressions: Java's, run by the `regex` library, which can stop them after a while."""

from collections.abc import Iterator, Sequence

import regex

from connote.contract.errors import IllegalArgument

MAX_LENGTH = 1000  # characters of an expression
_TIME = 2.0  # seconds for a text

_FLAGS = {
    "CASE_INSENSITIVE": regex.IGNORECASE,
    "MULTILINE": regex.MULTILINE,
    "DOTALL": regex.DOTALL,
    "UNICODE_CASE": 0,
    "CANON_EQ": 0,
    "UNIX_LINES": 0,
    "LITERAL": 0,
    "COMMENTS": regex.VERBOSE,
    "UNICODE_CHAR_CLASS": 0,
    "UNICODE_CHARACTER_CLASS": 0,
}
# What Java means by these, where `regex` means all of Unicode or nothing.
_CLASSES = {
    r"\d": "[0-9]",
    r"\D": "[^0-9]",
    r"\s": r"[ \t\n\x0b\f\r]",
    r"\S": r"[^ \t\n\x0b\f\r]",
    r"\w": "[a-zA-Z_0-9]",
    r"\W": "[^a-zA-Z_0-9]",
    r"\h": r"[ \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]",
    r"\H": r"[^ \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]",
    r"\v": r"[\n\x0b\f\r\x85\u2028\u2029]",
    r"\V": r"[^\n\x0b\f\r\x85\u2028\u2029]",
    r"\z": r"\Z",
    r"\Z": r"(?=\n?\Z)",
    r"\e": r"\x1b",
}
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`\{-~",
    "Graph": "!-~",
    "Print": r"\x20-~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
_ESCAPE = regex.compile(r"\\Q(?<quoted>.*?)(?:\\E|\Z)|\\[pP]\{(?<name>[^}]*)\}|\\.|(?<open>\[)", regex.DOTALL)


class Pattern:
    """A user's expression. Raises IllegalArgument if it is none, and when it takes too long."""

    def __init__(self, text: str, flags: str | None = None, *, where: str) -> None:
        """`where` is the setting that it is of, for errors; `flags` are Java's names, joined by `|`."""
        self.text, self.where = text, where
        if len(text) > MAX_LENGTH:
            raise IllegalArgument(f"[{where}] has {len(text)} characters; at most {MAX_LENGTH} are allowed")
        names = [name.strip() for name in (flags or "").split("|") if name.strip()]
        unknown = [name for name in names if name.upper() not in _FLAGS]
        if unknown:
            raise IllegalArgument(f"Unknown regex flag [{unknown[0]}]")
        written = regex.escape(text) if "LITERAL" in map(str.upper, names) else _translated(text)
        value = regex.V1
        for name in names:
            value |= _FLAGS[name.upper()]
        try:
            self._compiled = regex.compile(written, value)
        except (regex.error, RecursionError, OverflowError, ValueError) as error:
            raise IllegalArgument(f"[{where}] is no regular expression: [{text}]: {error}") from None

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return self._compiled.groups

    @property
    def names(self) -> Sequence[str]:
        """The names of its groups."""
        return list(self._compiled.groupindex)

    def finditer(self, text: str) -> Iterator[regex.Match[str]]:
        """The matches in a text, one after another."""
        try:
            yield from self._compiled.finditer(text, timeout=_TIME, concurrent=True)
        except TimeoutError:
            raise IllegalArgument(f"[{self.where}] took too long on a text: [{self.text}]") from None

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        try:
            return self._compiled.fullmatch(text, timeout=_TIME, concurrent=True) is not None
        except TimeoutError:
            raise IllegalArgument(f"[{self.where}] took too long on a text: [{self.text}]") from None


class Replacement:
    """Java's replacement for a match: `$1` and `${name}` are groups, a backslash makes what follows it plain."""

    def __init__(self, text: str, pattern: Pattern) -> None:
        self.parts: list[str | int] = []
        at = 0
        while at < len(text):
            if text[at] == "\\":
                if at + 1 == len(text):
                    raise IllegalArgument("character to be escaped is missing")
                self.parts.append(text[at + 1])
                at += 2
            elif text[at] == "$":
                at = self._group(text, at + 1, pattern)
            else:
                self.parts.append(text[at])
                at += 1

    def of(self, match: regex.Match[str]) -> str:
        """What stands for the match."""
        return "".join([part if isinstance(part, str) else match[part] or "" for part in self.parts])

    def _group(self, text: str, at: int, pattern: Pattern) -> int:
        found = _GROUP.match(text, at)
        if not found:
            raise IllegalArgument("Illegal group reference")
        if name := found["name"]:
            if name not in pattern.names:
                raise IllegalArgument(f"No group with name {{{name}}}")
            self.parts.append(pattern.names.index(name) + 1)
            return found.end()
        # As many digits as make a group that there is.
        digits = found["digits"]
        while len(digits) > 1 and int(digits) > pattern.groups:
            digits = digits[:-1]
        if int(digits) > pattern.groups:
            raise IllegalArgument(f"No group {digits}")
        self.parts.append(int(digits))
        return at + len(digits)


_GROUP = regex.compile(r"\{(?<name>[a-zA-Z][a-zA-Z0-9]*)\}|(?<digits>[0-9]{1,9})")


def _translated(text: str) -> str:
    return _ESCAPE.sub(_escape, text)


def _escape(found: regex.Match[str]) -> str:
    whole: str = found[0]
    if found["open"]:
        return whole
    if found["quoted"] is not None:
        return regex.escape(found["quoted"])
    if (name := found["name"]) is None:
        return _CLASSES.get(whole, whole)
    if name in _POSIX:
        return f"[{'^' if whole[1] == 'P' else ''}{_POSIX[name]}]"
    return f"{whole[:3]}{name.removeprefix('Is').removeprefix('java').removeprefix('blk=')}}}"
