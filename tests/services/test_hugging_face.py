"""Hugging Face: answers as in docs/openapi.json of Text Embeddings Inference, and for chats as OpenAI's."""

from typing import Any

import httpx
import pytest

from provider import Asked, Provider, Reply, events
from sse import told

KEY = "hf_secret"


def create(remote: httpx.Client, provider: Provider, task: str, path: str = "/m", **other: Any) -> httpx.Response:  # noqa: ANN401
    """An endpoint at a path of the provider's; `other` are more members of the body."""
    settings = {"api_key": KEY, "url": f"{provider.url}{path}"} | other.pop("service_settings", {})
    body = {"service": "hugging_face", "service_settings": settings} | other
    return remote.put(f"/_inference/{task}/mine", json=body)


@pytest.mark.parametrize("form", ["a list", "an object"])
def test_vectors_in_both_forms_of_the_answer(remote: httpx.Client, provider: Provider, form: str) -> None:
    def vectors(asked: Asked) -> Reply:
        rows = [[len(text), 0.5] for text in asked.json["inputs"]]
        return Reply(rows if form == "a list" else {"embeddings": rows})

    provider.tell("/m", vectors)
    made = create(remote, provider, "text_embedding")
    assert made.json() == {
        "inference_id": "mine",
        "task_type": "text_embedding",
        "service": "hugging_face",
        "service_settings": {
            "url": f"{provider.url}/m",
            "rate_limit": {"requests_per_minute": 3000},
            "dimensions": 2,
            "similarity": "cosine",
        },
        "chunking_settings": {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1},
    }
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"]})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5]}, {"embedding": [3.0, 0.5]}]}
    asked = provider.asked[-1]
    assert (asked.path, asked.json) == ("/m", {"inputs": ["a", "bcd"]})
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in remote.get("/_inference/mine").text


def test_more_than_32_inputs_go_in_several_calls(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/m", lambda asked: Reply([[len(text)] for text in asked.json["inputs"]]))
    create(remote, provider, "text_embedding")
    provider.asked.clear()
    reply = remote.post("/_inference/mine", json={"input": ["x" * (number + 1) for number in range(70)]})
    assert [each["embedding"][0] for each in reply.json()["text_embedding"]] == list(range(1, 71))
    assert sorted(len(asked.json["inputs"]) for asked in provider.asked) == [6, 32, 32]


@pytest.mark.parametrize("service", ["hugging_face", "hugging_face_elser"])
@pytest.mark.parametrize(
    ("vector", "shown"),
    [
        ({"sea": 0.25, "ship": 1.5}, {"ship": 1.5, "sea": 0.25}),
        ([{"index": 7, "value": 0.25}, {"index": 9, "value": 1.5}], {"9": 1.5, "7": 0.25}),
    ],
)
def test_sparse_vectors_in_both_forms_of_the_answer(
    remote: httpx.Client, provider: Provider, service: str, vector: object, shown: object
) -> None:
    provider.tell("/m", Reply([vector]))
    made = create(remote, provider, "sparse_embedding", service=service)
    assert made.json()["service"] == service
    assert made.json()["service_settings"] == {
        "url": f"{provider.url}/m",
        "rate_limit": {"requests_per_minute": 3000},
    }
    reply = remote.post("/_inference/sparse_embedding/mine", json={"input": "a"})
    assert reply.json() == {"sparse_embedding": [{"is_truncated": False, "embedding": shown}]}
    assert provider.asked[-1].json == {"inputs": ["a"]}


def test_the_older_service_is_not_listed(remote: httpx.Client) -> None:
    listed = {each["service"]: each["task_types"] for each in remote.get("/_inference/_services").json()}
    assert "hugging_face_elser" not in listed
    assert sorted(listed["hugging_face"]) == [
        "chat_completion",
        "completion",
        "rerank",
        "sparse_embedding",
        "text_embedding",
    ]


@pytest.mark.parametrize("form", ["a list", "an object"])
def test_documents_are_ranked(remote: httpx.Client, provider: Provider, form: str) -> None:
    def ranks(asked: Asked) -> Reply:
        scores = range(len(asked.json["documents"]))
        if form == "a list":
            return Reply([{"index": at, "score": at / 4} for at in scores])
        return Reply({"results": [{"index": at, "relevance_score": at / 4} for at in scores]})

    provider.tell("/m", ranks)
    create(
        remote,
        provider,
        "rerank",
        service_settings={"model_id": "bge"},
        task_settings={"top_n": 2, "return_documents": True},
    )
    asked = {"input": ["a", "b", "c"], "query": "q"}
    reply = remote.post("/_inference/rerank/mine", json=asked)
    assert reply.json()["rerank"] == [
        {"index": 2, "relevance_score": 0.5, "text": "c"},
        {"index": 1, "relevance_score": 0.25, "text": "b"},
    ]
    assert provider.asked[-1].json == {
        "documents": ["a", "b", "c"],
        "query": "q",
        "return_documents": True,
        "top_n": 2,
        "model": "bge",
    }
    reply = remote.post("/_inference/rerank/mine", json=asked | {"top_n": 1, "return_documents": False})
    assert reply.json()["rerank"] == [{"index": 2, "relevance_score": 0.5}]
    assert (provider.asked[-1].json["top_n"], provider.asked[-1].json["return_documents"]) == (1, False)


def test_a_chat_with_tools_is_passed_on(remote: httpx.Client, provider: Provider) -> None:
    call = {"index": 0, "id": "1", "type": "function", "function": {"name": "sum", "arguments": "{}"}}
    chunks: list[dict[str, Any]] = [
        {"id": "c", "model": "m", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
        for delta in ({"role": "assistant", "content": "Hi"}, {"tool_calls": [call]})
    ]
    usage = {"completion_tokens": 1, "prompt_tokens": 2, "total_tokens": 3}
    chunks.append({"id": "c", "choices": [], "model": "m", "object": "chat.completion.chunk", "usage": usage})
    path = "/m/v1/chat/completions"
    provider.tell(path, Reply({"choices": [{"message": {"content": "x"}}]}), events(*chunks))
    assert create(remote, provider, "chat_completion", path, service_settings={"model_id": "m"}).status_code == 200
    tool = {"type": "function", "function": {"name": "sum", "parameters": {"type": "object"}}}
    body = {"messages": [{"role": "user", "content": "a"}], "tools": [tool], "max_completion_tokens": 5}
    reply = remote.post("/_inference/chat_completion/mine/_stream", json=body)
    received = told(reply)
    assert [chunk["choices"][0]["delta"] for chunk in received[:2]] == [
        {"content": "Hi", "role": "assistant"},
        {"tool_calls": [call]},
    ]
    assert received[2]["usage"] == usage
    assert provider.asked[-1].json == {
        "model": "m",
        "messages": [{"role": "user", "content": "a"}],
        "tools": [tool],
        "max_tokens": 5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_completion(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/v1/chat/completions", Reply({"choices": [{"message": {"content": "Hi"}}]}))
    create(remote, provider, "completion", "/v1/chat/completions")
    reply = remote.post("/_inference/completion/mine", json={"input": "Say hi"})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {"messages": [{"role": "user", "content": "Say hi"}]}


def test_what_does_not_fit_is_refused(remote: httpx.Client, provider: Provider) -> None:
    refused = create(remote, provider, "chat_completion")
    assert "it must contain [/v1/chat/completions]" in refused.json()["error"]["reason"]
    refused = create(remote, provider, "text_embedding", service_settings={"model_id": "m"})
    assert "settings [{model_id=m}] unknown to the [hugging_face] service" in refused.json()["error"]["reason"]
    refused = remote.put(
        "/_inference/rerank/mine", json={"service": "hugging_face", "service_settings": {"api_key": KEY}}
    )
    assert "does not contain the required setting [url]" in refused.json()["error"]["reason"]
    assert provider.asked == []


@pytest.mark.parametrize(
    ("reply", "status", "reason"),
    [
        (Reply({"error": "Batch size error", "error_type": "Validation"}, 413), 413, "Batch size error"),
        (Reply({"error": f"no {KEY}", "error_type": "Tokenizer"}, 422), 422, "Error message: [no ***]"),
        (Reply({"error": "unknown"}), 400, "Error message: [unknown]"),
        (Reply([[0.5], [0.5]]), 400, "2 vectors for 1 inputs"),
        (Reply({"embeddings": 1}), 400, "Failed to parse the answer"),
    ],
)
def test_what_the_service_finds_wrong_is_told(
    remote: httpx.Client, provider: Provider, reply: Reply, status: int, reason: str
) -> None:
    provider.tell("/m", reply)
    refused = create(remote, provider, "text_embedding")
    assert refused.status_code == status
    assert reason in refused.json()["error"]["reason"]
    assert KEY not in refused.text
