"""Cohere, as version 2 of its API is asked and answers: https://docs.cohere.com/reference/about."""

import json
from typing import Any

import httpx
import pytest

from provider import Asked, Provider, Reply, events
from sse import told

EMBED, RERANK, CHAT = "/cohere/v2/embed", "/cohere/v2/rerank", "/cohere/v2/chat"
SETTINGS = {"api_key": "co-secret", "model_id": "embed-v4.0"}


def create(remote: httpx.Client, task: str, **body: Any) -> httpx.Response:  # noqa: ANN401
    settings = SETTINGS | body.pop("service_settings", {})
    return remote.put(f"/_inference/{task}/mine", json={"service": "cohere", "service_settings": settings} | body)


def embeddings(asked: Asked) -> Reply:
    """Vectors of the type that was asked for: the input's length first."""
    (type,) = asked.json["embedding_types"]
    rest = [0.5, 1] if type == "float" else [-128, 127]
    vectors = [[len(text), *rest] for text in asked.json["texts"]]
    meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 4.0}}
    return Reply({"id": "e1", "embeddings": {type: vectors}, "texts": asked.json["texts"], "meta": meta})


def test_embeddings_are_asked_for_by_purpose(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    made = create(remote, "text_embedding", task_settings={"truncate": "NONE"})
    assert made.json()["service_settings"] == {
        "model_id": "embed-v4.0",
        "rate_limit": {"requests_per_minute": 10000},
        "dimensions": 3,
        "similarity": "dot_product",
        "embedding_type": "float",
    }
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"], "input_type": "ingest"})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5, 1.0]}, {"embedding": [3.0, 0.5, 1.0]}]}
    asked = provider.asked[-1]
    assert asked.json == {
        "texts": ["a", "bcd"],
        "model": "embed-v4.0",
        "input_type": "search_document",
        "embedding_types": ["float"],
        "truncate": "NONE",
    }
    assert asked.headers["authorization"] == "Bearer co-secret"
    assert "co-secret" not in remote.get("/_inference/mine").text


@pytest.mark.parametrize(
    ("stored", "given", "sent"),
    [
        (None, None, "search_query"),
        (None, "unspecified", "search_query"),
        (None, "SEARCH", "search_query"),
        (None, "classification", "classification"),
        ("ingest", None, "search_document"),
        ("ingest", "clustering", "clustering"),
    ],
)
def test_a_requests_input_type_wins_over_the_endpoints(
    remote: httpx.Client, provider: Provider, stored: str | None, given: str | None, sent: str
) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding", task_settings={"input_type": stored} if stored else {})
    body = {"input": "a"} | ({"input_type": given} if given else {})
    assert remote.post("/_inference/text_embedding/mine", json=body).status_code == 200
    assert provider.asked[-1].json["input_type"] == sent


@pytest.mark.parametrize(
    ("type", "sent", "member", "dimensions", "similarity"),
    [
        ("byte", "int8", "text_embedding_bytes", 3, "cosine"),
        ("int8", "int8", "text_embedding_bytes", 3, "cosine"),
        ("bit", "binary", "text_embedding_bits", 24, "l2_norm"),
        ("binary", "binary", "text_embedding_bits", 24, "l2_norm"),
    ],
)
def test_embeddings_may_be_bytes_or_bits(
    remote: httpx.Client, provider: Provider, type: str, sent: str, member: str, dimensions: int, similarity: str
) -> None:
    provider.tell(EMBED, embeddings)
    made = create(remote, "text_embedding", service_settings={"embedding_type": type}).json()["service_settings"]
    assert (made["embedding_type"], made["dimensions"], made["similarity"]) == (type, dimensions, similarity)
    reply = remote.post("/_inference/text_embedding/mine", json={"input": "ab"})
    assert reply.json() == {member: [{"embedding": [2, -128, 127]}]}
    assert provider.asked[-1].json["embedding_types"] == [sent]


def test_the_users_dimensions_are_asked_for(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding", service_settings={"dimensions": 3})
    assert provider.asked[-1].json["output_dimension"] == 3


def test_more_than_96_texts_go_in_several_calls(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding")
    texts = ["x" * (n + 1) for n in range(200)]
    reply = remote.post("/_inference/text_embedding/mine", json={"input": texts})
    assert [item["embedding"][0] for item in reply.json()["text_embedding"]] == list(range(1, 201))
    assert sorted(len(asked.json["texts"]) for asked in provider.asked[1:]) == [8, 96, 96]


@pytest.mark.parametrize("odd", [[[1, 2]], [[1, 1.5]], [[1, 300]], []])
def test_vectors_that_are_none_of_the_type_are_told(remote: httpx.Client, provider: Provider, odd: object) -> None:
    provider.tell(EMBED, Reply({"id": "e", "embeddings": {"float" if odd == [[1, 2]] else "int8": odd}}))
    refused = create(remote, "text_embedding", service_settings={"embedding_type": "byte"})
    assert refused.status_code == 400
    assert "answer" in refused.json()["error"]["reason"]


def test_documents_are_reranked(remote: httpx.Client, provider: Provider) -> None:
    results = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.25}]
    first = {"id": "r", "results": [{"index": 0, "relevance_score": 1}], "meta": {"billed_units": {"search_units": 1}}}
    provider.tell(RERANK, Reply(first), Reply({"id": "r", "results": results}))
    made = create(remote, "rerank", task_settings={"return_documents": True, "top_n": 5})
    assert made.json()["task_settings"] == {"return_documents": True, "top_n": 5}
    reply = remote.post("/_inference/rerank/mine", json={"query": "q", "input": ["a", "b"]})
    assert reply.json() == {
        "rerank": [
            {"index": 1, "relevance_score": 0.9, "text": "b"},
            {"index": 0, "relevance_score": 0.25, "text": "a"},
        ]
    }
    assert provider.asked[-1].json == {"model": "embed-v4.0", "query": "q", "documents": ["a", "b"], "top_n": 5}
    cut = {"query": "q", "input": ["a", "b"], "top_n": 1, "return_documents": False}
    reply = remote.post("/_inference/rerank/mine", json=cut)
    assert reply.json() == {"rerank": [{"index": 1, "relevance_score": 0.9}]}
    assert provider.asked[-1].json["top_n"] == 1


def said(*content: dict[str, str], finish: str = "COMPLETE", **more: object) -> Reply:
    """An answer of the Chat API as the reference shows it."""
    usage = {
        "billed_units": {"input_tokens": 5, "output_tokens": 2},
        "tokens": {"input_tokens": 71.0, "output_tokens": 2.0},
        "cached_tokens": 64,
    }
    message = {"role": "assistant", "content": list(content), **more}
    return Reply({"id": "c14c", "message": message, "finish_reason": finish, "usage": usage})


HI = {"type": "text", "text": "Hi"}
USAGE = {
    "prompt_tokens": 71,
    "completion_tokens": 2,
    "total_tokens": 73,
    "prompt_tokens_details": {"cached_tokens": 64},
}


def chat(remote: httpx.Client, *messages: object, stream: bool = False, **more: object) -> httpx.Response:
    path = f"/_inference/chat_completion/mine{'/_stream' if stream else ''}"
    return remote.post(path, json={"messages": messages, **more})


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


@pytest.fixture
def asked(remote: httpx.Client, provider: Provider) -> Provider:
    """A provider that always says hi, and an endpoint for chats with it."""
    provider.tell(CHAT, said(HI))
    assert create(remote, "chat_completion", service_settings={"model_id": "command-a"}).status_code == 200
    return provider


def test_a_completion_is_a_message_of_the_user(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(CHAT, said(HI))
    create(remote, "completion", service_settings={"model_id": "command-a"})
    assert remote.post("/_inference/completion/mine", json={"input": "a"}).json() == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {"model": "command-a", "messages": [{"role": "user", "content": "a"}]}


def test_a_chat_has_pictures_limits_and_usage(remote: httpx.Client, asked: Provider) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0K", "detail": "low"}}
    content = [{"type": "text", "text": "What is this?"}, picture]
    reply = chat(
        remote,
        {"role": "developer", "content": "Be brief."},
        user(content),
        max_completion_tokens=7,
        stop=["END"],
        temperature=0.2,
        top_p=0.5,
    )
    assert asked.asked[-1].json == {
        "model": "command-a",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}],
        "max_tokens": 7,
        "stop_sequences": ["END"],
        "temperature": 0.2,
        "p": 0.5,
    }
    assert reply.json() == {
        "id": "c14c",
        "object": "chat.completion",
        "model": "command-a",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": USAGE,
    }


@pytest.mark.parametrize(("top_p", "sent"), [(0, 0.01), (0.5, 0.5), (1, 0.99)])
def test_top_p_is_kept_within_coheres_bounds(remote: httpx.Client, asked: Provider, top_p: float, sent: float) -> None:
    assert chat(remote, user("a"), top_p=top_p).status_code == 200
    assert asked.asked[-1].json["p"] == sent


PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Of a city.", "parameters": PARAMETERS}}
NOW = {"type": "function", "function": {"name": "now", "strict": True}}
CALL = {"id": "w1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}


def test_tools_are_called_by_a_plan(remote: httpx.Client, asked: Provider) -> None:
    asked.tell(CHAT, said(finish="TOOL_CALL", tool_plan="I look it up.", tool_calls=[CALL]))
    reply = chat(remote, user("Weather?"), tools=[WEATHER, NOW], tool_choice="required").json()
    assert asked.asked[-1].json["tools"] == [
        WEATHER,
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
    ]
    assert (asked.asked[-1].json["tool_choice"], asked.asked[-1].json["strict_tools"]) == ("REQUIRED", True)
    choice = reply["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {"role": "assistant", "reasoning": "I look it up.", "tool_calls": [CALL]}
    chat(remote, user("Weather?"), choice["message"], {"role": "tool", "tool_call_id": "w1", "content": "Rain"})
    assert asked.asked[-1].json["messages"][1:] == [
        {"role": "assistant", "tool_calls": [CALL], "tool_plan": "I look it up."},
        {"role": "tool", "tool_call_id": "w1", "content": "Rain"},
    ]


def test_the_one_tool_that_must_be_called_is_the_only_one(remote: httpx.Client, asked: Provider) -> None:
    chosen = {"type": "function", "function": {"name": "weather"}}
    chat(remote, user("a"), tools=[NOW, WEATHER], tool_choice=chosen)
    assert asked.asked[-1].json["tools"] == [WEATHER]
    assert asked.asked[-1].json["tool_choice"] == "REQUIRED"
    for choice, sent in (("auto", None), ("none", "NONE")):
        chat(remote, user("a"), tools=[WEATHER], tool_choice=choice)
        assert asked.asked[-1].json.get("tool_choice") == sent


def test_thinking_is_reasoning(remote: httpx.Client, asked: Provider) -> None:
    asked.tell(CHAT, said({"type": "thinking", "thinking": "Hm."}, HI))
    message = chat(remote, user("a"), reasoning={"effort": "high"}).json()["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "Hi", "reasoning": "Hm."}
    assert asked.asked[-1].json["thinking"] == {"type": "enabled"}
    chat(remote, user("a"), message, user("b"), reasoning={"enabled": False})
    assert asked.asked[-1].json["thinking"] == {"type": "disabled"}
    assert asked.asked[-1].json["messages"][1]["content"] == [{"type": "thinking", "thinking": "Hm."}, HI]


def test_thoughts_are_left_out_if_they_are_not_wanted(remote: httpx.Client, asked: Provider) -> None:
    plan: dict[str, Any] = {
        "tool_plan": "I look.",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "look"}}],
    }
    asked.tell(CHAT, said({"type": "thinking", "thinking": "Hm."}, HI, **plan))
    message = chat(remote, user("a"), reasoning={"exclude": True}).json()["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "Hi", "tool_calls": plan["tool_calls"]}
    thought = event("content-delta", 0, message={"content": {"thinking": "Hm."}})
    planned = event("tool-plan-delta", message={"tool_plan": "I look."})
    asked.tell(CHAT, events(BEGUN, thought, planned, content(1, {"text": "Hi"}), names=True, done=False))
    chunks = told(chat(remote, user("a"), stream=True, reasoning={"exclude": True}))
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [{"role": "assistant"}, {"content": "Hi"}]


def event(type: str, index: int | None = None, **delta: object) -> dict[str, Any]:
    return {"type": type} | ({} if index is None else {"index": index}) | ({"delta": delta} if delta else {})


def content(index: int, text: dict[str, str]) -> dict[str, Any]:
    return event("content-delta", index, message={"content": text})


BEGUN = event("message-start", message={"role": "assistant", "content": [], "tool_calls": []}) | {"id": "29f1"}
TOKENS = {"tokens": {"input_tokens": 71.0, "output_tokens": 2.0}, "cached_tokens": 64}


def test_text_thinking_and_tool_calls_stream(remote: httpx.Client, asked: Provider) -> None:
    asked.tell(
        CHAT,
        events(
            BEGUN,
            event("content-start", 0, message={"content": {"type": "thinking", "thinking": ""}}),
            content(0, {"thinking": "Hm."}),
            event("content-end", 0),
            event("content-start", 1, message={"content": {"type": "text", "text": ""}}),
            content(1, {"text": "Hel"}),
            content(1, {"text": "lo"}),
            event("citation-start", 0, message={"citations": {"start": 0, "end": 5, "text": "Hello"}}),
            event("citation-end", 0),
            event("content-end", 1),
            event("tool-plan-delta", message={"tool_plan": "I look"}),
            event("tool-call-start", 0, message={"tool_calls": CALL | {"function": {"name": "weather"}}}),
            event("tool-call-delta", 0, message={"tool_calls": {"function": {"arguments": '{"city": "Ulm"}'}}}),
            event("tool-call-end", 0),
            event("message-end", finish_reason="TOOL_CALL", usage=TOKENS),
            names=True,
            done=False,
        ),
    )
    chunks = told(chat(remote, user("Weather?"), stream=True))
    assert asked.asked[-1].json["stream"] is True
    assert {(chunk["id"], chunk["model"], chunk["object"]) for chunk in chunks} == {
        ("29f1", "command-a", "chat.completion.chunk")
    }
    started = {"index": 0, "id": "w1", "type": "function", "function": {"name": "weather"}}
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant"},
        {"reasoning": "Hm."},
        {"content": "Hel"},
        {"content": "lo"},
        {"reasoning": "I look"},
        {"tool_calls": [started]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": "Ulm"}'}}]},
        {},
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert chunks[-1]["usage"] == USAGE


def test_a_completion_streams_its_text(remote: httpx.Client, provider: Provider) -> None:
    end = event("message-end", finish_reason="COMPLETE", usage=TOKENS)
    stream = events(BEGUN, content(0, {"text": "Hel"}), content(0, {"text": "lo"}), end, names=True, done=False)
    provider.tell(CHAT, said(HI), stream)
    create(remote, "completion")
    reply = remote.post("/_inference/completion/mine/_stream", json={"input": "Say hello"})
    assert told(reply) == [{"completion": [{"delta": "Hel"}]}, {"completion": [{"delta": "lo"}]}]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("TOOL_CALL", "tool_calls")],
)
def test_finish_reasons_are_openais(remote: httpx.Client, asked: Provider, reason: str, finish: str) -> None:
    asked.tell(CHAT, said(HI, finish=reason))
    assert chat(remote, user("a")).json()["choices"][0]["finish_reason"] == finish


def test_a_model_that_breaks_off_is_an_error(remote: httpx.Client, asked: Provider) -> None:
    broken = event("message-end", finish_reason="ERROR", error="out of luck")
    asked.tell(CHAT, said(HI, finish="TIMEOUT"), events(BEGUN, broken, names=True, done=False))
    refused = chat(remote, user("a"))
    assert (refused.status_code, "[TIMEOUT]" in refused.text) == (400, True)
    lines = chat(remote, user("a"), stream=True).text.splitlines()
    failed = json.loads(lines[lines.index("event: error") + 1].removeprefix("data: "))
    assert "out of luck" in failed["error"]["message"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"messages": [{"role": "robot", "content": "a"}]}, "Invalid role [robot]"),
        ({"messages": [user("a")], "tool_choice": "any"}, "[tool_choice] Invalid value [any]"),
        (
            {"messages": [user("a")], "tools": [NOW], "tool_choice": {"type": "function", "function": {"name": "x"}}},
            "[tool_choice] names [x], which is not in [tools]",
        ),
        ({"messages": [user([{"type": "file", "file": {"file_data": "data:,a"}}])]}, "texts and images, no files"),
    ],
)
def test_what_cannot_be_told_to_these_models_is_refused(
    remote: httpx.Client, asked: Provider, body: dict[str, Any], reason: str
) -> None:
    before = len(asked.asked)
    refused = remote.post("/_inference/chat_completion/mine", json=body)
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["message"]
    assert len(asked.asked) == before


@pytest.mark.parametrize(("status", "ours"), [(401, 401), (422, 422), (498, 400)])
def test_errors_are_the_wires(remote: httpx.Client, provider: Provider, status: int, ours: int) -> None:
    provider.tell(EMBED, lambda asked: Reply({"id": "x", "message": asked.headers["authorization"]}, status))
    refused = create(remote, "text_embedding")
    assert refused.status_code == ours
    assert refused.json()["error"]["reason"].endswith(f"status [{status}]. Error message: [Bearer ***]")
