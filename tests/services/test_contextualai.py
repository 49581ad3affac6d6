"""Contextual AI, as its reference says it is asked: https://docs.contextual.ai/api-reference/rerank."""

import httpx

from provider import Provider, Reply

PATH = "/contextualai/v1/rerank"
SETTINGS = {"api_key": "key-secret", "model_id": "ctxl-rerank-v2-instruct-multilingual"}


def create(remote: httpx.Client, **options: object) -> httpx.Response:
    body = {"service": "contextualai", "service_settings": SETTINGS, "task_settings": options}
    return remote.put("/_inference/rerank/mine", json=body)


def test_documents_are_reranked_by_an_instruction(remote: httpx.Client, provider: Provider) -> None:
    results = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.25}]
    provider.tell(PATH, Reply({"results": results[1:]}), Reply({"results": results}))
    made = create(remote, instruction="Newer is better.", top_k=2)
    assert made.json()["service_settings"] == {
        "model_id": "ctxl-rerank-v2-instruct-multilingual",
        "rate_limit": {"requests_per_minute": 1000},
    }
    assert made.json()["task_settings"] == {"instruction": "Newer is better.", "top_k": 2}
    body = {"query": "q", "input": ["a", "b"], "return_documents": True}
    reply = remote.post("/_inference/rerank/mine", json=body)
    assert reply.json() == {
        "rerank": [
            {"index": 1, "relevance_score": 0.9, "text": "b"},
            {"index": 0, "relevance_score": 0.25, "text": "a"},
        ]
    }
    asked = provider.asked[-1]
    assert asked.json == {
        "model": "ctxl-rerank-v2-instruct-multilingual",
        "instruction": "Newer is better.",
        "query": "q",
        "documents": ["a", "b"],
        "top_n": 2,
    }
    assert asked.headers["authorization"] == "Bearer key-secret"
    assert "key-secret" not in remote.get("/_inference/mine").text


def test_a_document_that_was_not_sent_is_told(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(PATH, Reply({"results": [{"index": 7, "relevance_score": 1}]}))
    refused = create(remote)
    assert refused.status_code == 400
    assert "a document that was not sent" in refused.json()["error"]["reason"]


def test_errors_are_the_wires(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(PATH, lambda asked: Reply({"detail": f"bad {asked.headers['authorization']}"}, 403))
    refused = create(remote)
    assert refused.status_code == 403
    assert refused.json()["error"]["reason"].endswith("status [403]. Error message: [bad Bearer ***]")
