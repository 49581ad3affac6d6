"""Transforms: an index made of another by groups, or of the latest documents; once, or as documents come."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from conftest import Server

LINES = {"Content-Type": "application/x-ndjson"}
MAPPING = {
    "properties": {
        "shop": {"type": "keyword"},
        "city": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "at": {"type": "date"},
        "price": {"type": "double"},
        "count": {"type": "integer"},
        "place": {"type": "geo_point"},
    }
}
SALES: list[dict[str, Any]] = [
    {"shop": "a", "city": "Bergen", "at": "2026-01-01T10:00:00Z", "price": 2.5, "count": 1, "place": "60.4,5.3"},
    {"shop": "a", "city": "Bergen", "at": "2026-01-02T11:00:00Z", "price": 7.5, "count": 3, "place": "60.5,5.4"},
    {"shop": "b", "city": "Oslo", "at": "2026-01-02T12:00:00Z", "price": 4.0, "count": 2},
]


def write(http: httpx.Client, sales: list[dict[str, Any]], index: str = "sales") -> None:
    raw = b"".join(b'{"index": {}}\n' + orjson.dumps(each) + b"\n" for each in sales)
    reply = http.post(f"/{index}/_bulk", content=raw, headers=LINES)
    assert reply.is_success, reply.text
    assert not reply.json()["errors"], reply.text


@pytest.fixture
def shop(indices: httpx.Client) -> Iterator[httpx.Client]:
    assert indices.put("/sales", json={"mappings": MAPPING}).is_success
    write(indices, SALES)
    yield indices
    indices.post("/_transform/_all/_stop?force=true&wait_for_completion=true")
    for each in indices.get("/_transform").json()["transforms"]:
        indices.delete(f"/_transform/{each['id']}?force=true")


def pivot(aggs: dict[str, Any], **groups: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    group_by = groups or {"shop": {"terms": {"field": "shop"}}}
    return {
        "source": {"index": "sales"},
        "dest": {"index": "sums"},
        "pivot": {"group_by": group_by, "aggregations": aggs},
    }


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(200):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to be within 10 seconds")


def told(http: httpx.Client, id: str = "t") -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/_transform/{id}/_stats").json()["transforms"][0]
    return found


def run(http: httpx.Client, body: dict[str, Any], id: str = "t") -> list[dict[str, Any]]:
    reply = http.put(f"/_transform/{id}", json=body)
    assert reply.json() == {"acknowledged": True}, reply.text
    assert http.post(f"/_transform/{id}/_start").json() == {"acknowledged": True}
    until(lambda: told(http, id)["state"] in ("stopped", "failed"))
    assert told(http, id)["state"] == "stopped", told(http, id)
    return made(http)


def made(http: httpx.Client, index: str = "sums") -> list[dict[str, Any]]:
    http.post(f"/{index}/_refresh")
    hits = http.post(f"/{index}/_search", json={"size": 1000}).json()["hits"]["hits"]
    return sorted((hit["_source"] for hit in hits), key=orjson.dumps)


def test_a_pivot_makes_a_document_of_each_group(shop: httpx.Client) -> None:
    aggs: dict[str, Any] = {
        "total": {"sum": {"field": "price"}},
        "most": {"max": {"field": "count"}},
        "last": {"max": {"field": "at"}},
        "sales.number": {"value_count": {"field": "price"}},
        "cities": {"terms": {"field": "city.raw"}},
        "dear": {"filter": {"range": {"price": {"gt": 5}}}, "aggs": {"mean": {"avg": {"field": "price"}}}},
        "cheap": {"filter": {"range": {"price": {"lte": 5}}}},
        "spread": {"stats": {"field": "price"}},
        "quantiles": {"percentiles": {"field": "price", "percents": [50, 99.9]}},
        "newest": {"top_metrics": {"metrics": [{"field": "price"}], "sort": {"at": "desc"}}},
        "middle": {"geo_centroid": {"field": "place"}},
        "double": {"bucket_script": {"buckets_path": {"t": "total"}, "script": "params.t * 2"}},
    }
    first, second = run(shop, pivot(aggs))
    middle = first.pop("middle")
    assert (middle["lat"], middle["lon"]) == (pytest.approx(60.45, abs=1e-5), pytest.approx(5.35, abs=1e-5))
    assert first == {
        "shop": "a",
        "total": 10.0,
        "most": 3,
        "last": "2026-01-02T11:00:00.000Z",
        "sales": {"number": 2},
        "cities": {"Bergen": 2},
        "dear": {"mean": 7.5},
        "cheap": 1,
        "spread": {"count": 2, "min": 2.5, "max": 7.5, "avg": 5.0, "sum": 10.0},
        "quantiles": {"50": 5.0, "99_9": pytest.approx(7.495)},
        "newest": {"price": 7.5},
        "double": 20.0,
    }
    assert (second["shop"], second["dear"], second["middle"]) == ("b", {"mean": None}, None)
    mapping = shop.get("/sums/_mapping").json()["sums"]["mappings"]
    kinds = {
        name: mapping["properties"][name].get("type") for name in ("shop", "total", "most", "last", "cities", "cheap")
    }
    assert kinds == {
        "shop": "keyword", "total": "double", "most": "integer", "last": "date", "cities": "flattened", "cheap": "long",
    }  # fmt: skip
    assert mapping["properties"]["sales"]["properties"]["number"]["type"] == "long"
    assert mapping["_meta"]["created_by"] == "transform"


def test_groups_are_those_that_one_finds_by_hand_however_many_pages(shop: httpx.Client) -> None:
    drawn = random.Random(7)  # noqa: S311
    sales: list[dict[str, Any]] = [
        {"shop": f"s{drawn.randrange(9)}", "at": f"2026-0{drawn.randrange(1, 7)}-15", "price": drawn.randrange(100)}
        for _ in range(400)
    ]
    shop.delete("/sales")
    shop.put("/sales", json={"mappings": MAPPING})
    write(shop, sales)
    sums = defaultdict[tuple[str, str], list[int]](list)
    for each in sales:
        sums[f"{each['at'][:7]}-01T00:00:00.000Z", each["shop"]].append(each["price"])
    month = {"date_histogram": {"field": "at", "calendar_interval": "month"}}
    body = pivot({"n": {"sum": {"field": "price"}}}, month=month, shop={"terms": {"field": "shop"}})
    found = run(shop, body | {"settings": {"max_page_search_size": 10}})
    assert {(each["month"], each["shop"]): each["n"] for each in found} == {key: sum(own) for key, own in sums.items()}
    stats = told(shop)["stats"]
    assert stats["documents_processed"] == 400
    assert stats["documents_indexed"] == len(sums)
    assert stats["pages_processed"] >= len(sums) / 10


def test_the_latest_document_of_each_key_is_kept_as_it_is(shop: httpx.Client) -> None:
    body = {"source": {"index": "sales"}, "dest": {"index": "sums"}, "latest": {"unique_key": ["shop"], "sort": "at"}}
    assert run(shop, body) == sorted(SALES[1:], key=orjson.dumps)


def test_a_preview_shows_documents_and_mapping_and_makes_nothing(shop: httpx.Client) -> None:
    body = pivot({"total": {"sum": {"field": "price"}}})
    query = {"query": {"term": {"shop": "b"}}}
    given = {"source": {**body["source"], **query}, "pivot": body["pivot"]}
    found = shop.post("/_transform/_preview", json=given).json()
    assert found["preview"] == [{"shop": "b", "total": 4.0}]
    assert found["generated_dest_index"]["mappings"]["properties"]["total"] == {"type": "double"}
    shop.put("/_transform/t", json=body)
    assert len(shop.get("/_transform/t/_preview").json()["preview"]) == 2
    assert shop.head("/sums").status_code == 404


def test_a_continuous_one_follows_its_source_and_writes_only_what_has_changed(shop: httpx.Client) -> None:
    sync = {"sync": {"time": {"field": "at", "delay": "0s"}}, "frequency": "1s"}
    shop.put("/_transform/t", json=pivot({"total": {"sum": {"field": "price"}}}) | sync)
    shop.post("/_transform/t/_start")
    until(lambda: told(shop)["checkpointing"]["last"]["checkpoint"] == 1)
    assert told(shop)["state"] == "started"
    assert shop.post("/_transform/t/_start").status_code == 409
    assert shop.delete("/_transform/t").status_code == 409
    write(shop, [{"shop": "b", "at": "2026-01-03", "price": 6.0}, {"shop": "b", "at": "2190-01-01", "price": 1000.0}])
    until(lambda: told(shop)["checkpointing"]["last"]["checkpoint"] >= 2)
    assert [each["total"] for each in made(shop)] == [10.0, 10.0]  # without the one that is yet to come
    versions = {
        hit["_source"]["shop"]: hit["_version"] for hit in shop.get("/sums/_search?version=true").json()["hits"]["hits"]
    }
    assert versions == {"a": 1, "b": 2}
    stopped = shop.post("/_transform/t/_stop?wait_for_completion=true")
    assert stopped.json() == {"acknowledged": True}
    assert told(shop)["state"] == "stopped"


def test_what_is_older_than_it_may_be_is_deleted(shop: httpx.Client) -> None:
    write(shop, [{"shop": "c", "at": "2190-01-01", "price": 1.0}])
    body = pivot({"last": {"max": {"field": "at"}}})
    policy = {"retention_policy": {"time": {"field": "last", "max_age": "1d"}}}
    assert [each["shop"] for each in run(shop, body | policy)] == ["c"]
    assert told(shop)["stats"]["documents_deleted"] == 2


def test_it_is_shown_changed_reset_and_deleted(shop: httpx.Client) -> None:
    body = pivot({"total": {"sum": {"field": "price"}}})
    run(shop, body)
    changed = shop.post("/_transform/t/_update", json={"description": "sums", "frequency": "5m"}).json()
    assert (changed["id"], changed["description"], changed["frequency"]) == ("t", "sums", "5m")
    listed = shop.get("/_transform/_all?exclude_generated=true").json()
    assert (listed["count"], listed["transforms"][0]["pivot"]) == (1, body["pivot"])
    assert "create_time" not in listed["transforms"][0]
    assert shop.post("/_transform/t/_update", json={"pivot": body["pivot"]}).status_code == 400
    (row,) = shop.get("/_cat/transforms?format=json&h=id,state,checkpoint,transform_type").json()
    assert row == {"id": "t", "state": "stopped", "checkpoint": "1", "transform_type": "batch"}
    assert shop.post("/_transform/t/_reset").json() == {"acknowledged": True}
    assert (told(shop)["checkpointing"]["last"]["checkpoint"], shop.head("/sums").status_code) == (0, 404)
    shop.post("/_transform/t/_start")
    until(lambda: told(shop)["state"] == "stopped")
    assert shop.delete("/_transform/t?delete_dest_index=true").json() == {"acknowledged": True}
    assert (shop.get("/_transform/t").status_code, shop.head("/sums").status_code) == (404, 404)


def test_documents_go_through_a_pipeline_and_one_that_fails_tells_why(shop: httpx.Client) -> None:
    processors = [{"fail": {"if": "ctx.shop == 'b'", "message": "no shop b"}}]
    shop.put("/_ingest/pipeline/no-b", json={"processors": processors})
    body = pivot({"total": {"sum": {"field": "price"}}})
    shop.put("/_transform/t", json=body | {"dest": {"index": "sums", "pipeline": "no-b"}})
    shop.post("/_transform/t/_start")
    until(lambda: told(shop)["state"] == "failed")
    found = told(shop)
    assert "no shop b" in found["reason"]
    assert (found["health"]["status"], found["stats"]["index_failures"]) == ("red", 1)
    assert "Use force stop" in shop.post("/_transform/t/_start").json()["error"]["reason"]
    assert shop.post("/_transform/t/_stop").status_code == 409
    shop.post("/_transform/t/_stop?force=true")
    assert told(shop)["state"] == "stopped"
    shop.delete("/_transform/t")
    shop.delete("/_ingest/pipeline/no-b")


def test_one_that_ran_goes_on_after_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            client.put("/sales", json={"mappings": MAPPING})
            write(client, SALES)
            sync = {"sync": {"time": {"field": "at", "delay": "0s"}}, "frequency": "1s"}
            client.put("/_transform/t", json=pivot({"total": {"sum": {"field": "price"}}}) | sync)
            client.post("/_transform/t/_start")
            until(lambda: told(client)["checkpointing"]["last"]["checkpoint"] == 1)
    finally:
        assert server.stop() == 0
    server = Server(tmp_path / "data")
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            write(client, [{"shop": "b", "at": "2026-01-03", "price": 6.0}])
            until(lambda: [each["total"] for each in made(client)] == [10.0, 10.0])
            assert told(client)["state"] in ("started", "indexing")
    finally:
        assert server.stop() == 0


BODY = pivot({"total": {"sum": {"field": "price"}}})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pivot": None}, "must be an object"),
        ({"latest": {"unique_key": ["shop"], "sort": "at"}}, "exactly 1 function"),
        ({"source": {"index": "missing"}}, "no such index [missing]"),
        ({"source": {"index": []}}, "[source] needs an [index]"),
        ({"source": {"index": "sales", "query": {"what": {}}}}, "unknown query [what]"),
        ({"dest": {"index": "sales"}}, "is included in source expression"),
        ({"dest": {"index": "sums", "pipeline": "missing"}}, "Pipeline with id [missing]"),
        ({"frequency": "1d"}, "[frequency] must be between"),
        ({"sync": {"time": {}}}, "[sync.time] needs a [field]"),
        ({"retention_policy": {"time": {"field": "at", "max_age": "1ms"}}}, "at least [1s]"),
        ({"settings": {"max_page_search_size": 1}}, "out of range"),
        ({"settings": {"docs_per_second": 0}}, "greater than 0"),
        ({"colour": 1}, "unknown field [colour]"),
        ({"pivot": {"group_by": {}, "aggs": {"n": {"sum": {"field": "price"}}}}}, "must not be null or empty"),
        ({"pivot": {"group_by": BODY["pivot"]["group_by"]}}, "must be an object with at least one"),
        (
            {"pivot": {**BODY["pivot"], "aggregations": {"h": {"top_hits": {}}}}},
            "Unsupported aggregation type [top_hits]",
        ),
        ({"pivot": {**BODY["pivot"], "aggregations": {"shop": {"sum": {"field": "price"}}}}}, "duplicate field [shop]"),
    ],
)
def test_what_is_no_transform_is_refused(shop: httpx.Client, change: dict[str, Any], reason: str) -> None:
    reply = shop.put("/_transform/t", json={**BODY, **change})
    assert reply.status_code == 400, reply.text
    assert reason in reply.text
    assert shop.get("/_transform/t").status_code == 404


def test_what_is_not_there_is_told_so(shop: httpx.Client) -> None:
    for method, path in (
        ("GET", "t"),
        ("DELETE", "t"),
        ("POST", "t/_start"),
        ("POST", "t/_stop"),
        ("POST", "t/_reset"),
    ):
        assert shop.request(method, f"/_transform/{path}").status_code == 404, path
    assert shop.get("/_transform/x*").json()["count"] == 0
    assert shop.get("/_transform/x*?allow_no_match=false").status_code == 404
    assert shop.put("/_transform/Not%20so", json=BODY).status_code == 400
    shop.put("/_transform/t", json=BODY)
    assert shop.put("/_transform/t", json=BODY).json()["error"]["type"] == "resource_already_exists_exception"


def test_no_pattern_is_written_to_and_nothing_of_others_is_deleted(shop: httpx.Client) -> None:
    body = pivot({"sum": {"sum": {"field": "price"}}})
    for name in ("*", "s*", "sales,sums", "_all", "-sums"):
        reply = shop.put("/_transform/sums?defer_validation", json={**body, "dest": {"index": name}})
        assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_index_name_exception"), reply.text
    for index in ("kept", "made"):
        assert shop.put(f"/{index}/_doc/1?refresh", json={"a": 1}).is_success
    actions: list[dict[str, Any]] = [{"add": {"index": "kept", "alias": "both"}}]
    actions.append({"add": {"index": "made", "alias": "both", "is_write_index": True}})
    actions.append({"add": {"index": "sales", "alias": "source"}})
    assert shop.post("/_aliases", json={"actions": actions}).is_success
    assert shop.put("/_transform/sums", json={**body, "dest": {"index": "both"}}).is_success
    reply = shop.delete("/_transform/sums?delete_dest_index=true")
    assert reply.status_code == 400
    assert "The provided expression [both] matches an alias" in reply.json()["error"]["reason"]
    assert [shop.get(f"/{index}/_count").json()["count"] for index in ("kept", "made")] == [1, 1]
    reply = shop.put("/_transform/itself", json={**body, "dest": {"index": "source"}})
    assert "is included in source expression" in reply.json()["error"]["reason"]
