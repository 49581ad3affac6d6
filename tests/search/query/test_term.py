"""Queries for whole values, held against loops over the documents."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.search.query.parse import KINDS
from search.query.houses import MAPPING, days, houses, prices, tags, words
from search.query.slow import Bm25, chosen, listed, same, times
from search.query.slow import words as terms
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]


@given(houses(), words, some.floats(0.25, 4))
def test_term_on_text_scores_bm25(index: Houses, word: str, boost: float) -> None:
    small, documents = index
    wanted = Bm25([terms(each, "body") for each in documents]).term(word)
    same(small.search({"term": {"body": {"value": word, "boost": boost}}}), times(wanted, boost))


@given(houses(), tags)
def test_term_on_keyword_scores_bm25_without_lengths(index: Houses, tag: str) -> None:
    small, documents = index
    lists = [sorted(set(listed(each.get("tag")))) for each in documents]
    same(small.search({"term": {"tag": tag}}), Bm25(lists, norms=False).term(tag))


@given(houses(), some.booleans())
def test_term_on_boolean_is_a_word_too(index: Houses, sold: bool) -> None:
    small, documents = index
    lists = [[str(value)] for each in documents for value in [each.get("sold")]]
    lists = [[] if each == ["None"] else each for each in lists]
    same(small.search({"term": {"sold": sold}}), Bm25(lists, norms=False).term(str(sold)))


@given(houses(), prices, some.floats(0.25, 4))
def test_term_on_numbers_scores_the_boost(index: Houses, price: int, boost: float) -> None:
    small, documents = index
    wanted = chosen(documents, lambda each: price in listed(each.get("price")), boost)
    same(small.search({"term": {"price": {"value": price, "boost": boost}}}), wanted)


@given(houses(), days)
def test_term_on_a_date_means_all_that_the_date_says(index: Houses, day: str) -> None:
    small, documents = index
    start = day[:10] if len(day) == 10 else day
    wanted = chosen(documents, lambda each: any(value.startswith(start) for value in listed(each.get("day"))))
    same(small.search({"term": {"day": day}}), wanted)
    same(small.search({"terms": {"day": [day, "1999-01-01"]}}), wanted)


@given(houses(), some.lists(tags, max_size=4), some.lists(prices, max_size=4))
def test_terms_are_a_filter(index: Houses, wanted: list[str], costs: list[int]) -> None:
    small, documents = index
    same(
        small.search({"terms": {"tag": wanted, "boost": 2}}),
        chosen(documents, lambda each: bool({*wanted} & {*listed(each.get("tag"))}), 2),
    )
    same(
        small.search({"terms": {"price": costs}}),
        chosen(documents, lambda each: bool({*costs} & {*listed(each.get("price"))})),
    )


@given(houses(), some.sampled_from(["title", "body", "tag", "price", "area", "sold", "day", "place"]))
def test_exists_means_a_value(index: Houses, field: str) -> None:
    small, documents = index
    found = small.ids({"exists": {"field": field}})
    if field in ("title", "body"):  # a text of no terms is a value as well
        assert found == [number for number, each in enumerate(documents) if listed(each.get(field))]
    else:
        assert found == [number for number, each in enumerate(documents) if listed(each.get(field))]


@given(houses(), some.lists(some.integers(-1, 12)))
def test_ids_are_found_in_every_segment(index: Houses, numbers: list[int]) -> None:
    small, documents = index
    wanted = sorted({number for number in numbers if 0 <= number < len(documents)})
    assert small.ids({"ids": {"values": [str(number) for number in numbers]}}) == wanted
    assert small.ids({"terms": {"_id": [str(number) for number in numbers]}}) == wanted


def test_deleted_documents_are_not_found_but_count_in_the_statistics() -> None:
    documents = [{"body": "river"}, {"body": "river house"}, {"body": "house"}]
    small = Small(MAPPING, documents, deleted=[1])
    wanted = Bm25([terms(each, "body") for each in documents]).term("river")
    same(small.search({"term": {"body": "river"}}), {0: wanted[0]})


def test_values_are_looked_up_in_another_document() -> None:
    documents = [{"tag": "a"}, {"tag": "b"}, {"tag": "c"}]
    small = Small(MAPPING, documents, elsewhere={("likes", "me"): {"liked": {"tags": ["a", "c"]}}})
    lookup = {"index": "likes", "id": "me", "path": "liked.tags"}
    assert small.ids({"terms": {"tag": lookup}}) == [0, 2]
    assert small.ids({"terms": {"tag": {**lookup, "id": "you"}}}) == []


def test_the_case_of_letters_may_be_left_aside() -> None:
    small = Small(MAPPING, [{"tag": "River"}, {"tag": "river"}, {"tag": "rivers"}])
    assert small.search({"term": {"tag": {"value": "RIVER", "case_insensitive": True}}}) == {0: 1.0, 1: 1.0}


def test_addresses_are_found_by_network_and_in_any_form() -> None:
    mapping = {"ip": {"type": "ip"}}
    small = Small(mapping, [{"ip": "10.0.0.1"}, {"ip": "10.1.0.1"}, {"ip": "::1"}, {"ip": "9.255.0.0"}])
    assert small.search({"term": {"ip": "10.0.0.0/8"}}) == {0: 1.0, 1: 1.0}
    assert small.search({"terms": {"ip": ["0:0:0:0:0:0:0:1", "9.0.0.0/8"]}}) == {2: 1.0, 3: 1.0}
    assert small.ids({"range": {"ip": {"gte": "10.0.0.0", "lt": "10.1.0.1"}}}) == [0]
    assert small.ids({"range": {"ip": {"gt": "9.255.0.0"}}}) == [0, 1]


def test_a_constant_keyword_is_in_every_document() -> None:
    mapping = {"kind": {"type": "constant_keyword", "value": "house"}}
    small = Small(mapping, [{}, {}])
    assert small.search({"term": {"kind": "house"}}) == {0: 1.0, 1: 1.0}
    assert small.ids({"term": {"kind": "flat"}}) == []
    assert small.ids({"exists": {"field": "kind"}}) == [0, 1]


def test_a_word_is_found_anywhere_in_a_flattened_object() -> None:
    mapping = {"labels": {"type": "flattened"}}
    small = Small(mapping, [{"labels": {"priority": "urgent", "release": ["v1", "v2"]}}, {"labels": {"for": "v2"}}])
    assert small.ids({"term": {"labels": "urgent"}}) == small.ids({"match": {"labels": "v1"}}) == [0]
    assert small.ids({"terms": {"labels": ["v2", "v3"]}}) == [0, 1]
    assert small.ids({"term": {"labels.release": "v2"}}) == [0]


@pytest.mark.parametrize("kind", ["sparse_vector", "rank_features"])
def test_a_token_of_a_sparse_vector_scores_its_weight(kind: str) -> None:
    small = Small({"topics": {"type": kind}}, [{"topics": {"sea": 1.5, "sun": 3}}, {"topics": {"sun": 2}}])
    assert small.search({"term": {"topics": {"value": "sea", "boost": 2}}}) == {0: 3.0}
    assert small.search({"match": {"topics": "sun"}}) == {0: 3.0, 1: 2.0}


def test_a_field_that_is_not_mapped_matches_nothing() -> None:
    small = Small(MAPPING, [{"tag": "a"}])
    for query in (
        {"term": {"missing": 1}},
        {"terms": {"missing": [1]}},
        {"exists": {"field": "missing"}},
        {"range": {"missing": {"gt": 1}}},
        {"prefix": {"missing": "a"}},
        {"match": {"missing": "a"}},
        {"match_phrase": {"missing": "a"}},
        {"semantic": {"field": "missing", "query": "a"}},
        {"sparse_vector": {"field": "missing", "query_vector": {"a": 1}}},
        {"knn": {"field": "missing", "query_vector": [1.0]}},
    ):
        assert small.ids(query) == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"term": {"a": 1, "b": 2}}, "[term] query doesn't support multiple fields, found [a] and [b]"),
        ({"term": {"a": [1]}}, "[term] query does not support array of values"),
        ({"term": {"a": {"value": 1, "nonsense": 2}}}, "[term] query does not support [nonsense]"),
        ({"term": {"a": {"value": 1, "boost": -1}}}, "negative [boost]"),
        ({"term": {"price": "cheap"}}, 'For input string: "cheap"'),
        ({"term": {"sold": "maybe"}}, "Failed to parse value [maybe] as only [true] or [false] are allowed."),
        ({"terms": {"a": 1}}, "[terms] query does not support [a]"),
        ({"terms": {"a": [1], "b": [2]}}, "[terms] query"),
        ({"terms": {"a": [None]}}, "No value specified for terms query"),
        ({"exists": {}}, "[exists] requires 'field' field"),
        ({"ids": {"values": [{}]}}, "[ids]"),
        ({"nonsense": {}}, "unknown query [nonsense]"),
        ({"term": {}, "match": {}}, "[term] malformed query, expected [END_OBJECT] but found [FIELD_NAME]"),
        ({}, "query malformed, empty clause found"),
        ({"term": 5}, "[term] query malformed, no start_object after query name"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    small = Small(MAPPING, [{}])
    with pytest.raises((BadQuery, IllegalArgument)) as caught:
        small.search(query)
    assert reason in str(caught.value.reason)


JSON = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=4)
    | some.sampled_from(["body", "1d"]),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(["body", "price", "day", "place", "query", "value", "boost", "field", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def small() -> Small:
    return Small(MAPPING, [{"body": "river", "price": 1, "day": "2024-01-01", "place": [1, 1], "tag": "a"}])


@given(some.data(), some.sampled_from(KINDS))
def test_whatever_a_stranger_sends_is_answered_or_refused(small: Small, data: some.DataObject, kind: str) -> None:
    try:
        small.search({kind: data.draw(JSON)})
    except ConnoteError as error:
        assert 400 <= error.status < 500  # noqa: PT017 (most are answered)
