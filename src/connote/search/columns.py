"""Columns of runtime fields: made for a search, segment by segment, when something looks at them."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from connote.contract.errors import BadScript, ConnoteError, IllegalArgument
from connote.ingest.painless.fault import Fault
from connote.search.engine import build
from connote.search.engine.arrays import Arrays, below
from connote.search.engine.row import Fields
from connote.search.engine.segment import Segment, Snapshot, Table
from connote.search.fetch.fields import at as values_at
from connote.search.mapping.mapping import Mapping as Mapped
from connote.search.mapping.runtime import NAMES, Runtime
from connote.search.mapping.values import Values
from connote.search.query.extracting import EXTRACTORS
from connote.search.query.program import Program
from connote.search.query.reader import Reader

# Values of one document, as Elasticsearch limits them.
MOST_VALUES = 100
_KINDS: Mapping[str, str] = {"date": "numbers", "double": "numbers", "geo_point": "points", "long": "numbers"}
# In each thread the names of those that are being made, for one may look at another.
_making = threading.local()


def over(reader: Reader, mapping: Mapped) -> Reader:
    """The same documents, with the runtime fields of a mapping. Raises BadScript."""
    if not mapping.runtime:
        return reader
    base = reader.mapped(mapping)
    made = {name: Column(each, base) for name, each in mapping.runtime.items()}
    return base.over(Snapshot([segment.with_columns(made) for segment in base.snapshot.segments]))


def shown(table: Table, name: str, document: int) -> list[Any]:
    """A document's values of a column, as JSON has them: dates in milliseconds, places as latitude and longitude."""
    if (numbers := table.numbers(name)) is not None:
        return list(numbers.values[numbers.owners.of(document)].tolist())
    if (words := table.words(name)) is not None:
        return [words.terms[each] for each in words.ordinals[words.owners.of(document)].tolist()]
    if (points := table.points(name)) is not None:
        rows = points.owners.of(document)
        places = zip(points.latitudes[rows].tolist(), points.longitudes[rows].tolist(), strict=True)
        return [{"lat": lat, "lon": lon} for lat, lon in places]
    return []


class Column:
    """What makes one of them."""

    def __init__(self, runtime: Runtime, reader: Reader) -> None:
        self._runtime, self._reader = runtime, reader
        self._program = None if runtime.script is None else Program.of(runtime.script, reader, NAMES)

    def __call__(self, table: Table, kind: str) -> Arrays:
        """The arrays of a segment; none for another kind than its own. Raises BadScript, IllegalArgument."""
        field = self._runtime.field
        if kind != _KINDS.get(field.kind, "words") or not isinstance(table, Segment):
            return {}
        busy: list[str] = _making.__dict__.setdefault("names", [])
        if field.name in busy:
            way = " -> ".join([*busy, field.name])
            raise IllegalArgument(f"Cyclic dependency detected while resolving runtime fields: {way}")
        busy.append(field.name)
        try:
            rows = [Fields() for _ in range(table.size)]
            for at, found in self._scripted(table) if self._program else self._stored(table):
                rows[at] = Fields(words=found.words, numbers=found.numbers, points=found.points)
        finally:
            busy.pop()
        return below(build.columns(rows), kind, field.name)

    def _scripted(self, segment: Segment) -> Iterator[tuple[int, Values]]:
        assert self._program is not None  # noqa: S101 (see above)
        field, emitted = self._runtime.field, list[Any]()
        run = self._program.over(segment, emit=lambda *given: emitted.extend(self._emitted(given)), **EXTRACTORS)
        for at in np.flatnonzero(segment.live).tolist():
            emitted.clear()
            found = Values()
            try:
                run(at)
                for each in self._few(emitted):
                    field.add(each, found, field.name)
            except (BadScript, IllegalArgument):
                if not self._runtime.tolerates:
                    raise
                continue
            yield at, found

    def _emitted(self, given: tuple[Any, ...]) -> list[Any]:
        """What is of this field in what a script emits: all, or its part of a map or of a name and a value."""
        part = self._runtime.part
        if part is None:
            return [_value(given)]
        if len(given) == 2:
            given = ({given[0]: given[1]},)
        if given == (None,):  # a pattern that did not fit
            return []
        if len(given) != 1 or not isinstance(given[0], Mapping):
            raise Fault("emit of a composite field needs a map, or a name and a value", "class_cast_exception")
        found = given[0].get(part)
        return found if isinstance(found, list) else [] if found is None else [found]

    def _few(self, emitted: list[Any]) -> list[Any]:
        if len(emitted) > MOST_VALUES:
            raise IllegalArgument(
                f"Runtime field [{self._runtime.field.name}] is emitting [{len(emitted)}] values while the maximum "
                f"number of values allowed is [{MOST_VALUES}]"
            )
        return emitted

    def _stored(self, segment: Segment) -> Iterator[tuple[int, Values]]:
        """Without a script: what stands at its name in the source, if it can be read."""
        field, sources = self._runtime.field, self._reader.sources
        for at in np.flatnonzero(segment.live).tolist():
            found = Values()
            source = {} if sources is None else sources.of(segment, at)
            for each in values_at(source, field.name.split("."), field):
                try:
                    field.add(each, found, field.name)
                except ConnoteError:
                    continue
            yield at, found


def _value(given: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """What a script emits: one value, or the latitude and longitude of a place."""
    if len(given) == 2:
        return {"lat": given[0], "lon": given[1]}
    (value,) = given
    return value
