"""The words of a field, as whoever types is shown them."""

from typing import Any

import pytest

from homes import Search


def words(search: Search, index: str = "homes", **body: object) -> list[str]:
    reply = search.http.post(f"/{index}/_terms_enum", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.json()["complete"] is True
    found: list[str] = reply.json()["terms"]
    return found


def test_words_come_in_order_each_once(search: Search) -> None:
    assert words(search, field="city") == ["bern", "oslo", "rome"]
    assert words(search, field="city", search_after="bern", size=1) == ["oslo"]
    assert words(search, field="title.raw", string="house 1", size=2) == ["house 1 by the sea", "house 10 in the woods"]
    assert words(search, field="title.raw", string="HOUSE 11") == []
    assert words(search, field="title.raw", string="HOUSE 11", case_insensitive=True) == ["house 11 by the sea"]
    assert words(search, field="none") == []
    only = {"exists": {"field": "built"}}
    assert words(search, field="title.raw", string="f", index_filter=only) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "field cannot be null"),
        ({"field": "city", "size": 0}, "[size] must be between"),
        ({"field": "city", "string": 1}, "[string] cannot be [1]"),
        ({"field": "city", "prefix": "a"}, "unknown field [prefix]"),
    ],
)
def test_what_is_wrong_is_told(search: Search, body: dict[str, Any], told: str) -> None:
    wrong = search.http.post("/houses/_terms_enum", json=body)
    assert wrong.status_code == 400
    assert told in wrong.json()["error"]["reason"]
