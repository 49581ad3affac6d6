"""What a model gave for one text, as bytes: the form in which the cache keeps it."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from connote.contract.results import Cut, Dense, Sparse, SparseVector
from connote.runtime.local import Outputs, Scores

# Counts the forms that there have been. It is the first byte, and part of the cache's keys.
FORM: Literal[1] = 1


class Kind(IntEnum):
    """What the numbers are."""

    SPARSE = 0
    DENSE = 1
    SCORE = 2


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`numbers` are float32 in this machine's byte order; `cut` is how many tokens there were, how many served."""

    form: Literal[1]
    kind: Kind
    numbers: bytes
    cut: tuple[int, int] | None
    tokens: list[str] = []
    is_truncated: bool = False


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Entry).decode


def split(outputs: Outputs) -> list[bytes]:
    """An entry for each text."""
    cuts = {cut.position: (cut.tokens, cut.used) for cut in outputs.cuts}
    match outputs:
        case Sparse(vectors):
            made = [
                Entry(FORM, Kind.SPARSE, one.weights.tobytes(), cuts.get(i), list(one.tokens), one.is_truncated)
                for i, one in enumerate(vectors)
            ]
        case Dense(vectors):
            made = [Entry(FORM, Kind.DENSE, row.tobytes(), cuts.get(i)) for i, row in enumerate(vectors)]
        case Scores(values):
            made = [Entry(FORM, Kind.SCORE, score.tobytes(), cuts.get(i)) for i, score in enumerate(values)]
    return [_encode(entry) for entry in made]


def join(encoded: Sequence[bytes]) -> Outputs:
    """The outputs for the texts of these entries, in their order; at least one, and all of one model."""
    entries = [_decode(one) for one in encoded]
    cuts = [Cut(i, *entry.cut) for i, entry in enumerate(entries) if entry.cut is not None]
    match entries[0].kind:
        case Kind.SPARSE:
            return Sparse([SparseVector(e.tokens, _floats(e.numbers), e.is_truncated) for e in entries], cuts)
        case Kind.DENSE:
            return Dense(_floats(b"".join(entry.numbers for entry in entries)).reshape(len(entries), -1), cuts)
        case Kind.SCORE:
            return Scores(_floats(b"".join(entry.numbers for entry in entries)), cuts)


def _floats(numbers: bytes) -> NDArray[np.float32]:
    return np.frombuffer(numbers, dtype=np.float32)
