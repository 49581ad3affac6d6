"""Mixedbread, as its reference says it is asked: https://www.mixedbread.com/api-reference."""

from typing import Any

import httpx

from provider import Asked, Provider, Reply

EMBED, RERANK = "/mixedbread/v1/embeddings", "/mixedbread/v1/reranking"
SETTINGS = {
    "api_key": "mxb-secret",
    "model_id": "mixedbread-ai/mxbai-embed-large-v1",
    "rate_limit": {"requests_per_minute": 100_000},
}


def create(remote: httpx.Client, task: str, **body: Any) -> httpx.Response:  # noqa: ANN401
    settings = SETTINGS | body.pop("service_settings", {})
    return remote.put(f"/_inference/{task}/mine", json={"service": "mixedbread", "service_settings": settings} | body)


def embeddings(asked: Asked) -> Reply:
    """A vector of three an input, which number it is first."""
    data = [{"embedding": [at, 0.5, 1], "index": at, "object": "embedding"} for at in range(len(asked.json["input"]))]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return Reply({"usage": usage, "model": asked.json["model"], "data": data, "object": "list", "normalized": True})


def test_embeddings(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    settings = {"rate_limit": None, "max_input_tokens": 512}
    made = create(
        remote, "text_embedding", service_settings=settings, task_settings={"prompt": "Find:", "normalized": False}
    )
    assert made.json()["service_settings"] == {
        "model_id": "mixedbread-ai/mxbai-embed-large-v1",
        "max_input_tokens": 512,
        "rate_limit": {"requests_per_minute": 100},
        "dimensions": 3,
        "similarity": "cosine",
    }
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "b"]})
    assert reply.json() == {"text_embedding": [{"embedding": [0.0, 0.5, 1.0]}, {"embedding": [1.0, 0.5, 1.0]}]}
    asked = provider.asked[-1]
    assert asked.json == {
        "input": ["a", "b"],
        "model": "mixedbread-ai/mxbai-embed-large-v1",
        "encoding_format": "float",
        "prompt": "Find:",
        "normalized": False,
    }
    assert asked.headers["authorization"] == "Bearer mxb-secret"
    assert "mxb-secret" not in remote.get("/_inference/mine").text


def test_the_users_url_and_dimensions_are_taken(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/mine/embeddings", embeddings)
    settings = {"url": f"{provider.url}/mine/embeddings", "dimensions": 3}
    assert create(remote, "text_embedding", service_settings=settings).status_code == 200
    assert provider.asked[-1].json["dimensions"] == 3


def test_more_than_256_texts_go_in_several_calls(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding")
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a"] * 257})
    assert len(reply.json()["text_embedding"]) == 257
    assert sorted(len(asked.json["input"]) for asked in provider.asked[1:]) == [1, 256]


def test_documents_are_reranked(remote: httpx.Client, provider: Provider) -> None:
    data = [{"index": 1, "score": 0.9, "object": "rank_result"}, {"index": 0, "score": 0.25, "object": "rank_result"}]
    answer = {
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
        "model": "mixedbread-ai/mxbai-rerank-large-v2",
        "data": data[1:],
        "object": "list",
        "top_k": 1,
        "return_input": False,
    }
    provider.tell(RERANK, Reply(answer), Reply(answer | {"data": data}))
    create(remote, "rerank", task_settings={"return_documents": True})
    reply = remote.post("/_inference/rerank/mine", json={"query": "q", "input": ["a", "b"], "top_n": 1})
    assert reply.json() == {"rerank": [{"index": 1, "relevance_score": 0.9, "text": "b"}]}
    assert provider.asked[-1].json == {
        "model": "mixedbread-ai/mxbai-embed-large-v1",
        "return_input": False,  # the texts are in the request
        "query": "q",
        "input": ["a", "b"],
        "top_k": 1,
    }


def test_errors_are_the_wires(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, lambda asked: Reply({"detail": [{"msg": f"bad {asked.headers['authorization']}"}]}, 422))
    refused = create(remote, "text_embedding")
    assert refused.status_code == 422
    assert refused.json()["error"]["reason"].endswith("status [422]. Error message: [bad Bearer ***]")
