"""Documents whose texts are embedded as they are written: by local models, and by a service that fails as told."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from provider import Asked, Provider, Reply

Bulk = Callable[..., httpx.Response]
SPARSE, DENSE = ".elser-2-elasticsearch", ".multilingual-e5-small-elasticsearch"
SMALL = {"strategy": "sentence", "max_chunk_size": 20, "sentence_overlap": 0}
EMBEDDINGS = "/openai/v1/embeddings"


def embedded(http: httpx.Client, index: str, id: str) -> dict[str, Any]:
    """The `_inference_fields` of a document."""
    hit = http.get(f"/{index}/_doc/{id}?_source_exclude_vectors=false").json()
    found: dict[str, Any] = hit["_source"]["_inference_fields"]
    return found


def test_texts_are_embedded_where_they_stand_and_where_they_are_copied_to(indices: httpx.Client) -> None:
    fields: dict[str, dict[str, Any]] = {
        "title": {"type": "text", "copy_to": ["sparse", "dense"]},
        "sparse": {"type": "semantic_text", "inference_id": SPARSE},
        "dense": {"type": "semantic_text", "inference_id": DENSE},
    }
    indices.put("/homes", json={"mappings": {"properties": fields}})
    source = {"title": "a quiet house near the sea", "sparse": ["with a garden", 75, True, " "]}
    assert indices.put("/homes/_doc/1?refresh=true", json=source).status_code == 201
    assert indices.get("/homes/_source/1").json() == source
    shown = indices.get("/homes/_mapping").json()["homes"]["mappings"]["properties"]
    service = {"service": "elasticsearch"}
    assert shown["sparse"] == fields["sparse"] | {"model_settings": service | {"task_type": "sparse_embedding"}}
    dense = {"task_type": "text_embedding", "dimensions": 384, "similarity": "cosine", "element_type": "float"}
    assert shown["dense"]["model_settings"] == service | dense
    found = embedded(indices, "homes", "1")
    assert found["sparse"]["inference"]["inference_id"] == SPARSE
    chunks = found["sparse"]["inference"]["chunks"]
    assert [(each["start_offset"], each["end_offset"]) for each in chunks["sparse"]] == [(0, 13), (14, 16), (17, 21)]
    (title,) = chunks["title"]
    assert (title["start_offset"], title["end_offset"]) == (0, 26)
    assert title["embeddings"]["sea"] > 1
    (vector,) = found["dense"]["inference"]["chunks"]["title"]
    assert len(vector["embeddings"]) == 384


def test_offsets_count_utf_16_code_units(indices: httpx.Client) -> None:
    indices.put(
        "/homes", json={"mappings": {"properties": {"s": {"type": "semantic_text", "chunking_settings": SMALL}}}}
    )
    indices.put("/homes/_doc/1?refresh=true", json={"s": ["😀 smile", "😀😀"]})
    inference = embedded(indices, "homes", "1")["s"]["inference"]
    assert [(each["start_offset"], each["end_offset"]) for each in inference["chunks"]["s"]] == [(0, 8), (9, 13)]
    assert inference["chunking_settings"] == SMALL


def test_vectors_that_come_with_a_document_are_taken_until_its_text_changes(indices: httpx.Client) -> None:
    indices.put("/homes", json={"mappings": {"properties": {"s": {"type": "semantic_text"}}}})
    chunk = {"start_offset": 3, "end_offset": 8, "embeddings": {"mine": 2.5}}
    inference = {"inference_id": SPARSE, "model_settings": {"task_type": "sparse_embedding"}, "chunks": {"s": [chunk]}}
    source = {"s": "😀 smile", "_inference_fields": {"s": {"inference": inference}}}
    assert indices.put("/homes/_doc/1?refresh=true", json=source).status_code == 201
    assert embedded(indices, "homes", "1")["s"]["inference"]["chunks"] == {"s": [chunk]}
    assert indices.get("/homes/_source/1").json() == {"s": "😀 smile"}
    lines: list[dict[str, Any]] = [{"index": {"_id": "2"}}, source]
    lines += [{"update": {"_id": "2"}}, {"doc": {"other": 1}}, {"update": {"_id": "2"}}, {"doc": {"more": 1}}]
    assert [item["status"] for item in send(indices, *lines)] == [201, 200, 200]
    assert embedded(indices, "homes", "2")["s"]["inference"]["chunks"] == {"s": [chunk]}
    indices.post("/homes/_update/1?refresh=true", json={"doc": {"other": 1}})
    assert embedded(indices, "homes", "1")["s"]["inference"]["chunks"] == {"s": [chunk]}
    indices.post("/homes/_update/1?refresh=true", json={"doc": {"s": "a house"}})
    assert "house" in embedded(indices, "homes", "1")["s"]["inference"]["chunks"]["s"][0]["embeddings"]


@pytest.mark.parametrize(
    "supplied",
    [
        5,
        {"other": {}},
        {"s": {}},
        {
            "s": {
                "inference": {
                    "inference_id": "x",
                    "chunks": {"s": [{"start_offset": 0, "end_offset": 1, "embeddings": {"a": -1}}]},
                }
            }
        },
        {"s": {"inference": {"inference_id": "x", "chunks": {"s": [{"start_offset": 0, "embeddings": {"a": 1}}]}}}},
        {
            "s": {
                "inference": {
                    "inference_id": "x",
                    "chunks": {"s": [{"start_offset": 0, "end_offset": 1, "embeddings": [[1]]}]},
                }
            }
        },
        {
            "s": {
                "inference": {
                    "inference_id": "x",
                    "model_settings": {"task_type": "text_embedding", "dimensions": 3},
                    "chunks": {"s": [{"start_offset": 0, "end_offset": 1, "embeddings": [1, 2]}]},
                }
            }
        },
    ],
)
def test_vectors_of_another_shape_are_refused(indices: httpx.Client, supplied: object) -> None:
    indices.put("/homes", json={"mappings": {"properties": {"s": {"type": "semantic_text"}}}})
    reply = indices.put("/homes/_doc/1", json={"s": "x", "_inference_fields": supplied})
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "document_parsing_exception"), reply.text


# A service that counts what it is asked, and fails as told.


def vectors(asked: Asked) -> Reply:
    """A vector of three an input; an input with `bad` in it is refused."""
    texts = asked.json["input"]
    if any("bad" in text for text in texts):
        return Reply({"error": {"message": "I will not embed that", "type": "invalid_request_error"}}, 400)
    return Reply({"data": [{"embedding": [1.0, float(len(text)), 2], "index": at} for at, text in enumerate(texts)]})


@pytest.fixture
def mine(remote: httpx.Client, provider: Provider) -> httpx.Client:
    """An index whose field `s` is embedded by the service."""
    provider.tell(EMBEDDINGS, vectors)
    settings = {
        "api_key": "sk",
        "model_id": "m",
        "similarity": "cosine",
        "rate_limit": {"requests_per_minute": 1_000_000},
    }
    remote.put("/_inference/text_embedding/mine", json={"service": "openai", "service_settings": settings})
    remote.delete("/homes")
    field = {"type": "semantic_text", "inference_id": "mine", "chunking_settings": SMALL}
    assert remote.put("/homes", json={"mappings": {"properties": {"s": field}}}).status_code == 200
    provider.asked.clear()
    return remote


def send(http: httpx.Client, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    body = "".join(json.dumps(line) + "\n" for line in lines)
    reply = http.post("/homes/_bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
    assert reply.status_code == 200, reply.text
    return [next(iter(item.values())) for item in reply.json()["items"]]


def asked_for(provider: Provider) -> list[str]:
    return [text for asked in provider.asked for text in asked.json["input"]]


def test_the_texts_of_a_bulk_are_one_request_and_no_text_is_embedded_twice(
    mine: httpx.Client, provider: Provider
) -> None:
    lines = [line for n in range(50) for line in ({"index": {"_id": str(n)}}, {"s": f"text {n}", "n": n})]
    more: list[dict[str, Any]] = [{"update": {"_id": "3"}}, {"doc": {"m": 1}}]
    more += [{"create": {"_id": "another"}}, {"s": "text 3", "n": 3}]
    assert all(item["status"] in (200, 201) for item in send(mine, *lines, *more))
    assert len(provider.asked) == 1
    assert sorted(asked_for(provider)) == sorted(f"text {n}" for n in range(50))
    provider.asked.clear()
    send(mine, *lines)  # the same again
    script = {"source": "ctx._source.n += 1"}
    assert mine.post("/homes/_update_by_query?refresh=true", json={"script": script}).json()["updated"] == 51
    mine.post("/homes/_update/7", json={"doc": {"n": 5}})
    assert asked_for(provider) == []
    mine.put("/homes/_doc/7", json={"s": ["text 7", "a second one"]})
    assert "a second one" in asked_for(provider)


def overtaken(mine: httpx.Client, provider: Provider, *texts: str) -> None:
    """Let another write change the document while one of these texts is embedded."""

    def answer(asked: Asked) -> Reply:
        if set(asked.json["input"]) & set(texts):
            mine.post("/homes/_update/1", json={"script": "ctx._source.n = (ctx._source.n ?: 0) + 1"})
        return vectors(asked)

    mine.put("/homes/_doc/1", json={"s": "before"})
    provider.asked.clear()
    provider.tell(EMBEDDINGS, answer)


@pytest.mark.parametrize("body", [{"doc": {"s": "after"}}, {"script": "ctx._source.s = 'after'"}])
def test_what_was_embedded_when_another_write_was_faster_is_not_embedded_again(
    mine: httpx.Client, provider: Provider, body: dict[str, Any]
) -> None:
    overtaken(mine, provider, "after")
    assert mine.post("/homes/_update/1?retry_on_conflict=3", json=body).json()["_version"] == 3
    assert mine.get("/homes/_source/1").json() == {"s": "after", "n": 1}
    assert asked_for(provider) == ["after"]


def test_others_of_a_bulk_wait_with_it_and_are_not_embedded_again(mine: httpx.Client, provider: Provider) -> None:
    overtaken(mine, provider, "first")
    lines: list[dict[str, Any]] = [{"update": {"_id": "1"}}, {"doc": {"s": "first"}}]
    lines += [{"index": {"_id": "1"}}, {"s": "second"}, {"index": {"_id": "2"}}, {"s": "third"}]
    assert [item["_version"] for item in send(mine, *lines)] == [3, 4, 1]
    assert sorted(asked_for(provider)) == ["first", "second", "third"]


def test_a_text_that_moves_to_another_field_of_the_document_is_not_embedded_again(
    mine: httpx.Client, provider: Provider
) -> None:
    fields = {name: {"type": "text", "copy_to": "s"} for name in ("title", "body")}
    mine.put("/homes/_mapping", json={"properties": fields})
    mine.put("/homes/_doc/1", json={"title": "a house"})
    mine.put("/homes/_doc/1", json={"body": "a house"})
    assert asked_for(provider) == ["a house"]


def test_what_cannot_be_written_is_not_embedded(mine: httpx.Client, provider: Provider) -> None:
    mine.put("/homes/_settings", json={"refresh_interval": "-1"})
    mine.put("/homes/_doc/1?refresh=true", json={"s": "before"})
    provider.asked.clear()
    lines: list[dict[str, Any]] = [{"create": {"_id": "1"}}, {"s": "another"}]
    lines += [{"index": {"_id": "1", "if_seq_no": 7, "if_primary_term": 1}}, {"s": "one more"}]
    assert [item["status"] for item in send(mine, *lines)] == [409, 409]
    mine.put("/homes/_doc/1", json={"s": "before", "n": 1})
    told = mine.post("/homes/_update_by_query?conflicts=proceed", json={"script": "ctx._source.s = 'late'"}).json()
    assert (told["version_conflicts"], told["updated"]) == (1, 0)
    assert asked_for(provider) == []


def test_one_document_s_failure_harms_no_other(mine: httpx.Client) -> None:
    lines = [line for n in range(20) for line in ({"index": {"_id": str(n)}}, {"s": "bad" if n == 13 else f"good {n}"})]
    items = send(mine, *lines)
    assert [item["status"] for item in items] == [400 if n == 13 else 201 for n in range(20)]
    error = items[13]["error"]
    assert error["type"] == "inference_exception"
    assert error["reason"] == "Exception when running inference id [mine] on field [s]"
    assert "I will not embed that" in error["caused_by"]["reason"]
    assert mine.get("/homes/_doc/13").status_code == 404
    assert mine.put("/homes/_doc/13", json={"s": "bad"}).json()["error"]["type"] == "inference_exception"


def test_a_missing_endpoint_fails_only_the_documents_that_need_it(mine: httpx.Client) -> None:
    mine.put("/homes/_mapping", json={"properties": {"t": {"type": "semantic_text", "inference_id": "nobody"}}})
    items = send(mine, {"index": {"_id": "1"}}, {"s": "x", "t": "y"}, {"index": {"_id": "2"}}, {"s": "x"})
    assert [item["status"] for item in items] == [404, 201]
    assert items[0]["error"]["caused_by"] == {
        "type": "resource_not_found_exception",
        "reason": "Inference endpoint not found [nobody]",
    }


def test_a_service_that_is_busy_is_waited_for(mine: httpx.Client, provider: Provider) -> None:
    busy = Reply({"error": {"message": "slow down", "type": "rate_limit"}}, 429, {"Retry-After": "0"})
    provider.tell(EMBEDDINGS, busy, busy, vectors)
    assert mine.put("/homes/_doc/1", json={"s": "patience"}).status_code == 201
    assert len(provider.asked) == 3


def test_a_service_that_stays_busy_fails_the_document_with_its_own_words(
    mine: httpx.Client, provider: Provider
) -> None:
    provider.tell(EMBEDDINGS, Reply({"error": {"message": "quota is used up", "type": "insufficient_quota"}}, 429))
    reply = mine.put("/homes/_doc/1", json={"s": "never"})
    assert reply.status_code == 429
    assert "quota is used up" in reply.json()["error"]["caused_by"]["reason"]


def test_vectors_that_are_not_like_those_before_are_refused(mine: httpx.Client, provider: Provider) -> None:
    assert mine.put("/homes/_doc/1", json={"s": "three"}).status_code == 201
    provider.tell(EMBEDDINGS, Reply({"data": [{"embedding": [1.0, 2.0], "index": 0}]}))
    reply = mine.put("/homes/_doc/2", json={"s": "two"})
    assert reply.status_code == 400
    assert mine.get("/homes/_doc/2").status_code == 404


def test_an_endpoint_that_refuses_everything_is_not_asked_for_every_text(
    mine: httpx.Client, provider: Provider
) -> None:
    texts = [f"bad {number}" for number in range(200)]
    lines: list[dict[str, Any]] = []
    for text in texts:
        lines += [{"index": {}}, {"s": text}]
    assert {item["status"] for item in send(mine, *lines)} == {400}
    assert len(provider.asked) < 40
