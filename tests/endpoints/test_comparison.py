"""Likeness of two answers: what it is for answers whose likeness is known."""

import numpy as np
import pytest

from connote.contract.chat import Answer, Chat, Delta
from connote.contract.results import Completion, Dense, Rank, Ranked, Result, Sparse, SparseVector
from connote.endpoints.comparison import compare


def sparse(*tokens: str) -> Sparse:
    """The tokens in the order of their weights, told in another one."""
    weights = np.arange(len(tokens), 0, -1, dtype=np.float32)
    return Sparse([SparseVector(tokens[::-1], weights[::-1])])


def ranked(*order: int) -> Ranked:
    return Ranked([Rank(at, 1.0) for at in order])


def bits(*rows: int) -> Dense:
    return Dense(np.array([[row] for row in rows], dtype=np.uint8).view(np.int8), element="bit")


LETTERS = [chr(97 + at) for at in range(26)]


@pytest.mark.parametrize(
    ("live", "shadow", "likeness"),
    [
        (sparse("a", "b"), sparse("b", "a"), {"top_overlap": 1.0}),
        (sparse("a", "b"), sparse("a", "c"), {"top_overlap": 0.5}),
        (sparse("a", "b", "c", "d"), sparse("a"), {"top_overlap": 0.25}),
        # Only the highest 20 count.
        (sparse(*LETTERS), sparse(*LETTERS[:20], "1", "2"), {"top_overlap": 1.0}),
        (sparse(), sparse(), {"top_overlap": 1.0}),
        (ranked(0, 1, 2), ranked(0, 1, 2), {"order_agreement": 1.0}),
        (ranked(0, 1, 2), ranked(2, 1, 0), {"order_agreement": 0.0}),
        (ranked(0, 1, 2), ranked(1, 0, 2), {"order_agreement": pytest.approx(2 / 3)}),
        (ranked(0, 1, 2), ranked(2, 0), {"order_agreement": 0.0}),
        (ranked(0, 1), ranked(1), {}),
        (bits(0b11110000), bits(0b11110000), {"cosine": pytest.approx(1.0)}),
        (bits(0b11110000), bits(0b11000000), {"cosine": pytest.approx(0.5)}),
        (Dense(np.zeros((1, 2), np.float32)), Dense(np.ones((1, 2), np.float32)), {"cosine": 0.0}),
        (
            Completion(["ab"]),
            Chat(Answer.of(Delta("abc"), id="", model="")),
            {"live_characters": 2.0, "shadow_characters": 3.0},
        ),
    ],
)
def test_likeness(live: Result, shadow: Result, likeness: dict[str, float]) -> None:
    assert compare(live, shadow) == likeness
