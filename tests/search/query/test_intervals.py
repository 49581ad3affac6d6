"""The query `intervals`, by examples and by brute force; `test_lucene_positions.py` holds it against Lucene."""

import itertools
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, BadScript, IllegalArgument, Rejected, Unparsable
from search.query.slow import same
from search.query.small import Small

FOOD = [
    "my favorite food is cold porridge",
    "when it's cold my favorite food is porridge",
    "hot water is my favorite food",
]
OWN = {"type": "text", "analyzer": "whitespace"}
Rule = dict[str, Any]


def food(**more: Any) -> Small:  # noqa: ANN401
    return Small({"text": {"type": "text"}, **more}, [{"text": text} for text in FOOD])


def match(query: str, **more: Any) -> Rule:  # noqa: ANN401
    return {"match": {"query": query, **more}}


def asked(rule: Rule) -> Rule:
    return {"intervals": {"text": rule}}


def test_the_example_of_the_manual_finds_words_in_order() -> None:
    """See https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-intervals-query."""
    either = {"any_of": {"intervals": [match("hot water"), match("cold porridge")]}}
    first = match("my favorite food", max_gaps=0, ordered=True)
    assert food().ids(asked({"all_of": {"ordered": True, "intervals": [first, either]}})) == [0]
    assert food().ids(asked({"all_of": {"intervals": [first, either]}})) == [0, 1, 2]


def test_the_narrower_scores_more_and_a_boost_multiplies() -> None:
    small = food()
    same(small.search(asked(match("food porridge"))), {0: 1 / 3 / (1 + 1 / 3), 1: 1 / 2 / (1 + 1 / 2)})
    boosted = {"intervals": {"text": {**match("food porridge"), "boost": 3}}}
    same(
        small.search(boosted),
        {number: 3 * score for number, score in small.search(asked(match("food porridge"))).items()},
    )


def test_gaps_are_counted_between_the_words() -> None:
    small = food()
    assert small.ids(asked(match("food porridge", max_gaps=1))) == [1]
    assert small.ids(asked(match("food porridge", max_gaps=2))) == [0, 1]
    assert small.ids(asked(match("porridge food", max_gaps=2))) == [0, 1]
    assert small.ids(asked(match("porridge food", max_gaps=2, ordered=True))) == []


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"before": match("porridge")}, [0, 1]),
        ({"after": match("cold")}, [1]),
        ({"contained_by": match("favorite is", ordered=True)}, [0, 1]),
        ({"not_contained_by": match("favorite is", ordered=True)}, [2]),
        ({"overlapping": match("food is", ordered=True)}, [0, 1]),
        ({"not_overlapping": match("food is", ordered=True)}, [2]),
        ({"containing": match("favorite")}, []),
        ({"not_containing": match("favorite")}, [0, 1, 2]),
    ],
)
def test_a_filter_looks_at_other_intervals(chosen: Rule, found: list[int]) -> None:
    assert food().ids(asked(match("food", filter=chosen))) == found


def test_a_choice_of_different_lengths_is_tried_each_way() -> None:
    small = Small({"text": OWN}, [{"text": "the big bad wolf"}, {"text": "the big wolf"}, {"text": "the bad wolf"}])
    either = {"any_of": {"intervals": [match("big"), match("big bad", ordered=True, max_gaps=0)]}}
    rule = {"all_of": {"intervals": [match("the"), either, match("wolf")], "max_gaps": 0, "ordered": True}}
    assert small.ids(asked(rule)) == [0, 1]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"prefix": {"prefix": "Porr"}}, [0, 1]),
        ({"wildcard": {"pattern": "h?t"}}, [2]),
        ({"wildcard": {"pattern": "*WATER"}}, [2]),
        ({"regexp": {"pattern": "(hot|cold)"}}, [0, 1, 2]),
        ({"fuzzy": {"term": "watre"}}, [2]),
        ({"fuzzy": {"term": "watre", "transpositions": False, "fuzziness": 1}}, []),
        ({"fuzzy": {"term": "xater", "prefix_length": 1}}, []),
        ({"range": {"gte": "hot", "lt": "is"}}, [2]),
        ({"range": {"gt": "hot", "lte": "is"}}, [0, 1, 2]),
        ({"all_of": {"intervals": [{"prefix": {"prefix": "co"}}, {"prefix": {"prefix": "p"}}], "max_gaps": 0}}, [0]),
    ],
)
def test_terms_are_found_by_patterns(rule: Rule, found: list[int]) -> None:
    assert food().ids(asked(rule)) == found


def test_another_field_and_another_analyzer_may_be_named() -> None:
    fields = {"english": {"type": "text", "analyzer": "english"}}
    small = food(text={"type": "text", "fields": fields})
    assert small.ids(asked(match("foods favorite"))) == []
    near = {"intervals": [match("foods", use_field="text.english"), match("favorite")], "max_gaps": 0}
    assert small.ids(asked({"all_of": near})) == [0, 1, 2]
    assert small.ids(asked(match("COLD", analyzer="whitespace"))) == []
    assert small.ids(asked(match("x", use_field="nowhere"))) == []
    assert small.ids({"intervals": {"nowhere": match("cold")}}) == []


def test_words_that_an_analyzer_leaves_out_take_their_place() -> None:
    stopped = {"type": "text", "analyzer": "stop"}
    small = Small({"text": stopped}, [{"text": text} for text in ("rain in spain", "rain spain", "rain and in spain")])
    assert small.ids(asked(match("rain in spain", max_gaps=0, ordered=True))) == [0]
    assert small.ids(asked(match("in the"))) == []


def test_synonyms_of_several_words_stand_in_a_row() -> None:
    analysis = {
        "filter": {"same": {"type": "synonym_graph", "synonyms": ["ny, new york"]}},
        "analyzer": {"alike": {"tokenizer": "standard", "filter": ["lowercase", "same"]}},
    }
    texts = ["ny pizza", "new york pizza", "york new pizza", "new pizza york"]
    small = Small(
        {"text": {"type": "text", "search_analyzer": "alike"}},
        [{"text": text} for text in texts],
        settings={"index": {"analysis": analysis}},
    )
    assert small.ids(asked(match("ny pizza", max_gaps=0, ordered=True))) == [0, 1]


def test_a_script_chooses_intervals_by_where_they_are() -> None:
    def ids(source: str, **params: Any) -> list[int]:  # noqa: ANN401
        script = {"script": {"source": source, "params": params}}
        return sorted(food().ids(asked(match("food porridge", filter=script))))

    assert ids("true") == [0, 1]
    assert ids("interval.gaps < params.most", most=2) == [1]
    assert ids("interval.start == 2 && interval.end == 5") == [0]
    assert ids("interval.start > 2 && interval.gaps == 1") == [1]
    assert ids("false") == []
    for wrong in ({"source": "interval.start +"}, {"source": "5"}, {}):
        with pytest.raises((BadScript, Unparsable)):
            food().ids(asked(match("food porridge", filter={"script": wrong})))


def test_a_text_of_several_values_has_gaps_between_them() -> None:
    small = Small({"text": OWN}, [{"text": ["a b", "c"]}])
    assert small.ids(asked(match("b c", max_gaps=99))) == []
    assert small.ids(asked(match("b c", max_gaps=100))) == [0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "[intervals] query needs a field"),
        ({"text": {}}, "Missing intervals from interval query definition"),
        ({"text": {"match": {"query": "a"}, "any_of": {}}}, "Only one interval rule can be specified"),
        ({"text": {"span": {}}}, "Unknown interval type [span], expecting one of [match, any_of, all_of"),
        ({"text": {"match": {}}}, "[match] requires 'query' field"),
        ({"text": {"match": {"query": "a", "slop": 1}}}, "[match] query does not support [slop]"),
        ({"text": {"match": {"query": "a", "analyzer": "none"}}}, "analyzer [none] not found"),
        ({"text": {"all_of": {}}}, "[all_of] requires [intervals]"),
        ({"text": {"all_of": {"intervals": [{"match": {"query": "a"}, "prefix": {}}]}}}, "one rule"),
        ({"text": {"match": {"query": "a", "filter": {"near": match("b")}}}}, "Unknown filter type [near]"),
        ({"text": {"range": {"gte": "a"}}}, "Required one of fields [lte, lt]"),
        ({"text": {"range": {"gte": "a", "gt": "a", "lt": "b"}}}, "cannot have both [gte] and [gt]"),
    ],
)
def test_what_is_wrong_is_told(given: Rule, told: str) -> None:
    with pytest.raises(BadQuery) as error:
        food().ids({"intervals": given})
    assert told in error.value.reason


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (
            {"type": "keyword"},
            "Can only use interval queries on text fields - not on [text] which is of type [keyword]",
        ),
        (
            {"type": "text", "index_options": "freqs"},
            "Cannot create intervals over field [text] with no positions indexed",
        ),
        ({"type": "text", "index": False}, "Cannot create intervals over field [text] with no positions indexed"),
    ],
)
def test_a_field_must_have_positions(field: Rule, told: str) -> None:
    for rule in (match("cold"), {"prefix": {"prefix": "c"}}):
        with pytest.raises(IllegalArgument) as error:
            food(text=field).ids(asked(rule))
        assert error.value.reason == told


def test_an_explanation_has_the_score() -> None:
    small = food()
    found = small.explain(asked(match("food porridge")), 1)
    assert found is not None
    assert found.value == pytest.approx(small.search(asked(match("food porridge")))[1])
    assert small.explain(asked(match("food porridge")), 2) is None


words = some.lists(some.sampled_from("abc"), max_size=9).map(" ".join)


@given(some.lists(words, min_size=1, max_size=4), some.permutations("abc"), some.booleans(), some.integers(-1, 4))
def test_intervals_are_the_narrowest_of_all_that_there_are(
    texts: list[str], asked_for: list[str], ordered: bool, gaps: int
) -> None:
    small = Small({"text": OWN}, [{"text": text} for text in texts], segments=2)
    rule = match(" ".join(asked_for), ordered=ordered, max_gaps=gaps)
    wanted = {number: slow(text.split(), asked_for, ordered=ordered, gaps=gaps) for number, text in enumerate(texts)}
    same(small.search(asked(rule)), {number: score for number, score in wanted.items() if score})


def slow(text: list[str], asked_for: list[str], *, ordered: bool, gaps: int) -> float:
    """Every choice of a place for each word; those that have no narrower one in them count."""
    places = [[at for at, each in enumerate(text) if each == word] for word in asked_for]
    choices = [each for each in itertools.product(*places) if not ordered or list(each) == sorted(each)]
    spans = {(min(each), max(each)) for each in choices}
    if ordered and gaps == 0:  # a phrase
        spans = {each for each in spans if each[1] - each[0] == len(asked_for) - 1}
    narrow = [each for each in spans if not any(each[0] <= a and b <= each[1] and (a, b) != each for a, b in spans)]
    few = [each for each in narrow if gaps < 0 or each[1] - each[0] + 1 - len(asked_for) <= gaps]
    frequency = sum(1 / (last - first + 1 - len(asked_for) + 1) for first, last in few)
    return frequency / (1 + frequency)


NAMES = (
    "match", "all_of", "any_of", "prefix", "wildcard", "regexp", "fuzzy", "range", "query", "intervals", "filter",
    "max_gaps", "ordered", "use_field", "analyzer", "pattern", "term", "fuzziness", "gte", "lt", "before",
    "after", "containing", "text", "boost",
)  # fmt: skip
json = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-3, 300)
    | some.sampled_from(["", "a", "a b", "*", "a.*", "text", "["]),
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


@given(json)
def test_whatever_a_stranger_sends_is_answered_or_refused(given: Any) -> None:  # noqa: ANN401
    small = Small({"text": OWN}, [{"text": "a b a"}])
    for query in ({"intervals": given}, {"intervals": {"text": given}}):
        with suppress(Rejected):
            small.search(query)


def test_terms_of_a_pattern_are_limited() -> None:
    small = Small({"text": OWN}, [{"text": " ".join(f"w{number}" for number in range(4097))}])
    assert small.ids(asked({"prefix": {"prefix": "w1"}})) == [0]
    for rule in ({"prefix": {"prefix": "w"}}, {"wildcard": {"pattern": "*"}}, {"regexp": {"pattern": ".*"}}):
        with pytest.raises(IllegalArgument, match="too many terms"):
            small.ids(asked(rule))


def either(*rules: Rule) -> Rule:
    return {"any_of": {"intervals": list(rules)}}


EITHER = [either(match("a"), match(f"b {number}")) for number in range(20)]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (match(" ".join(map(str, range(5000)))), "too_many_clauses"),
        ({"all_of": {"max_gaps": 1, "intervals": EITHER}}, "Too many disjunctions"),
        ({"all_of": {"max_gaps": 0, "ordered": True, "intervals": EITHER}}, "Too many disjunctions"),
        (either(*[match("a " * many, ordered=True) for many in range(2, 80)]), "too many places"),
    ],
)
def test_no_rule_works_without_end(rule: Rule, told: str) -> None:
    small = Small({"text": OWN}, [{"text": "a " * 2000 + "b"}] * 20)
    begin = time.monotonic()
    with pytest.raises(IllegalArgument, match=told):
        small.ids(asked(rule))
    assert time.monotonic() - begin < 30, "it stops long before the work is done"


def test_rules_are_nested_only_so_deep() -> None:
    rule = match("a")
    for _ in range(40):
        rule = either(rule)
    with pytest.raises(IllegalArgument, match="nested 30 deep"):
        food().ids(asked(rule))
