"""Voyage AI, as its reference and its own client ask: https://docs.voyageai.com/reference."""

from typing import Any

import httpx
import pytest

from provider import Asked, Provider, Reply

EMBED, MEDIA, RERANK = "/voyageai/v1/embeddings", "/voyageai/v1/multimodalembeddings", "/voyageai/v1/rerank"
SETTINGS = {"api_key": "pa-secret", "model_id": "voyage-4"}
PNG = "iVBORw0KGgoAAAANSUhEUg=="
MP4 = "AAAAIGZ0eXBpc29tAAACAA=="


def create(remote: httpx.Client, task: str, **body: Any) -> httpx.Response:  # noqa: ANN401
    settings = SETTINGS | body.pop("service_settings", {})
    return remote.put(f"/_inference/{task}/mine", json={"service": "voyageai", "service_settings": settings} | body)


def embeddings(asked: Asked) -> Reply:
    """A vector of three an input, which number it is first; the last comes first."""
    count = len(asked.json.get("input") or asked.json["inputs"])
    data = [{"object": "embedding", "embedding": [at, 1, -1], "index": at} for at in range(count)]
    return Reply({"object": "list", "data": data[::-1], "model": "voyage-4", "usage": {"total_tokens": 10}})


def test_embeddings_are_asked_for_by_purpose(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    made = create(remote, "text_embedding", task_settings={"input_type": "ingest"})
    assert made.json()["service_settings"] == {
        "model_id": "voyage-4",
        "rate_limit": {"requests_per_minute": 2000},
        "dimensions": 3,
        "similarity": "dot_product",
        "embedding_type": "float",
    }
    assert made.json()["task_settings"] == {"input_type": "ingest", "truncation": True}
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "b"]})
    assert reply.json() == {"text_embedding": [{"embedding": [0.0, 1.0, -1.0]}, {"embedding": [1.0, 1.0, -1.0]}]}
    asked = provider.asked[-1]
    assert asked.json == {
        "input": ["a", "b"],
        "model": "voyage-4",
        "truncation": True,
        "input_type": "document",
        "output_dtype": "float",
    }
    assert asked.headers["authorization"] == "Bearer pa-secret"
    assert "pa-secret" not in remote.get("/_inference/mine").text


@pytest.mark.parametrize(
    ("given", "sent"), [("search", "query"), ("ingest", "document"), ("clustering", None), (None, None)]
)
def test_a_request_may_have_another_purpose(
    remote: httpx.Client, provider: Provider, given: str | None, sent: str | None
) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding")
    body = {"input": "a", "task_settings": {"truncation": False}} | ({"input_type": given} if given else {})
    assert remote.post("/_inference/text_embedding/mine", json=body).status_code == 200
    assert provider.asked[-1].json.get("input_type") == sent
    assert provider.asked[-1].json["truncation"] is False


def test_input_types_are_those_that_the_service_has(remote: httpx.Client) -> None:
    refused = create(remote, "text_embedding", task_settings={"input_type": "clustering"})
    assert "[input_type] must be one of [ingest, search]" in refused.json()["error"]["reason"]


@pytest.mark.parametrize(
    ("type", "sent", "member", "dimensions"),
    [("int8", "int8", "text_embedding_bytes", 3), ("bit", "binary", "text_embedding_bits", 24)],
)
def test_embeddings_may_be_bytes_or_bits(
    remote: httpx.Client, provider: Provider, type: str, sent: str, member: str, dimensions: int
) -> None:
    provider.tell(EMBED, embeddings)
    settings = {"embedding_type": type, "dimensions": dimensions}
    assert create(remote, "text_embedding", service_settings=settings).status_code == 200
    reply = remote.post("/_inference/text_embedding/mine", json={"input": "a"})
    assert reply.json() == {member: [{"embedding": [0, 1, -1]}]}
    assert provider.asked[-1].json["output_dtype"] == sent
    assert provider.asked[-1].json["output_dimension"] == dimensions


def test_more_than_128_texts_go_in_several_calls(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding")
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a"] * 130})
    assert len(reply.json()["text_embedding"]) == 130
    assert sorted(len(asked.json["input"]) for asked in provider.asked[1:]) == [2, 128]


def test_texts_images_and_videos_have_vectors(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(MEDIA, embeddings)
    made = create(remote, "embedding", service_settings={"model_id": "voyage-multimodal-3.5", "dimensions": 3})
    assert made.status_code == 200
    several = [
        {"type": "text", "value": "A cat."},
        {"type": "image", "value": PNG},
        {"type": "image", "value": f"data:image/webp;base64,{PNG}"},
        {"type": "video", "format": "base64", "value": MP4},
    ]
    body = {"input": ["A dog.", {"content": several}], "input_type": "search"}
    reply = remote.post("/_inference/embedding/mine", json=body)
    assert reply.json() == {"embeddings": [{"embedding": [0.0, 1.0, -1.0]}, {"embedding": [1.0, 1.0, -1.0]}]}
    assert provider.asked[-1].json == {
        "inputs": [
            {"content": [{"type": "text", "text": "A dog."}]},
            {
                "content": [
                    {"type": "text", "text": "A cat."},
                    {"type": "image_base64", "image_base64": f"data:image/png;base64,{PNG}"},
                    {"type": "image_base64", "image_base64": f"data:image/webp;base64,{PNG}"},
                    {"type": "video_base64", "video_base64": f"data:video/mp4;base64,{MP4}"},
                ]
            },
        ],
        "model": "voyage-multimodal-3.5",
        "truncation": True,
        "input_type": "query",
        "output_dimension": 3,
    }


def test_vectors_of_images_may_be_bytes(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(MEDIA, embeddings)
    create(remote, "embedding", service_settings={"embedding_type": "int8"})
    reply = remote.post("/_inference/embedding/mine", json={"input": "a"})
    assert reply.json() == {"embeddings_bytes": [{"embedding": [0, 1, -1]}]}
    assert provider.asked[-1].json["output_dtype"] == "int8"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "audio", "value": PNG}, "takes no items of type [audio] here, only [text, image, video]"),
        ({"type": "image", "value": "bm8gcGljdHVyZQ=="}, "The format of an item cannot be told"),
        ({"type": "image", "value": "§"}, "The format of an item cannot be told"),
    ],
)
def test_what_is_no_picture_is_refused(
    remote: httpx.Client, provider: Provider, item: dict[str, str], reason: str
) -> None:
    provider.tell(MEDIA, embeddings)
    create(remote, "embedding")
    refused = remote.post("/_inference/embedding/mine", json={"input": {"content": item}})
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["reason"]
    assert len(provider.asked) == 1


def test_documents_are_reranked(remote: httpx.Client, provider: Provider) -> None:
    data = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.25}]
    first = {"object": "list", "data": data[1:], "model": "rerank-2.5", "usage": {"total_tokens": 8}}
    provider.tell(RERANK, Reply(first), Reply(first | {"data": data}))
    made = create(remote, "rerank", task_settings={"top_k": 2, "return_documents": True})
    assert made.json()["task_settings"] == {"return_documents": True, "top_k": 2, "truncation": True}
    reply = remote.post("/_inference/rerank/mine", json={"query": "q", "input": ["a", "b"], "top_n": 1})
    assert reply.json() == {"rerank": [{"index": 1, "relevance_score": 0.9, "text": "b"}]}
    assert provider.asked[-1].json == {
        "model": "voyage-4",
        "truncation": True,
        "query": "q",
        "documents": ["a", "b"],
        "top_k": 1,
    }


def test_errors_are_the_wires(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, lambda asked: Reply({"detail": f"bad {asked.headers['authorization']}"}, 401))
    refused = create(remote, "text_embedding")
    assert refused.status_code == 401
    assert refused.json()["error"]["reason"].endswith("status [401]. Error message: [bad Bearer ***]")
