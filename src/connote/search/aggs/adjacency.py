"""Buckets of queries and of each two of them: adjacency_matrix."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows, count
from connote.search.aggs.tree import Agg
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import Query
from connote.search.thread import check

MOST = 100
Group = tuple[str, Sequence[Rows]]  # the rows of a name


@dataclass(frozen=True, kw_only=True)
class Adjacency(Agg):
    """A bucket for each query, and each two of them, that rows match; in the order of the names."""

    each: Mapping[str, Query]
    separator: str = "&"

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`filters` by name, and what stands between two names."""
        given = body.required("filters", lambda value: value)
        if not isinstance(given, dict) or not given:
            raise BadQuery(f"[filters] must be an object of queries, not [{java(given)[:100]}]")
        if len(given) > MOST:
            raise IllegalArgument(
                f"Number of filters is too large, must be less than or equal to: [{MOST}] but was [{len(given)}]."
            )
        each = {name: parse_query(query) for name, query in sorted(given.items())}
        return {"each": each, "separator": body.text("separator") or "&"}

    def queries(self) -> Iterator[Query]:
        """All queries."""
        return iter(self.each.values())

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """Those that are not empty."""
        alone = [(name, context.matching(query, parts)) for name, query in self.each.items()]
        found = [
            self.bucket({"key": name}, own, context) for name, own in chain(alone, self._both(alone)) if count(own)
        ]
        return {"buckets": self.finished(sorted(found, key=lambda bucket: bucket["key"]))}

    def _both(self, alone: Sequence[Group]) -> Iterator[Group]:
        """What each two have in common, one after another: all together may be more than there is room for."""
        for (name, own), (other, more) in combinations(alone, 2):
            check()
            yield f"{name}{self.separator}{other}", list(map(_shared, own, more))


def _shared(one: Rows, other: Rows) -> Rows:
    return one.take(one.numbers[np.isin(one.numbers, other.numbers, assume_unique=True, kind="table")])
