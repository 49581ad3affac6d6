"""Searches that run on when nobody waits for them."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some

from conftest import Server
from homes import FLATS, HOUSES, Search
from provider import Asked, Provider, Reply

EMBEDDINGS = "/openai/v1/embeddings"


def vector(asked: Asked) -> Reply:
    return Reply({"data": [{"embedding": [1.0, 2.0], "index": at} for at in range(len(asked.json["input"]))]})


@pytest.fixture
def meaning(remote: httpx.Client, provider: Provider) -> httpx.Client:
    """An index with one document, whose queries wait for a service that never comes to an end."""
    provider.tell(EMBEDDINGS, vector)
    settings = {"api_key": "sk", "model_id": "m", "similarity": "cosine"}
    remote.put("/_inference/text_embedding/mine", json={"service": "openai", "service_settings": settings})
    mapping = {"properties": {"s": {"type": "semantic_text", "inference_id": "mine"}}}
    assert remote.put("/homes", json={"mappings": mapping}).is_success
    assert remote.put("/homes/_doc/1?refresh=true", json={"s": "a house"}).is_success
    provider.tell(EMBEDDINGS, Reply(pieces=[b" "] * 300, pause=0.1))
    return remote


def asked(provider: Provider) -> None:
    """Wait until the service was asked for what a query means."""
    until = time.monotonic() + 10
    while not any(b"home" in each.body for each in provider.asked):
        assert time.monotonic() < until
        time.sleep(0.01)


def submitted(http: httpx.Client, query: dict[str, Any], **params: str) -> dict[str, Any]:
    reply = http.post("/homes/_async_search", params={"wait_for_completion_timeout": "0", **params}, json=query)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_deleting_a_search_ends_the_work_that_is_done_for_it(meaning: httpx.Client, provider: Provider) -> None:
    running = submitted(meaning, {"query": {"semantic": {"field": "s", "query": "home"}}})
    assert running["is_running"]
    asked(provider)
    assert meaning.delete(f"/_async_search/{running['id']}").json() == {"acknowledged": True}
    assert provider.left.wait(3)
    assert meaning.get(f"/_async_search/{running['id']}").status_code == 404


def test_a_search_that_is_no_longer_kept_alive_ends(meaning: httpx.Client, provider: Provider) -> None:
    submitted(meaning, {"query": {"semantic": {"field": "s", "query": "home"}}}, keep_alive="1s")
    asked(provider)
    assert provider.left.wait(5)


@pytest.mark.parametrize("keeps", ["true", "false"])
def test_whoever_waits_for_it_when_it_ends_to_be_kept_learns_so(
    meaning: httpx.Client, provider: Provider, keeps: str
) -> None:
    body = {"query": {"semantic": {"field": "s", "query": "home"}}}
    params = {"keep_alive": "1s", "wait_for_completion_timeout": "20s", "keep_on_completion": keeps}
    reply = meaning.post("/homes/_async_search", params=params, json=body)
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "task_cancelled_exception"
    assert "id" not in reply.json()
    assert provider.left.wait(3)


def test_leaving_before_the_id_is_told_ends_the_search(meaning: httpx.Client, provider: Provider) -> None:
    body = {"query": {"semantic": {"field": "s", "query": "home"}}}
    with pytest.raises(httpx.ReadTimeout):
        meaning.post("/homes/_async_search?wait_for_completion_timeout=30s", json=body, timeout=0.5)
    assert provider.left.wait(3)


def test_leaving_while_it_is_asked_for_does_not_end_it(meaning: httpx.Client, provider: Provider) -> None:
    running = submitted(meaning, {"query": {"semantic": {"field": "s", "query": "home"}}})
    asked(provider)
    path = f"/_async_search/{running['id']}"
    with pytest.raises(httpx.ReadTimeout):
        meaning.get(f"{path}?wait_for_completion_timeout=30s", timeout=0.5)
    assert not provider.left.wait(1)
    assert meaning.get(path).json()["is_running"]
    assert "response" not in meaning.get(f"{path}?return_intermediate_results=false").json()
    assert meaning.delete(path).is_success
    assert provider.left.wait(3)


def test_what_it_came_to_outlives_the_server(tmp_path: Path) -> None:
    server, kept = Server(tmp_path / "data"), dict[str, dict[str, Any]]()
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as http:
        http.put("/homes/_doc/1?refresh=true", json={"n": 1})
        for keep in ("5s", "1h", "5d"):
            kept[keep] = submitted(http, {}, keep_alive=keep, keep_on_completion="true")
            told = http.get(f"/_async_search/{kept[keep]['id']}?wait_for_completion_timeout=10s").json()
            assert told["response"]["hits"]["hits"][0]["_source"] == {"n": 1}
        prolonged = http.get(f"/_async_search/{kept['5d']['id']}?keep_alive=1d").json()
    assert server.stop() == 0
    time.sleep(max(kept["5s"]["expiration_time_in_millis"] / 1000 - time.time(), 0))
    server = Server(tmp_path / "data")
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as http:
        found = {keep: http.get(f"/_async_search/{each['id']}") for keep, each in kept.items()}
    assert server.stop() == 0
    assert {keep: each.status_code for keep, each in found.items()} == {"5s": 404, "1h": 200, "5d": 200}
    assert found["5d"].json() == prolonged


def test_an_answer_that_is_too_large_is_not_kept(search: Search) -> None:
    http, name = search.http, "search.max_async_search_response_size"
    params = {"keep_on_completion": "true", "wait_for_completion_timeout": "20s"}
    assert http.put("/_cluster/settings", json={"transient": {name: "1kb"}}).is_success
    try:
        reply = http.post("/houses/_async_search", params=params, json={"size": 10})
    finally:
        assert http.put("/_cluster/settings", json={"transient": {name: None}}).is_success
    assert reply.status_code == 400
    assert name in reply.json()["error"]["reason"]
    assert http.post("/houses/_async_search", params=params, json={"size": 10}).status_code == 200
    assert http.put("/_cluster/settings", json={"transient": {name: "many"}}).status_code == 400


def test_each_who_asks_is_told_the_total_as_he_wants_it(search: Search) -> None:
    params = {"keep_on_completion": "true", "wait_for_completion_timeout": "20s", "rest_total_hits_as_int": "true"}
    told = search.http.post("/houses/_async_search", params=params).json()
    path = f"/_async_search/{told['id']}"
    assert told["response"]["hits"]["total"] == len(HOUSES)
    assert search.http.get(path).json()["response"]["hits"]["total"] == {"value": len(HOUSES), "relation": "eq"}
    as_number = search.http.get(path, params={"rest_total_hits_as_int": "true"}).json()
    assert as_number["response"]["hits"]["total"] == len(HOUSES)


def test_it_searches_as_a_search_does(search: Search) -> None:
    http, rome = search.http, {"term": {"city": "rome"}}
    action = {"add": {"index": "houses", "alias": "roman-async", "filter": rome}}
    assert http.post("/_aliases", json={"actions": [action]}).is_success
    pit = http.post("/homes/_pit?keep_alive=1m").json()["id"]
    for path, body in (
        ("/roman-async/_async_search?size=20&rest_total_hits_as_int=true", {}),
        ("/homes/_async_search?q=city:rome&size=20&typed_keys=true", {"aggs": {"c": {"terms": {"field": "city"}}}}),
        ("/_async_search?size=30", {"pit": {"id": pit}, "sort": ["price"]}),
    ):
        told = http.post(f"{path}&wait_for_completion_timeout=20s", json=body).json()
        same = http.post(path.replace("_async_search", "_search"), json=body).json()
        assert told["response"] | {"took": 0} == same | {"took": 0}
        assert same["hits"]["hits"]
        assert told["response"]["_shards"]["total"] == (1 if path.startswith("/roman") else 2)
    assert len(same["hits"]["hits"]) == len(HOUSES) + len(FLATS)
    http.request("DELETE", "/_pit", json={"id": pit})
    http.post("/_aliases", json={"actions": [{"remove": {"index": "houses", "alias": "roman-async"}}]})


@pytest.mark.parametrize(
    ("params", "body", "reason"),
    [
        ({"scroll": "1m"}, {}, "[scroll] queries are not supported"),
        ({"keep_alive": "500ms"}, {}, "[keep_alive] must be greater or equals than 1 second, got:0.5s"),
        ({"keep_alive": "-1"}, {}, "[keep_alive] must be at most 30 days"),
        ({"keep_alive": "31d"}, {}, "[keep_alive] must be at most 30 days"),
        ({"keep_alive": "soon"}, {}, "[keep_alive] with value [soon]"),
        ({"wait_for_completion_timeout": "x"}, {}, "[wait_for_completion_timeout] with value [x]"),
        ({"rest_total_hits_as_int": "x"}, {}, "Failed to parse value [x] of [rest_total_hits_as_int]"),
        ({"pre_filter_shard_size": "2"}, {}, "[pre_filter_shard_size] cannot be changed"),
        ({}, {"suggest": {"s": {"text": "a", "term": {"field": "title"}}}}, "suggest-only queries are not supported"),
        ({}, {"pit": {"id": "a"}}, "[indices] cannot be used with point in time"),
    ],
)
def test_what_cannot_be_submitted_is_refused_at_once(
    search: Search, params: dict[str, str], body: dict[str, Any], reason: str
) -> None:
    reply = search.http.post("/houses/_async_search", params=params, json=body)
    assert reply.status_code == 400
    assert reason in reply.json()["error"]["reason"]


@given(id=some.text(min_size=1, max_size=60).filter(lambda text: text.strip("/.") and "\x00" not in text))
def test_an_id_that_is_nobody_s_is_not_found(http: httpx.Client, id: str) -> None:
    url = httpx.URL("/_async_search/").copy_with(raw_path=b"/_async_search/" + _quoted(id))
    for method in ("GET", "DELETE"):
        assert http.request(method, url).status_code == 404


def _quoted(text: str) -> bytes:
    return "".join(f"%{byte:02X}" for byte in text.encode()).encode()
