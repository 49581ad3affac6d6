"""Windows are those that transformers makes with the same truncation and stride."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import networks
from connote.contract import nlp
from connote.contract.errors import Rejected
from connote.contract.tokenization import NO_SPAN
from connote.runtime.nlp import windows as cutting
from connote.runtime.nlp.pieces import Pieces
from connote.runtime.nlp.windows import Window, encode, encode_pairs

WORDS = "the quick brown fox jumps over the lazy dog and lives in berlin near the sea".split()  # noqa: SIM905
KINDS = ("bert", "mpnet", "roberta", "xlm_roberta", "deberta_v2")
RULES = {"first": "only_first", "second": "only_second"}


def config(kind: str, **tokenization: object) -> nlp.InferenceConfig:
    lower = {"do_lower_case": True} if kind in ("bert", "mpnet") else {}
    return nlp.parse({"text_classification": {"tokenization": {kind: lower | tokenization}}})


@cache
def pieces(kind: str, special: bool = True) -> Pieces:
    return Pieces(networks.VOCABULARIES[kind], config(kind, with_special_tokens=special).tokenization)


def same(found: list[Window], expected: Any) -> None:  # noqa: ANN401 (transformers')
    assert [window.ids.tolist() for window in found] == expected["input_ids"]
    types = expected.get("token_type_ids", [[0] * len(ids) for ids in expected["input_ids"]])
    assert [window.types.tolist() for window in found] == types
    assert all(window.tokens >= window.used for window in found)


def text(count: int) -> str:
    return " ".join(WORDS[i % len(WORDS)] for i in range(count))


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    first=st.integers(0, 12),
    second=st.integers(0, 40),
    most=st.integers(20, 40),
    truncate=st.sampled_from(["first", "second"]),
)
def test_what_is_cut_is_what_transformers_cuts(kind: str, first: int, second: int, most: int, truncate: str) -> None:
    own, theirs = pieces(kind), networks.tokenizer(kind)
    asked = config(kind, max_sequence_length=most, truncate=truncate)
    expected = theirs([text(second)], truncation=True, max_length=most)
    same(encode(own, [text(second)], asked), expected)
    whole = len(theirs([text(first)], [text(second)])["input_ids"][0])
    kept = theirs(text(second if truncate == "first" else first), add_special_tokens=False)["input_ids"]
    added = whole - len(theirs(text(first), add_special_tokens=False)["input_ids"])
    added -= len(theirs(text(second), add_special_tokens=False)["input_ids"])
    if whole > most and len(kept) + added >= most:
        with pytest.raises(Rejected, match=f"truncating the \\[{truncate}\\] text is not enough"):
            encode_pairs(own, text(first), [text(second)], asked)
        return
    found = encode_pairs(own, text(first), [text(second)], asked)
    same(found, theirs([text(first)], [text(second)], truncation=RULES[truncate], max_length=most))
    assert [window.is_truncated for window in found] == [found[0].passage.is_truncated] == [whole > most]
    assert found[0].tokens == whole


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    first=st.integers(1, 5),
    second=st.integers(0, 120),
    most=st.integers(30, 50),
    span=st.integers(0, 8),
)
def test_windows_overlap_as_those_of_transformers(kind: str, first: int, second: int, most: int, span: int) -> None:
    own, theirs = pieces(kind), networks.tokenizer(kind)
    asked = config(kind, max_sequence_length=most, truncate="none", span=span)
    settings_ = {"max_length": most, "stride": span, "return_overflowing_tokens": True}
    same(encode(own, [text(second)], asked), theirs([text(second)], truncation=True, **settings_))
    found = encode_pairs(own, text(first), [text(second)], asked, located=True)
    same(found, theirs([text(first)], [text(second)], truncation="only_second", **settings_))
    assert not any(window.is_truncated or window.passage.is_truncated for window in found)
    for window in found:  # each knows where its own tokens stand
        assert window.ids[window.first : window.first + len(window.part)].tolist() == window.part.ids.tolist()
        assert len(window.part.offsets) == len(window.part.words) == len(window.part)


def test_balanced_gives_each_text_half_and_what_the_other_leaves() -> None:
    own, asked = pieces("bert"), config("bert", max_sequence_length=23, truncate="balanced")

    def lengths(first: int, second: int) -> tuple[int, int]:
        (window,) = encode_pairs(own, "x " * first, ["x " * second], asked)
        return window.first - 2, len(window.part)

    assert lengths(30, 30) == (10, 10)
    assert lengths(30, 4) == (16, 4)
    assert lengths(4, 30) == (4, 16)
    assert lengths(8, 12) == (8, 12)


def test_nothing_is_cut_where_that_is_not_allowed() -> None:
    asked = config("bert", max_sequence_length=10, truncate="none")
    told = r"Input too large. The tokenized input length \[14\] exceeds the maximum sequence length \[10\]$"
    with pytest.raises(Rejected, match=told):
        encode(pieces("bert"), ["x " * 12], asked)
    (window,) = encode(pieces("bert"), ["x " * 8], asked)
    assert window.used == 10


@pytest.mark.parametrize(("first", "span"), [(1, 7), (9, 0), (30, 0)])
def test_windows_that_would_not_move_on_are_refused(first: int, span: int) -> None:
    asked = config("bert", max_sequence_length=10, truncate="none", span=span)
    with pytest.raises(Rejected, match="leaves no room to move on"):
        encode_pairs(pieces("bert"), "x " * first, ["x " * 50], asked)


def test_windows_take_only_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "MOST_TOKENS", 5 * cutting.LEAST)
    asked = config("bert", max_sequence_length=10, truncate="none", span=7)
    assert len(encode(pieces("bert"), ["x " * 12], asked)) == 5
    with pytest.raises(Rejected, match="a text of 13 tokens would need 6 windows of 8 tokens: choose a smaller"):
        encode(pieces("bert"), ["x " * 13], asked)
    assert len(encode(pieces("bert"), ["x"] * 5, asked)) == 5
    with pytest.raises(Rejected, match="send fewer texts, or fewer labels"):
        encode(pieces("bert"), ["x"] * 6, asked)


def test_without_special_tokens_texts_stand_alone_and_an_empty_one_is_refused() -> None:
    own, asked = pieces("bert", special=False), config("bert", with_special_tokens=False, max_sequence_length=4)
    (window,) = encode(own, ["x x x x x x"], asked)
    assert window.ids.tolist() == [own.tokens.index("x")] * 4
    assert (window.first, window.tokens) == (0, 6)
    with pytest.raises(Rejected, match="the input has no tokens"):
        encode(own, ["fine", ""], asked)


def test_words_tell_which_tokens_belong_together() -> None:
    own = pieces("bert")
    (found,) = own.encode(["berlin [MASK] quickly."], located=True)
    tokens = [own.tokens[id] for id in found.ids]
    starts = np.flatnonzero(np.diff(found.words, prepend=-99))
    assert [tokens[i] for i in starts if not tokens[i].startswith("##")] == [tokens[i] for i in starts]
    assert len(set(found.words.tolist())) == len(starts) == 4


def test_a_call_changes_whether_windows_are_made() -> None:
    stored = nlp.parse({"question_answering": {"tokenization": {"bert": {"truncate": "none", "span": 4}}}})
    cut = stored.updated({"question_answering": {"tokenization": {"bert": {"truncate": "second"}}}})
    assert cut.tokenization.span == NO_SPAN
