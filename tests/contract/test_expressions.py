"""Java's regular expressions."""

import pytest

from connote.contract import expressions


@pytest.mark.parametrize(
    ("pattern", "text", "most", "parts"),
    [
        (",", "a,,b,,", 0, ["a", "", "b"]),
        (",", "a,,b,,", -1, ["a", "", "b", "", ""]),
        (",", "a,b,c", 2, ["a", "b,c"]),
        (",", "", 0, [""]),
        (",", ",,", 0, []),
        ("", "abc", 0, ["a", "b", "c"]),
        (",", "abc", 0, ["abc"]),
        ("(?<=,)", "a,b", 0, ["a,", "b"]),
    ],
)
def test_texts_are_split_as_java_does(pattern: str, text: str, most: int, parts: list[str]) -> None:
    assert expressions.split(expressions.compiled(pattern), text, most) == parts


def test_a_replacement_names_groups() -> None:
    pattern = expressions.compiled(r"(\w)(?<last>\w)")
    assert expressions.replace(pattern, "ab", r"$2$1${last}\$", 100) == "bab$"


@pytest.mark.parametrize("by", ["$3", "${no}", "$", "\\"])
def test_a_replacement_that_is_none_is_refused(by: str) -> None:
    with pytest.raises(ValueError, match=r"group"):
        expressions.replace(expressions.compiled("(a)"), "a", by, 100)


def test_size_and_time_are_bounded() -> None:
    with pytest.raises(OverflowError):
        expressions.replace(expressions.compiled("a"), "a" * 100, "b" * 100, 1000)
    with pytest.raises(TimeoutError):
        expressions.split(expressions.compiled("(a|aa)+$"), "a" * 60 + "b")
    with pytest.raises(ValueError, match="missing"):
        expressions.compiled("(")


@pytest.mark.parametrize("pattern", ["(?R)", "a(b(?1)?)", "(?<x>a|(?&x))", r"\\(?R)"])
def test_an_expression_cannot_hold_itself(pattern: str) -> None:
    with pytest.raises(ValueError, match="cannot hold itself"):
        expressions.compiled(pattern)


def test_what_only_looks_like_an_expression_in_itself() -> None:
    assert expressions.compiled(r"\(?R").search("R")
