"""Index settings become analyzers, or an error that says what is wrong."""

import time
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import ConnoteError, IllegalArgument, Rejected
from connote.search.analysis import Analysis
from connote.search.analysis.builtin import ANALYZERS
from connote.search.analysis.catalog import CHAR_FILTERS, TOKENIZERS
from connote.search.analysis.filters.catalog import FILTERS


def test_settings_may_be_nested_dotted_and_strings() -> None:
    tokenizer = {"type": "ngram", "min_gram": "3", "max_gram": 3}
    nested = {"analysis": {"analyzer": {"a": {"tokenizer": "t"}}, "tokenizer": {"t": tokenizer}}}
    dotted = {f"index.analysis.tokenizer.t.{key}": value for key, value in tokenizer.items()}
    for settings in (nested, {"index": nested}, {**dotted, "analysis.analyzer": {"a.tokenizer": "t"}}):
        found = Analysis(settings).analyzer("a")
        assert found is not None
        assert found.terms("abcd") == ["abc", "bcd"]


def test_default_stands_for_all_fields_that_name_none() -> None:
    analysis = Analysis(
        {"analysis": {"analyzer": {"default": {"type": "english"}, "default_search": {"type": "simple"}}}}
    )
    assert analysis.default.terms("Foxes") == ["fox"]
    assert analysis.default_search.terms("Foxes") == ["foxes"]
    assert Analysis().default_search.name == "standard"


def test_a_normalizer_keeps_a_text_whole() -> None:
    normalizer = {"char_filter": ["quote"], "filter": ["lowercase", "asciifolding"]}
    char_filter = {"quote": {"type": "mapping", "mappings": ['« => "', '» => "']}}
    found = Analysis({"analysis": {"char_filter": char_filter, "normalizer": {"n": normalizer}}}).normalizer("n")
    assert found is not None
    assert found.terms("«Déjà Vu»") == ['"deja vu"']
    assert found.terms("") == [""]


def test_a_term_of_a_prefix_query_is_normalised_but_neither_cut_nor_stemmed() -> None:
    english = Analysis().analyzer("english")
    assert english is not None
    assert english.normalize("Running Fox") == "running fox"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"analyzer": {"a": {}}}, ""),
        ({"analyzer": {"a": {"filter": []}}}, "analyzer [a] must specify either an analyzer type, or a tokenizer"),
        ({"analyzer": {"a": {"type": "x"}}}, "Unknown analyzer type [x] for [a]"),
        ({"analyzer": {"a": {"type": "custom"}}}, "Custom Analyzer [a] must be configured with a tokenizer"),
        ({"analyzer": {"a": {"tokenizer": "x"}}}, "Custom Analyzer [a] failed to find tokenizer under name [x]"),
        (
            {"analyzer": {"a": {"tokenizer": "standard", "filter": "x"}}},
            "Custom Analyzer [a] failed to find filter under name [x]",
        ),
        (
            {"analyzer": {"a": {"tokenizer": "standard", "char_filter": ["x"]}}},
            "failed to find char_filter under name [x]",
        ),
        ({"analyzer": {"a": {"type": "estonian"}}}, "The analyzer [estonian] of [a] is not there in connote"),
        ({"normalizer": {"n": {"filter": ["stop"]}}}, "Custom normalizer [n] may not use filter [stop]"),
        ({"normalizer": {"n": {"tokenizer": "standard"}}}, "Custom normalizer [n] cannot configure a tokenizer"),
        ({"filter": {"f": {"min": 1}}}, "filter [f] must specify either an analyzer type, or a tokenizer"),
        ({"filter": {"f": {"type": "x"}}}, "Unknown filter type [x] for [f]"),
        ({"tokenizer": {"t": {"type": "x"}}}, "Unknown tokenizer type [x] for [t]"),
        ({"char_filter": {"c": {"type": "x"}}}, "Unknown char_filter type [x] for [c]"),
        ({"analizer": {"a": {"type": "x"}}}, "unknown setting [index.analysis.analizer.a.type]"),
        ({"tokenizer": {"t": {"type": "ngram", "max_gram": 3}}}, "must be less than or equal to: [1] but was [2]"),
        (
            {"tokenizer": {"t": {"type": "ngram", "min_gram": "x"}}},
            "Failed to parse int setting [min_gram] with value [x]",
        ),
        ({"tokenizer": {"t": {"type": "ngram", "token_chars": ["x"]}}}, "Unknown token type: 'x'"),
        ({"tokenizer": {"t": {"type": "standard", "max_token_length": 0}}}, "maxTokenLen must be greater than 0"),
        ({"tokenizer": {"t": {"type": "pattern", "pattern": "("}}}, "[pattern] is no regular expression"),
        ({"tokenizer": {"t": {"type": "pattern", "group": 3}}}, "invalid group specified"),
        ({"tokenizer": {"t": {"type": "path_hierarchy", "delimiter": "ab"}}}, "delimiter must be a one char value"),
        (
            {"filter": {"f": {"type": "shingle", "max_shingle_size": 6}}},
            "must be less than or equal to: [3] but was [5]",
        ),
        ({"filter": {"f": {"type": "stemmer", "language": "x"}}}, "Invalid stemmer class specified: x"),
        (
            {"filter": {"f": {"type": "stemmer", "language": "light_english"}}},
            "The stemmer [light_english] is not there",
        ),
        (
            {"filter": {"f": {"type": "asciifolding", "preserve_original": "yes"}}},
            "as only [true] or [false] are allowed",
        ),
        ({"filter": {"f": {"type": "stop", "stopwords_path": "x"}}}, "[stopwords_path] of [f] names a file"),
        ({"filter": {"f": {"type": "keyword_marker"}}}, "keyword filter requires either `keywords`"),
        ({"filter": {"f": {"type": "stemmer_override", "rules": ["a"]}}}, "Invalid Keyword override Rule:a"),
        ({"filter": {"f": {"type": "pattern_replace", "pattern": "a", "replacement": "$1"}}}, "No group 1"),
        ({"char_filter": {"c": {"type": "mapping", "mappings": ["x"]}}}, "Invalid Mapping Rule : [x]"),
        ({"char_filter": {"c": {"type": "mapping", "mappings": [" => x"]}}}, "Invalid Mapping Rule"),
    ],
)
def test_a_wrong_definition_is_told_what_is_wrong(settings: dict[str, Any], reason: str) -> None:
    if not reason:  # as Elasticsearch drops an empty object
        assert Analysis({"analysis": settings}).analyzer("a") is None
        return
    with pytest.raises(ConnoteError) as caught:
        Analysis({"analysis": settings})
    assert caught.value.status == 400
    assert reason in caught.value.reason


def test_a_hostile_expression_is_stopped() -> None:
    found = Analysis().custom({"type": "pattern", "pattern": "(?:a|a)+$"})
    begin = time.monotonic()
    with pytest.raises(IllegalArgument, match="took too long"):
        found.terms("a" * 40 + "!")
    assert time.monotonic() - begin < 30


@pytest.mark.parametrize("hostile", ["_\u0301", "a'", "1.\u0301", "\U0001f1e9", "_a", "\U0001f469\u200d", "<a '", "&#"])
def test_a_hostile_text_takes_no_longer_than_its_length(hostile: str) -> None:
    analyzer = Analysis().custom("standard", ["lowercase"], ["html_strip"])
    begin = time.monotonic()
    analyzer.analyze(hostile * 20_000)
    assert time.monotonic() - begin < 30


ANALYSIS = Analysis()
TEXTS = st.text(max_size=40) | st.text("ab'_.1é👍\u200d漢ひカ<>&;# ", max_size=40)


@given(st.sampled_from(sorted(ANALYZERS)), TEXTS)
def test_any_text_has_tokens_in_order_that_lie_in_it(name: str, text: str) -> None:
    analyzer = ANALYSIS.analyzer(name)
    assert analyzer is not None
    tokens = analyzer.analyze(text)
    assert all(0 <= token.start <= token.end <= len(text) for token in tokens)
    assert all(a.position <= b.position and a.start <= b.start for a, b in pairwise(tokens))
    assert analyzer.positioned([text]) == ([t.term for t in tokens], [t.position for t in tokens])


@given(st.sampled_from(["standard", "whitespace", "letter", "classic", "keyword", "pattern"]), TEXTS)
def test_what_a_tokenizer_cuts_stands_in_the_text(name: str, text: str) -> None:
    for token in ANALYSIS.custom(name).analyze(text):
        assert text[token.start : token.end] == token.term


NEEDY = (
    "common_grams", "dictionary_decompounder", "keep", "keep_types", "keyword_marker", "pattern_capture",
    "pattern_replace", "stemmer_override",
)  # fmt: skip
USABLE = sorted(set(FILTERS) - set(NEEDY))


@given(
    st.sampled_from(sorted(set(TOKENIZERS) - {"simple_pattern"})), st.lists(st.sampled_from(USABLE), max_size=3), TEXTS
)
def test_any_chain_takes_any_text(tokenizer: str, filters: list[str], text: str) -> None:
    analyzer = ANALYSIS.custom(tokenizer, filters, ["html_strip"])
    tokens = analyzer.analyze(text)
    assert [token.position for token in tokens] == sorted(token.position for token in tokens)
    assert analyzer.positioned([text, text])[0] == [token.term for token in analyzer.analyze_all([text, text])]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)
)
KEYS = st.sampled_from(
    ["min_gram", "max_gram", "pattern", "stopwords", "mappings", "language", "rules", "length", "token_chars"]
)


@given(
    st.sampled_from(["tokenizer", "filter", "char_filter"]),
    st.sampled_from(sorted({*TOKENIZERS, *FILTERS, *CHAR_FILTERS})),
    st.dictionaries(KEYS, JSON, max_size=3),
)
def test_any_definition_is_made_or_refused(kind: str, name: str, options: dict[str, Any]) -> None:
    with suppress(Rejected):
        Analysis({"analysis": {kind: {"x": {"type": name, **options}}}})
