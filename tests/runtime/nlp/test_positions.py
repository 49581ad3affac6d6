"""Positions are those that Java and JavaScript count."""

from hypothesis import given
from hypothesis import strategies as st

from connote.runtime.nlp.positions import trimmed, units

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(text=TEXT)
def test_a_position_counts_utf16_code_units(text: str) -> None:
    to = units(text)
    assert [to(i) for i in range(len(text) + 1)] == [
        len(text[:i].encode("utf-16-le")) // 2 for i in range(len(text) + 1)
    ]


@given(before=TEXT, inner=TEXT, after=TEXT)
def test_a_place_is_trimmed_at_both_ends_but_never_beyond_itself(before: str, inner: str, after: str) -> None:
    text, start, end = before + inner + after, len(before), len(before) + len(inner)
    first, last = trimmed(text, start, end)
    assert text[first:last] == inner.strip()
    assert start <= first <= last <= end
