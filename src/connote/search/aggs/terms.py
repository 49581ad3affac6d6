"""Buckets by value: terms, multi_terms, rare_terms."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import regex

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.aggs import order as orders
from connote.search.aggs.context import Context
from connote.search.aggs.formats import Format
from connote.search.aggs.options import Options
from connote.search.aggs.order import Order
from connote.search.aggs.rows import Buckets, Keys, Rows, count, grouped, parted
from connote.search.aggs.tallies import Tally, tallied
from connote.search.aggs.tree import Agg, Bucket
from connote.search.aggs.values import Column, Combinations, Source
from connote.search.engine.strings import Dictionary
from connote.search.mapping.keyword import Boolean
from connote.search.query.regexps import expression

BY_COUNT: Order = (("_count", True), ("_key", False))
# Seconds that a user's regular expression may take for one value.
_PATIENCE = 0.5
# As many values are taken apart at once; more are counted first.
_FEW = 256
_IGNORED = ("shard_size", "shard_min_doc_count", "execution_hint", "collect_mode")


@dataclass(frozen=True)
class Only:
    """`include` and `exclude`: by exact values, by regular expressions, or by one of several equal parts."""

    include: Any = None
    exclude: Any = None

    @classmethod
    def read(cls, body: Options) -> "Only":
        """Checked. Raises BadQuery, IllegalArgument."""
        return cls(_chooser(body, "include"), _chooser(body, "exclude"))

    def fits(self, value: Any, shown: str) -> bool:  # noqa: ANN401
        """Whether a bucket of that value is wanted; `shown` is its text."""
        return (self.include is None or self.include(value, shown)) and not (
            self.exclude is not None and self.exclude(value, shown)
        )

    def __bool__(self) -> bool:
        return self.include is not None or self.exclude is not None


ALL = Only()


def _chooser(body: Options, name: str) -> Any:  # noqa: ANN401 (a test of a value and its text)
    given = body.raw(name)
    if given is None:
        return None
    if isinstance(given, list):
        texts = {java(each) for each in given}
        numbers = {float(each) for each in texts if _is_number(each)}
        return lambda value, shown: shown in texts or (not isinstance(value, str) and float(value) in numbers)
    if isinstance(given, str):
        return _expression(given)
    if isinstance(given, dict) and given.keys() == {"partition", "num_partitions"}:
        own, most = given["partition"], given["num_partitions"]
        if type(own) is not int or type(most) is not int or not 0 <= own < most:
            raise BadQuery(f"[{body.kind}] [partition] must be from 0 to [num_partitions] - 1")
        return lambda value, shown: int.from_bytes(blake2b(shown.encode(), digest_size=4).digest()) % most == own  # noqa: ARG005
    raise BadQuery(f"[{body.kind}] [{name}] must be a text, an array or a partition, not [{java(given)[:100]}]")


def _expression(text: str) -> Any:  # noqa: ANN401
    translated = expression(text)
    try:
        pattern = regex.compile(translated, regex.DOTALL)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise IllegalArgument(f"failed to parse regular expression [{text}]: {error}") from None

    def fits(value: Any, shown: str) -> bool:  # noqa: ARG001, ANN401
        try:
            return pattern.fullmatch(shown, timeout=_PATIENCE) is not None
        except TimeoutError:
            raise IllegalArgument(f"the regular expression [{text}] takes too long") from None

    return fits


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def by_value(parts: Sequence[Rows], source: Source) -> Buckets:
    """The rows by the values of a field."""

    def split(rows: Rows) -> Any:  # noqa: ANN401 (pairs)
        column = source.any(rows)
        return ((column.value(key), found) for key, found in parted(rows, column.which, column.keys))

    return grouped(parts, split)


class Columns:
    """The values of a field in some tables: they are counted first, for rows are taken out only of what is shown."""

    def __init__(self, parts: Sequence[Rows], source: Source) -> None:
        self._pairs = [(part, source.any(part)) for part in parts]
        is_small = sum(len(column.keys) for _, column in self._pairs) <= _FEW
        self._all = self._rows([None] * len(self._pairs)) if is_small else None

    @cached_property
    def _known(self) -> list[tuple[Tally, list[Any]]]:
        """By table the different keys, how many rows have each, and the values that they mean."""
        tallies = [(column, tallied(column)) for _, column in self._pairs]
        return [(tally, column.values(tally.keys)) for column, tally in tallies]

    def counts(self) -> dict[Any, int]:
        """How many rows have each value."""
        if self._all is not None:
            return {value: count(own) for value, own in self._all.items()}
        found: dict[Any, int] = {}
        for tally, values in self._known:
            for value, number in zip(values, tally.counts.tolist(), strict=True):
                found[value] = found.get(value, 0) + number
        return found

    def first(self, size: int, order: Order, least: int) -> tuple[dict[Any, int], int] | None:
        """The first values of those that so many rows have at least, with how many have each, and the sum of all.

        Of one table, by counts and keys alone: else None. Values are only made of the keys of these.
        """
        if self._all is not None or len(self._pairs) != 1 or orders.needs_results(order):
            return None
        ((_, column),) = self._pairs
        if not column.is_plain:
            return None
        tally = tallied(column)
        keys, counts = (each[tally.counts >= least] for each in tally)
        by = [_turned(counts if path == "_count" else keys, descends) for path, descends in reversed(order)]
        chosen = np.lexsort(by)[:size]
        return dict(zip(column.values(keys[chosen]), counts[chosen].tolist(), strict=True)), int(counts.sum())

    def rows(self, wanted: Collection[Any]) -> Buckets:
        """The rows by value, at least of those values that are wanted."""
        if self._all is not None:
            return self._all
        return self._rows([_sought(column, wanted) if len(wanted) <= _FEW else None for _, column in self._pairs])

    def _rows(self, wanted: Iterable[Keys | None]) -> Buckets:
        found: Buckets = {}
        for (part, column), own in zip(self._pairs, wanted, strict=True):
            mask = slice(None) if own is None else np.isin(column.keys, own)
            for key, rows in parted(part, column.which[mask], column.keys[mask]):
                found.setdefault(column.value(key), []).append(rows)
        return found


def _turned(keys: Keys, is_turned: bool) -> Keys:
    """Keys whose order is the other one."""
    if not is_turned:
        return keys
    return ~keys if keys.dtype.kind == "i" else -keys


def _sought(column: Column, values: Collection[Any]) -> Keys:
    """The keys that some values have in a column, as far as they are there."""
    if column.words is None:
        return np.array([each for each in values if not isinstance(each, str)], dtype=np.float64)
    if isinstance(column.words, Dictionary):
        return np.array([column.words.find(each) for each in values if isinstance(each, str)], dtype=np.int64)
    return np.array([key for key, word in enumerate(column.words) if word in values], dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class Terms(Agg):
    """A bucket a value, those with the most documents first."""

    source: Source
    size: int = 10
    least: int = 1
    order: Order = BY_COUNT
    only: Only = ALL
    shows_errors: bool = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `size`, `order`, `min_doc_count`, `include` and `exclude`."""
        body.ignore(*_IGNORED)
        return {
            "source": Source.read(body, takes_words=True),
            "size": body.size("size", 10),
            "least": _least(body, 1),
            "order": orders.parse(body.raw("order"), BY_COUNT),
            "only": Only.read(body),
            "shows_errors": body.flag("show_term_doc_count_error", default=False),
        }

    def label(self, body: Mapping[str, Any]) -> str:
        """By what the keys are."""
        return label(body, "terms")

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The first buckets, and how many documents the others have."""
        form, columns = self.source.format(context), Columns(parts, self.source)
        first = columns.first(self.size, self.order, self.least) if self.least and not self.only else None
        if first is not None:
            counts, total = first
            buckets = self._buckets(counts, columns, form, context)
        else:
            counts = self._counts(parts, columns, form)
            buckets, total = self._first(counts, columns, form, context), sum(counts.values())
        return {
            "doc_count_error_upper_bound": 0,
            "sum_other_doc_count": total - sum(each["doc_count"] for each in buckets),
            "buckets": self.finished(buckets),
        }

    def _counts(self, parts: Sequence[Rows], columns: Columns, form: Format) -> dict[Any, int]:
        """How many rows have each value that may have a bucket."""
        counts = columns.counts()
        if self.least == 0:
            every = [part.outside(None) for part in parts] if parts and parts[0].path is None else []
            tables = [part.take(np.flatnonzero(_alive(part)).astype(np.int64)) for part in every]
            counts = dict.fromkeys(Columns(tables, self.source).counts(), 0) | counts
        if self.only:
            counts = {value: own for value, own in counts.items() if self.only.fits(value, _text(form, value))}
        return {value: own for value, own in counts.items() if own >= self.least}

    def _first(self, counts: Mapping[Any, int], columns: Columns, form: Format, context: Context) -> list[Bucket]:
        """In order; where that hangs on counts and keys alone, only the buckets that are shown are gone into."""
        if orders.needs_results(self.order):
            found = columns.rows(counts)
            made = [self.bucket(form.bucket(value), found.get(value, []), context) for value in counts]
            return [{**each, **self._error} for each in orders.ordered(made, self.order)[: self.size]]
        wanted = orders.counted(counts, self.order)[: self.size]
        return self._buckets({value: counts[value] for value in wanted}, columns, form, context)

    def _buckets(self, counts: Mapping[Any, int], columns: Columns, form: Format, context: Context) -> list[Bucket]:
        """Those that are shown. Without aggregations of their own the counts say all."""
        if not self.subs:
            context.counted(len(counts))
            return [{**form.bucket(value), "doc_count": own, **self._error} for value, own in counts.items()]
        found = columns.rows(counts)
        made = (self.bucket(form.bucket(value), found.get(value, []), context) for value in counts)
        return [{**each, **self._error} for each in made]

    @property
    def _error(self) -> dict[str, int]:
        return {"doc_count_error_upper_bound": 0} if self.shows_errors else {}


def _alive(rows: Rows) -> Any:  # noqa: ANN401 (a mask)
    return rows.seen.snapshot.segments[rows.segment].live


def _least(body: Options, default: int) -> int:
    least = body.whole("min_doc_count", default)
    if least < 0:
        raise IllegalArgument(f"[min_doc_count] must be greater than or equal to 0. Found [{least}] in [{body.kind}]")
    return least


def _text(form: Format, value: Any) -> str:  # noqa: ANN401
    return form.text(value) or java(form.key(value))


def label(body: Mapping[str, Any], suffix: str) -> str:
    """`sterms`, `lterms` or `dterms`, by what the keys are."""
    keys = [each["key"] for each in body["buckets"]]
    if keys and all(isinstance(key, int) for key in keys):
        return f"l{suffix}"
    return f"d{suffix}" if keys and all(isinstance(key, int | float) for key in keys) else f"s{suffix}"


@dataclass(frozen=True, kw_only=True)
class Rare(Agg):
    """rare_terms: a bucket a value that few documents have, the rarest first."""

    source: Source
    most: int = 1
    only: Only = ALL

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `max_doc_count`, `include` and `exclude`."""
        body.ignore("precision")
        most = body.size("max_doc_count", 1)
        if most > 100:
            raise IllegalArgument(f"[max_doc_count] must be smaller than or equal to 100 but was [{most}]")
        return {"source": Source.read(body, takes_words=True), "most": most, "only": Only.read(body)}

    def label(self, body: Mapping[str, Any]) -> str:
        """By what the keys are."""
        return label(body, "rareterms")

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """All of them."""
        form = self.source.format(context)
        found = {
            value: own
            for value, own in by_value(parts, self.source).items()
            if count(own) <= self.most and self.only.fits(value, _text(form, value))
        }
        wanted = sorted(found, key=lambda value: (count(found[value]), value))
        return {"buckets": self.finished([self.bucket(form.bucket(each), found[each], context) for each in wanted])}


@dataclass(frozen=True, kw_only=True)
class MultiTerms(Agg):
    """A bucket for each combination of the values of several fields."""

    sources: Sequence[Source]
    size: int = 10
    least: int = 1
    order: Order = BY_COUNT

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`terms` with at least two fields, and the options of terms."""
        body.ignore(*_IGNORED, "show_term_doc_count_error")
        sources = []
        for given in body.objects("terms"):
            inner = Options(body.kind, given)
            sources.append(Source.read(inner, takes_words=True))
            inner.done()
        if len(sources) < 2:
            raise IllegalArgument(
                "The [terms] parameter in the aggregation [multi_terms] must be present and have at least 2 fields or "
                "scripts."
            )
        return {
            "sources": sources,
            "size": body.size("size", 10),
            "least": _least(body, 1),
            "order": orders.parse(body.raw("order"), BY_COUNT),
        }

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The first buckets, and how many documents the others have."""
        forms = [source.format(context) for source in self.sources]
        found = {value: own for value, own in self._found(parts).items() if count(own) >= max(self.least, 1)}
        if orders.needs_results(self.order):
            made = [self.bucket(_keys(forms, value), own, context) for value, own in found.items()]
            buckets = orders.ordered(made, self.order)[: self.size]
        else:
            wanted = orders.counted({value: count(own) for value, own in found.items()}, self.order)[: self.size]
            buckets = [self.bucket(_keys(forms, value), found[value], context) for value in wanted]
        rest = sum(count(own) for own in found.values()) - sum(each["doc_count"] for each in buckets)
        return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": rest, "buckets": self.finished(buckets)}

    def _found(self, parts: Sequence[Rows]) -> Buckets:
        return grouped(parts, lambda rows: Combinations(rows, [each.any(rows) for each in self.sources]).rows())


def _keys(forms: Sequence[Format], values: Sequence[Any]) -> dict[str, Any]:
    keys = [_part(form, value) for form, value in zip(forms, values, strict=True)]
    texts = [_text(form, value) for form, value in zip(forms, values, strict=True)]
    return {"key": keys, "key_as_string": "|".join(texts)}


def _part(form: Format, value: Any) -> Any:  # noqa: ANN401
    """A value in a key of several: dates are text, and booleans are such."""
    if isinstance(form.field, Boolean):
        return form.text(value) == "true"
    return form.text(value) if form.is_date else form.key(value)
