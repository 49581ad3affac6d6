"""Data streams: made by templates, written to by their name, searched as one, rolled over."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

TEMPLATE = {
    "index_patterns": ["logs-*"],
    "data_stream": {},
    "priority": 7,
    "template": {"mappings": {"properties": {"level": {"type": "keyword"}}}, "settings": {"number_of_replicas": 0}},
}
LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def streams(indices: httpx.Client) -> Iterator[httpx.Client]:
    assert indices.put("/_index_template/logs", json=TEMPLATE).is_success
    yield indices
    assert indices.delete("/_data_stream/*").is_success
    assert indices.delete("/_index_template/logs").is_success


def first(name: str, number: int = 1) -> str:
    return f".ds-{name}-{datetime.now(UTC):%Y.%m.%d}-{number:06}"


def event(day: int, **more: object) -> dict[str, object]:
    return {"@timestamp": f"2026-11-{day:02}T10:00:00Z", **more}


def bulk(http: httpx.Client, kind: str, *documents: dict[str, object], path: str = "/logs-a/_bulk") -> dict[str, Any]:
    raw = b"".join(orjson.dumps({kind: {}}) + b"\n" + orjson.dumps(each) + b"\n" for each in documents)
    reply = http.post(f"{path}?refresh=true", content=raw, headers=LINES)
    assert reply.is_success, reply.text
    found: dict[str, Any] = reply.json()
    return found


def refused(reply: httpx.Response) -> str:
    assert reply.status_code == 400, reply.text
    reason: str = reply.json()["error"]["reason"]
    return reason


def test_a_data_stream_is_made_of_its_template(streams: httpx.Client) -> None:
    assert streams.put("/_data_stream/logs-a").json() == {"acknowledged": True}
    (told,) = streams.get("/_data_stream/logs-a").json()["data_streams"]
    name = first("logs-a")
    assert (told["name"], told["generation"], told["template"]) == ("logs-a", 1, "logs")
    assert told["timestamp_field"] == {"name": "@timestamp"}
    assert [each["index_name"] for each in told["indices"]] == [name]
    shown = streams.get("/logs-a").json()
    assert list(shown) == [name]
    assert shown[name]["data_stream"] == "logs-a"
    assert shown[name]["mappings"]["_data_stream_timestamp"] == {"enabled": True}
    assert shown[name]["mappings"]["properties"]["@timestamp"] == {"type": "date"}
    assert shown[name]["settings"]["index"]["hidden"] == "true"
    assert streams.head("/logs-a").status_code == 200
    again = streams.put("/_data_stream/logs-a")
    assert again.json()["error"]["type"] == "resource_already_exists_exception"


def test_a_bulk_of_creates_makes_it_and_its_name_is_searched(streams: httpx.Client) -> None:
    told = bulk(streams, "create", event(1, level="warn"), event(2, level="info"))
    assert [item["create"]["_index"] for item in told["items"]] == [first("logs-a")] * 2
    one = streams.post("/logs-a/_doc?refresh=true", json=event(3, level="warn"))
    assert (one.status_code, one.json()["_index"]) == (201, first("logs-a"))
    query = {"query": {"term": {"level": "warn"}}, "sort": [{"@timestamp": "desc"}]}
    for path in ("/logs-a/_search", "/logs-*/_search", "/_search"):
        hits = streams.post(path, json=query).json()["hits"]["hits"]
        assert [hit["_source"]["@timestamp"][:10] for hit in hits] == ["2026-11-03", "2026-11-01"], path
    assert streams.get("/logs-a/_count").json()["count"] == 3


def test_only_creates_are_taken(streams: httpx.Client) -> None:
    only = "only write ops with an op_type of create are allowed in data streams"
    (item,) = bulk(streams, "index", event(1))["items"]
    assert (item["index"]["status"], item["index"]["error"]["reason"]) == (400, only)
    assert refused(streams.put("/logs-a/_doc/1", json=event(1))) == only
    assert streams.put("/logs-a/_create/1", json=event(1)).status_code == 201
    assert refused(streams.delete("/logs-a/_doc/1")) == only
    assert refused(streams.post("/logs-a/_update/1", json={"doc": {"n": 1}})) == only
    assert streams.post(f"/{first('logs-a')}/_update/1", json={"doc": {"n": 1}}).json()["result"] == "updated"
    assert "specifies a custom routing" in refused(streams.put("/logs-a/_create/2?routing=x", json=event(1)))
    for path in ("_update_by_query", "_delete_by_query"):
        told = streams.post(f"/logs-a/{path}?refresh=true", json={"query": {"match_all": {}}}).json()
        assert (told["total"], told["failures"]) == (1, [])


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"level": "info"}, "data stream timestamp field [@timestamp] is missing"),
        ({"@timestamp": ["2026-01-01", "2026-01-02"]}, "data stream timestamp field [@timestamp] encountered multiple"),
        ({"@timestamp": "yesterday"}, "failed to parse field [@timestamp] of type [date]"),
    ],
)
def test_a_document_needs_one_timestamp(streams: httpx.Client, document: dict[str, object], told: str) -> None:
    (item,) = bulk(streams, "create", document)["items"]
    assert (item["create"]["status"], item["create"]["error"]["type"]) == (400, "document_parsing_exception")
    assert told in item["create"]["error"]["reason"]


def test_rolling_over_begins_the_next_index(streams: httpx.Client) -> None:
    bulk(streams, "create", event(1))
    not_yet = streams.post("/logs-a/_rollover", json={"conditions": {"max_docs": 5}}).json()
    assert (not_yet["rolled_over"], not_yet["new_index"]) == (False, first("logs-a", 2))
    told = streams.post("/logs-a/_rollover").json()
    assert (told["rolled_over"], told["old_index"], told["new_index"]) == (True, first("logs-a"), first("logs-a", 2))
    assert bulk(streams, "create", event(2))["items"][0]["create"]["_index"] == first("logs-a", 2)
    assert streams.get("/logs-a/_count").json()["count"] == 2
    stats = streams.get("/_data_stream/logs-a/_stats").json()
    assert (stats["data_stream_count"], stats["backing_indices"]) == (1, 2)
    newest = datetime(2026, 11, 2, 10, tzinfo=UTC).timestamp() * 1000
    assert stats["data_streams"][0]["maximum_timestamp"] == newest
    assert "write index for data stream [logs-a]" in refused(streams.delete(f"/{first('logs-a', 2)}"))
    assert streams.delete(f"/{first('logs-a')}").is_success
    (left,) = streams.get("/_data_stream").json()["data_streams"]
    assert ([each["index_name"] for each in left["indices"]], left["generation"]) == ([first("logs-a", 2)], 2)
    assert "may not be specified" in refused(streams.post("/logs-a/_rollover/mine"))


def test_backing_indices_are_hidden_and_resolved(streams: httpx.Client) -> None:
    bulk(streams, "create", event(1))
    streams.put("/plain")
    assert [row["index"] for row in streams.get("/_cat/indices/p*?format=json").json()] == ["plain"]
    told = streams.get("/_resolve/index/*").json()
    assert [each["name"] for each in told["indices"]] == ["plain"]
    backing = {"backing_indices": [first("logs-a")], "name": "logs-a", "timestamp_field": "@timestamp"}
    assert told["data_streams"] == [backing]
    (own,) = streams.get("/_resolve/index/.ds-*").json()["indices"]
    assert (own["data_stream"], own["attributes"]) == ("logs-a", ["hidden", "open"])
    assert "matches a data stream" in refused(streams.delete("/logs-a"))


def test_what_a_template_of_data_streams_stands_in_the_way_of(streams: httpx.Client) -> None:
    assert "creates data streams only" in refused(streams.put("/logs-x"))
    assert "no matching index template found" in refused(streams.put("/_data_stream/other"))
    streams.put("/_data_stream/logs-a")
    assert "in use by a data streams [logs-a]" in refused(streams.delete("/_index_template/logs"))
    wrong = {**TEMPLATE, "index_patterns": ["x-*"], "template": {"mappings": {"properties": {"@timestamp": {
        "type": "keyword"}}}}}  # fmt: skip
    assert "but [date,date_nanos] is expected" in refused(streams.put("/_index_template/x", json=wrong))
    missing = streams.put("/other/_create/1?require_data_stream=true", json=event(1))
    assert missing.status_code == 404
    assert "is not a data stream" in missing.json()["error"]["reason"]


def test_indices_are_added_and_taken_out(streams: httpx.Client) -> None:
    bulk(streams, "create", event(2))
    streams.put("/old", json={"mappings": {"properties": {"@timestamp": {"type": "date"}}}})
    streams.put("/old/_doc/1?refresh=true", json=event(1))
    action = {"data_stream": "logs-a", "index": "old"}
    body = {"actions": [{"add_backing_index": action}]}
    assert streams.post("/_data_stream/_modify", json=body).json() == {"acknowledged": True}
    assert streams.get("/logs-a/_count").json()["count"] == 2
    assert "timestamp field [@timestamp] is missing" in streams.put("/old/_doc/2", json={"n": 1}).text
    assert streams.get("/old/_settings").json()["old"]["settings"]["index"]["hidden"] == "true"
    assert "because it is part of [logs-a]" in refused(streams.post("/_data_stream/_modify", json=body))
    streams.post("/_data_stream/_modify", json={"actions": [{"remove_backing_index": action}]})
    assert streams.get("/logs-a/_count").json()["count"] == 1
    assert list(streams.get("/ol*").json()) == ["old"], "what is taken out can be met again"
    writer = {"remove_backing_index": {"data_stream": "logs-a", "index": first("logs-a")}}
    assert "write index" in refused(streams.post("/_data_stream/_modify", json={"actions": [writer]}))


def test_an_index_whose_timestamps_are_no_dates_is_not_added(streams: httpx.Client) -> None:
    streams.put("/_data_stream/logs-a")
    streams.put("/words", json={"mappings": {"properties": {"@timestamp": {"type": "keyword"}}}})
    body = {"actions": [{"add_backing_index": {"data_stream": "logs-a", "index": "words"}}]}
    assert "of type [keyword], but [date,date_nanos]" in refused(streams.post("/_data_stream/_modify", json=body))


def test_what_only_a_filter_shows_becomes_no_data_stream(streams: httpx.Client) -> None:
    streams.put("/mine", json={"aliases": {"logs-f": {"filter": {"term": {"level": "info"}}}}})
    told = refused(streams.post("/_data_stream/_migrate/logs-f"))
    assert told == "alias [logs-f] may not have custom filtering or routing"


def test_an_index_is_of_one_data_stream(streams: httpx.Client) -> None:
    streams.put("/_data_stream/logs-a")
    streams.post("/_aliases", json={"actions": [{"add": {"index": "logs-a", "alias": "logs-b"}}]})
    assert "is part of data stream [logs-a]" in refused(streams.post("/_data_stream/_migrate/logs-b"))


def test_no_template_gives_a_data_stream_its_own_name_as_an_alias(streams: httpx.Client) -> None:
    template = {"index_patterns": ["own-*"], "data_stream": {}, "template": {"aliases": {"own-a": {}}}}
    streams.put("/_index_template/own", json=template)
    try:
        assert "exists with the same name" in refused(streams.post("/own-a/_doc", json=event(1)))
    finally:
        streams.delete("/_index_template/own")


def test_an_alias_becomes_a_data_stream(streams: httpx.Client) -> None:
    for number, day in (("1", 3), ("2", 4)):
        aliases = {"logs-a": {"is_write_index": number == "2"}}
        streams.put(f"/old-{number}", json={"aliases": aliases})
        streams.put(f"/old-{number}/_doc/1?refresh=true", json=event(day))
    assert streams.post("/_data_stream/_migrate/logs-a").json() == {"acknowledged": True}
    (told,) = streams.get("/_data_stream/logs-a").json()["data_streams"]
    assert [each["index_name"] for each in told["indices"]] == ["old-1", "old-2"]
    assert streams.get("/_alias").json()["old-1"]["aliases"] == {}
    assert bulk(streams, "create", event(5))["items"][0]["create"]["_index"] == "old-2"
    assert bulk(streams, "create", {"n": 1})["items"][0]["create"]["status"] == 400
    assert streams.post("/logs-a/_rollover").json()["new_index"] == first("logs-a", 2)
    assert "does not exist" in refused(streams.post("/_data_stream/_migrate/none"))


def test_a_lifecycle_is_kept_and_shown(streams: httpx.Client) -> None:
    streams.put("/_data_stream/logs-a")
    assert streams.get("/_data_stream/logs-a/_lifecycle").json()["data_streams"] == [{"name": "logs-a"}]
    streams.put("/_data_stream/logs-a/_lifecycle", json={"data_retention": "7d"})
    kept = {"enabled": True, "data_retention": "7d"}
    assert streams.get("/_data_stream/logs-*/_lifecycle").json()["data_streams"][0]["lifecycle"] == kept
    told = streams.get(f"/{first('logs-a')}/_lifecycle/explain").json()["indices"][first("logs-a")]
    assert (told["managed_by_lifecycle"], told["lifecycle"]) == (True, kept)
    assert "unknown field [days]" in refused(streams.put("/_data_stream/logs-a/_lifecycle", json={"days": 7}))
    streams.delete("/_data_stream/logs-a/_lifecycle")
    assert streams.get("/_data_stream/logs-a/_lifecycle").json()["data_streams"] == [{"name": "logs-a"}]


@pytest.fixture
def hasty(streams: httpx.Client) -> Iterator[httpx.Client]:
    """Lifecycles are looked after every second."""
    setting = "data_streams.lifecycle.poll_interval"
    assert streams.put("/_cluster/settings", json={"persistent": {setting: "1s"}}).is_success
    yield streams
    assert streams.put("/_cluster/settings", json={"persistent": {setting: None}}).is_success


def backing(http: httpx.Client, name: str) -> list[str]:
    (told,) = http.get(f"/_data_stream/{name}").json()["data_streams"]
    return [each["index_name"] for each in told["indices"]]


def until(test: Callable[[], bool]) -> None:
    """Wait for what the server does by itself."""
    ends = time.monotonic() + 30
    while not test():
        assert time.monotonic() < ends, "it has not come to this"
        time.sleep(0.1)


def test_indices_go_once_they_are_older_than_documents_are_retained(hasty: httpx.Client) -> None:
    for name in ("logs-a", "logs-b"):
        bulk(hasty, "create", event(1), path=f"/{name}/_bulk")
        assert hasty.post(f"/{name}/_rollover").json()["rolled_over"]
        ages = {"index.lifecycle.origination_date": 1_000 * int(time.time() - 8 * 86_400)}
        assert hasty.put(f"/{first(name)}/_settings", json=ages).is_success
    hasty.put("/_data_stream/logs-b/_lifecycle", json={"data_retention": "9d"})
    hasty.put("/_data_stream/logs-a/_lifecycle", json={"data_retention": "7d"})
    until(lambda: backing(hasty, "logs-a") == [first("logs-a", 2)])
    assert hasty.get("/logs-a/_count").json()["count"] == 0
    assert hasty.head(f"/{first('logs-a')}").status_code == 404
    assert backing(hasty, "logs-b") == [first("logs-b"), first("logs-b", 2)], "its documents are retained for longer"


def test_an_index_goes_a_while_after_it_was_rolled_over_but_never_the_last(hasty: httpx.Client) -> None:
    bulk(hasty, "create", event(1))
    hasty.put("/_data_stream/logs-a/_lifecycle", json={"data_retention": "2s"})
    time.sleep(3)
    assert backing(hasty, "logs-a") == [first("logs-a")], "what is written to stays, whatever its age"
    hasty.post("/logs-a/_rollover")
    assert backing(hasty, "logs-a") == [first("logs-a"), first("logs-a", 2)], "the time counts from the rollover"
    until(lambda: backing(hasty, "logs-a") == [first("logs-a", 2)])


def test_a_lifecycle_that_is_not_enabled_or_gives_way_to_a_policy_deletes_nothing(hasty: httpx.Client) -> None:
    kept = {"logs-off": {"data_retention": "1s", "enabled": False}, "logs-policy": {"data_retention": "1s"}}
    for name, lifecycle in {**kept, "logs-a": {"data_retention": "1s"}}.items():
        bulk(hasty, "create", event(1), path=f"/{name}/_bulk")
        if name == "logs-policy":
            hasty.put(f"/{first(name)}/_settings", json={"index.lifecycle.name": "mine"})
        hasty.post(f"/{name}/_rollover")
        hasty.put(f"/_data_stream/{name}/_lifecycle", json=lifecycle)
    until(lambda: backing(hasty, "logs-a") == [first("logs-a", 2)])
    time.sleep(1.5)
    assert all(backing(hasty, name) == [first(name), first(name, 2)] for name in kept)


def test_an_index_that_came_from_an_alias_stays_until_its_rollover_is_long_ago(hasty: httpx.Client) -> None:
    stamps = {"properties": {"@timestamp": {"type": "date"}}}
    hasty.put("/app-1", json={"mappings": stamps, "aliases": {"logs-app": {}}})
    assert hasty.post("/_data_stream/_migrate/logs-app").is_success
    hasty.put("/_data_stream/logs-app/_lifecycle", json={"data_retention": "4s"})
    time.sleep(5)
    bulk(hasty, "create", event(1), path="/logs-app/_bulk")
    hasty.post("/logs-app/_rollover")
    time.sleep(2)
    assert hasty.get("/logs-app/_count").json()["count"] == 1, "it was written to until just now"
    until(lambda: backing(hasty, "logs-app") == [first("logs-app", 2)])


def test_an_index_that_comes_back_is_as_old_as_it_was(hasty: httpx.Client) -> None:
    bulk(hasty, "create", event(1))
    time.sleep(3)
    hasty.post("/logs-a/_rollover")
    bulk(hasty, "create", event(2))
    hasty.post("/logs-a/_rollover")
    back = {"data_stream": "logs-a", "index": first("logs-a", 2)}
    for action in ("remove_backing_index", "add_backing_index"):
        assert hasty.post("/_data_stream/_modify", json={"actions": [{action: back}]}).is_success
    assert backing(hasty, "logs-a") == [first("logs-a", number) for number in (2, 1, 3)]
    hasty.put("/_data_stream/logs-a/_lifecycle", json={"data_retention": "3s"})
    time.sleep(1.5)
    assert backing(hasty, "logs-a") == [first("logs-a", number) for number in (2, 1, 3)]
    until(lambda: backing(hasty, "logs-a") == [first("logs-a", 3)])


def test_lifecycles_are_followed_after_a_long_interval(streams: httpx.Client) -> None:
    setting = "data_streams.lifecycle.poll_interval"
    for often in ("20d", "999999999999d", "1s"):
        assert streams.put("/_cluster/settings", json={"persistent": {setting: often}}).is_success
        time.sleep(0.2)
    bulk(streams, "create", event(1))
    streams.post("/logs-a/_rollover")
    streams.put("/_data_stream/logs-a/_lifecycle", json={"data_retention": "1s"})
    until(lambda: backing(streams, "logs-a") == [first("logs-a", 2)])
    assert streams.put("/_cluster/settings", json={"persistent": {setting: None}}).is_success


def test_the_interval_of_lifecycles_is_a_time(streams: httpx.Client) -> None:
    reply = streams.put("/_cluster/settings", json={"transient": {"data_streams.lifecycle.poll_interval": "often"}})
    assert "[data_streams.lifecycle.poll_interval] with value [often]" in refused(reply)


def test_a_mapping_cannot_let_documents_of_a_stream_go_without_a_timestamp(streams: httpx.Client) -> None:
    streams.put("/_data_stream/logs-a")
    for off in ({"enabled": False}, {"enabled": "false"}, {}):
        told = refused(streams.put("/logs-a/_mapping", json={"_data_stream_timestamp": off}))
        assert "Cannot update parameter [enabled] from [true] to [false]" in told
    assert streams.put("/logs-a/_mapping", json={"_data_stream_timestamp": {"enabled": True}}).is_success
    assert "[enabled] of [_data_stream_timestamp]" in refused(
        streams.put("/logs-a/_mapping", json={"_data_stream_timestamp": {"enabled": "no"}})
    )
    assert "can't be updated for the object mapping [_doc]" in refused(
        streams.put("/logs-a/_mapping", json={"enabled": False})
    )
    assert bulk(streams, "create", {"n": 1})["items"][0]["create"]["status"] == 400


def test_streams_that_are_not_there_are_404(streams: httpx.Client) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/_stats"), ("GET", "/_lifecycle")):
        reply = streams.request(method, f"/_data_stream/none{path}")
        assert (reply.status_code, reply.json()["error"]["reason"]) == (404, "no such index [none]")
    streams.put("/_data_stream/logs-a")
    assert "not a replicated data stream" in refused(streams.post("/_data_stream/_promote/logs-a"))


def test_an_alias_of_a_data_stream_moves_on_with_it(streams: httpx.Client) -> None:
    streams.put("/_data_stream/logs-a")
    streams.post("/_aliases", json={"actions": [{"add": {"index": "logs-a", "alias": "now"}}]})
    wrong = {"add": {"index": first("logs-a"), "alias": "logs-a"}}
    assert "exists with the same name" in refused(streams.post("/_aliases", json={"actions": [wrong]}))
    gone = {"remove_index": {"index": first("logs-a")}}
    assert "write index for data stream" in refused(streams.post("/_aliases", json={"actions": [gone]}))
    streams.post("/logs-a/_rollover")
    one = streams.post("/now/_doc?refresh=true", json=event(1))
    assert one.json()["_index"] == first("logs-a", 2)
    assert streams.get("/now/_count").json()["count"] == 1


class TestTemplatesThatAreThere:
    """Logs, metrics and synthetic checks have data streams without a template of one's own."""

    def test_a_document_of_a_log_makes_its_data_stream(self, indices: httpx.Client) -> None:
        document = event(1, message="The door is open", host={"ip": "10.0.0.1"}, service={"name": "door"}, size=3)
        document["log.level"], document["event"] = "warn", {"created": "2026-11-01T10:00:01Z"}
        made = indices.post("/logs-door-main/_doc?refresh=true", json=document)
        assert (made.status_code, made.json()["_index"]) == (201, first("logs-door-main"))
        (told,) = indices.get("/_data_stream/logs-door-main").json()["data_streams"]
        assert told["template"] == "logs"
        words = {"query": {"bool": {"must": [{"match": {"message": "open"}}, {"term": {"log.level": "warn"}}]}}}
        assert indices.post("/logs-*/_search", json=words).json()["hits"]["total"]["value"] == 1
        (shown,) = indices.get("/logs-door-main/_mapping").json().values()
        fields = shown["mappings"]["properties"]
        assert fields["service"]["properties"]["name"] == {"type": "keyword", "ignore_above": 1024}
        assert fields["message"] == {"type": "match_only_text"}
        assert fields["host"]["properties"]["ip"] == {"type": "ip"}
        assert fields["event"]["properties"]["created"]["type"] == "date"
        assert fields["size"] == {"type": "long"}
        assert fields["data_stream"]["properties"]["type"] == {"type": "constant_keyword", "value": "logs"}

    def test_a_log_without_a_time_has_that_of_its_arrival(self, indices: httpx.Client) -> None:
        before = datetime.now(UTC)
        assert indices.post(
            "/logs-door-main/_doc?refresh=true", json={"message": "Nobody looked at the clock"}
        ).is_success
        (hit,) = indices.get("/logs-door-main/_search").json()["hits"]["hits"]
        assert before <= datetime.fromisoformat(hit["_source"]["@timestamp"]) <= datetime.now(UTC)
        custom = {"processors": [{"set": {"field": "door", "value": "front"}}]}
        assert indices.put("/_ingest/pipeline/logs@custom", json=custom).is_success
        try:
            indices.post("/logs-door-main/_doc?refresh=true", json=event(1))
            query = {"query": {"term": {"door": "front"}}}
            (hit,) = indices.post("/logs-door-main/_search", json=query).json()["hits"]["hits"]
            assert hit["_source"] == event(1, door="front")
            assert "default pipeline" in refused(indices.delete("/_ingest/pipeline/logs@default-pipeline"))
        finally:
            assert indices.delete("/_ingest/pipeline/logs@custom").is_success
        assert indices.delete("/_data_stream/logs-door-main").is_success
        listed, path = indices.get("/_ingest/pipeline").json(), "/_ingest/pipeline/logs@default-pipeline"
        assert indices.put(path, json=custom).is_success
        assert indices.delete(path).is_success
        assert indices.get("/_ingest/pipeline").json() == listed

    @pytest.mark.parametrize("kind", ["metrics", "synthetics"])
    def test_so_do_measurements_and_checks(self, indices: httpx.Client, kind: str) -> None:
        made = bulk(indices, "create", event(1, node="a", load=0.5), path=f"/{kind}-node-main/_bulk")
        assert not made["errors"]
        (told,) = indices.get(f"/_data_stream/{kind}-node-main").json()["data_streams"]
        assert told["template"] == kind
        (shown,) = indices.get(f"/{kind}-node-main/_mapping").json().values()
        assert shown["mappings"]["properties"]["node"]["type"] == "keyword"

    def test_ones_own_templates_are_made_of_their_components(self, indices: httpx.Client) -> None:
        template = {
            "index_patterns": ["logs-shop-*"],
            "data_stream": {},
            "priority": 200,
            "composed_of": ["logs@mappings", "logs@settings", "ecs@mappings"],
            "template": {"mappings": {"properties": {"basket": {"type": "integer"}}}},
        }
        assert indices.put("/_index_template/shop", json=template).is_success
        document = event(1, basket=3, client={"geo": {"location": {"lat": 52.5, "lon": 13.4}}})
        assert indices.post("/logs-shop-main/_doc?refresh=true", json=document).status_code == 201
        (told,) = indices.get("/_data_stream/logs-shop-main").json()["data_streams"]
        assert told["template"] == "shop"
        (shown,) = indices.get("/logs-shop-main/_mapping").json().values()
        assert shown["mappings"]["properties"]["client"]["properties"]["geo"]["properties"]["location"] == {
            "type": "geo_point"
        }

    def test_they_can_be_replaced_and_come_back(self, indices: httpx.Client) -> None:
        before = indices.get("/_index_template/logs").json()
        assert indices.put("/_index_template/logs", json=TEMPLATE).is_success
        assert indices.get("/_index_template/logs").json() != before
        assert indices.delete("/_index_template/logs").is_success
        assert indices.get("/_index_template/logs").json() == before

    def test_an_index_of_such_a_name_is_refused_as_any_of_a_stream(self, indices: httpx.Client) -> None:
        assert "creates data streams only" in refused(indices.put("/logs-door-main"))
        assert indices.put("/logs-door").is_success


def test_a_stream_has_settings_of_its_own_above_its_template(streams: httpx.Client) -> None:
    streams.put("/_data_stream/logs-a")
    path = "/_data_stream/logs-a/_settings"
    (told,) = streams.get(path).json()["data_streams"]
    assert (told["name"], told["settings"]) == ("logs-a", {})
    assert told["effective_settings"] == {"index": {"number_of_replicas": "0"}}
    body = {"index": {"number_of_shards": 2, "refresh_interval": "7s"}}
    (trial,) = streams.put(f"{path}?dry_run=true", json=body).json()["data_streams"]
    assert trial["applied_to_data_stream"]
    assert streams.get(path).json()["data_streams"][0]["settings"] == {}
    (made,) = streams.put(path, json=body).json()["data_streams"]
    assert made["settings"]["index"] == {"number_of_shards": "2", "refresh_interval": "7s"}
    assert made["effective_settings"]["index"]["number_of_replicas"] == "0"
    assert made["index_settings_results"] == {
        "applied_to_data_stream_only": ["index.number_of_shards"],
        "applied_to_data_stream_and_backing_indices": ["index.refresh_interval"],
    }
    assert streams.get("/_data_stream/logs-a").json()["data_streams"][0]["settings"] == made["settings"]
    streams.post("/logs-a/_rollover")
    shown = streams.get("/logs-a/_settings?flat_settings=true").json()
    both = [shown[first("logs-a", number)]["settings"] for number in (1, 2)]
    assert [each["index.refresh_interval"] for each in both] == ["7s", "7s"]
    assert [each["index.number_of_shards"] for each in both] == ["1", "2"]
    (back,) = streams.put(path, json={"refresh_interval": None}).json()["data_streams"]
    assert back["settings"] == {"index": {"number_of_shards": "2"}}
    shown = streams.get("/logs-a/_settings?flat_settings=true").json()
    assert "index.refresh_interval" not in shown[first("logs-a")]["settings"]


def test_a_stream_has_mappings_of_its_own_from_its_next_index_on(streams: httpx.Client) -> None:
    streams.put("/_data_stream/logs-a")
    path, body = "/_data_stream/logs-a/_mappings", {"properties": {"host": {"type": "ip"}}}
    (told,) = streams.get(path).json()["data_streams"]
    assert (told["mappings"], told["effective_mappings"]["properties"]) == ({}, {"level": {"type": "keyword"}})
    (made,) = streams.put(path, json=body).json()["data_streams"]
    assert (made["applied_to_data_stream"], made["mappings"]) == (True, body)
    streams.post("/logs-a/_rollover")
    shown = streams.get("/logs-a/_mapping").json()
    fields = [set(shown[first("logs-a", number)]["mappings"]["properties"]) for number in (1, 2)]
    assert fields == [{"@timestamp", "level"}, {"@timestamp", "level", "host"}]
    assert streams.get("/_data_stream/logs-a").json()["data_streams"][0]["mappings"] == body


@pytest.mark.parametrize(
    ("part", "body", "why"),
    [
        ("settings", {"number_of_replicas": -1}, "must be >= 0"),
        ("settings", {"colour": "red"}, "unknown setting [index.colour]"),
        ("mappings", {"properties": {"host": {"type": "colour"}}}, "colour"),
    ],
)
def test_what_no_index_could_have_is_told_and_not_kept(
    streams: httpx.Client, part: str, body: dict[str, Any], why: str
) -> None:
    streams.put("/_data_stream/logs-a")
    (told,) = streams.put(f"/_data_stream/logs-a/_{part}", json=body).json()["data_streams"]
    assert not told["applied_to_data_stream"]
    assert why in told["error"]
    assert streams.get(f"/_data_stream/logs-a/_{part}").json()["data_streams"][0][part] == {}


def test_how_lifecycles_are_followed_is_told(streams: httpx.Client) -> None:
    streams.put("/_data_stream/logs-a")
    assert streams.get("/_lifecycle/stats").json()["data_streams"] == []
    streams.put("/_data_stream/logs-a/_lifecycle", json={"data_retention": "7d"})
    streams.put(
        "/_cluster/settings", json={"persistent": {"data_streams.lifecycle.poll_interval": "4m"}}
    )  # it wakes them
    for _ in range(100):
        told = streams.get("/_lifecycle/stats").json()
        if "last_run_duration_in_millis" in told:
            break
        time.sleep(0.1)
    assert told["last_run_duration_in_millis"] >= 0
    own = {"name": "logs-a", "backing_indices_in_total": 1, "backing_indices_in_error": 0}
    assert (told["data_stream_count"], told["data_streams"]) == (1, [own])
    streams.put("/_cluster/settings", json={"persistent": {"data_streams.lifecycle.poll_interval": None}})


def test_an_index_has_no_lifecycle_of_data_streams(streams: httpx.Client) -> None:
    streams.put("/shelf")
    assert streams.get("/_data_stream/shelf/_lifecycle").json()["data_streams"] == []
    assert streams.get("/_data_stream/nothing/_lifecycle").status_code == 404
    assert streams.delete("/_data_stream/shelf").status_code == 404
