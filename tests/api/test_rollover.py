"""Rolling an alias over to a new index."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.search.rollover import Measured, conditions, rolls


def test_an_alias_that_says_which_index_is_written_to_keeps_both(indices: httpx.Client) -> None:
    indices.put("/logs-000001", json={"aliases": {"logs": {"is_write_index": True}}})
    indices.put("/logs/_doc/1?refresh=true", json={"n": 1})
    body = {"conditions": {"max_docs": "2", "max_age": "7d"}}
    told = indices.post("/logs/_rollover", json=body).json()
    assert (told["rolled_over"], told["acknowledged"], told["new_index"]) == (False, False, "logs-000002")
    assert told["conditions"] == {"[max_docs: 2]": False, "[max_age: 7d]": False}
    indices.put("/logs/_doc/2?refresh=true", json={"n": 2})
    dry = indices.post("/logs/_rollover?dry_run=true", json=body).json()
    assert (dry["rolled_over"], dry["dry_run"], dry["conditions"]["[max_docs: 2]"]) == (False, True, True)
    assert indices.head("/logs-000002").status_code == 404
    told = indices.post("/logs/_rollover", json={**body, "mappings": {"properties": {"n": {"type": "byte"}}}}).json()
    assert (told["old_index"], told["rolled_over"]) == ("logs-000001", True)
    assert indices.put("/logs/_doc/3?refresh=true", json={"n": 3}).json()["_index"] == "logs-000002"
    aliases = indices.get("/_alias/logs").json()
    assert [aliases[name]["aliases"]["logs"]["is_write_index"] for name in sorted(aliases)] == [False, True]
    assert indices.get("/logs/_count").json()["count"] == 3


def test_else_the_alias_moves_on(indices: httpx.Client) -> None:
    indices.put("/days-9", json={"aliases": {"days": {"filter": {"exists": {"field": "n"}}}, "all": {}}})
    assert indices.post("/days/_rollover").json()["new_index"] == "days-000010"
    assert indices.get("/_alias/days").json() == {
        "days-000010": {"aliases": {"days": {"filter": {"exists": {"field": "n"}}}}}
    }
    assert list(indices.get("/days-9/_alias").json()["days-9"]["aliases"]) == ["all"]
    assert indices.post("/days/_rollover/mine").json()["new_index"] == "mine"


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/plain/_rollover", {}, "rollover target is a [concrete index]"),
        ("/other/_rollover", {}, "index name [plain] does not match pattern"),
        ("/other/_rollover/x", {"conditions": {"max_cats": 1}}, "unknown field [max_cats]"),
        ("/other/_rollover/x", {"conditions": {"max_size": "big"}}, "max_size must be a number of bytes"),
        ("/other/_rollover/x", {"conditions": {"min_docs": 1}}, "at least one max_* rollover condition"),
        ("/other/_rollover/plain", {}, "already exists"),
    ],
)
def test_what_cannot_be_is_refused(indices: httpx.Client, path: str, body: dict[str, Any], told: str) -> None:
    indices.put("/plain", json={"aliases": {"other": {}}})
    wrong = indices.post(path, json=body)
    assert wrong.status_code == 400
    assert told in wrong.json()["error"]["reason"]


@given(some.integers(0, 9), some.integers(0, 9), some.integers(0, 9))
def test_all_lower_bounds_and_one_upper_bound_are_needed(docs: int, least: int, most: int) -> None:
    wanted = conditions({"min_docs": least, "max_docs": most, "max_age": "1d"})
    assert rolls(wanted, Measured(docs, 0, 0)) is (docs >= least and docs >= most)
    assert rolls(wanted, Measured(docs, 0, 90_000)) is (docs >= least)
