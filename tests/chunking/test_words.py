"""Words and sentences are those of ICU itself, as its Python binding PyICU reports them."""

import json
from pathlib import Path
from typing import Any

import pytest

from connote.chunking import count_words
from connote.chunking.words import Text, to_utf16

CASES = json.loads((Path(__file__).parent / "icu.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:12])
def test_boundaries_are_icus(case: dict[str, Any]) -> None:
    text = Text(case["text"])
    utf16 = to_utf16(case["text"])
    assert utf16[text.word_ends(0, len(case["text"]))].tolist() == case["word_ends"]
    assert [int(utf16[end]) for _, end in text.sentences()] == case["sentence_ends"]
    assert count_words(case["text"]) == len(case["word_ends"])


def test_a_word_that_ends_where_the_range_starts_counts() -> None:
    text = Text("ab cd")
    assert text.count(0, 5) == 2
    assert text.count(3, 5) == 1  # a space stands between
    assert text.count(2, 5) == 2  # nothing does
