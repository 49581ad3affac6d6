"""Every strategy, by example and by property."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.chunking import Chunk, chunk, count_words
from connote.chunking.words import Text, to_utf16
from connote.contract.chunks import ChunkingSettings, Recursive, Sentences, Whole, Words
from connote.contract.chunks import parse as parse_settings
from connote.contract.errors import IllegalArgument

ABC = "a b c d e f g h i j k l m n o p q r s t u v w x y z"
# Texts of words, punctuation, line breaks, ideographs and pairs of surrogates; and any text at all.
pieces = st.sampled_from(
    [*"ab .!?,\n", "word ", "Two words. ", "# ", "\n\n", "\n# ", "机器学习。", "😀", "e\u0301", "3.14 "]
)
texts = st.lists(pieces, max_size=120).map("".join) | st.text(max_size=80)
sentences = st.builds(Sentences, max_chunk_size=st.integers(20, 40), sentence_overlap=st.integers(0, 1))
words = st.integers(10, 30).flatmap(
    lambda size: st.builds(Words, max_chunk_size=st.just(size), overlap=st.integers(1, size // 2))
)
recursive = st.builds(
    Recursive,
    max_chunk_size=st.integers(10, 30),
    separators=st.sampled_from([["\n\n", "\n"], [r"(?<!\n)\n\n(?!\n)", r"(?<!\n)\n(?!\n)"], ["# "], ["[.!?]", ""]]),
)
strategies: st.SearchStrategy[ChunkingSettings] = sentences | words | recursive | st.just(Whole())


def parts(text: str, how: ChunkingSettings) -> list[str]:
    return [text[part.start : part.end] for part in chunk(text, how)]


def recursively(text: str, size: int, **extra: object) -> list[str]:
    return parts(text, parse_settings({"strategy": "recursive", "max_chunk_size": size, **extra}))


class TestSentences:
    def test_whole_sentences_fill_a_chunk(self) -> None:
        text = "One two three four five. " * 6
        found = parts(text, Sentences(max_chunk_size=20, sentence_overlap=0))
        assert found == ["One two three four five. " * 4, "One two three four five. " * 2]

    def test_with_overlap_a_chunk_starts_with_the_last_sentence_before_it(self) -> None:
        text = "".join(f"Sentence number {name} is here. " for name in "ABCDEF")
        first, second = parts(text, Sentences(max_chunk_size=20, sentence_overlap=1))
        assert first == "".join(f"Sentence number {name} is here. " for name in "ABCD")
        assert second == "".join(f"Sentence number {name} is here. " for name in "DEF")

    def test_of_a_sentence_that_does_not_fit_again_only_the_tail_overlaps(self) -> None:
        long = " ".join(f"w{number}" for number in range(18)) + ". "
        text = long + "And here are ten more words than fit in one."
        first, second = parts(text, Sentences(max_chunk_size=20, sentence_overlap=1))
        assert first == long
        assert second.split() == [*(f"w{n}" for n in range(8, 17)), "w17.", *text[len(long) :].split()]

    def test_a_sentence_longer_than_a_chunk_is_cut_into_words(self) -> None:
        text = " ".join(f"w{number}" for number in range(50))
        found = parts(text, Sentences(max_chunk_size=20, sentence_overlap=0))
        assert [count_words(part) for part in found] == [20, 20, 20, 17]
        assert found[1].split()[0] == "w11"  # 9 = min(20, (20 - 1) / 2) words overlap


class TestWords:
    def test_windows_overlap(self) -> None:
        found = parts(ABC, Words(max_chunk_size=10, overlap=2))
        assert [part.split() for part in found] == [
            list("abcdefghij"),
            list("ijklmnopqr"),
            list("qrstuvwxyz"),
        ]

    def test_what_follows_the_last_word_of_a_window_is_of_the_next(self) -> None:
        text = "a b c d e f g h i j, k"
        assert parts(text, Words(max_chunk_size=10, overlap=1))[0] == "a b c d e f g h i j"

    def test_a_short_text_is_one_chunk(self) -> None:
        assert parts("just a few words.", Words(max_chunk_size=10, overlap=1)) == ["just a few words."]

    def test_what_follows_a_window_that_ends_the_text_is_dropped(self) -> None:
        assert parts("a b c d e f g h i j !!!", Words(max_chunk_size=10, overlap=1)) == ["a b c d e f g h i j"]


class TestRecursive:
    def test_a_separator_opens_the_piece_after_it(self) -> None:
        sections = [f"# Section {name}\n" + "word " * 12 for name in "ABC"]
        found = recursively("\n".join(sections), 15, separator_group="markdown")
        assert found == [sections[0], "\n" + sections[1], "\n" + sections[2]]

    def test_neighbours_are_joined_while_they_fit(self) -> None:
        # A piece that starts right where a word ends counts that word too: 3 + 4 + 4 words fit, 4 more do not.
        assert recursively("a b c\n\nd e f\n\ng h i\n\nj k l", 11) == ["a b c\n\nd e f\n\ng h i", "\n\nj k l"]

    def test_what_is_still_too_long_goes_to_the_next_separator_and_then_to_sentences(self) -> None:
        text = "a b c d\ne f g h\ni j k l\n\n" + "One two three four. " * 5
        assert recursively(text, 10) == [
            "a b c d\ne f g h",
            "\ni j k l",
            "\n\nOne two three four. One two three four. ",
            "One two three four. One two three four. ",
            "One two three four. ",
        ]

    def test_a_separator_that_takes_too_long_is_refused(self) -> None:
        with pytest.raises(IllegalArgument, match="has exceeded the character read limit"):
            recursively("a" * 50_000 + "! " + ABC, 10, separators=["(a+)+$"])


def test_without_chunking_a_text_is_one_chunk() -> None:
    assert chunk("Any. Thing.", Whole()) == [Chunk(0, 11)]


@pytest.mark.parametrize("how", [Sentences(max_chunk_size=20), Words(max_chunk_size=10, overlap=1), Whole()])
def test_an_empty_text_is_one_empty_chunk(how: ChunkingSettings) -> None:
    assert chunk("", how) == [Chunk(0, 0)]


def test_offsets_can_be_told_in_utf16() -> None:
    assert to_utf16("a😀b").tolist() == [0, 1, 3, 4]


@settings(max_examples=600, deadline=None)
@given(texts, strategies)
def test_chunks_are_in_order_inside_the_text_and_cover_its_words(text: str, how: ChunkingSettings) -> None:
    found = chunk(text, how)
    assert found
    assert all(0 <= part.start <= part.end <= len(text) for part in found)
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(found))
    covered = {position for part in found for position in range(part.start, part.end)}
    for end in Text(text).word_ends(0, len(text)).tolist():
        assert end - 1 in covered


@settings(max_examples=600, deadline=None)
@given(texts, sentences | words | recursive)
def test_a_chunk_holds_no_more_words_than_it_may(text: str, how: Sentences | Words | Recursive) -> None:
    whole = Text(text)
    for part in chunk(text, how):
        assert len(whole.word_ends(part.start, part.end)) <= how.max_chunk_size


@settings(max_examples=300, deadline=None)
@given(texts, words)
def test_windows_overlap_by_as_many_words_as_wanted(text: str, how: Words) -> None:
    whole, found = Text(text), chunk(text, how)
    for a, b in pairwise(found):
        assert len(whole.word_ends(b.start, a.end)) == how.overlap


@settings(max_examples=300, deadline=None)
@given(texts, sentences.filter(lambda how: how.sentence_overlap == 0) | recursive)
def test_without_overlap_chunks_leave_no_gap(text: str, how: Sentences | Recursive) -> None:
    found = chunk(text, how)
    if max(count_words(text[a:b]) for a, b in Text(text).sentences() or [(0, 0)]) <= how.max_chunk_size:
        assert [part.start for part in found] == [0, *(part.end for part in found[:-1])]
        assert found[-1].end == len(text)
