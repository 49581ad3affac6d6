"""The values of a field that an aggregation is over."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connote.contract import dates
from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.aggs.codes import coded, combined
from connote.search.aggs.context import Context
from connote.search.aggs.formats import Format
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Keys, Numbers, Rows, gathered, parted
from connote.search.aggs.valuescript import ValueScript
from connote.search.engine.fields import Text as TextView
from connote.search.engine.strings import Dictionary
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Boolean, ConstantKeyword, Ip, Keyword, word
from connote.search.mapping.number import Number
from connote.search.mapping.ranges import IpRange, Range
from connote.search.mapping.special import Flattened
from connote.search.mapping.text import Text, scalar

Doubles = NDArray[np.float64]
_EXACT = 1 << 53


class Column(NamedTuple):
    """The values of some rows. `which` int64: by value the place of its row; `keys` of words are numbers in `words`.

    If it `is_distinct`, no row has a value twice.
    """

    which: Numbers
    keys: Keys
    words: Sequence[Any] | None = None
    is_distinct: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether different keys mean different values, and come in the order of these."""
        return self.words is None or isinstance(self.words, Dictionary)

    def value(self, key: Any) -> Any:  # noqa: ANN401
        """The value of a key."""
        return key if self.words is None else self.words[int(key)]

    def values(self, keys: Keys) -> list[Any]:
        """Those of many keys."""
        if isinstance(self.words, Dictionary):
            return list(self.words.take(keys))
        return [self.value(key) for key in keys.tolist()]


@dataclass(frozen=True)
class Source:
    """A field, with what stands for its value in rows without any; a `script` in its place, or for each value."""

    name: str
    kind: str
    missing: Any = None
    pattern: str | None = None
    script: ValueScript | None = None

    @classmethod
    def read(cls, body: Options, *, takes_words: bool = False) -> "Source":
        """Of `field`, `missing` and `format`, or `script`: one alone makes words where these are taken."""
        missing = body.raw("missing")
        if isinstance(missing, list | dict):
            raise IllegalArgument(f"[{body.kind}] [missing] must be a single value, not [{java(missing)[:100]}]")
        script, of = body.raw("script"), body.text("value_type")
        if script is None:
            return cls(body.field(), body.kind, missing, body.text("format"))
        name = body.text("field") or ""
        is_text = takes_words and not name and of in (None, "string")
        return cls(name, body.kind, missing, body.text("format"), ValueScript.read(script, is_text=is_text))

    def format(self, context: Context) -> Format:
        """How its values are shown."""
        return Format.of(context.field(self.name), self.pattern)

    def any(self, rows: Rows) -> Column:
        """Its values, of whatever kind. Raises IllegalArgument for fields that have no columns."""
        if self.script is not None or self.name in ("_index", "_id"):
            return self._meta(rows) if self.script is None else self._scripted(rows, self.script)
        field = rows.seen.reader.field(self.name)
        if field is None:
            return self._filled(rows, _nothing(), None)
        self._check(field, rows)
        if isinstance(field, Number | Date):
            return self._filled(rows, _numbers(rows, field), field)
        if isinstance(field, ConstantKeyword):
            return _constant(rows, [] if field["value"] is None else [str(field["value"])])
        if isinstance(field, Text):
            return self._filled(rows, _terms(rows, field.name), field)
        return self._filled(rows, _words(rows, field.name), field)

    def numbers(self, rows: Rows) -> tuple[Numbers, Doubles]:
        """Its values as float64. Raises IllegalArgument for a field without numbers."""
        field = rows.seen.reader.field(self.name)
        if field is not None and not isinstance(field, Number | Date | Boolean):
            raise self._unsupported(field)
        found = self.any(rows)
        if found.words is not None and self.script is not None:
            raise IllegalArgument(f"the script of aggregation [{self.kind}] must give numbers")
        if found.words is not None:
            truths = np.array([each == "true" for each in found.words], dtype=np.float64)
            return found.which, truths[found.keys] if len(found.keys) else np.zeros(0)
        return found.which, found.keys.astype(np.float64)

    def spans(self, rows: Rows) -> tuple[Numbers, Doubles, Doubles] | None:
        """Of a field of ranges the place of the row, the first and the last value of each; None of any other field."""
        field = rows.seen.reader.field(self.name)
        if self.script is not None or not isinstance(field, Range) or isinstance(field, IpRange):
            return None
        first, last = rows.table.numbers(field.name), rows.table.numbers(field.last)
        if first is None or last is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
        which, at = gathered(first.owners, rows.numbers)
        return which, first.values[at].astype(np.float64), last.values[at].astype(np.float64)

    def _scripted(self, rows: Rows, script: ValueScript) -> Column:
        if self.name:
            given = replace(self, script=None, missing=None).any(rows)
            pairs = script.of_values(rows, given.which, [given.value(key) for key in given.keys.tolist()])
        else:
            pairs = script.of_rows(rows)
        return self._filled(rows, Column(*script.column(pairs)), rows.seen.reader.field(self.name))

    def all_numbers(self, parts: Sequence[Rows]) -> Doubles:
        """The numbers of all rows."""
        found = [self.numbers(part)[1] for part in parts]
        return np.concatenate(found) if found else np.zeros(0)

    def _check(self, field: Field, rows: Rows) -> None:
        if isinstance(field, Text) and not field["fielddata"]:
            raise IllegalArgument(
                f"Fielddata is disabled on [{self.name}] in [{rows.seen.index.name}]. Text fields are not optimised "
                "for operations that require per-document field data like aggregations and sorting, so these "
                "operations are disabled by default. Please use a keyword field instead. Alternatively, "
                "set fielddata=true on "
                f"[{self.name}] in order to load field data by uninverting the inverted index. Note that this can use "
                "significant memory."
            )
        if not isinstance(field, Number | Date | Keyword | Boolean | Ip | Flattened | Text):
            raise self._unsupported(field)

    def _unsupported(self, field: Field) -> IllegalArgument:
        return IllegalArgument(
            f"Field [{self.name}] of type [{field.kind}] is not supported for aggregation [{self.kind}]"
        )

    def _meta(self, rows: Rows) -> Column:
        if self.name == "_index":
            return _constant(rows, [rows.seen.index.name])
        ids = rows.seen.snapshot.segments[rows.segment].ids
        documents = rows.documents
        words = [ids[int(number)] for number in documents]
        return Column(np.arange(len(rows)), np.arange(len(rows)), words)

    def _filled(self, rows: Rows, column: Column, field: Field | None) -> Column:
        """With what stands for the values that are missing."""
        if self.missing is None:
            return column
        lacking = np.ones(len(rows), dtype=np.bool_)
        lacking[column.which] = False
        which = np.concatenate([column.which, np.flatnonzero(lacking)])
        if column.words is not None or (field is None and isinstance(self.missing, str)):
            words = [*(column.words or ()), word(self.missing) if isinstance(field, Boolean) else scalar(self.missing)]
            keys = np.concatenate([column.keys, np.full(len(which) - len(column.keys), len(words) - 1)])
            return Column(which, keys.astype(np.int64), words, is_distinct=column.is_distinct)
        value = self._number(field)
        if column.keys.dtype.kind == "i" and value == int(value) and abs(value) < _EXACT:
            value = int(value)  # or all would be of 53 bits
        keys = np.concatenate([column.keys, np.full(len(which) - len(column.keys), value)])
        return Column(which, keys)

    def _number(self, field: Field | None) -> int | float:
        if isinstance(field, Date):
            return dates.maths(scalar(self.missing), self.pattern or field["format"])
        try:
            return float(self.missing)
        except (TypeError, ValueError):
            raise IllegalArgument(f'For input string: "{java(self.missing)}"') from None


def _nothing() -> Column:
    return Column(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def _constant(rows: Rows, words: Sequence[str]) -> Column:
    size = len(rows) if words else 0
    return Column(np.arange(size, dtype=np.int64), np.zeros(size, dtype=np.int64), words)


def _numbers(rows: Rows, field: Field) -> Column:
    view = rows.table.numbers(field.name)
    if view is None:
        return _nothing()
    which, at = gathered(view.owners, rows.numbers)
    return Column(which, view.values[at])


def _words(rows: Rows, name: str) -> Column:
    view = rows.table.words(name)
    if view is None:
        return _nothing()._replace(words=())
    which, at = gathered(view.owners, rows.numbers)
    return Column(which, view.ordinals[at].astype(np.int64), view.terms, is_distinct=True)


def _terms(rows: Rows, name: str) -> Column:
    """The terms of analysed text."""
    view = rows.table.text(name)
    if view is None:
        return _nothing()._replace(words=())
    which, ordinals = uninverted(view, rows)
    return Column(which, ordinals, view.terms, is_distinct=True)


def uninverted(view: TextView, rows: Rows) -> tuple[Numbers, Numbers]:
    """By term of these rows: the place of the row, and the term's number."""
    places = np.full(rows.table.size, -1, dtype=np.int64)
    places[rows.numbers] = np.arange(len(rows))
    which = places[view.docs]
    ordinals = np.repeat(np.arange(len(view.terms), dtype=np.int64), np.diff(view.starts))
    return which[which >= 0], ordinals[which >= 0]


def joined(rows: Rows, columns: Sequence[Column]) -> tuple[Numbers, list[Keys]]:
    """Every combination of the values of several fields: the places of the rows, and the keys of each field."""
    which = np.arange(len(rows), dtype=np.int64)
    keys = list[Keys]()
    for column in columns:
        order = np.argsort(column.which, kind="stable")
        sorted_which, sorted_keys = column.which[order], column.keys[order]
        starts = np.searchsorted(sorted_which, which, side="left")
        counts = np.searchsorted(sorted_which, which, side="right") - starts
        at = np.arange(int(counts.sum())) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        which = np.repeat(which, counts)
        keys = [np.repeat(each, counts) for each in keys]
        keys.append(sorted_keys[at])
    return which, keys


class Combinations:
    """The rows of one table by every combination of the values of some columns."""

    def __init__(self, rows: Rows, columns: Sequence[Column]) -> None:
        self._rows, self.values = rows, list[tuple[Any, ...]]()  # the different ones
        self._which, keys = joined(rows, columns)
        self._numbers = np.zeros(0, dtype=np.int64)  # of each combination that a row has its place in `values`
        if len(self._which):
            codes = [coded(each) for each in keys]
            different, self._numbers = combined(codes)
            own = [column.values(known) for column, (known, _) in zip(columns, codes, strict=True)]
            self.values = [tuple(known[at] for known, at in zip(own, each, strict=True)) for each in different.tolist()]

    def rows(self, wanted: Collection[Any] | None = None) -> Iterator[tuple[Any, Rows]]:
        """By combination, all or those that are wanted."""
        which, numbers = self._which, self._numbers
        if wanted is not None and len(which):
            is_wanted = np.fromiter((each in wanted for each in self.values), np.bool_, len(self.values))[numbers]
            which, numbers = which[is_wanted], numbers[is_wanted]
        for number, found in parted(self._rows, which, numbers):
            yield self.values[int(number)], found
