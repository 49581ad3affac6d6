"""Which searches are over sooner than threads could be changed: those run where they are asked for."""

import math
from collections.abc import Mapping

from connote.search.collect import Seen
from connote.search.engine.nearest import pays
from connote.search.query.boolean import Bool, ConstantScore
from connote.search.query.chunks import chunks_of
from connote.search.query.knn import Knn
from connote.search.query.match import Match
from connote.search.query.query import MatchAll, MatchNone, Query
from connote.search.query.ranges import Range
from connote.search.query.reader import Reader
from connote.search.query.sparse import Sparse
from connote.search.query.term import Exists, Ids, Term, Terms

# Documents that the engine goes through in half a millisecond, and numbers of dense vectors in the time of one.
_DOCUMENTS, _NUMBERS = 200_000, 60
_VALUES, _LETTERS = 100, 1000


def is_quick(query: Query, seen: Seen) -> bool:
    """Whether a rewritten query is one of those, as far as its kind and the size of the index tell."""
    if seen.reader.mapping.runtime or not seen.index.pace.is_quick:  # what scripts make takes its time
        return False
    return cost(query, seen.reader) <= _DOCUMENTS


def cost(query: Query, reader: Reader) -> float:
    """As many documents as are gone through in the time of the query, roughly; infinity if its kind does not tell."""
    found, size = math.inf, reader.snapshot.size
    match query:
        case MatchAll() | MatchNone() | Exists() | Range() | Term(is_insensitive=False):
            found = size
        case Terms() | Ids() if len(query.values) <= _VALUES:
            found = size
        case Sparse():
            found = _sparse(query.field, reader)
        case Knn():
            found = _dense(query.field, reader) + sum(cost(each, reader) for each in query.filters)
        case Match(mode="words", vector=tuple()):
            found = _dense(query.field, reader)
        case Match(mode="words", vector=None) if query.how.fuzziness is None and len(str(query.text)) <= _LETTERS:
            found = size
        case Match(mode="words", vector=Mapping()):
            found = _sparse(query.field, reader)
        case Bool() | ConstantScore():
            found = sum(cost(each, reader) for each in query.parts())
    return found


def _sparse(field: str, reader: Reader) -> int:
    """How many sparse vectors there are."""
    name = chunks_of(reader, field)
    return sum(view.owners.rows for table in reader.tables if (view := table.sparse(name)) is not None)


def _dense(field: str, reader: Reader) -> float:
    """How many numbers all dense vectors have together, as documents; infinity if something is to be made of them."""
    name = chunks_of(reader, field)
    views = [view for table in reader.tables if (view := table.dense(name)) is not None]
    if any(pays(view) and not view.has_codes for view in views):
        return math.inf
    return sum(view.matrix.size for view in views) / _NUMBERS
