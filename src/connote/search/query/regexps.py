"""Lucene's regular expressions as those of the library `regex`.

https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax
"""

import re
from collections.abc import Callable

from connote.contract.errors import IllegalArgument

_FLAGS = ("ALL", "NONE", "COMPLEMENT", "EMPTY", "INTERSECTION", "INTERVAL", "ANYSTRING", "AUTOMATON")
_SHARED = "()|*+?.{}[]"
_MOST_NUMBERS = 10_000  # of an interval


def expression(text: str, flags: str = "ALL") -> str:
    """The expression, to be matched against whole terms. Raises IllegalArgument for what cannot be translated."""
    names = [each.strip() for each in flags.split("|")]
    if wrong := [each for each in names if each not in _FLAGS]:
        raise IllegalArgument(f"Unknown regexp flag [{wrong[0]}]")
    return _Translation(text, names).whole()


class _Translation:
    def __init__(self, text: str, flags: list[str]) -> None:
        self._text, self._at, self._flags = text, 0, flags

    def whole(self) -> str:
        """The parts of an intersection, each of which must fit."""
        parts, depth = [""], 0
        while self._at < len(self._text):
            letter = self._text[self._at]
            depth += (letter == "(") - (letter == ")")
            if letter == "&" and self._has("INTERSECTION"):
                if depth:
                    raise self._unsupported("& within brackets")
                parts.append("")
                self._at += 1
            elif letter == "~" and self._has("COMPLEMENT"):
                self._at += 1
                parts[-1] += f"(?!(?:{self._rest(depth)})\\Z).*"
            else:
                parts[-1] += self._unit(letter)
        *others, last = parts
        return "".join(f"(?=(?:{each})\\Z)" for each in others) + f"(?:{last})"

    def _has(self, flag: str) -> bool:
        return flag in self._flags or "ALL" in self._flags

    def _unit(self, letter: str) -> str:
        self._at += 1
        match letter:
            case "\\":
                made = self._escaped()
            case '"':
                made = self._until('"', re.escape)
            case "[":
                made = self._class()
            case "@" if self._has("ANYSTRING"):
                made = ".*"
            case "#" if self._has("EMPTY"):
                made = "(?!)"
            case "<" if self._has("INTERVAL"):
                made = self._until(">", self._interval)
            case "(":
                made = "(?:"
            case _:
                made = letter if letter in _SHARED else re.escape(letter)
        return made

    def _escaped(self) -> str:
        if self._at == len(self._text):
            raise IllegalArgument(f"failed to parse regular expression [{self._text}]: it ends in a backslash")
        letter = self._text[self._at]
        self._at += 1
        return f"\\{letter}" if letter in "dDsSwW" else re.escape(letter)

    def _until(self, end: str, made: Callable[[str], str]) -> str:
        close = self._text.find(end, self._at)
        if close < 0:
            raise IllegalArgument(f"failed to parse regular expression [{self._text}]: expected '{end}'")
        inner, self._at = self._text[self._at : close], close + 1
        return made(inner)

    def _class(self) -> str:
        made = "["
        if self._text[self._at : self._at + 1] == "^":
            made, self._at = "[^", self._at + 1
        while self._at < len(self._text):
            letter = self._text[self._at]
            self._at += 1
            if letter == "]":
                return made + "]"
            made += self._escaped() if letter == "\\" else letter if letter == "-" else re.escape(letter)
        raise IllegalArgument(f"failed to parse regular expression [{self._text}]: expected ']'")

    def _interval(self, inner: str) -> str:
        found = re.fullmatch(r"(\d{1,18})-(\d{1,18})", inner, re.ASCII)
        if found is None:
            raise IllegalArgument(f"failed to parse regular expression [{self._text}]: interval syntax error [{inner}]")
        low, high = sorted((int(found[1]), int(found[2])))
        if high - low > _MOST_NUMBERS:
            raise self._unsupported(f"an interval of more than {_MOST_NUMBERS} numbers")
        width = len(found[1]) if len(found[1]) == len(found[2]) else 0
        zeros = "" if width else "0*"
        return f"(?:{zeros}(?:{'|'.join(str(number).zfill(width) for number in range(low, high + 1))}))"

    def _rest(self, depth: int) -> str:
        """What a complement is of: the rest of the expression, if it is one unit."""
        rest = self._text[self._at :]
        is_one = len(rest) == 1 or (rest.startswith("(") and rest.endswith(")") and _closes(rest) == len(rest) - 1)
        if depth or not is_one:
            raise self._unsupported("~ before anything but the last character or bracket")
        self._at = len(self._text)
        inner = rest[1:-1] if rest.startswith("(") else rest
        return expression(inner, "|".join(self._flags))

    def _unsupported(self, what: str) -> IllegalArgument:
        return IllegalArgument(f"the regular expression [{self._text}] has what connote does not support: {what}")


def _closes(text: str) -> int:
    """Where the bracket that a text begins with is closed."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return at
    return -1
