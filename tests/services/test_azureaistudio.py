"""Azure AI Studio, as its SDK (azure-ai-inference 1.0.0b9) asks it, with the paths that Elasticsearch uses."""

from typing import Any

import httpx
import pytest

from provider import Asked, Provider, Reply, events
from sse import told

KEY = "az-secret"
ANSWER = {
    "id": "c1",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3},
}


def create(
    remote: httpx.Client,
    provider: Provider,
    task: str,
    kind: str,
    path: str = "/azure",
    **other: Any,  # noqa: ANN401
) -> httpx.Response:
    """An endpoint of a provider and endpoint type, such as `cohere token`."""
    who, type = kind.split()
    settings = {"api_key": KEY, "target": f"{provider.url}{path}", "provider": who, "endpoint_type": type}
    body = {"service": "azureaistudio", "service_settings": settings | other.pop("service_settings", {})} | other
    return remote.put(f"/_inference/{task}/mine", json=body)


def embeddings(asked: Asked) -> Reply:
    return Reply(
        {"data": [{"embedding": [len(text), 0.5], "index": at} for at, text in enumerate(asked.json["input"])]}
    )


def test_embeddings_are_below_the_target(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/azure/v1/embeddings", embeddings)
    made = create(remote, provider, "text_embedding", "cohere token", task_settings={"user": "me"})
    assert made.json() == {
        "inference_id": "mine",
        "task_type": "text_embedding",
        "service": "azureaistudio",
        "service_settings": {
            "target": f"{provider.url}/azure",
            "provider": "cohere",
            "endpoint_type": "token",
            "rate_limit": {"requests_per_minute": 240},
            "dimensions": 2,
            "similarity": "dot_product",
        },
        "task_settings": {"user": "me"},
        "chunking_settings": {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1},
    }
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"], "input_type": "search"})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5]}, {"embedding": [3.0, 0.5]}]}
    asked = provider.asked[-1]
    assert asked.json == {"input": ["a", "bcd"], "user": "me", "input_type": "query"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["api-key"] == KEY
    assert asked.headers["extra-parameters"] == "pass-through"
    remote.post("/_inference/text_embedding/mine", json={"input": "a", "input_type": "ingest"})
    assert provider.asked[-1].json["input_type"] == "document"
    assert KEY not in remote.get("/_inference/mine").text


def test_openai_is_asked_at_the_target_itself(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/openai/deployments/d/embeddings", embeddings)
    path = "/openai/deployments/d/embeddings?api-version=2024-10-21"
    made = create(remote, provider, "text_embedding", "openai token", path, service_settings={"dimensions": 2})
    assert made.status_code == 200
    remote.post("/_inference/mine", json={"input": "a", "input_type": "search"})
    asked = provider.asked[-1]
    assert asked.params == {"api-version": "2024-10-21"}
    assert asked.json == {"input": ["a"], "dimensions": 2}
    assert asked.headers["api-key"] == KEY
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(("kind", "sizes"), [("cohere token", [4, 96]), ("openai token", [100])])
def test_the_most_inputs_of_a_call_are_the_provider_s(
    remote: httpx.Client, provider: Provider, kind: str, sizes: list[int]
) -> None:
    provider.tell("/azure/v1/embeddings", embeddings)
    provider.tell("/azure", embeddings)
    create(remote, provider, "text_embedding", kind)
    provider.asked.clear()
    remote.post("/_inference/mine", json={"input": ["a"] * 100})
    assert sorted(len(asked.json["input"]) for asked in provider.asked) == sizes


def test_a_target_with_the_whole_path_is_asked_as_it_is(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/models/embeddings", embeddings)
    path = "/models/embeddings?api-version=2024-05-01-preview"
    assert create(remote, provider, "text_embedding", "cohere token", path).status_code == 200
    assert provider.asked[-1].params == {"api-version": "2024-05-01-preview"}
    provider.tell("/azure/v1/embeddings", embeddings)
    remote.delete("/_inference/mine")
    assert create(remote, provider, "text_embedding", "cohere token", "/azure/?a=b").status_code == 200
    assert (provider.asked[-1].path, provider.asked[-1].params) == ("/azure/v1/embeddings", {"a": "b"})


def test_documents_are_ranked(remote: httpx.Client, provider: Provider) -> None:
    def ranks(asked: Asked) -> Reply:
        at = range(len(asked.json["documents"]))
        return Reply({"results": [{"index": each, "relevance_score": each / 4} for each in at]})

    provider.tell("/azure/v1/rerank", ranks)
    create(remote, provider, "rerank", "cohere token", task_settings={"return_documents": True})
    reply = remote.post("/_inference/rerank/mine", json={"input": ["a", "b"], "query": "q", "top_n": 1})
    assert reply.json() == {"rerank": [{"index": 1, "relevance_score": 0.25, "text": "b"}]}
    assert provider.asked[-1].json == {"query": "q", "documents": ["a", "b"], "return_documents": True, "top_n": 1}


def test_a_completion_by_token(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/azure/v1/chat/completions", Reply(ANSWER))
    made = create(
        remote,
        provider,
        "completion",
        "mistral token",
        task_settings={"temperature": 0.5, "top_p": 1, "do_sample": True, "max_new_tokens": 9},
    )
    assert made.json()["task_settings"] == {"do_sample": True, "max_new_tokens": 9, "temperature": 0.5, "top_p": 1}
    reply = remote.post("/_inference/completion/mine", json={"input": "Say hi"})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    asked = provider.asked[-1]
    assert asked.json == {
        "messages": [{"role": "user", "content": "Say hi"}],
        "do_sample": True,
        "temperature": 0.5,
        "top_p": 1,
        "max_tokens": 9,
    }
    assert asked.headers["extra-parameters"] == "pass-through"
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_a_request_s_own_values_go_before_the_settings(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/azure", Reply(ANSWER))
    create(remote, provider, "chat_completion", "openai token", task_settings={"max_new_tokens": 9, "temperature": 2})
    body = {"messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 5}
    reply = remote.post("/_inference/chat_completion/mine", json=body)
    assert reply.json() == ANSWER | {"object": "chat.completion"}
    assert provider.asked[-1].json == body | {"temperature": 2}
    assert "extra-parameters" not in provider.asked[-1].headers


def test_a_chat_with_tools_and_pictures_is_streamed(remote: httpx.Client, provider: Provider) -> None:
    call = {"index": 0, "id": "1", "type": "function", "function": {"name": "sum", "arguments": "{}"}}
    chunks: list[dict[str, Any]] = [
        {"id": "c", "model": "m", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
        for delta in ({"role": "assistant", "content": "Hi"}, {"tool_calls": [call]})
    ]
    chunks[1]["usage"] = {"completion_tokens": 1, "prompt_tokens": 2, "total_tokens": 3}
    provider.tell("/azure/v1/chat/completions", Reply(ANSWER), events(*chunks))
    create(remote, provider, "chat_completion", "meta token")
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    tool = {"type": "function", "function": {"name": "sum", "parameters": {"type": "object"}}}
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, picture]}], "tools": [tool]}
    reply = remote.post("/_inference/chat_completion/mine/_stream", json=body)
    received = told(reply)
    assert [chunk["choices"][0]["delta"] for chunk in received] == [
        {"content": "Hi", "role": "assistant"},
        {"tool_calls": [call]},
    ]
    assert received[1]["usage"]["total_tokens"] == 3
    assert provider.asked[-1].json == body | {"stream": True}


def test_a_realtime_endpoint_has_a_form_of_its_own(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/score", Reply({"output": "Hi"}))
    settings = {"temperature": 0.5, "max_new_tokens": 9}
    create(remote, provider, "chat_completion", "databricks realtime", "/score", task_settings=settings)
    messages = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "a"}]
    body = {"messages": messages, "top_p": 0.25, "max_completion_tokens": 5}
    reply = remote.post("/_inference/chat_completion/mine", json=body)
    assert reply.json()["choices"][0]["message"] == {"role": "assistant", "content": "Hi"}
    asked = provider.asked[-1]
    assert asked.json == {
        "input_data": {
            "input_string": messages,
            "parameters": {"temperature": 0.5, "max_new_tokens": 5, "top_p": 0.25},
        }
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert "api-key" not in asked.headers
    streamed = remote.post("/_inference/chat_completion/mine/_stream", json={"messages": messages})
    received = told(streamed)
    assert [chunk["choices"][0]["delta"]["content"] for chunk in received] == ["Hi"]
    tool = {"type": "function", "function": {"name": "sum"}}
    refused = remote.post("/_inference/chat_completion/mine", json={"messages": messages, "tools": [tool]})
    assert "[tools] cannot be specified for an endpoint of type [realtime]" in refused.text
    parts = [{"role": "user", "content": [{"type": "text", "text": "a"}]}]
    assert "must hold texts only" in remote.post("/_inference/chat_completion/mine", json={"messages": parts}).text


def test_a_realtime_completion(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/score", Reply({"output": "Hi"}))
    create(remote, provider, "completion", "microsoft_phi realtime", "/score")
    reply = remote.post("/_inference/completion/mine", json={"input": "Say hi"})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {"input_data": {"input_string": [{"role": "user", "content": "Say hi"}]}}


@pytest.mark.parametrize(
    ("task", "kind", "options", "reason"),
    [
        ("text_embedding", "mistral token", {}, "[provider] must be one of [cohere, openai]"),
        ("rerank", "openai token", {}, "[provider] must be one of [cohere]"),
        ("completion", "acme token", {}, "must be one of [cohere, databricks, meta, microsoft_phi, mistral, openai]"),
        ("completion", "meta hourly", {}, "[endpoint_type] must be one of [realtime, token]"),
        ("completion", "meta token", {"temperature": 2.5}, "[temperature] must be a less than or equal to [2.0]"),
        ("completion", "meta token", {"top_p": -1}, "[top_p] must be a greater than or equal to [0.0]"),
        ("completion", "meta token", {"max_new_tokens": 0}, "[max_new_tokens] must be a positive integer"),
    ],
)
def test_what_cannot_be_is_refused(
    remote: httpx.Client, provider: Provider, task: str, kind: str, options: dict[str, object], reason: str
) -> None:
    refused = create(remote, provider, task, kind, task_settings=options)
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["reason"]
    assert provider.asked == []


def test_an_error_of_the_service_is_told_without_the_key(remote: httpx.Client, provider: Provider) -> None:
    error = {"error": {"code": "Unauthorized", "message": f"Access denied: {KEY}"}}
    provider.tell("/azure/v1/embeddings", Reply(error, 401))
    refused = create(remote, provider, "text_embedding", "cohere token")
    assert refused.status_code == 401
    assert "Error message: [Access denied: ***]" in refused.json()["error"]["reason"]
    assert KEY not in refused.text
