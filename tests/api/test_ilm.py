"""Policies by which indices live: rolled over, closed to writes, merged and deleted, one step after the other."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server

POLL = {"indices.lifecycle.poll_interval": "1s"}


@pytest.fixture
def house(indices: httpx.Client) -> Iterator[httpx.Client]:
    """Policies are followed every second."""
    indices.put("/_cluster/settings", json={"persistent": POLL})
    yield indices
    indices.put("/_cluster/settings", json={"persistent": dict.fromkeys(POLL)})
    for each in indices.get("/_data_stream").json()["data_streams"]:
        indices.delete(f"/_data_stream/{each['name']}")
    for name in [*indices.get("/_all?expand_wildcards=all").json()]:
        indices.delete(f"/{name}")
    for name in indices.get("/_ilm/policy").json():
        assert indices.delete(f"/_ilm/policy/{name}").is_success


def put(http: httpx.Client, name: str = "p", **phases: dict[str, Any]) -> None:
    reply = http.put(f"/_ilm/policy/{name}", json={"policy": {"phases": phases}})
    assert reply.json() == {"acknowledged": True}, reply.text


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(200):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to be within 10 seconds")


def told(http: httpx.Client, index: str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/{index}/_ilm/explain").json()["indices"][index]
    return found


def settings(http: httpx.Client, index: str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/{index}/_settings?flat_settings=true").json()[index]["settings"]
    return found


def test_an_alias_is_rolled_over_and_what_was_rolled_goes_through_its_phases(house: httpx.Client) -> None:
    put(
        house,
        hot={"actions": {"rollover": {"max_docs": 2}, "set_priority": {"priority": 100}}},
        warm={
            "actions": {"readonly": {}, "forcemerge": {"max_num_segments": 1}, "allocate": {"number_of_replicas": 0}}
        },
        delete={"min_age": "3s", "actions": {"delete": {}}},
    )
    own = {"index.lifecycle.name": "p", "index.lifecycle.rollover_alias": "notes"}
    house.put("/_index_template/notes", json={"index_patterns": ["notes-*"], "template": {"settings": own}})
    house.put("/notes-000001", json={"aliases": {"notes": {"is_write_index": True}}})
    for number in range(2):
        house.post("/notes/_doc?refresh=true", json={"n": number})
    until(lambda: house.head("/notes-000002").status_code == 200)
    until(lambda: (told(house, "notes-000001")["phase"], told(house, "notes-000001")["step"]) == ("warm", "complete"))
    rolled, flat = told(house, "notes-000001"), settings(house, "notes-000001")
    assert rolled["lifecycle_date_millis"] > rolled["index_creation_date_millis"]
    assert (flat["index.blocks.write"], flat["index.number_of_replicas"], flat["index.priority"]) == (
        "true",
        "0",
        "100",
    )
    assert (
        house.get("/notes-000001/_segments").json()["indices"]["notes-000001"]["shards"]["0"][0]["num_search_segments"]
        == 1
    )
    assert house.post("/notes/_doc", json={"n": 3}).json()["_index"] == "notes-000002"
    until(lambda: house.head("/notes-000001").status_code == 404)
    young = told(house, "notes-000002")
    assert (young["phase"], young["action"], young["step"]) == ("hot", "rollover", "rollover")
    assert young["phase_execution"]["phase_definition"]["actions"]["rollover"] == {"max_docs": 2}


def test_the_indices_of_a_data_stream_live_by_the_policy_of_its_template(house: httpx.Client) -> None:
    put(house, hot={"actions": {"rollover": {"max_docs": 1}}}, delete={"min_age": "0ms", "actions": {"delete": {}}})
    body = {"index_patterns": ["tale-*"], "data_stream": {}, "template": {"settings": {"index.lifecycle.name": "p"}}}
    house.put("/_index_template/tale", json=body)
    house.post("/tale-a/_doc?refresh=true", json={"@timestamp": "2026-01-01"})
    (shown,) = house.get("/_data_stream/tale-a").json()["data_streams"]
    assert (shown["ilm_policy"], shown["next_generation_managed_by"]) == ("p", "Index Lifecycle Management")
    first = shown["indices"][0]["index_name"]
    until(lambda: house.head(f"/{first}").status_code == 404)
    (shown,) = house.get("/_data_stream/tale-a").json()["data_streams"]
    assert (shown["generation"], len(shown["indices"])) == (2, 1)
    used = house.get("/_ilm/policy/p").json()["p"]["in_use_by"]
    second = shown["indices"][0]["index_name"]
    assert used == {"indices": [second], "data_streams": ["tale-a"], "composable_templates": ["tale"]}
    assert "in use" in house.delete("/_ilm/policy/p").json()["error"]["reason"]


def test_what_fails_is_told_and_tried_again(house: httpx.Client) -> None:
    put(house, hot={"actions": {"rollover": {"max_docs": 1}}})
    house.put("/lonely", json={"settings": {"index.lifecycle.name": "p"}})
    house.post("/lonely/_doc?refresh=true", json={"n": 1})
    until(lambda: told(house, "lonely")["step"] == "ERROR")
    found = told(house, "lonely")
    assert (found["phase"], found["failed_step"]) == ("hot", "rollover")
    assert "rollover_alias] for index [lonely] is empty" in found["step_info"]["reason"]
    assert list(house.get("/*/_ilm/explain?only_errors=true").json()["indices"]) == ["lonely"]
    health = house.get("/_health_report/ilm").json()["indicators"]["ilm"]
    assert (health["status"], health["details"]["stagnating_indices"]) == ("yellow", 1)
    house.put("/lonely/_settings", json={"index.lifecycle.indexing_complete": True})
    house.post("/lonely/_ilm/retry")
    until(lambda: told(house, "lonely")["step"] == "complete")
    assert house.post("/lonely/_ilm/remove").json() == {"has_failures": False, "failed_indexes": []}
    assert told(house, "lonely") == {"index": "lonely", "managed": False}


def test_nothing_is_done_while_it_is_stopped(house: httpx.Client) -> None:
    put(house, delete={"actions": {"delete": {}}})
    house.post("/_ilm/stop")
    try:
        assert house.get("/_ilm/status").json() == {"operation_mode": "STOPPED"}
        house.put("/doomed", json={"settings": {"index.lifecycle.name": "p"}})
        time.sleep(1.5)
        assert house.head("/doomed").status_code == 200
    finally:
        house.post("/_ilm/start")
    until(lambda: house.head("/doomed").status_code == 404)


def test_an_index_can_be_moved_to_another_phase(house: httpx.Client) -> None:
    put(
        house, hot={"actions": {}}, warm={"min_age": "9d", "actions": {"set_priority": {"priority": 3}, "readonly": {}}}
    )
    house.put("/moved", json={"settings": {"index.lifecycle.name": "p"}})
    until(lambda: told(house, "moved")["phase"] == "hot")
    hot = {"phase": "hot", "action": "complete", "name": "complete"}
    step = {"phase": "warm", "action": "readonly", "name": "readonly"}
    wrong = house.post("/_ilm/move/moved", json={"current_step": {"phase": "cold"}, "next_step": step})
    assert "is not on current step" in wrong.json()["error"]["reason"]
    missing = house.post("/_ilm/move/moved", json={"current_step": hot, "next_step": {"phase": "cold"}})
    assert missing.status_code == 400
    assert house.post("/_ilm/move/moved", json={"current_step": hot, "next_step": step}).is_success
    until(lambda: told(house, "moved")["step"] == "complete")
    flat = settings(house, "moved")
    assert flat["index.blocks.write"] == "true"
    assert "index.priority" not in flat


def test_policies_are_told_with_their_versions(house: httpx.Client) -> None:
    put(house, hot={"actions": {"rollover": {"max_age": "7d"}}})
    put(house, warm={"min_age": "2d", "actions": {}}, hot={"actions": {"rollover": {"max_age": "7d"}}})
    found = house.get("/_ilm/policy/p").json()["p"]
    assert (found["version"], list(found["policy"]["phases"])) == (2, ["hot", "warm"])
    assert found["policy"]["phases"]["hot"] == {"min_age": "0ms", "actions": {"rollover": {"max_age": "7d"}}}
    assert house.get("/_ilm/policy/missing").status_code == 404
    house.put("/stray", json={"settings": {"index.lifecycle.name": "missing"}})
    assert told(house, "stray")["step_info"]["reason"] == "policy [missing] does not exist"


def test_how_far_an_index_has_come_outlives_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            client.put("/_cluster/settings", json={"persistent": POLL})
            put(
                client,
                hot={"actions": {"rollover": {"max_docs": 1}}},
                delete={"min_age": "3s", "actions": {"delete": {}}},
            )
            own = {"index.lifecycle.name": "p", "index.lifecycle.rollover_alias": "notes"}
            client.put("/notes-1", json={"aliases": {"notes": {}}, "settings": own})
            client.post("/notes/_doc?refresh=true", json={"n": 1})
            until(lambda: client.head("/notes-000002").status_code == 200)
    finally:
        assert server.stop() == 0
    server = Server(tmp_path / "data")
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            until(lambda: client.head("/notes-1").status_code == 404)
            assert client.head("/notes-000002").status_code == 200
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("phases", "reason"),
    [
        ({}, "must have one of the phases"),
        ({"tepid": {}}, "does not support phase [tepid]"),
        ({"hot": {"actions": {"delete": {}}}}, "invalid action [delete] defined in phase [hot]"),
        ({"hot": {"actions": {"rollover": {}}}}, "At least one max_* rollover condition"),
        ({"hot": {"actions": {"rollover": {"max_docs": -1}}}}, "must be a whole number"),
        ({"hot": {"actions": {"readonly": {}}}}, "need [rollover]"),
        ({"hot": {"min_age": "soon"}}, "unit is missing or unrecognized"),
        ({"warm": {"min_age": "2d"}, "cold": {"min_age": "1d"}}, "less than that of one before it"),
        ({"warm": {"actions": {"forcemerge": {}}}}, "must be a positive integer"),
        ({"warm": {"actions": {"set_priority": {}}}}, "[priority] must be 0 or greater"),
        ({"cold": {"actions": {"searchable_snapshot": {}}}}, "is not supported"),
        ({"warm": {"colour": 1}}, "unknown field [colour]"),
    ],
)
def test_what_is_no_policy_is_refused(http: httpx.Client, phases: dict[str, Any], reason: str) -> None:
    reply = http.put("/_ilm/policy/wrong", json={"policy": {"phases": phases}})
    assert reply.status_code == 400, reply.text
    assert reason in reply.json()["error"]["reason"]
    assert http.get("/_ilm/policy/wrong").status_code == 404
