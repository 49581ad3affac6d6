"""Chunking settings: what is echoed, and every message of what is refused."""

from typing import Any

import pytest

from connote.contract import chunks
from connote.contract.errors import IllegalArgument, Invalid


@pytest.mark.parametrize("raw", [None, {}])
def test_the_default(raw: dict[str, Any] | None) -> None:
    assert chunks.wire(chunks.parse(raw)) == {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}


@pytest.mark.parametrize(
    ("raw", "echoed"),
    [
        (
            {"strategy": "SENTENCE", "max_chunk_size": 20},
            {"strategy": "sentence", "max_chunk_size": 20, "sentence_overlap": 1},
        ),
        (
            {"strategy": "word", "max_chunk_size": 10, "overlap": 5},
            {"strategy": "word", "max_chunk_size": 10, "overlap": 5},
        ),
        ({"strategy": "none"}, {"strategy": "none"}),
        (
            {"strategy": "recursive", "max_chunk_size": 10, "separator_group": "PlainText"},
            {"strategy": "recursive", "max_chunk_size": 10, "separators": [r"(?<!\n)\n\n(?!\n)", r"(?<!\n)\n(?!\n)"]},
        ),
    ],
)
def test_what_is_given_is_echoed_and_can_be_given_again(raw: dict[str, Any], echoed: dict[str, Any]) -> None:
    assert chunks.wire(chunks.parse(raw)) == echoed
    assert chunks.wire(chunks.parse(echoed)) == echoed


SENTENCE = {"strategy": "sentence", "max_chunk_size": 100}
WORD = {"strategy": "word", "max_chunk_size": 100, "overlap": 10}
RECURSIVE = {"strategy": "recursive", "max_chunk_size": 100}


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (SENTENCE | {"b": 1, "a": 2}, "Sentence based chunking settings can not have the following settings: [a, b]"),
        (WORD | {"a": 1}, "Word based chunking settings can not have the following settings: [a]"),
        (RECURSIVE | {"a": 1}, "Recursive chunking settings can not have the following settings: [a]"),
        ({"strategy": "none", "a": 1}, "When chunking is disabled (none), settings can not have the following: [a]"),
        ({"strategy": "sentence"}, "[chunking_settings] does not contain the required setting [max_chunk_size]"),
        (
            SENTENCE | {"max_chunk_size": 5},
            "[chunking_settings] Invalid value [5.0]. [max_chunk_size] must be a greater than or equal to [20.0]",
        ),
        (
            WORD | {"overlap": 60},
            "[chunking_settings] Invalid value [60.0]. [overlap] must be a less than or equal to [50.0]",
        ),
        (SENTENCE | {"sentence_overlap": 2}, "sentence_overlap[2] must be either 0 or 1"),
        (
            RECURSIVE | {"separators": ["a"], "separator_group": "markdown"},
            "Recursive chunking settings can not have both separators and separator_set",
        ),
        (RECURSIVE | {"separators": []}, "Recursive chunking settings can not have an empty list of separators"),
        (RECURSIVE | {"separators": ["a"] * 51}, "separators list size [51] must not exceed [50]"),
        (
            RECURSIVE | {"separator_group": "x"},
            "[chunking_settings] Invalid value [x] received. [separator_group] must be one of [markdown, plaintext]",
        ),
        (
            SENTENCE | {"max_chunk_size": "many"},
            "field [max_chunk_size] is not of the expected type. The value [many] cannot be converted to a [Integer]",
        ),
    ],
)
def test_what_is_refused(raw: dict[str, Any], problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        chunks.parse(raw)
    assert refused.value.reason == f"Validation Failed: 1: {problem};"


def test_a_separator_must_be_a_regular_expression() -> None:
    with pytest.raises(Invalid, match=r"\[separators\] must be regular expressions"):
        chunks.parse(RECURSIVE | {"separators": ["(("]})
    with pytest.raises(Invalid, match="at most 1000"):
        chunks.parse(RECURSIVE | {"separators": ["a" * 1001]})


@pytest.mark.parametrize("strategy", [None, "paragraph", 3])
def test_a_strategy_must_be_known(strategy: object) -> None:
    with pytest.raises(IllegalArgument):
        chunks.parse({"strategy": strategy, "max_chunk_size": 100})
