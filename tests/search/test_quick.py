"""Searches that are over sooner than threads could be changed."""

import asyncio
import math
import time
from typing import Any

import pytest

from connote.search.pace import Pace
from connote.search.query.parse import parse
from connote.search.quick import cost
from search.query.small import Small

MAPPING = {
    "title": {"type": "text"},
    "tag": {"type": "keyword"},
    "look": {"type": "dense_vector", "dims": 2},
    "ml": {"type": "sparse_vector"},
}
HOUSES = [{"title": "a quiet house", "tag": "new", "look": [1, 0], "ml": {"calm": 1.5}} for _ in range(100)]
MATCH: dict[str, Any] = {"match": {"title": "quiet"}}
TERM: dict[str, Any] = {"term": {"tag": "new"}}


@pytest.fixture(scope="module")
def houses() -> Small:
    return Small(MAPPING, HOUSES, segments=3)


def told(houses: Small, query: dict[str, Any]) -> float:
    return cost(asyncio.run(parse(query).rewritten(houses.asked, houses.reader)), houses.reader)


@pytest.mark.parametrize(
    ("query", "documents"),
    [
        (MATCH, 100),
        (TERM, 100),
        ({"match_all": {}}, 100),
        ({"sparse_vector": {"field": "ml", "query_vector": {"calm": 1}}}, 100),
        ({"bool": {"must": MATCH, "filter": [TERM, {"exists": {"field": "look"}}]}}, 300),
        ({"constant_score": {"filter": TERM}}, 100),
        ({"knn": {"field": "look", "query_vector": [1, 1]}}, 200 / 60),
        ({"knn": {"field": "look", "query_vector": [1, 1], "filter": TERM}}, 200 / 60 + 100),
        ({"match": {"title": {"query": "quite", "fuzziness": "AUTO"}}}, math.inf),
        ({"match": {"title": "quiet " * 1000}}, math.inf),
        ({"terms": {"tag": [str(number) for number in range(1000)]}}, math.inf),
        ({"regexp": {"tag": "n.*"}}, math.inf),
        ({"bool": {"should": [MATCH, {"wildcard": {"tag": "n*"}}]}}, math.inf),
        ({"script_score": {"query": MATCH, "script": {"source": "1"}}}, math.inf),
    ],
)
def test_the_kind_of_a_query_tells_what_it_costs(houses: Small, query: dict[str, Any], documents: float) -> None:
    assert told(houses, query) == documents


def test_an_index_that_was_slow_is_not_taken_for_quick_for_a_while() -> None:
    pace = Pace()
    assert pace.timed(lambda: 7) == 7
    assert pace.is_quick
    pace.timed(lambda: time.sleep(0.05))
    assert not pace.is_quick
