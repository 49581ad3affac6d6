"""Alibaba Cloud AI Search, as its SDK (alibabacloud-searchplat20240529 2.6.0) and its reference say it is asked."""

from typing import Any

import httpx
import pytest

from connote.contract.errors import Rejected
from connote.services.alibabacloud import AlibabaSettings, alibabacloud
from connote.services.service import Post
from connote.upstream import address
from connote.upstream.settings import Access
from provider import Asked, Provider, Reply, events
from sse import told

KEY = "OS-secret"
BASE = "/alibabacloud-ai-search"
SETTINGS = {"api_key": KEY, "host": "a.opensearch.aliyuncs.com", "service_id": "ops-1", "workspace": "my space"}


def path(task: str) -> str:
    return f"{BASE}/v3/openapi/workspaces/my%20space/{task}/ops-1"


def create(remote: httpx.Client, task: str, **other: Any) -> httpx.Response:  # noqa: ANN401
    body = {"service": "alibabacloud-ai-search", "service_settings": SETTINGS} | other
    return remote.put(f"/_inference/{task}/mine", json=body)


def embeddings(asked: Asked) -> Reply:
    vectors = [{"index": at, "embedding": [len(text), 0.5]} for at, text in enumerate(asked.json["input"])]
    return Reply(
        {"request_id": "r", "latency": 3, "usage": {"token_count": 4}, "result": {"embeddings": vectors[::-1]}}
    )


def test_embeddings(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(path("text-embedding"), embeddings)
    made = create(remote, "text_embedding", task_settings={"input_type": "ingest"})
    assert made.json() == {
        "inference_id": "mine",
        "task_type": "text_embedding",
        "service": "alibabacloud-ai-search",
        "service_settings": {
            "host": "a.opensearch.aliyuncs.com",
            "service_id": "ops-1",
            "workspace": "my space",
            "http_schema": "https",
            "rate_limit": {"requests_per_minute": 1000},
            "dimensions": 2,
            "similarity": "dot_product",
        },
        "task_settings": {"input_type": "ingest"},
        "chunking_settings": {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1},
    }
    assert provider.asked[-1].json == {"input": ["how big"], "input_type": "document"}
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"], "input_type": "search"})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5]}, {"embedding": [3.0, 0.5]}]}
    assert provider.asked[-1].json == {"input": ["a", "bcd"], "input_type": "query"}
    assert provider.asked[-1].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in remote.get("/_inference/mine").text


@pytest.mark.parametrize("schema", ["http", "https"])
def test_the_address_is_made_of_the_host(schema: str) -> None:
    def settings(host: str) -> AlibabaSettings:
        return AlibabaSettings.parse(SETTINGS | {"http_schema": schema, "host": host}, "x", owner="x")

    assert alibabacloud.site is not None
    post = Post("/v3/x", {})
    assert address.of(alibabacloud.site, Access(), settings("a.example"), post) == f"{schema}://a.example/v3/x"
    for host in ("a.example/b", "me@a.example", "a.example:80", "a.example?", "é.example"):
        with pytest.raises(Rejected, match=r"\[host\] must be a part of a host name"):
            address.of(alibabacloud.site, Access(), settings(host), post)


def test_more_than_32_inputs_go_in_several_calls(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(path("text-embedding"), embeddings)
    create(remote, "text_embedding")
    provider.asked.clear()
    reply = remote.post("/_inference/mine", json={"input": ["x" * (number + 1) for number in range(40)]})
    assert [each["embedding"][0] for each in reply.json()["text_embedding"]] == list(range(1, 41))
    assert sorted(len(asked.json["input"]) for asked in provider.asked) == [8, 32]


def test_sparse_vectors_have_ids_unless_tokens_are_wanted(remote: httpx.Client, provider: Provider) -> None:
    def sparse(asked: Asked) -> Reply:
        weights: list[dict[str, Any]] = [{"token_id": 6, "weight": 0.25}, {"token_id": 9, "weight": 0.5}]
        if asked.json.get("return_token"):
            weights = [each | {"token": f"t{each['token_id']}"} for each in weights]
        return Reply(
            {"result": {"sparse_embeddings": [{"index": 0, "embedding": weights}]}, "usage": {"token_count": 1}}
        )

    provider.tell(path("text-sparse-embedding"), sparse)
    create(remote, "sparse_embedding")
    assert provider.asked[-1].json == {"input": ["how big"]}
    reply = remote.post("/_inference/sparse_embedding/mine", json={"input": "a"})
    assert reply.json() == {"sparse_embedding": [{"is_truncated": False, "embedding": {"9": 0.5, "6": 0.25}}]}
    options = {"return_token": True, "input_type": "search"}
    reply = remote.post("/_inference/sparse_embedding/mine", json={"input": "a", "task_settings": options})
    assert reply.json()["sparse_embedding"][0]["embedding"] == {"t9": 0.5, "t6": 0.25}
    assert provider.asked[-1].json == {"input": ["a"], "input_type": "query", "return_token": True}


def test_documents_are_ranked(remote: httpx.Client, provider: Provider) -> None:
    def ranks(asked: Asked) -> Reply:
        scores = [{"index": at, "score": at / 4} for at in range(len(asked.json["docs"]))]
        return Reply({"request_id": "r", "result": {"scores": scores}, "usage": {"doc_count": len(scores)}})

    provider.tell(path("ranker"), ranks)
    create(remote, "rerank")
    asked = {"input": ["a", "b"], "query": "q", "top_n": 1, "return_documents": True}
    reply = remote.post("/_inference/rerank/mine", json=asked)
    assert reply.json() == {"rerank": [{"index": 1, "relevance_score": 0.25, "text": "b"}]}
    assert provider.asked[-1].json == {"query": "q", "docs": ["a", "b"]}


def test_inputs_of_a_completion_are_a_conversation(remote: httpx.Client, provider: Provider) -> None:
    usage = {"input_tokens": 2, "output_tokens": 1, "total_tokens": 3}
    provider.tell(path("text-generation"), Reply({"request_id": "r", "result": {"text": "Hi"}, "usage": usage}))
    create(remote, "completion")
    reply = remote.post("/_inference/completion/mine", json={"input": ["a?", "b.", "c?"]})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {
        "messages": [
            {"role": "user", "content": "a?"},
            {"role": "assistant", "content": "b."},
            {"role": "user", "content": "c?"},
        ]
    }
    refused = remote.post("/_inference/completion/mine", json={"input": ["a?", "b."]})
    assert refused.status_code == 400
    assert "[input] must have an odd number of texts" in refused.json()["error"]["reason"]


@pytest.mark.parametrize("task", ["completion", "chat_completion"])
def test_streams_come_through_the_interface_like_openai_s(remote: httpx.Client, provider: Provider, task: str) -> None:
    chunks = [
        {
            "id": "c",
            "model": "m",
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": {"content": text}}],
        }
        for text in ("Hel", "lo")
    ]
    answer = Reply({"choices": [{"message": {"content": "x"}}]})
    provider.tell(path("text-generation"), Reply({"result": {"text": "x"}}))
    compatible = f"{BASE}/compatible-mode/v1/chat/completions"
    provider.tell(compatible, *([answer] if task == "chat_completion" else []), events(*chunks))
    assert create(remote, task).status_code == 200
    messages = [{"role": "user", "content": "a"}]
    body = {"input": "a"} if task == "completion" else {"messages": messages, "max_completion_tokens": 5}
    reply = remote.post(f"/_inference/{task}/mine/_stream", json=body)
    received = told(reply)
    if task == "completion":
        assert received == [{"completion": [{"delta": text}]} for text in ("Hel", "lo")]
    else:
        assert received == chunks
    sent = {"model": "ops-1", "messages": messages, "stream": True}
    assert provider.asked[-1].path == compatible
    assert provider.asked[-1].json == sent | ({"max_tokens": 5} if task == "chat_completion" else {})


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("http_schema", "ftp", "[http_schema] must be one of [http, https]"),
        ("host", None, "does not contain the required setting [host]"),
        ("service_id", "", "[service_id] must be a non-empty string"),
        ("workspace", 1, "field [workspace] is not of the expected type"),
    ],
)
def test_what_cannot_be_is_refused(
    remote: httpx.Client, provider: Provider, setting: str, value: object, reason: str
) -> None:
    refused = create(remote, "rerank", service_settings=SETTINGS | {setting: value})
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["reason"]
    assert provider.asked == []


def test_an_error_of_the_service_is_told_without_the_key(remote: httpx.Client, provider: Provider) -> None:
    error = {"request_id": "r", "http_code": 400, "code": "InvalidParameter", "message": f"JSON parse error {KEY}"}
    provider.tell(path("text-embedding"), Reply(error, 400))
    refused = create(remote, "text_embedding")
    assert refused.status_code == 400
    assert "Error message: [JSON parse error ***]" in refused.json()["error"]["reason"]
    assert KEY not in refused.text
