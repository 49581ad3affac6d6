"""Amazon Bedrock, as botocore's service model says it is asked and answers; models' own bodies as AWS documents them.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aws
from aws import KEYS, bedrock
from conftest import Server
from connote.contract.chat import ChatRequest, Image, ImageUrl
from connote.contract.tasks import TaskType
from connote.services.service import Call
from conversations import PIXEL, chats, files
from flows import endpoint, posted
from provider import Asked, Provider, Reply

TITAN, COHERE, CLAUDE = "amazon.titan-embed-text-v2:0", "cohere.embed-english-v3", "us.anthropic.claude-opus-4-6-v1"
PICTURE = "iVBORw0KGgo="
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    },
}
USED: dict[str, Any] = {"usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}, "metrics": {"latencyMs": 7}}


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
CHATTING = endpoint("amazonbedrock", TaskType.CHAT_COMPLETION, KEYS | {"model": CLAUDE}, {"top_k": 5})


def budget(tokens: int) -> dict[str, Any]:
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}}


@pytest.fixture(autouse=True)
def proven(provider: Provider) -> Iterator[None]:
    """Whatever a test asks, botocore would ask and sign the same."""
    yield
    for asked in provider.asked:
        bedrock.check(asked, provider.url)


def path(model: str, operation: str) -> str:
    return f"/amazonbedrock/model/{model.replace(':', '%3A')}/{operation}"


def create(remote: httpx.Client, task: str, model: str, *, options: Any = None, **more: Any) -> httpx.Response:  # noqa: ANN401
    quick = {"rate_limit": {"requests_per_minute": 10**6}}
    body = {"service": "amazonbedrock", "service_settings": KEYS | quick | {"model": model} | more}
    return remote.put(f"/_inference/{task}/mine", json=body | ({"task_settings": options} if options else {}))


def answer(*content: dict[str, Any], reason: str = "end_turn", **more: Any) -> Reply:  # noqa: ANN401
    output = {"message": {"role": "assistant", "content": list(content)}}
    return bedrock.answer("Converse", {"output": output, "stopReason": reason, **USED, **more})


HI = answer({"text": "Hi"})


def say(remote: httpx.Client, *messages: dict[str, Any], **more: Any) -> httpx.Response:  # noqa: ANN401
    return remote.post("/_inference/chat_completion/mine", json={"messages": messages, **more})


@pytest.fixture
def claude(remote: httpx.Client, provider: Provider) -> httpx.Client:
    """An endpoint for chats with Claude, which says Hi."""
    provider.tell(path(CLAUDE, "converse"), HI)
    assert create(remote, "chat_completion", CLAUDE).status_code == 200
    return remote


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=chats(kinds=[st.just(Image(ImageUrl(PIXEL))), files], efforts=EFFORTS), streams=st.booleans())
def test_whatever_is_asked_botocore_would_send(asked: ChatRequest, streams: bool) -> None:
    call = Call(CHATTING, CHATTING.options, (), chat=asked, stream=streams)
    body = posted(call).json
    bedrock.check_body("ConverseStream" if streams else "Converse", body, modelId=CLAUDE)
    roles = [turn["role"] for turn in body["messages"]]
    # A blank first message of the user is left out, and what begins then is told by Bedrock.
    assert all(before != after for before, after in pairwise(roles))
    assert all(turn["content"] for turn in body["messages"])


def test_titan_embeds_one_text_a_call(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(
        path(TITAN, "invoke"),
        lambda asked: Reply({"embedding": [len(asked.json["inputText"]), 0.5], "inputTextTokenCount": 2}),
    )
    made = create(remote, "text_embedding", TITAN, rate_limit=None)
    assert made.json()["service_settings"] == {
        "region": "us-east-1",
        "model": TITAN,
        "rate_limit": {"requests_per_minute": 240},
        "dimensions": 2,
        "similarity": "cosine",
    }
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"]})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5]}, {"embedding": [3.0, 0.5]}]}
    assert sorted(asked.json["inputText"] for asked in provider.asked) == ["a", "bcd", "how big"]


@pytest.mark.parametrize(
    ("input_type", "sent"),
    [
        (None, "search_document"),
        ("ingest", "search_document"),
        ("search", "search_query"),
        ("classification", "classification"),
        ("clustering", "clustering"),
    ],
)
def test_cohere_embeds_many_and_is_told_what_for(
    remote: httpx.Client, provider: Provider, input_type: str | None, sent: str
) -> None:
    def vectors(asked: Asked) -> Reply:
        floats = [[len(text), 1] for text in asked.json["texts"]]
        return Reply(
            {"id": "x", "response_type": "embeddings_floats", "embeddings": floats, "texts": asked.json["texts"]}
        )

    provider.tell(path(COHERE, "invoke"), vectors)
    assert create(remote, "text_embedding", COHERE, provider="cohere").status_code == 200
    body = {"input": ["a", "bcd"]} | ({"input_type": input_type} if input_type else {})
    reply = remote.post("/_inference/text_embedding/mine", json=body)
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 1.0]}, {"embedding": [3.0, 1.0]}]}
    assert provider.asked[-1].json == {"texts": ["a", "bcd"], "input_type": sent}


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (TITAN, {"inputText": "how big", "dimensions": 2}),
        ("amazon.titan-embed-text-v1", {"inputText": "how big"}),
        ("cohere.embed-v4:0", {"texts": ["how big"], "input_type": "search_document", "output_dimension": 2}),
        (COHERE, {"texts": ["how big"], "input_type": "search_document"}),
    ],
)
def test_dimensions_are_asked_of_models_that_have_a_choice(
    remote: httpx.Client, provider: Provider, model: str, sent: dict[str, Any]
) -> None:
    titan, cohere = {"embedding": [1, 2]}, {"embeddings": {"float": [[1, 2]]}, "response_type": "embeddings_by_type"}
    provider.tell(path(model, "invoke"), Reply(titan if "titan" in model else cohere))
    assert create(remote, "text_embedding", model, dimensions=2).status_code == 200
    assert provider.asked[-1].json == sent


def test_an_arn_needs_its_provider_told(remote: httpx.Client, provider: Provider) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefgh1234"
    refused = create(remote, "text_embedding", arn)
    assert refused.status_code == 400
    assert "[service_settings] does not contain the required setting [provider]" in refused.json()["error"]["reason"]
    where = path(arn.replace("/", "%2F"), "invoke")
    provider.tell(where, Reply({"embedding": [1]}))
    assert create(remote, "text_embedding", arn, provider="amazontitan").status_code == 200
    assert provider.asked[-1].path == where


def test_a_provider_must_do_the_task(remote: httpx.Client) -> None:
    refused = create(remote, "text_embedding", CLAUDE, provider="anthropic")
    assert refused.json()["error"]["reason"] == (
        "The [text_embedding] task type for provider [anthropic] is not available"
    )


@pytest.mark.parametrize(
    ("model", "additional"),
    [
        ("amazon.titan-text-premier-v1:0", None),
        (CLAUDE, {"top_k": 5}),
        ("ai21.jamba-1-5-large-v1:0", None),
        ("cohere.command-r-v1:0", {"k": 5}),
        ("meta.llama3-70b-instruct-v1:0", None),
        ("mistral.mistral-large-2407-v1:0", {"top_k": 5}),
    ],
)
def test_completion_by_every_provider(
    remote: httpx.Client, provider: Provider, model: str, additional: dict[str, Any] | None
) -> None:
    provider.tell(path(model, "converse"), HI)
    options = {"temperature": 0.5, "top_p": 0.25} | ({"top_k": 5} if additional else {})
    made = create(remote, "completion", model, options=options)
    assert made.json()["task_settings"] == {"max_new_tokens": 64, **options}
    reply = remote.post("/_inference/completion/mine", json={"input": ["Say", "hi"], "task_settings": {"top_p": 0.75}})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {
        "messages": [{"role": "user", "content": [{"text": "Say"}, {"text": "hi"}]}],
        "inferenceConfig": {"maxTokens": 64, "temperature": 0.5, "topP": 0.75},
    } | ({"additionalModelRequestFields": additional} if additional else {})


def test_top_k_is_refused_where_it_means_nothing(remote: httpx.Client) -> None:
    refused = create(remote, "completion", "meta.llama3-70b-instruct-v1:0", options={"top_k": 5})
    assert refused.json()["error"]["reason"] == "The [top_k] task parameter is not available for provider [meta]"
    above = create(remote, "completion", CLAUDE, options={"temperature": 1.5})
    assert "[task_settings] Invalid value [1.5]. [temperature] must be a less than or equal to [1.0]" in above.text


def test_a_conversation_with_everything(claude: httpx.Client, provider: Provider) -> None:
    called = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}
    reply = say(
        claude,
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "No jokes."}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERg==", "filename": "a_b.pdf"}},
                {
                    "type": "file",
                    "file": {"file_data": "data:text/plain;charset=utf-8;base64,YQ==", "filename": "a_b.pdf"},
                },
            ],
        },
        {"role": "assistant", "content": "", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "user", "content": "And now?"},
        tools=[TOOL],
        tool_choice="required",
        max_completion_tokens=100,
        stop=["END"],
        temperature=0.1,
        top_p=0.2,
    )
    assert reply.status_code == 200
    assert provider.asked[-1].json == {
        "system": [{"text": "Be brief."}, {"text": "No jokes."}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"text": "Look"},
                    {"image": {"format": "png", "source": {"bytes": PICTURE}}},
                    {"document": {"format": "pdf", "name": "a b pdf", "source": {"bytes": "JVBERg=="}}},
                    {"document": {"format": "txt", "name": "a b pdf 2", "source": {"bytes": "YQ=="}}},
                ],
            },
            {
                "role": "assistant",
                "content": [{"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Rome"}}}],
            },
            {
                "role": "user",
                "content": [
                    {"toolResult": {"toolUseId": "call_1", "content": [{"text": "sunny"}]}},
                    {"text": "And now?"},
                ],
            },
        ],
        "inferenceConfig": {"maxTokens": 100, "stopSequences": ["END"], "temperature": 0.1, "topP": 0.2},
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "weather",
                        "description": "Tells the weather.",
                        "inputSchema": {"json": TOOL["function"]["parameters"]},
                        "strict": True,
                    }
                }
            ],
            "toolChoice": {"any": {}},
        },
    }


@pytest.mark.parametrize(
    ("choice", "sent"),
    [("auto", {"auto": {}}), ({"type": "function", "function": {"name": "weather"}}, {"tool": {"name": "weather"}})],
)
def test_a_tool_may_be_chosen(claude: httpx.Client, provider: Provider, choice: object, sent: object) -> None:
    assert say(claude, {"role": "user", "content": "a"}, tools=[TOOL], tool_choice=choice).status_code == 200
    assert provider.asked[-1].json["toolConfig"]["toolChoice"] == sent
    assert say(claude, {"role": "user", "content": "a"}, tools=[TOOL], tool_choice="none").status_code == 200
    assert "toolConfig" not in provider.asked[-1].json


def test_tools_that_were_called_are_told_though_none_may_be(claude: httpx.Client, provider: Provider) -> None:
    """Converse refuses a conversation with calls but without tools."""
    call = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    said: list[dict[str, Any]] = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t1", "content": "rain"},
    ]
    assert say(claude, *said, tools=[TOOL], tool_choice="none").status_code == 200
    assert set(provider.asked[-1].json["toolConfig"]) == {"tools"}


@pytest.mark.parametrize(
    ("messages", "more", "told"),
    [
        ([{"role": "robot", "content": "a"}], {}, "[role] must be one of"),
        ([{"role": "tool", "content": "a"}], {}, "must have a [tool_call_id]"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"arguments": "{}"}}]}],
            {},
            "a [function] with",
        ),
        (
            [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "[1"}}]}],
            {},
            "the arguments of the call of [f] must be a JSON object",
        ),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]}],
            {},
            "[image_url] must be a URL such as data:image/png;base64,…",
        ),
        (
            [{"role": "user", "content": [{"type": "file", "file": {"file_data": "data:video/mp4;base64,AAAA"}}]}],
            {},
            "[file_data] must be a URL such as data:application/pdf;base64,…",
        ),
        ([{"role": "user", "content": "a"}], {"tools": [TOOL], "tool_choice": "maybe"}, "[tool_choice] must be one of"),
        ([{"role": "user", "content": "a"}], {"reasoning": {"summary": "auto"}}, "Field [reasoning.summary] cannot be"),
    ],
)
def test_what_converse_has_no_place_for_is_told(
    claude: httpx.Client, messages: list[dict[str, Any]], more: dict[str, Any], told: str
) -> None:
    refused = say(claude, *messages, **more)
    assert refused.status_code == 400
    assert told in refused.json()["error"]["message"]
    assert refused.json()["error"]["type"] == "illegal_argument_exception"


def test_an_answer_with_thoughts_tools_and_sources(claude: httpx.Client, provider: Provider) -> None:
    provider.tell(
        path(CLAUDE, "converse"),
        answer(
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
            {"text": "It is "},
            {"citationsContent": {"content": [{"text": "sunny"}], "citations": [{"title": "News"}]}},
            {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Köln"}}},
            reason="tool_use",
            usage={
                "inputTokens": 3,
                "outputTokens": 2,
                "totalTokens": 20,
                "cacheReadInputTokens": 10,
                "cacheWriteInputTokens": 5,
            },
        ),
    )
    question = {"role": "user", "content": "a"}
    reply = say(claude, question, reasoning={"effort": "minimal"}).json()
    assert provider.asked[-1].json == {
        "messages": [{"role": "user", "content": [{"text": "a"}]}],
        "outputConfig": {"effort": "low"},
        "additionalModelRequestFields": {"thinking": {"type": "adaptive"}},
    }
    assert reply.pop("id").startswith("chatcmpl-")
    details = [
        {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "format": "amazon-converse-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "c2VjcmV0", "format": "amazon-converse-v1", "index": 1},
    ]
    call = {"id": "t1", "function": {"name": "weather", "arguments": '{"city": "Köln"}'}, "type": "function"}
    message = {"role": "assistant", "content": "It is sunny", "reasoning": "Hm.", "tool_calls": [call]}
    assert reply == {
        "object": "chat.completion",
        "model": CLAUDE,
        "choices": [{"index": 0, "message": message | {"reasoning_details": details}, "finish_reason": "tool_calls"}],
        "usage": {
            "completion_tokens": 2,
            "prompt_tokens": 18,
            "total_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 10},
        },
    }
    # The thoughts go back as they came, and those of another service stay here.
    other = {"type": "reasoning.encrypted", "data": "eA==", "format": "google-gemini-v1"}
    back = reply["choices"][0]["message"] | {"reasoning_details": [*details, other]}
    say(claude, question, back, {"role": "tool", "tool_call_id": "t1", "content": "ok"}, reasoning={"exclude": True})
    assert provider.asked[-1].json["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
        {"text": "It is sunny"},
        {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Köln"}}},
    ]


@pytest.mark.parametrize(
    ("model", "more", "sent"),
    [
        (CLAUDE, {"reasoning": {"enabled": True}}, {"thinking": {"type": "adaptive"}}),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", {"reasoning": {"effort": "low"}}, budget(1638)),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", {"reasoning": {"enabled": True}}, budget(4096)),
        (
            "anthropic.claude-opus-4-5-20251101-v1:0",
            {"reasoning": {"effort": "high"}, "max_completion_tokens": 2000},
            budget(1600),
        ),
        ("openai.gpt-oss-120b-1:0", {"reasoning": {"effort": "high"}}, {}),
    ],
)
def test_models_are_asked_to_think_as_they_can(
    remote: httpx.Client, provider: Provider, model: str, more: dict[str, Any], sent: dict[str, Any]
) -> None:
    provider.tell(path(model, "converse"), HI)
    assert create(remote, "chat_completion", model).status_code == 200
    assert say(remote, {"role": "user", "content": "a"}, **more).status_code == 200
    asked = provider.asked[-1].json
    assert asked.get("additionalModelRequestFields", {}) == sent
    assert asked.get("outputConfig") == ({"effort": "high"} if "gpt" in model else None)


def test_too_few_tokens_to_think_are_told(remote: httpx.Client, provider: Provider) -> None:
    model = "anthropic.claude-3-7-sonnet-20250219-v1:0"
    provider.tell(path(model, "converse"), HI)
    create(remote, "chat_completion", model, options={"max_new_tokens": 64})
    refused = say(remote, {"role": "user", "content": "a"}, reasoning={"effort": "low"})
    assert "[max_new_tokens] is [64]; with [reasoning] it must be more than [1024]" in refused.text


def test_thoughts_may_be_left_out(claude: httpx.Client, provider: Provider) -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm."}}}
    provider.tell(path(CLAUDE, "converse"), answer(thought, {"text": "Hi"}))
    reply = say(claude, {"role": "user", "content": "a"}, reasoning={"enabled": False, "exclude": True})
    assert reply.json()["choices"][0]["message"] == {"content": "Hi", "role": "assistant"}
    assert provider.asked[-1].json.keys() == {"messages"}


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_tool_use", "malformed_tool_use"),
    ],
)
def test_why_an_answer_ends(claude: httpx.Client, provider: Provider, reason: str, told: str) -> None:
    provider.tell(path(CLAUDE, "converse"), answer({"text": "Hi"}, reason=reason))
    reply = say(claude, {"role": "user", "content": "a"}).json()
    assert reply["choices"][0]["finish_reason"] == told


def events(reply: httpx.Response) -> list[Any]:
    assert reply.headers["content-type"].startswith("text/event-stream")
    told = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    assert told.pop() == "[DONE]"
    return [json.loads(line) for line in told]


def begun(at: int, start: dict[str, Any]) -> dict[str, Any]:
    return {"contentBlockStart": {"start": start, "contentBlockIndex": at}}


def piece(at: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"contentBlockDelta": {"delta": delta, "contentBlockIndex": at}}


def test_a_stream_with_thoughts_text_and_tools(claude: httpx.Client, provider: Provider) -> None:
    stream = bedrock.stream(
        "ConverseStream",
        {"messageStart": {"role": "assistant"}},
        piece(0, {"reasoningContent": {"text": "Hm."}}),
        piece(0, {"reasoningContent": {"signature": "c2ln"}}),
        {"contentBlockStop": {"contentBlockIndex": 0}},
        piece(1, {"text": "Let me "}),
        piece(1, {"text": "sée"}),
        {"contentBlockStop": {"contentBlockIndex": 1}},
        begun(2, {"toolUse": {"toolUseId": "t1", "name": "weather"}}),
        piece(2, {"toolUse": {"input": '{"ci'}}),
        piece(2, {"toolUse": {"input": 'ty": "Rome"}'}}),
        {"contentBlockStop": {"contentBlockIndex": 2}},
        begun(3, {"toolUse": {"toolUseId": "t2", "name": "time"}}),
        {"contentBlockStop": {"contentBlockIndex": 3}},
        {"messageStop": {"stopReason": "tool_use"}},
        {"metadata": USED},
    )
    provider.tell(path(CLAUDE, "converse-stream"), stream)
    question = {"role": "user", "content": "a"}
    asked = {"messages": [question], "tools": [TOOL]}
    chunks = events(claude.post("/_inference/chat_completion/mine/_stream", json=asked))
    assert {chunk["id"] for chunk in chunks} == {chunks[0]["id"]}
    assert {(chunk["model"], chunk["object"]) for chunk in chunks} == {(CLAUDE, "chat.completion.chunk")}
    detail = {"type": "reasoning.text", "format": "amazon-converse-v1", "index": 0}
    assert [choice["delta"] for chunk in chunks for choice in chunk.get("choices", [])] == [
        {"role": "assistant"},
        {"reasoning": "Hm.", "reasoning_details": [detail | {"text": "Hm."}]},
        {"reasoning_details": [detail | {"signature": "c2ln"}]},
        {"content": "Let me "},
        {"content": "sée"},
        {
            "tool_calls": [
                {"index": 0, "id": "t1", "function": {"name": "weather", "arguments": ""}, "type": "function"}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"ci'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": 'ty": "Rome"}'}}]},
        {"tool_calls": [{"index": 1, "id": "t2", "function": {"name": "time", "arguments": ""}, "type": "function"}]},
        # It takes nothing, which is an object too.
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert chunks[-1]["usage"] == {"completion_tokens": 2, "prompt_tokens": 3, "total_tokens": 5}
    # Sent back in pieces, as a client that only collects them does.
    details = [
        each
        for chunk in chunks
        for choice in chunk.get("choices", [])
        for each in choice["delta"].get("reasoning_details", [])
    ]
    say(claude, question, {"role": "assistant", "content": "x", "reasoning_details": details})
    assert provider.asked[-1].json["messages"][1]["content"][0] == {
        "reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}
    }


def test_a_streamed_completion(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(path(CLAUDE, "converse"), HI)
    stream = bedrock.stream("ConverseStream", piece(0, {"text": "Hel"}), piece(0, {"text": "lo"}), {"metadata": USED})
    # Bedrock pads its events, against those who guess texts by their length.
    padded = aws.frame("messageStop", {"stopReason": "end_turn", "p": "abcdefgh"})
    provider.tell(
        path(CLAUDE, "converse-stream"), Reply(headers=stream.headers, pieces=[*(stream.pieces or ()), padded])
    )
    create(remote, "completion", CLAUDE)
    told = events(remote.post("/_inference/completion/mine/_stream", json={"input": "a"}))
    assert told == [{"completion": [{"delta": "Hel"}]}, {"completion": [{"delta": "lo"}]}]
    assert provider.asked[-1].json["inferenceConfig"] == {"maxTokens": 64}


@pytest.mark.parametrize(
    ("last", "told", "type"),
    [
        (
            aws.frame("throttlingException", {"message": "Too many tokens"}, kind="exception"),
            "Error message: [Too many tokens]",
            "throttlingException",
        ),
        (
            aws.raw_frame({":message-type": "error", ":error-code": "InternalError", ":error-message": "Oh no"}, b""),
            "Error message: [Oh no]",
            "InternalError",
        ),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "what is no event stream", "status_exception"),
        (aws.frame("metadata", {})[:-1], "breaks off in the middle of an event", "status_exception"),
        (aws.frame("metadata", ["odd"]), "Failed to parse the answer", "status_exception"),
    ],
)
def test_a_stream_that_goes_wrong_ends_with_an_error(
    claude: httpx.Client, provider: Provider, last: bytes, told: str, type: str
) -> None:
    stream = bedrock.stream("ConverseStream", piece(0, {"text": "Hi"}))
    provider.tell(path(CLAUDE, "converse-stream"), Reply(headers=stream.headers, pieces=[*(stream.pieces or ()), last]))
    reply = claude.post(
        "/_inference/chat_completion/mine/_stream", json={"messages": [{"role": "user", "content": "a"}]}
    )
    lines = [line for line in reply.text.splitlines() if line]
    assert [line for line in lines if line.startswith("event: ")] == ["event: message", "event: error"]
    error = json.loads(lines[-1].removeprefix("data: "))["error"]
    assert told in error["message"]
    assert error["type"] == type


def test_errors_are_told_and_secrets_are_not(remote: httpx.Client, provider: Provider) -> None:
    told = f"The security token of {KEYS['access_key']} with {KEYS['secret_key']} is invalid."
    kind = {"x-amzn-ErrorType": "UnrecognizedClientException:http://internal.amazon.com/coral/"}
    provider.tell(path(CLAUDE, "converse"), HI, Reply({"message": told}, 403, kind), Reply({"Message": told}, 403))
    assert create(remote, "chat_completion", CLAUDE).status_code == 200
    refused = say(remote, {"role": "user", "content": "a"})
    assert refused.status_code == 403
    assert refused.json()["error"] == {
        "code": "forbidden",
        "message": "Received a permission denied error status code for request from inference entity id [mine] status "
        "[403]. Error message: [The security token of *** with *** is invalid.]",
        "type": "UnrecognizedClientException",
    }
    assert "The security token of *** with ***" in say(remote, {"role": "user", "content": "a"}).text
    shown = remote.get("/_inference/mine").text
    assert KEYS["access_key"] not in shown
    assert KEYS["secret_key"] not in shown


def test_every_try_is_signed_anew(claude: httpx.Client, provider: Provider) -> None:
    slow = Reply({"message": "Too many requests, please wait."}, 429, {"x-amzn-ErrorType": "ThrottlingException"})
    provider.reset()
    provider.tell(path(CLAUDE, "converse"), slow, HI)
    assert say(claude, {"role": "user", "content": "a"}).status_code == 200
    assert len(provider.asked) == 2


@pytest.mark.parametrize("region", ["us-east-1.example.org/", "us east", "https://x", "a\r\nb"])
def test_a_region_is_a_name(remote: httpx.Client, region: str) -> None:
    refused = create(remote, "completion", CLAUDE, region=region)
    assert refused.status_code == 400
    assert "[region] must be the name of a region" in refused.json()["error"]["reason"]


def test_without_botocore_the_fix_is_told(tmp_path: Path, provider: Provider) -> None:
    (tmp_path / "botocore.py").write_text("raise ModuleNotFoundError('none here', name='botocore')")
    config = tmp_path / "connote.toml"
    config.write_text(f'[services.amazonbedrock]\nbase_url = "{provider.url}"\n')
    server = Server(tmp_path / "data", "--config", str(config), environment={"PYTHONPATH": str(tmp_path)})
    try:
        with httpx.Client(base_url=server.url) as http:
            assert "amazonbedrock" in http.get("/_inference/_services").text
            refused = create(http, "completion", CLAUDE)
    finally:
        server.stop()
    assert refused.status_code == 400
    assert "pip install connote[bedrock]" in refused.json()["error"]["reason"]
