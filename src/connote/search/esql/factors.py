"""Values as numbers, for grouping: equal values have the same, in the order in which they first come."""

from typing import Any

import numpy as np

from connote.search.esql.column import Rows, Values


def factors(values: Values) -> tuple[Rows, int]:
    """int64 [values], and how many different ones there are."""
    if values.dtype == np.object_:
        known = dict[Any, int]()
        codes = np.fromiter(
            (known.setdefault(_key(each), len(known)) for each in values.tolist()), dtype=np.int64, count=len(values)
        )
        return codes, len(known)
    unique, begins, inverse = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(unique), dtype=np.int64)
    rank[np.argsort(begins)] = np.arange(len(unique))
    return rank[inverse.reshape(-1)], len(unique)


def _key(value: Any) -> Any:  # noqa: ANN401
    return value if isinstance(value, str) else repr(value)
