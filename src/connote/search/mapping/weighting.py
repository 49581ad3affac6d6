"""What each token of a sparse field is worth in an index: factors that queries multiply in."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java

# The highest power of idf; more than 1 already harms.
MOST_POWER = 4.0


@dataclass(frozen=True)
class Weighting:
    """A token's factor is its idf to the power of `idf`, times what `terms` has for it: learned weights, by token."""

    idf: float
    terms: Mapping[str, float]

    def factor(self, token: str, frequency: int, count: int) -> float:
        """Of a token that is in so many of `count` vectors: ln(1 + (N - df + 0.5) / (df + 0.5)), as Lucene's idf."""
        rarity = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
        own: float = rarity**self.idf * self.terms.get(token, 1.0)
        return own


def weighting(given: Any) -> Weighting:  # noqa: ANN401 (JSON)
    """`{"idf": 0.5, "terms": {"house": 1.2}}`. Raises IllegalArgument."""
    if not isinstance(given, Mapping):
        raise IllegalArgument(f"[weighting] must be an object with [idf] or [terms], not [{java(given)[:100]}]")
    if unknown := [name for name in given if name not in ("idf", "terms")]:
        raise IllegalArgument(f"[weighting] unknown field [{unknown[0]}]; known are [idf, terms]")
    power, terms = given.get("idf", 0), given.get("terms") or {}
    if type(power) not in (int, float) or not 0 <= power <= MOST_POWER:
        raise IllegalArgument(f"[weighting] [idf] must be a number from 0 to {MOST_POWER:g}, not [{java(power)[:100]}]")
    if not isinstance(terms, Mapping):
        raise IllegalArgument(f"[weighting] [terms] must be an object of factors by token, not [{java(terms)[:100]}]")
    for token, factor in terms.items():
        if type(factor) not in (int, float) or not 0 <= factor < math.inf:
            raise IllegalArgument(
                f"[weighting] [terms] factor of [{token[:100]}] must be a number that is not negative, not "
                f"[{java(factor)[:100]}]"
            )
    return Weighting(float(power), terms)
