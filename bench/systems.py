"""A system that is measured: it takes texts, and gives tokens with their weights; and connote as one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from connote.contract.results import Sparse
from connote.runtime.backends.backend import Output, Precision
from connote.runtime.backends.native import NativeBackend
from connote.runtime.catalog import Head, Model
from connote.runtime.local import Inputs, LocalModel
from connote.runtime.nlp.model import NlpModel
from connote.runtime.sources import Folder

Pairs = tuple[list[str], NDArray[np.float32]]


class System(Protocol):
    """A model loaded by an engine."""

    precision: str  # of its products, as connote names them
    head_precision: str  # of the product with the vocabulary
    batch: int | None  # texts a batch; None if it finds its own

    def encode(self, texts: Sequence[str]) -> list[Pairs]:
        """From text to tokens with weights above 0, all the way."""
        ...


class Connote:
    """connote in one process, without its server."""

    batch: int | None = None

    def __init__(self, folder: Path, threads: int, precision: Precision | None) -> None:
        self.model: LocalModel | NlpModel = open_connote(folder, threads, precision)
        self.precision = self.head_precision = self.model.backend.precision.value
        if isinstance(self.model.backend, NativeBackend):
            self.head_precision = Precision.INT8.value  # it screens the vocabulary in int8, whatever the precision

    def encode(self, texts: Sequence[str]) -> list[Pairs]:
        """Batches as large as a lane's, of neighbours in length.

        A lane does so where padding counts; that of the native engine, which pads nothing, goes by age.
        """
        model = self.model
        items = model.encode(Inputs(texts))
        outputs: list[Output | None] = [None] * len(items)
        for batch in batches([item.used for item in items], model.backend.budget, pads=model.backend.pads):
            for position, output in zip(batch, model.run([items[position] for position in batch]), strict=True):
                outputs[position] = output
        found = cast("Sparse", model.finish(items, cast("list[Output]", outputs)))
        return [(list(vector.tokens), vector.weights) for vector in found.vectors]


def open_connote(folder: Path, threads: int, precision: Precision | None) -> LocalModel:
    """The checkpoint in a folder as connote runs it; without a precision in the one that it would choose itself."""
    row = Model("bench", Head.SPARSE, (Folder(folder),), "none")
    return LocalModel.load(row, folder, threads, precision)


def batches(lengths: Sequence[int], budget: int, *, pads: bool) -> list[list[int]]:
    """Positions in batches of about `budget` tokens, shortest texts first."""
    found: list[list[int]] = [[]]
    total = 0
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = lengths[position]
        total = length * (len(found[-1]) + 1) if pads else total + length
        if found[-1] and total > budget:
            found.append([])
            total = length
        found[-1].append(position)
    return found


def cosines(reference: Sequence[Pairs], others: Sequence[Pairs]) -> NDArray[np.float64]:
    """The cosine of each text's two vectors."""
    return np.array([_cosine(a, b) for a, b in zip(reference, others, strict=True)])


def _cosine(a: Pairs, b: Pairs) -> float:
    mine = dict(zip(a[0], map(float, a[1]), strict=True))
    product = sum(mine.get(token, 0.0) * float(weight) for token, weight in zip(*b, strict=True))
    length = float(np.linalg.norm(a[1]) * np.linalg.norm(b[1]))
    return product / length if length else 1.0


def climb(cost: Callable[[int], float], start: int = 4, least: int = 1, most: int = 32) -> int:
    """The power of two from `least` to `most` with the lowest cost, looked for uphill from `start`."""
    found = {start: cost(start)}
    for step in (2, 0.5):
        size = start
        while found[size] == min(found.values()) and least <= size * step <= most:
            size = int(size * step)
            found[size] = cost(size)
    return min(found, key=found.__getitem__)
