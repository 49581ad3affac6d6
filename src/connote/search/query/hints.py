"""Of which terms a document must have at least one, or a query cannot match it."""

from collections.abc import Iterable, Sequence

from connote.search.mapping.keyword import Keyword
from connote.search.mapping.text import Text, scalar
from connote.search.query.boolean import Bool, Boosting, ConstantScore, DisMax
from connote.search.query.functions import FunctionScore
from connote.search.query.match import Match, analyzer_of
from connote.search.query.multi import MultiMatch
from connote.search.query.nested import Nested
from connote.search.query.query import Query
from connote.search.query.reader import Reader
from connote.search.query.term import Term, Terms
from connote.search.query.values import normal

# What stands for a query of which no such terms are known.
ANY = "*"
# More terms than these are not kept: the query is then always run.
_MOST = 1024
Hints = frozenset[str]


def hint(field: str, term: str) -> str:
    """A term of a field, as one word."""
    return f"{field}\0{term}"


def hints(query: Query, reader: Reader) -> Sequence[str]:
    """One of these is in every document that matches; `ANY` alone if that is not known."""
    found = _of(query, reader)
    return [ANY] if found is None or len(found) > _MOST else sorted(found)


def _of(query: Query, reader: Reader) -> Hints | None:
    found: Hints | None = None
    match query:
        case Term(is_insensitive=False):
            found = _values(query.field, [query.value], reader)
        case Terms():
            found = _values(query.field, query.values, reader)
        case Match():
            found = _words(query, reader)
        case Bool():
            found = _bool(query, reader)
        case Boosting():
            found = _of(query.positive, reader)
        case DisMax():
            found = _any(query.queries, reader)
        case MultiMatch() if query.each:
            found = _any(query.each, reader)
        case ConstantScore() | FunctionScore() | Nested() if query.parts():
            found = _of(query.parts()[0], reader)
    return found


def _values(name: str, values: Iterable[object], reader: Reader) -> Hints | None:
    field = None if name.startswith("_") else reader.field(name)
    if field is None or type(field) not in (Keyword, Text):
        return None
    return frozenset(hint(field.name, normal(field, each)) for each in values)


def _words(query: Match, reader: Reader) -> Hints | None:
    field = None if query.field.startswith("_") else reader.field(query.field)
    if type(field) is Keyword and query.mode == "words" and query.how.fuzziness is None:
        return _values(query.field, [query.text], reader)
    if type(field) is not Text or query.how.fuzziness is not None or query.mode not in ("words", "phrase"):
        return None
    analyzer = analyzer_of(reader, field, query.how.analyzer, is_phrase=query.mode == "phrase")
    terms = frozenset(hint(field.name, token.term) for token in analyzer.analyze(scalar(query.text)))
    return terms or None


def _bool(query: Bool, reader: Reader) -> Hints | None:
    """Of what must match the clause with the fewest terms; else those of all that should."""
    needed = [found for each in (*query.must, *query.filters) if (found := _of(each, reader)) is not None]
    if needed:
        return min(needed, key=len)
    if query.must or query.filters or query.least is not None:
        return None
    return _any(query.should, reader)


def _any(queries: Sequence[Query], reader: Reader) -> Hints | None:
    found = [_of(each, reader) for each in queries]
    known = [each for each in found if each is not None]
    return frozenset().union(*known) if known and len(known) == len(found) else None
