"""Which indices patterns mean, and which only if they are told to."""

from collections.abc import Iterator

import httpx
import pytest

NAMES = ("hide-plain", "hide-me", ".hide-dot")


@pytest.fixture
def some(http: httpx.Client) -> Iterator[httpx.Client]:
    http.put("/hide-plain")
    http.put("/hide-me", json={"settings": {"index.hidden": True}})
    http.put("/.hide-dot")
    try:
        yield http
    finally:
        for name in NAMES:
            assert http.delete(f"/{name}").is_success


def named(http: httpx.Client, path: str) -> list[str]:
    return [each for each in NAMES if each in http.get(path).json()]


@pytest.mark.parametrize(
    ("pattern", "expand", "wanted"),
    [
        ("*", "open", ["hide-plain"]),
        ("hide*", "open,closed", ["hide-plain"]),
        ("*hide*", "hidden", []),
        ("*", "all", list(NAMES)),
        ("*hide*", "open,hidden", list(NAMES)),
        (".hide*", "open", [".hide-dot"]),
        ("hide-me,.hide-dot", "open", ["hide-me", ".hide-dot"]),
        ("*,-hide-m*", "all", ["hide-plain", ".hide-dot"]),
    ],
)
def test_hidden_indices_are_meant_only_if_that_is_said(
    some: httpx.Client, pattern: str, expand: str, wanted: list[str]
) -> None:
    assert named(some, f"/{pattern}?expand_wildcards={expand}") == wanted


@pytest.mark.parametrize("path", ["/_mapping", "/_settings", "/_alias", "/_all", "/*/_stats"])
def test_without_a_word_no_hidden_index_is_shown(some: httpx.Client, path: str) -> None:
    told = some.get(path).json()
    assert [each for each in NAMES if each in told.get("indices", told)] == ["hide-plain"]


def test_an_index_may_be_hidden_later(some: httpx.Client) -> None:
    some.put("/hide-plain/_settings", json={"index.hidden": True})
    assert named(some, "/hide*") == []
    some.put("/hide-plain/_settings", json={"index.hidden": None})
    assert named(some, "/hide*") == ["hide-plain"]


def test_an_alias_shows_its_hidden_index(some: httpx.Client) -> None:
    some.put("/hide-me/_alias/seen")
    assert named(some, "/see*") == ["hide-me"]
    assert named(some, "/*") == ["hide-plain", "hide-me"]


def test_health_tells_of_hidden_indices_too(some: httpx.Client) -> None:
    health = some.get("/_cluster/health?level=indices").json()
    assert set(NAMES) <= set(health["indices"])
    (row,) = some.get("/_cat/health?format=json").json()
    assert row["shards"] == str(health["active_shards"])
