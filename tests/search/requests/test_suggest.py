"""Suggestions: words near those that were typed, and what a text that is being typed may become."""

import threading
import time
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.search import thread
from connote.search.fetch.source import SourceFilter
from connote.search.query.edits import distance
from connote.search.suggest import Suggest
from connote.search.suggest.alike import LIKENESS
from homes import Search
from search.query.small import Small

TITLES = ("trying to find a quiet house", "a quiet house", "the house on the quiet river", "trees and rivers", "quite")
SONGS: list[Any] = [
    {"input": ["Nevermind", "Nirvana"], "weight": 34},
    {"input": "Nirvana Live", "weight": 7},
    ["Never Say Never", "Niro"],
    {"input": "Nirvana", "weight": 1},
    "Ünder Nine",
]


@pytest.fixture(scope="module")
def songs(search: Search) -> Iterator[Search]:
    """An index with words and with completions."""
    fields = {"title": {"type": "text"}, "suggest": {"type": "completion"}, "name": {"type": "keyword"}}
    assert search.http.put("/songs", json={"mappings": {"properties": fields}}).is_success
    for number, (title, song) in enumerate(zip(TITLES, SONGS, strict=True)):
        body = {"title": title, "suggest": song, "name": f"n{number}"}
        assert search.http.put(f"/songs/_doc/{number}?refresh=true", json=body).is_success, body
    yield search
    assert search.http.delete("/songs").is_success


def suggested(search: Search, text: str, **suggester: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    found = search("songs", suggest={"mine": {"text": text, **suggester}})
    assert found["hits"] == {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []}
    entries: list[dict[str, Any]] = found["suggest"]["mine"]
    return entries


def test_words_that_are_not_there_are_told_what_is_near(songs: Search) -> None:
    first, second = suggested(songs, "tring hous", term={"field": "title"})
    assert (first["text"], first["offset"], first["length"]) == ("tring", 0, 5)
    assert first["options"] == [{"text": "trying", "score": pytest.approx(0.8), "freq": 1}]
    assert (second["text"], second["offset"]) == ("hous", 6)
    assert second["options"] == [{"text": "house", "score": pytest.approx(0.75), "freq": 3}]


def test_the_url_may_ask_for_suggestions(songs: Search) -> None:
    params = {"suggest_field": "title", "suggest_text": "quite", "suggest_mode": "popular", "suggest_size": "1"}
    found = songs.http.get("/songs/_search", params=params).json()
    assert [each["text"] for each in found["suggest"]["title"][0]["options"]] == ["quiet"]
    beside = songs.http.get("/songs/_search?suggest_field=title&df=title&q=hous").json()
    assert beside["suggest"]["title"][-1]["options"][0]["text"] == "house"
    wrong = songs.http.get("/songs/_search?suggest_field=title")
    assert (wrong.status_code, "text option is missing" in wrong.text) == (400, True)
    refused = songs.http.post("/songs/_async_search", params=params)
    assert "suggest-only queries are not supported" in refused.json()["error"]["reason"]


def test_words_that_are_there_are_told_others_if_it_is_asked_for(songs: Search) -> None:
    term: dict[str, Any] = {"field": "title"}
    assert suggested(songs, "quite", term=term)[0]["options"] == []
    popular = suggested(songs, "quite", term={**term, "suggest_mode": "popular"})
    assert [each["text"] for each in popular[0]["options"]] == ["quiet"]
    assert suggested(songs, "quiet", term={**term, "suggest_mode": "popular", "max_term_freq": 10})[0]["options"] == []
    always = suggested(songs, "quiet", term={**term, "suggest_mode": "always", "max_term_freq": 10})
    assert [each["text"] for each in always[0]["options"]] == ["quite"]
    assert suggested(songs, "hou", term=term)[0]["options"] == []


# What Lucene 8.7's classes in org.apache.lucene.search.spell give for these.
PAIRS = [
    ("noble", "nobel"), ("house", "hose"), ("martha", "marhta"), ("dwayne", "duane"), ("dixon", "dicksonx"),
    ("a", "ab"), ("ab", "ba"), ("x", "y"),
]  # fmt: skip
ALIKE = {
    "levenshtein": [0.600000, 0.800000, 0.666667, 0.666667, 0.500000, 0.500000, 0.000000, 0.000000],
    "jaro_winkler": [0.953333, 0.946667, 0.961111, 0.840000, 0.813333, 0.850000, 0.000000, 0.000000],
    "ngram": [0.700000, 0.700000, 0.666667, 0.583333, 0.500000, 0.500000, 0.000000, 0.000000],
    "damerau_levenshtein": [0.800000, 0.750000, 0.833333, 0.600000, 0.200000, 0.000000, 0.500000, 0.000000],
}  # fmt: skip


@pytest.mark.parametrize("measure", ALIKE)
def test_words_are_as_alike_as_lucene_has_it(measure: str) -> None:
    found = [LIKENESS[measure](one, other, distance(one, other, 9)) for one, other in PAIRS]
    assert found == pytest.approx(ALIKE[measure], abs=1e-5)


def test_words_may_be_compared_by_another_measure(songs: Search) -> None:
    (entry,) = suggested(songs, "hose", term={"field": "title", "string_distance": "levenshtein"})
    assert entry["options"] == [{"text": "house", "score": pytest.approx(0.8), "freq": 3}]


def test_a_search_may_find_and_suggest(songs: Search) -> None:
    body = {"query": {"match": {"title": "house"}}, "suggest": {"text": "rivr", "a": {"term": {"field": "title"}}}}
    found = songs("songs", **body)
    assert found["hits"]["total"]["value"] == 3
    assert [each["text"] for each in found["suggest"]["a"][0]["options"]] == ["river", "rivers"]
    typed = songs.http.post("/songs/_search?typed_keys=true", json=body).json()
    assert list(typed["suggest"]) == ["term#a"]


def test_what_is_typed_is_completed_by_the_heaviest(songs: Search) -> None:
    (entry,) = suggested(songs, "ni", completion={"field": "suggest"})
    assert [(each["text"], each["_id"], each["_score"]) for each in entry["options"]] == [
        ("Nirvana", "0", 34.0),
        ("Nirvana Live", "1", 7.0),
        ("Niro", "2", 1.0),
        ("Nirvana", "3", 1.0),
    ]
    assert entry["options"][0]["_source"]["name"] == "n0"
    distinct = {"field": "suggest", "skip_duplicates": True, "size": 3}
    shown = [each["text"] for each in suggested(songs, "nirv", completion=distinct)[0]["options"]]
    assert shown == ["Nirvana", "Nirvana Live"]
    assert suggested(songs, "say", completion={"field": "suggest"})[0]["options"] == []
    assert suggested(songs, "never s", completion={"field": "suggest"})[0]["options"][0]["text"] == "Never Say Never"


@pytest.mark.parametrize("size", [0, -1, 10_001])
def test_completions_are_at_most_as_many_as_hits(songs: Search, size: int) -> None:
    body = {"suggest": {"a": {"prefix": "ni", "completion": {"field": "suggest", "size": size}}}}
    reply = songs.http.post("/songs/_search", json=body)
    assert (reply.status_code, f"[size] must be from 1 to 10000, not [{size}]" in reply.text) == (400, True)


def test_deleted_documents_complete_nothing(songs: Search) -> None:
    songs.http.put("/songs/_doc/gone?refresh=true", json={"suggest": "zebra"})
    assert suggested(songs, "zeb", completion={"field": "suggest"})[0]["options"]
    songs.http.delete("/songs/_doc/gone?refresh=true")
    assert suggested(songs, "zeb", completion={"field": "suggest"})[0]["options"] == []


def test_a_regular_expression_finds_what_begins_so(songs: Search) -> None:
    def shown(expression: str, **own: Any) -> list[str]:  # noqa: ANN401
        asked = {"regex": expression, "completion": {"field": "suggest", "size": 9, **own}}
        (entry,) = songs("songs", suggest={"mine": asked})["suggest"]["mine"]
        assert (entry["text"], entry["length"]) == (expression, len(expression))
        return [each["text"] for each in entry["options"]]

    assert shown("n[e|i]r") == ["Nirvana", "Nirvana Live", "Niro", "Nirvana"]
    assert shown("nir.*live") == ["Nirvana Live"]
    assert shown("never") == ["Nevermind", "Never Say Never"]
    assert shown("<1-5>.*", regex={"flags": "NONE"}) == []
    assert shown("v") == []


def test_a_hostile_regular_expression_ends_soon(songs: Search) -> None:
    asked = {"regex": "((((n|ni|e|v)*)*)*)*z", "completion": {"field": "suggest"}}
    began = time.monotonic()
    songs.http.post("/songs/_search", json={"suggest": {"a": asked}})
    assert time.monotonic() - began < 5


def test_what_is_typed_wrong_is_completed_too(songs: Search) -> None:
    fuzzy = {"field": "suggest", "fuzzy": {"fuzziness": 1}}
    assert suggested(songs, "nirb", completion={"field": "suggest"})[0]["options"] == []
    shown = [each["text"] for each in suggested(songs, "nirb", completion=fuzzy)[0]["options"]]
    assert shown == ["Nirvana", "Nirvana Live", "Niro", "Nirvana"]


@pytest.mark.parametrize(
    ("suggest", "told"),
    [
        ({"a": {"text": "x", "words": {"field": "title"}}}, "of ['term', 'phrase', 'completion']"),
        ({"a": {"term": {"field": "title"}}}, "The required text option is missing"),
        ({"a": {"text": "x", "term": {}}}, "requires 'field' field"),
        ({"a": {"text": "x", "term": {"field": "none"}}}, "no mapping found for field [none]"),
        ({"a": {"text": "x", "term": {"field": "title", "max_edits": 3}}}, "maxEdits must be between 1 and 2"),
        ({"a": {"text": "x", "term": {"field": "title", "string_distance": "far"}}}, "Illegal distance option far"),
        ({"a": {"text": "x", "completion": {"field": "title"}}}, "is not a completion suggest field"),
        ({"a": {"regex": "x", "term": {"field": "title"}}}, "The required text option is missing"),
        ({"a": {"regex": "(", "completion": {"field": "suggest"}}}, "failed to parse regular expression"),
        ({"a": {"regex": "x" * 1001, "completion": {"field": "suggest"}}}, "at most [1000] are taken"),
        (
            {"a": {"prefix": "x", "completion": {"field": "suggest", "contexts": {"a": 1}}}},
            "doesn't expect any context",
        ),
    ],
)
def test_what_is_wrong_is_told(songs: Search, suggest: dict[str, Any], told: str) -> None:
    assert told in songs.error("songs", suggest=suggest)["reason"]


@pytest.mark.parametrize(
    "value", [{"input": 1}, {"input": "a", "weight": -1}, {"input": "a", "contexts": {}}, 5, "", "a\0b"]
)
def test_a_completion_that_is_malformed_is_refused(songs: Search, value: Any) -> None:  # noqa: ANN401
    assert songs.http.put("/songs/_doc/wrong", json={"suggest": value}).status_code == 400


def test_a_completion_field_is_not_sorted_by(songs: Search) -> None:
    assert "Fielddata is not supported" in songs.error("songs", sort=["suggest"])["reason"]


@given(some.lists(some.text("abc", min_size=1, max_size=6), min_size=1, max_size=12), some.text("abc", min_size=4))
def test_every_word_near_enough_is_suggested(words: list[str], typed: str) -> None:
    small = Small({"t": {"type": "text"}}, [{"t": word} for word in words], segments=2)
    term = {"field": "t", "suggest_mode": "always", "size": 99, "max_term_freq": 1000}
    (entry,) = Suggest.parse({"a": {"text": typed, "term": term}}).entries([small.reader], SourceFilter())["a"]
    wanted = {
        word
        for word in words
        if word != typed
        and word[:1] == typed[:1]
        and (far := distance(typed, word, 2)) <= 2
        and 1 - far / min(len(word), len(typed)) >= 0.5
    }
    assert {each["text"] for each in entry["options"]} == wanted
    assert all(each["freq"] == words.count(each["text"]) for each in entry["options"])


@given(
    some.lists(some.text("abé𝄞", min_size=1, max_size=9), min_size=1, max_size=8, unique=True),
    some.text("abé𝄞", min_size=3, max_size=7),
    some.integers(0, 2),
    some.booleans(),
)
def test_completions_with_a_beginning_near_enough_are_suggested(
    inputs: list[str], typed: str, most: int, swapping: bool
) -> None:  # fmt: skip
    fuzzy = {"fuzziness": most, "prefix_length": 0, "transpositions": swapping}
    small = Small({"s": {"type": "completion", "analyzer": "keyword"}}, [{"s": each} for each in inputs], segments=2)
    asked = Suggest.parse({"a": {"prefix": typed, "completion": {"field": "s", "size": 99, "fuzzy": fuzzy}}})
    (entry,) = asked.entries([small.reader], SourceFilter())["a"]
    wanted = {
        each
        for each in inputs
        if any(distance(typed, each[:end], most, swapping=swapping) <= most for end in range(len(each) + 1))
    }
    assert {each["text"] for each in entry["options"]} == wanted


@pytest.mark.parametrize("own", [{}, {"fuzzy": {"prefix_length": 0}}])
def test_completions_are_not_looked_for_when_whoever_asked_has_left(own: dict[str, Any]) -> None:
    index = Small({"name": {"type": "completion"}}, [{"name": "tim"}])
    asked = Suggest.parse({"mine": {"prefix": "tim", "completion": {"field": "name", **own}}})
    assert asked.entries([index.reader], SourceFilter())["mine"][0]["options"]
    left, context = threading.Event(), copy_context()
    left.set()
    context.run(thread._GONE.set, left)
    with pytest.raises(thread.Abandoned):
        context.run(asked.entries, [index.reader], SourceFilter())
