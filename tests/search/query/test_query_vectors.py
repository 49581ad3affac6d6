"""Queries by meaning, held against plain sums of products."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from connote.contract.errors import BadDocument, ConnoteError, IllegalArgument
from connote.search.engine import nearest
from connote.search.query.boolean import Bool
from connote.search.query.knn import Knn
from connote.search.query.parse import parse
from search.query.slow import Scores, same
from search.query.small import Small

SPARSE = {"ml": {"type": "sparse_vector"}, "tag": {"type": "keyword"}, "text": {"type": "text"}}
weights = some.dictionaries(some.sampled_from("abcdef"), some.integers(1, 80).map(lambda each: each / 16), max_size=5)
numbers = some.integers(-16, 16).map(lambda each: each / 8)
vectors = some.tuples(numbers, numbers, numbers).filter(any)


@pytest.fixture(scope="module", autouse=True, params=["every vector", "codes first"])
def looked_at(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is looked at of dense vectors: with more of them it would be codes."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "codes first":
            patch.setattr(nearest, "_FEW", 0)
        yield


def product(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    """None if they have no token in common."""
    shared = [token for token in one if token in other]
    return sum(one[token] * other[token] for token in shared) if shared else None


def best(rows: list[list[Any]], value: Callable[[Any], float | None]) -> Scores:
    """The best row of each document; documents without any, or of which none matches, are left out."""
    found = {}
    for number, own in enumerate(rows):
        scores = [score for each in own if (score := value(each)) is not None]
        if scores:
            found[number] = max(scores)
    return found


@given(some.lists(weights, min_size=1, max_size=6), weights, some.floats(0.25, 4))
def test_a_sparse_score_is_the_sum_of_products(
    documents: list[dict[str, float]], query: dict[str, float], boost: float
) -> None:
    small = Small(SPARSE, [{"ml": each} if each else {} for each in documents], segments=2)
    wanted = {
        number: score * boost
        for number, score in best([[each] for each in documents], lambda own: product(query, own)).items()
    }
    same(small.search({"sparse_vector": {"field": "ml", "query_vector": query, "boost": boost}}), wanted)
    same(small.search({"weighted_tokens": {"ml": {"tokens": query, "boost": boost}}}), wanted)


@given(some.lists(some.lists(weights.filter(bool), max_size=3), min_size=1, max_size=5), weights)
def test_of_a_semantic_field_the_best_chunk_counts(rows: list[list[dict[str, float]]], query: dict[str, float]) -> None:
    mapping = {"body": {"type": "semantic_text", "inference_id": "elser"}}
    meanings = {"elser": {"a quiet house": query}}
    small = Small(mapping, [{}] * len(rows), chunks={"body": rows}, meanings=meanings, segments=2)
    wanted = best(rows, lambda own: product(query, own))
    chunks = "body.inference.chunks"
    for asked in (
        {"semantic": {"field": "body", "query": "a quiet house"}},
        {"match": {"body": "a quiet house"}},
        {"multi_match": {"query": "a quiet house", "fields": ["body"]}},
        {"sparse_vector": {"field": "body", "query": "a quiet house"}},
        {"sparse_vector": {"field": "body", "query_vector": query}},
        {
            "nested": {
                "path": chunks,
                "query": {"sparse_vector": {"field": f"{chunks}.embeddings", "query_vector": query}},
            }
        },
        {"text_expansion": {"body": {"model_id": "elser", "model_text": "a quiet house"}}},
    ):
        same(small.search(asked), wanted)
    assert small.ids({"exists": {"field": "body"}}) == [number for number, own in enumerate(rows) if own]


def test_numbers_of_the_reference_test() -> None:
    small = Small(SPARSE, [{"ml": {"the": 0.5, "octopus": 2, "comforter": 2, "smells": 1}}])
    query = {"the": 0.5, "comforter": 2, "smells": 1, "bad": 1}
    assert small.search({"sparse_vector": {"field": "ml", "query_vector": query}}) == {0: 5.25}


def test_frequent_tokens_of_little_weight_are_pruned() -> None:
    documents = [{"ml": {"the": 1.0, f"rare{number}": 1.0}} for number in range(20)]
    small = Small(SPARSE, documents, segments=2)
    query = {"the": 0.1, "rare3": 1.0}
    asked = {"field": "ml", "query_vector": query}
    assert len(small.search({"sparse_vector": asked})) == 20
    assert small.search({"sparse_vector": {**asked, "prune": True}}) == {3: 1.0}
    mild = {"tokens_freq_ratio_threshold": 100}
    assert len(small.search({"sparse_vector": {**asked, "prune": True, "pruning_config": mild}})) == 20
    rest = {"only_score_pruned_tokens": True}
    found = small.search({"sparse_vector": {**asked, "prune": True, "pruning_config": rest}})
    assert len(found) == 20
    assert found[3] == pytest.approx(0.1)
    heavy = {**asked, "query_vector": {"the": 0.9, "rare3": 1.0}}
    assert len(small.search({"sparse_vector": {**heavy, "prune": True}})) == 20


@given(
    some.lists(weights, min_size=1, max_size=6),
    weights,
    some.floats(0, 2),
    some.dictionaries(some.sampled_from("abc"), some.floats(0, 3, width=16)),
    some.booleans(),
)
def test_an_index_may_weigh_tokens(
    documents: list[dict[str, float]], query: dict[str, float], power: float, terms: dict[str, float], chunked: bool
) -> None:
    weighting = {"idf": power, "terms": terms}
    count = sum(1 for each in documents if each) if chunked else len(documents)  # an empty vector is one, too

    def factor(token: str) -> float:
        frequency = sum(token in each for each in documents)
        rarity = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
        return float(rarity**power * terms.get(token, 1.0))

    worth = {token: weight * factor(token) for token, weight in query.items() if factor(token)}
    wanted = best([[each] for each in documents], lambda each: product(worth, each))
    if chunked:
        field: dict[str, Any] = {"ml": {"type": "semantic_text", "inference_id": "e", "weighting": weighting}}
        chunks = {"ml": [[each] if each else [] for each in documents]}
        small = Small(field, [{} for _ in documents], segments=2, chunks=chunks, meanings={"e": {"q": query}})
        asked: dict[str, Any] = {"match": {"ml": "q"}}
    else:
        field = {"ml": {"type": "sparse_vector", "weighting": weighting}}
        small = Small(field, [{"ml": each} for each in documents], segments=2)
        asked = {"sparse_vector": {"field": "ml", "query_vector": query}}
    same(small.search(asked), wanted)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (5, "must be an object with [idf] or [terms]"),
        ({"idf": -1}, "[idf] must be a number from 0 to 4"),
        ({"terms": {"a": "x"}}, "factor of [a] must be a number"),
        ({"power": 1}, "unknown field [power]"),
    ],
)
def test_what_is_wrong_with_a_weighting_is_told(given: Any, told: str) -> None:  # noqa: ANN401
    with pytest.raises(ConnoteError, match=re.escape(told)):
        Small({"ml": {"type": "sparse_vector", "weighting": given}}, [])


FORMULAS: dict[str, Any] = {
    "cosine": lambda a, b: (1 + dot(a, b) / (math.hypot(*a) * math.hypot(*b))) / 2,
    "l2_norm": lambda a, b: 1 / (1 + math.dist(a, b) ** 2),
    "max_inner_product": lambda a, b: 1 / (1 - dot(a, b)) if dot(a, b) < 0 else dot(a, b) + 1,
}


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@example([(0.0, 0.0, 1 / 8), (-1 / 8, 0.0, 1 / 8)], (1 / 8, 0.0, -1 / 8), "cosine", 1, 1)
@given(
    some.lists(vectors, min_size=1, max_size=8),
    vectors,
    some.sampled_from(sorted(FORMULAS)),
    some.integers(1, 9),
    some.integers(1, 3),
)
def test_the_nearest_vectors_of_all_segments(
    documents: list[Any], query: tuple[float, ...], similarity: str, k: int, segments: int
) -> None:
    mapping = {"v": {"type": "dense_vector", "dims": 3, "similarity": similarity}}
    small = Small(mapping, [{"v": list(each)} for each in documents], segments=segments, deleted=[0])
    every = {at: FORMULAS[similarity](each, query) for at, each in enumerate(documents) if at}
    found = small.search({"knn": {"field": "v", "query_vector": list(query), "k": k, "num_candidates": 50, "boost": 2}})
    assert len(found) == min(k, len(every))
    for number, score in found.items():
        assert score == pytest.approx(2 * every[number], rel=1e-5, abs=1e-6)
        assert score >= 0
    worst = min(found.values(), default=0)
    assert all(2 * score <= worst * (1 + 1e-5) + 1e-6 for number, score in every.items() if number not in found)


def test_a_filter_comes_before_the_first_k() -> None:
    mapping = {"v": {"type": "dense_vector", "dims": 2}, "tag": {"type": "keyword"}}
    small = Small(mapping, [{"v": [1, at], "tag": "ab"[at % 2]} for at in range(6)])
    query: dict[str, Any] = {"field": "v", "query_vector": [1, 0], "k": 2}
    assert small.ids({"knn": query}) == [0, 1]
    assert small.ids({"knn": {**query, "filter": {"term": {"tag": "b"}}}}) == [1, 3]
    assert small.ids({"knn": {**query, "filter": [{"term": {"tag": "b"}}, {"ids": {"values": ["5"]}}]}}) == [5]
    assert small.ids({"knn": {**query, "k": 6, "similarity": 0.5}}) == [0, 1]


@given(some.lists(some.lists(vectors, max_size=3), min_size=1, max_size=5), vectors)
def test_of_dense_chunks_the_nearest_counts(rows: list[list[Any]], query: tuple[float, ...]) -> None:
    given_ = {"task_type": "text_embedding", "dimensions": 3, "similarity": "cosine"}
    mapping = {"body": {"type": "semantic_text", "inference_id": "e5", "model_settings": given_}}
    small = Small(mapping, [{}] * len(rows), chunks={"body": rows}, meanings={"e5": {"a house": list(query)}})
    wanted = best(rows, lambda own: FORMULAS["cosine"](own, query))
    builder = {"text_embedding": {"model_text": "a house"}}
    for asked in (
        {"semantic": {"field": "body", "query": "a house"}},
        {"match": {"body": "a house"}},
        {"knn": {"field": "body", "query_vector": list(query), "k": 10}},
        {"knn": {"field": "body", "query_vector_builder": builder, "k": 10}},
        {
            "nested": {
                "path": "body.inference.chunks",
                "query": {"knn": {"field": "body.inference.chunks.embeddings", "query_vector": list(query), "k": 10}},
            }
        },
    ):
        same(small.search(asked), wanted, 1e-5)


def test_vectors_of_the_other_kind_are_not_looked_for_in_vain() -> None:
    kinds = {"words": {"task_type": "sparse_embedding"}, "look": {"task_type": "text_embedding", "dimensions": 2}}
    mapping = {name: {"type": "semantic_text", "model_settings": kind} for name, kind in kinds.items()}
    small = Small(mapping, [{}])
    with pytest.raises(IllegalArgument, match=r"Field \[words\] has embeddings of the task type \[sparse_embedding\]"):
        small.search({"knn": {"field": "words", "query_vector": [1.0, 0.0]}})
    with pytest.raises(IllegalArgument, match=r"\[sparse_vector\] queries need \[sparse_embedding\]"):
        small.search({"sparse_vector": {"field": "look", "query_vector": {"sea": 1.0}}})


def test_a_vector_may_be_that_of_a_document() -> None:
    mapping = {"v": {"type": "dense_vector", "dims": 2}}
    elsewhere = {("likes", "1"): {"me": {"v": [0.0, 1.0]}}}
    small = Small(mapping, [{"v": [1, 0]}, {"v": [0, 2]}], elsewhere=elsewhere)
    lookup = {"lookup": {"index": "likes", "id": "1", "path": "me.v"}}
    assert small.ids({"knn": {"field": "v", "query_vector_builder": lookup, "k": 1}}) == [1]


@pytest.mark.parametrize("boost", [0, 1e-45, 0.5, 1])
def test_a_boost_has_no_part_in_who_is_near(boost: float) -> None:
    homes = [{"v": [1, 9 - number], "rooms": [{"v": [1, 9 - number]}]} for number in range(9)]
    vector = {"type": "dense_vector", "dims": 2}
    small = Small({"v": vector, "rooms": {"type": "nested", "properties": {"v": vector}}}, homes, segments=2)
    near = {"query_vector": [1, 0], "k": 2, "boost": boost}
    assert small.ids({"knn": {"field": "v", **near}}) == [7, 8]
    assert small.ids({"nested": {"path": "rooms", "query": {"knn": {"field": "rooms.v", **near}}}}) == [7, 8]


@pytest.mark.parametrize(("similarity", "boost"), [("cosine", 0), ("cosine", 1e-45), ("dot_product", 1)])
def test_of_equal_scores_the_older_documents_come_first(similarity: str, boost: float) -> None:
    """However different the vectors are: products below -1 all score 0."""
    model = {"task_type": "text_embedding", "dimensions": 2, "similarity": similarity, "element_type": "float"}
    mapping = {"body": {"type": "semantic_text", "inference_id": "e5", "model_settings": model}}
    rows = [[[number - 12, 1]] for number in range(9)]
    small = Small(mapping, [{}] * 9, chunks={"body": rows}, meanings={"e5": {"sea": [1, 0]}}, segments=2)
    query = {"match": {"body": {"query": "sea", "boost": boost}}}
    assert small.search(query) == dict.fromkeys(range(9), 0)  # which looks that the best are the first of them
    assert small.ids({"knn": {"field": "body", "query_vector": [1, 0], "k": 2}}) == ([0, 1] if boost == 1 else [7, 8])


def test_of_nested_vectors_each_documents_nearest_counts() -> None:
    mapping = {"parts": {"type": "nested", "properties": {"v": {"type": "dense_vector", "dims": 2}}}}
    documents: list[dict[str, Any]] = [
        {"parts": [{"v": [1, 0]}, {"v": [1, 0.1]}]},
        {"parts": [{"v": [0, 1]}]},
        {"parts": [{"v": [1, 0]}]},
    ]
    small = Small(mapping, documents, segments=2, deleted=[2])
    knn = {"knn": {"field": "parts.v", "query_vector": [1, 0], "k": 2}}
    same(small.search({"nested": {"path": "parts", "query": knn, "score_mode": "sum"}}), {0: 1.0, 1: 0.5})


@pytest.mark.parametrize("boost", [1, 0.5, 1e-44])
def test_a_boost_has_no_part_in_which_nested_vectors_are_near(boost: float) -> None:
    mapping = {"parts": {"type": "nested", "properties": {"v": {"type": "dense_vector", "dims": 2}}}}
    documents: list[dict[str, Any]] = [{"parts": [{"v": [1, near]}]} for near in (0.5, 0.1, 0.2, 0.4)]
    knn = {"knn": {"field": "parts.v", "query_vector": [1, 0], "k": 2, "boost": boost}}
    found = Small(mapping, documents, segments=2).search(knn)
    assert set(found) == {1, 2}
    same(found, {number: boost * (1 + 1 / math.hypot(1, near)) / 2 for number, near in ((1, 0.1), (2, 0.2))})


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"sparse_vector": {"field": "ml"}}, "[sparse_vector] requires one of [query_vector] or [query]"),
        (
            {"sparse_vector": {"field": "ml", "query": "a"}},
            "inference_id required to perform vector search on query string",
        ),
        (
            {"sparse_vector": {"field": "tag", "query_vector": {"a": 1}}},
            "[tag] must be type [sparse_vector] but is type [keyword]",
        ),
        ({"sparse_vector": {"field": "ml", "query_vector": {"a": "x"}}}, "weight of [a] must be a number"),
        ({"weighted_tokens": {"ml": {"tokens": [None]}}}, "must be an object of weights by token, not [null]"),
        ({"weighted_tokens": {"ml": {"tokens": [["ab"]]}}}, "must be an object of weights by token"),
        (
            {"sparse_vector": {"field": "ml", "query_vector": {"a": 1}, "prune": False, "pruning_config": {}}},
            "should only be set if [prune]",
        ),
        (
            {"semantic": {"field": "text", "query": "a"}},
            "Field [text] of type [text] does not support semantic queries",
        ),
        (
            {"knn": {"field": "text", "query_vector": [1], "k": 1}},
            "[knn] queries are only supported on [dense_vector] fields",
        ),
        (
            {"knn": {"field": "v", "query_vector": [1.0], "k": 1}},
            "the query vector has a different dimension [1] than the index vectors [2]",
        ),
        ({"knn": {"field": "v", "query_vector": [0, 0], "k": 1}}, "zero magnitude"),
        ({"knn": {"field": "v", "k": 1}}, "Either [query_vector_builder] or [query_vector] must be provided"),
        ({"knn": {"field": "v", "query_vector": [1, 2], "k": 0}}, "[k] must be greater than 0"),
        (
            {"knn": {"field": "v", "query_vector": [1, 2], "k": 5, "num_candidates": 2}},
            "[num_candidates] cannot be less than [k]",
        ),
        ({"knn": {"field": "v", "query_vector": [1, 2], "similarity": "near"}}, "[similarity] must be a number"),
        ({"knn": {"field": "v", "query_vector": ["x"]}}, "must be an array of numbers"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    small = Small({**SPARSE, "v": {"type": "dense_vector", "dims": 2}}, [{}])
    with pytest.raises(ConnoteError) as caught:
        small.search(query)
    assert reason in str(caught.value.reason)


def test_without_k_all_candidates_are_found() -> None:
    small = Small({"v": {"type": "dense_vector", "dims": 2}}, [{"v": [1, each]} for each in range(40)], segments=3)
    knn = {"field": "v", "query_vector": [1, 0]}
    assert small.ids({"knn": knn}) == list(range(15))  # half as many again as the ten hits of a search
    assert small.ids({"knn": {**knn, "num_candidates": 20}}) == list(range(20))
    assert small.ids({"knn": {**knn, "num_candidates": 20, "k": 3}}) == [0, 1, 2]
    wide = parse({"bool": {"must": {"knn": knn}}}, size=20)
    assert isinstance(wide, Bool)
    assert [each.k for each in wide.must if isinstance(each, Knn)] == [30]


def test_bits_are_asked_for_as_bytes_and_score_by_how_many_differ() -> None:
    """The numbers of https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/dense-vector."""
    mapping = {"bits": {"type": "dense_vector", "dims": 40, "element_type": "bit"}}
    small = Small(mapping, [{"bits": [127, -127, 0, 1, 42]}, {"bits": "8100012a7f"}])
    asked = [127, -127, 0, 1, 42]
    differ = sum((a & 255 ^ b).bit_count() for a, b in zip(asked, bytes.fromhex("8100012a7f"), strict=True))
    for vector in (asked, "7f8100012a"):
        found = small.search({"knn": {"field": "bits", "query_vector": vector, "k": 2}})
        same(found, {0: 1.0, 1: (40 - differ) / 40})
    assert small.ids({"knn": {"field": "bits", "query_vector": asked, "k": 2, "similarity": differ - 1}}) == [0]


def test_products_of_bytes_have_a_score_of_their_own() -> None:
    mapping = {"v": {"type": "dense_vector", "dims": 3, "element_type": "byte", "similarity": "dot_product"}}
    small = Small(mapping, [{"v": [10, 20, 30]}])
    same(small.search({"knn": {"field": "v", "query_vector": [1, 2, 3], "k": 1}}), {0: 0.5 + 140 / (32768 * 3)})
    with pytest.raises(IllegalArgument, match=r"found decimal value \[4.5\] at dim \[1\]"):
        small.search({"knn": {"field": "v", "query_vector": [1, 4.5, 3], "k": 1}})
    with pytest.raises(BadDocument, match="failed to parse field"):
        Small(mapping, [{"v": [1, 2, 0.5]}])
