"""Which searches are over sooner than threads could be changed: those run where they are asked for."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connote.search.collect import Seen
from connote.search.engine.nearest import pays
from connote.search.mapping.date import Date
from connote.search.mapping.keyword import Ip
from connote.search.mapping.text import MatchOnlyText, Text, scalar
from connote.search.pace import Crowd
from connote.search.query.boolean import Bool, ConstantScore
from connote.search.query.chunks import chunks_of
from connote.search.query.knn import Knn
from connote.search.query.match import Match, analyzer_of
from connote.search.query.query import MatchAll, MatchNone, Query
from connote.search.query.ranges import Range
from connote.search.query.reader import META, Reader
from connote.search.query.sparse import Sparse
from connote.search.query.term import Exists, Ids, Term, Terms
from connote.search.request import SearchRequest

# Documents that the engine goes through in half a millisecond: what all that runs where it is asked for may cost, and
# what it may if no other search would wait meanwhile.
MOST, MOST_ALONE = 200_000, 1_000_000
# What else costs as much as one of them: so many numbers of dense vectors, by their codes and without, and entries in
# the lists of sparse ones. And as many of them as cost what is done once for a query and a segment, for a term, for a
# token of a sparse vector, and for a field that is held against a pattern.
_CODES, _NUMBERS, _ENTRIES, _STEP, _TERM, _TOKEN, _FIT = 48, 8, 2.5, 2000, 500, 100, 400
_VALUES, _LETTERS, _NAMED = 100, 1000, 20


def is_quick(costs: Iterable[float], crowd: Crowd) -> bool:
    """Whether what costs so much in all is over before anybody minds, for a search that is one of that crowd."""
    return sum(costs) <= (MOST_ALONE if crowd.is_alone else MOST)


def cost_of(query: Query, seen: Seen, request: SearchRequest) -> float:
    """What a rewritten query and its hits cost in an index: as `cost`, and infinity where that would say nothing."""
    named = query.named()  # which of these match is looked at once more
    if not request.is_plain or len(named) > _NAMED:
        return math.inf
    if seen.reader.mapping.runtime or not seen.index.pace.is_quick:  # what scripts make takes its time
        return math.inf
    patterns = len(request.fields) + len(request.docvalue_fields)
    shown = request.window * patterns * len(seen.reader.mapping.fields) * _FIT
    return shown + sum(cost(each, seen.reader) for each in (query, *named))


def cost(query: Query, reader: Reader) -> float:
    """As many documents as are gone through in the time of the query, roughly; infinity if its kind does not tell."""
    found = math.inf
    match query:
        case MatchAll() | MatchNone():
            found = _sweep(reader)
        case Exists() if reader.mapping.find(query.field) is not None:
            found = _sweep(reader)
        case Ids() | Terms() | Term(is_insensitive=False) | Range():
            found = _values(*_wanted(query), reader)
        case Sparse():
            found = _sparse(query.field, query.weights, reader)
        case Knn():
            found = _dense(query.field, reader) + sum(cost(each, reader) for each in query.filters)
        case Match(mode="words"):
            found = _match(query, reader)
        case Bool() | ConstantScore():
            found = _STEP * len(reader.tables) + sum(cost(each, reader) for each in query.parts())
    return found


def _sweep(reader: Reader) -> int:
    """To go through all documents once."""
    return reader.snapshot.size + _STEP * len(reader.tables)


def _wanted(query: Ids | Terms | Term | Range) -> tuple[str, Sequence[Any]]:
    if isinstance(query, Ids):
        return "_id", query.values
    if isinstance(query, Range):
        return query.field, [query.low, query.high]
    return query.field, query.values if isinstance(query, Terms) else [query.value]


def _values(name: str, values: Sequence[Any], reader: Reader) -> float:
    """To find these values. Of addresses each that there is is looked at, of dates each may be a span of them."""
    field = reader.mapping.find(name)
    if len(values) > _VALUES or isinstance(field, Ip):
        return math.inf
    if sum(len(each) for each in values if isinstance(each, str)) > _LETTERS * 10:  # which may have to be made normal
        return math.inf
    sweeps = len(values) if isinstance(field, Date) else 1
    return _sweep(reader) * sweeps + _TERM * len(values) * len(reader.tables)


def _match(query: Match, reader: Reader) -> float:
    if isinstance(query.vector, Mapping):
        return _sparse(query.field, query.vector, reader)
    if query.vector is not None:
        return _dense(query.field, reader)
    return _words(query, reader) if query.how.fuzziness is None else math.inf


def _words(query: Match, reader: Reader) -> float:
    """To find the words of a text, one by one; infinity if it is long, or if some of them have alternatives."""
    field, text = reader.mapping.find(query.field), scalar(query.text)
    if query.field in META or not isinstance(field, Text):
        return _values(query.field, [text], reader)
    if len(text) > _LETTERS:
        return math.inf
    terms, positions = analyzer_of(reader, field, query.how.analyzer).positioned([text])
    if len(set(positions)) < len(positions) or _TERM * len(terms) * len(reader.tables) > MOST:
        return math.inf
    is_one_sweep = query.how.operator == "or" and query.how.least is None and not isinstance(field, MatchOnlyText)
    lists = sum(reader.frequency(field.name, term) + _TERM * len(reader.tables) for term in terms)
    return _sweep(reader) * (1 if is_one_sweep else 1 + len(terms)) + lists


def _sparse(field: str, tokens: Mapping[str, float] | None, reader: Reader) -> float:
    """To go through the lists of these tokens, and all sums once; infinity if they are not known."""
    name = chunks_of(reader, field)
    if tokens is None:
        return math.inf
    views = [view for table in reader.tables if (view := table.sparse(name)) is not None]
    entries = sum(view.owners.rows / 2 + view.entries(tokens) for view in views) / _ENTRIES
    return entries + (_STEP + _TOKEN * len(tokens)) * len(reader.tables)


def _dense(field: str, reader: Reader) -> float:
    """To compare all dense vectors; infinity if something is to be made of them."""
    name = chunks_of(reader, field)
    views = [view for table in reader.tables if (view := table.dense(name)) is not None]
    if any(pays(view) and not view.has_codes for view in views):
        return math.inf
    numbers = (view.matrix.size / (_CODES if view.has_codes else _NUMBERS) for view in views)
    return _STEP * len(reader.tables) + sum(numbers)
