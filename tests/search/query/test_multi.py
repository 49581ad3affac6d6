"""The same text in several fields, held against loops over the documents."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, IllegalArgument
from search.query.houses import MAPPING, houses, words
from search.query.slow import Bm25, Scores, best, same, summed, times
from search.query.slow import words as terms
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]
queries = some.lists(words, min_size=1, max_size=3).map(" ".join)


@given(
    houses(),
    queries,
    some.sampled_from(["best_fields", "most_fields", "phrase", "phrase_prefix", "bool_prefix"]),
    some.floats(0, 1),
)
def test_fields_are_asked_one_by_one(index: Houses, query: str, kind: str, tie: float) -> None:
    small, _ = index
    inner = {"phrase": "match_phrase", "phrase_prefix": "match_phrase_prefix", "bool_prefix": "match_bool_prefix"}
    parts = [small.search({inner.get(kind, "match"): {field: query}}) for field in ("title", "body")]
    wanted = best([times(parts[0], 3), parts[1]], 1.0 if kind in ("most_fields", "bool_prefix") else 0.0)
    request: dict[str, Any] = {"query": query, "fields": ["title^3", "body"], "type": kind}
    same(small.search({"multi_match": request}), wanted)
    same(small.search({"multi_match": {**request, "tie_breaker": tie}}), best([times(parts[0], 3), parts[1]], tie))


def test_patterns_mean_the_fields_that_fit() -> None:
    small = Small(MAPPING, [{"title": "river"}, {"body": "river"}, {"tag": "river"}, {"price": 5}])
    assert small.ids({"multi_match": {"query": "river", "fields": ["ti*", "bo*"]}}) == [0, 1]
    assert small.ids({"multi_match": {"query": "river", "fields": ["*"]}}) == [0, 1, 2]
    assert small.ids({"multi_match": {"query": "river"}}) == [0, 1, 2]
    assert small.ids({"multi_match": {"query": "5"}}) == [3]
    assert small.ids({"multi_match": {"query": "river", "fields": ["missing"]}}) == []


def crossed(documents: list[dict[str, Any]], query: str, fields: dict[str, float], least: int) -> Scores:
    """As the documentation has it: each word in any field, with the frequency of the field that has most."""
    models = {field: Bm25([terms(each, field) for each in documents]) for field in fields}
    parts = []
    for word in query.split():
        frequencies = {field: sum(word in own for own in model.lists) for field, model in models.items()}
        counted = before = max(frequencies.values())
        each = []
        for field in sorted(fields, key=lambda field: -frequencies[field]):
            if frequencies[field] == 0:
                continue
            counted += before > frequencies[field]
            before, model = frequencies[field], models[field]
            idf = model.idf_of(min(counted, model.count)) * fields[field]
            each.append(
                {at: model.score(at, idf, own.count(word)) for at, own in enumerate(model.lists) if word in own}
            )
        parts.append(best(each))
    return summed(parts, least)


@given(houses(), queries, some.booleans())
def test_with_cross_fields_each_word_may_be_in_another_field(index: Houses, query: str, every: bool) -> None:
    small, documents = index
    wanted = crossed(documents, query, {"title": 2.0, "body": 1.0}, len(query.split()) if every else 1)
    request = {
        "query": query,
        "fields": ["title^2", "body"],
        "type": "cross_fields",
        "operator": "and" if every else "or",
    }
    same(small.search({"multi_match": request}), wanted)


@given(houses(), queries, some.sampled_from([1.0, 1.5]), some.booleans())
def test_combined_fields_are_one_text(index: Houses, query: str, boost: float, every: bool) -> None:
    small, documents = index
    lists = [(terms(each, "title"), terms(each, "body")) for each in documents]
    count = max(sum(bool(own[at]) for own in lists) for at in (0, 1))
    average = int(sum(len(own[0]) * boost + len(own[1]) for own in lists)) / max(count, 1)
    parts = []
    for word in query.split():
        model = Bm25([])
        model.count = count
        idf = 2.2 * model.idf_of(max(sum(word in own[at] for own in lists) for at in (0, 1)))
        part: Scores = {}
        for number, (title, body) in enumerate(lists):
            frequency, length = title.count(word) * boost + body.count(word), len(title) * boost + len(body)
            if frequency:
                part[number] = idf * frequency / (frequency + 1.2 * (0.25 + 0.75 * int(length + 0.5) / average))
        parts.append(part)
    wanted = summed(parts, len(parts) if every else 1)
    request = {"query": query, "fields": [f"title^{boost}", "body"], "operator": "and" if every else "or"}
    same(small.search({"combined_fields": request}), wanted)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"multi_match": {"query": "a", "type": "some_fields"}}, "query type [some_fields]. unknown type."),
        ({"multi_match": {"fields": ["title"]}}, "[multi_match] requires 'query' field"),
        ({"multi_match": {"query": "a", "fields": ["title^much"]}}, "boost of [title^much] must be a number"),
        ({"multi_match": {"query": "a", "fields": ["price"]}}, "failed to create query"),
        ({"multi_match": {"query": "a", "type": "phrase", "fuzziness": 1}}, "Fuzziness not allowed for type [phrase]"),
        ({"combined_fields": {"query": "a", "fields": ["price"]}}, "does not support [combined_fields] queries"),
        ({"combined_fields": {"query": "a", "fields": ["body^0.5"]}}, "weights of at least 1"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    with pytest.raises((BadQuery, IllegalArgument)) as caught:
        Small(MAPPING, [{"body": "a", "price": 1}]).search(query)
    assert reason in str(caught.value.reason)


def test_patterns_of_many_stars_take_no_long_time() -> None:
    name = "a" * 100
    small = Small({name: {"type": "text"}}, [{name: "house"}])
    assert small.ids({"multi_match": {"query": "house", "fields": ["a*" * 30 + "b"]}}) == []
    assert small.ids({"multi_match": {"query": "house", "fields": ["a*" * 30]}}) == [0]
