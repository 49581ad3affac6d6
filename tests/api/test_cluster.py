"""What is told of the cluster, and of what connote does not have."""

import httpx
import pytest


def test_what_is_not_here_is_told_as_by_a_cluster_that_has_none(http: httpx.Client) -> None:
    assert http.get("/_snapshot/_all").json() == {}
    assert http.get("/_snapshot").json() == {}
    assert http.get("/_data_stream").json() == {"data_streams": []}
    assert http.get("/_data_stream/logs-*").json() == {"data_streams": []}
    assert http.delete("/_data_stream/*?expand_wildcards=all").json() == {"acknowledged": True}
    assert http.get("/_cluster/pending_tasks").json() == {"tasks": []}


@pytest.mark.parametrize(
    ("method", "path", "kind", "reason"),
    [
        ("GET", "/_snapshot/backup", "repository_missing_exception", "[backup] missing"),
        ("DELETE", "/_snapshot/backup", "repository_missing_exception", "[backup] missing"),
        ("GET", "/_data_stream/logs", "index_not_found_exception", "no such index [logs]"),
        ("DELETE", "/_data_stream/logs", "index_not_found_exception", "no such index [logs]"),
    ],
)
def test_what_is_named_and_not_here_is_404(http: httpx.Client, method: str, path: str, kind: str, reason: str) -> None:
    reply = http.request(method, path)
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error["reason"]) == (404, kind, reason)


def test_clients_that_look_at_the_license_may_use_everything(http: httpx.Client) -> None:
    told = http.get("/_license").json()["license"]
    assert (told["status"], told["type"], told["issuer"]) == ("active", "enterprise", "connote")


def test_the_state_tells_of_indices_all_or_some_parts(indices: httpx.Client) -> None:
    indices.put("/books", json={"aliases": {"b": {}}, "mappings": {"properties": {"n": {"type": "long"}}}})
    whole = indices.get("/_cluster/state").json()
    told = whole["metadata"]["indices"]["books"]
    assert (told["state"], told["aliases"]) == ("open", ["b"])
    assert told["mappings"] == {"_doc": {"properties": {"n": {"type": "long"}}}}
    assert told["settings"]["index"]["number_of_shards"] == "1"
    assert whole["master_node"] in whole["nodes"]
    indices.post("/books/_close")
    part = indices.get("/_cluster/state/metadata/books").json()
    assert part["metadata"]["indices"]["books"]["state"] == "close"
    assert "nodes" not in part
    reply = indices.get("/_cluster/state/weather")
    assert reply.status_code == 400
    assert "unrecognized metric: [weather]" in reply.json()["error"]["reason"]


def test_settings_of_the_cluster_go_one_by_one_or_by_pattern(http: httpx.Client) -> None:
    reply = http.put("/_cluster/settings", json={"persistent": {"a": {"b": 1, "c": 2}, "d": False}, "transient": {}})
    assert reply.json() == {
        "acknowledged": True,
        "persistent": {"a": {"b": "1", "c": "2"}, "d": "false"},
        "transient": {},
    }
    assert http.put("/_cluster/settings", json={"persistent": {"a.*": None, "e": "x"}}).json()["persistent"] == {
        "e": "x"
    }
    assert http.get("/_cluster/settings").json()["persistent"] == {"d": "false", "e": "x"}
    http.put("/_cluster/settings", json={"persistent": {"d": None, "e": None}})
    assert http.get("/_cluster/settings").json() == {"persistent": {}, "transient": {}}


def test_settings_of_the_cluster_are_told_as_objects_or_by_their_full_names(http: httpx.Client) -> None:
    path, full = "/_cluster/settings", {"routing.allocation.enable": "primaries"}
    reply = http.put(f"{path}?flat_settings=true", json={"transient": {"routing": {"allocation.enable": "primaries"}}})
    assert reply.json()["transient"] == full
    assert http.get(f"{path}?flat_settings=true").json()["transient"] == full
    assert http.get(path).json()["transient"] == {"routing": {"allocation": {"enable": "primaries"}}}
    assert http.put(path, json={"transient": {"routing.*": None}}).json()["transient"] == {}


def test_tasks_are_a_table(http: httpx.Client) -> None:
    assert http.get("/_cat/tasks?format=json").json() == []
    assert http.get("/_cat/tasks?v").text.split() == [
        "action", "task_id", "parent_task_id", "type", "start_time", "timestamp", "running_time", "ip", "node"
    ]  # fmt: skip
