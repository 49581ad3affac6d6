"""How a field's values are looked for: by equality, or between bounds."""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, NamedTuple

import numpy as np

from connote.contract import dates
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.engine.fields import Inverted
from connote.search.engine.segment import Table
from connote.search.mapping import addresses, versions
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Boolean, Ip, Keyword, Version, word
from connote.search.mapping.number import Float, Number, Whole
from connote.search.mapping.ranges import DateRange, Range
from connote.search.mapping.special import Flattened
from connote.search.mapping.text import Text, scalar
from connote.search.query import patterns
from connote.search.query.addresses import among
from connote.search.query.overlaps import RELATIONS, Span, related
from connote.search.query.query import Find


class Bounds(NamedTuple):
    """Two values, None for no bound, and whether they are in it themselves."""

    low: Any
    high: Any
    with_low: bool = True
    with_high: bool = True


def nothing(table: Table) -> Mask:
    """Nobody."""
    return np.zeros(table.size, dtype=np.bool_)


def everything(table: Table) -> Mask:
    """Everybody."""
    return np.ones(table.size, dtype=np.bool_)


def normal(field: Field, value: Any) -> str:  # noqa: ANN401 (JSON)
    """A value as a field of words or text keeps it. Raises IllegalArgument."""
    if isinstance(field, Boolean):
        return word(value)
    if isinstance(field, Keyword):
        return field.normal(scalar(value))
    if isinstance(field, Ip):
        return str(addresses.address(scalar(value)))
    if isinstance(field, Text | Flattened):
        return scalar(value)
    raise IllegalArgument(f"Field [{field.name}] of type [{field.kind}] does not support term queries")


def equal(field: Field, values: Sequence[Any]) -> Find:
    """Documents with one of these values. Raises IllegalArgument, BadQuery."""
    if isinstance(field, Date):
        spans = [moments(field, Bounds(value, value)) for value in values]
        exact = _numbers(field.name, [span.low for span in spans if span.low == span.high])
        return _either([exact, *(between_numbers(field.name, span) for span in spans if span.low != span.high)])
    if isinstance(field, Number):
        return _numbers(field.name, [found for value in values if (found := _number(field, value)) is not None])
    if isinstance(field, Ip):
        return among(field.name, [scalar(value) for value in values])
    if isinstance(field, Range):
        return _either([related(field, _span(field, Bounds(value, value))) for value in values])
    return having(field.name, [normal(field, value) for value in values])


def between(
    field: Field,
    bounds: Bounds,
    pattern: str | None = None,
    zone: str | None = None,
    relation: str = RELATIONS[0],
) -> Find:
    """Documents with a value within bounds, or a range that stands so to these; `pattern` and `zone` are of dates.

    Raises IllegalArgument, BadQuery.
    """
    if isinstance(field, Range):
        return related(field, _span(field, bounds, pattern, zone), relation)
    if isinstance(field, Date):
        return between_numbers(field.name, moments(field, bounds, pattern, zone))
    if isinstance(field, Number):
        low, high = (None if value is None else _bound(field, value) for value in bounds[:2])
        return between_numbers(field.name, bounds._replace(low=low, high=high))
    if isinstance(field, Ip):
        return _between_ranks(field.name, bounds, addresses.rank)
    if isinstance(field, Version):
        return _between_ranks(field.name, bounds, versions.rank)
    words = [None if value is None else normal(field, value) for value in bounds[:2]]
    return _between_words(field.name, bounds._replace(low=words[0], high=words[1]))


def _span(field: Range, bounds: Bounds, pattern: str | None = None, zone: str | None = None) -> Span:
    """The first and the last value between bounds."""
    if isinstance(field, DateRange):
        low, high = moments(field, bounds, pattern, zone)[:2]
    else:
        try:
            low, high = (None if each is None else field.asked(each) for each in bounds[:2])
        except ConnoteError as error:
            raise IllegalArgument(f"failed to create query: {error.reason}") from None
    if low is not None and high is not None and low > high:
        raise IllegalArgument(f"Range query `from` value ({bounds.low}) is greater than `to` value ({bounds.high})")
    return field.span(low, high, with_low=bounds.with_low, with_high=bounds.with_high)


def _between_ranks(name: str, bounds: Bounds, rank: Callable[[str], Any]) -> Find:
    """Documents with a word whose rank is within bounds."""
    low, high = (None if value is None else rank(scalar(value)) for value in bounds[:2])

    def test(word: str) -> bool:
        at = rank(word)
        is_high = low is None or at > low or (bounds.with_low and at == low)
        return is_high and (high is None or at < high or (bounds.with_high and at == high))

    return patterns.matching(name, test)


def having(field: str, values: Sequence[str]) -> Find:
    """Documents with one of these terms or words."""

    def find(table: Table) -> Mask:
        found = nothing(table)
        for view in (table.words(field), table.text(field)):
            if view is not None:
                found |= view.having((view.find(value) for value in values), table.size)
        return found

    return find


def moments(field: Date | DateRange, bounds: Bounds, pattern: str | None = None, zone: str | None = None) -> Bounds:
    """The bounds as milliseconds. What is less than exact is all of its time: `gt` and `lte` take the last moment."""
    formats = pattern or field["format"]
    try:
        where = dates.zone_of(zone) if zone else UTC

        def read(value: Any, *, up: bool) -> int | None:  # noqa: ANN401
            whole = isinstance(value, float) and value.is_integer()
            text = scalar(int(value) if whole else value)
            return None if value is None else dates.maths(text, formats, zone=where, up=up)

        low = None if bounds.low is None else read(bounds.low, up=not bounds.with_low)
        high = None if bounds.high is None else read(bounds.high, up=bounds.with_high)
    except ConnoteError as error:
        raise BadQuery(str(error.reason)) from None
    return bounds._replace(low=low, high=high)


def between_numbers(name: str, bounds: Bounds) -> Find:
    """Documents with a number within bounds."""

    def find(table: Table) -> Mask:
        view = table.numbers(name)
        if view is None:
            return nothing(table)
        values, found = view.values, np.ones(view.owners.rows, dtype=np.bool_)
        if bounds.low is not None:
            found &= values >= bounds.low if bounds.with_low else values > bounds.low
        if bounds.high is not None:
            found &= values <= bounds.high if bounds.with_high else values < bounds.high
        return view.owners.any(found)

    return find


def words_between(view: Inverted, bounds: Bounds) -> range:
    """The ordinals of terms within bounds."""
    found = view.terms.between(bounds.low, bounds.high)
    start, stop = found.start, found.stop
    if bounds.low is not None and not bounds.with_low and start < len(view.terms):
        start += view.terms[start] == bounds.low
    if bounds.high is not None and bounds.with_high and stop < len(view.terms):
        stop += view.terms[stop] == bounds.high
    return range(start, stop)


def _between_words(name: str, bounds: Bounds) -> Find:
    def find(table: Table) -> Mask:
        found = nothing(table)
        for view in (table.words(name), table.text(name)):
            if view is not None:
                found |= view.having(words_between(view, bounds), table.size)
        return found

    return find


def _bound(field: Number, value: Any) -> float:  # noqa: ANN401
    """A bound as a number: of whole numbers and multiples it may lie between them."""
    try:
        found = field.plain(value)
        return float(field.precision(found)) if isinstance(field, Float) else found
    except ConnoteError as error:
        raise IllegalArgument(f"failed to create query: {error.reason}") from None


def _number(field: Number, value: Any) -> float | None:  # noqa: ANN401
    """A value as the field would keep it; None if it would not, being a fraction or too large."""
    try:
        plain = field.plain(value)
    except ConnoteError as error:
        raise IllegalArgument(f"failed to create query: {error.reason}") from None
    try:
        return None if isinstance(field, Whole) and not float(plain).is_integer() else field.read(value)
    except (ConnoteError, OverflowError):
        return None


def _numbers(name: str, values: Sequence[float]) -> Find:
    wanted = sorted(set(values))

    def find(table: Table) -> Mask:
        view = table.numbers(name)
        if view is None or not wanted:
            return nothing(table)
        return view.owners.any(np.isin(view.values, np.array(wanted)))

    return find


def _either(finds: Sequence[Find]) -> Find:
    if len(finds) == 1:
        return finds[0]

    def find(table: Table) -> Mask:
        found = nothing(table)
        for each in finds:
            found |= each(table)
        return found

    return find
