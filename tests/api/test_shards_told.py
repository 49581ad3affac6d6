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
