"""Services that speak as OpenAI does: what is sent, to the letter, and what comes back."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from asking import ANSWER, KEY, chunks, create, infer, refused, stream, vectors
from connote.services.registry import SERVICES
from connote.services.row import ServerSettings
from connote.services.service import Post
from connote.upstream import address
from connote.upstream.settings import Access
from provider import Provider, Reply, events

KEYED = {"api_key": KEY, "model_id": "m"}
SERVERS = ("infinity", "lmstudio", "ollama", "vllm")


@dataclass(frozen=True)
class Case:
    """A service, the path that is asked, and how its settings and its defaults differ from those of most."""

    service: str
    path: str
    settings: dict[str, Any] = field(default_factory=lambda: KEYED)
    per_minute: int | None = None
    similarity: str = "dot_product"
    limit: str = "max_completion_tokens"
    counts: bool = True

    def given(self, provider: Provider) -> dict[str, Any]:
        """The settings; an address in them is the provider's."""
        return {
            name: value.format(provider=provider.url, path=self.path) if name == "url" else value
            for name, value in self.settings.items()
        }

    def shown(self, provider: Provider) -> dict[str, Any]:
        """What is shown of them."""
        rate = {"rate_limit": {"requests_per_minute": self.per_minute}} if self.per_minute else {}
        return {name: value for name, value in self.given(provider).items() if name != "api_key"} | rate


MISTRAL = {"api_key": KEY, "model": "m"}
AT_URL = {**KEYED, "url": "{provider}{path}"}
EMBEDS = [
    Case("fireworksai", "/fireworksai/inference/v1/embeddings", per_minute=6000, similarity="cosine"),
    Case("fireworksai", "/elsewhere", AT_URL, per_minute=6000, similarity="cosine"),
    Case("infinity", "/infinity/embeddings", {"model_id": "m"}, similarity="cosine"),
    Case("lmstudio", "/lmstudio/v1/embeddings", {"model_id": "m"}, similarity="cosine"),
    Case("mistral", "/mistral/v1/embeddings", MISTRAL, per_minute=240),
    Case("ollama", "/ollama/v1/embeddings", {"model_id": "m"}, similarity="cosine"),
    Case("vllm", "/vllm/v1/embeddings", similarity="cosine"),
]
CHATS = [
    Case("ai21", "/ai21/studio/v1/chat/completions", per_minute=200, limit="max_tokens", counts=False),
    Case("deepseek", "/deepseek/chat/completions", limit="max_tokens"),
    Case("deepseek", "/elsewhere", AT_URL, limit="max_tokens"),
    Case("fireworksai", "/fireworksai/inference/v1/chat/completions", per_minute=6000),
    Case("groq", "/groq/openai/v1/chat/completions", per_minute=1000),
    Case("llama", "/v1/openai/v1/chat/completions", AT_URL, per_minute=3000),
    Case("lmstudio", "/lmstudio/v1/chat/completions", {"model_id": "m"}, limit="max_tokens"),
    Case("mistral", "/mistral/v1/chat/completions", MISTRAL, per_minute=240, limit="max_tokens", counts=False),
    Case("nvidia", "/nvidia/v1/chat/completions", per_minute=3000, limit="max_tokens"),
    Case("ollama", "/ollama/v1/chat/completions", {"model_id": "m"}, limit="max_tokens"),
    Case("openshift_ai", "/route/v1/chat/completions", AT_URL, per_minute=3000),
    Case("vllm", "/vllm/v1/chat/completions"),
]
RANKS = [
    Case("infinity", "/infinity/rerank", {"model_id": "m"}),
    Case("openshift_ai", "/route/v1/rerank", AT_URL, per_minute=3000),
    Case("vllm", "/vllm/v1/rerank"),
]
embeds = pytest.mark.parametrize("case", EMBEDS, ids=lambda case: case.path)
chats = pytest.mark.parametrize("case", CHATS, ids=lambda case: case.path)
ranks = pytest.mark.parametrize("case", RANKS, ids=lambda case: case.path)


def signed_in(provider: Provider, case: Case) -> bool:
    """Whether the last request came with the key, and without one if there is none."""
    wanted = f"Bearer {KEY}" if "api_key" in case.settings else None
    return provider.asked[-1].headers.get("authorization") == wanted


@embeds
def test_embeddings(remote: httpx.Client, provider: Provider, case: Case) -> None:
    provider.tell(case.path, vectors)
    made = create(remote, case.service, "text_embedding", case.given(provider))
    assert made["service_settings"] == case.shown(provider) | {"dimensions": 3, "similarity": case.similarity}
    assert infer(remote, "text_embedding", input=["a", "bcd"]) == {
        "text_embedding": [{"embedding": [1.0, 0.5, 1.0]}, {"embedding": [3.0, 0.5, 1.0]}]
    }
    assert provider.asked[-1].json == {"input": ["a", "bcd"], "model": "m"}
    assert signed_in(provider, case)
    assert KEY not in remote.get("/_inference/mine").text


@chats
def test_completion(remote: httpx.Client, provider: Provider, case: Case) -> None:
    provider.tell(case.path, Reply(ANSWER))
    assert create(remote, case.service, "completion", case.given(provider))["service_settings"] == case.shown(provider)
    assert infer(remote, "completion", input="Say hi") == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {"model": "m", "messages": [{"role": "user", "content": "Say hi"}]}
    assert signed_in(provider, case)
    assert KEY not in remote.get("/_inference/mine").text


@chats
def test_chat(remote: httpx.Client, provider: Provider, case: Case) -> None:
    provider.tell(case.path, Reply(ANSWER))
    create(remote, case.service, "chat_completion", case.given(provider))
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    asked = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Look"}, picture]},
            {"role": "assistant", "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "look"}}]},
            {"role": "tool", "tool_call_id": "t1", "content": "nothing"},
        ],
        "tools": [tool],
        "tool_choice": "auto",
        "temperature": 0.5,
        "stop": ["."],
        "model": "other",
    }
    answer = infer(remote, "chat_completion", **asked, max_completion_tokens=7, reasoning={"effort": "low"})
    assert answer == {"object": "chat.completion", **ANSWER}
    assert provider.asked[-1].json == {**asked, case.limit: 7, "reasoning_effort": "low"}


@chats
def test_streams_with_tools_and_usage(remote: httpx.Client, provider: Provider, case: Case) -> None:
    said = chunks(
        {"role": "assistant", "content": "Hi"},
        {"tool_calls": [{"index": 0, "id": "t1", "function": {"name": "look", "arguments": "{"}, "type": "function"}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]},
    )
    provider.tell(case.path, Reply(ANSWER), events(*said))
    create(remote, case.service, "chat_completion", case.given(provider))
    assert stream(remote, "chat_completion", messages=[{"role": "user", "content": "a"}]) == said
    counted = {"stream_options": {"include_usage": True}} if case.counts else {}
    assert provider.asked[-1].json == {
        "model": "m",
        "messages": [{"role": "user", "content": "a"}],
        "stream": True,
        **counted,
    }


def test_a_completion_streams(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(
        "/groq/openai/v1/chat/completions", Reply(ANSWER), events(*chunks({"content": "H"}, {"content": "i"}))
    )
    create(remote, "groq", "completion", KEYED)
    assert stream(remote, "completion", input="a") == [{"completion": [{"delta": text}]} for text in "Hi"]


@ranks
def test_rerank(remote: httpx.Client, provider: Provider, case: Case) -> None:
    results = [{"index": 1, "relevance_score": 0.25}, {"index": 0, "relevance_score": 0.5}]
    provider.tell(case.path, Reply({"results": results[1:]}), Reply({"results": results, "usage": {"total_tokens": 9}}))
    made = create(remote, case.service, "rerank", case.given(provider), {"return_documents": True, "top_n": 2})
    assert made["service_settings"] == case.shown(provider)
    assert infer(remote, "rerank", query="q", input=["a", "b", "c"]) == {
        "rerank": [
            {"index": 0, "relevance_score": 0.5, "text": "a"},
            {"index": 1, "relevance_score": 0.25, "text": "b"},
        ]
    }
    assert provider.asked[-1].json == {"model": "m", "query": "q", "documents": ["a", "b", "c"], "top_n": 2}
    assert signed_in(provider, case)
    assert infer(remote, "rerank", query="q", input=["a", "b"], top_n=1, return_documents=False) == {
        "rerank": [{"index": 0, "relevance_score": 0.5}]
    }


@pytest.mark.parametrize(
    ("case", "dimensions"),
    [(case, "output_dimension" if case.service == "mistral" else "dimensions") for case in EMBEDS],
    ids=lambda part: getattr(part, "path", part),
)
def test_dimensions_are_sent_where_they_can_be(
    remote: httpx.Client, provider: Provider, case: Case, dimensions: str
) -> None:
    provider.tell(case.path, vectors)
    create(remote, case.service, "text_embedding", case.given(provider) | {"dimensions": 3})
    sent = {} if case.service == "lmstudio" else {dimensions: 3}
    assert {name: value for name, value in provider.asked[-1].json.items() if "dimension" in name} == sent


# The forms of the vendors' errors, after their references.
@pytest.mark.parametrize(
    ("case", "status", "body", "told"),
    [
        (EMBEDS[2], 413, {"error": {"message": "too many", "type": None, "code": 413}}, "too many"),
        (EMBEDS[4], 422, {"detail": [{"loc": ["body"], "msg": "extra", "type": "x"}]}, "extra"),
        (EMBEDS[5], 404, {"error": {"message": "model not found", "type": "api_error", "code": None}}, "not found"),
        (
            CHATS[1],
            402,
            {"error": {"message": "Insufficient Balance", "type": "unknown_error"}},
            "Insufficient Balance",
        ),
        (CHATS[4], 401, {"error": {"message": "Invalid API Key", "code": "invalid_api_key"}}, "Invalid API Key"),
        (CHATS[8], 403, {"status": 403, "title": "Forbidden", "detail": "no access"}, "no access"),
    ],
    ids=lambda part: getattr(part, "service", ""),
)
def test_errors_are_told(
    remote: httpx.Client, provider: Provider, case: Case, status: int, body: dict[str, Any], told: str
) -> None:
    task = "text_embedding" if case in EMBEDS else "completion"
    provider.tell(case.path, Reply(body, status))
    settings = {"service": case.service, "service_settings": case.given(provider)}
    failed = remote.put(f"/_inference/{task}/mine", json=settings)
    assert failed.status_code == status
    assert f"status [{status}]" in failed.json()["error"]["reason"]
    assert told in failed.json()["error"]["reason"]
    assert KEY not in failed.text


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_thoughts_have_one_name(remote: httpx.Client, provider: Provider, name: str) -> None:
    said = {"role": "assistant", "content": "4", name: "two and two"}
    reply = {**ANSWER, "choices": [{"index": 0, "message": said, "finish_reason": "stop"}]}
    provider.tell(
        "/deepseek/chat/completions", Reply(reply), Reply(reply), events(*chunks({name: "two and"}, {"content": "4"}))
    )
    create(remote, "deepseek", "chat_completion", KEYED)
    asked = {"messages": [{"role": "user", "content": "2+2"}]}
    answer = infer(remote, "chat_completion", **asked)
    assert answer["choices"][0]["message"] == {
        "role": "assistant",
        "content": "4",
        "reasoning": "two and two",
    }
    assert [event["choices"][0]["delta"] for event in stream(remote, "chat_completion", **asked)[:2]] == [
        {"reasoning": "two and"},
        {"content": "4"},
    ]


@pytest.mark.parametrize(
    ("service", "path", "name"),
    [
        ("deepseek", "/deepseek/chat/completions", "reasoning_content"),
        ("groq", "/groq/openai/v1/chat/completions", "reasoning"),
        ("ai21", "/ai21/studio/v1/chat/completions", None),
    ],
)
def test_earlier_thoughts_go_back_under_the_name_that_the_service_has(
    remote: httpx.Client, provider: Provider, service: str, path: str, name: str | None
) -> None:
    provider.tell(path, Reply(ANSWER))
    create(remote, service, "chat_completion", KEYED)
    said = {"role": "assistant", "content": "4"}
    infer(remote, "chat_completion", messages=[{**said, "reasoning": "two", "reasoning_details": [{"type": "t"}]}])
    assert provider.asked[-1].json["messages"] == [said | ({name: "two"} if name else {})]


@pytest.mark.parametrize("reasoning", [{"effort": "none"}, {"enabled": False}])
def test_thinking_is_turned_off_as_the_service_does_it(
    remote: httpx.Client, provider: Provider, reasoning: dict[str, Any]
) -> None:
    asked = {"messages": [{"role": "user", "content": "a"}], "reasoning": reasoning}
    for service, path, sent in (
        ("deepseek", "/deepseek/chat/completions", {"thinking": {"type": "disabled"}}),
        ("ollama", "/ollama/v1/chat/completions", {"reasoning_effort": "none"}),
    ):
        provider.tell(path, Reply(ANSWER))
        create(remote, service, "chat_completion", KEYED)
        infer(remote, "chat_completion", **asked)
        assert provider.asked[-1].json == {"model": "m", "messages": asked["messages"], **sent}
        remote.delete("/_inference/mine")


def test_thoughts_are_left_out_if_they_are_not_wanted(remote: httpx.Client, provider: Provider) -> None:
    said = chunks({"reasoning": "hm"}, {"content": "4"})
    provider.tell("/vllm/v1/chat/completions", Reply(ANSWER), events(*said))
    create(remote, "vllm", "chat_completion", KEYED)
    told = stream(remote, "chat_completion", messages=[{"role": "user", "content": "a"}], reasoning={"exclude": True})
    assert [event["choices"][0]["delta"] for event in told[:2]] == [{}, {"content": "4"}]
    assert "reasoning" not in provider.asked[-1].json


def test_a_summary_of_thoughts_is_refused(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/vllm/v1/chat/completions", Reply(ANSWER))
    create(remote, "vllm", "chat_completion", KEYED)
    asked = {"messages": [{"role": "user", "content": "a"}], "reasoning": {"summary": "auto"}}
    reply = remote.post("/_inference/chat_completion/mine", json=asked)
    assert reply.status_code == 400
    assert "[reasoning.summary] cannot be specified" in reply.json()["error"]["message"]


def test_mistral_says_its_thoughts_in_parts_of_the_content(remote: httpx.Client, provider: Provider) -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "two "}, {"type": "text", "text": "and two"}]},
        {"type": "text", "text": "4"},
    ]
    reply = {**ANSWER, "choices": [{"index": 0, "message": {"role": "assistant", "content": parts}}]}
    said = chunks({"role": "assistant", "content": ""}, {"content": parts[:1]}, {"content": "4"})
    provider.tell("/mistral/v1/chat/completions", Reply(ANSWER), Reply(reply), events(*said))
    create(remote, "mistral", "chat_completion", MISTRAL)
    asked = {"messages": [{"role": "user", "content": "2+2"}]}
    message = infer(remote, "chat_completion", **asked)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "4", "reasoning": "two and two"}
    told = [event["choices"][0]["delta"] for event in stream(remote, "chat_completion", **asked)[:3]]
    assert told == [{"role": "assistant", "content": ""}, {"reasoning": "two and two"}, {"content": "4"}]


def test_fireworks_is_told_of_the_user_and_sent_headers(remote: httpx.Client, provider: Provider) -> None:
    path = "/fireworksai/inference/v1/chat/completions"
    provider.tell(path, Reply(ANSWER))
    create(remote, "fireworksai", "completion", KEYED, {"user": "me", "headers": {"X-Team": "search"}})
    infer(remote, "completion", input="a", task_settings={"user": "you"})
    assert provider.asked[-1].json == {"model": "m", "user": "you", "messages": [{"role": "user", "content": "a"}]}
    assert provider.asked[-1].headers["x-team"] == "search"
    assert "unknown to the [fireworksai] service" in refused(
        remote, "fireworksai", "text_embedding", KEYED, {"user": "me"}
    )


def test_openshift_tells_whether_the_user_gave_the_dimensions(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/route/v1/embeddings", vectors)
    settings = {"api_key": KEY, "url": f"{provider.url}/route/v1/embeddings"}
    assert create(remote, "openshift_ai", "text_embedding", settings)["service_settings"] == {
        "url": settings["url"],
        "rate_limit": {"requests_per_minute": 3000},
        "dimensions": 3,
        "similarity": "dot_product",
        "dimensions_set_by_user": False,
    }
    assert provider.asked[-1].json == {"input": ["how big"]}
    remote.delete("/_inference/mine")
    made = create(remote, "openshift_ai", "text_embedding", settings | {"dimensions": 3})
    assert made["service_settings"]["dimensions_set_by_user"] is True
    assert provider.asked[-1].json == {"input": ["how big"], "dimensions": 3}
    told = refused(remote, "openshift_ai", "text_embedding", settings | {"dimensions_set_by_user": True})
    assert "dimensions_set_by_user" in told


def test_mistral_takes_so_many_inputs_a_call(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/mistral/v1/embeddings", vectors)
    create(remote, "mistral", "text_embedding", MISTRAL | {"rate_limit": {"requests_per_minute": 100_000}})
    provider.asked.clear()
    texts = ["a" * (1 + at) for at in range(70)]
    rows = infer(remote, "text_embedding", input=texts)["text_embedding"]
    assert [row["embedding"][0] for row in rows] == [len(text) for text in texts]
    assert sorted(len(asked.json["input"]) for asked in provider.asked) == [6, 32, 32]


@pytest.mark.parametrize("service", SERVERS)
def test_a_server_of_ones_own_is_on_this_machine_unless_it_has_an_address(service: str) -> None:
    site = SERVICES[service].site
    assert site is not None
    assert address.own(site) == [httpx.URL(site.url)]
    asked = address.of(site, Access(), ServerSettings(), Post(ServerSettings().at("/v1/x"), {}))
    assert asked.host == "127.0.0.1"
    assert asked.path == "/v1/x"


@pytest.mark.parametrize(
    ("given", "path", "asked"),
    [
        ("http://gpu:8000", "/v1/embeddings", "http://gpu:8000/v1/embeddings"),
        ("http://gpu:8000/", "/v1/embeddings", "http://gpu:8000/v1/embeddings"),
        ("http://gpu:8000/v1", "/v1/embeddings", "http://gpu:8000/v1/embeddings"),
        ("http://gpu:8000/v1/embeddings", "/v1/embeddings", "http://gpu:8000/v1/embeddings"),
        ("https://gate/llm/v1/", "/v1/rerank", "https://gate/llm/v1/rerank"),
        ("http://gpu:7997/v1", "/embeddings", "http://gpu:7997/v1/embeddings"),
        ("http://gpu:8080/embed", "/embed", "http://gpu:8080/embed"),
    ],
)
def test_an_address_may_be_as_people_copy_it(given: str, path: str, asked: str) -> None:
    assert ServerSettings(url=given).at(path) == asked
