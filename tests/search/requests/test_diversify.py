"""The retriever `diversify`: of what another one finds, documents that are not like each other."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from connote.search.diversified import marginal
from connote.search.neighbours import alike
from homes import HOUSES, Search

ALL = {"standard": {"query": {"match_all": {}}, "sort": ["rate"]}}


def slowly(vectors: list[list[float]], query: list[float] | None, balance: float, count: int) -> list[int]:
    """Maximal marginal relevance, as its paper has it, over cosines as scores."""

    def score(one: list[float], other: list[float]) -> float:
        return (1 + float(np.dot(one, other)) / (math.hypot(*one) * math.hypot(*other))) / 2

    near = [0.0 if query is None else score(each, query) for each in vectors]
    chosen = [0 if query is None else near.index(max(near))]
    while len(chosen) < min(count, len(vectors)):
        left = [at for at in range(len(vectors)) if at not in chosen]
        worth = [
            balance * near[at] - (1 - balance) * max(score(vectors[at], vectors[other]) for other in chosen)
            for at in left
        ]
        chosen.append(left[worth.index(max(worth))])
    return chosen


def diverse(**more: object) -> dict[str, Any]:
    given: dict[str, Any] = {"type": "mmr", "field": "look", "lambda": 0.3, "rank_window_size": 12, "retriever": ALL}
    return {"diversify": {**given, **more}}


@pytest.mark.parametrize("query", [None, [1.0, 2.0]])
@pytest.mark.parametrize("balance", [0.0, 0.3, 1.0])
def test_it_chooses_as_maximal_marginal_relevance_does(
    search: Search, query: list[float] | None, balance: float
) -> None:
    vectors = [each["look"] for each in HOUSES.values()]
    wanted = sorted(slowly(vectors, query, balance, 4))
    more = {} if query is None else {"query_vector": query}
    found = search.ids(retriever=diverse(size=4, **{"lambda": balance}, **more), size=10)
    assert found == [str(at) for at in wanted]


def test_documents_without_a_vector_are_left_out(search: Search) -> None:
    found = search.ids("homes", retriever=diverse(size=20, rank_window_size=30), size=20)
    assert sorted(found) == sorted(HOUSES)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"type": "best"}, "[type] must be [mmr]"),
        ({"lambda": 2}, "requires [lambda]"),
        ({"field": "title"}, "must be of type [dense_vector] or [semantic_text]"),
        ({"query_vector": [1, 2, 3]}, "has a different dimension [3]"),
        ({"size": 0}, "[size] must be greater than 0"),
        ({"retriever": None}, "requires 'retriever' field"),
    ],
)
def test_what_is_wrong_is_told(search: Search, more: dict[str, Any], told: str) -> None:
    assert told in search.error(retriever=diverse(**more))["reason"]


@given(
    arrays(np.float64, some.tuples(some.integers(1, 6), some.just(3)), elements=some.floats(-3, 3, width=16)),
    some.sampled_from(["cosine", "dot_product", "l2_norm", "max_inner_product"]),
    some.floats(0, 1),
)
def test_every_choice_is_made_once(vectors: Any, similarity: str, balance: float) -> None:  # noqa: ANN401
    matrix = alike(vectors, vectors, similarity)
    assert np.isfinite(matrix).all()
    assert np.allclose(matrix, matrix.T)
    chosen = marginal(matrix, matrix[0], balance, 4)
    assert len(chosen) == len(set(chosen)) == min(4, len(vectors))
