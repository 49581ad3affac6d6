"""Text Embeddings Inference, as its OpenAPI description (docs/openapi.json, 1.9) says it is asked."""

import httpx

from asking import KEY, create, infer
from provider import Asked, Provider, Reply


def lengths(asked: Asked) -> Reply:
    return Reply([[len(text), 0.5] for text in asked.json["inputs"]])


def scores(asked: Asked) -> Reply:
    """The longest text is the best."""
    return Reply([{"index": at, "score": len(text) / 100} for at, text in enumerate(asked.json["texts"])])


def test_embeddings_with_the_prompts_of_the_model(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/tei/embed", lengths)
    options = {"truncate": True, "search_prompt": "query", "ingest_prompt": "passage"}
    made = create(remote, "tei", "text_embedding", {}, options)
    assert made["service_settings"] == {"dimensions": 2, "similarity": "cosine"}
    assert infer(remote, "text_embedding", input=["abc"], input_type="search") == {
        "text_embedding": [{"embedding": [3.0, 0.5]}]
    }
    assert provider.asked[-1].json == {"inputs": ["abc"], "truncate": True, "prompt_name": "query"}
    assert "authorization" not in provider.asked[-1].headers
    infer(remote, "text_embedding", input=["abc"], input_type="ingest")
    assert provider.asked[-1].json["prompt_name"] == "passage"
    infer(remote, "text_embedding", input=["abc"], input_type="clustering")
    assert provider.asked[-1].json == {"inputs": ["abc"], "truncate": True}


def test_dimensions_are_sent_if_the_user_gave_them(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/tei/embed", lengths)
    create(remote, "tei", "text_embedding", {"api_key": KEY, "dimensions": 2})
    assert provider.asked[-1].json == {"inputs": ["how big"], "dimensions": 2}
    assert provider.asked[-1].headers["authorization"] == f"Bearer {KEY}"


def test_sparse_tokens_are_told_by_their_numbers(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/tei/embed_sparse", Reply([[{"index": 7, "value": 0.5}, {"index": 1012, "value": 1.5}]]))
    assert create(remote, "tei", "sparse_embedding", {})["service_settings"] == {}
    assert infer(remote, "sparse_embedding", input="a") == {
        "sparse_embedding": [{"is_truncated": False, "embedding": {"1012": 1.5, "7": 0.5}}]
    }
    assert provider.asked[-1].json == {"inputs": ["a"]}


def test_many_documents_are_ranked_in_parts(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/tei/rerank", scores)
    create(remote, "tei", "rerank", {}, {"truncate": True, "top_n": 2})
    texts = ["x" * (1 + at % 50) for at in range(70)]
    assert infer(remote, "rerank", query="q", input=texts, return_documents=True) == {
        "rerank": [{"index": at, "relevance_score": (at + 1) / 100, "text": texts[at]} for at in (49, 48)]
    }
    assert [len(asked.json["texts"]) for asked in provider.asked[1:]] == [32, 32, 6]
    assert provider.asked[-1].json == {"query": "q", "texts": texts[64:], "truncate": True}


def test_a_document_that_was_not_sent_is_the_fault_of_the_server(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/tei/rerank", scores, Reply([{"index": -1, "score": 1.0}]))
    create(remote, "tei", "rerank", {})
    reply = remote.post("/_inference/rerank/mine", json={"query": "q", "input": ["a", "b"]})
    assert reply.status_code == 400
    assert "a document that was not sent" in reply.json()["error"]["reason"]


def test_an_error_is_told(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(
        "/tei/embed", Reply({"error": "`inputs` must have less than 512 tokens", "error_type": "Validation"}, 413)
    )
    failed = remote.put("/_inference/text_embedding/mine", json={"service": "tei", "service_settings": {}})
    assert failed.status_code == 413
    assert "must have less than 512 tokens" in failed.json()["error"]["reason"]
