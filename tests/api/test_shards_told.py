"""What is told of shards, their segments, and of the node that they are on."""

import shutil

import httpx
import pytest


@pytest.fixture
def books(indices: httpx.Client) -> httpx.Client:
    indices.put("/books", json={"mappings": {"properties": {"n": {"type": "long"}}}})
    for number in range(3):
        indices.put(f"/books/_doc/{number}?refresh=true", json={"n": number})
    indices.delete("/books/_doc/0?refresh=true")
    return indices


def test_segments_are_told_with_their_documents(books: httpx.Client) -> None:
    body = books.get("/books/_segments").json()
    assert body["_shards"] == {"total": 1, "successful": 1, "failed": 0}
    (shard,) = body["indices"]["books"]["shards"]["0"]
    assert shard["num_search_segments"] == len(shard["segments"])
    assert sum(each["num_docs"] for each in shard["segments"].values()) == 2
    assert all(each["size_in_bytes"] > 0 for each in shard["segments"].values())
    rows = books.get("/_cat/segments/books?format=json").json()
    assert {row["segment"] for row in rows} == set(shard["segments"])
    assert sum(int(row["docs.count"]) for row in rows) == 2
    books.post("/books/_forcemerge?max_num_segments=1")
    (row,) = books.get("/_cat/segments/books?format=json").json()
    assert (row["docs.count"], row["docs.deleted"], row["shard"]) == ("2", "0", "0")
    assert books.get("/nothing/_segments").status_code == 404


def test_shards_are_recovered(books: httpx.Client) -> None:
    (shard,) = books.get("/books/_recovery").json()["books"]["shards"]
    assert (shard["stage"], shard["primary"]) == ("DONE", True)
    (row,) = books.get("/_cat/recovery/books?format=json").json()
    assert (row["index"], row["stage"]) == ("books", "done")


def test_the_node_tells_what_it_holds_and_uses(books: httpx.Client) -> None:
    (node,) = books.get("/_nodes/stats").json()["nodes"].values()
    assert node["indices"]["docs"]["count"] >= 2
    assert node["os"]["mem"]["total_in_bytes"] > node["os"]["mem"]["free_in_bytes"] > 0
    assert node["fs"]["total"]["total_in_bytes"] in {shutil.disk_usage(each).total for each in ("/", "/tmp")}  # noqa: S108
    (some,) = books.get("/_nodes/_local/stats/process").json()["nodes"].values()
    assert some["process"]["id"] > 0
    assert "fs" not in some
    (row,) = books.get("/_cat/allocation?format=json&bytes=b").json()
    assert int(row["disk.total"]) > int(row["disk.avail"]) > 0
    (row,) = books.get("/_cat/master?format=json").json()
    assert row["node"] == "connote"
    assert books.get("/_cat/plugins?format=json").json() == []


def test_clients_see_what_is_here(http: httpx.Client) -> None:
    features = http.get("/_xpack").json()["features"]
    assert features["ml"] == {"available": True, "enabled": True}
    assert {features[name]["available"] for name in ("ilm", "security", "transform", "logsdb")} == {True}
    assert features["watcher"] == {"available": False, "enabled": False}
    models = http.get("/_xpack/usage").json()["inference"]["models"]
    assert {"service": "elasticsearch", "task_type": "sparse_embedding"} in models
    assert http.get("/_remote/info").json() == {}


def test_a_shard_is_where_it_should_be(books: httpx.Client) -> None:
    told = books.post("/_cluster/allocation/explain", json={"index": "books", "shard": 0, "primary": True}).json()
    assert (told["index"], told["current_state"]) == ("books", "started")
    assert books.get("/_cluster/allocation/explain").status_code == 400


def test_component_templates_are_a_table(indices: httpx.Client) -> None:
    template = {"settings": {"index": {"number_of_replicas": 0}}, "aliases": {"a": {}}}
    indices.put("/_component_template/parts", json={"template": template, "version": 3, "_meta": {"by": "me"}})
    (row,) = indices.get("/_cat/component_templates/parts?format=json").json()
    assert row["name"] == "parts"
    assert (row["version"], row["alias_count"], row["metadata_count"]) == ("3", "1", "1")
    indices.delete("/_component_template/parts")


def test_threads_are_told_with_where_they_are(http: httpx.Client) -> None:
    reply = http.get("/_nodes/hot_threads?interval=50ms&snapshots=5&threads=99&ignore_idle_threads=false")
    assert reply.headers["content-type"].startswith("text/plain")
    first, second, *lines = reply.text.splitlines()
    assert first.startswith("::: {connote}{")
    assert "interval=50ms, busiestThreads=99, ignoreIdleThreads=false:" in second
    assert any("cpu usage by thread 'MainThread'" in line for line in lines)
    assert any("5/5 snapshots sharing following" in line for line in lines)
    assert not any("/" in line and line.startswith("       ") for line in lines)  # names of files, not of folders
    assert "Hot threads" in http.get("/_nodes/_local/hot_threads?interval=10ms").text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("type=wait", "only [cpu] is told"),
        ("interval=1h", "[interval] must be"),
        ("interval=0", "[interval] must be"),
        ("snapshots=0", "[snapshots] must be"),
        ("threads=-1", "[threads] must be"),
    ],
)
def test_threads_are_watched_for_a_while_only(http: httpx.Client, query: str, told: str) -> None:
    reply = http.get(f"/_nodes/hot_threads?{query}")
    assert reply.status_code == 400
    assert told in reply.json()["error"]["reason"]


def test_the_node_counts_how_often_each_route_was_asked(http: httpx.Client) -> None:
    def count() -> int:
        (node,) = http.get("/_nodes/usage/rest_actions").json()["nodes"].values()
        assert node["timestamp"] >= node["since"] > 0
        found: int = node["rest_actions"].get("GET /_remote/info", 0)
        return found

    before = count()
    http.get("/_remote/info")
    assert count() == before + 1
    (node,) = http.get("/_nodes/usage").json()["nodes"].values()
    assert {"rest_actions", "aggregations"} <= set(node)
    assert http.get("/_nodes/usage/weather").status_code == 400
