"""Decision trees, and ensembles of them: what they say of rows of features.

How outputs are joined: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-ml-put-trained-model
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
REGRESSION, CLASSIFICATION = "regression", "classification"
# How the outputs of trees may be joined, and for which targets; `None` is a tree alone.
JOINED: Mapping[str, Sequence[str]] = {
    "weighted_sum": (REGRESSION,),
    "exponent": (REGRESSION,),
    "logistic_regression": (REGRESSION, CLASSIFICATION),
    "weighted_mode": (CLASSIFICATION,),
}
# Places in trees that are looked at together.
_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Nodes:
    """Those of all trees, one after the other, by number; a leaf has no children (-1).

    A row goes left if its feature is below the threshold, or, where `with_equal`, equal to it; the other way round
    where `flipped`. `values` are [nodes, outputs], `samples` how many rows of the training came to a node.
    """

    features: Numbers
    thresholds: Doubles
    left: Numbers
    right: Numbers
    with_equal: Flags
    flipped: Flags
    missing_left: Flags
    values: Doubles
    samples: Numbers

    def step(self, nodes: Numbers, given: Doubles) -> Numbers:
        """int64 [n]: where rows with these features go from nodes that split; NaN is what is missing."""
        threshold = self.thresholds[nodes]
        goes_left = ((given < threshold) | (self.with_equal[nodes] & (given == threshold))) ^ self.flipped[nodes]
        goes_left = np.where(np.isnan(given), self.missing_left[nodes], goes_left)
        return np.where(goes_left, self.left[nodes], self.right[nodes])


@dataclass(frozen=True)
class Forest:
    """Trees over features in the order of their names, each by the number of its root; how what they say is joined.

    `classes` is how many there are, 0 for a regression.
    """

    names: Sequence[str]
    nodes: Nodes
    roots: Numbers
    weights: Doubles
    joined: str | None = None
    classes: int = 0

    @property
    def target(self) -> str:
        """`regression` or `classification`."""
        return CLASSIFICATION if self.classes else REGRESSION

    def predict(self, features: Doubles) -> Doubles:
        """float64 [n] of rows [n, features], of a regression; NaN is what is missing."""
        total = self._total(features)[:, 0]
        with np.errstate(over="ignore"):
            match self.joined:
                case "logistic_regression":
                    return 1 / (1 + np.exp(-total))
                case "exponent":
                    return np.exp(total)
                case _:
                    return total

    def probabilities(self, features: Doubles) -> Doubles:
        """float64 [n, classes] of rows [n, features], of a classification."""
        if self.nodes.values.shape[1] > 1:
            return _softmax(self._total(features))
        if self.joined == "logistic_regression":
            with np.errstate(over="ignore"):
                second = 1 / (1 + np.exp(-self._total(features)[:, 0]))
            return np.stack([1 - second, second], axis=1)
        votes = self._votes(features)
        # A tree alone is sure; of several the votes count, and a class without any is out.
        return votes if self.joined is None else _softmax(np.where(votes == 0, -np.inf, votes))

    @property
    def size(self) -> int:
        """Bytes of its nodes."""
        return sum(each.nbytes for each in vars(self.nodes).values())

    @property
    def operations(self) -> int:
        """About how many decisions a row takes: the depth that trees of so many nodes have if they are balanced."""
        return sum(max(1, math.ceil(math.log2(tree.stop - tree.start + 1))) for tree in self.trees())

    @cached_property
    def least(self) -> float:
        """What the sum over the trees is at least."""
        return sum(
            float((weight * self.nodes.values[tree, 0][self.nodes.left[tree] < 0]).min())
            for tree, weight in zip(self.trees(), self.weights.tolist(), strict=True)
        )

    def trees(self) -> list[slice]:
        """Where the nodes of each tree are."""
        ends = [*self.roots[1:].tolist(), len(self.nodes.left)]
        return [slice(start, end) for start, end in zip(self.roots.tolist(), ends, strict=True)]

    def _total(self, features: Doubles) -> Doubles:
        """float64 [n, outputs]: the weighted sum over the trees."""
        return np.concatenate(
            [np.einsum("ntk,t->nk", self.nodes.values[leaves], self.weights) for leaves in self._leaves(features)]
        )

    def _votes(self, features: Doubles) -> Doubles:
        """float64 [n, classes]: the weight of the trees whose leaf is the number of a class."""
        chosen = np.concatenate([self.nodes.values[leaves, 0] for leaves in self._leaves(features)])
        return np.stack([(chosen == each) @ self.weights for each in range(self.classes)], axis=1)

    def _leaves(self, features: Doubles) -> list[Numbers]:
        """int64 [n, trees], in parts: the leaf of each tree that a row leads to."""
        size = max(1, _AT_ONCE // len(self.roots))
        parts = [features[start : start + size] for start in range(0, len(features), size)]
        return [self._led(part) for part in parts or [features]]

    def _led(self, features: Doubles) -> Numbers:
        at = np.tile(self.roots, (len(features), 1))
        while (splits := self.nodes.left[at] >= 0).any():
            nodes, rows = at[splits], np.nonzero(splits)[0]
            at[splits] = self.nodes.step(nodes, features[rows, self.nodes.features[nodes]])
        return at


def _softmax(values: Doubles) -> Doubles:
    grown = np.exp(values - values.max(axis=1, keepdims=True))
    shares: Doubles = grown / grown.sum(axis=1, keepdims=True)
    return shares
