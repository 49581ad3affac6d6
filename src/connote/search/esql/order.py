"""The order of values of types whose own form does not sort."""

import numpy as np

from connote.search.esql.column import Values
from connote.search.ranked import RANKS

# Types that need a key to be put in order.
PARTS = tuple(RANKS)


def keys(kind: str, values: Values) -> Values:
    """Objects that sort as the values of a type do."""
    rank, listed = RANKS[kind], values.tolist()
    known = {each: rank(each) for each in set(listed)}
    made = np.empty(len(values), dtype=np.object_)
    for at, each in enumerate(listed):
        made[at] = known[each]
    return made
