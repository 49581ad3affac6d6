"""OpenAI, as its reference says it is asked: https://platform.openai.com/docs/api-reference."""

import httpx
import pytest

from provider import Asked, Provider, Reply, events, told

SETTINGS = {"api_key": "sk-secret", "model_id": "text-embedding-3-small"}


def embeddings(asked: Asked) -> Reply:
    """A vector of three an input, the input's length first."""
    data = [{"embedding": [len(text), 0.5, 1], "index": at} for at, text in enumerate(asked.json["input"])]
    return Reply({"data": data[::-1], "usage": {"prompt_tokens": 4, "total_tokens": 4}})


def create(remote: httpx.Client, task: str, **body: object) -> httpx.Response:
    return remote.put(f"/_inference/{task}/mine", json={"service": "openai", "service_settings": SETTINGS} | body)


def test_embeddings_are_measured_and_asked_for(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/openai/v1/embeddings", embeddings)
    made = create(remote, "text_embedding", task_settings={"user": "me"})
    assert made.json() == {
        "inference_id": "mine",
        "task_type": "text_embedding",
        "service": "openai",
        "service_settings": {
            "model_id": "text-embedding-3-small",
            "rate_limit": {"requests_per_minute": 3000},
            "dimensions": 3,
            "similarity": "dot_product",
        },
        "task_settings": {"user": "me"},
        "chunking_settings": {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1},
    }
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"]})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5, 1.0]}, {"embedding": [3.0, 0.5, 1.0]}]}
    asked = provider.asked[-1]
    assert asked.json == {"input": ["a", "bcd"], "model": "text-embedding-3-small", "user": "me"}
    assert asked.headers["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in remote.get("/_inference/mine").text


def test_dimensions_are_sent_only_if_the_user_gave_them(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/openai/v1/embeddings", embeddings)
    assert create(remote, "text_embedding", service_settings=SETTINGS | {"dimensions": 3}).status_code == 200
    assert provider.asked[-1].json["dimensions"] == 3
    refused = remote.put(
        "/_inference/text_embedding/other",
        json={"service": "openai", "service_settings": SETTINGS | {"dimensions": 4}},
    )
    assert refused.status_code == 400
    assert "[dimensions] must be [3]" in refused.json()["error"]["reason"]


def test_the_task_embedding_takes_texts_and_nothing_else(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/openai/v1/embeddings", embeddings)
    assert create(remote, "embedding").json()["service_settings"]["dimensions"] == 3
    text, picture = {"type": "text", "value": "bcd"}, {"type": "image", "value": "aGk="}
    reply = remote.post("/_inference/embedding/mine", json={"input": ["a", {"content": text}]})
    assert reply.json() == {"embeddings": [{"embedding": [1.0, 0.5, 1.0]}, {"embedding": [3.0, 0.5, 1.0]}]}
    assert provider.asked[-1].json["input"] == ["a", "bcd"]
    asked = len(provider.asked)
    for content in (picture, [text, text]):
        refused = remote.post("/_inference/embedding/mine", json={"input": ["a", {"content": content}]})
        assert refused.status_code == 400
        assert "Field [input[1]] must be one text" in refused.json()["error"]["reason"]
    assert len(provider.asked) == asked


def test_completion_and_chat(remote: httpx.Client, provider: Provider) -> None:
    answer = {
        "id": "c1",
        "model": "gpt",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3},
    }
    provider.tell("/openai/v1/chat/completions", Reply(answer))
    assert create(remote, "completion").status_code == 200
    reply = remote.post("/_inference/completion/mine", json={"input": "Say hi"})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {
        "model": "text-embedding-3-small",
        "n": 1,
        "messages": [{"role": "user", "content": "Say hi"}],
    }
    remote.delete("/_inference/mine")
    create(remote, "chat_completion")
    chat = remote.post("/_inference/chat_completion/mine", json={"messages": [{"role": "user", "content": "Hi"}]})
    assert chat.json() == answer | {"object": "chat.completion"}


@pytest.mark.parametrize("task", ["completion", "chat_completion"])
def test_streams(remote: httpx.Client, provider: Provider, task: str) -> None:
    chunks = [
        {"id": "c", "model": "m", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
        for delta in ({"role": "assistant"}, {"content": "Hel"}, {"content": "lo"})
    ]
    stream = events(*chunks)
    provider.tell("/openai/v1/chat/completions", Reply({"choices": [{"message": {"content": "x"}}]}), stream)
    assert create(remote, task).status_code == 200
    body = {"input": "a"} if task == "completion" else {"messages": [{"role": "user", "content": "a"}]}
    reply = remote.post(f"/_inference/{task}/mine/_stream", json=body)
    assert reply.headers["content-type"].startswith("text/event-stream")
    if task == "completion":
        assert told(reply.text) == [{"completion": [{"delta": t}]} for t in ("Hel", "lo")]
    else:
        assert told(reply.text) == chunks
    assert provider.asked[-1].json["stream_options"] == {"include_usage": True}
