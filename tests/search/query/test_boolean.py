"""Queries made of queries, held against arithmetic on the scores of their parts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, IllegalArgument
from search.query.houses import MAPPING, houses, prices, tags, words
from search.query.slow import Scores, best, same, times
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]
Query = dict[str, Any]
leaves: some.SearchStrategy[dict[str, Any]] = (
    words.map(lambda word: {"match": {"body": word}})
    | tags.map(lambda tag: {"term": {"tag": tag}})
    | prices.map(lambda price: {"range": {"price": {"gte": price, "boost": 2}}})
    | some.just({"match_all": {}})
    | some.just({"exists": {"field": "area"}})
)
several = some.lists(leaves, max_size=3)


@given(houses(), several, several, several, several, some.none() | some.integers(-2, 4), some.floats(0.25, 4))
def test_bool_adds_up_what_must_and_should_match(
    index: Houses,
    must: list[Any],
    should: list[Any],
    kept: list[Any],
    never: list[Any],
    least: int | None,
    boost: float,
) -> None:
    small, documents = index
    musts, shoulds, filters, nevers = ([small.search(each) for each in group] for group in (must, should, kept, never))
    default = 1 if should and not must and not kept else 0
    needed = default if least is None else least if least >= 0 else max(len(should) + least, 0)
    if should and not must and not kept:
        needed = max(needed, 1)
    wanted = {
        number: sum(each.get(number, 0.0) for each in (*musts, *shoulds))
        for number in range(len(documents))
        if all(number in each for each in (*musts, *filters))
        and not any(number in each for each in nevers)
        and sum(number in each for each in shoulds) >= needed
    }
    if not (must or should or kept or never):
        wanted = dict.fromkeys(range(len(documents)), 1.0)  # of no clauses it is match_all
    query: dict[str, Any] = {"must": must, "should": should, "filter": kept, "must_not": never, "boost": boost}
    if least is not None:
        query["minimum_should_match"] = least
    same(small.search({"bool": query}), times(wanted, boost))


@given(houses(), some.lists(leaves, min_size=1, max_size=4), some.floats(0, 1), some.floats(0.25, 4))
def test_dis_max_takes_the_best_and_a_share_of_the_others(
    index: Houses, parts: list[Any], tie: float, boost: float
) -> None:
    small, _ = index
    wanted = best([small.search(each) for each in parts], tie)
    same(small.search({"dis_max": {"queries": parts, "tie_breaker": tie, "boost": boost}}), times(wanted, boost))


@given(houses(), leaves, leaves, some.floats(0, 1), some.floats(0.25, 4))
def test_boosting_lowers_what_also_matches_another(
    index: Houses, up: Query, down: Query, factor: float, boost: float
) -> None:
    small, _ = index
    lowered = small.search(down)
    wanted: Scores = {
        number: score * boost * (factor if number in lowered else 1) for number, score in small.search(up).items()
    }
    query = {"positive": up, "negative": down, "negative_boost": factor, "boost": boost}
    same(small.search({"boosting": query}), wanted)


@given(houses(), leaves, some.floats(0.25, 4))
def test_constant_score_has_one_score(index: Houses, inner: Query, boost: float) -> None:
    small, _ = index
    wanted = dict.fromkeys(small.search(inner), boost)
    same(small.search({"constant_score": {"filter": inner, "boost": boost}}), wanted)


@given(houses(), leaves)
def test_one_clause_need_not_be_a_list(index: Houses, inner: Query) -> None:
    small, _ = index
    assert small.search({"bool": {"must": inner}}) == small.search({"bool": {"must": [inner]}})
    same(small.search({"bool": {"filter": inner}}), dict.fromkeys(small.search(inner), 0.0))


def test_match_all_and_match_none() -> None:
    small = Small(MAPPING, [{}, {}])
    assert small.search({"match_all": {"boost": 1.5}}) == {0: 1.5, 1: 1.5}
    assert small.search({"match_none": {}}) == {}
    assert small.search({"bool": {}}) == {0: 1.0, 1: 1.0}


def nested(depth: int) -> dict[str, Any]:
    query: dict[str, Any] = {"match_all": {}}
    for _ in range(depth):
        query = {"bool": {"must": query}}
    return query


def test_queries_are_as_deep_as_elasticsearch_lets_them_be() -> None:
    small = Small(MAPPING, [{}])
    assert small.ids(nested(30)) == [0]
    with pytest.raises(IllegalArgument, match="exceeds the maximum nested depth"):
        small.ids(nested(31))
    with pytest.raises(IllegalArgument, match="maximum nested depth"):
        small.ids(nested(900))


def test_clauses_are_counted_together() -> None:
    small = Small(MAPPING, [{}])
    some_clauses: dict[str, Any] = {"bool": {"should": [{"match_all": {}}] * 4000}}
    assert small.ids({"bool": {"must": [some_clauses] * 4}}) == [0]
    with pytest.raises(IllegalArgument, match="too many nested clauses"):
        small.ids({"bool": {"must": [some_clauses] * 5}})


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"bool": {"might": []}}, "[bool] query does not support [might]"),
        ({"bool": {"must": [{"match_all": {}, "term": {}}]}}, "malformed query"),
        ({"bool": {"should": [], "minimum_should_match": "x"}}, "[minimum_should_match] is [x]"),
        ({"bool": {"should": [], "minimum_should_match": {}}}, "[minimum_should_match]"),
        ({"bool": {"must": 5}}, "query malformed"),
        ({"boosting": {"positive": {"match_all": {}}, "negative": {"match_all": {}}}}, "negative_boost"),
        ({"constant_score": {}}, "[constant_score] requires 'filter' field"),
        ({"dis_max": {}}, "[dis_max] requires 'queries' field"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    with pytest.raises((BadQuery, IllegalArgument)) as caught:
        Small(MAPPING, [{}]).search(query)
    assert reason in str(caught.value.reason)
