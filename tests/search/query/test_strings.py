"""Queries that people type mean what the same query spelled out means."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, ConnoteError
from search.query.houses import MAPPING
from search.query.slow import same
from search.query.small import Small

DOCUMENTS: list[dict[str, Any]] = [
    {"title": "Quiet house", "body": "an old house by the river", "tag": "new", "price": 5, "day": "2024-01-01"},
    {"title": "River view", "body": "quiet garden with a view of the river", "tag": "Old", "price": 10},
    {"title": "Garden", "body": "house house house", "tag": "a b", "price": 15, "day": "2024-02-10"},
    {"body": "old old view", "sold": True, "area": 2.5},
]


@pytest.fixture(scope="module")
def small() -> Small:
    return Small(MAPPING, DOCUMENTS, segments=2)


def match(text: str, field: str = "body", **more: float | str) -> dict[str, Any]:
    return {"match": {field: {"query": text, **more}}}


HOUSE, RIVER, OLD, VIEW = (match(word) for word in ("house", "river", "old", "view"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("house", HOUSE),
        ("house river", {"bool": {"should": [HOUSE, RIVER]}}),
        ("house AND river", {"bool": {"must": [HOUSE, RIVER]}}),
        ("house && river", {"bool": {"must": [HOUSE, RIVER]}}),
        ("house OR river AND old", {"bool": {"should": [HOUSE], "must": [RIVER, OLD]}}),
        ("+house river", {"bool": {"must": [HOUSE], "should": [RIVER]}}),
        ("house -river", {"bool": {"should": [HOUSE], "must_not": [RIVER]}}),
        ("house NOT river", {"bool": {"should": [HOUSE], "must_not": [RIVER]}}),
        ("house AND NOT river", {"bool": {"must": [HOUSE], "must_not": [RIVER]}}),
        ("NOT river", {"bool": {"filter": {"match_all": {}}, "must_not": [RIVER]}}),
        ("(house OR view) AND old", {"bool": {"must": [{"bool": {"should": [HOUSE, VIEW]}}, OLD]}}),
        ("house^3 river", {"bool": {"should": [match("house", boost=3), RIVER]}}),
        ("(house river)^2", {"bool": {"should": [HOUSE, RIVER], "boost": 2}}),
        ('"old house"', {"match_phrase": {"body": "old house"}}),
        ('"house old"~3', {"match_phrase": {"body": {"query": "house old", "slop": 3}}}),
        ('"old house"^2', {"match_phrase": {"body": {"query": "old house", "boost": 2}}}),
        ("title:quiet", match("quiet", "title")),
        ("title:(quiet OR garden)", {"bool": {"should": [match("quiet", "title"), match("garden", "title")]}}),
        ("ti*:quiet", match("quiet", "title")),
        ('tag:"a b"', {"term": {"tag": "a b"}}),
        (r"tag:a\ b", {"term": {"tag": "a b"}}),
        ("price:[5 TO 10]", {"range": {"price": {"gte": 5, "lte": 10}}}),
        ("price:{5 TO 10]", {"range": {"price": {"gt": 5, "lte": 10}}}),
        ("price:[* TO 10}", {"range": {"price": {"lt": 10}}}),
        ("price:>=10", {"range": {"price": {"gte": 10}}}),
        ("price:<10", {"range": {"price": {"lt": 10}}}),
        ("price:10", {"term": {"price": 10}}),
        ("day:[2024-01-01 TO 2024-01-31]", {"range": {"day": {"gte": "2024-01-01", "lte": "2024-01-31"}}}),
        ("riv*", {"prefix": {"body": "riv"}}),
        ("RIV*", {"prefix": {"body": "riv"}}),
        ("r?v*r", {"wildcard": {"body": "r?v*r"}}),
        ("/ri.er/", {"regexp": {"body": "ri.er"}}),
        ("rivr~", {"fuzzy": {"body": "rivr"}}),
        ("houes~1", {"fuzzy": {"body": {"value": "houes", "fuzziness": 1}}}),
        ("_exists_:area", {"exists": {"field": "area"}}),
        ("price:*", {"exists": {"field": "price"}}),
        ("*:*", {"match_all": {}}),
        ("", {"match_none": {}}),
        ("house!", HOUSE),
        ("old-house", match("old-house")),
    ],
)
def test_the_grammar_is_lucenes(small: Small, text: str, wanted: dict[str, Any]) -> None:
    same(small.search({"query_string": {"query": text, "default_field": "body"}}), small.search(wanted))


def test_a_default_operator_and_needs_all(small: Small) -> None:
    query = {"query": "house river", "default_field": "body", "default_operator": "AND"}
    same(small.search({"query_string": query}), small.search({"bool": {"must": [HOUSE, RIVER]}}))
    either = {**query, "query": "house OR river old"}
    wanted = {"bool": {"should": [HOUSE, RIVER], "must": [OLD]}}
    same(small.search({"query_string": either}), small.search(wanted))


def test_words_in_a_row_are_one_text_in_every_field(small: Small) -> None:
    query = {"query": "quiet river", "fields": ["title^2", "body"]}
    wanted = {"multi_match": {"query": "quiet river", "fields": ["title^2", "body"]}}
    same(small.search({"query_string": query}), small.search(wanted))


def test_some_words_may_be_needed(small: Small) -> None:
    query = {"query": "house river view", "default_field": "body", "minimum_should_match": 2}
    same(small.search({"query_string": query}), small.search(match("house river view", minimum_should_match=2)))


def test_without_fields_all_are_meant(small: Small) -> None:
    assert small.ids({"query_string": {"query": "garden"}}) == [1, 2]
    assert small.ids({"query_string": {"query": "gard*"}}) == [1, 2]
    assert small.ids({"query_string": {"query": "gardn~"}}) == [1, 2]
    assert small.ids({"query_string": {"query": "[5 TO 10]"}}) != []
    assert small.ids({"query_string": {"query": "/gard.*/"}}) == [1, 2]
    assert small.ids({"query_string": {"query": "15"}}) == [2]
    assert small.ids({"simple_query_string": {"query": "gard* | 5"}}) == [0, 1, 2]


def test_a_field_that_is_not_there_finds_nothing(small: Small) -> None:
    assert small.ids({"query_string": {"query": "missing:house"}}) == []
    assert small.ids({"query_string": {"query": "missing.*:house"}}) == []


def test_a_quoted_text_may_have_fields_of_its_own(small: Small) -> None:
    query = {"query": '"Quiet house"', "fields": ["title"], "quote_field_suffix": ".raw"}
    same(small.search({"query_string": query}), small.search({"term": {"title.raw": "Quiet house"}}))


@pytest.mark.parametrize(
    "text", ["(house", "house)", '"house', "price:[1 TO", "AND house", "title:", "house AND", "[1 TO 2", "a:b:c:", "^2"]
)
def test_what_cannot_be_read_is_told(small: Small, text: str) -> None:
    with pytest.raises(BadQuery, match="Failed to parse query"):
        small.search({"query_string": {"query": text, "default_field": "body"}})


def test_what_a_field_cannot_be_asked_is_told_unless_it_is_lenient(small: Small) -> None:
    with pytest.raises(ConnoteError):
        small.search({"query_string": {"query": "price:cheap", "default_field": "body"}})
    assert small.ids({"query_string": {"query": "price:cheap"}}) == []
    assert small.ids({"query_string": {"query": "price:cheap", "lenient": True}}) == []
    with pytest.raises(BadQuery, match="not allowed as first character"):
        small.search({"query_string": {"query": "*iver", "allow_leading_wildcard": False}})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("house river", {"bool": {"should": [HOUSE, RIVER]}}),
        ("house + river", {"bool": {"must": [HOUSE, RIVER]}}),
        ("house | river + old", {"bool": {"must": [{"bool": {"should": [HOUSE, RIVER]}}, OLD]}}),
        ("house -river", {"bool": {"should": [HOUSE, {"bool": {"must": {"match_all": {}}, "must_not": RIVER}}]}}),
        ("(house | view) + old", {"bool": {"must": [{"bool": {"should": [HOUSE, VIEW]}}, OLD]}}),
        ('"old house"', {"match_phrase": {"body": "old house"}}),
        ('"house old"~3', {"match_phrase": {"body": {"query": "house old", "slop": 3}}}),
        ("riv*", {"prefix": {"body": "riv"}}),
        ("houes~1", {"fuzzy": {"body": {"value": "houes", "fuzziness": 1}}}),
        ('house "river', {"bool": {"should": [HOUSE, RIVER]}}),
        ("house) river", {"bool": {"should": [HOUSE, RIVER]}}),
        ("", {"match_none": {}}),
        ("+ | -", {"match_none": {}}),
        ("price:5", match("price:5")),
    ],
)
def test_the_simple_grammar_is_never_wrong(small: Small, text: str, wanted: dict[str, Any]) -> None:
    same(small.search({"simple_query_string": {"query": text, "fields": ["body"]}}), small.search(wanted))


def test_operators_of_the_simple_grammar_may_be_left_out(small: Small) -> None:
    query = {"query": "house + river", "fields": ["body"], "flags": "OR|PREFIX"}
    same(small.search({"simple_query_string": query}), small.search({"bool": {"should": [HOUSE, RIVER]}}))
    several = {"query": "house", "fields": ["body", "title"]}
    wanted = {"bool": {"should": [HOUSE, match("house", "title")]}}
    same(small.search({"simple_query_string": several}), small.search(wanted))


def test_a_text_may_be_escaped_and_phrases_analysed_in_a_way_of_their_own(small: Small) -> None:
    escaped = {"query": "house AND (+river", "escape": True, "fields": ["body"]}
    same(
        small.search({"query_string": escaped}),
        small.search({"query_string": {**escaped, "query": "house AND river", "escape": False}}),
    )
    phrase = {"query": '"the house"', "fields": ["body"], "quote_analyzer": "stop"}
    same(small.search({"query_string": phrase}), small.search(HOUSE))


pieces = some.sampled_from(
    [*'()[]{}"~^:+-|&!\\/*?<>= ', "house", "AND", "OR", "NOT", "TO", "title:", "price:", "1", "_exists_:", "a"]
)


@given(some.lists(pieces, max_size=14), some.booleans())
def test_any_text_is_answered_or_refused(small: Small, parts: list[str], is_spaced: bool) -> None:
    text = (" " if is_spaced else "").join(parts)
    small.search({"simple_query_string": {"query": text, "fields": ["body", "price"]}})
    try:
        small.search({"query_string": {"query": text}})
    except ConnoteError as error:
        assert error.status == 400  # noqa: PT017 (most are answered)


def test_a_long_text_takes_no_long_time(small: Small) -> None:
    for text in ("(" * 40 + "house" + ")" * 40, "house " * 2000, "a" * 30_000, '"' * 2001, "a:" * 900, "\\" * 4001):
        small.search({"simple_query_string": {"query": text, "fields": ["body"]}})
        try:
            small.search({"query_string": {"query": text, "default_field": "body"}})
        except ConnoteError as error:
            assert error.status == 400  # noqa: PT017 (most are answered)
