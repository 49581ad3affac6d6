"""Paths into JSON: they lead where they say, or say why not."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import Malformed
from connote.services.path import Path, Step

names = st.text(min_size=1, max_size=5)
steps = st.lists(st.none() | names | st.integers(0, 999), max_size=10)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


def written(step: Step) -> str:
    if isinstance(step, str):
        return "['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']"
    return "[*]" if step is None else f"[{step}]"


@given(steps)
def test_what_is_written_is_read_again(made: list[Step]) -> None:
    assert list(Path.parse("$" + "".join(map(written, made))).steps) == made


@given(st.text() | st.text("$.[]*'\\01a-", max_size=12).map(lambda text: "$" + text))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    with suppress(ValueError):
        parsed = Path.parse(text)
        assert Path.parse("$" + "".join(map(written, parsed.steps))).steps == parsed.steps


@given(values, st.lists(st.none() | st.sampled_from("abc") | st.integers(0, 2), max_size=4))
def test_a_path_finds_what_is_there_and_is_malformed_where_it_is_not(value: object, made: list[Step]) -> None:
    path = Path.parse("$" + "".join(map(written, made)))
    try:
        wanted = plainly(value, made)
    except LookupError:
        with pytest.raises(Malformed, match="at step"):
            path.find(value)
    else:
        assert path.find(value) == wanted


def plainly(value: object, made: list[Step]) -> object:
    """What a path leads to, in the plainest way."""
    if not made:
        return value
    step, rest = made[0], made[1:]
    if step is None and isinstance(value, list):
        return [plainly(item, rest) for item in value]
    if isinstance(step, str) and isinstance(value, dict):
        return plainly(value[step], rest)
    if isinstance(step, int) and isinstance(value, list):
        return plainly(value[step], rest)
    raise LookupError


def test_stars_make_lists_of_lists() -> None:
    answer = {"data": [{"embedding": [1, 2], "a b": 1}, {"embedding": [3, 4], "a b": 2}]}
    for text, found in {
        "$": answer,
        "$.data[*].embedding[*]": [[1, 2], [3, 4]],
        "$.data[*].embedding": [[1, 2], [3, 4]],
        "$.data[1].embedding[0]": 3,
        "$['data'][*]['a b']": [1, 2],
        "$.data[*].embedding[1]": [2, 4],
    }.items():
        assert Path.parse(text).find(answer) == found, text
    assert Path.parse("$[*].x").find([{"x": 1}, {"x": 2}]) == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "data",
        "$data",
        "$.",
        "$..data",
        "$.data[",
        "$.data[-1]",
        "$.data[1:2]",
        "$.data[?(@.a)]",
        "$.*",
        "$['a]",
        "$[a]",
        '$["a"]',
        "$['a\\b']",
        "$.a b",
        "$.data ",
        "$[9999999999]",
        "$" + ".a" * 33,
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        Path.parse(text)


def test_it_says_where_an_answer_differs() -> None:
    path = Path.parse("$.data[*].embedding")
    with pytest.raises(Malformed, match=r"has not an array at step 2 of the path \[\$.data\[\*\].embedding\]"):
        path.find({"data": {}})
    with pytest.raises(Malformed, match=r"an object with the member \[embedding\] at step 3"):
        path.find({"data": [{}]})
    with pytest.raises(Malformed, match="an array with more than 2 elements at step 1"):
        Path.parse("$[2]").find([1, 2])
