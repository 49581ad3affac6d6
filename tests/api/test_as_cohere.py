"""Cohere's routes as they are on the wire; that its SDK likes them is in tests/clients."""

import json
from typing import Any

import httpx
import pytest

from connote.contract import cohere, cohere_chat
from provider import Provider, Reply, events

HI = [{"role": "user", "content": "Hi"}]
HEAD = {"id": "c1", "model": "m"}
AT_ONCE = Reply(HEAD | {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "length"}]})


def create(remote: httpx.Client, provider: Provider, *answers: Reply) -> None:
    provider.tell("/openai/v1/chat/completions", AT_ONCE, *answers)
    settings = {"api_key": "sk-secret", "model_id": "m"}
    body = {"service": "openai", "service_settings": settings}
    assert remote.put("/_inference/chat_completion/mine", json=body).status_code == 200


def ask(client: httpx.Client, **body: Any) -> httpx.Response:  # noqa: ANN401
    return client.post("/v2/chat", json={"model": "mine", "messages": HI} | body)


def told(reply: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream; the name of each is its type, and the mark is the last."""
    *blocks, mark, rest = reply.text.split("\n\n")
    assert (mark, rest) == ("data: [DONE]", "")
    parsed = []
    for block in blocks:
        name, data = block.split("\n")
        parsed.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {parsed[-1]['type']}"
    return parsed


def test_an_answer_has_coheres_form(remote: httpx.Client, provider: Provider) -> None:
    create(remote, provider)
    assert ask(remote).json() == {
        "id": "c1",
        "finish_reason": "MAX_TOKENS",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
        "usage": {
            "billed_units": {"input_tokens": 0, "output_tokens": 0},
            "tokens": {"input_tokens": 0, "output_tokens": 0},
        },
    }


def test_a_conversation_is_passed_on(remote: httpx.Client, provider: Provider) -> None:
    # vLLM takes thoughts back; to OpenAI they are not sent.
    provider.tell("/vllm/v1/chat/completions", AT_ONCE)
    body = {"service": "vllm", "service_settings": {"model_id": "m"}}
    assert remote.put("/_inference/chat_completion/mine", json=body).status_code == 200
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
    thought = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Look"}]
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]},
        {"role": "assistant", "content": thought, "tool_plan": "I look", "citations": []},
    ]
    tool = {"type": "function", "function": {"name": "look", "parameters": {}}}
    reply = ask(
        remote,
        messages=messages,
        tools=[tool],
        strict_tools=True,
        tool_choice="NONE",
        p=0.5,
        temperature=0.1,
        thinking={"type": "disabled"},
        priority=3,
    )
    assert reply.status_code == 200, reply.text
    assert provider.asked[-1].json == {
        "model": "m",
        "messages": [
            *messages[:2],
            {"role": "assistant", "content": [{"type": "text", "text": "Look"}], "reasoning": "I look\nhm"},
        ],
        "tools": [tool | {"function": {"name": "look", "parameters": {}, "strict": True}}],
        "tool_choice": "none",
        "top_p": 0.5,
        "temperature": 0.1,
        "reasoning_effort": "none",
    }


def test_thoughts_text_and_calls_are_streamed_each_as_a_part(remote: httpx.Client, provider: Provider) -> None:
    calls = [{"index": at, "id": f"i{at}", "function": {"name": "f", "arguments": "{}"}} for at in (0, 1)]
    deltas: list[dict[str, Any]] = [{"reasoning": "hm"}, {"content": "Hi"}, *({"tool_calls": [call]} for call in calls)]
    chunks = [HEAD | {"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    end = HEAD | {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    create(remote, provider, events(*chunks, end))
    parts = told(ask(remote, stream=True))
    assert [(part["type"], part.get("index")) for part in parts] == [
        ("message-start", None),
        ("content-start", 0),
        ("content-delta", 0),
        ("content-end", 0),
        ("content-start", 1),
        ("content-delta", 1),
        ("content-end", 1),
        ("tool-call-start", 0),
        ("tool-call-delta", 0),
        ("tool-call-end", 0),
        ("tool-call-start", 1),
        ("tool-call-delta", 1),
        ("tool-call-end", 1),
        ("message-end", None),
    ]
    assert parts[1]["delta"]["message"]["content"] == {"type": "thinking", "thinking": ""}
    assert parts[10]["delta"]["message"]["tool_calls"]["id"] == "i1"
    assert parts[-1]["delta"]["finish_reason"] == "TOOL_CALL"


def test_a_stream_that_breaks_off_says_why(remote: httpx.Client, provider: Provider) -> None:
    chunk = HEAD | {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    create(remote, provider, events(chunk, {"error": {"message": "broke down"}}))
    last = ask(remote, stream=True).text.strip().rsplit("\n\n", 1)[1]
    delta = json.loads(last.removeprefix("event: message-end\ndata: "))["delta"]
    assert delta["finish_reason"] == "ERROR"
    assert "broke down" in delta["error"]


@pytest.mark.parametrize("field", cohere_chat.NEUTRAL)
def test_what_a_chat_cannot_pass_on_is_refused(http: httpx.Client, field: str) -> None:
    reply = ask(http, **{field: "else"})
    assert reply.status_code == 400
    assert reply.json()["message"].startswith(f"[{field}] cannot be passed on to the endpoint's service: leave it out")


@pytest.mark.parametrize("field", cohere.NEUTRAL)
@pytest.mark.parametrize("path", ["/v1/embed", "/v2/embed", "/v1/rerank", "/v2/rerank", "/rerank"])
def test_what_cannot_be_passed_on_is_refused(http: httpx.Client, path: str, field: str) -> None:
    reply = http.post(path, json={"texts" if "embed" in path else "documents": ["a"], "query": "b", field: "else"})
    assert reply.status_code == 400
    assert f"[{field}] cannot be passed on" in reply.json()["message"]


def test_pictures_are_for_endpoints_that_embed_them(http: httpx.Client) -> None:
    for body in (
        {"images": ["data:image/png;base64,AAAA"], "input_type": "image"},
        {"inputs": [{"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]},
        {"inputs": [{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]},
    ):
        assert "only the task type [embedding] takes more" in http.post("/v2/embed", json=body).json()["message"]
    text = {"inputs": [{"content": [{"type": "text", "text": "a"}]}]}
    assert len(http.post("/v2/embed", json=text).json()["embeddings"]["float"][0]) == 384


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/v2/embed", {}, 400, "give one of [texts, images, inputs]"),
        ("/v2/embed", {"texts": ["a"], "images": []}, 400, "give one of"),
        ("/v2/embed", {"texts": "a"}, 400, "$.texts"),
        ("/v2/rerank", {"query": "", "documents": ["a"]}, 400, "[query] cannot be empty"),
        ("/v2/rerank", {"query": "a", "documents": []}, 400, "[documents] cannot be an empty array"),
        ("/v2/rerank", {"query": "a", "documents": ["a"], "top_n": 0}, 400, "[top_n] must be a positive integer"),
        ("/v2/rerank", {"query": "a", "documents": [{"title": "b"}]}, 400, "[documents[0]] must be a text"),
        ("/v1/rerank", {"query": "a", "documents": ["a"], "model": "nothing"}, 404, "not found [nothing]"),
        ("/v2/chat", {"model": "nothing", "messages": HI}, 404, "not found [nothing]"),
        ("/v2/chat", {"messages": HI}, 400, "`model`"),
    ],
)
def test_every_failure_has_coheres_form(
    http: httpx.Client, path: str, body: dict[str, Any], status: int, told: str
) -> None:
    reply = http.post(path, json=body)
    assert reply.status_code == status
    assert reply.json().keys() == {"message"}
    assert told in reply.json()["message"]
