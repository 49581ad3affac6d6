"""What a model gave for one text, as bytes: the form in which the cache keeps it."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import Rejected
from connote.contract.predictions import Own, Predictions
from connote.contract.results import Cut, Dense, Sparse, SparseVector
from connote.runtime.local import Outputs, Scores

# Counts the forms that there have been. It is the first byte, and part of the cache's keys.
FORM: Literal[3] = 3


class Kind(IntEnum):
    """What the numbers are."""

    SPARSE = 0
    DENSE = 1
    SCORE = 2
    PREDICTION = 3


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`numbers` are float32 in this machine's byte order, `ids` int32.

    `cut` is how many tokens there were and how many served; `read` how many were read, those of a query among them.
    """

    form: Literal[3]
    kind: Kind
    numbers: bytes
    cut: tuple[int, int] | None
    read: int
    tokens: list[str] = []
    is_truncated: bool = False
    ids: bytes = b""
    prediction: Own | None = None


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Entry).decode


def split(outputs: Outputs) -> list[bytes]:
    """An entry for each text."""
    cuts = {cut.position: (cut.tokens, cut.used) for cut in outputs.cuts}
    reads = dict(enumerate(outputs.reads))
    match outputs:
        case Sparse(vectors):
            made = [_sparse(one, cuts.get(i), reads.get(i, 0)) for i, one in enumerate(vectors)]
        case Dense(vectors):
            rows = enumerate(vectors)
            made = [Entry(FORM, Kind.DENSE, row.tobytes(), cuts.get(i), reads.get(i, 0)) for i, row in rows]
        case Scores(values):
            scores = enumerate(values)
            made = [Entry(FORM, Kind.SCORE, score.tobytes(), cuts.get(i), reads.get(i, 0)) for i, score in scores]
        case Predictions(values):
            ones = enumerate(values)
            made = [Entry(FORM, Kind.PREDICTION, b"", cuts.get(i), reads.get(i, 0), prediction=one) for i, one in ones]
    return [_encode(entry) for entry in made]


def join(encoded: Sequence[bytes]) -> Outputs:
    """The outputs for the texts of these entries, in their order; at least one, and all of one model."""
    entries = [_decode(one) for one in encoded]
    cuts = [Cut(i, *entry.cut) for i, entry in enumerate(entries) if entry.cut is not None]
    reads = [entry.read for entry in entries]
    match entries[0].kind:
        case Kind.SPARSE:
            return Sparse([_vector(entry) for entry in entries], cuts, reads=reads)
        case Kind.DENSE:
            if len({len(entry.numbers) for entry in entries}) > 1:
                raise Rejected("the model's vectors differ in length by the text")
            rows = _floats(b"".join(entry.numbers for entry in entries)).reshape(len(entries), -1)
            return Dense(rows, cuts, reads=reads)
        case Kind.SCORE:
            return Scores(_floats(b"".join(entry.numbers for entry in entries)), cuts, reads)
        case Kind.PREDICTION:
            return Predictions([entry.prediction for entry in entries if entry.prediction is not None], cuts, reads)


def _sparse(vector: SparseVector, cut: tuple[int, int] | None, read: int) -> Entry:
    ids = b"" if vector.ids is None else vector.ids.tobytes()
    weights = vector.weights.tobytes()
    return Entry(FORM, Kind.SPARSE, weights, cut, read, list(vector.tokens), vector.is_truncated, ids)


def _vector(entry: Entry) -> SparseVector:
    ids = np.frombuffer(entry.ids, dtype=np.int32) if len(entry.ids) == len(entry.numbers) else None
    return SparseVector(entry.tokens, _floats(entry.numbers), entry.is_truncated, ids)


def _floats(numbers: bytes) -> NDArray[np.float32]:
    return np.frombuffer(numbers, dtype=np.float32)
