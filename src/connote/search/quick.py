"""Which searches are over sooner than threads could be changed: those run where they are asked for."""

from collections.abc import Sequence

from connote.search.collect import Seen
from connote.search.query.boolean import Bool, ConstantScore
from connote.search.query.chunks import chunks_of
from connote.search.query.knn import Knn
from connote.search.query.match import Match
from connote.search.query.query import MatchAll, MatchNone, Query
from connote.search.query.ranges import Range
from connote.search.query.reader import Reader
from connote.search.query.sparse import Sparse
from connote.search.query.term import Exists, Ids, Term, Terms

# What the engine goes through in about half a millisecond: documents and vectors, numbers of dense vectors, clauses.
_DOCUMENTS, _NUMBERS, _CLAUSES = 100_000, 4_000_000, 8
_VALUES, _LETTERS = 100, 1000


def is_quick(query: Query, seen: Seen) -> bool:
    """Whether a rewritten query is one of those, as far as its kind and the size of the index tell."""
    reader = seen.reader
    few = reader.snapshot.size <= _DOCUMENTS and not reader.mapping.runtime  # what scripts make takes its time
    return few and seen.index.pace.is_quick and _is_quick(query, reader)


def _is_quick(query: Query, reader: Reader) -> bool:
    match query:
        case MatchAll() | MatchNone() | Exists() | Range() | Term(is_insensitive=False):
            found = True
        case Terms() | Ids():
            found = len(query.values) <= _VALUES
        case Sparse():
            found = _sparse(query.field, reader) <= _DOCUMENTS
        case Knn():
            found = _dense(query.field, reader) <= _NUMBERS and _are_quick(query.filters, reader)
        case Match(mode="words"):
            found = _is_match(query, reader)
        case Bool() | ConstantScore():
            found = _are_quick(query.parts(), reader)
        case _:
            found = False
    return found


def _are_quick(queries: Sequence[Query], reader: Reader) -> bool:
    return len(queries) <= _CLAUSES and all(_is_quick(each, reader) for each in queries)


def _is_match(query: Match, reader: Reader) -> bool:
    if query.vector is None:
        return query.how.fuzziness is None and len(str(query.text)) <= _LETTERS
    if isinstance(query.vector, tuple):
        return _dense(query.field, reader) <= _NUMBERS
    return _sparse(query.field, reader) <= _DOCUMENTS


def _sparse(field: str, reader: Reader) -> int:
    """How many sparse vectors there are."""
    name = chunks_of(reader, field)
    return sum(view.owners.rows for table in reader.tables if (view := table.sparse(name)) is not None)


def _dense(field: str, reader: Reader) -> int:
    """How many numbers all dense vectors have together."""
    name = chunks_of(reader, field)
    return sum(view.matrix.size for table in reader.tables if (view := table.dense(name)) is not None)
