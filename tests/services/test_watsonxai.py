"""IBM watsonx.ai, as its reference says it is asked: https://cloud.ibm.com/apidocs/watsonx-ai."""

from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from connote.services.watsonxai import IamKey, WatsonxSettings, sign_in
from provider import Asked, Provider, Reply, events
from sse import told

SETTINGS = {
    "api_key": "ibm-secret",
    "url": "https://us-south.ml.cloud.ibm.com",
    "model_id": "ibm/granite-4-h-small",
    "project_id": "my-project",
    "api_version": "2024-05-31",
}
SHOWN = {name: value for name, value in SETTINGS.items() if name != "api_key"}
ACCOUNT = {"model_id": "ibm/granite-4-h-small", "project_id": "my-project"}
TOKEN, TEXT = "/watsonxai/token", "/watsonxai/ml/v1/text"
CALL = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
HI = {"role": "user", "content": "Hi"}


def says(**message: object) -> dict[str, Any]:
    """An answer with this message."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
    return {"id": "c1", "model_id": ACCOUNT["model_id"], "created": 1, "choices": [choice], "usage": usage}


def piece(finish: str = "", **delta: object) -> dict[str, Any]:
    """A piece of a streamed answer."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "model_id": ACCOUNT["model_id"], "created": 1, "choices": [choice]}


def embeddings(asked: Asked) -> Reply:
    """A vector of three an input, the input's length first."""
    results = [{"embedding": [len(text), 0.5, 1]} for text in asked.json["inputs"]]
    return Reply({"model_id": "m", "results": results, "created_at": "2026-01-01", "input_token_count": 4})


def create(remote: httpx.Client, task: str, **settings: object) -> httpx.Response:
    return remote.put(
        f"/_inference/{task}/mine", json={"service": "watsonxai", "service_settings": SETTINGS | settings}
    )


@pytest.fixture
def ibm(provider: Provider) -> Provider:
    """The third party, which gives tokens."""
    provider.tell(TOKEN, Reply({"access_token": "eyJ.token", "expires_in": 3600, "token_type": "Bearer"}))
    return provider


@pytest.fixture
def chatting(remote: httpx.Client, ibm: Provider) -> httpx.Client:
    """With an endpoint to chat with."""
    ibm.tell(f"{TEXT}/chat", Reply(says(content="Hi")))
    assert create(remote, "chat_completion").status_code == 200
    return remote


def test_a_key_is_exchanged_for_a_token(remote: httpx.Client, ibm: Provider) -> None:
    ibm.tell(f"{TEXT}/embeddings", embeddings)
    made = create(remote, "text_embedding")
    assert made.json()["service_settings"] == {
        "dimensions": 3,
        "similarity": "cosine",
        **SHOWN,
        "rate_limit": {"requests_per_minute": 120},
    }
    token, asked = ibm.asked
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "ibm-secret"}
    assert dict(parse_qsl(token.body.decode())) == form
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["authorization"] == "Bearer eyJ.token"
    assert "ibm-secret" not in made.text + remote.get("/_inference/mine").text


def test_without_configuration_tokens_are_ibms() -> None:
    signing = sign_in(WatsonxSettings.parse(SETTINGS, "", owner=""), None)
    assert isinstance(signing, IamKey)
    assert signing.ask().url == "https://iam.cloud.ibm.com/identity/token"


def test_a_key_that_is_refused(remote: httpx.Client, provider: Provider) -> None:
    error = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key ibm-secret could not be found."}
    provider.tell(TOKEN, Reply(error, 400))
    refused = create(remote, "completion")
    assert refused.status_code == 400
    reason = refused.json()["error"]["reason"]
    assert reason.endswith("refused the key with status [400]: Provided API key *** could not be found.")


@pytest.mark.parametrize("url", ["us-south.ml.cloud.ibm.com", "https://us-south.ml.cloud.ibm.com/"])
def test_the_url_gives_the_host(url: str) -> None:
    assert WatsonxSettings.parse(SETTINGS | {"url": url}, "", owner="").host == "us-south.ml.cloud.ibm.com"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("url", "http://us-south.ml.cloud.ibm.com", "[url]. Error: it must be a host"),
        ("url", "https://us-south.ml.cloud.ibm.com/other", "[url]. Error: it must be a host"),
        ("api_version", "v1", "[api_version] must be a date such as 2024-05-31"),
        ("project_id", None, "does not contain the required setting [project_id]"),
    ],
)
def test_settings_that_cannot_be(remote: httpx.Client, ibm: Provider, name: str, value: object, reason: str) -> None:
    refused = create(remote, "completion", **{name: value})
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["reason"]
    assert ibm.asked == []


def test_embeddings(remote: httpx.Client, ibm: Provider) -> None:
    ibm.tell(f"{TEXT}/embeddings", embeddings)
    create(remote, "text_embedding")
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"], "input_type": "search"})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5, 1.0]}, {"embedding": [3.0, 0.5, 1.0]}]}
    assert ibm.asked[-1].json == {**ACCOUNT, "inputs": ["a", "bcd"]}
    assert ibm.asked[-1].params == {"version": "2024-05-31"}


def test_ranking(remote: httpx.Client, ibm: Provider) -> None:
    results = [{"index": 1, "score": 2.5}, {"index": 0, "score": -0.5}]
    ibm.tell(
        f"{TEXT}/rerank",
        Reply({"model_id": "m", "results": [{"index": 0, "score": 1}], "input_token_count": 1}),
        Reply({"model_id": "m", "results": results, "input_token_count": 9}),
    )
    assert create(remote, "rerank").status_code == 200
    body: dict[str, Any] = {"query": "q", "input": ["a", "b"]}
    ranks = [{"index": 1, "relevance_score": 2.5}, {"index": 0, "relevance_score": -0.5}]
    assert remote.post("/_inference/rerank/mine", json=body).json() == {"rerank": ranks}
    assert ibm.asked[-1].json == {**ACCOUNT, "query": "q", "inputs": [{"text": "a"}, {"text": "b"}]}
    body |= {"top_n": 1, "return_documents": True}
    assert remote.post("/_inference/rerank/mine", json=body).json() == {"rerank": [ranks[0] | {"text": "b"}]}
    assert ibm.asked[-1].json["parameters"] == {"return_options": {"top_n": 1}}


def test_a_completion(remote: httpx.Client, ibm: Provider) -> None:
    ibm.tell(f"{TEXT}/chat", Reply(says(content="Hi")))
    create(remote, "completion")
    reply = remote.post("/_inference/completion/mine", json={"input": "Say hi"})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    assert ibm.asked[-1].json == {**ACCOUNT, "messages": [{"role": "user", "content": "Say hi"}]}
    assert ibm.asked[-1].params == {"version": "2024-05-31"}


def test_a_chat_with_all_its_options(chatting: httpx.Client, ibm: Provider) -> None:
    ibm.tell(f"{TEXT}/chat", Reply(says(content="", reasoning_content="Hm", tool_calls=[CALL])))
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    function = {"name": "weather", "parameters": {"type": "object"}}
    messages = [
        {"role": "developer", "content": [{"type": "text", "text": "Be brief"}]},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]},
        {"role": "assistant", "content": "", "reasoning": "Hm", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "t1", "content": "cold"},
    ]
    options = {"max_completion_tokens": 5, "stop": ["."], "temperature": 0.5, "top_p": 0.9}
    body = {
        **options,
        "messages": messages,
        "tools": [{"type": "function", "function": function | {"strict": True}}],
        "tool_choice": "auto",
        "reasoning": {"effort": "xhigh", "exclude": False},
    }
    reply = chatting.post("/_inference/chat_completion/mine", json=body).json()
    assert ibm.asked[-1].json == {
        **ACCOUNT,
        **options,
        "messages": [
            {"role": "system", "content": "Be brief"},
            messages[1],
            {"role": "assistant", "content": "", "tool_calls": [CALL]},
            messages[3],
        ],
        "tools": [{"type": "function", "function": function}],
        "tool_choice_option": "auto",
        "reasoning_effort": "high",
        "include_reasoning": True,
    }
    message = {"content": "", "role": "assistant", "reasoning": "Hm", "tool_calls": [CALL]}
    assert reply == {
        "id": "c1",
        "object": "chat.completion",
        "model": "ibm/granite-4-h-small",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"completion_tokens": 1, "prompt_tokens": 2, "total_tokens": 3},
    }


def test_the_tool_to_call_and_the_model_may_be_named(chatting: httpx.Client, ibm: Provider) -> None:
    choice = {"type": "function", "function": {"name": "weather"}}
    body = {"messages": [HI], "tool_choice": choice, "model": "other"}
    assert chatting.post("/_inference/chat_completion/mine", json=body).status_code == 200
    assert ibm.asked[-1].json == {**ACCOUNT, "model_id": "other", "messages": [HI], "tool_choice": choice}


def test_files_are_not_taken(chatting: httpx.Client, ibm: Provider) -> None:
    ibm.asked.clear()
    content = [{"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}}]
    body = {"messages": [{"role": "user", "content": content}]}
    refused = chatting.post("/_inference/chat_completion/mine", json=body)
    assert refused.status_code == 400
    assert "takes no parts of type [file]" in refused.json()["error"]["message"]
    assert ibm.asked == []


def test_a_stream_of_thoughts_text_and_calls(chatting: httpx.Client, ibm: Provider) -> None:
    begun = {"index": 0, "id": "t1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    more = {"index": 0, "function": {"arguments": '{"city": "Oslo"}'}}
    usage = {"prompt_tokens": 2, "completion_tokens": 9, "total_tokens": 11}
    pieces = [
        piece(role="assistant", content="", reasoning_content="Hm"),
        piece(content="Let me look"),
        piece(tool_calls=[begun]),
        piece("tool_calls", tool_calls=[more]),
        {"id": "c1", "model_id": ACCOUNT["model_id"], "created": 1, "choices": [], "usage": usage},
    ]
    ibm.tell(f"{TEXT}/chat_stream", events(*pieces, done=False))
    reply = chatting.post("/_inference/chat_completion/mine/_stream", json={"messages": [HI]})
    head = {"id": "c1", "model": ACCOUNT["model_id"], "object": "chat.completion.chunk"}
    deltas = [
        {"content": "", "reasoning": "Hm", "role": "assistant"},
        {"content": "Let me look"},
        {"tool_calls": [begun]},
    ]
    last = {"delta": {"tool_calls": [more]}, "finish_reason": "tool_calls", "index": 0}
    assert told(reply) == [
        *(head | {"choices": [{"delta": delta, "index": 0}]} for delta in deltas),
        head | {"choices": [last]},
        head | {"choices": [], "usage": usage},
    ]
    assert ibm.asked[-1].json == {**ACCOUNT, "messages": [HI]}
    assert ibm.asked[-1].params == {"version": "2024-05-31"}


def test_a_completion_is_streamed(remote: httpx.Client, ibm: Provider) -> None:
    ibm.tell(f"{TEXT}/chat", Reply(says(content="Hi")))
    ibm.tell(f"{TEXT}/chat_stream", events(piece(content="Hel"), piece("stop", content="lo"), done=False))
    create(remote, "completion")
    reply = remote.post("/_inference/completion/mine/_stream", json={"input": "a"})
    assert told(reply) == [{"completion": [{"delta": "Hel"}]}, {"completion": [{"delta": "lo"}]}]


def test_an_error_of_ibm(remote: httpx.Client, ibm: Provider) -> None:
    error = {"errors": [{"code": "model_not_supported", "message": "Model 'x' is not supported"}], "trace": "t"}
    ibm.tell(f"{TEXT}/chat", Reply(error | {"status_code": 404}, 404))
    refused = create(remote, "completion")
    assert refused.status_code == 404
    assert refused.json()["error"]["reason"].endswith("Error message: [Model 'x' is not supported]")
