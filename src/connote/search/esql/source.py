"""The documents of some indices as a table, whose columns are read when something looks at them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from connote.contract.errors import ConnoteError
from connote.search import embedded
from connote.search.collect import Seen
from connote.search.engine.arrays import Floats, Mask
from connote.search.engine.owners import Owners
from connote.search.engine.segment import IGNORED, Segment, Table
from connote.search.esql import types
from connote.search.esql.column import Column, Rows
from connote.search.fetch.fields import at, kept, place
from connote.search.mapping.field import Field
from connote.search.mapping.geo import point
from connote.search.mapping.keyword import ConstantKeyword, Keyword
from connote.search.mapping.text import Text
from connote.search.query.query import Constant, Query, Weight, ranked
from connote.search.query.reader import Reader
from connote.search.thread import check

# Fields of every document, by the type of their columns.
METADATA = {
    "_id": "keyword", "_ignored": "keyword", "_index": "keyword", "_index_mode": "keyword", "_score": "double",
    "_source": "_source", "_version": "long",
}  # fmt: skip
_BLOCK = 1000
_MOST_IGNORED = 2**31 - 1


@dataclass(frozen=True)
class Part:
    """A segment of an index; its documents have the numbers from `base` on."""

    seen: Seen
    segment: Segment
    base: int


@dataclass
class Source:
    """Some indices, seen through one search."""

    seen: Sequence[Seen]
    kept: list[Weight] | None = None  # by index, what lets documents be seen

    @cached_property
    def parts(self) -> list[Part]:
        """All segments, one after another."""
        found, base = list[Part](), 0
        for seen in self.seen:
            for segment in seen.snapshot.segments:
                found.append(Part(seen, segment, base))
                base += segment.size
        return found

    @cached_property
    def size(self) -> int:
        """How many documents there are, deleted ones too."""
        return sum(part.segment.size for part in self.parts)

    def allowed(self) -> Mask:
        """Mask [documents]: which may be seen."""
        found = np.zeros(self.size, dtype=np.bool_)
        for part in self.parts:
            own = part.segment.live
            if self.kept is not None:
                own = own & self.kept[self.seen.index(part.seen)].run(part.segment, scored=False).mask
            found[part.base : part.base + part.segment.size] = own
        return found

    def weights(self, queries: Sequence[Query]) -> list[Weight]:
        """What scores documents, of a query an index. Raises the errors of queries on mappings."""
        return [query.weigh(seen.reader) for query, seen in zip(queries, self.seen, strict=True)]

    def best(self, weights: Sequence[Weight], allowed: Mask, count: int) -> tuple[Rows, Floats]:
        """The best documents of those that are allowed (bool [documents]), and their scores."""
        documents, scores = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.float32)]
        of = {id(seen): weight for seen, weight in zip(self.seen, weights, strict=True)}
        for part in self.parts:
            check()
            span = slice(part.base, part.base + part.segment.size)
            found, points, _ = ranked(of[id(part.seen)], part.segment, allowed[span], count)
            documents.append(found.astype(np.int64) + part.base)
            scores.append(points)
        every = np.concatenate(scores)
        first = np.argsort(-every, kind="stable")[:count]
        return np.concatenate(documents)[first], every[first]

    def matching(self, weights: Sequence[Weight], *, scored: bool) -> tuple[Mask, Floats]:
        """Which documents match, by a weight an index, and their scores if these are wanted."""
        mask, scores = np.zeros(self.size, dtype=np.bool_), np.zeros(self.size, dtype=np.float32)
        of = {id(seen): weight for seen, weight in zip(self.seen, weights, strict=True)}
        for part in self.parts:
            check()
            hits = of[id(part.seen)].run(part.segment, scored=scored)
            span = slice(part.base, part.base + part.segment.size)
            mask[span], scores[span] = hits.mask, hits.points()
        return mask, scores

    def types(self) -> tuple[dict[str, str], dict[str, str]]:
        """The columns' types by name, in order; and of those that are unsupported what they are."""
        found, why = dict[str, dict[str, list[str]]](), dict[str, str]()
        for seen in self.seen:
            mapping = seen.reader.mapping
            for name, each in mapping.fields.items():
                if mapping.nested_above(name) is None:
                    found.setdefault(name, {}).setdefault(types.of_field(each.kind), []).append(seen.index.name)
                    why.setdefault(name, each.kind)
        made = dict[str, str]()
        for name in sorted(found):
            kinds = found[name]
            made[name] = next(iter(kinds)) if len(kinds) == 1 else "unsupported"
            if len(kinds) > 1:
                told = ", ".join(
                    f"[{types.shown(kind)}] in [{', '.join(names)}]" for kind, names in sorted(kinds.items())
                )
                why[name] = f"mapped as [{len(kinds)}] incompatible types: {told}"
        return made, {name: why[name] for name, kind in made.items() if kind == "unsupported"}

    def column(self, name: str, kind: str) -> "Lazily":
        """A column that is read when it is looked at."""
        return Lazily(kind, name, self)

    def stored(self, documents: Rows) -> list[bytes | None]:
        """The documents of these numbers as they are kept."""
        found: list[bytes | None] = [None] * len(documents)
        for part, places, numbers in self.split(documents):
            for start in range(0, len(numbers), _BLOCK):
                check()
                seqs = part.segment.seqs[numbers[start : start + _BLOCK]].tolist()
                sources = part.seen.index.documents.sources(seqs)
                for offset, seq in zip(places[start : start + _BLOCK].tolist(), seqs, strict=True):
                    found[offset] = sources.get(seq)
        return found

    def split(self, documents: Rows) -> Iterator[tuple[Part, Rows, Rows]]:
        """By part: the places of its documents among those given, and their numbers in the segment, as they come."""
        for part in self.parts:
            inside = (documents >= part.base) & (documents < part.base + part.segment.size)
            places = np.flatnonzero(inside)
            if len(places):
                yield part, places, documents[places] - part.base


@dataclass(frozen=True, kw_only=True)
class Among(Query):
    """Some documents of a source: `allowed` bool [documents]."""

    source: Source
    allowed: Mask

    def weigh(self, reader: Reader) -> Weight:  # noqa: ARG002
        """They all score alike."""
        return Constant(self._find, 0.0)

    def _find(self, table: Table) -> Mask:
        found = next((part for part in self.source.parts if part.segment is table), None)
        if found is None:
            return np.zeros(table.size, dtype=np.bool_)
        return self.allowed[found.base : found.base + found.segment.size]


@dataclass(frozen=True)
class Lazily:
    """A column of a source."""

    type: str
    name: str
    source: Source

    def load(self, documents: Rows) -> Column:
        """The values of these documents."""
        if self.type in ("unsupported", "null"):
            return Column.nothing(self.type, len(documents))
        made, nulls = types.empty(self.type, len(documents)), np.ones(len(documents), dtype=np.bool_)
        many = dict[int, tuple[Any, ...]]()
        for part, places, numbers in self.source.split(documents):
            check()
            own = _read(self, part, numbers)
            made[places], nulls[places] = own.values, own.nulls
            many |= {int(places[each]): row for each, row in own.many.items()}
        return Column(self.type, made, nulls, many)


def _read(column: Lazily, part: Part, numbers: Rows) -> Column:
    if column.name in METADATA and part.seen.reader.mapping.find(column.name) is None:
        return _metadata(column, part, numbers)
    found = part.seen.reader.mapping.find(column.name)
    if found is None or isinstance(found, ConstantKeyword):
        return Column.constant(column.type, None if found is None else found["value"], len(numbers))
    if column.type in ("integer", "long", "double", "date", "unsigned_long"):
        return _numbers(column.type, part.segment, found.name, numbers)
    if column.type == "geo_point":
        return _points(part.segment, found.name, numbers)
    has_words = column.type in ("keyword", "ip", "version", "boolean") and found["doc_values"]
    return _words(column.type, part.segment, found.name, numbers) if has_words else _texts(column, part, found, numbers)


def _numbers(kind: str, segment: Segment, name: str, numbers: Rows) -> Column:
    view = segment.numbers(name)
    if view is None:
        return Column.nothing(kind, len(numbers))
    dtype = types.dtype(kind)
    return _owned(kind, view.owners, numbers, lambda rows: view.values[rows].astype(dtype), sorts=True)


def _points(segment: Segment, name: str, numbers: Rows) -> Column:
    view = segment.points(name)
    if view is None:
        return Column.nothing("geo_point", len(numbers))
    return _owned("geo_point", view.owners, numbers, lambda rows: view.longitudes[rows] + 1j * view.latitudes[rows])


def _words(kind: str, segment: Segment, name: str, numbers: Rows) -> Column:
    view = segment.words(name)
    if view is None:
        return Column.nothing(kind, len(numbers))
    used = np.zeros(len(view.terms), dtype=np.bool_)
    rows, _ = view.owners.rows_of(numbers.astype(np.int32))
    used[view.ordinals[rows]] = True
    wanted = np.flatnonzero(used)
    # To read all at once is much faster than to read most of them one by one.
    found = list(view.terms) if 4 * len(wanted) > len(used) else [view.terms[each] for each in wanted.tolist()]
    if len(found) > len(wanted):
        wanted = np.arange(len(used))
    terms = types.empty(kind, len(used))
    terms[wanted] = [each == "true" for each in found] if kind == "boolean" else found
    return _owned(kind, view.owners, numbers, lambda rows: terms[view.ordinals[rows]])


def _owned(kind: str, owners: Owners, numbers: Rows, values: Callable[[Any], Any], *, sorts: bool = False) -> Column:
    """The values of some documents, of rows that these own; several of one in their order, if they are to be sorted."""
    if owners.single:
        return Column.whole(kind, values(numbers))
    starts = owners.starts[numbers]
    counts = owners.starts[numbers + 1] - starts
    made, has = types.empty(kind, len(numbers)), np.flatnonzero(counts)
    made[has] = values(starts[has])
    several, many = np.flatnonzero(counts > 1), dict[int, tuple[Any, ...]]()
    rows, begins = owners.rows_of(numbers[several].astype(np.int32))
    flat, ends = values(rows).tolist(), begins.tolist()
    for place_, each in enumerate(several.tolist()):
        row = flat[ends[place_] : ends[place_ + 1]]
        many[each] = tuple(sorted(row) if sorts else row)
        made[each] = many[each][0]
    return Column(kind, made, counts == 0, many)


def _texts(column: Lazily, part: Part, field_: Field, numbers: Rows) -> Column:
    """What stands in the documents: of a text whose words are kept beside it these words."""
    beside = _beside(field_) if isinstance(field_, Text) else None
    found = Column.nothing(column.type, len(numbers))
    if beside is not None:
        found = _words("keyword", part.segment, beside.name, numbers).cast(column.type)
        if beside["ignore_above"] == _MOST_IGNORED or not found.nulls.any():
            return found
    missing = np.flatnonzero(found.nulls)
    rows = found.rows()
    stored = column.source.stored(numbers[missing] + part.base)
    path = place(column.name, part.seen.reader.mapping).split(".")
    plain = path[0] if len(path) == 1 and isinstance(field_, Text) else None
    for each, raw in zip(missing.tolist(), stored, strict=True):
        source = {} if raw is None else embedded.source(raw)
        value = None if plain is None else source.get(plain)  # most are one text
        rows[each] = (value,) if isinstance(value, str) else tuple(read(column.type, field_, at(source, path, field_)))
    return Column.of(column.type, rows)


def _beside(text: Text) -> Keyword | None:
    """A multi-field that keeps the words of a text as they are."""
    for each in text.fields.values():
        if type(each) is Keyword and each["normalizer"] is None and each["doc_values"]:
            return each
    return None


def read(kind: str, field_: Field, given: Iterator[Any]) -> Iterator[Any]:
    """What stands in a document for a field, as values of a column of that type."""
    if kind == "dense_vector":
        vector = [float(each) for each in given if isinstance(each, int | float)]
        if vector:
            yield vector
        return
    for value in given:
        try:
            found = kept(field_, value)
            if kind == "geo_point":
                latitude, longitude = point(value)
                found = complex(longitude, latitude)
        except (ConnoteError, ValueError, TypeError):
            continue  # what was ignored has no value
        yield str(found) if types.dtype(kind) is np.object_ else found


def _metadata(column: Lazily, part: Part, numbers: Rows) -> Column:
    size, segment = len(numbers), part.segment
    if column.name == "_score":
        return Column.whole("double", np.zeros(size))
    if column.name == "_version":
        return Column.whole("long", segment.versions[numbers].astype(np.int64))
    if column.name == "_ignored":
        return _words("keyword", segment, IGNORED, numbers)
    if column.name == "_id":
        return Column.of("keyword", [(segment.ids[each],) for each in numbers.tolist()])
    if column.name == "_source":
        shown = part.seen.reader.mapping.shown
        stored = column.source.stored(numbers + part.base)
        return Column.of("_source", [(_shown(raw, shown),) if shown.is_shown else () for raw in stored])
    own = part.seen.index
    return Column.constant("keyword", own.name if column.name == "_index" else own.settings.mode, size)


def _shown(raw: bytes | None, shown: Any) -> Mapping[str, Any]:  # noqa: ANN401 (a SourceFilter)
    source = {} if raw is None else embedded.source(raw)
    applied: Mapping[str, Any] = shown.apply(source)
    return applied
