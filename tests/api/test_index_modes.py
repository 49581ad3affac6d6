"""What an index is for: `index.mode`."""

import httpx
import pytest

from api.test_data_streams import refused


def test_an_index_to_look_up_in_has_one_shard(indices: httpx.Client) -> None:
    wrong = indices.put("/names", json={"settings": {"index": {"mode": "lookup", "number_of_shards": 2}}})
    assert "[lookup] mode must have [index.number_of_shards] set to 1 or unset" in refused(wrong)
    assert indices.put("/names", json={"settings": {"index.mode": "lookup"}}).is_success
    indices.put("/names/_doc/1?refresh=true", json={"code": "a", "name": "Anna"})
    indices.put("/rows/_doc/1?refresh=true", json={"code": "a"})
    query = "FROM rows METADATA _index_mode | LOOKUP JOIN names ON code | KEEP name, _index_mode"
    assert indices.post("/_query", json={"query": query}).json()["values"] == [["Anna", "standard"]]
    assert indices.get("/_resolve/index/names").json()["indices"][0]["mode"] == "lookup"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"index.mode": "time_series", "index.routing_path": ["host"]}, "[index.mode] of [time_series] is not supp"),
        ({"index.routing_path": ["host"]}, "[index.routing_path] requires [index.mode=time_series]"),
        ({"index": {"time_series": {"end_time": "2026-01-01"}}}, "[index.time_series.end_time] requires"),
        ({"index.mode": "fast"}, "[fast] is an invalid index mode, valid modes are: [standard,time_series,"),
    ],
)
def test_what_is_not_there_is_refused(indices: httpx.Client, settings: dict[str, object], told: str) -> None:
    for path, body in (
        ("/series", {"settings": settings}),
        ("/_index_template/series", {"index_patterns": ["s-*"], "template": {"settings": settings}}),
    ):
        reason = refused(indices.put(path, json=body))
        assert told in reason
        assert "time_series" in reason
    assert indices.head("/series").status_code == 404


def test_time_series_are_refused_with_a_place_to_read_why(indices: httpx.Client) -> None:
    assert "docs/compatibility.md" in refused(indices.put("/s", json={"settings": {"mode": "time_series"}}))


def test_documents_of_an_index_for_logs_have_a_time_and_leave_out_what_does_not_fit(indices: httpx.Client) -> None:
    fields = {"level": {"type": "keyword"}, "code": {"type": "integer"}, "strict": {"type": "integer"}}
    fields["strict"] |= {"ignore_malformed": "false"}
    made = indices.put("/log", json={"settings": {"index.mode": "logsdb"}, "mappings": {"properties": fields}})
    assert made.is_success
    assert indices.get("/log/_mapping").json()["log"]["mappings"]["properties"]["@timestamp"] == {"type": "date"}
    missing = indices.post("/log/_doc", json={"level": "info"})
    assert "timestamp field [@timestamp] is missing" in missing.json()["error"]["reason"]
    odd = {"@timestamp": "2026-01-01", "code": "many", "level": "x" * 8192}
    assert indices.put("/log/_doc/1?refresh=true", json=odd).status_code == 201
    (hit,) = indices.post("/log/_search", json={}).json()["hits"]["hits"]
    assert (hit["_ignored"], hit["_source"]) == (["code", "level"], odd)
    wrong = indices.put("/log/_doc/2", json={"@timestamp": "2026-01-01", "strict": "many"})
    assert wrong.json()["error"]["type"] == "document_parsing_exception"


def test_the_mode_of_an_index_stays(indices: httpx.Client) -> None:
    indices.put("/plain")
    assert "not updateable" in refused(indices.put("/plain/_settings", json={"index.mode": "lookup"}))
