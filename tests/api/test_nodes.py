"""What clients, dashboards and tools of operators ask nodes about."""

import os

import httpx
import pytest


def _node(http: httpx.Client, path: str) -> dict[str, object]:
    body = http.get(path).json()
    assert body["_nodes"] == {"total": 1, "successful": 1, "failed": 0}
    (node,) = body["nodes"].values()
    assert isinstance(node, dict)
    return node


def test_a_client_finds_the_addresses_of_all_nodes(http: httpx.Client) -> None:
    node = _node(http, "/_nodes/_all/http")
    assert node["http"] == {
        "bound_address": [http.base_url.netloc.decode()],
        "publish_address": http.base_url.netloc.decode(),
        "max_content_length_in_bytes": 100 * 1024 * 1024,
    }
    assert node["roles"] == ["data", "ingest", "master", "ml"]
    assert not {"os", "settings", "plugins"} & node.keys()


def test_a_node_tells_its_parts(http: httpx.Client) -> None:
    node = _node(http, "/_nodes")
    assert {"settings", "os", "process", "jvm", "http", "plugins", "ingest", "thread_pool"} <= node.keys()
    assert {"type": "inference"} in _node(http, "/_nodes/ingest")["ingest"]["processors"]  # type: ignore[index]
    assert _node(http, "/_nodes/os,process").keys() >= {"os", "process"}
    assert "os" not in _node(http, "/_nodes/_local/process,never_heard_of")
    flat = _node(http, "/_nodes/settings?flat_settings=true")["settings"]
    assert isinstance(flat, dict)
    assert flat["cluster.name"] == "connote"


def test_names_ids_addresses_and_roles_mean_the_node(http: httpx.Client) -> None:
    uuid = http.get("/").json()["cluster_uuid"]
    for meant in ("_master", uuid, "conn*", "127.0.0.1", "data:true", "else,connote"):
        assert _node(http, f"/_nodes/{meant}")["name"] == "connote"
        assert _node(http, f"/_nodes/{meant}/stats/fs")["name"] == "connote"
    for other in ("else", "data:false", "_all,ml:false", "ingest:never"):
        assert http.get(f"/_nodes/{other}").json()["nodes"] == {}
        assert http.get(f"/_nodes/{other}/stats").json()["_nodes"]["total"] == 0


def test_what_a_node_uses_is_measured(http: httpx.Client) -> None:
    node = _node(http, "/_nodes/stats/jvm,os,process")
    jvm, machine = node["jvm"], node["os"]
    assert isinstance(jvm, dict)
    assert isinstance(machine, dict)
    assert 2**20 < jvm["mem"]["heap_used_in_bytes"] < jvm["mem"]["heap_max_in_bytes"]
    assert machine["mem"]["free_percent"] + machine["mem"]["used_percent"] == 100
    assert 0 <= machine["cpu"]["percent"] <= 100
    only = _node(http, "/_nodes/stats/indices/docs,merge")["indices"]
    assert isinstance(only, dict)
    assert only.keys() <= {"docs", "merges"}
    assert http.get("/_nodes/stats/weather").status_code == 400


def test_tables_of_nodes_have_the_columns_that_dashboards_read(http: httpx.Client) -> None:
    (row,) = http.get("/_cat/nodes?format=json").json()
    assert list(row) == [
        "ip", "heap.percent", "ram.percent", "cpu", "load_1m", "load_5m", "load_15m", "node.role", "master", "name",
    ]  # fmt: skip
    assert (row["node.role"], row["master"], row["name"]) == ("dilm", "*", "connote")
    columns = "id,ip,hp,heapMax,rc,disk.used_percent,du,dt,cpu,load_1m,uptime,version"
    (row,) = http.get(f"/_cat/nodes?format=json&bytes=b&full_id=true&h={columns}").json()
    assert row["id"] == http.get("/").json()["cluster_uuid"]
    assert int(row["disk.total"]) > int(row["disk.used"]) > 0
    assert int(row["heap.max"]) > 0
    assert 0 <= float(row["disk.used_percent"]) <= 100
    assert float(row["load_1m"]) == pytest.approx(os.getloadavg()[0], abs=5)


def test_the_state_tells_where_shards_are(indices: httpx.Client) -> None:
    indices.put("/here")
    state = indices.get("/_cluster/state/routing_table,routing_nodes,master_node").json()
    (shard,) = state["routing_table"]["indices"]["here"]["shards"]["0"]
    assert (shard["state"], shard["primary"], shard["node"]) == ("STARTED", True, state["master_node"])
    assert shard in state["routing_nodes"]["nodes"][state["master_node"]]
    assert state["routing_nodes"]["unassigned"] == []
    assert "metadata" not in state
