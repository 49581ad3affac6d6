"""The grammar of query_string, which is Lucene's.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-query-string-query
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from connote.contract.errors import BadQuery
from connote.search.query.boolean import Bool
from connote.search.query.patterns import Regexp, Wildcard
from connote.search.query.query import MatchAll, MatchNone, Query
from connote.search.query.ranges import Range
from connote.search.query.style import Fields, Style
from connote.search.query.term import Exists

MOST_DEPTH = 50
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<space>$)
    | (?P<and>AND(?=[\s(]|$)|&&) | (?P<or>OR(?=[\s(]|$)|\|\|) | (?P<not>NOT(?=[\s(]|$)|!)
    | (?P<plus>\+) | (?P<minus>-)
    | (?P<open>\() | (?P<close>\))
    | (?P<field>(?:[^\s:()"\[\]{}\\/~^+\-!<>]|\\.|(?<=\w)[-+])+)\s*:
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<range>[\[{]\s*(?:"[^"]*"|[^\s\]}]+)\s+TO\s+(?:"[^"]*"|[^\s\]}]+)\s*[\]}])
    | (?P<side>(?:>=|<=|>|<)\s*(?:"[^"]*"|[^\s()]+))
    | (?P<regex>/(?:[^/\\]|\\.)+/)
    | (?P<word>(?:[^\s()":\[\]{}^~\\]|\\.)+)
    | (?P<fuzzy>~\d*(?:\.\d+)?) | (?P<boost>\^\d*\.?\d+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_WILD = re.compile(r"(?:[^\\*?]|\\.)*[*?]", re.DOTALL)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int

    @property
    def is_plain(self) -> bool:
        """A word without wildcards."""
        return self.kind == "word" and not _WILD.match(self.text)


def parse(text: str, style: Style) -> Query:
    """What a text says. Raises BadQuery for one that cannot be read."""
    return _Parser(text, style).whole() if text.strip() else MatchNone()


def _tokens(text: str) -> list[_Token]:
    tokens, at = list[_Token](), 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.end() == at:
            raise _wrong(text, at)
        if found.lastgroup and found.lastgroup != "space":
            tokens.append(_Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
        at = found.end()
    return tokens


def _wrong(text: str, at: int) -> BadQuery:
    return BadQuery(f"Failed to parse query [{text[:200]}]: it cannot be read from character {at} on")


class _Parser:
    """By recursive descent. `clauses` as in Lucene: an operator changes what stands before it, too."""

    def __init__(self, text: str, style: Style) -> None:
        self._text, self._style, self._tokens, self._at = text, style, _tokens(text), 0

    def whole(self) -> Query:
        """All of it."""
        found = self._clauses(self._style.fields, 0)
        if self._at < len(self._tokens):
            raise _wrong(self._text, self._tokens[self._at].at)
        return found

    def _peek(self, *kinds: str) -> _Token | None:
        if self._at < len(self._tokens) and (not kinds or self._tokens[self._at].kind in kinds):
            return self._tokens[self._at]
        return None

    def _take(self, *kinds: str) -> _Token | None:
        token = self._peek(*kinds)
        self._at += token is not None
        return token

    def _clauses(self, fields: Fields, depth: int) -> Query:
        if depth > MOST_DEPTH:
            raise BadQuery(f"Failed to parse query [{self._text[:200]}]: it is nested too deeply")
        found: list[tuple[str, Query]] = []
        while self._peek() and not self._peek("close"):
            joined = token.kind if (token := self._take("and", "or")) else ""
            if joined and not found:
                raise _wrong(self._text, token.at if token else 0)
            if found and found[-1][0] != "never":
                if joined == "and":
                    found[-1] = ("must", found[-1][1])
                elif joined == "or" and self._style.operator == "and":
                    found[-1] = ("should", found[-1][1])
            sign = token.kind if (token := self._take("plus", "minus", "not")) else ""
            run = [] if joined or sign else self._run()
            queries = self._texts(run, fields) if run else [self._clause(fields, depth)]
            found += [(self._occurs(joined, sign), query) for query in queries]
        return self._bool(found, depth)

    def _occurs(self, joined: str, sign: str) -> str:
        if sign in ("minus", "not"):
            return "never"
        if self._style.operator == "and":
            return "should" if joined == "or" else "must"
        return "must" if sign == "plus" or joined == "and" else "should"

    def _bool(self, found: Sequence[tuple[str, Query]], depth: int) -> Query:
        must, should, never = ([query for kind, query in found if kind == each] for each in ("must", "should", "never"))
        if not found:
            return MatchNone()
        if len(found) == 1 and not never:
            return found[0][1]
        least = self._style.least if depth == 0 and should else None
        filters = () if must or should else (MatchAll(),)
        return Bool(must=must, should=should, filters=filters, never=never, least=least)

    def _run(self) -> list[str]:
        """Words that follow each other: they are one text, so that they may all be in one field."""
        words, at = list[str](), self._at
        while at < len(self._tokens) and self._tokens[at].is_plain:
            after = self._tokens[at + 1].kind if at + 1 < len(self._tokens) else ""
            if after in ("and", "or", "fuzzy", "boost"):
                break
            words.append(_plain(self._tokens[at].text))
            at += 1
        if len(words) < 2:
            return []
        self._at = at
        return words

    def _texts(self, words: Sequence[str], fields: Fields) -> list[Query]:
        """In a single field every word is a clause of its own."""
        if len(self._style.resolved(fields)) == 1:
            return [self._style.words(word, fields) for word in words]
        return [self._style.words(" ".join(words), fields)]

    def _clause(self, fields: Fields, depth: int) -> Query:
        if (field := self._take("field")) is not None:
            name = _plain(field.text)
            if name == "_exists_":
                word = self._take("word", "quoted")
                return Exists(field=_plain(word.text).strip('"') if word else "")
            if name == "*" and (star := self._peek("word")) and star.text == "*":
                self._take()
                return MatchAll()
            return self._clause([(name, 1.0)], depth)
        if self._take("open"):
            found = self._clauses(fields, depth + 1)
            if not self._take("close"):
                raise _wrong(self._text, len(self._text))
            return self._weighted(found)
        token = self._take("quoted", "range", "side", "regex", "word")
        if token is None:
            raise _wrong(self._text, self._tokens[self._at].at if self._peek() else len(self._text))
        return self._weighted(self._leaf(token, fields))

    def _weighted(self, query: Query) -> Query:
        boost = self._take("boost")
        return query.boosted(float(boost.text[1:])) if boost else query

    def _leaf(self, token: _Token, fields: Fields) -> Query:
        style = self._style
        if token.kind == "quoted":
            slop = self._take("fuzzy")
            return style.phrase(_plain(token.text[1:-1]), fields, int(float(slop.text[1:] or 0)) if slop else None)
        if token.kind in ("range", "side"):
            return style.each(fields, lambda name: _range(name, token.text, style.zone))
        if token.kind == "regex":
            return style.each(fields, lambda name: Regexp(field=name, value=token.text[1:-1]))
        if not token.is_plain:
            return self._pattern(token.text, fields)
        word = _plain(token.text)
        if fuzzy := self._take("fuzzy"):
            edits = fuzzy.text[1:]
            return style.fuzzy(word, fields, str(min(int(float(edits)), 2)) if edits else None)
        return style.words(word, fields)

    def _pattern(self, text: str, fields: Fields) -> Query:
        if text == "*":
            return self._style.each(fields, lambda name: Exists(field=name)) if fields else MatchAll()
        if text[0] in "*?" and not self._style.with_leading_wildcards:
            raise BadQuery(
                f"Failed to parse query [{self._text[:200]}]: '*' or '?' not allowed "
                f"as first character in WildcardQuery"
            )
        return self._style.each(fields, lambda name: Wildcard(field=name, value=text, is_lowered=True))


def _range(name: str, text: str, zone: str | None) -> Query:
    if text[0] in "<>":
        sign = text[: 1 + (text[1] == "=")]
        value = _side(text[len(sign) :])
        if sign[0] == ">":
            return Range(field=name, low=value, with_low=sign == ">=", zone=zone)
        return Range(field=name, high=value, with_high=sign == "<=", zone=zone)
    low, high = (_side(part) for part in re.split(r"\s+TO\s+", text[1:-1].strip(), maxsplit=1))
    return Range(field=name, low=low, high=high, with_low=text[0] == "[", with_high=text[-1] == "]", zone=zone)


def _side(text: str) -> str | None:
    """A bound; a star is none."""
    found = text.strip()
    return None if found == "*" else _plain(found.strip('"'))


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
