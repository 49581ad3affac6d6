"""Routes of what there is none of, or only one of, as people ask for them by hand."""

import httpx
import pytest


@pytest.mark.parametrize(
    "path",
    [
        "/_cat/circuit_breaker", "/_cat/fielddata/body,title", "/_cat/ml/anomaly_detectors", "/_cat/ml/datafeeds/_all",
        "/_cat/ml/data_frame/analytics", "/_cat/pending_tasks", "/_cat/repositories",
        "/_cat/snapshots", "/_cat/thread_pool/search",
    ],
)  # fmt: skip
def test_a_table_of_what_is_not_there_has_columns_and_no_rows(http: httpx.Client, path: str) -> None:
    head = http.get(path, params={"v": "true"})
    assert head.status_code == 200
    assert len(head.text.splitlines()) == 1
    assert http.get(path, params={"format": "json"}).json() == []
    assert http.get(path).text == ""


def test_snapshots_of_a_repository_that_is_not_there_are_told_so(http: httpx.Client) -> None:
    reply = http.get("/_cat/snapshots/backups")
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "repository_missing_exception")


def test_parts_of_a_node_are_told_alone(http: httpx.Client) -> None:
    http.put("/small", json={})
    (node,) = http.get("/_nodes/stats/indices/search,docs").json()["nodes"].values()
    assert set(node["indices"]) == {"search", "docs"}
    (node,) = http.get("/_nodes/_all/stats/indices/docs").json()["nodes"].values()
    assert set(node["indices"]) == {"docs"}
    assert http.get("/_nodes/_all/jvm").json()["_nodes"]["total"] == 1
    assert http.get("/_cluster/stats/nodes/_local").json()["nodes"]["count"]["total"] == 1
    explained = http.get("/_cluster/allocation/explain", params={"index": "small", "shard": 0, "primary": True})
    assert explained.json()["current_state"] == "started"
    http.delete("/small")


def test_nothing_can_be_moved_or_begun(http: httpx.Client) -> None:
    assert http.post("/_cluster/reroute?metric=none").json()["acknowledged"] is True
    move = {"move": {"index": "a", "shard": 0, "from_node": "x", "to_node": "y"}}
    assert http.post("/_cluster/reroute", json={"commands": [move]}).status_code == 400
    assert http.get("/_license/basic_status").json() == {"eligible_to_start_basic": False}
    assert http.get("/_license/trial_status").json() == {"eligible_to_start_trial": False}
    begun = http.post("/_license/start_trial?acknowledge=true")
    assert (begun.status_code, begun.json()["trial_was_started"]) == (200, False)
    assert http.get("/_features").json() == http.post("/_features/_reset").json() == {"features": []}


def test_reindexing_tasks_are_listed_told_and_cancelled(http: httpx.Client) -> None:
    for n in range(3):
        http.put(f"/small-from/_doc/{n}?refresh=true", json={"n": n})
    body = {"source": {"index": "small-from", "size": 1}, "dest": {"index": "small-to"}}
    # One document in ten seconds: it runs until it is cancelled.
    slow = http.post("/_reindex?wait_for_completion=false&requests_per_second=0.1", json=body).json()["task"]
    (listed,) = http.get("/_reindex").json()["reindex"]
    assert listed["id"] == slow
    assert "status" not in listed
    assert "status" in http.get("/_reindex?detailed=true").json()["reindex"][0]
    told = http.get(f"/_reindex/{slow}").json()
    assert (told["id"], told["completed"], told["cancelled"]) == (slow, False, False)
    assert told["description"] == "reindex from [small-from] to [small-to]"
    ended = http.post(f"/_reindex/{slow}/_cancel").json()
    assert (ended["completed"], ended["cancelled"]) == (True, True)
    whole = http.post("/_reindex?wait_for_completion=false", json=body).json()["task"]
    done = http.get(f"/_reindex/{whole}?wait_for_completion=true").json()
    assert (done["completed"], done["response"]["total"]) == (True, 3)
    other = http.post("/small-to/_delete_by_query?wait_for_completion=false", json={"query": {"match_all": {}}}).json()
    http.get(f"/_tasks/{other['task']}?wait_for_completion=true")
    for missing in ("nobody:1", other["task"]):
        assert http.get(f"/_reindex/{missing}").status_code == 404
    http.delete("/small-from,small-to")


def test_aliases_may_have_dates_in_their_names(http: httpx.Client) -> None:
    http.put("/small-dated", json={"aliases": {"<of-{2031-05-02||/M{yyyy.MM}}>": {}}})
    add = {"add": {"index": "small-dated", "alias": "<day-{2031-05-02||+1d{yyyy.MM.dd}}>"}}
    assert http.post("/_aliases", json={"actions": [add]}).is_success
    assert set(http.get("/small-dated/_alias").json()["small-dated"]["aliases"]) == {"of-2031.05", "day-2031.05.03"}
    http.delete("/small-dated")


def test_parts_of_all_nodes_are_told_together(http: httpx.Client) -> None:
    assert http.get("/_info/ingest,http").json().keys() == {"cluster_name", "ingest", "http"}
    assert http.get("/_info/_all").json().keys() == {"cluster_name", "ingest", "http", "thread_pool", "script"}
    assert http.get("/_info/weather").status_code == 400
