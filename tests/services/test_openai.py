"""OpenAI, as its reference says it is asked: https://platform.openai.com/docs/api-reference."""

import httpx
import pytest

from provider import Asked, Provider, Reply, events
from sse import told

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


def test_a_users_header_takes_the_place_of_ours_whatever_its_case(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/openai/v1/embeddings", embeddings)
    made = create(remote, "text_embedding", task_settings={"headers": {"user-agent": "mine", "X-Team": "search"}})
    assert made.status_code == 200
    (asked,) = provider.asked
    assert (asked.headers["user-agent"], asked.headers["x-team"]) == ("mine", "search")


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
        assert told(reply) == [{"completion": [{"delta": t}]} for t in ("Hel", "lo")]
    else:
        assert told(reply) == chunks
    assert provider.asked[-1].json["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "a\r\nb"])
def test_headers_that_say_where_a_request_goes_or_ends_are_refused(
    remote: httpx.Client, provider: Provider, name: str
) -> None:
    """With a length of 0 the body would be read as the next request."""
    provider.tell("/openai/v1/embeddings", embeddings)
    create(remote, "text_embedding")
    provider.asked.clear()
    body = {"input": "a", "task_settings": {"headers": {name: "0"}}}
    reply = remote.post("/_inference/text_embedding/mine", json=body)
    assert reply.status_code == 400
    assert f"[{name}] cannot be set" in reply.json()["error"]["reason"]
    assert provider.asked == []


def test_who_does_not_know_the_secret_cannot_have_it_sent_elsewhere(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/openai/token", Reply({"access_token": "t"}))
    provider.tell("/openai/v1/embeddings", embeddings)
    account = {"client_id": "me", "client_secret": "s3cret", "scopes": ["a"], "token_url": "https://idp.example/token"}
    settings = account | {"model_id": "m"}
    body = {"service": "openai", "service_settings": settings}
    assert remote.put("/_inference/text_embedding/mine", json=body).status_code == 200
    moved = {"token_url": "https://evil.example/token"}
    update = "/_inference/text_embedding/mine/_update"
    reply = remote.put(update, json={"service_settings": moved})
    assert reply.status_code == 400
    assert "to update the setting [token_url], give [client_secret] as well" in reply.json()["error"]["reason"]
    assert remote.put(update, json={"service_settings": moved | {"client_secret": "n3w"}}).status_code == 200


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (Reply(content=b'{"access_token": "t", "x": ' + b"[" * 50_000), "does not answer with a token"),
        (Reply(content=b" " * 100_000), "does not answer with a token"),
        (Reply(content=b'{"access_token": "\xff"}'), "does not answer with a token"),
        (Reply(status=499, content=b"[" * 50_000), "with status [499]"),
        (Reply({"error": ["x"]}, 418, {"Content-Type": "text/plain; charset=hex"}), "with status [418]: ['x']"),
    ],
)
def test_whatever_is_said_instead_of_a_token_is_no_fault_of_ours(
    remote: httpx.Client, provider: Provider, token: Reply, told: str
) -> None:
    provider.tell("/openai/token", token)
    settings = {
        "model_id": "m",
        "client_id": "me",
        "client_secret": "s3cret",
        "scopes": ["a"],
        "token_url": "https://idp.example/token",
    }
    body = {"service": "openai", "service_settings": settings}
    reply = remote.put("/_inference/text_embedding/mine", json=body)
    assert 400 <= reply.status_code < 500
    assert told in reply.json()["error"]["reason"]


@pytest.mark.parametrize("expires", [None, "3600", 3600])
def test_a_token_may_say_how_long_it_lives_in_several_ways(
    remote: httpx.Client, provider: Provider, expires: object
) -> None:
    provider.tell("/openai/token", Reply({"access_token": "t", "expires_in": expires}))
    provider.tell("/openai/v1/embeddings", embeddings)
    settings = {
        "model_id": "m",
        "client_id": "me",
        "client_secret": "s3cret",
        "scopes": ["a"],
        "token_url": "https://x/t",
    }
    body = {"service": "openai", "service_settings": settings}
    assert remote.put("/_inference/text_embedding/mine", json=body).status_code == 200
    assert provider.asked[-1].headers["authorization"] == "Bearer t"
