"""Segments: columns over a run of documents, and a snapshot of an index, which is a list of segments."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import accumulate
from typing import TypeVar, cast

import numpy as np

from connote.search.engine.arrays import Arrays, Ints, Longs, Mask, below, names
from connote.search.engine.fields import Dense, Numbers, Points, Sparse, Text, Words
from connote.search.engine.ids import Ids
from connote.search.engine.owners import Owners

_View = TypeVar("_View")
# By field, what makes its arrays of a kind (text, words, …) for a table: none, if it is of another kind.
Made = Mapping[str, Callable[["Table", str], Arrays]]

# The field that every document has, and the one that names those of a document that had to leave a value out.
SEQUENCE, IGNORED = "_seq_no", "_ignored"


class Table:
    """Fields by their full path, over `size` rows (documents, or nested objects). None: no row here has the field."""

    def __init__(self, arrays: Arrays, size: int) -> None:
        self.arrays, self.size = arrays, size
        self._views: dict[tuple[str, str], object] = {}
        self._made: Made = {}
        self._under: Table | None = None  # where all other fields are

    def text(self, field: str) -> Text | None:
        """Analysed text: postings, positions, norms."""
        return self._view("text", field, Text)

    def words(self, field: str) -> Words | None:
        """Keywords: postings and ordinals."""
        return self._view("words", field, Words)

    def numbers(self, field: str) -> Numbers | None:
        """Numbers and dates."""
        return self._view("numbers", field, Numbers)

    def points(self, field: str) -> Points | None:
        """Places."""
        return self._view("points", field, Points)

    def sparse(self, field: str) -> Sparse | None:
        """Sparse vectors."""
        return self._view("sparse", field, Sparse)

    def dense(self, field: str) -> Dense | None:
        """Dense vectors."""
        return self._view("dense", field, Dense)

    def nested(self, path: str) -> "Nested | None":
        """The nested objects at a path, as a table of their own."""
        return self._view("nested", path, Nested)

    def fields(self, kind: str) -> list[str]:
        """The names of all fields of a kind: text, words, numbers, points, sparse, dense, nested."""
        return names(self.arrays, kind)

    def exists(self, field: str) -> Mask:
        """Mask [size]: who has a value of that name, whatever its kind."""
        found = np.zeros(self.size, dtype=np.bool_)
        for get in (self.text, self.words, self.numbers, self.points, self.sparse, self.dense):
            view = get(field)
            if view is not None:
                found |= view.exists
        return found

    def _view(self, kind: str, field: str, make: Callable[[Arrays], _View]) -> _View | None:
        if (kind, field) not in self._views:
            if field not in self._made and self._under is not None:
                return self._under._view(kind, field, make)
            arrays = self._made[field](self, kind) if field in self._made else below(self.arrays, kind, field)
            # Of several threads that make it at a time all take the first one's, with what it will remember.
            self._views.setdefault((kind, field), make(arrays) if arrays else None)
        return cast("_View | None", self._views[kind, field])


class Nested(Table):
    """Nested objects: `owners` says whose they are."""

    def __init__(self, arrays: Arrays) -> None:
        self.owners = Owners(arrays["owners",])
        super().__init__(arrays, self.owners.rows)


class Segment(Table):
    """A run of documents, which never changes; deleting gives another segment over the same columns.

    `seqs`, `versions` int64 [size]; `live` bool [size], False for deleted ones. `number` names its file.
    """

    def __init__(self, arrays: Arrays, number: int = 0) -> None:
        self.number = number
        self.seqs: Longs = arrays["seqs",]
        self.versions: Longs = arrays["versions",]
        super().__init__(arrays, len(self.seqs))
        self.ids = Ids(below(arrays, "ids"))
        self.live: Mask = np.ones(self.size, dtype=np.bool_)
        self._made = {SEQUENCE: self._sequence}

    def _sequence(self, _: Table, kind: str) -> Arrays:
        """The sequence numbers, as a field of numbers has them."""
        owners = np.arange(self.size + 1, dtype=np.int32)
        return {("owners",): owners, ("values",): self.seqs} if kind == "numbers" else {}

    @cached_property
    def documents(self) -> int:
        """How many are not deleted."""
        return int(np.count_nonzero(self.live))

    @cached_property
    def ignored(self) -> Words | None:
        """Which fields had to leave a value out; None if no document had to."""
        return self.words(IGNORED)

    @cached_property
    def bytes(self) -> int:
        """The size of all arrays."""
        return sum(array.nbytes for array in self.arrays.values())

    def find(self, ids: Sequence[str]) -> Ints:
        """int32 [ids]: the documents of these ids, -1 for those that are not here or deleted."""
        found = self.ids.find(ids)
        found[(found >= 0) & ~self.live[found]] = -1
        return found

    def without(self, documents: Ints) -> "Segment":
        """The same but for some documents, which are deleted."""
        live = self.live.copy()
        live[documents] = False
        return self.with_live(live)

    def with_live(self, live: Mask) -> "Segment":
        """The same columns, views included, with another set of documents alive."""
        other = copy(self)
        other.live = live
        other.__dict__.pop("documents", None)
        return other

    def with_columns(self, made: Made) -> "Segment":
        """The same with more fields, made when they are first looked at; they hide others of their names."""
        other = copy(self)
        other._made, other._views, other._under = made, {}, self
        return other


class Snapshot:
    """An index as it was at one moment: good for as long as it is held, whatever is written or merged meanwhile.

    Documents are numbered through: `bases[s] + document` for a document of segment s. Older ones have smaller numbers.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        ends = accumulate(segment.size for segment in self.segments)
        self.bases = tuple(end - segment.size for end, segment in zip(ends, self.segments, strict=True))

    @cached_property
    def documents(self) -> int:
        """How many are not deleted."""
        return sum(segment.documents for segment in self.segments)

    @cached_property
    def size(self) -> int:
        """How many there are, deleted ones too."""
        return sum(segment.size for segment in self.segments)

    @cached_property
    def last(self) -> int:
        """The highest sequence number in it; -1 if it is empty."""
        return max((int(each.seqs.max()) for each in self.segments if each.size), default=-1)

    @property
    def bytes(self) -> int:
        """The size of all arrays."""
        return sum(segment.bytes for segment in self.segments)

    def find(self, id: str) -> tuple[int, int] | None:
        """The segment's number and the document's in it."""
        for number, segment in enumerate(self.segments):
            document = int(segment.find([id])[0])
            if document >= 0:
                return number, document
        return None
