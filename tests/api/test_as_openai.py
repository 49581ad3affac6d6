"""OpenAI's routes as they are on the wire; that its SDK likes them is in tests/clients."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server
from connote.contract import openai
from provider import Asked, Provider, Reply, events

E5 = ".multilingual-e5-small-elasticsearch"
HI = [{"role": "user", "content": "Hi"}]
HEAD = {"id": "c1", "model": "gpt-x"}
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
AT_ONCE = Reply(HEAD | {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]})


def create(remote: httpx.Client, task: str = "chat_completion", service: str = "openai") -> None:
    settings = {"api_key": "sk-secret", "model_id": "m"}
    made = remote.put(f"/_inference/{task}/mine", json={"service": service, "service_settings": settings})
    assert made.status_code == 200, made.text


def ask(client: httpx.Client, **body: Any) -> httpx.Response:  # noqa: ANN401
    return client.post("/v1/chat/completions", json={"model": "mine", "messages": HI} | body)


def test_a_stream_is_framed_as_openai_frames_it(remote: httpx.Client, provider: Provider) -> None:
    first = HEAD | {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    stream = events(first, HEAD | {"choices": [], "usage": USAGE})
    provider.tell("/openai/v1/chat/completions", AT_ONCE, stream)
    create(remote)
    reply = ask(remote, stream=True)
    assert reply.headers["content-type"].startswith("text/event-stream")
    line, end, rest = reply.text.split("\n\n")
    assert (end, rest) == ("data: [DONE]", "")
    chunk = json.loads(line.removeprefix("data: "))
    assert chunk.pop("created") > 1_700_000_000
    assert chunk == first | {"object": "chat.completion.chunk"}
    with_usage = ask(remote, stream=True, stream_options={"include_usage": True}).text.split("\n\n")
    told = [json.loads(line.removeprefix("data: ")) for line in with_usage[:2]]
    assert [(len(each["choices"]), each["usage"]) for each in told] == [(1, None), (0, USAGE)]


def test_the_usage_of_a_chunk_with_text_is_told_last(remote: httpx.Client, provider: Provider) -> None:
    both = HEAD | {"choices": [{"index": 0, "delta": {"content": "Hi"}}], "usage": USAGE}
    provider.tell("/openai/v1/chat/completions", AT_ONCE, events(both))
    create(remote)
    lines = ask(remote, stream=True, stream_options={"include_usage": True}).text.split("\n\n")
    told = [json.loads(line.removeprefix("data: ")) for line in lines[:2]]
    assert [each["usage"] for each in told] == [None, USAGE]


def test_an_error_before_the_first_chunk_is_no_stream(remote: httpx.Client, provider: Provider) -> None:
    refused = Reply({"error": {"message": "no such sk-secret", "type": "quota"}}, 402)
    provider.tell("/openai/v1/chat/completions", AT_ONCE, refused)
    create(remote)
    reply = ask(remote, stream=True)
    assert (reply.status_code, reply.headers["content-type"]) == (402, "application/json")
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "quota"
    assert "no such ***" in error["message"]


def test_an_error_between_chunks_is_a_chunk(remote: httpx.Client, provider: Provider) -> None:
    chunk = HEAD | {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    provider.tell("/openai/v1/chat/completions", AT_ONCE, events(chunk, {"error": {"message": "broke down"}}))
    create(remote)
    _, last, rest = ask(remote, stream=True).text.split("\n\n")
    assert "broke down" in json.loads(last.removeprefix("data: "))["error"]["message"]
    assert rest == ""


def test_a_client_that_leaves_closes_the_services_stream(remote: httpx.Client, provider: Provider) -> None:
    chunk = HEAD | {"choices": [{"index": 0, "delta": {"content": "x" * 50_000}}]}
    provider.tell("/openai/v1/chat/completions", AT_ONCE, events(*[chunk] * 500, pause=0.01))
    create(remote)
    body = {"model": "mine", "messages": HI, "stream": True}
    with remote.stream("POST", "/v1/chat/completions", json=body) as reply:
        next(reply.iter_bytes())
    assert provider.left.wait(10)


def test_what_means_nothing_is_left_out_and_what_means_something_is_passed_on(
    remote: httpx.Client, provider: Provider
) -> None:
    provider.tell("/openai/v1/chat/completions", AT_ONCE)
    create(remote)
    neutral = {name: values[0] for name, values in openai.NEUTRAL.items() if values}
    ignored = dict.fromkeys(openai.IGNORED, "anything")
    meant = {"temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 5, "stop": ["a", "b"]}
    reply = ask(remote, **neutral, **ignored, **meant, reasoning_effort="low", tools=None)
    assert reply.status_code == 200, reply.text
    sent = {"model": "m", "n": 1, "messages": HI, "reasoning_effort": "low"}
    assert provider.asked[-1].json == sent | meant


@pytest.mark.parametrize("field", openai.NEUTRAL)
def test_what_cannot_be_passed_on_is_refused(http: httpx.Client, field: str) -> None:
    reply = ask(http, **{field: "else"})
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", field)
    assert error["message"].startswith(f"[{field}] cannot be passed on to the endpoint's service: leave it out")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"frobnicate": 1}, "frobnicate"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": "a", "refusal": "no"}]}, "messages[0].refusal"),
        ({"max_tokens": 1, "max_completion_tokens": 2}, "max_tokens"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools[0]"),
        ({"reasoning_effort": "utmost"}, "reasoning.effort"),
        ({"stream_options": {"x": 1}}, "stream_options.x"),
        ({"model": None}, "model"),
    ],
)
def test_the_field_at_fault_is_named(http: httpx.Client, body: dict[str, Any], param: str) -> None:
    reply = ask(http, **body)
    assert reply.status_code == 400
    assert reply.json()["error"]["param"].startswith(param)


def test_too_few_tokens_are_refused(http: httpx.Client) -> None:
    for field in ("max_tokens", "max_completion_tokens"):
        assert "positive" in ask(http, **{field: 0}).json()["error"]["message"]


def test_a_completion_of_another_flow_takes_no_messages(remote: httpx.Client, provider: Provider) -> None:
    vectors = Reply({"data": [{"embedding": [1, 2], "index": 0}]})
    provider.tell("/openai/v1/embeddings", vectors)
    create(remote, "text_embedding")
    message = ask(remote).json()["error"]["message"]
    assert message == "The endpoint [mine] does [text_embedding]: it takes no messages"
    assert ask(remote, model=E5).status_code == 400


def test_a_completion_endpoint_is_still_none_for_elasticsearchs_chat(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/openai/v1/chat/completions", AT_ONCE)
    create(remote, "completion")
    assert ask(remote).json()["choices"][0]["message"] == {"role": "assistant", "content": "Hi", "refusal": None}
    refused = remote.post("/_inference/chat_completion/mine", json={"messages": HI})
    assert "Incompatible task_type" in refused.json()["error"]["message"]


def test_a_conversation_does_not_fall_back_on_what_completes_texts_only(
    remote: httpx.Client, provider: Provider
) -> None:
    provider.tell("/custom/ask", Reply({"out": "spare"}))
    spare = {
        "url": f"{provider.url}/custom/ask",
        "request": '{"prompts": ${input}}',
        "response": {"json_parser": {"completion_result": "$.out"}},
    }
    made = remote.put("/_inference/completion/spare", json={"service": "custom", "service_settings": spare})
    assert made.status_code == 200, made.text
    provider.tell("/openai/v1/chat/completions", AT_ONCE, Reply({"error": {"message": "out of order"}}, 503))
    body = {"service": "openai", "service_settings": {"api_key": "sk", "model_id": "m"}, "fallback": ["spare"]}
    made = remote.put("/_inference/completion/mine", json=body)
    assert made.status_code == 200, made.text
    text = remote.post("/_inference/completion/mine", json={"input": "Hi"})
    assert text.json() == {"completion": [{"result": "spare"}]}
    asked = len(provider.asked)
    assert "out of order" in ask(remote).json()["error"]["message"]
    assert {each.path for each in provider.asked[asked:]} == {"/openai/v1/chat/completions"}


def test_vectors_of_a_service(remote: httpx.Client, provider: Provider) -> None:
    def embeddings(asked: Asked) -> Reply:
        return Reply({"data": [{"embedding": [1.5, -2], "index": at} for at, _ in enumerate(asked.json["input"])]})

    provider.tell("/openai/v1/embeddings", embeddings)
    create(remote, "text_embedding")
    reply = remote.post("/v1/embeddings", json={"model": "mine", "input": ["a", "b"], "user": "me"})
    assert reply.json() == {
        "object": "list",
        "data": [{"object": "embedding", "index": at, "embedding": [1.5, -2.0]} for at in (0, 1)],
        "model": "mine",
        "usage": {"prompt_tokens": 0, "total_tokens": 0},
    }


def test_the_model_may_be_left_out_of_embeddings(http: httpx.Client) -> None:
    replies = [http.post(path, json={"input": "a"}) for path in ("/v1/embeddings", "/embeddings")]
    assert [reply.json()["model"] for reply in replies] == [E5, E5]


def test_long_input_is_cut_with_a_warning_or_refused(http: httpx.Client) -> None:
    body = {"model": E5, "input": "house " * 700}
    cut = http.post("/v1/embeddings", json=body)
    assert "the model takes 512" in cut.headers["warning"]
    assert cut.json()["usage"]["prompt_tokens"] == 512
    assert http.post("/v1/embeddings?truncate=none", json=body).json()["error"]["type"] == "invalid_request_error"


def test_the_cache_tells_the_same_tokens(http: httpx.Client) -> None:
    body = {"model": E5, "input": ["never seen before", "a", "never seen before"]}
    first, again = (http.post("/v1/embeddings", json=body).json() for _ in range(2))
    assert first == again
    assert first["usage"]["prompt_tokens"] > 10


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/models/nothing", None, 404, "model_not_found"),
        ("POST", "/v1/embeddings", b"{", 400, None),
        ("POST", "/v1/embeddings?x=1", b'{"input": "a"}', 400, None),
        ("PATCH", "/v1/chat/completions", None, 405, None),
    ],
)
def test_every_failure_has_openais_form(
    http: httpx.Client, method: str, path: str, body: bytes | None, status: int, code: str | None
) -> None:
    reply = http.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == status
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["code"]) == ("invalid_request_error", code)


def test_a_missing_key_is_told_in_each_protocol(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", environment={"CONNOTE_API_KEY": "s3cret"})
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            refused = [client.get("/v1/models"), client.post("/v2/embed", json={}), client.get("/info")]
            passed = client.get("/v1/models", headers={"Authorization": "Bearer s3cret"})
    finally:
        server.stop()
    assert [reply.status_code for reply in (*refused, passed)] == [401, 401, 401, 200]
    openais, coheres, teis = (reply.json() for reply in refused)
    assert openais["error"]["code"] == "invalid_api_key"
    assert coheres.keys() == {"message"}
    assert teis.keys() == {"error", "error_type"}
