"""Queries that people type: query_string and simple_query_string.

Grammars: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-query-string-query
and https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-simple-query-string-query
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connote.contract.errors import BadQuery
from connote.search.query.body import Body
from connote.search.query.boolean import Bool, DisMax
from connote.search.query.match import How, Match
from connote.search.query.multi import MultiMatch, boosted
from connote.search.query.fuzzy import Fuzziness, Fuzzy
from connote.search.query.patterns import Prefix, Regexp, Wildcard
from connote.search.query.query import Asks, MatchAll, MatchNone, Query, Weight
from connote.search.query.ranges import Range
from connote.search.query.reader import Reader
from connote.search.query.term import Exists

MOST_DEPTH, MOST_LENGTH = 50, 32_000
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<space>$)
    | (?P<and>AND\b|&&) | (?P<or>OR\b|\|\|) | (?P<not>NOT\b|!)
    | (?P<plus>\+) | (?P<minus>-)
    | (?P<open>\() | (?P<close>\))
    | (?P<field>(?:[^\s:()"\[\]{}\\/~^+\-!<>]|\\.|(?<=\w)[-+])+(?=:)):
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<range>[\[{]\s*(?:"[^"]*"|[^\s\]}]+)\s+TO\s+(?:"[^"]*"|[^\s\]}]+)\s*[\]}])
    | (?P<side>(?:>=|<=|>|<)\s*(?:"[^"]*"|[^\s()]+))
    | (?P<regex>/(?:[^/\\]|\\.)+/)
    | (?P<word>(?:[^\s()":\[\]{}^~\\]|\\.)+)
    | (?P<fuzzy>~\d*(?:\.\d+)?) | (?P<boost>\^\d*\.?\d+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class _Style:
    """How a string is read: where words are looked for, and how."""

    fields: Sequence[tuple[str, float]]
    operator: str
    how: How
    type: str
    tie: float | None
    with_leading_wildcards: bool = True


@dataclass(frozen=True, kw_only=True)
class QueryString(Query):
    """The grammar of Lucene. It is read once the fields of the index are known."""

    text: str
    style: _Style
    is_lenient: bool = False
    inner: Query | None = None
    is_simple: bool = False

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"query": "title:(quiet OR calm) AND price:[100 TO 200]", "default_field": "body"}`."""
        made = cls._read("query_string", given)
        _parse(made.text, made.style)  # what is wrong is told before any index is looked at
        return made

    @classmethod
    def parse_simple(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"query": "quiet +\"by the sea\" -noisy", "fields": ["title^2", "body"]}`: never an error in the text."""
        return cls._read("simple_query_string", given)

    @classmethod
    def _read(cls, kind: str, given: Any) -> "QueryString":  # noqa: ANN401
        body = Body(kind, given)
        text = str(body.required("query", lambda value: value))
        if len(text) > MOST_LENGTH:
            raise BadQuery(f"[{kind}] the query is longer than {MOST_LENGTH} characters")
        default = body.text("default_field")
        fields = boosted(body.raw("fields", [default] if default else []), kind)
        operator = (body.text("default_operator") or "or").lower()
        if operator not in ("or", "and"):
            raise BadQuery(f"[{kind}] default_operator must be [or] or [and], not [{operator}]")
        tie, type_ = body.raw("tie_breaker"), body.text("type") or "best_fields"
        leading = body.flag("allow_leading_wildcard", default=True)
        for name in _IGNORED:
            body.raw(name)
        slop = body.whole("phrase_slop", 0)
        how = replace(How.parse(body), operator=operator, slop=slop)
        style = _Style(fields, operator, how, type_, None if tie is None else float(tie), leading)
        made = cls(text=text, style=style, is_lenient=how.is_lenient, is_simple=kind != "query_string", **body.common())
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """Read, and rewritten."""
        found = _simple(self.text, self.style) if self.is_simple else _parse(self.text, self.style)
        return replace(self, inner=await found.boosted(self.boost).rewritten(asks, reader))

    def weigh(self, reader: Reader) -> Weight:
        """What it says."""
        return (self.inner or MatchNone()).weigh(reader)

    def parts(self) -> Sequence[Query]:
        """What it says."""
        return () if self.inner is None else (self.inner,)


_IGNORED = (
    "analyze_wildcard", "enable_position_increments", "fuzzy_max_expansions", "fuzzy_prefix_length", "max_determinized_states",
    "quote_analyzer", "quote_field_suffix", "rewrite", "time_zone", "escape", "flags", "all_fields",
)  # fmt: skip


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
    """By precedence as Lucene's: clauses with + and - or AND, OR and NOT before them."""

    def __init__(self, text: str, style: _Style) -> None:
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

    def _clauses(self, fields: Sequence[tuple[str, float]], depth: int) -> Query:
        if depth > MOST_DEPTH:
            raise BadQuery(f"Failed to parse query [{self._text[:200]}]: it is nested too deeply")
        must, should, never = list[Query](), list[Query](), list[Query]()
        joined, before = "", ""
        while self._peek() and not self._peek("close"):
            joined = "and" if self._take("and") else "or" if self._take("or") else ""
            sign = token.kind if (token := self._take("plus", "minus", "not")) else ""
            query = self._clause(fields, depth)
            is_and = joined == "and" or (not joined and self._style.operator == "and")
            # Lucene's classic grammar: AND makes what stands before it a must, too.
            if joined == "and" and before == "should" and should:
                must.append(should.pop())
            if sign in ("minus", "not"):
                never.append(query)
                before = "never"
            elif sign == "plus" or is_and:
                must.append(query)
                before = "must"
            else:
                if self._style.operator == "and" and joined == "or" and before == "must" and must:
                    should.append(must.pop())
                should.append(query)
                before = "should"
        if len(must) + len(should) == 1 and not never:
            return (must or should)[0]
        if not must and not should and not never:
            return MatchNone()
        if never and not must and not should:
            return Bool(must=[MatchAll()], never=never)
        return Bool(must=must, should=should, never=never, least=self._style.how.least)

    def _clause(self, fields: Sequence[tuple[str, float]], depth: int) -> Query:
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
        token = self._take("quoted", "range", "side", "regex", "word", "plus", "minus")
        if token is None:
            raise _wrong(self._text, self._tokens[self._at].at if self._peek() else len(self._text))
        return self._weighted(self._leaf(token, fields))

    def _weighted(self, query: Query) -> Query:
        boost = self._take("boost")
        return query.boosted(float(boost.text[1:])) if boost else query

    def _leaf(self, token: _Token, fields: Sequence[tuple[str, float]]) -> Query:
        if token.kind == "quoted":
            slop = self._take("fuzzy")
            how = replace(self._style.how, slop=int(float(slop.text[1:] or 0))) if slop else self._style.how
            return MultiMatch(fields=fields, text=_plain(token.text[1:-1]), type="phrase", how=how)
        if token.kind in ("range", "side"):
            return _each(fields, lambda name: _range(name, token.text))
        if token.kind == "regex":
            return _each(fields, lambda name: Regexp(field=name, value=token.text[1:-1]))
        if token.text == "*" and fields:
            return _each(fields, lambda name: Exists(field=name))
        if re.search(r"(?<!\\)[*?]", token.text):
            return self._pattern(token.text, fields)
        word = _plain(token.text)
        if fuzzy := self._take("fuzzy"):
            edits = fuzzy.text[1:] or "2"
            return _each(
                fields, lambda name: Fuzzy(field=name, value=word.lower(), how=Fuzziness(str(min(int(float(edits)), 2))))
            )
        return MultiMatch(fields=fields, text=word, type=self._style.type, how=self._style.how, tie=self._style.tie)

    def _pattern(self, text: str, fields: Sequence[tuple[str, float]]) -> Query:
        if text == "*":
            return MatchAll()
        if text[0] in "*?" and not self._style.with_leading_wildcards:
            raise BadQuery(f"Failed to parse query [{self._text[:200]}]: '*' or '?' not allowed as first character")
        return _each(fields, lambda name: Wildcard(field=name, value=text, is_insensitive=True))


def _parse(text: str, style: _Style) -> Query:
    return _Parser(text, style).whole() if text.strip() else MatchNone()


def _each(fields: Sequence[tuple[str, float]], make: Any) -> Query:  # noqa: ANN401 (a function of a name)
    queries = [make(name).boosted(boost) for name, boost in (fields or [("*", 1.0)])]
    return queries[0] if len(queries) == 1 else DisMax(queries=queries)


def _range(name: str, text: str) -> Query:
    if text[0] in "<>":
        operator = re.match(r"[<>]=?", text)
        sign = operator[0] if operator else ">"
        value = text[len(sign) :].strip().strip('"')
        if sign[0] == ">":
            return Range(field=name, low=value, with_low=sign == ">=")
        return Range(field=name, high=value, with_high=sign == "<=")
    low, high = (part.strip().strip('"') for part in re.split(r"\s+TO\s+", text[1:-1].strip(), maxsplit=1))
    return Range(
        field=name,
        low=None if low == "*" else low,
        high=None if high == "*" else high,
        with_low=text[0] == "[",
        with_high=text[-1] == "]",
    )


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


_SIMPLE = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<quoted>"(?:[^"\\]|\\.)*"(?:~\d+)?)|(?P<or>\|)|(?P<and>\+)|(?P<not>-(?=\S))|(?P<word>(?:[^\s()"|+]|\\.)+)|(?P<other>\S))'
)


def _simple(text: str, style: _Style) -> Query:
    """The simple grammar: what makes no sense is left out."""
    tokens = [
        _Token(str(found.lastgroup), found[str(found.lastgroup)], 0)
        for found in _SIMPLE.finditer(text)
        if found.lastgroup
    ]
    found, _ = _simple_clauses(tokens, 0, style, 0)
    return found


def _simple_clauses(tokens: list[_Token], at: int, style: _Style, depth: int) -> tuple[Query, int]:
    must, should = list[Query](), list[Query]()
    operator = ""
    while at < len(tokens) and tokens[at].kind != "close":
        token, at = tokens[at], at + 1
        if token.kind in ("and", "or"):
            operator = token.kind
            continue
        is_not = token.kind == "not"
        if is_not:
            if at >= len(tokens) or tokens[at].kind in ("and", "or", "close", "not"):
                continue
            token, at = tokens[at], at + 1
        if token.kind == "open":
            if depth >= MOST_DEPTH:
                raise BadQuery("[simple_query_string] the query is nested too deeply")
            query, at = _simple_clauses(tokens, at, style, depth + 1)
            at += at < len(tokens)
        elif token.kind in ("quoted", "word"):
            query = _simple_leaf(token, style)
        else:
            continue
        query = Bool(never=[query], must=[MatchAll()]) if is_not else query
        is_and = operator == "and" or (not operator and style.operator == "and")
        if operator == "and" and should:
            must.append(should.pop())
        (must if is_and else should).append(query)
        operator = ""
    if len(must) + len(should) == 1:
        return (must or should)[0], at
    if not must and not should:
        return MatchNone(), at
    return Bool(must=must, should=should, least=style.how.least), at


def _simple_leaf(token: _Token, style: _Style) -> Query:
    how = replace(style.how, is_lenient=True)
    if token.kind == "quoted":
        quoted, _, slop = (
            token.text.rpartition("~") if token.text.endswith(tuple("0123456789")) else (token.text, "", "0")
        )
        return MultiMatch(
            fields=style.fields, text=_plain(quoted.strip('"')), type="phrase", how=replace(how, slop=int(slop or 0))
        )
    if token.text.endswith("*") and not token.text.endswith("\\*") and len(token.text) > 1:
        return _each(style.fields, lambda name: Prefix(field=name, value=_plain(token.text[:-1]).lower()))
    fuzzy = re.fullmatch(r"(.+)~(\d?)", token.text)
    if fuzzy:
        return _each(
            style.fields,
            lambda name: Fuzzy(field=name, value=_plain(fuzzy[1]).lower(), how=Fuzziness(str(min(int(fuzzy[2] or 2), 2)))),
        )
    return MultiMatch(fields=style.fields, text=_plain(token.text), type="best_fields", how=how)


__all__ = ["Match", "QueryString"]
