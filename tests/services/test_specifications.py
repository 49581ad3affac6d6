"""What we send is what the vendors' own specifications allow, whatever is asked of us.

Flows do no I/O, so thousands of conversations are turned into requests without any server.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from connote.contract.chat import ChatRequest, Message
from connote.contract.tasks import TaskType
from connote.services.service import Call
from conversations import chats, files, images
from discovery import document
from flows import endpoint, posted
from openapi import validator


@dataclass(frozen=True)
class Case:
    """A chat service, and the operation of the specification that its requests are held against."""

    service: str
    vendor: str
    path: str
    settings: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    variant: str = "official"
    requests: st.SearchStrategy[ChatRequest] = chats()  # noqa: RUF009 (strategies do not change)

    def judge(self) -> Draft202012Validator:
        """Holds a body against the specification; `path` is a method's id in Google's."""
        if self.vendor in ("gemini", "vertex"):
            return document(self.vendor).validator(self.path)
        return validator(self.vendor, self.path, self.variant)


KEY = {"api_key": "k"}
AZURE = KEY | {"resource_name": "shop", "deployment_id": "gpt", "api_version": "2024-10-21"}
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
GEMINI = chats(kinds=(images, files), efforts=EFFORTS)
THINKING = chats(efforts=("low", "high"))
CHATS = [
    Case(
        "anthropic",
        "anthropic",
        "/v1/messages",
        KEY | {"model_id": "claude-opus-4-6"},
        {"max_tokens": 100, "top_k": 3},
        requests=chats(kinds=(images, files), efforts=EFFORTS),
    ),
    Case("azureopenai", "openai", "/deployments/{deployment-id}/chat/completions", AZURE, {"user": "me"}, "azure"),
    Case("cohere", "cohere", "/v2/chat", KEY | {"model_id": "command-a"}, requests=chats(efforts=EFFORTS)),
    Case("openai", "openai", "/chat/completions", KEY | {"model_id": "gpt-5"}, {"user": "me"}),
    # Those that say that they speak as OpenAI does.
    *(
        Case(service, "openai", "/chat/completions", KEY | {"model_id": "m"}, requests=THINKING)
        for service in ("ai21", "deepseek", "fireworksai", "groq", "lmstudio", "nvidia", "ollama", "vllm")
    ),
    Case(
        "googleaistudio",
        "gemini",
        "generativelanguage.models.generateContent",
        KEY | {"model_id": "gemini-3-pro-preview"},
        requests=GEMINI,
    ),
    Case(
        "googlevertexai",
        "vertex",
        "aiplatform.projects.locations.publishers.models.generateContent",
        {"service_account_json": "{}", "model_id": "gemini-2.5-flash", "project_id": "p"},
        {"thinking_config": {"thinking_budget": 256}},
        requests=GEMINI,
    ),
]


@pytest.mark.parametrize("case", CHATS, ids=lambda case: case.service)
def test_the_judge_judges(case: Case) -> None:
    for wrong in ({}, {"model": 1, "messages": []}, {"model": "m", "messages": "hello"}):
        assert not case.judge().is_valid(wrong)


@pytest.mark.parametrize("case", CHATS, ids=lambda case: case.service)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), stream=st.booleans())
def test_chats(case: Case, data: st.DataObject, stream: bool) -> None:
    asked = endpoint(case.service, TaskType.CHAT_COMPLETION, case.settings, case.options)
    request = data.draw(case.requests)
    post = posted(Call(asked, asked.options, (), chat=request, stream=stream))
    case.judge().validate(post.json)


@pytest.mark.parametrize(
    ("service", "raw", "role"),
    [
        ("openai", KEY | {"model_id": "m"}, "developer"),
        ("azureopenai", AZURE, "developer"),
        ("azureopenai", AZURE | {"api_version": "2024-06-01"}, "system"),
        ("deepseek", KEY | {"model_id": "m"}, "system"),
        ("mistral", KEY | {"model": "m"}, "system"),
        ("vllm", {"model_id": "m"}, "system"),
        ("watsonxai", KEY | {"url": "a.b", "model_id": "m", "project_id": "p", "api_version": "2024-05-31"}, "system"),
    ],
)
def test_only_openai_knows_developers(service: str, raw: Mapping[str, Any], role: str) -> None:
    asked = endpoint(service, TaskType.CHAT_COMPLETION, raw, {})
    request = ChatRequest([Message("user", "Hi"), Message("developer", "Be brief."), Message("user", "So?")])
    posts = posted(Call(asked, asked.options, (), chat=request))
    assert [message["role"] for message in posts.json["messages"]] == ["user", role, "user"]


@pytest.mark.parametrize("type", ["float", "byte", "int8", "bit", "binary"])
@pytest.mark.parametrize("purpose", [None, "unspecified", "ingest", "search", "classification", "clustering"])
def test_coheres_embeddings(type: str, purpose: str | None) -> None:
    raw = KEY | {"model_id": "embed-v4.0", "embedding_type": type}
    asked = endpoint("cohere", TaskType.TEXT_EMBEDDING, raw, {"truncate": "START"})
    post = posted(Call(asked, asked.options, ["a", "b"], input_type=purpose))
    validator("cohere", "/v2/embed").validate(post.json)


def test_coheres_reranking() -> None:
    asked = endpoint("cohere", TaskType.RERANK, KEY | {"model_id": "rerank-v4.0"}, {"return_documents": True})
    post = posted(Call(asked, asked.options, ["a", "b"], query="q", top_n=1))
    validator("cohere", "/v2/rerank").validate(post.json)


@pytest.mark.parametrize("task", [TaskType.TEXT_EMBEDDING, TaskType.EMBEDDING])
def test_openais_embeddings(task: TaskType) -> None:
    asked = endpoint("openai", task, KEY | {"model_id": "text-embedding-3-small"}, {"user": "me"})
    post = posted(Call(asked, asked.options, ["a", "b"]))
    validator("openai", "/embeddings", "official").validate(post.json)
