"""Searches that are over sooner than threads could be changed."""

import asyncio
import time
from typing import Any

import pytest

from connote.endpoints import asking
from connote.search.pace import Crowd, Pace
from connote.search.query.parse import parse
from connote.search.quick import MOST, MOST_ALONE, cost, is_quick
from search.query.small import Small

MAPPING = {
    "title": {"type": "text"},
    "other": {"type": "text", "analyzer": "alike"},
    "tag": {"type": "keyword"},
    "built": {"type": "date"},
    "at": {"type": "ip"},
    "look": {"type": "dense_vector", "dims": 2},
    "ml": {"type": "sparse_vector"},
    "owner": {"properties": {"name": {"type": "keyword"}}},
}
ALIKE = {"type": "synonym_graph", "synonyms": ["quiet, free of noise"]}
SETTINGS = {
    "analysis": {
        "filter": {"alike": ALIKE},
        "analyzer": {"alike": {"type": "custom", "tokenizer": "standard", "filter": ["alike"]}},
    }
}
HOUSES = [{"title": "a quiet house", "tag": "new", "look": [1, 0], "ml": {"calm": 1.5}} for _ in range(100)]
MATCH: dict[str, Any] = {"match": {"title": "quiet"}}
TERM: dict[str, Any] = {"term": {"tag": "new"}}
LONG = " ".join(["quiet"] * 160)


@pytest.fixture(scope="module")
def houses() -> Small:
    return Small(MAPPING, HOUSES, segments=3, settings=SETTINGS)


def told(houses: Small, query: dict[str, Any]) -> float:
    return cost(asyncio.run(parse(query).rewritten(houses.asked, houses.reader)), houses.reader)


@pytest.mark.parametrize(
    "query",
    [
        MATCH,
        TERM,
        {"match": {"tag": "new"}},
        {"match": {"other": "house"}},
        {"match_all": {}},
        {"range": {"tag": {"gt": "a"}}},
        {"ids": {"values": ["1"]}},
        {"terms": {"built": ["2020", "2021"]}},
        {"sparse_vector": {"field": "ml", "query_vector": {"calm": 1}}},
        {"bool": {"must": MATCH, "filter": [TERM, {"exists": {"field": "look"}}]}},
        {"constant_score": {"filter": TERM}},
        {"knn": {"field": "look", "query_vector": [1, 1]}},
        {"knn": {"field": "look", "query_vector": [1, 1], "filter": TERM}},
    ],
)
def test_what_most_ask_of_a_small_index_needs_no_thread(houses: Small, query: dict[str, Any]) -> None:
    assert told(houses, query) <= MOST / 2


@pytest.mark.parametrize(
    "query",
    [
        {"match": {"title": {"query": "quite", "fuzziness": "AUTO"}}},
        {"match": {"title": "quiet " * 1000}},
        {"match": {"title": LONG}},
        {"match": {"title": {"query": "quiet house " * 15, "operator": "and"}}},
        {"match": {"other": "quiet"}},
        {"terms": {"tag": [str(number) for number in range(1000)]}},
        {"terms": {"built": [str(number) for number in range(1990, 2020)]}},
        {"term": {"at": "10.0.0.0/8"}},
        {"range": {"at": {"gte": "10.0.0.1"}}},
        {"match": {"at": "10.0.0.1"}},
        {"exists": {"field": "owner"}},
        {"sparse_vector": {"field": "ml", "query_vector": {str(number): 1 for number in range(2000)}}},
        {"term": {"tag": "x" * 20_000}},
        {"match": {"tag": "x" * 20_000}},
        {"range": {"tag": {"gt": "x" * 20_000}}},
        {"bool": {"filter": [TERM] * 40}},
        {"bool": {"should": [{"bool": {"must_not": [{"match_all": {}}] * 9}}] * 9}},
        {"regexp": {"tag": "n.*"}},
        {"bool": {"should": [MATCH, {"wildcard": {"tag": "n*"}}]}},
        {"script_score": {"query": MATCH, "script": {"source": "1"}}},
    ],
)
def test_what_may_take_long_needs_one(houses: Small, query: dict[str, Any]) -> None:
    assert told(houses, query) > MOST


def test_more_documents_and_segments_cost_more(houses: Small) -> None:
    large = Small(MAPPING, HOUSES * 2, segments=3, settings=SETTINGS)
    whole = Small(MAPPING, HOUSES, segments=1, settings=SETTINGS)
    for query in (MATCH, TERM, {"knn": {"field": "look", "query_vector": [1, 1]}}):
        assert told(whole, query) < told(houses, query) < told(large, query)


def test_an_index_that_was_slow_is_not_taken_for_quick_for_a_while() -> None:
    pace = Pace()
    assert pace.timed(lambda: 7) == 7
    assert pace.is_quick
    pace.timed(lambda: time.sleep(0.05))
    assert not pace.is_quick


def test_the_longer_it_took_the_longer_it_is_not_taken_for_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace()

    def work() -> None:
        now[0] += 1

    pace.timed(work)
    now[0] += 49
    assert not pace.is_quick
    now[0] += 2
    assert pace.is_quick


def test_a_search_that_is_alone_may_cost_more() -> None:
    crowd = Crowd()
    with crowd:
        assert is_quick([MOST, MOST], crowd)
        assert not is_quick([MOST_ALONE, 1], crowd)
        with crowd:
            assert is_quick([MOST], crowd)
            assert not is_quick([MOST, 1], crowd)
        assert is_quick([MOST, 1], crowd)


def test_searches_of_several_clients_that_follow_one_another_at_once_would_have_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    crowd = Crowd()

    def alone(client: str, pause: float) -> bool:
        now[0] += pause
        asking.begin(client)
        with crowd:
            return crowd.is_alone

    assert [alone("a", 0), alone("a", 0.0001), alone("a", 1)] == [True] * 3
    assert [alone("b", 0.0001), alone("a", 0.0001)] == [False] * 2
    assert [alone("b", 0.02), alone("b", 0.0001), alone("a", 0.02)] == [True] * 3
