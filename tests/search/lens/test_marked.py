"""Parts of a text are told in UTF-16 code units, as JavaScript and Java count."""

from hypothesis import given
from hypothesis import strategies as some

from connote.search.lens.marked import Marked

TEXTS = some.text(some.characters(exclude_categories=["Cs"]))


@given(TEXTS, some.integers(0, 50), some.integers(0, 50))
def test_a_span_is_the_part_of_the_text_that_its_offsets_say(text: str, one: int, other: int) -> None:
    start, end = sorted((one, other))
    span = Marked(text).span(start, end)
    units = text.encode("utf-16-le")
    assert units[2 * span["start_offset"] : 2 * span["end_offset"]].decode("utf-16-le") == span["text"]
    assert span["text"] == text[start:end]


@given(TEXTS, some.lists(some.tuples(some.integers(0, 50), some.integers(0, 50))))
def test_no_word_is_told_twice(text: str, places: list[tuple[int, int]]) -> None:
    found = Marked(text).words((start, end) for start, end in places if start < end <= len(text))
    offsets = [(each["start_offset"], each["end_offset"]) for each in found]
    assert len(set(offsets)) == len(offsets)


def test_parts_of_one_word_are_that_word() -> None:
    assert [each["text"] for each in Marked("a lighthouse").words([(2, 7), (7, 12)])] == ["lighthouse"]


def test_what_is_in_no_word_stands_for_itself() -> None:
    assert [each["text"] for each in Marked("so, what?").words([(2, 3)])] == [","]
