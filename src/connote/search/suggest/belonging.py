"""Whether a completion belongs to what is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from connote.contract.errors import IllegalArgument
from connote.search.engine.segment import Segment
from connote.search.mapping import geohash
from connote.search.mapping.completion import Input
from connote.search.mapping.contexts import Asked, Category, Context
from connote.search.mapping.geo import GeoPoint
from connote.search.mapping.keyword import Keyword
from connote.search.query.reader import Reader


class Found(NamedTuple):
    """The contexts that fit, and the highest boost of these; 0 if nothing was asked for."""

    boost: int
    contexts: Mapping[str, Sequence[str]]


class _Wanted:
    """Values and beginnings of values, by their lengths, with their boosts."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self._whole: dict[str, int] = {}
        self._starts: dict[int, dict[str, int]] = {}
        for each in asked:
            into = self._starts.setdefault(len(each.value), {}) if each.is_prefix else self._whole
            into[each.value] = max(each.boost, into.get(each.value, 0))

    def boost(self, value: str) -> int:
        """The highest; 0 if it is not wanted."""
        starts = (known.get(value[:length], 0) for length, known in self._starts.items())
        return max(self._whole.get(value, 0), *starts, 0)


class Belonging:
    """The contexts of a field and those that are asked for, by name: a completion of any of them belongs.

    `most` is the highest boost of these; `is_even`, whether all have the same.
    """

    def __init__(self, known: Sequence[Context], asked: Mapping[str, Sequence[Asked]], reader: Reader) -> None:
        self._asked = {name: _Wanted(listed) for name, listed in asked.items()}
        boosts = {each.boost for listed in asked.values() for each in listed}
        self.most, self.is_even = max(boosts, default=0), len(boosts) <= 1
        self._paths = {each.name: (each, _path(each, reader)) for each in known if each.path and asked.get(each.name)}

    def of(self, completion: Input, segment: Segment, document: int) -> Found | None:
        """What it was found by; None if it does not belong."""
        if not self._asked:
            return Found(0, {})
        boost, fitting = 0, dict[str, list[str]]()
        for name, wanted in self._asked.items():
            values = {*completion.contexts.get(name, ()), *self._elsewhere(name, segment, document)}
            for value in sorted(values):
                if (own := wanted.boost(value)) > 0:
                    boost = max(boost, own)
                    fitting.setdefault(name, []).append(value)
        return Found(boost, fitting) if fitting else None

    def _elsewhere(self, name: str, segment: Segment, document: int) -> Iterator[str]:
        """The values of another field of the document."""
        if name not in self._paths:
            return
        context, path = self._paths[name]
        if isinstance(context, Category):
            if (words := segment.words(path)) is not None:
                yield from (words.terms[each] for each in words.ordinals[words.owners.of(document)].tolist())
        elif (points := segment.points(path)) is not None:
            own = points.owners.of(document)
            for lat, lon in zip(points.latitudes[own].tolist(), points.longitudes[own].tolist(), strict=True):
                yield geohash.cell(lat, lon, context.precision)


def _path(context: Context, reader: Reader) -> str:
    """The field that a context's values are of. Raises IllegalArgument if it is of another kind."""
    field, wanted = reader.field(context.path or ""), Keyword if isinstance(context, Category) else GeoPoint
    if not isinstance(field, wanted):
        raise IllegalArgument(
            f"the [path] of context [{context.name}] must be a [{wanted.kind}] field, and [{context.path}] is none"
        )
    return field.name
