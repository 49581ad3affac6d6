"""Retrievers: what they join, in which order, and with which scores."""

from typing import Any

import pytest

from homes import Search

SEA = {"standard": {"query": {"match": {"title": "sea"}}}}
NEAR = {"knn": {"field": "look", "query_vector": [1, 2], "k": 4, "num_candidates": 10}}


_ALL: dict[str, Any] = {"query": {"rescore_query": {"match_all": {}}}}


def scores(found: dict[str, Any]) -> dict[str, float]:
    return {hit["_id"]: hit["_score"] for hit in found["hits"]["hits"]}


def test_a_retriever_that_stands_alone_is_the_search_that_it_is_made_of(search: Search) -> None:
    query, oslo = {"match": {"title": "sea"}}, {"term": {"city": "oslo"}}
    alone = search(retriever={"standard": {"query": query, "filter": oslo, "sort": ["rate"]}})["hits"]
    assert alone == search(query={"bool": {"must": query, "filter": oslo}}, sort=["rate"])["hits"]
    assert search(retriever=NEAR)["hits"] == search(knn=NEAR["knn"])["hits"]
    assert search(retriever=NEAR)["hits"]["total"]["value"] == 4


def test_reciprocal_ranks_add_up(search: Search) -> None:
    ranks = [search.ids(retriever=each) for each in (SEA, NEAR)]
    wanted: dict[str, float] = {}
    for weight, ids in zip((1.0, 2.0), ranks, strict=True):
        for rank, id in enumerate(ids, start=1):
            wanted[id] = wanted.get(id, 0) + weight / (20 + rank)
    parts = [SEA, {"retriever": NEAR, "weight": 2}]
    found = search(retriever={"rrf": {"retrievers": parts, "rank_constant": 20}})
    assert scores(found) == pytest.approx(wanted)
    assert found["hits"]["max_score"] == pytest.approx(max(wanted.values()))
    assert found["hits"]["total"]["value"] == len(wanted)


def test_only_the_first_of_each_part_are_looked_at(search: Search) -> None:
    rrf = {"rrf": {"retrievers": [SEA, NEAR], "rank_window_size": 2}}
    first = {id for each in (SEA, NEAR) for id in search.ids(retriever=each, size=2)}
    assert set(search.ids(retriever=rrf, size=2)) <= first


@pytest.mark.parametrize("normalizer", ["none", "minmax", "l2_norm"])
def test_a_linear_retriever_weighs_scores_that_were_made_comparable(search: Search, normalizer: str) -> None:
    wanted: dict[str, float] = {}
    for weight, each in ((3.0, SEA), (1.0, NEAR)):
        found = scores(search(retriever=each))
        low, high, length = min(found.values()), max(found.values()), sum(s * s for s in found.values()) ** 0.5
        for id, score in found.items():
            normal = {
                "none": score,
                "minmax": (score - low) / (high - low) if high > low else 1.0,
                "l2_norm": score / length,
            }[normalizer]
            wanted[id] = wanted.get(id, 0) + weight * normal
    parts = [{"retriever": SEA, "weight": 3}, {"retriever": NEAR}]
    assert scores(search(retriever={"linear": {"retrievers": parts, "normalizer": normalizer}})) == pytest.approx(
        wanted, abs=1e-6
    )


def test_filters_hold_for_all_that_is_below_them(search: Search) -> None:
    rrf = {
        "retrievers": [SEA, {"rescorer": {"retriever": NEAR, "rescore": _rescore()}}],
        "filter": {"term": {"city": "oslo"}},
    }
    assert set(search.ids(retriever={"rrf": rrf})) <= {"1", "4", "7", "10"}
    assert len(search.ids(retriever={"rrf": rrf})) == 4  # of the four nearest in Oslo each
    least = {"rrf": {"retrievers": [SEA], "min_score": 1 / 62}}
    assert len(search.ids(retriever=least)) == 2


def test_rescoring_changes_the_order_of_the_first(search: Search) -> None:
    whole = search(query={"match": {"title": "sea"}}, rescore=_rescore())["hits"]
    tree = {"rescorer": {"retriever": SEA, "rescore": _rescore()}}
    assert search(retriever=tree)["hits"] == whole
    first = scores(search(retriever=SEA))
    assert scores(search(retriever=tree)) == pytest.approx({id: score + 2 * (id == "7") for id, score in first.items()})
    (first_hit, *_) = search(retriever=tree, explain=True)["hits"]["hits"]
    assert first_hit["_id"] == "7"
    why = first_hit["_explanation"]
    assert why["value"] == pytest.approx(first_hit["_score"]) == pytest.approx(sum(e["value"] for e in why["details"]))


def test_hits_beyond_the_window_count_as_if_the_second_query_did_not_match(search: Search) -> None:
    first = search(query={"match": {"title": "sea"}})["hits"]["hits"]
    lowered = {**_ALL, "window_size": 2}
    lowered["query"] = {**_ALL["query"], "query_weight": 0.5}
    found = search(query={"match": {"title": "sea"}}, rescore=lowered)["hits"]["hits"]
    wanted = {hit["_id"]: 0.5 * hit["_score"] + (at < 2) for at, hit in enumerate(first)}
    assert {hit["_id"]: hit["_score"] for hit in found} == pytest.approx(wanted)
    assert [hit["_id"] for hit in found] == sorted(wanted, key=lambda id: (-wanted[id], int(id)))


def test_pages_are_of_the_window_and_only_the_size_may_not_exceed_it(search: Search) -> None:
    tree = {"rrf": {"retrievers": [SEA, {"rrf": {"retrievers": [NEAR], "rank_window_size": 5}}], "rank_window_size": 5}}
    whole = search.ids(retriever=tree, size=5)
    for start in (0, 2, 4, 6):
        page: dict[str, Any] = {"retriever": tree, "from": start, "size": 2}
        assert search.ids(**page) == whole[start : start + 2]


def test_pinned_documents_come_before_all_others(search: Search) -> None:
    assert search.ids(retriever={"pinned": {"ids": ["8", "3"], "retriever": SEA}}, size=3) == ["8", "3", "1"]


def test_the_older_form_of_rrf(search: Search) -> None:
    tree = {"rrf": {"retrievers": [SEA, NEAR], "rank_constant": 10}}
    older = search(query=SEA["standard"]["query"], knn=NEAR["knn"], rank={"rrf": {"rank_constant": 10}})
    assert older["hits"] == search(retriever=tree)["hits"]


def test_why_a_hit_has_its_rank_is_explained(search: Search) -> None:
    named = {"knn": {**NEAR["knn"], "_name": "look"}}
    hit = search(retriever={"rrf": {"retrievers": [SEA, named]}}, explain=True)["hits"]["hits"][0]
    why = hit["_explanation"]
    assert why["value"] == pytest.approx(sum(each["value"] for each in why["details"])) == pytest.approx(hit["_score"])
    assert why["details"][1]["description"].startswith("retriever [look], rank [")


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ({"rules": {}}, "unknown retriever [rules]"),
        ({"rrf": {"retrievers": []}}, "[rrf] [retrievers] must be an array of retrievers"),
        (
            {"rrf": {"retrievers": [SEA], "rank_constant": 0}},
            "[rank_constant] must be greater or equal to [1] for [rrf]",
        ),
        ({"rrf": {"retrievers": [SEA], "rank_window_size": 0}}, "[rank_window_size] parameter must be greater than or"),
        ({"linear": {"query": "sea", "fields": ["title"]}}, "[normalizer] must be provided when [query] is specified"),
        ({"linear": {"retrievers": [{"retriever": SEA, "weight": -1}]}}, "[weight] must be non-negative"),
        ({"linear": {"retrievers": [SEA], "normalizer": "zscore"}}, "Unknown normalizer [zscore]"),
        ({"standard": {"colour": 1}}, "[standard] unknown field [colour]"),
        ({"text_similarity_reranker": {"retriever": SEA, "field": "title"}}, "requires [inference_text]"),
    ],
)
def test_what_is_wrong_with_a_tree_is_told(search: Search, tree: dict[str, Any], reason: str) -> None:
    assert reason in search.error(retriever=tree)["reason"]


def test_a_window_below_the_size_is_refused_only_if_the_size_is_said(search: Search) -> None:
    small = {"rrf": {"retrievers": [SEA, NEAR], "rank_window_size": 2}}
    assert len(search.ids(retriever=small)) == 2
    assert len(search.ids(retriever={"rrf": {"retrievers": [SEA, NEAR], "window_size": 3}})) == 3  # its older name
    inside = {"linear": {"retrievers": [small, NEAR], "rank_window_size": 5}}
    assert len(search.ids(retriever=inside, size=2)) > 0
    reason = "requires [rank_window_size: 2] be greater than or equal to [size: 3]"
    assert reason in search.error(retriever=inside, size=3)["reason"]
    rescore = [{"window_size": 2, "query": {"rescore_query": {"match_all": {}}}}]
    told = search.error(retriever={"rescorer": {"retriever": SEA, "rescore": rescore}}, size=3)["reason"]
    assert "[rescorer] requires [window_size: 2]" in told


def test_a_retriever_stands_alone(search: Search) -> None:
    assert "cannot specify [retriever] and [query]" in search.error(retriever=SEA, query={"match_all": {}})["reason"]


def _rescore() -> dict[str, Any]:
    second = {"constant_score": {"filter": {"term": {"city": "oslo"}}, "boost": 1}}
    only = {"bool": {"must": second, "filter": {"ids": {"values": ["7"]}}}}
    return {"window_size": 10, "query": {"rescore_query": only, "rescore_query_weight": 2}}
