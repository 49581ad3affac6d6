"""Jina AI, as its guide to its APIs says they are asked: https://github.com/jina-ai/meta-prompt."""

from typing import Any

import httpx
import pytest

from provider import Asked, Provider, Reply

EMBED, RERANK = "/jinaai/v1/embeddings", "/jinaai/v1/rerank"
SETTINGS = {"api_key": "jina-secret", "model_id": "jina-embeddings-v3"}
PNG = "iVBORw0KGgoAAAANSUhEUg=="


def create(remote: httpx.Client, task: str, **body: Any) -> httpx.Response:  # noqa: ANN401
    settings = SETTINGS | body.pop("service_settings", {})
    return remote.put(f"/_inference/{task}/mine", json={"service": "jinaai", "service_settings": settings} | body)


def embeddings(asked: Asked) -> Reply:
    """A vector of three an input, which number it is first."""
    data = [{"object": "embedding", "index": at, "embedding": [at, 1, -1]} for at in range(len(asked.json["input"]))]
    usage = {"total_tokens": 15, "prompt_tokens": 15}
    return Reply({"model": asked.json["model"], "object": "list", "usage": usage, "data": data})


def test_embeddings_are_asked_for_by_task(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    made = create(remote, "text_embedding", task_settings={"input_type": "ingest"})
    assert made.json()["service_settings"] == {
        "model_id": "jina-embeddings-v3",
        "rate_limit": {"requests_per_minute": 2000},
        "dimensions": 3,
        "similarity": "cosine",
        "embedding_type": "float",
    }
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "b"]})
    assert reply.json() == {"text_embedding": [{"embedding": [0.0, 1.0, -1.0]}, {"embedding": [1.0, 1.0, -1.0]}]}
    asked = provider.asked[-1]
    assert asked.json == {
        "input": ["a", "b"],
        "model": "jina-embeddings-v3",
        "embedding_type": "float",
        "task": "retrieval.passage",
    }
    assert asked.headers["authorization"] == "Bearer jina-secret"
    assert "jina-secret" not in remote.get("/_inference/mine").text


@pytest.mark.parametrize(
    ("model", "given", "sent"),
    [
        ("jina-embeddings-v3", None, None),
        ("jina-embeddings-v3", "ingest", "retrieval.passage"),
        ("jina-embeddings-v3", "search", "retrieval.query"),
        ("jina-embeddings-v3", "classification", "classification"),
        ("jina-embeddings-v3", "clustering", "separation"),
        ("jina-embeddings-v5-text-small", "clustering", "clustering"),
        ("jina-clip-v2", "search", "retrieval.query"),
        ("jina-clip-v2", "ingest", None),
        ("jina-clip-v2", "clustering", None),
    ],
)
def test_models_know_different_tasks(
    remote: httpx.Client, provider: Provider, model: str, given: str | None, sent: str | None
) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding", service_settings={"model_id": model})
    body = {"input": "a"} | ({"input_type": given} if given else {})
    assert remote.post("/_inference/text_embedding/mine", json=body).status_code == 200
    assert provider.asked[-1].json.get("task") == sent


@pytest.mark.parametrize(
    ("words", "wanted", "sent"),
    [(5500, True, True), (5501, True, False), (3, False, False), (3, None, None)],
)
def test_what_is_too_long_is_not_chunked_late(
    remote: httpx.Client, provider: Provider, words: int, wanted: bool | None, sent: bool | None
) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding", task_settings={} if wanted is None else {"late_chunking": wanted})
    texts = ["one " * (words - 1), "more"]
    assert remote.post("/_inference/text_embedding/mine", json={"input": texts}).status_code == 200
    assert provider.asked[-1].json.get("late_chunking") is sent


@pytest.mark.parametrize("type", ["bit", "binary"])
def test_embeddings_may_be_bits(remote: httpx.Client, provider: Provider, type: str) -> None:
    provider.tell(EMBED, embeddings)
    made = create(remote, "text_embedding", service_settings={"embedding_type": type, "dimensions": 24})
    settings = made.json()["service_settings"]
    assert (settings["dimensions"], settings["similarity"], settings["embedding_type"]) == (24, "l2_norm", type)
    reply = remote.post("/_inference/text_embedding/mine", json={"input": "a"})
    assert reply.json() == {"text_embedding_bits": [{"embedding": [0, 1, -1]}]}
    assert provider.asked[-1].json["embedding_type"] == "binary"
    assert provider.asked[-1].json["dimensions"] == 24


def test_texts_and_images_have_vectors(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    made = create(
        remote,
        "embedding",
        service_settings={"model_id": "jina-embeddings-v4"},
        task_settings={"late_chunking": True},
    )
    assert made.json()["service_settings"]["multimodal_model"] is True
    assert provider.asked[-1].json["late_chunking"] is True
    content = {"type": "image", "value": f"data:image/png;base64,{PNG}"}
    body = {"input": ["A dog.", {"content": {"type": "image", "value": PNG}}, {"content": [content]}]}
    reply = remote.post("/_inference/embedding/mine", json=body)
    assert [item["embedding"][0] for item in reply.json()["embeddings"]] == [0.0, 1.0, 2.0]
    assert provider.asked[-1].json == {
        "input": [{"text": "A dog."}, {"image": PNG}, {"image": PNG}],
        "model": "jina-embeddings-v4",
        "embedding_type": "float",
        "late_chunking": False,
    }


def test_a_model_for_texts_is_sent_plain_texts(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "embedding", service_settings={"multimodal_model": False})
    assert remote.post("/_inference/embedding/mine", json={"input": ["a", "b"]}).status_code == 200
    assert provider.asked[-1].json["input"] == ["a", "b"]
    picture = {"content": {"type": "image", "value": PNG}}
    refused = remote.post("/_inference/embedding/mine", json={"input": picture})
    assert "takes no items of type [image] here, only [text]" in refused.json()["error"]["reason"]


def test_a_vector_is_of_one_item(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "embedding")
    items = [{"type": "text", "value": "a"}, {"type": "image", "value": PNG}]
    refused = remote.post("/_inference/embedding/mine", json={"input": {"content": items}})
    assert refused.status_code == 400
    assert "makes a vector of one item" in refused.json()["error"]["reason"]


def test_documents_are_reranked(remote: httpx.Client, provider: Provider) -> None:
    results = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": -0.25}]
    first = {"model": "jina-reranker-v3", "usage": {"total_tokens": 8}, "results": results[1:]}
    provider.tell(RERANK, Reply(first), Reply(first | {"results": results}))
    create(remote, "rerank", task_settings={"top_n": 2, "return_documents": True})
    reply = remote.post("/_inference/rerank/mine", json={"query": "q", "input": ["a", "b"]})
    assert reply.json() == {
        "rerank": [
            {"index": 1, "relevance_score": 0.9, "text": "b"},
            {"index": 0, "relevance_score": -0.25, "text": "a"},
        ]
    }
    assert provider.asked[-1].json == {
        "model": "jina-embeddings-v3",
        "return_documents": False,  # the texts are in the request
        "query": "q",
        "documents": ["a", "b"],
        "top_n": 2,
    }


def test_errors_are_the_wires(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, lambda asked: Reply({"error": {"message": f"bad {asked.headers['authorization']}"}}, 422))
    refused = create(remote, "text_embedding")
    assert refused.status_code == 422
    assert refused.json()["error"]["reason"].endswith("status [422]. Error message: [bad Bearer ***]")
