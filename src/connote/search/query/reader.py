"""One index as a query sees it: its mapping, and the statistics of a snapshot."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.analysis.similarity import Similarity
from connote.search.engine import scores
from connote.search.engine.arrays import Mask
from connote.search.engine.scores import Bm25
from connote.search.engine.segment import IGNORED, SEQUENCE, Snapshot, Table
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Boolean, Ip, Keyword
from connote.search.mapping.mapping import Mapping
from connote.search.mapping.number import Long, Number
from connote.search.mapping.text import Text
from connote.search.names import fits
from connote.search.sources import Sources

# As many fields as a query may look in, and those that it looks in if neither it nor the index says which.
MOST_FIELDS, EVERY = 4096, (("*", 1.0),)


class Rows(NamedTuple):
    """A table with, for each of its rows, whether it is not deleted (bool) and in which document it is (int)."""

    table: Table
    live: Mask
    documents: NDArray[np.integer[Any]]

    def inside(self, path: str) -> "Rows | None":
        """The nested objects of these rows."""
        objects = self.table.nested(path)
        if objects is None:
            return None
        above = objects.owners.numbers
        return Rows(objects, self.live[above], self.documents[above])


class Reader:
    """For one search over one index. `path` is the nested object that a query is in, if it is in one.

    `usual` are the fields, with their boosts, that a query without any looks in. If it `is_part`, statistics are those
    of the documents that are not held back, so that nothing of the others can be told from scores. Words score with the
    factor k1 + 1, if BM25 `has_factor`.
    """

    def __init__(
        self,
        index: str,
        mapping: Mapping,
        snapshot: Snapshot,
        path: str | None = None,
        sources: Sources | None = None,
        usual: Sequence[tuple[str, float]] = EVERY,
        *,
        is_part: bool = False,
        has_factor: bool = True,
    ) -> None:
        self.index, self.mapping, self.snapshot, self.path = index, mapping, snapshot, path
        self.sources, self.usual, self.is_part, self.has_factor = sources, usual, is_part, has_factor
        self._models: dict[str, Bm25] = {}
        self._frequencies: dict[tuple[str, str], int] = {}

    @cached_property
    def rows(self) -> Sequence[Rows]:
        """What a query goes through: the documents, or the nested objects."""
        own = [Rows(segment, segment.live, np.arange(segment.size)) for segment in self.snapshot.segments]
        for each in [] if self.path is None else self._nested(self.path):
            own = [inner for rows in own if (inner := rows.inside(each)) is not None]
        return own

    @cached_property
    def tables(self) -> Sequence[Table]:
        """The tables of these rows."""
        return self.snapshot.segments if self.path is None else [rows.table for rows in self.rows]

    def inside(self, path: str) -> "Reader":
        """The same index, seen from within a nested object."""
        return self._with(path=path)

    def mapped(self, mapping: Mapping) -> "Reader":
        """The same documents by another mapping."""
        return self._with(mapping=mapping)

    def over(self, snapshot: Snapshot, *, is_part: bool = False, has_factor: bool = True) -> "Reader":
        """The same index in another state."""
        is_part, has_factor = is_part or self.is_part, has_factor and self.has_factor
        return self._with(snapshot=snapshot, is_part=is_part, has_factor=has_factor)

    def _with(self, **changes: Any) -> "Reader":  # noqa: ANN401 (of whatever kind)
        own = ("index", "mapping", "snapshot", "path", "sources", "usual", "is_part", "has_factor")
        return Reader(**({name: getattr(self, name) for name in own} | changes))

    def way(self, path: str) -> list[str]:
        """The nested objects to go through from here to those at a path; none, if there are none of that path."""
        listed = self._nested(path)
        if not listed or listed[-1] != path:
            return []
        return listed[listed.index(self.path) + 1 :] if self.path in listed else listed if self.path is None else []

    def _nested(self, path: str) -> list[str]:
        """The nested objects on the way to a path, itself too."""
        parts = path.split(".")
        names = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return [each for each in names if each in self.mapping.branches and self.mapping.branches[each].is_nested]

    def check_whole(self, what: str) -> None:
        """Raise IllegalArgument where nested objects of documents that are held back would be looked at, too."""
        if self.is_part and self.path is not None:
            raise IllegalArgument(
                f"[{what}] inside nested objects is not supported where document level security holds documents back"
            )

    def field(self, name: str) -> Field | None:
        """The field of that name, if it is mapped. Raises IllegalArgument for metadata that cannot be asked for."""
        if name in _UNKEPT:
            raise IllegalArgument(f"[{name}] cannot be asked for here; see docs/compatibility.md")
        return _OWN[name] if name in _OWN else self.mapping.find(name)

    def fields(self, pattern: str) -> list[Field]:
        """The fields that a name or pattern means; of a pattern, those that can be searched for words."""
        if "*" not in pattern:
            found = _OWN[IGNORED] if pattern == IGNORED else self.mapping.find(pattern)
            return [] if found is None else [found]
        fields = {each.name: each for name, each in sorted(self.mapping.fields.items()) if fits(name, pattern)}
        return list(fields.values())

    def searched(self, fields: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
        """The fields of names and patterns, with their boosts, that are there and can be searched for words.

        Without any, the usual ones. Raises IllegalArgument for too many.
        """
        found: dict[str, float] = {}
        for pattern, boost in fields or self.usual:
            if pattern in META:
                found[pattern] = boost
            listed = self.fields(pattern)
            found |= {each.name: boost for each in listed if "*" not in pattern or isinstance(each, _SEARCHED)}
        if len(found) > MOST_FIELDS:
            raise IllegalArgument(f"field expansion matches too many fields, limit: {MOST_FIELDS}, got: {len(found)}")
        return list(found.items())

    def model(self, field: str) -> Bm25:
        """BM25 over a field, as its mapping wants it."""
        if field not in self._models:
            known = self.mapping.find(field)
            named = known["similarity"] if known is not None and "similarity" in known.params else None
            own = self.mapping.analysis.similarities.get(named or "default", Similarity())
            self._models[field] = replace(
                scores.shown(self._shown(), field, own.k1, own.b)
                if self.is_part
                else Bm25.of(self.tables, field, own.k1, own.b),
                has_norms=not isinstance(known, Text) or bool(known["norms"]),
                is_boolean=own.is_boolean,
                has_factor=self.has_factor,
            )
        return self._models[field]

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a term is."""
        if (field, term) not in self._frequencies:
            if self.is_part:
                views = ((table.text(field) or table.words(field), live) for table, live in self._shown())
                found = sum(view.among(term, live) for view, live in views if view is not None)
            else:
                found = scores.frequency(self.tables, field, term)
            self._frequencies[field, term] = found
        return self._frequencies[field, term]

    def vectors(self, field: str, token: str) -> int:
        """How many of a field's sparse vectors have a token."""
        views = [(view, live) for table, live in self._shown() if (view := table.sparse(field)) is not None]
        if self.is_part:
            return sum(view.among(token, live[view.owners.numbers]) for view, live in views)
        return sum(view.frequency(token) for view, _ in views)

    def _shown(self) -> list[tuple[Table, Mask]]:
        """The tables, with which of their rows are not held back."""
        return [(rows.table, rows.live) for rows in self.rows]


# Fields of every document that can be asked for as if they were mapped, and those that cannot.
META = ("_id", "_index")
_OWN: dict[str, Field] = {SEQUENCE: Long(SEQUENCE, {}, {}), IGNORED: Keyword(IGNORED, {}, {})}
_UNKEPT = ("_version", "_routing", "_source", "_tier", "_field_names")
_SEARCHED = (Text, Keyword, Ip, Boolean, Number, Date)
