"""Full-text queries on one field, held against loops over the documents."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadMapping, BadQuery, IllegalArgument
from connote.search.analysis import Analysis
from connote.search.engine.strings import Dictionary
from connote.search.query.edits import distance, near
from search.query.houses import MAPPING, houses, words
from search.query.slow import Bm25, Document, Scores, chosen, places, same, summed, times
from search.query.slow import words as terms
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]
queries = some.lists(words, min_size=1, max_size=4)


def bodies(documents: list[dict[str, Any]]) -> Bm25:
    return Bm25([terms(each, "body") for each in documents])


@given(houses(), queries, some.floats(0.25, 4))
def test_words_add_up_as_often_as_they_are_asked_for(index: Houses, query: list[str], boost: float) -> None:
    small, documents = index
    wanted = summed([bodies(documents).term(word) for word in query])
    same(small.search({"match": {"body": {"query": " ".join(query), "boost": boost}}}), times(wanted, boost))


@given(houses(), queries)
def test_with_and_all_words_are_needed(index: Houses, query: list[str]) -> None:
    small, documents = index
    wanted = summed([bodies(documents).term(word) for word in query], least=len(query))
    same(small.search({"match": {"body": {"query": " ".join(query), "operator": "AND"}}}), wanted)


@given(houses(), queries, some.sampled_from([1, 2, 3, -1, "50%", "-30%", "2<75%", "1 < -1 3<50%"]))
def test_some_words_may_be_needed(index: Houses, query: list[str], least: str | int) -> None:
    small, documents = index
    count = len(query)
    needed = {
        1: 1,
        2: 2,
        3: 3,
        -1: count - 1,
        "50%": count // 2,
        "-30%": count - count * 3 // 10,
        "2<75%": count if count <= 2 else count * 3 // 4,
        "1 < -1 3<50%": count if count <= 1 else count - 1 if count <= 3 else count // 2,
    }[least]
    wanted = summed([bodies(documents).term(word) for word in query], least=max(needed, 1) if count > 1 else 1)
    same(small.search({"match": {"body": {"query": " ".join(query), "minimum_should_match": least}}}), wanted)


def starts(document: Document, slots: list[tuple[int, set[str]]], field: str = "body") -> int:
    """How often terms stand in a row."""
    own = places(document, field)
    at = {place: word for word, place in own}
    return sum(all(at.get(place + offset) in alternatives for offset, alternatives in slots) for _, place in own)


def phrases(documents: list[dict[str, Any]], slots: list[tuple[int, set[str]]], field: str = "body") -> Scores:
    model = Bm25([terms(each, field) for each in documents])
    known = {word for each in model.lists for word in each}
    idf = sum(model.idf(word) for _, alternatives in slots for word in alternatives & known)
    return {
        number: model.score(number, idf, frequency)
        for number, each in enumerate(documents)
        if (frequency := starts(each, slots, field))
    }


@given(houses(), queries, some.sampled_from(["title", "body"]))
def test_a_phrase_stands_in_a_row(index: Houses, query: list[str], field: str) -> None:
    small, documents = index
    wanted = phrases(documents, [(at, {word}) for at, word in enumerate(query)], field)
    same(small.search({"match_phrase": {field: " ".join(query)}}), wanted)


@given(houses(), queries, some.sampled_from(["r", "ri", "rivers", "g", "x"]))
def test_the_last_word_of_a_phrase_may_be_a_beginning(index: Houses, query: list[str], beginning: str) -> None:
    small, documents = index
    known = {word for each in documents for word in terms(each, "body") if word.startswith(beginning)}
    slots = [*((at, {word}) for at, word in enumerate(query)), (len(query), known)]
    text = f"{' '.join(query)} {beginning}"
    same(small.search({"match_phrase_prefix": {"body": text}}), phrases(documents, slots))
    alone = summed([bodies(documents).term(word) for word in known])
    same(small.search({"match_phrase_prefix": {"body": beginning}}), alone)


@given(houses(), queries, some.sampled_from(["r", "ri", "rivers", "g", "x"]))
def test_the_last_word_of_a_bool_prefix_is_a_beginning_that_scores_1(
    index: Houses, query: list[str], beginning: str
) -> None:
    small, documents = index
    last = chosen(documents, lambda each: any(word.startswith(beginning) for word in terms(each, "body")))
    wanted = summed([*(bodies(documents).term(word) for word in query), last])
    same(small.search({"match_bool_prefix": {"body": f"{' '.join(query)} {beginning}"}}), wanted)


def edits(one: str, other: str) -> int:
    """Of strings: by the definition, that is, by trying."""
    if not one or not other:
        return len(one) + len(other)
    found = [edits(one[1:], other) + 1, edits(one, other[1:]) + 1, edits(one[1:], other[1:]) + (one[0] != other[0])]
    if len(one) > 1 and len(other) > 1 and one[:2] == other[1::-1]:
        found.append(edits(one[2:], other[2:]) + 1)
    return min(found)


@given(some.text("abc", max_size=6), some.text("abc", max_size=6), some.integers(0, 2))
def test_edits_are_counted(one: str, other: str, most: int) -> None:
    assert distance(one, other, most) == min(edits(one, other), most + 1)


@given(
    some.sets(some.text("ab日é\U0001f3e0", max_size=7)),
    some.text("ab日c", max_size=6),
    some.integers(1, 2),
    some.booleans(),
)
def test_words_near_one_are_found_among_many(words: set[str], word: str, most: int, swapping: bool) -> None:
    known = Dictionary.of(sorted(words))
    found = near(word, known, range(len(known)), most, swapping=swapping)
    away = {each: distance(word, each, most, swapping=swapping) for each in words}
    assert {known[at]: number for at, number in found} == {each: own for each, own in away.items() if own <= most}


@given(
    houses(),
    some.sampled_from(["rivre", "houes", "vew", "ol", "gardens"]),
    some.sampled_from(["AUTO", "AUTO:2,4", 1, "2"]),
)
def test_fuzzy_terms_count_by_their_nearness(index: Houses, word: str, fuzziness: str | int) -> None:
    small, documents = index
    length = len(word)
    most = {"AUTO": (length > 2) + (length > 5), "AUTO:2,4": (length > 1) + (length > 3), 1: 1, "2": 2}[fuzziness]
    model = bodies(documents)
    near = {each: edits(word, each) for each in {term for own in model.lists for term in own}}
    near = {each: away for each, away in near.items() if away <= most}
    frequency = max((sum(each in own for own in model.lists) for each in near), default=0)
    parts = [
        {
            number: (1 - away / min(len(each), length)) * model.score(number, model.idf_of(frequency), own.count(each))
            for number, own in enumerate(model.lists)
            if each in own
        }
        for each, away in near.items()
    ]
    same(small.search({"fuzzy": {"body": {"value": word, "fuzziness": fuzziness}}}), summed(parts))
    same(small.search({"match": {"body": {"query": word, "fuzziness": fuzziness}}}), summed(parts))


@given(houses(), some.sampled_from([("match", "tag", "Old"), ("match_phrase", "tag", "new"), ("match", "price", "3")]))
def test_a_field_that_is_not_analysed_matches_as_a_whole(index: Houses, case: tuple[str, str, str]) -> None:
    small, _ = index
    kind, field, text = case
    assert small.search({kind: {field: text}}) == small.search({"term": {field: text}})


SYNONYMS = {
    "analysis": {
        "filter": {"alike": {"type": "synonym_graph", "synonyms": ["tv, television set", "big, large"]}},
        "analyzer": {"alike": {"tokenizer": "standard", "filter": ["lowercase", "alike"]}},
    }
}
ALIKE = {"body": {"type": "text", "analyzer": "standard", "search_analyzer": "alike"}}
ROOMS = [
    {"body": "a big tv"},
    {"body": "a large television set"},
    {"body": "television on a set"},
    {"body": "large large"},
    {"body": "nothing"},
]


def test_synonyms_count_as_one_term() -> None:
    small = Small(ALIKE, ROOMS, settings=SYNONYMS)
    model = bodies(ROOMS)
    frequencies = [own.count("big") + own.count("large") for own in model.lists]
    wanted = {at: model.score(at, model.idf("large"), often) for at, often in enumerate(frequencies) if often}
    same(small.search({"match": {"body": "big"}}), wanted)


def test_synonyms_of_several_words_are_phrases() -> None:
    small = Small(ALIKE, ROOMS, settings=SYNONYMS)
    wanted = summed([bodies(ROOMS).term("tv"), phrases(ROOMS, [(0, {"television"}), (1, {"set"})])])
    same(small.search({"match": {"body": "tv"}}), wanted)
    apart = {"query": "tv", "auto_generate_synonyms_phrase_query": False}
    assert small.ids({"match": {"body": apart}}) == [0, 1, 2]


def test_a_text_without_words_matches_nothing_or_all() -> None:
    mapping = {"body": {"type": "text", "analyzer": "english"}}
    small = Small(mapping, [{"body": "the house"}, {}])
    assert small.ids({"match": {"body": "the"}}) == []
    assert small.search({"match": {"body": {"query": "the", "zero_terms_query": "all"}}}) == {0: 1.0, 1: 1.0}


def test_match_only_text_scores_every_word_alike() -> None:
    small = Small({"log": {"type": "match_only_text"}}, [{"log": "a a b"}, {"log": "b c"}, {"log": "d"}])
    assert small.search({"match": {"log": "a b"}}) == {0: 2.0, 1: 1.0}


def test_phrases_do_not_run_from_one_value_into_the_next() -> None:
    small = Small(MAPPING, [{"title": ["old river", "house"]}, {"title": "river house"}])
    assert small.ids({"match_phrase": {"title": "river house"}}) == [1]
    assert small.ids({"match_phrase": {"title": {"query": "river house", "slop": 100}}}) == [0, 1]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"match": {"body": {"query": "a", "operator": "xor"}}}, "operator must be [or] or [and], not [xor]"),
        ({"match": {"body": {}}}, "[match] unknown token [VALUE_NULL] after [query]"),
        ({"match": {"a": "x", "b": "y"}}, "[match] query doesn't support multiple fields, found [a] and [b]"),
        ({"match": {"body": {"query": "a", "fuzziness": 3}}}, "Valid edit distances are [0, 1, 2] but was [3]"),
        ({"match": {"body": {"query": "a", "analyzer": "x"}}}, "analyzer [x] not found"),
        ({"match": {"body": {"query": "a b", "minimum_should_match": "some"}}}, "[minimum_should_match]"),
        ({"match": {"price": "cheap"}}, "failed to create query"),
        ({"match_phrase": {"body": {"query": "a", "slop": -1}}}, "No negative slop allowed."),
        ({"match_phrase_prefix": {"price": "1"}}, "Can only use phrase prefix queries on text fields"),
        ({"prefix": {"price": "1"}}, "Can only use prefix queries on keyword, text and wildcard fields"),
        ({"fuzzy": {"price": "1"}}, "Can only use fuzzy queries"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    with pytest.raises((BadQuery, IllegalArgument)) as caught:
        Small(MAPPING, [{"body": "a"}]).search(query)
    assert reason in str(caught.value.reason)


def test_what_is_wrong_may_be_passed_over() -> None:
    small = Small(MAPPING, [{"price": 1}])
    assert small.ids({"match": {"price": {"query": "cheap", "lenient": True}}}) == []


def test_phrases_may_have_an_analyzer_of_their_own() -> None:
    mapping = {"body": {"type": "text", "search_quote_analyzer": "keyword"}}
    small = Small(mapping, [{"body": "old house"}, {"body": "house"}])
    assert small.ids({"match": {"body": "old house"}}) == [0, 1]
    assert small.ids({"match_phrase": {"body": "old house"}}) == []  # no such term
    assert small.ids({"match_phrase": {"body": "house"}}) == [0, 1]


def test_a_field_may_have_no_norms_or_count_what_matches_only() -> None:
    mapping = {
        "plain": {"type": "text", "norms": False},
        "flat": {"type": "text", "similarity": "boolean"},
        "kept": {"type": "text", "index": False},
    }
    texts = ["house river", "house house garden view", "river"]
    small = Small(mapping, [dict.fromkeys(mapping, text) for text in texts], segments=2)
    # Of Lucene's BM25: without norms all lengths are 1, but the average is what it is.
    idf = float(np.log(1 + (3 - 2 + 0.5) / (2 + 0.5)))
    wanted = {n: idf * 2.2 * freq / (freq + 1.2 * (1 - 0.75 + 0.75 / (7 / 3))) for n, freq in ((0, 1), (1, 2))}
    same(small.search({"match": {"plain": "house"}}), wanted)
    same(small.search({"match": {"flat": {"query": "house river", "boost": 3}}}), {0: 6.0, 1: 3.0, 2: 3.0})
    same(small.search({"match_phrase": {"flat": "house river"}}), {0: 1.0})
    assert small.ids({"multi_match": {"query": "house"}}) == [0, 1]  # in all fields that can be searched
    with pytest.raises(IllegalArgument, match="not indexed"):
        small.search({"match": {"kept": "house"}})
    with pytest.raises(BadMapping, match="Unknown Similarity type"):
        Small({"title": {"type": "text", "similarity": "mine"}}, [])


def test_fields_score_by_the_similarities_that_settings_define() -> None:
    settings = {
        "index": {
            "similarity": {
                "flat_lengths": {"type": "BM25", "b": 0.0, "k1": 2.0},
                "default": {"type": "BM25", "k1": "1.0"},
                "alike": {"type": "boolean"},
            }
        }
    }
    mapping = {
        "usual": {"type": "text"},
        "own": {"type": "text", "similarity": "flat_lengths"},
        "one": {"type": "text", "similarity": "alike"},
    }
    texts = ["house river", "house house garden view", "river"]
    small = Small(mapping, [dict.fromkeys(mapping, text) for text in texts], segments=2, settings=settings)
    idf = float(np.log(1 + (3 - 2 + 0.5) / (2 + 0.5)))
    same(small.search({"match": {"own": "house"}}), {n: idf * 3.0 * f / (f + 2.0) for n, f in ((0, 1), (1, 2))})
    usual = {n: idf * 2 * f / (f + 1 - 0.75 + 0.75 * length / (7 / 3)) for n, f, length in ((0, 1, 2), (1, 2, 4))}
    same(small.search({"match": {"usual": "house"}}), usual)
    same(small.search({"match": {"one": "house"}}), {0: 1.0, 1: 1.0})


@pytest.mark.parametrize(
    ("defined", "told"),
    [
        ({"mine": {"k1": 1}}, "must have an associated type"),
        ({"mine": {"type": "DFR"}}, "Unknown Similarity type"),
        ({"BM25": {"type": "BM25"}}, "Cannot redefine"),
        ({"mine": {"type": "BM25", "b": 2}}, "illegal b value"),
        ({"mine": {"type": "BM25", "k1": "x"}}, "must be a number"),
        ({"mine": {"type": "BM25", "mu": 1}}, "Unknown settings"),
        ({"mine": "BM25"}, "must be an object"),
    ],
)
def test_what_is_wrong_with_a_similarity_is_told(defined: dict[str, Any], told: str) -> None:
    with pytest.raises(IllegalArgument, match=told):
        Analysis({"similarity": defined})
