"""Where a row of numbers changes most, how, and how unlikely it is that it does so by chance.

A line, level or sloping, is compared with lines that have one thing more: a point that stands out, a step, or a bend.
The Bayesian information criterion (https://doi.org/10.1214/aos/1176344136) chooses. The p-value of the choice is that
of the F-test for the one thing more, times the places at which it could be (Bonferroni's correction), as for breaks at
an unknown place (https://doi.org/10.2307/1910133, https://doi.org/10.2307/2951764). Of a line with nothing more it is
told whether the spread changes, by the sums of squares of Inclán and Tiao
(https://doi.org/10.1080/01621459.1994.10476824) in the form that does not take the numbers for normal ones
(Sansó, Aragó and Carrion 2004). Elasticsearch does not say how it does this: numbers differ, clear changes do not.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connote.search.aggs.student import probability

Doubles = NDArray[np.float64]

# Above this p-value nothing has changed; numbers at each end between which no change is looked for.
SIGNIFICANT, _MARGIN = 0.01, 3
_CLOSE = 1e-12


@dataclass(frozen=True)
class Change:
    """Its `type` as Elasticsearch calls it, the number of the first value that is changed, and its p-value."""

    type: str
    at: int
    p: float


@dataclass(frozen=True)
class _Fit:
    """A line, maybe with one thing more at a place: its criterion (the less the better), and the thing's share."""

    kind: str
    at: int
    criterion: float
    p: float
    size: float = 0.0  # of the one thing more


def changed(values: Doubles) -> Change | None:
    """The most notable change in some numbers, in their order; None without one that is significant."""
    if len(values) < 2 * _MARGIN or not np.isfinite(values).all():
        return None
    scale = float(np.abs(values).max()) or 1.0
    values = values / scale  # squares of very large numbers are infinite
    values = values - values.mean()
    if float(np.abs(values).max()) <= _CLOSE:
        return None
    fits = [fit for slopes in (False, True) for fit in _fits(values, slopes=slopes)]
    best = min(fits, key=lambda fit: fit.criterion)
    if best.kind and best.p < SIGNIFICANT:
        name = "dip" if best.kind == "spike" and best.size < 0 else best.kind
        return Change(name, best.at, best.p)
    return _spread(values)


def _fits(values: Doubles, *, slopes: bool) -> Iterator[_Fit]:
    """The best of each kind over a line, and the line alone."""
    count = len(values)
    times = np.arange(count, dtype=np.float64) / count
    line = np.stack([np.ones(count), times][: 1 + slopes], axis=1)
    base, _ = np.linalg.qr(line)
    rest = values - base @ (base.T @ values)
    floor = _CLOSE * float(values @ values)  # what is less is what rounding leaves
    squares = max(float(rest @ rest), floor)
    yield _Fit("", 0, _criterion(squares, count, line.shape[1]), 1.0)
    places = np.arange(_MARGIN, count - _MARGIN + 1)
    for kind, (lengths, shares) in things(times, base, rest, places, slopes=slopes).items():
        along = np.where(lengths > _CLOSE, shares, 0.0)
        gains = along**2 / np.maximum(lengths, _CLOSE)
        at = int(np.argmax(gains))
        left, freedom = max(squares - float(gains[at]), floor), count - line.shape[1] - 1
        p = (
            len(gains) * probability(math.sqrt(max(squares - left, 0.0) / left * freedom), freedom)
            if left > floor
            else 0.0
        )
        yield _Fit(
            kind, at if kind == "spike" else int(places[at]), _criterion(left, count, line.shape[1] + 2),
            min(p, 1.0), float(along[at]),
        )  # fmt: skip


def things(
    times: Doubles, base: Doubles, rest: Doubles, places: NDArray[np.int64], *, slopes: bool
) -> dict[str, tuple[Doubles, Doubles]]:
    """By kind and place the square of what of the thing the line cannot have, and how far the rest goes along it.

    Steps and bends are told by sums from each place to the end, so that no matrix of all places is made.
    """
    after, within = _after(rest)[places], _after(base)[places]
    behind = len(times) - places
    found = {
        "spike": (1 - (base**2).sum(axis=1), rest),
        "step_change": (behind - (within**2).sum(axis=1), after),
    }
    if slopes:
        starts = times[places]
        along = _after(times * rest)[places] - starts * after
        inside = _after(times[:, None] * base)[places] - starts[:, None] * within
        squares = times[1] ** 2 * (behind - 1) * behind * (2 * behind - 1) / 6
        found["trend_change"] = (squares - (inside**2).sum(axis=1), along)
    return found


def _after(values: Doubles) -> Doubles:
    """By place the sum of all from there to the end."""
    return np.cumsum(values[::-1], axis=0)[::-1]


def _criterion(squares: float, count: int, free: int) -> float:
    return count * math.log(squares / count) + free * math.log(count)


def _spread(values: Doubles) -> Change | None:
    """Where the spread around a line changes."""
    count = len(values)
    times = np.arange(count, dtype=np.float64)
    squares = (values - np.polyval(np.polyfit(times, values, 1), times)) ** 2
    mean, fourth = float(squares.mean()), float((squares**2).mean())
    if mean <= _CLOSE * float((values**2).mean()) or fourth - mean**2 <= _CLOSE * mean**2:
        return None
    apart = np.abs(np.cumsum(squares) - np.arange(1, count + 1) * mean)
    at = int(np.argmax(apart))
    p = _kolmogorov(float(apart[at]) / math.sqrt((fourth - mean**2) * count))
    return Change("distribution_change", at + 1, p) if p < SIGNIFICANT and at + 1 < count else None


def _kolmogorov(value: float) -> float:
    """That a Brownian bridge goes so far from 0, by Kolmogorov's distribution."""
    if value < 0.2:
        return 1.0
    terms = (math.exp(-2 * (at * value) ** 2) * (1 if at % 2 else -1) for at in range(1, 101))
    return min(max(2 * sum(terms), 0.0), 1.0)
