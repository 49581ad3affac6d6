"""The grammar of simple_query_string, in which no text is wrong.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-simple-query-string-query
"""

import re
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.query.boolean import Bool
from connote.search.query.query import MatchAll, MatchNone, Query
from connote.search.query.style import Style

MOST_DEPTH = 50
_ALL = frozenset(
    ("AND", "ESCAPE", "FUZZY", "NEAR", "NOT", "OR", "PHRASE", "PRECEDENCE", "PREFIX", "SLOP", "WHITESPACE")
)
_BITS = ("AND", "NOT", "OR", "PREFIX", "PHRASE", "PRECEDENCE", "ESCAPE", "WHITESPACE", "FUZZY", "NEAR")
# Each sign, and the flag that gives it its meaning.
_SIGNS = {"+": "AND", "|": "OR", "-": "NOT", '"': "PHRASE", "(": "PRECEDENCE", ")": "PRECEDENCE"}


def flags(given: Any) -> frozenset[str]:  # noqa: ANN401 (JSON)
    """The operators of `OR|AND|PREFIX`, ALL or NONE, or of a number. Raises IllegalArgument."""
    if given is None or given == -1:
        return _ALL
    if isinstance(given, int) and not isinstance(given, bool):
        return frozenset(name for at, name in enumerate(_BITS) if given >> at & 1)
    names = {each.strip().upper() for each in str(given).split("|") if each.strip()}
    if wrong := names - _ALL - {"ALL", "NONE"}:
        raise IllegalArgument(f"Unknown simple_query_string flag [{java(min(wrong))}]")
    return _ALL if "ALL" in names or not names else frozenset(names - {"NONE"})


def parse(text: str, style: Style) -> Query:
    """What a text says; what makes no sense in it is left out."""
    found = _Parser(text, style).clauses(0)
    if isinstance(found, Bool) and style.least is not None and found.should:
        return Bool(must=found.must, should=found.should, never=found.never, least=style.least)
    return found


class _Parser:
    """From left to right; an operator other than the one before takes all that was read as its first part."""

    def __init__(self, text: str, style: Style) -> None:
        self._text, self._style, self._at = text, style, 0

    def clauses(self, depth: int) -> Query:
        """To the end, or to the bracket that closes."""
        if depth > MOST_DEPTH:
            raise BadQuery("[simple_query_string] the query is nested too deeply")
        read: list[Query] = []
        operator, before, is_not = "", "", False
        while self._at < len(self._text):
            letter = self._text[self._at]
            sign = letter if _SIGNS.get(letter) in self._style.flags else ""
            if letter.isspace() or sign in ("+", "|"):
                operator, self._at = {"+": "and", "|": "or"}.get(sign, operator), self._at + 1
                continue
            if sign == "-":
                is_not, self._at = not is_not, self._at + 1
                continue
            if sign == ")":
                self._at += 1
                if depth:
                    break
                continue
            found = self._one(sign, depth)
            if found is None:
                continue
            if is_not:
                found = Bool(never=[found], must=[MatchAll()])
            operator = operator or self._style.operator
            if before and before != operator:
                read = [_joined(read, before)]
            read.append(found)
            before, operator, is_not = (operator if len(read) > 1 else ""), "", False
        return _joined(read, before)

    def _one(self, sign: str, depth: int) -> Query | None:
        """A bracket, a phrase or a word."""
        if sign == "(":
            self._at += 1
            return self.clauses(depth + 1)
        if sign == '"':
            return self._phrase()
        ends = "".join(re.escape(each) for each, flag in _SIGNS.items() if flag in self._style.flags and each != "-")
        found = re.compile(rf"(?:[^\s{ends}\\]|\\.|\\$)+", re.DOTALL).match(self._text, self._at)
        if found is None:
            self._at += 1
            return None
        self._at = found.end()
        return self._word(found[0])

    def _phrase(self) -> Query | None:
        found = re.compile(r'"((?:[^"\\]|\\.)*)"(?:~(\d{1,6}))?', re.DOTALL).match(self._text, self._at)
        if found is None:  # it never ends, so that the sign means nothing
            self._at += 1
            return None
        self._at = found.end()
        return self._style.phrase(_plain(found[1]), self._style.fields, int(found[2]) if found[2] else None)

    def _word(self, text: str) -> Query:
        style = self._style
        if text.endswith("*") and len(text) > 1 and text[-2] != "\\" and "PREFIX" in style.flags:
            return style.prefix(_plain(text[:-1]), style.fields)
        fuzzy = re.fullmatch(r"(.+)~(\d?)", text, re.DOTALL)
        if fuzzy and "FUZZY" in style.flags:
            return style.fuzzy(_plain(fuzzy[1]), style.fields, str(min(int(fuzzy[2] or 2), 2)))
        return style.words(_plain(text), style.fields)


def _joined(read: list[Query], operator: str) -> Query:
    if len(read) < 2:
        return read[0] if read else MatchNone()
    return Bool(must=read) if operator == "and" else Bool(should=read)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
