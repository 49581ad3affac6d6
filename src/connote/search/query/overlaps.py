"""Ranges that documents have, against one that is asked for.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-range-query
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Table
from connote.search.mapping.field import Field
from connote.search.mapping.ranges import IpRange, Range, ends
from connote.search.query import patterns
from connote.search.query.query import Find

Span = tuple[Any, Any]
# By relation, of a document's first and last values (arrays, or one of each) and those that are asked for.
_TESTS: Mapping[str, Callable[[Any, Any, Span], Any]] = {
    "intersects": lambda first, last, asked: (first <= asked[1]) & (last >= asked[0]),
    "contains": lambda first, last, asked: (first <= asked[0]) & (last >= asked[1]),
    "within": lambda first, last, asked: (first >= asked[0]) & (last <= asked[1]),
}
RELATIONS = tuple(_TESTS)


def related(field: Range, asked: Span, relation: str = RELATIONS[0]) -> Find:
    """Documents with a range that stands so to that from `asked[0]` to `asked[1]`; none, if that is empty."""
    test = _TESTS[relation]
    if isinstance(field, IpRange):
        return patterns.matching(field.name, lambda word: asked[0] <= asked[1] and test(*ends(word), asked))

    def find(table: Table) -> Mask:
        first, last = table.numbers(field.name), table.numbers(field.last)
        if first is None or last is None or asked[0] > asked[1]:
            return np.zeros(table.size, dtype=np.bool_)
        return first.owners.any(test(first.values, last.values, asked))

    return find


def check_single(field: Field | None) -> None:
    """Raise IllegalArgument for a field whose values are no single numbers."""
    if isinstance(field, Range):
        raise IllegalArgument(f"Field [{field.name}] of type [{field.kind}] has ranges, and no single values")
