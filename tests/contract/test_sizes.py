"""Sizes as the configuration has them."""

import pytest

from connote.contract import sizes
from connote.contract.errors import IllegalArgument


@pytest.mark.parametrize(
    ("given", "expected"),
    [(0, 0), ("0", 0), (123, 123), ("1b", 1), ("2kb", 2048), ("64mb", 64 << 20), ("1.5 GB", 3 << 29), ("1tb", 1 << 40)],
)
def test_bytes_and_units(given: int | str, expected: int) -> None:
    assert sizes.parse(given, "[cache] memory") == expected


@pytest.mark.parametrize("given", ["", "64", "mb", "-1mb", -1, "64 parsecs", "1e3mb"])
def test_anything_else_names_the_setting(given: int | str) -> None:
    with pytest.raises(IllegalArgument, match=r"\[cache\] memory must be a number of bytes or a size"):
        sizes.parse(given, "[cache] memory")
