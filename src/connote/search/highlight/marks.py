"""What of a text a query is about: terms, patterns and phrases, and where they stand in it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import regex

from connote.contract.errors import ConnoteError
from connote.search.analysis import Token
from connote.search.mapping.field import Field
from connote.search.mapping.text import Text, scalar
from connote.search.query import patterns
from connote.search.query.boolean import Bool, Boosting
from connote.search.query.edits import distance
from connote.search.query.fuzzy import Fuzziness, Fuzzy
from connote.search.query.intervals import Intervals
from connote.search.query.knn import Knn
from connote.search.query.match import Match, analyzer_of
from connote.search.query.multi import Combined, MultiMatch
from connote.search.query.patterns import Pattern, Prefix, Regexp, Wildcard
from connote.search.query.places import Draft, Source
from connote.search.query.query import Query
from connote.search.query.reader import Reader
from connote.search.query.regexps import expression
from connote.search.query.spans import SpanQuery
from connote.search.query.term import Term, Terms, normal

# Seconds that a user's regular expression may take for one term.
_PATIENCE = 0.5
Test = Callable[[str], bool]


class Span(NamedTuple):
    """A part of a text, in code points, and the term or phrase that it is there for."""

    start: int
    end: int
    term: str


@dataclass(frozen=True)
class Phrase:
    """By their distance from the first, what may stand there; with `slop` moved by so many places in all."""

    slots: Sequence[tuple[int, Test]]
    slop: int
    told: str

    def spans(self, tokens: Sequence[Token], *, whole: bool) -> Iterator[Span]:
        """Where it stands: as one span, or term by term."""
        places = [[token for token in tokens if test(token.term)] for _, test in self.slots]
        if not all(places):
            return
        for first in places[0]:
            found = [first]
            for (offset, _), candidates in zip(self.slots[1:], places[1:], strict=True):
                found.append(_nearest(candidates, first.position + offset - self.slots[0][0]))
            if self._spread(found) <= self.slop:
                if whole:
                    yield Span(min(each.start for each in found), max(each.end for each in found), self.told)
                else:
                    yield from (Span(each.start, each.end, each.term) for each in found)

    def _spread(self, tokens: Sequence[Token]) -> int:
        moved = [token.position - offset for token, (offset, _) in zip(tokens, self.slots, strict=True)]
        return max(moved) - min(moved)


@dataclass(frozen=True)
class Standing:
    """What intervals or spans are made of: terms, each marked where it is in one of them."""

    source: Source
    terms: frozenset[str]

    def spans(self, tokens: Sequence[Token], *, whole: bool) -> Iterator[Span]:  # noqa: ARG002 (Lucene marks single words)
        """The words of each interval."""
        own = [token for token in tokens if token.term in self.terms]
        for start, end in self.source.stretches(Draft(tokens)):
            first = bisect_left(own, start, key=_position)
            last = bisect_right(own, end, key=_position)
            yield from (Span(each.start, each.end, each.term) for each in own[first:last])


def _position(token: Token) -> int:
    return token.position


def _nearest(tokens: Sequence[Token], position: int) -> Token:
    """Of tokens in their order the one that is nearest to a position."""
    at = bisect_left(tokens, position, key=lambda token: token.position)
    if at == len(tokens) or (at and position - tokens[at - 1].position <= tokens[at].position - position):
        at -= 1
    return tokens[at]


@dataclass
class Marks:
    """What to mark in one field."""

    terms: set[str] = field(default_factory=set)
    tests: list[Test] = field(default_factory=list)
    phrases: list[Phrase | Standing] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.terms or self.tests or self.phrases)

    def spans(self, tokens: Sequence[Token], *, whole: bool = True) -> list[Span]:
        """Where it stands in a text, by place; phrases as a whole, or term by term."""
        verdicts: dict[str, bool] = {}
        found = list[Span]()
        for token in tokens:
            term = token.term
            if term not in verdicts:
                verdicts[term] = term in self.terms or any(test(term) for test in self.tests)
            if verdicts[term]:
                found.append(Span(token.start, token.end, term))
        for phrase in self.phrases:
            found += phrase.spans(tokens, whole=whole)
        return sorted(set(found))


def marks(query: Query, reader: Reader, names: Iterable[str] | None) -> Marks:
    """What the query is about in the fields of these names; None: in any."""
    wanted = None if names is None else set(names)
    made = Marks()
    for name, mark in _of(query, reader):
        if wanted is not None and name not in wanted:
            continue
        if isinstance(mark, Phrase | Standing):
            made.phrases.append(mark)
        elif isinstance(mark, str):
            made.terms.add(mark)
        else:
            made.tests.append(mark)
    return made


Mark = str | Test | Phrase | Standing


def _of(query: Query, reader: Reader) -> Iterator[tuple[str, Mark]]:
    """The marks of a query, each with its field."""
    if isinstance(query, Match | Term | Terms | Pattern | Fuzzy):
        known = reader.field(query.field)
        if known is not None:
            yield from ((known.name, mark) for mark in _leaf(query, known, reader))
    elif isinstance(query, Combined):
        fields = [each for pattern, _ in query.fields for each in reader.fields(pattern) if isinstance(each, Text)]
        for each in fields:
            yield from ((each.name, token.term) for token in each.search_analyzer.analyze(query.text))
    elif isinstance(query, Intervals | SpanQuery):
        yield from (mark for source in query.standing(reader) for mark in _standing(source))
        return
    for part in parts(query):
        yield from _of(part, reader)


def parts(query: Query) -> Sequence[Query]:
    """The queries in a query that a document may be a hit for."""
    if isinstance(query, Bool):
        return (*query.must, *query.should, *query.filters)
    if isinstance(query, Boosting):
        return (query.positive,)
    if isinstance(query, MultiMatch):
        return query.each or ()
    return () if isinstance(query, Knn) else query.parts()


def _standing(source: Source) -> Iterator[tuple[str, Mark]]:
    """Of one field, where they stand; of several, whose places are not known together, the words alone."""
    words: dict[str, set[str]] = {}
    for name, term in source.words():
        words.setdefault(name, set()).add(term)
    if len(words) == 1:
        ((name, terms),) = words.items()
        yield name, Standing(source, frozenset(terms))
    else:
        yield from ((name, term) for name, terms in words.items() for term in terms)


def _leaf(query: Query, known: Field, reader: Reader) -> Iterator[Mark]:
    if isinstance(query, Pattern):
        yield _pattern(query, known)
    elif isinstance(query, Fuzzy):
        shape = getattr(known, "normal", str)
        yield _near(shape(query.value), query.how)
    elif isinstance(query, Match) and isinstance(known, Text):
        yield from _match(query, known, reader)
    else:
        values = query.values if isinstance(query, Terms) else [query.value if isinstance(query, Term) else query.text]  # type: ignore[attr-defined]
        for value in values:
            try:
                word = normal(known, value)
            except ConnoteError:
                continue  # a number, a vector: nothing to mark
            yield _insensitive(word) if isinstance(query, Term) and query.is_insensitive else word


def _match(query: Match, known: Text, reader: Reader) -> Iterator[Mark]:
    is_phrase = query.mode in ("phrase", "phrase_prefix")
    tokens = analyzer_of(reader, known, query.how.analyzer, is_phrase=is_phrase).analyze(scalar(query.text))
    if not tokens:
        return
    if is_phrase:
        yield _phrase(tokens, query.how.slop, is_prefix=query.mode == "phrase_prefix")
        return
    last = tokens[-1].position
    for token in tokens:
        if query.mode == "bool_prefix" and token.position == last:
            yield _starting(token.term)
        elif query.how.fuzziness is not None:
            yield _near(token.term, query.how.fuzziness)
        else:
            yield token.term


def _phrase(tokens: Sequence[Token], slop: int, *, is_prefix: bool) -> Mark:
    slots: dict[int, list[str]] = {}
    for token in tokens:
        slots.setdefault(token.position - tokens[0].position, []).append(token.term)
    *heads, (last, ends) = sorted(slots.items())
    tests: list[tuple[int, Test]] = [(offset, set(terms).__contains__) for offset, terms in heads]
    tests.append((last, _starting(ends[0]) if is_prefix else set(ends).__contains__))
    return Phrase(tests, slop, " ".join(token.term for token in tokens)) if heads else tests[0][1]


def _pattern(query: Pattern, known: Field) -> Test:
    value = query.normal(known)
    flags = re.IGNORECASE if query.is_insensitive else 0
    if isinstance(query, Prefix):
        return _starting(value, folded=query.is_insensitive)
    if isinstance(query, Wildcard):
        pattern = re.compile(patterns.wildcard(value), re.DOTALL | flags)
        return lambda term: pattern.fullmatch(term) is not None
    if isinstance(query, Regexp):
        regular = regex.compile(expression(value, query.flags), regex.DOTALL | (regex.I if query.is_insensitive else 0))
        return lambda term: regular.fullmatch(term, timeout=_PATIENCE) is not None
    return _insensitive(value)


def _insensitive(value: str) -> Test:
    wanted = value.casefold()
    return lambda term: term.casefold() == wanted


def _starting(prefix: str, *, folded: bool = False) -> Test:
    if folded:
        wanted = prefix.casefold()
        return lambda term: term.casefold().startswith(wanted)
    return lambda term: term.startswith(prefix)


def _near(value: str, how: Fuzziness) -> Test:
    most, head = how.most(value), value[: how.kept]
    return lambda term: term.startswith(head) and distance(value, term, most, swapping=how.is_swapping) <= most
