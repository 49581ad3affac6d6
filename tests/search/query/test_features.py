"""Queries by one value, by likeness, and by hand."""

import base64
import json
import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import ConnoteError
from search.query.houses import MAPPING, days, houses, points, tags
from search.query.slow import Bm25, listed, metres, same, summed
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]
RANKS = {
    "rank": {"type": "rank_feature"},
    "length": {"type": "rank_feature", "positive_score_impact": False},
    "topics": {"type": "rank_features"},
    "tag": {"type": "keyword"},
    "needed": {"type": "integer"},
}


@given(
    some.lists(some.floats(0.125, 1000, width=32), min_size=1, max_size=5), some.floats(0.5, 50), some.floats(0.5, 3)
)
def test_rank_features_lift_by_a_curve(ranks: list[float], pivot: float, power: float) -> None:
    small = Small(RANKS, [{"rank": rank, "length": rank, "topics": {"a": rank}} for rank in ranks] + [{}], segments=2)
    curves: dict[str, tuple[dict[str, float], Any]] = {
        "saturation": ({"pivot": pivot}, lambda own: own / (own + pivot)),
        "log": ({"scaling_factor": pivot + 1}, lambda own: math.log(pivot + 1 + own)),
        "sigmoid": ({"pivot": pivot, "exponent": power}, lambda own: own**power / (own**power + pivot**power)),
        "linear": ({}, lambda own: own),
    }
    for kind, (params, curve) in curves.items():
        wanted = {number: 2 * curve(rank) for number, rank in enumerate(ranks)}
        for field in ("rank", "topics.a"):
            same(small.search({"rank_feature": {"field": field, kind: params, "boost": 2}}), wanted, 1e-5)
    wanted = {number: pivot / (rank + pivot) for number, rank in enumerate(ranks)}
    same(small.search({"rank_feature": {"field": "length", "saturation": {"pivot": pivot}}}), wanted, 1e-5)


def test_without_a_pivot_it_is_about_the_middle() -> None:
    small = Small(RANKS, [{"rank": 4.0}, {"rank": 4.0}])
    same(small.search({"rank_feature": {"field": "rank"}}), {0: 0.5, 1: 0.5})


@given(houses(), points, days, some.integers(1, 400))
def test_what_is_near_is_lifted(index: Houses, origin: dict[str, float], day: str, pivot: int) -> None:
    small, documents = index
    near = {}
    for number, each in enumerate(documents):
        away = [metres(place, origin["lat"], origin["lon"]) for place in listed(each.get("place"))]
        if away:
            near[number] = 3 * pivot * 1000 / (pivot * 1000 + min(away))
    query = {"field": "place", "origin": origin, "pivot": f"{pivot}km", "boost": 3}
    same(small.search({"distance_feature": query}), near, 1e-4)
    found = small.search({"distance_feature": {"field": "day", "origin": day, "pivot": f"{pivot}d"}})
    wanted = {}
    for number, each in enumerate(documents):
        spans = [abs(moment(own) - moment(day)).total_seconds() for own in listed(each.get("day"))]
        if spans:
            wanted[number] = pivot * 86400 / (pivot * 86400 + min(spans))
    same(found, wanted, 1e-5)


def moment(text: str) -> datetime:
    """A date of these tests."""
    return datetime.fromisoformat(text) if "T" in text else datetime.fromisoformat(f"{text}T00:00:00Z")


@given(
    some.lists(some.tuples(some.lists(tags, max_size=4), some.none() | some.integers(0, 4)), min_size=1, max_size=6),
    some.lists(tags, max_size=4),
)
def test_a_document_says_how_many_terms_it_needs(rows: list[tuple[list[str], int | None]], terms: list[str]) -> None:
    documents = [{"tag": own, "needed": needed} for own, needed in rows]
    small = Small(RANKS, documents)
    model = Bm25([sorted(set(own)) for own, _ in rows], norms=False)
    parts = [model.term(term) for term in terms]
    wanted = {
        number: score
        for number, score in summed(parts).items()
        if (needed := rows[number][1]) is not None and sum(number in part for part in parts) >= needed
    }
    same(small.search({"terms_set": {"tag": {"terms": terms, "minimum_should_match_field": "needed"}}}), wanted)
    script = {"source": "Math.min(params.num_terms, 2)"}
    both = summed(parts, min(len(terms), 2))
    same(small.search({"terms_set": {"tag": {"terms": terms, "minimum_should_match_script": script}}}), both)


def test_documents_like_a_text_have_its_telling_words() -> None:
    documents = [{"body": text} for text in ("river house", "river garden", "garden view", "old", "river river old")]
    small = Small(MAPPING, documents, elsewhere={("small", "0"): documents[0]})
    limits = {"fields": ["body"], "min_term_freq": 1, "min_doc_freq": 2, "minimum_should_match": 1}
    model = Bm25([each["body"].split() for each in documents])
    text = {**limits, "like": "the river and a garden in view"}
    same(small.search({"more_like_this": text}), summed([model.term("river"), model.term("garden")]))
    assert small.ids({"more_like_this": {**text, "minimum_should_match": "100%"}}) == [1]
    assert small.ids({"more_like_this": {**text, "max_query_terms": 1}}) == [1, 2]  # the rarer one
    assert small.ids({"more_like_this": {**text, "stop_words": ["river"]}}) == [1, 2]
    assert small.ids({"more_like_this": {**text, "unlike": "river"}}) == [1, 2]
    assert small.ids({"more_like_this": {**limits, "like": {"_id": "0"}}}) == [1, 4]  # not itself
    assert small.ids({"more_like_this": {**limits, "like": {"_id": "0"}, "include": True}}) == [0, 1, 4]
    assert small.ids({"more_like_this": {**limits, "like": [{"doc": {"body": "garden"}}]}}) == [1, 2]
    lifted = {**text, "boost_terms": 2.0}
    assert small.search({"more_like_this": lifted}) != small.search({"more_like_this": text})


@given(houses(), some.lists(some.integers(0, 9), max_size=4, unique=True))
def test_pinned_documents_come_first_in_their_order(index: Houses, numbers: list[int]) -> None:
    small, documents = index
    organic = {"match": {"body": "river house"}}
    here = [number for number in numbers if number < len(documents)]
    ranked = small.ranked({"pinned": {"ids": [str(number) for number in numbers], "organic": organic}})
    assert ranked == [*here, *(number for number in small.ranked(organic) if number not in here)]
    docs = [{"_index": "small", "_id": str(number)} for number in numbers]
    assert small.ranked({"pinned": {"docs": docs, "organic": organic}}) == ranked
    assert small.ids({"pinned": {"docs": [{"_index": "other", "_id": "0"}], "organic": {"match_none": {}}}}) == []


def test_a_query_may_be_wrapped() -> None:
    small = Small(MAPPING, [{"tag": "a"}, {"tag": "b"}])
    text = base64.b64encode(json.dumps({"term": {"tag": "b"}}).encode()).decode()
    assert small.ids({"wrapper": {"query": text}}) == [1]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"rank_feature": {"field": "tag"}}, "only works on [rank_feature] fields"),
        ({"rank_feature": {"field": "rank", "log": {}}}, "[log] requires [scaling_factor]"),
        ({"rank_feature": {"field": "rank", "log": {"scaling_factor": 1}, "linear": {}}}, "Can only specify one of"),
        ({"rank_feature": {"field": "length", "linear": {}}}, "negative score impact"),
        ({"distance_feature": {"field": "tag", "origin": 1, "pivot": "1d"}}, "Illegal data type of [keyword]!"),
        ({"terms_set": {"tag": {"terms": ["a"]}}}, "[terms_set] needs exactly one of"),
        ({"terms_set": {"tag": {"terms": "a", "minimum_should_match": 1}}}, "must be an array"),
        ({"more_like_this": {"fields": ["tag"]}}, "requires 'like' to be specified"),
        ({"more_like_this": {"fields": ["needed"], "like": "a"}}, "only supports text/keyword fields: [needed]"),
        ({"pinned": {"organic": {"match_all": {}}}}, "needs either [ids] or [docs]"),
        ({"wrapper": {"query": "%"}}, "in base64"),
        ({"wrapper": {"query": "e30="}}, "empty clause"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConnoteError) as caught:
        Small(RANKS, [{}]).search(query)
    assert caught.value.status == 400
    assert reason in str(caught.value.reason)
