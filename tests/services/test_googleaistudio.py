"""Google AI Studio, as its reference and its discovery document say it is asked: https://ai.google.dev/api."""

from typing import Any

import httpx
import pytest

from discovery import document
from provider import Asked, Provider, Reply, events
from sse import told

SETTINGS = {"api_key": "AIza-secret", "model_id": "gemini-2.5-flash"}
MODELS = "/googleaistudio/v1beta/models"
GENERATE, STREAM = f"{MODELS}/gemini-2.5-flash:generateContent", f"{MODELS}/gemini-2.5-flash:streamGenerateContent"
EMBED = f"{MODELS}/gemini-embedding-001:batchEmbedContents"
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False},
    },
}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}


def says(*parts: dict[str, Any], finish: str | None = "STOP", **more: object) -> dict[str, Any]:
    """An answer with these parts."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6}
    head = {"modelVersion": "gemini-2.5-flash-001", "responseId": "r1", "usageMetadata": usage}
    return {"candidates": [candidate], **head, **more}


def embeddings(asked: Asked) -> Reply:
    """A vector of three an input, the input's length first."""
    texts = [request["content"]["parts"][0]["text"] for request in asked.json["requests"]]
    return Reply({"embeddings": [{"values": [len(text), 0.5, 1]} for text in texts]})


def create(remote: httpx.Client, task: str, **settings: object) -> httpx.Response:
    body = {"service": "googleaistudio", "service_settings": SETTINGS | settings}
    return remote.put(f"/_inference/{task}/mine", json=body)


def chat(remote: httpx.Client, provider: Provider, *messages: object, **more: object) -> Any:  # noqa: ANN401
    """What is sent for a chat, after Google's document has been asked whether it takes it."""
    reply = remote.post("/_inference/chat_completion/mine", json={"messages": messages, **more})
    assert reply.status_code == 200, reply.text
    assert document("gemini").check(provider.asked[-1], "/googleaistudio").endswith("models.generateContent")
    return provider.asked[-1].json


@pytest.fixture
def chatting(remote: httpx.Client, provider: Provider) -> httpx.Client:
    """With an endpoint to chat with."""
    provider.tell(GENERATE, Reply(says({"text": "Hi"})))
    assert create(remote, "chat_completion").status_code == 200
    return remote


def test_embeddings_say_what_they_are_for(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    made = create(remote, "text_embedding", model_id="gemini-embedding-001")
    assert made.json()["service_settings"] == {
        "model_id": "gemini-embedding-001",
        "rate_limit": {"requests_per_minute": 360},
        "dimensions": 3,
        "similarity": "cosine",
    }
    request = {"model": "models/gemini-embedding-001"}
    assert provider.asked[-1].json == {"requests": [request | {"content": {"parts": [{"text": "how big"}]}}]}
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"], "input_type": "search"})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5, 1.0]}, {"embedding": [3.0, 0.5, 1.0]}]}
    asked, request = provider.asked[-1], request | {"taskType": "RETRIEVAL_QUERY"}
    assert asked.json == {"requests": [request | {"content": {"parts": [{"text": text}]}} for text in ("a", "bcd")]}
    assert document("gemini").check(asked, "/googleaistudio") == "generativelanguage.models.batchEmbedContents"


@pytest.mark.parametrize(
    ("given", "sent"),
    [("ingest", "RETRIEVAL_DOCUMENT"), ("classification", "CLASSIFICATION"), ("clustering", "CLUSTERING")],
)
def test_the_input_type_is_the_task_type(remote: httpx.Client, provider: Provider, given: str, sent: str) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding", model_id="gemini-embedding-001")
    remote.post("/_inference/text_embedding/mine", json={"input": "a", "input_type": given})
    assert provider.asked[-1].json["requests"][0]["taskType"] == sent
    document("gemini").check(provider.asked[-1], "/googleaistudio")


def test_dimensions_are_asked_for_and_a_hundred_inputs_go_at_once(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(EMBED, embeddings)
    create(remote, "text_embedding", model_id="gemini-embedding-001", dimensions=3)
    assert provider.asked[-1].json["requests"][0]["outputDimensionality"] == 3
    document("gemini").check(provider.asked[-1], "/googleaistudio")
    provider.asked.clear()
    texts = ["x" * (1 + at % 7) for at in range(150)]
    reply = remote.post("/_inference/text_embedding/mine", json={"input": texts})
    assert [each["embedding"][0] for each in reply.json()["text_embedding"]] == [len(text) for text in texts]
    assert sorted(len(asked.json["requests"]) for asked in provider.asked) == [50, 100]


def test_the_key_is_in_a_header_alone(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(GENERATE, Reply(says({"text": "Hi"})))
    made = create(remote, "completion")
    assert provider.asked[-1].headers["x-goog-api-key"] == "AIza-secret"
    assert provider.asked[-1].params == {}
    assert "AIza-secret" not in made.text + remote.get("/_inference/mine").text


def test_a_completion(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(GENERATE, Reply(says({"text": "Hel"}, {"text": "lo"})))
    create(remote, "completion")
    reply = remote.post("/_inference/completion/mine", json={"input": ["Say", "hello"]})
    assert reply.json() == {"completion": [{"result": "Hello"}]}
    assert provider.asked[-1].json == {
        "contents": [{"role": "user", "parts": [{"text": "Say"}]}, {"role": "user", "parts": [{"text": "hello"}]}]
    }
    document("gemini").check(provider.asked[-1], "/googleaistudio")


def test_a_chat_with_all_its_options(chatting: httpx.Client, provider: Provider) -> None:
    sent = chat(
        chatting,
        provider,
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "How are you?"},
        max_completion_tokens=9,
        stop=["."],
        temperature=0.5,
        top_p=0.9,
    )
    assert sent == {
        "systemInstruction": {"parts": [{"text": "Be brief"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Hello"}]},
            {"role": "model", "parts": [{"text": "Hi"}]},
            {"role": "user", "parts": [{"text": "How are you?"}]},
        ],
        "generationConfig": {"maxOutputTokens": 9, "stopSequences": ["."], "temperature": 0.5, "topP": 0.9},
    }


def test_an_answer_tells_its_usage(chatting: httpx.Client, provider: Provider) -> None:
    counts = {"promptTokenCount": 4, "candidatesTokenCount": 2, "thoughtsTokenCount": 5, "cachedContentTokenCount": 3}
    provider.tell(GENERATE, Reply(says({"text": "Hi"}, finish="MAX_TOKENS", usageMetadata=counts)))
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    assert chatting.post("/_inference/chat_completion/mine", json=body).json() == {
        "id": "r1",
        "object": "chat.completion",
        "model": "gemini-2.5-flash-001",
        "choices": [{"index": 0, "message": {"content": "Hi", "role": "assistant"}, "finish_reason": "length"}],
        "usage": {
            "completion_tokens": 7,
            "prompt_tokens": 4,
            "total_tokens": 11,
            "prompt_tokens_details": {"cached_tokens": 3},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
    }


@pytest.mark.parametrize(
    ("finish", "shown"),
    [("STOP", "stop"), ("SAFETY", "content_filter"), ("MALFORMED_FUNCTION_CALL", "malformed_function_call")],
)
def test_why_an_answer_ends(chatting: httpx.Client, provider: Provider, finish: str, shown: str) -> None:
    provider.tell(GENERATE, Reply(says({"text": "Hi"}, finish=finish)))
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    reply = chatting.post("/_inference/chat_completion/mine", json=body)
    assert reply.json()["choices"][0]["finish_reason"] == shown


def test_tools_are_declared_called_and_answered(chatting: httpx.Client, provider: Provider) -> None:
    called = {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}
    provider.tell(GENERATE, Reply(says(called, called)))
    ask = {"role": "user", "content": "And Oslo?"}
    reply = chatting.post("/_inference/chat_completion/mine", json={"messages": [ask], "tools": [TOOL]}).json()
    calls = [CALL | {"id": f"call_r1_{at}"} for at in (0, 1)]
    choice = {"index": 0, "message": {"role": "assistant", "tool_calls": calls}, "finish_reason": "tool_calls"}
    assert reply["choices"] == [choice]
    results = [
        {"role": "tool", "tool_call_id": "call_r1_0", "content": '{"degrees": 3}'},
        {"role": "tool", "tool_call_id": "call_r1_1", "content": "cold"},
    ]
    sent = chat(chatting, provider, ask, choice["message"], *results, tools=[TOOL])
    declared = TOOL["function"]
    assert isinstance(declared, dict)
    assert sent["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "weather",
                    "description": "The weather in a city",
                    "parametersJsonSchema": declared["parameters"],
                }
            ]
        }
    ]
    assert sent["contents"] == [
        {"role": "user", "parts": [{"text": "And Oslo?"}]},
        {"role": "model", "parts": [called, called]},
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "weather", "response": {"degrees": 3}}},
                {"functionResponse": {"name": "weather", "response": {"output": "cold"}}},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        (
            {"type": "function", "function": {"name": "weather"}},
            {"mode": "ANY", "allowedFunctionNames": ["weather"]},
        ),
    ],
)
def test_the_choice_of_tools(chatting: httpx.Client, provider: Provider, choice: object, sent: object) -> None:
    body = chat(chatting, provider, {"role": "user", "content": "a"}, tools=[TOOL], tool_choice=choice)
    assert body["toolConfig"] == {"functionCallingConfig": sent}


def test_thoughts_and_their_signatures_come_and_go(remote: httpx.Client, provider: Provider) -> None:
    model = "gemini-3-pro-preview"
    called = {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}, "thoughtSignature": "c2lnbg=="}
    provider.tell(f"{MODELS}/{model}:generateContent", Reply(says({"text": "Hm", "thought": True}, called)))
    assert create(remote, "chat_completion", model_id=model).status_code == 200
    ask = {"role": "user", "content": "Oslo?"}
    body = {"messages": [ask], "tools": [TOOL], "reasoning": {"effort": "low"}}
    message = remote.post("/_inference/chat_completion/mine", json=body).json()["choices"][0]["message"]
    assert provider.asked[-1].json["generationConfig"] == {
        "thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": True}
    }
    signed = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "data": "c2lnbg==", "id": "call_r1_0"}
    assert message["reasoning"] == "Hm"
    assert message["reasoning_details"] == [signed]
    result = {"role": "tool", "tool_call_id": "call_r1_0", "content": "3"}
    assert chat(remote, provider, ask, message, result)["contents"][1]["parts"] == [called]
    # A client that has lost the signature is not refused for it.
    del message["reasoning_details"]
    unsigned = called | {"thoughtSignature": "skip_thought_signature_validator"}
    assert chat(remote, provider, ask, message, result)["contents"][1]["parts"] == [unsigned]


@pytest.mark.parametrize(
    ("reasoning", "sent"),
    [
        ({"effort": "high"}, {"thinkingBudget": 24576, "includeThoughts": True}),
        ({"effort": "medium", "exclude": True}, {"thinkingBudget": 8192}),
        ({"effort": "none"}, {"thinkingBudget": 0}),
        ({"enabled": False}, {"thinkingBudget": 0}),
        ({"enabled": True}, {"includeThoughts": True}),
    ],
)
def test_how_much_it_thinks(chatting: httpx.Client, provider: Provider, reasoning: object, sent: object) -> None:
    body = chat(chatting, provider, {"role": "user", "content": "a"}, reasoning=reasoning)
    assert body["generationConfig"] == {"thinkingConfig": sent}


def test_pictures_and_files(chatting: httpx.Client, provider: Provider) -> None:
    content = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.jpg?size=9"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}},
    ]
    assert chat(chatting, provider, {"role": "user", "content": content})["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.org/a.jpg?size=9"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
    ]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"role": "tool", "tool_call_id": "c9", "content": "3"}, "no tool call has the [tool_call_id] [c9]"),
        (
            {"role": "assistant", "tool_calls": [CALL | {"function": {"name": "weather", "arguments": "[1"}}]},
            "the arguments of the call of [weather] must be a JSON object",
        ),
        ({"role": "assistant", "tool_calls": [{"id": "c1"}]}, "a tool call must have a [function]"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png,raw"}}]},
            "a data URL must begin",
        ),
        ({"role": "model", "content": "Hi"}, "Invalid role [model]"),
    ],
)
def test_what_gemini_cannot_be_asked_is_not_asked(
    chatting: httpx.Client, provider: Provider, message: object, reason: str
) -> None:
    provider.asked.clear()
    reply = chatting.post("/_inference/chat_completion/mine", json={"messages": [message]})
    assert reply.status_code == 400
    assert reason in reply.json()["error"]["message"]
    assert provider.asked == []


def test_a_stream_of_text_thoughts_and_calls(chatting: httpx.Client, provider: Provider) -> None:
    called = {"functionCall": {"name": "weather", "args": {"city": "Oslo"}, "id": "g1"}, "thoughtSignature": "cw=="}
    pieces = [
        says({"text": "Hm", "thought": True}, finish=None),
        says({"text": "Hel"}, finish=None),
        says({"text": "lo"}, called, finish=None),
        says({"text": ""}),
    ]
    provider.tell(STREAM, events(*pieces, done=False))
    body = {"messages": [{"role": "user", "content": "a"}], "tools": [TOOL]}
    chunks = told(chatting.post("/_inference/chat_completion/mine/_stream", json=body))
    assert provider.asked[-1].params == {"alt": "sse"}
    assert document("gemini").check(provider.asked[-1], "/googleaistudio").endswith("streamGenerateContent")
    head = {"id": "r1", "model": "gemini-2.5-flash-001", "object": "chat.completion.chunk"}
    signed = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "data": "cw==", "id": "g1"}
    call = CALL | {"id": "g1", "index": 0}
    assert chunks == [
        head | {"choices": [{"delta": {"reasoning": "Hm", "role": "assistant"}, "index": 0}]},
        head | {"choices": [{"delta": {"content": "Hel"}, "index": 0}]},
        head
        | {"choices": [{"delta": {"content": "lo", "tool_calls": [call], "reasoning_details": [signed]}, "index": 0}]},
        head | {"choices": [{"delta": {}, "finish_reason": "tool_calls", "index": 0}]},
        head | {"choices": [], "usage": {"completion_tokens": 2, "prompt_tokens": 4, "total_tokens": 6}},
    ]


def test_a_completion_is_streamed(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(GENERATE, Reply(says({"text": "Hi"})))
    provider.tell(STREAM, events(says({"text": "Hel"}, finish=None), says({"text": "lo"}), done=False))
    create(remote, "completion")
    reply = remote.post("/_inference/completion/mine/_stream", json={"input": "a"})
    assert told(reply) == [{"completion": [{"delta": "Hel"}]}, {"completion": [{"delta": "lo"}]}]


def test_a_blocked_prompt_is_an_error(chatting: httpx.Client, provider: Provider) -> None:
    provider.tell(GENERATE, Reply({"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r1"}))
    reply = chatting.post("/_inference/chat_completion/mine", json={"messages": [{"role": "user", "content": "a"}]})
    assert reply.status_code == 400
    assert "Error message: [the prompt was blocked: SAFETY]" in reply.json()["error"]["message"]


def test_an_error_of_google(remote: httpx.Client, provider: Provider) -> None:
    error = {"code": 400, "message": "API key AIza-secret not valid.", "status": "INVALID_ARGUMENT"}
    provider.tell(GENERATE, Reply({"error": error}, 400))
    refused = create(remote, "completion")
    assert refused.status_code == 400
    assert refused.json()["error"]["reason"] == (
        "Received a bad request status code for request from inference entity id [mine] status [400]. "
        "Error message: [API key *** not valid.]"
    )


def test_a_model_may_be_named_by_the_request(chatting: httpx.Client, provider: Provider) -> None:
    provider.tell(f"{MODELS}/gemini-2.5-pro:generateContent", Reply(says({"text": "Hi"})))
    assert "model" not in chat(chatting, provider, {"role": "user", "content": "a"}, model="gemini-2.5-pro")
    assert provider.asked[-1].path.endswith("gemini-2.5-pro:generateContent")
