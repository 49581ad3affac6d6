"""Synonyms: rules, sets, and their place in a chain. The graphs were compared with Lucene's on thousands of rules."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import IllegalArgument
from connote.search.analysis import Analysis, Analyzer, SynonymRule, SynonymsSet


def analyzer(synonyms: dict[str, Any], before: list[str] | None = None, **sets: SynonymsSet) -> Analyzer:
    chain = {"tokenizer": "standard", "filter": [*(before or ["lowercase"]), "syn"]}
    settings = {"analysis": {"filter": {"syn": synonyms}, "analyzer": {"mine": chain}}}
    found = Analysis(settings, sets=sets.get).analyzer("mine")
    assert found is not None
    return found


def graph(found: Analyzer, text: str) -> list[tuple[str, int, int]]:
    return [(token.term, token.position, token.length) for token in found.analyze(text)]


def test_a_phrase_and_its_abbreviation_are_two_paths() -> None:
    # https://www.elastic.co/docs/reference/text-analysis/analysis-synonym-graph-tokenfilter
    found = analyzer({"type": "synonym_graph", "synonyms": ["dns, domain name system"]})
    assert graph(found, "domain name system is fragile") == [
        ("dns", 0, 3), ("domain", 0, 1), ("name", 1, 1), ("system", 2, 1), ("is", 3, 1), ("fragile", 4, 1),
    ]  # fmt: skip


def test_the_longest_run_wins_and_an_arrow_replaces() -> None:
    found = analyzer({"type": "synonym", "synonyms": ["i-pod, i pod => ipod", "ipod mini => mini"]})
    assert graph(found, "My I-Pod and i pod") == [("my", 0, 1), ("ipod", 1, 1), ("and", 2, 1), ("ipod", 3, 1)]


def test_without_expand_all_become_the_first() -> None:
    found = analyzer({"type": "synonym_graph", "synonyms": "sea biscuit, sea biscit, seabiscuit", "expand": "false"})
    assert graph(analyzer({"type": "synonym_graph", "synonyms": ["couch, sofa"], "expand": False}), "a sofa") == [
        ("a", 0, 1), ("couch", 1, 1),
    ]  # fmt: skip
    assert found.terms("seabiscuit") == ["sea", "biscuit"]


def test_rules_are_read_through_the_chain_before_them() -> None:
    found = analyzer({"type": "synonym_graph", "synonyms": ["Foxes => Hounds"]}, ["lowercase", "porter_stem"])
    assert found.terms("FOX") == ["hound"]


def test_wordnet_is_read() -> None:
    lines = ["s(100000001,1,'abstain',v,1,0).", "s(100000001,2,'refrain',v,1,0).", "s(100000001,3,'desist',v,1,0)."]
    found = analyzer({"type": "synonym", "format": "wordnet", "synonyms": lines})
    assert sorted(found.terms("refrain")) == ["abstain", "desist", "refrain"]


def test_a_set_is_looked_up_and_search_only_filters_are_named() -> None:
    given = ({"id": "b", "synonyms": "hi, hello"}, {"synonyms": "bye => ciao"})
    rules = SynonymsSet(SynonymsSet.parse_rule(each, lambda: "a") for each in given)
    assert [rule.wire() for rule in rules.rules] == [
        {"id": "a", "synonyms": "bye => ciao"}, {"id": "b", "synonyms": "hi, hello"},
    ]  # fmt: skip
    found = analyzer({"type": "synonym_graph", "synonyms_set": "mine", "updateable": True}, mine=rules)
    assert found.terms("hello bye") == ["hi", "hello", "ciao"]
    assert found.search_only == ("syn",)


def test_a_filter_reads_several_sets_and_one_that_is_lenient_goes_without_those_that_are_missing() -> None:
    sets = {
        name: SynonymsSet([SynonymRule("1", rule)]) for name, rule in (("greet", "hi, hello"), ("part", "bye => ciao"))
    }
    for names in (["greet", "part"], "greet, part", ["greet", "none", "part"]):
        found = analyzer({"type": "synonym", "synonyms_set": names, "updateable": True}, None, **sets)
        assert found.terms("hello bye") == ["hello", "hi", "ciao"]
    for missing in ({"lenient": False, "updateable": True}, {}):
        with pytest.raises(IllegalArgument, match=r"synonyms set \[none\] of \[syn\] is not there"):
            analyzer({"type": "synonym", "synonyms_set": ["greet", "none"], **missing}, None, **sets)
    with pytest.raises(IllegalArgument, match="names no set"):
        analyzer({"type": "synonym", "synonyms_set": [], "updateable": True})
    with pytest.raises(IllegalArgument, match="At most 100 synonym sets"):
        analyzer({"type": "synonym", "synonyms_set": ["greet"] * 101, "updateable": True}, None, **sets)


@pytest.mark.parametrize(
    ("synonyms", "before", "reason"),
    [
        ({"synonyms": ["a => b => c"]}, [], "Invalid synonym rule at line 1: More than one explicit mapping"),
        ({"synonyms": ["fine, good", "x,,y"]}, [], "Invalid synonym rule at line 2"),
        ({"synonyms": ["the => x"]}, ["stop"], "term: the was completely eliminated by analyzer"),
        ({"synonyms": ["fox of gold => x"]}, ["stop"], "with position increment != 1"),
        ({"synonyms": ["a => b"]}, ["shingle"], r"Token filter \[shingle\] cannot be used to parse synonyms"),
        ({}, [], "requires either `synonyms`, `synonyms_set` or `synonyms_path`"),
        ({"synonyms_path": "a.txt"}, [], r"\[synonyms_path\] of \[syn\] names a file"),
        ({"synonyms_set": "none"}, [], r"synonyms set \[none\] of \[syn\] is not there"),
        ({"format": "wordnet", "synonyms": ["nonsense"]}, [], "Invalid synonym rule"),
    ],
)
def test_what_cannot_be_read_is_refused_unless_lenient(
    synonyms: dict[str, Any], before: list[str], reason: str
) -> None:
    with pytest.raises(IllegalArgument, match=reason):
        analyzer({"type": "synonym_graph", **synonyms}, ["lowercase", *before])
    if "synonyms" in synonyms and before != ["shingle"]:
        analyzer({"type": "synonym_graph", "lenient": True, **synonyms}, ["lowercase", *before])


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("x", "an object with"),
        ({"synonyms": ""}, "can't be empty"),
        ({"synonyms": "a =>"}, "Incorrect syntax"),
        ({"synonyms": "a => b => c"}, "More than one explicit mapping"),
        ({"id": "x"}, r"requires \[synonyms\]"),
        ({"id": 1, "synonyms": "a, b"}, r"\[id\] must be a non-empty string"),
        ({"synonyms": "a, b", "more": 1}, r"unknown field \[more\]"),
    ],
)
def test_a_wrong_rule_of_a_set_is_named(rule: object, reason: str) -> None:
    with pytest.raises(IllegalArgument, match=reason):
        SynonymsSet.parse_rule(rule, lambda: "id")


def test_ids_are_there_once() -> None:
    with pytest.raises(IllegalArgument, match="twice"):
        SynonymsSet([SynonymRule("a", "x, y"), SynonymRule("a", "x, z")])


@given(st.lists(st.text("ab ,=>\\#", max_size=12), max_size=4), st.text("ab ", max_size=12), st.booleans())
def test_any_lenient_rules_give_positions_that_rise(rules: list[str], text: str, flat: bool) -> None:
    kind = "synonym" if flat else "synonym_graph"
    found = analyzer({"type": kind, "synonyms": rules, "lenient": True})
    positions = [token.position for token in found.analyze(text)]
    assert positions == sorted(positions)


@given(st.text("ab,=>\\ ", max_size=20))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    with suppress(IllegalArgument):
        SynonymsSet.parse_rule({"synonyms": text}, lambda: "id")
