"""The official SDKs of OpenAI and Cohere, unchanged, against real servers: local models, and a service that chats."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server
from provider import Asked, Provider, Reply, events
from sdk import ROOT, tell

HERE = Path(__file__).parent
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
CALL = {"id": "call1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Athens"}'}}


def chat(asked: Asked) -> Reply:
    """OpenAI as it answers: a word, a call if one is required, at once or in chunks, or an error if told to."""
    body = asked.json
    last = body["messages"][-1]["content"]
    if last == "429":
        return Reply({"error": {"message": "Slow down", "type": "requests"}}, 429, {"Retry-After": "600"})
    message: dict[str, Any] = {"content": "Sunny"}
    finish = "stop"
    if body.get("tool_choice") == "required":
        message, finish = {"content": None, "tool_calls": [CALL]}, "tool_calls"
    head = {"id": "c1", "model": "gpt-x"}
    if not body.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant"} | message, "finish_reason": finish}
        return Reply(head | {"choices": [choice], "usage": USAGE})
    deltas: list[dict[str, Any]] = [{"role": "assistant"}, {"content": "Sun"}, {"content": "ny"}]
    if finish == "tool_calls":
        first = CALL | {"index": 0, "function": {"name": "weather", "arguments": ""}}
        pieces = [{"index": 0, "function": {"arguments": piece}} for piece in ('{"city":', ' "Athens"}')]
        deltas = [{"role": "assistant", "tool_calls": [first]}, *({"tool_calls": [piece]} for piece in pieces)]
    chunks = [head | {"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    if last == "cut":
        return events(*chunks, {"error": {"message": "The model broke down"}})
    end = head | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    return events(*chunks, end, head | {"choices": [], "usage": USAGE})


@pytest.fixture
def chatting(remote: httpx.Client, provider: Provider) -> str:
    """The URL of a connote with `gpt`, a chat_completion endpoint, and `davinci`, one for completion."""
    provider.tell("/openai/v1/chat/completions", chat)
    body = {"service": "openai", "service_settings": {"api_key": "sk", "model_id": "gpt-x"}}
    for task, id in (("chat_completion", "gpt"), ("completion", "davinci")):
        assert remote.put(f"/_inference/{task}/{id}", json=body).status_code == 200
    return str(remote.base_url)


@pytest.mark.parametrize("release", ["openai==3.54.0", "cohere==7.3.1"])
def test_the_examples_of_the_documentation_run(chatting: str, release: str) -> None:
    page = (ROOT / "docs" / "compatible.md").read_text()
    section = next(part for part in page.split("\n## ") if part.lower().startswith(release.partition("==")[0]))
    examples = "\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL))
    printed = [line.partition("  # ")[2] or "Sunny" for line in examples.splitlines() if line.startswith("print")]
    told = tell(examples.replace("http://127.0.0.1:9200", chatting.rstrip("/")), release)
    assert told.splitlines() == printed


@pytest.mark.parametrize(
    ("release", "result"),
    [("openai==3.54.0", "sunny"), ("cohere==7.3.1", [{"type": "text", "text": '{"data":{"weather":"sunny"}}'}])],
)
def test_the_story_runs_with_the_official_client(
    server: Server, chatting: str, provider: Provider, release: str, result: object
) -> None:
    name, _, version = release.partition("==")
    told = tell(HERE / f"story_{name}.py", release, server.url, chatting.rstrip("/"))
    assert told == f"{name} {version}: all is well\n"
    plain = next(asked.json for asked in provider.asked if "max_completion_tokens" in asked.json)
    assert plain == {
        "model": "gpt-x",
        "n": 1,
        "messages": [{"role": "user", "content": "How is the weather in Athens?"}],
        "max_completion_tokens": 9,
        "stop": ["\n"],
    }
    sent_back = next(asked.json["messages"] for asked in provider.asked if len(asked.json["messages"]) == 3)
    assert sent_back[1:] == [
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call1", "content": result},
    ]
