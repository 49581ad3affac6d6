"""Filters that are made of other filters, and of scripts: the examples of Elasticsearch's reference."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadScript, ConnoteError, IllegalArgument
from connote.search.analysis import Analysis, Analyzer, token


def analyzer(*chain: str, **filters: Any) -> Analyzer:  # noqa: ANN401 (settings)
    """An analyzer over white space with these filters."""
    own = {"mine": {"tokenizer": "whitespace", "filter": list(chain)}}
    found = Analysis({"analysis": {"filter": filters, "analyzer": own}}).analyzer("mine")
    assert found is not None
    return found


def placed(made: Analyzer, text: str) -> list[tuple[str, int]]:
    return [(token.term, token.position) for token in made.analyze(text)]


def test_a_multiplexer_gives_what_each_of_its_chains_gives_once() -> None:
    made = analyzer("m", m={"type": "multiplexer", "filters": ["lowercase", "lowercase, porter_stem"]})
    assert placed(made, "Going HOME") == [("Going", 0), ("going", 0), ("go", 0), ("HOME", 1), ("home", 1)]
    alone = analyzer("m", m={"type": "multiplexer", "filters": "lowercase", "preserve_original": False})
    assert placed(alone, "Going HOME") == [("going", 0), ("home", 1)]


def test_a_multiplexer_may_use_filters_that_the_index_defines() -> None:
    short = {"type": "truncate", "length": 2}
    made = analyzer("m", m={"type": "multiplexer", "filters": ["short", "stop"]}, short=short)
    assert placed(made, "the house") == [("the", 0), ("th", 0), ("house", 1), ("ho", 1)]


def test_a_condition_sends_only_what_its_script_chooses_through_its_filters() -> None:
    script = {"source": "token.term.length() < 5"}
    made = analyzer("c", c={"type": "condition", "filter": ["lowercase"], "script": script})
    assert placed(made, "THE QUICK BROWN FOX") == [("the", 0), ("QUICK", 1), ("BROWN", 2), ("fox", 3)]


def test_a_conditions_filters_see_tokens_that_follow_each_other_together() -> None:
    script = {"source": "token.type == 'word' && token.term != '|'"}
    made = analyzer("c", c={"type": "condition", "filter": ["shingle"], "script": script})
    assert placed(made, "a b | c") == [("a", 0), ("a b", 0), ("b", 1), ("|", 2), ("c", 3)]


def test_a_predicate_keeps_tokens_at_their_places() -> None:
    made = analyzer("p", p={"type": "predicate_token_filter", "script": {"source": "token.term.length() > 3"}})
    assert placed(made, "the fox jumps the lazy dog") == [("jumps", 2), ("lazy", 4)]
    offsets = analyzer("p", p={"type": "predicate_token_filter", "script": "token.startOffset + 1 == token.endOffset"})
    assert placed(offsets, "ab c de f") == [("c", 1), ("f", 3)]


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ({"f": {"type": "multiplexer"}}, "required setting 'filters' is missing"),
        ({"f": {"type": "multiplexer", "filters": ["nix"]}}, r"failed to find filter under name \[nix\]"),
        ({"f": {"type": "multiplexer", "filters": ["f"]}}, r"\[f\] refers to itself"),
        ({"f": {"type": "multiplexer", "filters": ["lowercase"] * 31}}, "connote allows 30"),
        (
            {
                "f": {"type": "multiplexer", "filters": ["g"]},
                "g": {"type": "multiplexer", "filters": ["h"]},
                "h": {"type": "multiplexer", "filters": ["lowercase"]},
            },
            "nested too deeply",
        ),
        (
            {
                "f": {
                    "type": "dictionary_decompounder",
                    "word_list": ["a" * n for n in range(200)],
                    "max_subword_size": 200,
                }
            },
            r"words of \[198\] lengths",
        ),
        ({"f": {"type": "condition", "script": "true"}}, "Empty list of filters"),
        ({"f": {"type": "condition", "filter": ["lowercase"]}}, r"\[script\] of \[f\] must hold its \[source\]"),
        ({"f": {"type": "predicate_token_filter", "script": {"source": "1", "lang": "js"}}}, "must be .painless."),
    ],
)
def test_what_cannot_be_made_is_told(filters: dict[str, Any], reason: str) -> None:
    with pytest.raises(IllegalArgument, match=reason):
        analyzer("f", **filters)


def test_a_script_that_is_wrong_or_never_ends_is_told() -> None:
    with pytest.raises(BadScript):
        analyzer("f", f={"type": "predicate_token_filter", "script": "token.term ==="})
    endless = analyzer("f", f={"type": "predicate_token_filter", "script": "while (true) {} return true"})
    with pytest.raises(ConnoteError):
        endless.analyze("a b c")


@pytest.mark.parametrize(
    ("chain", "filters"),
    [
        (["keyword_repeat"] * 40, {}),
        (["ng"], {"ng": {"type": "multiplexer", "filters": ["edge_ngram, keyword_repeat"] * 30}}),
        (["parts"], {"parts": {"type": "dictionary_decompounder", "word_list": ["a" * n for n in range(2, 16)]}}),
        (["ends"], {"ends": {"type": "pattern_capture", "patterns": ["(?=(.+))"]}}),
    ],
)
def test_no_filter_makes_more_tokens_than_there_is_room_for(
    chain: list[str], filters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token, "_MOST_BYTES", 1 << 20)
    with pytest.raises(IllegalArgument, match="more than there is room for"):
        analyzer(*chain, **filters).analyze("a" * 1000 + " ab" * 3000)


def test_a_path_with_very_many_parents_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "_MOST_BYTES", 1 << 20)
    tokens = Analysis({"analysis": {"analyzer": {"mine": {"tokenizer": "path_hierarchy"}}}}).analyzer("mine")
    assert tokens is not None
    with pytest.raises(IllegalArgument, match="more than there is room for"):
        tokens.analyze("a/" * 5000)


def test_chains_in_chains_take_no_longer_than_a_text_may() -> None:
    many = {"type": "multiplexer", "filters": ["inner, inner, inner"] * 30}
    inner = {"type": "multiplexer", "filters": ["lowercase, reverse, ngram"] * 30}
    with pytest.raises(IllegalArgument, match="take too long for a text"):
        analyzer("m", m=many, inner=inner).analyze("abcdefgh " * 3000)


def test_hashes_take_no_longer_than_a_text_may() -> None:
    made = analyzer("m", m={"type": "min_hash", "hash_count": 512, "bucket_count": 1, "hash_set_size": 100})
    with pytest.raises(IllegalArgument, match="take too long for a text"):
        made.analyze(" ".join(map(str, range(10_000))))


CHAINS = some.lists(
    some.sampled_from(["lowercase", "stop", "shingle", "ngram", "keyword_repeat", "reverse"]), max_size=3
)


@given(some.sampled_from(["multiplexer", "condition"]), CHAINS, some.text(max_size=40))
def test_any_text_goes_through_any_chain(kind: str, chain: list[str], text: str) -> None:
    own = {"type": kind, "filters": [", ".join(chain) or "lowercase"], "filter": chain or ["lowercase"]}
    tokens = analyzer("f", f={**own, "script": "token.position % 2 == 0"}).analyze(text)
    assert all(0 <= token.start <= token.end <= len(text) for token in tokens)
    assert [token.position for token in tokens] == sorted(token.position for token in tokens)
