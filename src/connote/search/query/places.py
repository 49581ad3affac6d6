"""Where words stand, document by document: what queries about positions are worked out from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.analysis import Token
from connote.search.engine.arrays import Floats, Ints
from connote.search.engine.segment import Table
from connote.search.mapping.field import Field
from connote.search.mapping.text import Text
from connote.search.query.boolean import MOST_CLAUSES
from connote.search.query.patterns import Ordinals
from connote.search.query.reader import Reader
from connote.search.thread import check

# Documents of which the places are at hand at a time.
_BLOCK = 1024


class Source(Protocol):
    """Finds stretches of texts."""

    def documents(self, table: Table) -> Ints:
        """int32, rising: those that may have one; no other has any."""
        ...

    def found(self, reading: "Reading") -> list[Any]:
        """The stretches of the document that is read."""
        ...

    def stretches(self, reading: "Reading") -> Iterable[tuple[int, int]]:
        """The first and the last position of each."""
        ...

    def words(self) -> Iterator[tuple[str, str]]:
        """The terms whose places make them up, each with its field."""
        ...


class Reading(ABC):
    """One document: the places of its terms, and what sources have found in it."""

    def __init__(self) -> None:
        self._found: dict[int, list[Any]] = {}

    @abstractmethod
    def places(self, field: str, terms: Sequence[str]) -> list[int]:
        """Where one of the terms stands, rising."""

    def of(self, source: Source) -> list[Any]:
        """What a source finds, found once: several may be made of the same."""
        found = self._found.get(id(source))
        if found is None:
            found = self._found[id(source)] = source.found(self)
        return found


class Page(Reading):
    """Some documents of a table, one after another."""

    def __init__(self, table: Table, documents: Ints) -> None:
        super().__init__()
        self._table, self._documents, self._at = table, documents, 0
        self._columns: dict[tuple[str, str], tuple[Ints, Ints, Ints] | None] = {}

    def turn(self, at: int) -> None:
        """To the document that is at this place among them."""
        self._at = at
        self._found.clear()

    def places(self, field: str, terms: Sequence[str]) -> list[int]:
        """From the lists of the index."""
        if len(terms) == 1:
            return self._of(field, terms[0])
        return sorted({place for term in terms for place in self._of(field, term)})

    def _of(self, field: str, term: str) -> list[int]:
        if (field, term) not in self._columns:
            self._columns[field, term] = self._column(field, term)
        column = self._columns[field, term]
        if column is None:
            return []
        begins, ends, positions = column
        found: list[int] = positions[begins[self._at] : ends[self._at]].tolist()
        return found

    def _column(self, field: str, term: str) -> tuple[Ints, Ints, Ints] | None:
        """Of each document, where its positions begin and end among those of the term; None if none has it."""
        view = self._table.text(field)
        docs = None if view is None else view.postings(term).docs
        if view is None or docs is None or not len(docs):
            return None
        positions, owners = view.positions(term)
        at = np.minimum(np.searchsorted(docs, self._documents), len(docs) - 1)
        has = docs[at] == self._documents
        return np.where(has, owners.starts[at], 0), np.where(has, owners.starts[at + 1], 0), positions


class Draft(Reading):
    """A text that has just been cut, taken for the text of every field."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        super().__init__()
        self._places: dict[str, list[int]] = {}
        for token in tokens:
            self._places.setdefault(token.term, []).append(token.position)

    def places(self, field: str, terms: Sequence[str]) -> list[int]:  # noqa: ARG002
        """From the tokens."""
        return sorted({place for term in terms for place in self._places.get(term, ())})


def frequencies(table: Table, source: Source, frequency: Callable[[list[Any]], float]) -> Floats:
    """float32 [size]: what `frequency` makes of the stretches of each document; 0 for those without any."""
    found = np.zeros(table.size, dtype=np.float32)
    documents = source.documents(table)
    for begin in range(0, len(documents), _BLOCK):
        block = documents[begin : begin + _BLOCK]
        page = Page(table, block)
        for at, document in enumerate(block.tolist()):
            check()
            page.turn(at)
            stretches = page.of(source)
            if stretches:
                found[document] = frequency(stretches)
    return found


def having(table: Table, field: str, terms: Iterable[str]) -> Ints:
    """int32, rising: the documents with one of the terms."""
    view = table.text(field)
    return united([] if view is None else [view.postings(term).docs for term in terms])


def united(parts: Sequence[Ints]) -> Ints:
    """Who is in one of them."""
    if len(parts) == 1:
        return parts[0]
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int32)


def shared(parts: Iterable[Ints]) -> Ints:
    """Who is in all of them; of none, nobody."""
    found: Ints | None = None
    for part in parts:
        found = part if found is None else np.intersect1d(found, part, assume_unique=True)
        if not len(found):
            break
    return np.zeros(0, dtype=np.int32) if found is None else found


def expanded(
    reader: Reader, field: str, ordinals: Ordinals, told: str, most: int = MOST_CLAUSES, *, cut: bool = False
) -> tuple[str, ...]:
    """The terms of the index that are meant, sorted.

    More than `most` are left out if they are to be `cut`, else it raises IllegalArgument.
    """
    found = set[str]()
    for table in reader.tables:
        view = table.text(field)
        if view is None:
            continue
        for at in islice(ordinals(view), most) if cut else ordinals(view):
            found.add(view.terms[at])
            if len(found) > most and not cut:
                raise IllegalArgument(f"[{told}] expanded to too many terms (limit {most})")
        check()
    return tuple(sorted(found)[:most])


def check_positions(field: Field, told: str) -> None:
    """Raise IllegalArgument with these words for text that is not searched, or by its mapping has no positions."""
    if isinstance(field, Text) and (not field["index"] or field["index_options"] not in ("positions", "offsets")):
        raise IllegalArgument(told)
