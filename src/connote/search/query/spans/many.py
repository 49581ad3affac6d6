"""Queries for many terms at once, wrapped so that where these terms stand can be combined with other spans."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import BadQuery
from connote.search.mapping.text import scalar
from connote.search.query.boolean import MOST_CLAUSES
from connote.search.query.fuzzy import Fuzzy, nearest
from connote.search.query.patterns import Ordinals, Pattern
from connote.search.query.places import expanded
from connote.search.query.query import Query
from connote.search.query.ranges import Range
from connote.search.query.reader import Reader
from connote.search.query.values import Bounds, words_between

_TOP = re.compile(r"top_terms(?:_boost|_blended_freqs)?_(\d{1,9})")


@dataclass(frozen=True)
class Many:
    """A query for many terms; with `top` the first of them, where otherwise too many are refused."""

    query: Pattern | Fuzzy | Range
    top: int | None = None

    @classmethod
    def parse(cls, given: Any, parse: Callable[[Any], Query]) -> "Many":  # noqa: ANN401 (JSON)
        """`{"prefix": {"text": {"value": "ho", "rewrite": "top_terms_10"}}}`."""
        made = parse(given)
        if not isinstance(made, Pattern | Fuzzy | Range):
            raise BadQuery("[span_multi] [match] must be of type multi term query")
        value = next(iter(given.values()))[made.field]
        found = _TOP.fullmatch(str(value.get("rewrite"))) if isinstance(value, Mapping) else None
        return cls(made, int(found[1]) if found else None)

    def terms(self, reader: Reader) -> tuple[str, ...]:
        """The terms of the index. Raises IllegalArgument for too many."""
        field = reader.field(self.query.field)
        if field is None:
            return ()
        if isinstance(self.query, Fuzzy):
            how = self.query.how
            most = how.expansions if self.top is None else self.top
            return tuple(sorted(term for term, _ in nearest(reader, field, self.query.value, how)[:most]))
        told, is_cut = f"{self.query.field}:{_told(self.query)}", self.top is not None
        most = MOST_CLAUSES if self.top is None else min(self.top, MOST_CLAUSES)
        ordinals = self.query.ordinals(self.query.normal(field)) if isinstance(self.query, Pattern) else _of(self.query)
        return expanded(reader, field.name, ordinals, told, most, cut=is_cut)


def _of(query: Range) -> Ordinals:
    low, high = (None if each is None else scalar(each) for each in (query.low, query.high))
    bounds = Bounds(low, high, query.with_low, query.with_high)
    return lambda view: words_between(view, bounds)


def _told(query: Pattern | Range) -> str:
    return query.value if isinstance(query, Pattern) else f"[{query.low} TO {query.high}]"
