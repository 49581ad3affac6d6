"""The span queries, by examples and by brute force; `test_lucene_positions.py` holds them against Lucene."""

import itertools
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, IllegalArgument, Rejected
from search.query.slow import Bm25, same
from search.query.small import Small

OWN = {"type": "text", "analyzer": "whitespace"}
Query = dict[str, Any]


def small(*texts: str, **more: Any) -> Small:  # noqa: ANN401
    return Small({"text": OWN, **more}, [{"text": text} for text in texts], segments=2)


def term(word: str) -> Query:
    return {"span_term": {"text": word}}


def near(*clauses: Query, slop: int = 0, in_order: bool = True) -> Query:
    return {"span_near": {"clauses": list(clauses), "slop": slop, "in_order": in_order}}


def test_a_term_scores_as_a_term_query() -> None:
    index = small("a b", "b a a", "c")
    same(index.search(term("a")), index.search({"term": {"text": "a"}}))
    same(
        index.search({"span_term": {"text": {"value": "a", "boost": 2}}}),
        index.search({"term": {"text": {"value": "a", "boost": 2}}}),
    )
    assert index.ids({"span_term": {"text": {"term": "c"}}}) == [2]
    assert index.ids({"span_term": {"nowhere": "c"}}) == []


def test_spans_are_near_each_other() -> None:
    index = small("a x b", "a b", "b a", "a x x b")
    assert index.ids(near(term("a"), term("b"))) == [1]
    assert index.ids(near(term("a"), term("b"), slop=1)) == [0, 1]
    assert index.ids(near(term("a"), term("b"), slop=1, in_order=False)) == [0, 1, 2]
    assert index.ids(near(term("b"))) == [0, 1, 2, 3]


def test_a_gap_has_a_width() -> None:
    index = small("a x b", "a b", "a x x b")
    assert index.ids(near(term("a"), {"span_gap": {"text": 1}}, term("b"))) == [0]
    assert index.ids(near(term("a"), {"span_gap": {"text": 1}}, term("b"), slop=1)) == [0, 2]
    assert index.ids(near({"span_gap": {"text": 2}}, term("b"))) == [0, 2]
    with pytest.raises(IllegalArgument, match="Gaps can only be added to ordered near queries"):
        index.ids(near(term("a"), {"span_gap": {"text": 1}}, term("b"), in_order=False))
    with pytest.raises(IllegalArgument, match="no \\[span_gap\\]"):
        index.ids(near({"span_gap": {"text": 1}}))


def test_spans_without_others_close_by() -> None:
    index = small("a b", "x a b", "a x b", "a b x")
    without = {"include": near(term("a"), term("b"), slop=1), "exclude": term("x")}
    assert index.ids({"span_not": without}) == [0, 1, 3]
    assert index.ids({"span_not": {**without, "pre": 1}}) == [0, 3]
    assert index.ids({"span_not": {**without, "post": 1}}) == [0, 1]
    assert index.ids({"span_not": {**without, "dist": 1}}) == [0]


def test_spans_at_the_beginning_in_others_and_with_others_in_them() -> None:
    index = small("a b c d", "b a d c", "d c b a")
    assert index.ids({"span_first": {"match": term("a"), "end": 2}}) == [0, 1]
    big, little = near(term("a"), term("d"), slop=5, in_order=False), term("b")
    assert index.ids({"span_containing": {"big": big, "little": little}}) == [0, 2]
    assert index.ids({"span_within": {"big": big, "little": little}}) == [0, 2]
    assert index.ids({"span_or": {"clauses": [near(term("a"), term("d")), near(term("b"), term("c"))]}}) == [0, 1]


@pytest.mark.parametrize(
    ("wrapped", "found"),
    [
        ({"prefix": {"text": "ri"}}, [0, 1]),
        ({"prefix": {"text": {"value": "ri", "rewrite": "top_terms_1"}}}, [0]),
        ({"wildcard": {"text": "*s"}}, [1]),
        ({"regexp": {"text": "r.*r"}}, [0]),
        ({"fuzzy": {"text": {"value": "rivr"}}}, [0]),
        ({"range": {"text": {"gt": "river", "lte": "view"}}}, [1, 2]),
    ],
)
def test_many_terms_are_wrapped(wrapped: Query, found: list[int]) -> None:
    index = small("old river", "old rivers", "old view")
    assert index.ids(near(term("old"), {"span_multi": {"match": wrapped}})) == found


def test_what_is_wrapped_may_have_a_boost() -> None:
    index = small("old river")
    assert index.ids({"span_multi": {"match": {"prefix": {"nowhere": "ri"}}}}) == []
    plain = index.search({"span_multi": {"match": {"prefix": {"text": "ri"}}}})
    for wrapped in ({"text": {"value": "ri", "boost": 2}}, {"text": "ri", "boost": 2}):
        same(index.search({"span_multi": {"match": {"prefix": wrapped}}}), {0: 2 * plain[0]})


@pytest.mark.parametrize("kind", ["field_masking_span", "span_field_masking"])
def test_spans_of_another_field_are_combined_under_a_mask(kind: str) -> None:
    fields = {"english": {"type": "text", "analyzer": "english"}}
    index = small("quick foxes", "quickly fox", text={**OWN, "fields": fields})
    stemmed = {"span_term": {"text.english": "fox"}}
    assert index.ids(near(term("quick"), {kind: {"query": stemmed, "field": "text"}})) == [0]
    with pytest.raises(IllegalArgument, match="Clauses must have same field"):
        index.ids(near(term("quick"), stemmed))
    same(index.search({kind: {"query": stemmed, "field": "text"}}), index.search(stemmed))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"span_near": {"slop": 1}}, "[span_near] query requires [clauses]"),
        ({"span_near": {"clauses": []}}, "span_near must include [clauses]"),
        ({"span_or": {"clauses": [{"match": {"text": "a"}}]}}, "span_or [clauses] must be of type span query"),
        (
            near({"span_term": {"text": {"value": "a", "boost": 2}}}, term("b")),
            "span_near [clauses] as a nested span clause can't have non-default boost value [2.0]",
        ),
        ({"span_not": {"include": term("a")}}, "span_not must have [exclude] span query clause"),
        (
            {"span_not": {"include": term("a"), "exclude": term("b"), "pre": 1, "dist": 1}},
            "span_not can either use [dist] or [pre] & [post] (or none)",
        ),
        ({"span_first": {"match": term("a")}}, "span_first must have [end] set for it"),
        ({"span_multi": {"match": term("a")}}, "[span_multi] [match] must be of type multi term query"),
        ({"span_multi": {}}, "[span_multi] must have [match] multi term query clause"),
        ({"span_within": {"big": term("a")}}, "span_within must have [little] span query clause"),
        ({"span_term": {"text": ["a"]}}, "[span_term] requires a single value for [text]"),
        ({"span_gap": {"text": 1}}, "unknown query [span_gap]"),
    ],
)
def test_what_is_wrong_is_told(query: Query, told: str) -> None:
    with pytest.raises(BadQuery) as error:
        small("a b").ids(query)
    assert told in error.value.reason


@pytest.mark.parametrize(
    "field", [{"type": "keyword"}, {"type": "text", "index_options": "docs"}, {"type": "match_only_text"}]
)
def test_a_field_must_have_positions(field: Query) -> None:
    told = "Span term query requires position data, but field text was indexed without position data"
    for query in (term("a"), {"span_multi": {"match": {"prefix": {"text": "a"}}}}):
        with pytest.raises(IllegalArgument) as error:
            small("a", text=field).ids(query)
        assert error.value.reason == told


def test_an_explanation_has_the_score() -> None:
    index, query = small("a x b", "a b"), near(term("a"), term("b"), slop=1)
    found = index.explain(query, 0)
    assert found is not None
    assert found.value == pytest.approx(index.search(query)[0])
    assert index.explain(near(term("a"), term("b")), 0) is None


def test_spans_go_together_with_other_queries() -> None:
    index = small("a b c", "a b", "b a")
    query = {
        "bool": {"must": [near(term("a"), term("b"))], "must_not": {"intervals": {"text": {"match": {"query": "c"}}}}}
    }
    assert index.ids(query) == [1]
    same(
        index.search({"bool": {"should": [term("a"), term("b")]}}),
        index.search({"bool": {"should": [{"term": {"text": "a"}}, {"term": {"text": "b"}}]}}),
    )


words = some.lists(some.sampled_from("abc"), max_size=9).map(" ".join)


@given(some.lists(words, min_size=1, max_size=4), some.permutations("abc"), some.integers(0, 4))
def test_an_ordered_span_begins_at_each_place_of_the_first_word(texts: list[str], order: list[str], slop: int) -> None:
    found = small(*texts).search(near(*map(term, order), slop=slop))
    model = Bm25([text.split() for text in texts])
    idf = sum(model.idf(word) for word in order)
    counted = {number: slow(text.split(), order, slop) for number, text in enumerate(texts)}
    same(found, {number: model.score(number, idf, often) for number, often in counted.items() if often})


def slow(text: list[str], order: list[str], slop: int) -> float:
    """From each place of the first word on, of all places of the others that rise the soonest."""
    places = [[at for at, each in enumerate(text) if each == word] for word in order]
    total = 0.0
    for first in places[0]:
        rising = [each for each in itertools.product([first], *places[1:]) if list(each) == sorted(each)]
        if rising:
            width = min(rising)[-1] - first - (len(order) - 1)
            total += 1 / (1 + width) if width <= slop else 0
    return total


NAMES = (
    "span_term", "span_near", "span_or", "span_not", "span_first", "span_within", "span_multi", "span_gap",
    "clauses", "slop", "in_order", "include", "exclude", "match", "end", "big", "little", "prefix", "text",
    "value", "boost", "query", "field", "dist",
)  # fmt: skip
json = some.recursive(
    some.none() | some.booleans() | some.integers(-3, 300) | some.sampled_from(["", "a", "text", "*"]),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(NAMES),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
KINDS = (
    "span_term", "span_near", "span_or", "span_not", "span_first", "span_within", "span_containing", "span_multi",
    "field_masking_span",
)  # fmt: skip


@given(some.sampled_from(KINDS), json)
def test_whatever_a_stranger_sends_is_answered_or_refused(kind: str, given: Any) -> None:  # noqa: ANN401
    with suppress(Rejected):
        small("a b a").search({kind: given})


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"span_or": {"clauses": [term("a")] * 4000}}, "too many places"),
        (near(*[term("a")] * 4000, in_order=False, slop=9999), "too many places"),
        ({"span_or": {"clauses": [{"span_or": {"clauses": [term("a")] * 70}}] * 70}}, "too_many_clauses"),
        ({"span_multi": {"match": {"prefix": {"text": "w"}}}}, "too many terms"),
    ],
)
def test_no_query_works_without_end(query: Query, told: str) -> None:
    index = small(*["a " * 2000] * 20, " ".join(f"w{number}" for number in range(4097)))
    begin = time.monotonic()
    with pytest.raises(IllegalArgument, match=told):
        index.ids(query)
    assert time.monotonic() - begin < 30, "it stops long before the work is done"
