"""Where words stand, document by document: what queries about positions are worked out from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

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
# What a query may cost: so many steps, and so many more for each position of the fields that it asks for.
_LEAST_WORK, _WORK = 300_000, 4
Places = NDArray[np.int64]
_NONE: Ints = np.zeros(0, dtype=np.int32)


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


class Budget:
    """How much work a query may make of some texts: of so many positions, each a few times over."""

    def __init__(self, positions: int) -> None:
        self._left = _LEAST_WORK + _WORK * positions

    def spend(self, work: int) -> None:
        """Raise IllegalArgument when all is spent."""
        self._left -= work
        if self._left < 0:
            raise IllegalArgument("the query has too many clauses for texts like these: it finds too many places")


class Reading(ABC):
    """One document: the places of its terms, and what sources have found in it."""

    def __init__(self, budget: Budget) -> None:
        self._found: dict[int, list[Any]] = {}
        self.budget = budget

    @abstractmethod
    def places(self, field: str, terms: tuple[str, ...]) -> list[int]:
        """Where one of the terms stands, rising; where several do, several times."""

    def of(self, source: Source) -> list[Any]:
        """What a source finds, found once: several may be made of the same. Raises IllegalArgument for too much.

        Whoever reads it pays for all of it.
        """
        found = self._found.get(id(source))
        if found is None:
            found = self._found[id(source)] = source.found(self)
        self.budget.spend(1 + len(found))
        return found


class Column(NamedTuple):
    """The places of some terms: rising `documents` (each as often as there are places) and `positions`."""

    documents: Ints
    positions: Ints


class Page(Reading):
    """Some documents of a table, one after another."""

    def __init__(self, lists: "Lists", documents: Ints, budget: Budget) -> None:
        super().__init__(budget)
        self._lists, self._documents, self._at = lists, documents, 0
        self._columns: dict[tuple[str, tuple[str, ...]], tuple[Places, Places, Ints]] = {}

    def turn(self, at: int) -> None:
        """To the document that is at this place among them."""
        self._at = at
        self._found.clear()

    def places(self, field: str, terms: tuple[str, ...]) -> list[int]:
        """From the lists of the index."""
        if (field, terms) not in self._columns:
            documents, positions = self._column(field, terms)
            first, last = (np.searchsorted(documents, self._documents, side=side) for side in ("left", "right"))
            self._columns[field, terms] = first, last, positions
        begins, ends, positions = self._columns[field, terms]
        found: list[int] = positions[begins[self._at] : ends[self._at]].tolist()
        return found

    def _column(self, field: str, terms: tuple[str, ...]) -> Column:
        parts = [self._lists.column(field, term, self._documents[0], self._documents[-1]) for term in terms]
        if len(parts) == 1:
            return parts[0]
        documents, positions = (np.concatenate([each[side] for each in parts] or [_NONE]) for side in (0, 1))
        order = np.lexsort((positions, documents))
        return Column(documents[order], positions[order])


class Lists:
    """The lists of terms of one table, each made once."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._lists: dict[tuple[str, str], tuple[Ints, Ints, Ints]] = {}

    def column(self, field: str, term: str, first: int, last: int) -> Column:
        """The places of a term from a first to a last document."""
        if (field, term) not in self._lists:
            self._lists[field, term] = self._list(field, term)
        docs, starts, positions = self._lists[field, term]
        begin, end = np.searchsorted(docs, first), np.searchsorted(docs, last, side="right")
        documents = np.repeat(docs[begin:end], np.diff(starts[begin : end + 1]))
        return Column(documents, positions[starts[begin] : starts[end]])

    def _list(self, field: str, term: str) -> tuple[Ints, Ints, Ints]:
        """Documents, where the positions of each begin, and the positions."""
        view = self._table.text(field)
        if view is None:
            return _NONE, np.zeros(1, dtype=np.int32), _NONE
        positions, owners = view.positions(term)
        return view.postings(term).docs, owners.starts, positions


class Draft(Reading):
    """A text that has just been cut, taken for the text of every field."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        super().__init__(Budget(len(tokens)))
        self._places: dict[str, list[int]] = {}
        for token in tokens:
            self._places.setdefault(token.term, []).append(token.position)

    def places(self, field: str, terms: tuple[str, ...]) -> list[int]:  # noqa: ARG002
        """From the tokens."""
        return sorted(place for term in terms for place in self._places.get(term, ()))


def frequencies(table: Table, source: Source, frequency: Callable[[list[Any]], float]) -> Floats:
    """float32 [size]: what `frequency` makes of the stretches of each document; 0 for those without any."""
    found = np.zeros(table.size, dtype=np.float32)
    documents = source.documents(table)
    views = [view for field in {field for field, _ in source.words()} if (view := table.text(field)) is not None]
    lists, budget = Lists(table), Budget(sum(view.sum_length for view in views))
    for begin in range(0, len(documents), _BLOCK):
        block = documents[begin : begin + _BLOCK]
        page = Page(lists, block, budget)
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
    return np.unique(np.concatenate(parts)) if parts else _NONE


def shared(parts: Iterable[Ints]) -> Ints:
    """Who is in all of them; of none, nobody."""
    found: Ints | None = None
    for part in parts:
        found = part if found is None else np.intersect1d(found, part, assume_unique=True)
        if not len(found):
            break
    return _NONE if found is None else found


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
