"""How much each feature has to do with what trees say: Shapley values.

What is not known of a row is taken to go as the rows of the training went.
Lundberg, Erion, Lee: Consistent Individualized Feature Attribution for Tree Ensembles, 2018, section 3.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.models.forest import Doubles, Flags, Forest, Nodes

# By the name of a feature: float64 [outputs].
Importance = dict[str, Doubles]


@dataclass(frozen=True)
class _Way:
    """To a leaf: the features on it, which rows go on at each of them, and which share of the training did."""

    leaf: int
    features: Sequence[int]
    goes: Sequence[Flags]
    shares: Sequence[float]


def of(forest: Forest, rows: Doubles) -> list[Importance]:
    """Of each row [features]. Raises IllegalArgument if nodes do not tell their `number_samples`."""
    found = np.zeros((len(rows), len(forest.names), forest.nodes.values.shape[1]))
    for root, weight in zip(forest.roots.tolist(), forest.weights.tolist(), strict=True):
        for way in _ways(forest.nodes, root, rows):
            for at, feature in enumerate(way.features):
                found[:, feature] += weight * np.outer(_share(way, at), forest.nodes.values[way.leaf])
    used = {int(each) for each in forest.nodes.features[forest.nodes.left >= 0]}
    return [{forest.names[each]: row[each] for each in sorted(used)} for row in found]


def joined(found: Importance, origins: Mapping[str, str]) -> Importance:
    """By the fields that features come from."""
    told: Importance = {}
    for name, values in found.items():
        field = origins.get(name, name)
        told[field] = told[field] + values if field in told else values
    return told


def _ways(nodes: Nodes, root: int, rows: Doubles) -> Iterator[_Way]:
    """Those to all leaves of a tree; a feature that stands on a way several times is there once."""
    waiting = [_Way(root, (), (), ())]
    while waiting:
        way = waiting.pop()
        at = way.leaf
        if nodes.left[at] < 0:
            yield way
            continue
        feature, count = int(nodes.features[at]), int(nodes.samples[at])
        chosen = nodes.step(np.full(len(rows), at), rows[:, feature])
        for child in (int(nodes.left[at]), int(nodes.right[at])):
            if not 0 < nodes.samples[child] <= count:
                raise IllegalArgument("feature importance needs [number_samples] of each node of the trees")
            waiting.append(_longer(way, child, feature, chosen == child, float(nodes.samples[child]) / count))


def _longer(way: _Way, child: int, feature: int, goes: Flags, share: float) -> _Way:
    if feature not in way.features:
        return _Way(child, (*way.features, feature), (*way.goes, goes), (*way.shares, share))
    at = way.features.index(feature)
    return _Way(
        child,
        way.features,
        [each & goes if own == at else each for own, each in enumerate(way.goes)],
        [each * share if own == at else each for own, each in enumerate(way.shares)],
    )


def _share(way: _Way, at: int) -> Doubles:
    """float64 [n]: the part of the leaf's value that is one feature's, over all sets of the others that are known."""
    count = len(way.features)
    # How much leads here, by how many of the others are known.
    ways = np.zeros((len(way.goes[at]), count))
    ways[:, 0] = 1
    for other in range(count):
        if other != at:
            known = np.zeros_like(ways)
            known[:, 1:] = ways[:, :-1] * way.goes[other][:, None]
            ways = ways * way.shares[other] + known
    part: Doubles = (ways @ _weights(count)) * (way.goes[at] - way.shares[at])
    return part


@lru_cache(maxsize=256)
def _weights(count: int) -> Doubles:
    """float64 [count]: Shapley's, by how many of the others are known."""
    orders = factorial(count)
    return np.array([factorial(known) * factorial(count - known - 1) / orders for known in range(count)])
