"""The inputs of a completion field from the heaviest on, so that few are looked at where many fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from connote.search.engine.arrays import Ints
from connote.search.engine.fields import Words
from connote.search.mapping.completion import Input
from connote.search.thread import check

_FEWEST, _MORE = 128, 8


@dataclass(frozen=True)
class Heaviest:
    """Of one segment: int32 of each input its place in that order, and the `least` weight of all."""

    ranks: Ints
    least: int

    @classmethod
    def of(cls, words: Words) -> "Heaviest":
        """Made once for a segment, which takes a second for each million of inputs."""
        found = _made.get(words)
        if found is None:
            found = _made[words] = _order(words)
        return found

    def ordered(self, ordinals: range) -> Iterator[int]:
        """These inputs, the heaviest first, of the same weight in the order in which they are shown."""
        ranks, done, count = self.ranks[ordinals.start : ordinals.stop], 0, _FEWEST
        while done < len(ranks):
            count = min(count, len(ranks))
            chosen = np.argpartition(ranks, count - 1)[:count]
            chosen = chosen[np.argsort(ranks[chosen])]
            for at in chosen[done:].tolist():
                yield ordinals[at]
            done, count = count, _MORE * count


def _order(words: Words) -> Heaviest:
    inputs = list[tuple[int, str]]()
    for ordinal in range(len(words.terms)):
        if ordinal % 4096 == 0:
            check()
        each = Input.of(words.terms[ordinal], whole=False)
        inputs.append((-each.weight, each.shown))
    ranks = np.empty(len(inputs), dtype=np.int32)
    ranks[sorted(range(len(inputs)), key=inputs.__getitem__)] = np.arange(len(inputs), dtype=np.int32)
    return Heaviest(ranks, -max(inputs)[0])


_made: "WeakKeyDictionary[Words, Heaviest]" = WeakKeyDictionary()
