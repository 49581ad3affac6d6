"""What a stranger writes where a number is wanted is read once, however long it is."""

import pytest

from connote.contract.errors import IllegalArgument
from connote.search.mapping.distances import metres
from connote.search.query.minimum import minimum

LONG = 500_000


@pytest.mark.parametrize("text", ["1" * LONG + "x", "1" * LONG + ".", " " * LONG])
def test_a_long_text_is_no_distance(text: str) -> None:
    with pytest.raises(IllegalArgument, match="failed to parse distance"):
        metres(text)


@pytest.mark.parametrize("text", ["1" + " " * LONG + "2", "1" * LONG + "x"])
def test_a_long_text_is_no_minimum(text: str) -> None:
    with pytest.raises(IllegalArgument, match="no such specification"):
        minimum(text, 3)


def test_spaces_around_the_bounds_of_a_minimum_say_nothing() -> None:
    assert [minimum(" 2 < -25%  9 <-3 ", count) for count in (2, 4, 9, 12)] == [2, 3, 7, 9]
    assert [metres(text) for text in (".5km", "12 km", "1e3", "2.5mi")] == [500, 12000, 1000, pytest.approx(4023.36)]
