"""How the server fares, and what is told of nodes and shards."""

import os
from pathlib import Path

import httpx
import pytest

from conftest import Server


def test_all_indicators_are_green_on_a_server_that_fares_well(indices: httpx.Client) -> None:
    indices.put("/shelf")
    told = indices.get("/_health_report").json()
    assert set(told["indicators"]) >= {"master_is_stable", "shards_availability", "disk", "data_stream_lifecycle"}
    shards = told["indicators"]["shards_availability"]
    assert (shards["status"], shards["details"]["unassigned_primaries"]) == ("green", 0)
    assert shards["details"]["started_primaries"] >= 1
    disk = told["indicators"]["disk"]  # of the machine that runs the tests
    assert told["status"] == disk["status"]
    short = indices.get("/_health_report/shards_availability?verbose=false").json()
    assert short["indicators"] == {"shards_availability": {k: shards[k] for k in ("status", "symptom")}}
    assert "status" not in short
    assert indices.get("/_health_report/weather").status_code == 404
    assert indices.get("/_health_report?size=-1").status_code == 400


def test_an_index_whose_files_cannot_be_read_is_told_with_what_to_do(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = Server(data)
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            for name in ("well", "broken"):
                client.put(f"/{name}/_doc/1?refresh=true", json={"title": "whale"})
            broken = client.get("/broken/_settings").json()["broken"]["settings"]["index"]["uuid"]
    finally:
        server.stop()
    for file in (data / "indices" / broken).glob("*.db"):
        file.write_bytes(b"no database" * 1000)
    server = Server(data)
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            told = client.get("/_health_report").json()
    finally:
        server.stop()
    shards = told["indicators"]["shards_availability"]
    assert (told["status"], shards["status"]) == ("red", "red")
    assert shards["symptom"] == "This cluster has 1 unavailable primary shard."
    assert (shards["details"]["unassigned_primaries"], shards["details"]["started_primaries"]) == (1, 1)
    assert shards["diagnosis"][0]["affected_resources"] == {"indices": ["broken"]}
    assert shards["impacts"][0]["severity"] == 1


def test_where_a_search_would_run_is_told_with_the_aliases_that_it_names(indices: httpx.Client) -> None:
    near = {"term": {"place": "near"}}
    indices.put("/shelf", json={"aliases": {"near": {"filter": near}, "all": {}}})
    told = indices.get("/shelf/_search_shards").json()
    ((shard,),) = told["shards"]
    assert (shard["index"], shard["shard"], shard["state"], shard["primary"]) == ("shelf", 0, "STARTED", True)
    assert list(told["nodes"]) == [shard["node"]]
    assert told["indices"] == {"shelf": {}}
    by_alias = indices.post("/near/_search_shards?routing=a").json()["indices"]
    assert by_alias == {"shelf": {"aliases": ["near"], "filter": near}}
    assert indices.get("/missing/_search_shards").status_code == 404


def test_stores_of_shards_are_told_by_their_health(indices: httpx.Client) -> None:
    indices.put("/shelf")
    assert indices.get("/shelf/_shard_stores").json() == {"indices": {}}
    told = indices.get("/shelf/_shard_stores?status=green").json()["indices"]["shelf"]
    assert told["shards"]["0"]["stores"][0]["allocation"] == "primary"
    assert indices.get("/shelf/_shard_stores?status=blue").status_code == 400


@pytest.mark.parametrize(
    "path", ["pending_tasks", "repositories", "snapshots", "fielddata", "fielddata/title", "snapshots/_all"]
)
def test_tables_of_what_there_is_not_are_empty(http: httpx.Client, path: str) -> None:
    assert http.get(f"/_cat/{path}?format=json").json() == []
    assert "|" in http.get(f"/_cat/{path}?help").text
    assert f"/_cat/{path.partition('/')[0]}" in http.get("/_cat").text.splitlines()


def test_the_node_tells_what_the_machine_has_for_models(http: httpx.Client) -> None:
    rows = {each["attr"]: each["value"] for each in http.get("/_cat/nodeattrs?format=json").json()}
    assert int(rows["ml.machine_memory"]) == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    (node,) = http.get("/_nodes").json()["nodes"].values()
    assert node["attributes"] == rows


def test_shards_have_nowhere_to_move_to(http: httpx.Client) -> None:
    assert http.post("/_cluster/reroute").json() == {"acknowledged": True}
    reply = http.post("/_cluster/reroute", json={"commands": [{"move": {"index": "shelf"}}]})
    assert "there is one node" in reply.json()["error"]["reason"]
    assert http.get("/_dangling").json()["dangling_indices"] == []
    assert http.delete("/_dangling/abc?accept_data_loss=true").status_code == 400


def test_a_task_of_another_node_cannot_be_throttled(http: httpx.Client) -> None:
    told = http.post("/_delete_by_query/elsewhere:7/_rethrottle?requests_per_second=2").json()
    (failure,) = told["node_failures"]
    assert failure["caused_by"] == {
        "type": "no_such_node_exception", "reason": "No such node [elsewhere]", "node_id": "elsewhere",
    }  # fmt: skip


def test_an_index_is_made_as_another_is_but_for_what_is_said(indices: httpx.Client) -> None:
    settings, mappings = {"number_of_replicas": 3, "blocks.write": True}, {"properties": {"title": {"type": "text"}}}
    indices.put("/shelf", json={"settings": settings, "mappings": mappings})
    body = {"settings_override": {"refresh_interval": "9s"}, "mappings_override": {"dynamic": "strict"}}
    assert indices.post("/_create_from/shelf/shelf-2", json=body).json()["index"] == "shelf-2"
    told = indices.get("/shelf-2").json()["shelf-2"]
    own = told["settings"]["index"]
    assert (own["number_of_replicas"], own["refresh_interval"], "blocks" in own) == ("3", "9s", False)
    assert told["mappings"] == {**mappings, "dynamic": "strict"}
    assert indices.post("/_create_from/missing/shelf-3").status_code == 404
    assert indices.post("/_create_from/shelf/shelf-3", json={"mappings": {}}).status_code == 400


def test_nothing_is_to_be_migrated(http: httpx.Client) -> None:
    assert http.get("/_migration/deprecations").json()["index_settings"] == {}
    assert http.get("/_migration/system_features").json()["migration_status"] == "NO_MIGRATION_NEEDED"
    assert http.post("/_migration/system_features").json()["accepted"] is False


def test_a_simulated_template_tells_which_others_are_for_the_same_indices(indices: httpx.Client) -> None:
    indices.put("/_index_template/all-notes", json={"index_patterns": ["note*"], "priority": 3})
    indices.put("/_index_template/songs", json={"index_patterns": ["song*"]})
    body = {"index_patterns": ["notes-*"], "priority": 4}
    told = indices.post("/_index_template/_simulate", json=body).json()["overlapping"]
    assert told == [{"name": "all-notes", "index_patterns": ["note*"]}]
    settings = {"template": {"settings": {"number_of_replicas": 2}}}
    indices.put("/_component_template/copies", json=settings)
    shown = indices.get("/_component_template/copies?flat_settings=true").json()["component_templates"]
    assert shown[0]["component_template"]["template"]["settings"] == {"index.number_of_replicas": "2"}
