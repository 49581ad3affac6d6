"""`docvalue_fields`: a document's values as columns hold them: in order, and words once each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connote.contract import dates
from connote.contract.errors import ConnoteError, IllegalArgument
from connote.search.aggs.formats import decimal
from connote.search.fetch.fields import Wanted, at, formatted, kept, place
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.join import Join
from connote.search.mapping.keyword import Boolean, Ip, Keyword
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.mapping.number import Number
from connote.search.mapping.special import Flattened
from connote.search.mapping.text import Text
from connote.search.names import fits


def docvalues(
    wanted: Sequence[Wanted], source: Mapping[str, Any], mapping: Fields, inside: str | None = None
) -> dict[str, list[Any]]:
    """The values of all fields that are wanted, by name: those of the document, or of the nested object at `inside`.

    Raises IllegalArgument for text, which has no column.
    """
    found: dict[str, list[Any]] = {}
    for each in wanted:
        for name, field in mapping.fields.items():
            if name in mapping.runtime or not (name == each.pattern or fits(name, each.pattern)):
                continue
            if isinstance(field, Text) and not _has_column(field):
                if name != each.pattern:
                    continue
                raise IllegalArgument(
                    f"Fielddata is disabled on [{name}]. Text fields are not optimised for operations that require "
                    "per-document field data like aggregations and sorting, so these operations are disabled by "
                    "default. Please use a keyword field instead."
                )
            path = place(name, mapping)
            if mapping.nested_above(path) == inside and (shown := _shown(field, each.format, source, path)):
                found[name] = shown
        flattened = None if each.pattern in mapping.fields else mapping.flattened_above(each.pattern)
        is_here = flattened is not None and mapping.nested_above(flattened.name) == inside
        if flattened is not None and is_here and (shown := _words(flattened, each.pattern, source)):
            found[each.pattern] = shown
    return found


def _has_column(field: Text) -> bool:
    return "fielddata" in field.params and bool(field["fielddata"])


def _shown(field: Field, form: str | None, source: Mapping[str, Any], path: str) -> list[Any]:
    values = list(_kept(field, at(source, path.split("."), field)))
    if isinstance(field, Join):
        return [field.relation(value) for value in values]
    if isinstance(field, Flattened):
        return list(_words(field, field.name, source))
    if isinstance(field, Keyword | Ip):
        return sorted(set(values))
    if isinstance(field, Date):
        return [dates.render(value, form or field["format"]) for value in sorted(values)]
    if isinstance(field, Number | Boolean):
        numbers = sorted(values)
        return (
            numbers if form is None or isinstance(field, Boolean) else [decimal(float(each), form) for each in numbers]
        )
    return [formatted(field, value, form) for value in values]


def _words(field: Flattened, name: str, source: Mapping[str, Any]) -> list[str]:
    """The words of a flattened object, or those under a path of it."""
    objects = at(source, field.name.split("."), field)
    return sorted({word for each in objects for path, word in field.words(each) if name in (path, field.name)})


def _kept(field: Field, given: Iterator[Any]) -> Iterator[Any]:
    for value in given:
        try:
            yield kept(field, value)
        except ConnoteError:
            continue  # what was ignored as malformed, or as too long, has no value
