"""Prefixes, wildcards and regular expressions."""

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import IllegalArgument
from connote.search.query.patterns import wildcard
from connote.search.query.regexps import expression
from search.query.houses import houses
from search.query.slow import chosen, listed, same
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]
WORDS = {"word": {"type": "keyword"}, "low": {"type": "keyword", "normalizer": "lowercase"}, "text": {"type": "text"}}


@given(houses(), some.sampled_from(["", "s", "ri", "Old", "o", "garden", "garden-", "x"]))
def test_a_prefix_begins_a_word(index: Houses, prefix: str) -> None:
    small, documents = index
    wanted = chosen(documents, lambda each: any(tag.startswith(prefix) for tag in listed(each.get("tag"))), 2)
    same(small.search({"prefix": {"tag": {"value": prefix, "boost": 2}}}), wanted)
    plain = chosen(
        documents, lambda each: any(tag.lower().startswith(prefix.lower()) for tag in listed(each.get("tag")))
    )
    same(small.search({"prefix": {"tag": {"value": prefix, "case_insensitive": True}}}), plain)


def fits(pattern: str, word: str) -> bool:
    """By the definition: a star takes any number of letters."""
    if not pattern:
        return not word
    if pattern[0] == "*":
        return any(fits(pattern[1:], word[at:]) for at in range(len(word) + 1))
    return bool(word) and pattern[0] in ("?", word[0]) and fits(pattern[1:], word[1:])


@given(some.text("ab*?", max_size=7), some.text("ab", max_size=8))
def test_a_star_is_any_letters_and_a_mark_is_one(pattern: str, word: str) -> None:
    assert (re.fullmatch(wildcard(pattern), word) is not None) == fits(pattern, word)


@given(houses(), some.text("gard*?en-", max_size=5))
def test_a_wildcard_fits_a_whole_word(index: Houses, pattern: str) -> None:
    small, documents = index
    wanted = chosen(documents, lambda each: any(fits(pattern, tag) for tag in listed(each.get("tag"))))
    same(small.search({"wildcard": {"tag": pattern}}), wanted)


def test_a_backslash_takes_a_wildcard_as_it_is() -> None:
    small = Small(WORDS, [{"word": "a*b"}, {"word": "axb"}])
    assert small.ids({"wildcard": {"word": r"a\*b"}}) == [0]
    assert small.ids({"wildcard": {"word": {"wildcard": "A?B", "case_insensitive": True}}}) == [0, 1]


def test_a_normalizer_lowers_patterns_too() -> None:
    small = Small(WORDS, [{"low": "River"}])
    assert small.ids({"prefix": {"low": "RIV"}}) == [0]
    assert small.ids({"wildcard": {"low": "R*R"}}) == [0]


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("riv.r", ["river"], ["rivr", "rivers"]),
        ("ab?c*", ["a", "abcc", "acc"], ["abb"]),
        ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
        ("(ab|c)+", ["abc", "cc"], ["", "a"]),
        ("[a-c]x[^a-c]", ["bxd"], ["bxa", "dxd"]),
        (r"\d\d", ["12"], ["1", "ab"]),
        (r"a\.b", ["a.b"], ["axb"]),
        ("^a$", ["^a$"], ["a"]),
        ('"a.b"c', ["a.bc"], ["axbc"]),
        ("a@", ["a", "abc"], ["ba"]),
        ("<8-11>", ["8", "09", "11"], ["7", "12", "x"]),
        ("<08-11>", ["08", "11"], ["8"]),
        ("a.+&.+b", ["acb", "ab" * 2], ["ab", "acc", "bb"][1:]),
        ("a~b", ["a", "ac", "abb"], ["ab", "b"]),
        ("~(ab|c)", ["", "a", "abc"], ["ab", "c"]),
        ("#|a", ["a"], ["", "#"]),
    ],
)
def test_expressions_are_lucenes(pattern: str, fitting: list[str], others: list[str]) -> None:
    documents = [{"word": word} for word in (*fitting, *others)]
    assert Small(WORDS, documents).ids({"regexp": {"word": pattern}}) == list(range(len(fitting)))


def test_without_flags_signs_stand_for_themselves() -> None:
    small = Small(WORDS, [{"word": "a&b"}, {"word": "a@"}, {"word": "<1-2>"}])
    for pattern, found in (("a&b", [0]), ("a@", [1]), ("<1-2>", [2])):
        assert small.ids({"regexp": {"word": {"value": pattern, "flags": "NONE"}}}) == found


@given(some.text('ab.?+*|(){}[]"\\@#&~<>-^1', max_size=8), some.text("ab1", max_size=4))
def test_any_expression_fits_or_is_refused(pattern: str, word: str) -> None:
    small = Small(WORDS, [{"word": word}])
    try:
        small.ids({"regexp": {"word": pattern}})
    except IllegalArgument as error:
        assert "regular expression" in error.reason  # noqa: PT017 (most are answered)


def test_a_hostile_expression_is_stopped() -> None:
    small = Small(WORDS, [{"word": "a" * 200 + str(number)} for number in range(50)])
    began = time.monotonic()
    with pytest.raises(IllegalArgument, match="takes too long"):
        small.ids({"regexp": {"word": "(a|aa)+[bc]"}})
    assert time.monotonic() - began < 30
    assert small.ids({"wildcard": {"word": "*a" * 60 + "*b"}}) == []


def test_what_cannot_be_translated_is_refused() -> None:
    for pattern in ("a~bc", "(a&b)", "<1-999999>", "a\\", "[a", '"a', "(a", "a)"):
        with pytest.raises(IllegalArgument, match="regular expression"):
            expression(pattern) and Small(WORDS, [{"word": "a"}]).ids({"regexp": {"word": pattern}})
