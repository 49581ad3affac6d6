"""How well searches rank, by ratings of documents."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.search.ratings import Metric
from homes import Search

SEA = {"query": {"match": {"title": "sea"}}}


def evaluate(search: Search, metric: dict[str, Any], status: int = 200, **body: Any) -> Any:  # noqa: ANN401 (JSON)
    reply = search.http.post("/houses/_rank_eval", json={"metric": metric, **body})
    assert reply.status_code == status, reply.text
    return reply.json()


def rated(id: str, **ratings: int) -> dict[str, Any]:
    listed = [{"_index": "houses", "_id": each.removeprefix("_"), "rating": own} for each, own in ratings.items()]
    return {"id": id, "request": SEA, "ratings": listed}


def score(metric: dict[str, Any], found: list[int | None], known: list[int] | None = None) -> float:
    ratings = [each for each in found if each is not None] if known is None else known
    return Metric.parse(metric).of(found, ratings)[0]


def test_the_gain_is_that_of_the_known_example() -> None:
    # https://en.wikipedia.org/wiki/Discounted_cumulative_gain, with its second formula; all ratings: 3 3 3 2 2 2 1 0
    found, known = [3, 2, 3, 0, 1, 2], [3, 2, 3, 0, 1, 2, 3, 2]
    assert score({"dcg": {}}, [*found]) == pytest.approx(13.848263629272981)
    ideal = 7 + 7 / 1.584962500721156 + 7 / 2 + 3 / 2.321928094887362 + 3 / 2.584962500721156 + 3 / 2.807354922057604
    assert score({"dcg": {"normalize": True}}, [*found], known) == pytest.approx(13.848263629272981 / ideal)


@given(some.lists(some.none() | some.integers(0, 3), max_size=8))
def test_the_expected_reciprocal_rank_is_that_of_one_who_stops(found: list[int | None]) -> None:
    wanted = 0.0
    for place, own in enumerate(found):
        goes_on = 1.0
        for before in found[:place]:
            goes_on *= 1 - (0 if before is None else (2**before - 1) / 8)
        wanted += goes_on * (0 if own is None else (2**own - 1) / 8) / (place + 1)
    assert score({"expected_reciprocal_rank": {"maximum_relevance": 3}}, found) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        ({"precision": {}}, 2 / 4),
        ({"precision": {"ignore_unlabeled": True}}, 2 / 3),
        ({"precision": {"relevant_rating_threshold": 2}}, 1 / 4),
        ({"recall": {}}, 2 / 5),
        ({"mean_reciprocal_rank": {}}, 1 / 2),
        ({"mean_reciprocal_rank": {"relevant_rating_threshold": 3}}, 0),
    ],
)
def test_each_metric_counts_what_it_is_for(metric: dict[str, Any], wanted: float) -> None:
    assert score(metric, [None, 1, 0, 2], [1, 0, 2, 1, 1, 1]) == pytest.approx(wanted)


def test_searches_are_judged_by_their_ratings(search: Search) -> None:
    first, second, third = (ids := search.ids(query=SEA["query"], size=3))
    one, other = rated("one", **{f"_{first}": 0, f"_{second}": 1}), rated("other", **{f"_{third}": 3})
    told = evaluate(search, {"mean_reciprocal_rank": {"k": 3}}, requests=[one, other])
    assert told["metric_score"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    detail = told["details"]["one"]
    assert [(each["hit"]["_id"], each["rating"]) for each in detail["hits"]] == [
        (ids[0], 0),
        (ids[1], 1),
        (ids[2], None),
    ]
    assert "_source" not in detail["hits"][0]["hit"]
    assert detail["unrated_docs"] == [{"_index": "houses", "_id": third}]
    assert detail["metric_details"] == {"mean_reciprocal_rank": {"first_relevant": 2}}
    assert told["failures"] == {}


def test_retrievers_and_templates_are_judged_too(search: Search) -> None:
    (best,) = search.ids(query=SEA["query"], size=1)
    rating = [{"_index": "houses", "_id": best, "rating": 1}]
    template = {"id": "t", "template": {"source": {"query": {"match": {"title": "{{text}}"}}}}}
    judged = [
        {"id": "a", "request": {"retriever": {"standard": SEA}}, "ratings": rating, "summary_fields": ["title"]},
        {"id": "b", "template_id": "t", "params": {"text": "sea"}, "ratings": rating},
        {"id": "c", "request": {"query": {"match": {"title": {"nonsense": 1}}}}, "ratings": []},
    ]
    told = evaluate(search, {"precision": {"k": 1}}, requests=judged, templates=[template])
    assert (told["metric_score"], list(told["details"])) == (1.0, ["a", "b"])
    assert list(told["details"]["a"]["hits"][0]["hit"]["_source"]) == ["title"]
    assert told["failures"]["c"]["error"]["type"] == "parsing_exception"


@pytest.mark.parametrize(
    ("metric", "requests", "reason"),
    [
        ({"accuracy": {}}, [], "[metric] must be an object with one of ['dcg', "),
        ({"precision": {"k": 0}}, [], "[k] of [precision] must be positive"),
        ({"precision": {"depth": 1}}, [], "[precision] query does not support [depth]"),
        ({"dcg": {}}, {}, "[requests] must be an array"),
        ({"dcg": {}}, [rated("a"), rated("a")], "[requests] must have ids that differ"),
        ({"dcg": {}}, [rated("a", _1=-1)], "a rating must be an integer from 0 to"),
        ({"dcg": {}}, [{"id": "a", "ratings": []}], "Either [request] or [template_id] of [a] must be given"),
    ],
)
def test_what_is_wrong_with_it_is_told(search: Search, metric: dict[str, Any], requests: Any, reason: str) -> None:  # noqa: ANN401
    assert reason in evaluate(search, metric, 400, requests=requests)["error"]["reason"]
