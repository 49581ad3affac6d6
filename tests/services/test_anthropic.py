"""Anthropic, as its Messages API is asked and answers: https://docs.claude.com/en/api/messages."""

import json
from typing import Any

import httpx
import pytest

from provider import Asked, Provider, Reply, events
from sse import told

PATH = "/anthropic/v1/messages"
KEY = "sk-ant-secret"
USAGE = {"input_tokens": 9, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 4, "output_tokens": 5}


def message(*content: dict[str, Any], stop: str = "end_turn", **more: object) -> dict[str, Any]:
    """An answer as the reference shows it."""
    return {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-6",
        "content": list(content),
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": None,
        "usage": USAGE,
    } | more


TEXT = {"type": "text", "text": "Hi", "citations": None}


def create(remote: httpx.Client, task: str, model: str = "claude-opus-4-6", **options: object) -> httpx.Response:
    settings = {"api_key": KEY, "model_id": model, "rate_limit": {"requests_per_minute": 100_000}}
    options = {"max_tokens": 2048, **options}
    body = {"service": "anthropic", "service_settings": settings, "task_settings": options}
    return remote.put(f"/_inference/{task}/mine", json=body)


def chat(remote: httpx.Client, *messages: object, stream: bool = False, **more: object) -> httpx.Response:
    path = f"/_inference/chat_completion/mine{'/_stream' if stream else ''}"
    return remote.post(path, json={"messages": messages, **more})


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


@pytest.fixture
def asked(remote: httpx.Client, provider: Provider) -> Provider:
    """A provider that always says hi, and an endpoint for chats with it."""
    provider.tell(PATH, Reply(message(TEXT)))
    assert create(remote, "chat_completion").status_code == 200
    return provider


def test_a_completion_is_a_message_of_the_user(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(PATH, Reply(message(TEXT)))
    made = create(remote, "completion", temperature=0.5, top_k=3, top_p=0.9)
    assert made.json() == {
        "inference_id": "mine",
        "task_type": "completion",
        "service": "anthropic",
        "service_settings": {"model_id": "claude-opus-4-6", "rate_limit": {"requests_per_minute": 100_000}},
        "task_settings": {"max_tokens": 2048, "temperature": 0.5, "top_k": 3, "top_p": 0.9},
    }
    reply = remote.post(
        "/_inference/completion/mine", json={"input": "Say hi", "task_settings": {"max_tokens": 10, "top_k": 5}}
    )
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    asked = provider.asked[-1]
    assert asked.json == {
        "model": "claude-opus-4-6",
        "messages": [{"role": "user", "content": "Say hi"}],
        "max_tokens": 10,
        "temperature": 0.5,
        "top_k": 5,
        "top_p": 0.9,
    }
    assert asked.headers["x-api-key"] == KEY
    assert asked.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in asked.headers
    assert KEY not in remote.get("/_inference/mine").text


def test_fifty_requests_a_minute_are_made_unless_the_settings_say_more(
    remote: httpx.Client, provider: Provider
) -> None:
    provider.tell(PATH, Reply(message(TEXT)))
    body = {"service": "anthropic", "service_settings": {"api_key": KEY, "model_id": "m"}}
    made = remote.put("/_inference/completion/mine", json=body | {"task_settings": {"max_tokens": 1}})
    assert made.json()["service_settings"]["rate_limit"] == {"requests_per_minute": 50}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "[task_settings] does not contain the required setting [max_tokens]"),
        ({"max_tokens": 0}, "[max_tokens] must be a positive integer"),
        ({"max_tokens": 1, "temperature": 1.5}, "[temperature] must be a less than or equal to [1.0]"),
        ({"max_tokens": 1, "top_p": -1}, "[top_p] must be a greater than or equal to [0.0]"),
        ({"max_tokens": 1, "top_k": 0}, "[top_k] must be a positive integer"),
    ],
)
def test_task_settings_have_bounds(remote: httpx.Client, options: dict[str, float], reason: str) -> None:
    body = {"service": "anthropic", "service_settings": {"api_key": KEY, "model_id": "m"}, "task_settings": options}
    refused = remote.put("/_inference/completion/mine", json=body)
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["reason"]


def test_a_chat_has_a_system_prompt_pictures_files_and_limits(remote: httpx.Client, asked: Provider) -> None:
    reply = chat(
        remote,
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        user(
            [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0K", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0", "filename": "a.pdf"}},
            ]
        ),
        max_completion_tokens=7,
        stop=["END"],
        temperature=0.2,
        top_p=0.5,
    )
    assert asked.asked[-1].json == {
        "model": "claude-opus-4-6",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0K"}},
                    {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0"},
                        "title": "a.pdf",
                    },
                ],
            }
        ],
        "system": "Be brief.\n\nBe kind.",
        "max_tokens": 7,
        "stop_sequences": ["END"],
        "temperature": 0.2,
        "top_p": 0.5,
    }
    assert reply.json() == {
        "id": "msg_01",
        "object": "chat.completion",
        "model": "claude-opus-4-6",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        # What was read from the cache and written to it is read too.
        "usage": {
            "prompt_tokens": 15,
            "completion_tokens": 5,
            "total_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }


WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    },
}
CALLS = [
    {"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Ulm"}'}},
    {"id": "toolu_2", "type": "function", "function": {"name": "now", "arguments": ""}},
]


def test_tools_are_called_and_their_results_sent_in_one_message(remote: httpx.Client, asked: Provider) -> None:
    asked.tell(
        PATH,
        Reply(
            message(
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Ulm"}},
                {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}},
                stop="tool_use",
            )
        ),
    )
    tools = [WEATHER, {"type": "function", "function": {"name": "now"}}]
    reply = chat(remote, user("Weather?"), tools=tools, tool_choice="required")
    assert asked.asked[-1].json["tools"] == [
        {
            "name": "weather",
            "description": "The weather of a city.",
            "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
            "strict": True,
        },
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert asked.asked[-1].json["tool_choice"] == {"type": "any"}
    choice = reply.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert [(call["id"], json.loads(call["function"]["arguments"])) for call in choice["message"]["tool_calls"]] == [
        ("toolu_1", {"city": "Ulm"}),
        ("toolu_2", {}),
    ]
    chat(
        remote,
        user("Weather?"),
        {"role": "assistant", "content": "Let me see.", "tool_calls": CALLS},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "Rain"},
        {"role": "tool", "tool_call_id": "toolu_2", "content": [{"type": "text", "text": "Noon"}]},
        user("Well?"),
        tools=tools,
        tool_choice={"type": "function", "function": {"name": "weather"}},
    )
    assert asked.asked[-1].json["tool_choice"] == {"type": "tool", "name": "weather"}
    assert asked.asked[-1].json["messages"] == [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Ulm"}},
                {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Rain"},
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": [{"type": "text", "text": "Noon"}]},
                {"type": "text", "text": "Well?"},
            ],
        },
    ]


DETAILS = [
    {"type": "reasoning.text", "text": "Hm.", "signature": "EqQB", "format": "anthropic-claude-v1"},
    {"type": "reasoning.encrypted", "data": "Eo8B", "format": "anthropic-claude-v1"},
]


def test_thinking_is_reasoning_that_can_be_sent_back(remote: httpx.Client, asked: Provider) -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
    hidden = {"type": "redacted_thinking", "data": "Eo8B"}
    usage = USAGE | {"output_tokens_details": {"thinking_tokens": 3}}
    asked.tell(PATH, Reply(message(thought, hidden, TEXT, usage=usage)))
    reply = chat(remote, user("Why?"), reasoning={"effort": "high"}).json()
    assert asked.asked[-1].json["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert asked.asked[-1].json["output_config"] == {"effort": "high"}
    said = reply["choices"][0]["message"]
    assert said == {"role": "assistant", "content": "Hi", "reasoning": "Hm.", "reasoning_details": DETAILS}
    assert reply["usage"]["completion_tokens_details"] == {"reasoning_tokens": 3}
    chat(remote, user("Why?"), said, user("Go on."))
    assert asked.asked[-1].json["messages"][1]["content"] == [thought, hidden, {"type": "text", "text": "Hi"}]


@pytest.mark.parametrize(
    ("model", "reasoning", "sent"),
    [
        ("claude-sonnet-4-5", {"effort": "low"}, {"type": "enabled", "budget_tokens": 1024}),
        ("claude-opus-4-1-20250805", {"effort": "high"}, {"type": "enabled", "budget_tokens": 1638}),
        ("claude-3-7-sonnet-latest", {"enabled": True}, {"type": "enabled", "budget_tokens": 1024}),
        ("claude-sonnet-4-20250514", {"effort": "xhigh"}, {"type": "enabled", "budget_tokens": 1945}),
        ("claude-opus-4-6", {"enabled": True, "exclude": True}, {"type": "adaptive", "display": "omitted"}),
        ("claude-sonnet-5", {"effort": "none"}, {"type": "disabled"}),
    ],
)
def test_older_models_think_by_a_budget(
    remote: httpx.Client, provider: Provider, model: str, reasoning: dict[str, Any], sent: dict[str, Any]
) -> None:
    provider.tell(PATH, Reply(message(TEXT)))
    create(remote, "chat_completion", model)
    assert chat(remote, user("a"), reasoning=reasoning).status_code == 200
    assert provider.asked[-1].json["thinking"] == sent
    assert "output_config" not in provider.asked[-1].json


def stream(*events_: dict[str, Any]) -> Reply:
    """A stream as the reference shows it: it begins with the message without its content, and has pings."""
    start = {"type": "message_start", "message": message(stop_reason=None, usage=USAGE | {"output_tokens": 1})}
    return events(start, {"type": "ping"}, *events_, {"type": "message_stop"}, names=True, done=False)


def block(index: int, begun: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": begun},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def end(stop: str, **details: object) -> dict[str, Any]:
    delta = {"stop_reason": stop, "stop_sequence": None, "stop_details": None} | details
    return {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}}


def test_thinking_text_and_tool_calls_stream(remote: httpx.Client, asked: Provider) -> None:
    asked.tell(
        PATH,
        stream(
            *block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": "H"},
                {"type": "thinking_delta", "thinking": "m."},
                {"type": "signature_delta", "signature": "EqQB"},
            ),
            *block(1, {"type": "redacted_thinking", "data": "Eo8B"}),
            *block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Let"}),
            *block(
                3,
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}},
                {"type": "input_json_delta", "partial_json": ""},
                {"type": "input_json_delta", "partial_json": '{"city":'},
                {"type": "input_json_delta", "partial_json": '"Ulm"}'},
            ),
            *block(4, {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}),
            end("tool_use"),
        ),
    )
    chunks = told(chat(remote, user("Weather?"), stream=True))
    assert asked.asked[-1].json["stream"] is True
    assert {(chunk["id"], chunk["model"], chunk["object"]) for chunk in chunks} == {
        ("msg_01", "claude-opus-4-6", "chat.completion.chunk")
    }
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant"},
        {"reasoning": "H"},
        {"reasoning": "m."},
        {"reasoning_details": DETAILS[:1]},
        {"reasoning_details": DETAILS[1:]},
        {"content": "Let"},
        {
            "tool_calls": [
                {"index": 0, "id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Ulm"}'}}]},
        {
            "tool_calls": [
                {"index": 1, "id": "toolu_2", "type": "function", "function": {"name": "now", "arguments": ""}}
            ]
        },
        # It takes nothing, which is an object too.
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]
    assert [chunk["choices"][0].get("finish_reason") for chunk in chunks] == [None] * 11 + ["tool_calls"]
    assert chunks[-1]["usage"] == {
        "prompt_tokens": 15,
        "completion_tokens": 5,
        "total_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 4},
    }


def test_a_completion_streams_its_text(remote: httpx.Client, provider: Provider) -> None:
    text = block(0, {"type": "text", "text": ""}, *({"type": "text_delta", "text": t} for t in ("Hel", "lo")))
    provider.tell(PATH, Reply(message(TEXT)), stream(*text, end("end_turn")))
    create(remote, "completion")
    reply = remote.post("/_inference/completion/mine/_stream", json={"input": "Say hello"})
    assert told(reply) == [{"completion": [{"delta": "Hel"}]}, {"completion": [{"delta": "lo"}]}]


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
    ],
)
def test_stop_reasons_are_told_as_finish_reasons(remote: httpx.Client, asked: Provider, stop: str, finish: str) -> None:
    asked.tell(PATH, Reply(message(TEXT, stop=stop)), stream(end(stop)))
    assert chat(remote, user("a")).json()["choices"][0]["finish_reason"] == finish
    assert told(chat(remote, user("a"), stream=True))[-1]["choices"][0]["finish_reason"] == finish


def test_a_refusal_is_explained(remote: httpx.Client, asked: Provider) -> None:
    why = {"stop_details": {"type": "refusal", "category": "bio", "explanation": "No."}}
    asked.tell(PATH, Reply(message(stop="refusal", **why)), stream(end("refusal", **why)))
    assert chat(remote, user("a")).json()["choices"][0]["message"] == {"role": "assistant", "refusal": "No."}
    assert told(chat(remote, user("a"), stream=True))[-1]["choices"][0]["delta"] == {"refusal": "No."}


def test_a_prompt_may_say_which_model_and_leave_tools_alone(remote: httpx.Client, asked: Provider) -> None:
    for choice, sent in (("auto", {"type": "auto"}), ("none", {"type": "none"})):
        chat(remote, user("a"), model="claude-haiku-4-5", tools=[WEATHER], tool_choice=choice)
        assert (asked.asked[-1].json["model"], asked.asked[-1].json["tool_choice"]) == ("claude-haiku-4-5", sent)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"messages": [{"role": "robot", "content": "a"}]}, "Invalid role [robot]"),
        ({"messages": [user("a")], "tool_choice": "any"}, "[tool_choice] Invalid value [any]"),
        (
            {"messages": [user("a")], "model": "claude-sonnet-4-5", "reasoning": {}, "max_completion_tokens": 9},
            "[1024]",
        ),
        (
            {"messages": [user([{"type": "image_url", "image_url": {"url": "ftp://a"}}])]},
            "[image_url.url] must be an http or https URL",
        ),
        (
            {"messages": [user([{"type": "file", "file": {"file_data": "data:text/csv;base64,YQ=="}}])]},
            "[file.file_data] has type [text/csv]",
        ),
        *(
            (
                {"messages": [{"role": "assistant", "tool_calls": [{"id": "x", "function": {"arguments": odd}}]}]},
                "The arguments of the tool call [x] must be a JSON object",
            )
            for odd in ("[1]", "{", "null")
        ),
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


def test_what_is_nested_too_deeply_is_refused(remote: httpx.Client, asked: Provider) -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    tool = {"type": "function", "function": {"name": "x", "parameters": deep}}
    refused = chat(remote, user("a"), tools=[tool])
    assert refused.status_code == 400
    assert "nested too deeply" in refused.json()["error"]["message"]
    assert len(asked.asked) == 1


def error(kind: str, text: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_1"}


def test_errors_are_the_wires(remote: httpx.Client, asked: Provider) -> None:
    asked.tell(PATH, lambda asked: Reply(error("authentication_error", f"bad {asked.headers['x-api-key']}"), 401))
    refused = chat(remote, user("a"))
    assert refused.status_code == 401
    assert refused.json()["error"] == {
        "code": "unauthorized",
        "message": "Received an authentication error status code for request from inference entity id [mine] "
        "status [401]. Error message: [bad ***]",
        "type": "authentication_error",
    }


def test_an_overloaded_service_is_asked_again(remote: httpx.Client, asked: Provider) -> None:
    asked.tell(PATH, Reply(error("overloaded_error", "Overloaded"), 529), Reply(message(TEXT)))
    assert chat(remote, user("a")).status_code == 200


def test_an_error_within_a_stream_is_an_event(remote: httpx.Client, asked: Provider) -> None:
    begun = block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Hel"})[:2]
    asked.tell(PATH, stream(*begun, error("overloaded_error", "Overloaded")))
    lines = chat(remote, user("a"), stream=True).text.splitlines()
    at = lines.index("event: error")
    told = json.loads(lines[at + 1].removeprefix("data: "))
    assert told["error"]["type"] == "overloaded_error"
    assert "Overloaded" in told["error"]["message"]


def test_an_answer_of_another_shape_is_told(remote: httpx.Client, provider: Provider) -> None:
    def odd(_: Asked) -> Reply:
        return Reply({"id": "msg_01"})

    provider.tell(PATH, odd)
    refused = create(remote, "completion")
    assert refused.status_code == 400
    assert "Failed to parse the answer of the service [anthropic]" in refused.json()["error"]["reason"]
