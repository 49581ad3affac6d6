"""Our services against a mock of the vendors that others wrote: npm's @copilotkit/aimock."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import ROOT, Server

VERSION = "1.43.0"
PACKAGE = ROOT / ".cache" / f"aimock-{VERSION}"
SCRIPT = Path(__file__).with_suffix("").with_name("aimock.mjs")
WORDS = "Hello from the mock"
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]


@dataclass(frozen=True)
class Case:
    """A service with the settings of an endpoint; `base` is where the mock has it, `{mock}` in a setting its URL."""

    service: str
    settings: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""


class Mocked(httpx.Client):
    """A connote whose services are the mock, which is at `mock`."""

    mock: str = ""


KEY = {"api_key": "k"}
AWS = {"access_key": "k", "secret_key": "s", "region": "us-east-1", "model": "anthropic.claude-3-haiku-20240307-v1:0"}
AZURE = KEY | {"target": "{mock}", "endpoint_type": "token"}
DEPLOYMENT = {"resource_name": "shop", "deployment_id": "gpt-4o", "api_version": "2024-10-21"}
CHATS = [
    Case("amazonbedrock", AWS),
    Case("anthropic", KEY | {"model_id": "claude-sonnet-4-5"}, {"max_tokens": 100}),
    Case("azureaistudio", AZURE | {"provider": "mistral"}),
    Case("azureopenai", KEY | DEPLOYMENT),
    Case("cohere", KEY | {"model_id": "command-a"}),
    Case("deepseek", KEY | {"model_id": "deepseek-chat"}, base="/v1"),
    Case("groq", KEY | {"model_id": "llama-3.3-70b-versatile"}),
    Case("googleaistudio", KEY | {"model_id": "gemini-2.5-flash"}),
    Case("hugging_face", KEY | {"url": "{mock}/v1/chat/completions", "model_id": "tgi"}),
    Case("lmstudio", {"model_id": "gpt-oss-20b"}),
    Case("mistral", KEY | {"model": "mistral-large-latest"}),
    Case("ollama", {"model_id": "llama3.2"}),
    Case("openai", KEY | {"model_id": "gpt-4o"}),
    Case("vllm", {"model_id": "gpt-oss-20b"}),
]
EMBEDDINGS = [
    Case("azureaistudio", AZURE | {"provider": "cohere"}),
    Case("azureopenai", KEY | DEPLOYMENT),
    Case("cohere", KEY | {"model_id": "embed-v4.0"}),
    Case("lmstudio", {"model_id": "nomic-embed-text"}),
    Case("mistral", KEY | {"model": "mistral-embed"}),
    Case("ollama", {"model_id": "nomic-embed-text"}),
    Case("openai", KEY | {"model_id": "text-embedding-3-small"}),
    Case("vllm", {"model_id": "bge-m3"}),
]
RERANKS = [
    # It has Cohere's own path only.
    Case("azureaistudio", AZURE | {"provider": "cohere", "target": "{mock}/v2/rerank"}),
    Case("cohere", KEY | {"model_id": "rerank-v4.0"}),
]


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """The URL of the mock."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        assert os.environ.get("CI") != "true", "Node.js is missing: the mock of the vendors needs it"
        pytest.skip("needs Node.js")
    installed = PACKAGE / "node_modules" / "@copilotkit" / "aimock"
    if not installed.is_dir():
        PACKAGE.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-save", "--prefix", str(PACKAGE), f"@copilotkit/aimock@{VERSION}"]
        subprocess.run(install, check=True)  # noqa: S603
    command = ["node", str(SCRIPT), (installed / "dist" / "index.js").as_uri()]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stdin is not None
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(timeout=10)
    process.stdout.close()


@pytest.fixture(scope="module")
def mocked(mock: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mocked]:
    """A connote whose services are the mock."""
    folder = tmp_path_factory.mktemp("mocked")
    config = folder / "connote.toml"
    bases = {case.service: case.base for case in (*CHATS, *EMBEDDINGS, *RERANKS)}
    config.write_text("".join(f'[services.{name}]\nbase_url = "{mock}{base}"\n' for name, base in bases.items()))
    server = Server(folder / "data", "--config", str(config))
    with Mocked(base_url=server.url, timeout=60, trust_env=False) as client:
        client.mock = mock
        yield client
    server.stop()


def create(http: Mocked, task: str, case: Case) -> str:
    path = f"/_inference/{task}/{task}-{case.service}"
    http.delete(path)
    settings = {name: value.replace("{mock}", http.mock) for name, value in case.settings.items()}
    body = {"service": case.service, "service_settings": settings, "task_settings": case.options}
    made = http.put(path, json=body)
    assert made.status_code == 200, made.text
    return path


chats = pytest.mark.parametrize("case", CHATS, ids=lambda case: case.service)


@chats
def test_a_completion(mocked: Mocked, case: Case) -> None:
    reply = mocked.post(create(mocked, "completion", case), json={"input": "Hello"})
    assert reply.json() == {"completion": [{"result": WORDS}]}


@chats
def test_a_chat_that_calls_a_tool(mocked: Mocked, case: Case) -> None:
    asked = {"messages": [{"role": "user", "content": "How is the weather?"}], "tools": TOOLS}
    reply = mocked.post(create(mocked, "chat_completion", case), json=asked).json()
    (choice,) = reply["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert call["function"]["name"] == "weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Bern"}
    assert choice["finish_reason"] == "tool_calls"


@chats
def test_a_stream(mocked: Mocked, case: Case) -> None:
    asked = {"messages": [{"role": "user", "content": "Hello"}]}
    reply = mocked.post(f"{create(mocked, 'chat_completion', case)}/_stream", json=asked)
    assert reply.status_code == 200, reply.text
    *told, done = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    assert done == "[DONE]"
    deltas = [choice["delta"] for line in told for choice in json.loads(line).get("choices", [])]
    assert "".join(delta.get("content", "") for delta in deltas) == WORDS


@chats
def test_a_stream_that_calls_a_tool(mocked: Mocked, case: Case) -> None:
    asked = {"messages": [{"role": "user", "content": "How is the weather?"}], "tools": TOOLS}
    reply = mocked.post(f"{create(mocked, 'chat_completion', case)}/_stream", json=asked)
    *told, _ = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    choices = [choice for line in told for choice in json.loads(line).get("choices", [])]
    calls = [call for choice in choices for call in choice["delta"].get("tool_calls", [])]
    assert next(name for call in calls if (name := call["function"].get("name"))) == "weather"
    assert json.loads("".join(call["function"].get("arguments", "") for call in calls)) == {"city": "Bern"}
    assert [choice["finish_reason"] for choice in choices if choice.get("finish_reason")] == ["tool_calls"]


@pytest.mark.parametrize("case", EMBEDDINGS, ids=lambda case: case.service)
def test_embeddings(mocked: Mocked, case: Case) -> None:
    reply = mocked.post(create(mocked, "text_embedding", case), json={"input": ["a", "b"]})
    assert reply.json() == {"text_embedding": [{"embedding": [0.25, -0.5, 1.0]}] * 2}


@pytest.mark.parametrize("case", RERANKS, ids=lambda case: case.service)
def test_reranking(mocked: Mocked, case: Case) -> None:
    asked = {"query": "a", "input": ["b", "c"]}
    reply = mocked.post(create(mocked, "rerank", case), json=asked)
    assert [(rank["index"], rank["relevance_score"]) for rank in reply.json()["rerank"]] == [(1, 0.9), (0, 0.25)]
