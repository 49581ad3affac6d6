"""What a user of elasticsearch-py does with searches that run on their own. Takes the server's URL."""

import asyncio
import sys
import time
import warnings
from typing import Any

import elasticsearch
import pytest
from elasticsearch import AsyncElasticsearch, BadRequestError, Elasticsearch, NotFoundError, helpers

NAME = "story-async-search"
COUNT = 400
AGGS = {"tags": {"terms": {"field": "tag"}}}


def slow(turns: int) -> dict[str, Any]:
    """A query that takes so many turns for each document."""
    source = "int x = 0; for (int i = 0; i < params.turns; i++) { x += i } return true"
    return {"script": {"script": {"source": source, "params": {"turns": turns}}}}


def main(url: str) -> None:
    warnings.filterwarnings("ignore", "This API is in technical preview")
    es = Elasticsearch(url, request_timeout=60)
    es.options(ignore_status=404).indices.delete(index=NAME)
    es.indices.create(index=NAME, mappings={"properties": {"tag": {"type": "keyword"}, "n": {"type": "integer"}}})
    helpers.bulk(es, ({"_index": NAME, "tag": "ab"[n % 2], "n": n} for n in range(COUNT)), refresh=True)
    at_once(es)
    later(es)
    cancelled(es)
    expired(es)
    wrong(es)
    asyncio.run(asynchronously(url))
    es.indices.delete(index=NAME)
    print(f"elasticsearch-py {elasticsearch.__versionstr__}: all is well")


def at_once(es: Elasticsearch) -> None:
    query = {"range": {"n": {"lt": 10}}}
    answer = es.async_search.submit(index=NAME, query=query, size=3, aggs=AGGS, wait_for_completion_timeout="20s")
    assert "id" not in answer
    assert (answer["is_running"], answer["is_partial"]) == (False, False)
    assert answer["start_time_in_millis"] <= answer["completion_time_in_millis"] <= time.time() * 1000
    assert answer["expiration_time_in_millis"] - answer["start_time_in_millis"] == 5 * 24 * 3600 * 1000
    same = es.search(index=NAME, query=query, size=3, aggs=AGGS)
    for part in ("hits", "aggregations", "_shards", "timed_out"):
        assert answer["response"][part] == same[part]


def later(es: Elasticsearch) -> None:
    kept = es.async_search.submit(
        index=NAME,
        query={"term": {"tag": "a"}},
        size=1,
        aggs=AGGS,
        typed_keys=True,
        sort="n:desc",
        keep_on_completion=True,
        keep_alive="2m",
        wait_for_completion_timeout="20s",
    )
    assert kept["expiration_time_in_millis"] - kept["start_time_in_millis"] == 120_000
    found = es.async_search.get(id=kept["id"], keep_alive="1h", typed_keys=True)
    assert found["expiration_time_in_millis"] > kept["expiration_time_in_millis"]
    assert found["response"] == kept["response"]
    assert [hit["_source"]["n"] for hit in found["response"]["hits"]["hits"]] == [COUNT - 2]
    assert found["response"]["aggregations"]["sterms#tags"]["buckets"][0]["doc_count"] == COUNT // 2
    status = es.async_search.status(id=kept["id"])
    assert (status["is_running"], status["completion_status"]) == (False, 200)
    assert status["_shards"] == {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
    assert status["expiration_time_in_millis"] == found["expiration_time_in_millis"]
    assert es.async_search.delete(id=kept["id"]).body == {"acknowledged": True}


def started(es: Elasticsearch, **more: str) -> dict[str, Any]:
    answer = es.async_search.submit(index=NAME, query=slow(50_000), wait_for_completion_timeout="1ms", **more)
    assert answer.meta.headers["x-elasticsearch-async-id"] == answer["id"]
    assert answer.meta.headers["x-elasticsearch-async-is-running"] == "?1"
    body: dict[str, Any] = answer.body
    return body


def cancelled(es: Elasticsearch) -> None:
    running = started(es)
    assert (running["is_running"], running["is_partial"]) == (True, True)
    assert running["response"]["hits"]["hits"] == []
    assert running["response"]["_shards"] == {"total": 1, "successful": 0, "skipped": 0, "failed": 0}
    status = es.async_search.status(id=running["id"])
    assert status["is_running"]
    assert "completion_status" not in status
    assert es.async_search.get(id=running["id"], wait_for_completion_timeout="10ms")["is_running"]
    es.async_search.delete(id=running["id"])
    for ask in (es.async_search.get, es.async_search.status, es.async_search.delete):
        with pytest.raises(NotFoundError, match="resource_not_found_exception"):
            ask(id=running["id"])


def expired(es: Elasticsearch) -> None:
    quick = es.async_search.submit(
        index=NAME, keep_on_completion=True, keep_alive="1s", wait_for_completion_timeout="20s"
    )
    running = started(es, keep_alive="1s")
    assert es.async_search.get(id=quick["id"])["response"]["hits"]["total"]["value"] == COUNT
    until = max(quick["expiration_time_in_millis"], running["expiration_time_in_millis"]) / 1000 + 0.2
    time.sleep(max(until - time.time(), 0))
    for id in (quick["id"], running["id"]):
        with pytest.raises(NotFoundError):
            es.async_search.get(id=id)


def wrong(es: Elasticsearch) -> None:
    with pytest.raises(NotFoundError, match="index_not_found_exception"):
        es.async_search.submit(index="story-nothing")
    with pytest.raises(BadRequestError, match="unknown query"):
        es.async_search.submit(index=NAME, query={"nothing": {}})
    with pytest.raises(BadRequestError, match="greater or equals than 1 second"):
        es.async_search.submit(index=NAME, keep_alive="10ms")
    failing = {"script": {"script": "return doc['nothing'].value > 1"}}
    with pytest.raises(BadRequestError) as raised:
        es.async_search.submit(index=NAME, query=failing, keep_on_completion=True, wait_for_completion_timeout="20s")
    body = raised.value.body
    assert (body["is_running"], body["is_partial"]) == (False, True)
    assert body["error"]["type"] == "search_phase_execution_exception"
    assert es.async_search.status(id=body["id"])["completion_status"] == 400
    es.async_search.delete(id=body["id"])


async def asynchronously(url: str) -> None:
    async with AsyncElasticsearch(url, request_timeout=60) as es:
        found = await es.async_search.submit(index=NAME, query=slow(500), wait_for_completion_timeout="1ms")
        while found["is_running"]:
            found = await es.async_search.get(id=found["id"], wait_for_completion_timeout="1s")
        assert found["response"]["hits"]["total"]["value"] == COUNT


main(sys.argv[1])
