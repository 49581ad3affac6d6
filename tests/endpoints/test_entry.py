"""A result comes back from its bytes as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import DecodeError
from numpy.typing import NDArray

from connote.contract.predictions import (
    Answer,
    Answered,
    Classified,
    Entities,
    Entity,
    Own,
    Predictions,
    Tensor,
    TopClass,
)
from connote.contract.results import Cut, Dense, Sparse, SparseVector
from connote.endpoints import entry
from connote.runtime.local import Scores

FLOAT = st.floats(width=32)
READ = st.integers(0, 2**40)
CUT = st.none() | st.tuples(st.integers(0, 2**40), st.integers(0, 2**20))


def floats(values: list[float]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def cuts(given: list[tuple[int, int] | None]) -> list[Cut]:
    return [Cut(i, *cut) for i, cut in enumerate(given) if cut is not None]


def bits(values: NDArray[np.float32]) -> bytes:
    """The floats to the bit, so that NaN and -0 count too."""
    assert values.dtype == np.float32
    return values.tobytes()


@given(st.lists(st.tuples(st.dictionaries(st.text(), FLOAT), st.booleans(), CUT, READ), min_size=1), st.booleans())
def test_sparse(texts: list[tuple[dict[str, float], bool, tuple[int, int] | None, int]], has_ids: bool) -> None:
    vectors = [
        SparseVector(
            list(terms), floats(list(terms.values())), cut, np.arange(len(terms), dtype=np.int32) if has_ids else None
        )
        for terms, cut, _, _ in texts
    ]
    before = Sparse(vectors, cuts([cut for _, _, cut, _ in texts]), reads=[read for *_, read in texts])
    after = entry.join(entry.split(before))
    assert isinstance(after, Sparse)
    assert (after.cuts, after.reads) == (before.cuts, before.reads)
    for one, other in zip(before.vectors, after.vectors, strict=True):
        assert (one.ids is None and len(one.tokens) > 0) == (other.ids is None)
        assert one.ids is None or (other.ids is not None and list(one.ids) == list(other.ids))
        assert (one.tokens, bits(one.weights), one.is_truncated) == (
            other.tokens,
            bits(other.weights),
            other.is_truncated,
        )


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(FLOAT, min_size=n, max_size=n), min_size=1)), st.data())
def test_dense(rows: list[list[float]], data: st.DataObject) -> None:
    cut = cuts(data.draw(st.lists(CUT, min_size=len(rows), max_size=len(rows))))
    reads = data.draw(st.lists(READ, min_size=len(rows), max_size=len(rows)))
    before = Dense(np.array(rows, dtype=np.float32), cut, reads=reads)
    after = entry.join(entry.split(before))
    assert isinstance(after, Dense)
    assert (after.cuts, after.reads) == (cut, reads)
    assert (after.vectors.shape, after.vectors.tobytes()) == (before.vectors.shape, before.vectors.tobytes())


@given(st.lists(st.tuples(FLOAT, CUT, READ), min_size=1))
def test_scores(texts: list[tuple[float, tuple[int, int] | None, int]]) -> None:
    before = Scores(
        floats([score for score, *_ in texts]), cuts([cut for _, cut, _ in texts]), [read for *_, read in texts]
    )
    after = entry.join(entry.split(before))
    assert isinstance(after, Scores)
    assert (bits(after.values), after.cuts, after.reads) == (bits(before.values), before.cuts, before.reads)


@pytest.mark.parametrize(
    "prediction",
    [
        Classified(TopClass("good", 0.75), [TopClass("good", 0.75), TopClass("bad", 0.25)], "a good text", True),
        Entities("[Paris](LOC&Paris)", [Entity("paris", "LOC", 0.9, 0, 5)]),
        Answered(Answer("Paris", 0.5, 3, 8), [Answer("Paris", 0.5, 3, 8)]),
        Tensor((1, 2), floats([1.5, -2.0]).tobytes()),
    ],
    ids=lambda prediction: type(prediction).__name__,
)
def test_predictions(prediction: Own) -> None:
    before = Predictions([prediction, prediction], [Cut(1, 600, 512)], [512, 512])
    assert entry.join(entry.split(before)) == before


def test_an_entry_is_compact_and_says_its_form() -> None:
    (dense,) = entry.split(Dense(np.zeros((1, 384), dtype=np.float32)))
    assert len(dense) < 4 * 384 + 16
    later = dense[:1] + b"\x7f" + dense[2:]
    with pytest.raises(DecodeError):
        entry.join([later])
