"""NVIDIA, as the references of its NIMs for embedding and reranking say they are asked: https://docs.nvidia.com/nim."""

import httpx
import pytest

from asking import KEY, create, infer, refused, vectors
from provider import Asked, Provider, Reply

SETTINGS = {"api_key": KEY, "model_id": "m"}


def logits(asked: Asked) -> Reply:
    """The longest passage is the best; it comes first."""
    passages = [len(each["text"]) for each in asked.json["passages"]]
    ranked = sorted(enumerate(passages), key=lambda pair: -pair[1])
    return Reply({"rankings": [{"index": at, "logit": length - 10.5} for at, length in ranked]})


@pytest.mark.parametrize(
    ("option", "asked", "sent"),
    [
        (None, None, "query"),
        (None, "ingest", "passage"),
        (None, "search", "query"),
        ("ingest", None, "passage"),
        ("ingest", "search", "query"),
        ("ingest", "clustering", "query"),
        ("ingest", "unspecified", "passage"),
    ],
)
def test_the_input_type(
    remote: httpx.Client, provider: Provider, option: str | None, asked: str | None, sent: str
) -> None:
    provider.tell("/nvidia/v1/embeddings", vectors)
    create(remote, "nvidia", "text_embedding", SETTINGS, {"input_type": option} if option else None)
    infer(remote, "text_embedding", input=["abc"], **({"input_type": asked} if asked else {}))
    assert provider.asked[-1].json == {"input": ["abc"], "model": "m", "input_type": sent}


def test_what_is_too_long_is_cut_as_the_user_says(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/elsewhere", vectors)
    settings = {**SETTINGS, "url": f"{provider.url}/elsewhere", "dimensions": 3}
    made = create(remote, "nvidia", "text_embedding", settings, {"truncate": "start"})
    assert made["task_settings"] == {"truncate": "start"}
    assert made["service_settings"] == {
        "model_id": "m",
        "url": settings["url"],
        "rate_limit": {"requests_per_minute": 3000},
        "dimensions": 3,
        "similarity": "dot_product",
    }
    assert provider.asked[-1].json == {
        "input": ["how big"],
        "model": "m",
        "input_type": "query",
        "truncate": "START",
        "dimensions": 3,
    }
    assert "must be one of" in refused(remote, "nvidia", "text_embedding", SETTINGS, {"truncate": "middle"})
    assert "must be one of" in refused(remote, "nvidia", "text_embedding", SETTINGS, {"input_type": "clustering"})


def test_reranking_is_asked_elsewhere_and_in_parts(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/nvidia/v1/retrieval/nvidia/reranking", logits)
    create(remote, "nvidia", "rerank", SETTINGS)
    texts = ["x" * (1 + at % 600) for at in range(600)]
    assert infer(remote, "rerank", query="q", input=texts, top_n=2) == {
        "rerank": [{"index": 599, "relevance_score": 589.5}, {"index": 598, "relevance_score": 588.5}]
    }
    assert [len(asked.json["passages"]) for asked in provider.asked[1:]] == [512, 88]
    infer(remote, "rerank", query="q", input=["a"])
    assert provider.asked[-1].json == {"model": "m", "query": {"text": "q"}, "passages": [{"text": "a"}]}
    assert provider.asked[-1].headers["authorization"] == f"Bearer {KEY}"


def test_an_error_is_told(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/nvidia/v1/embeddings", Reply({"error": "'input_type' parameter is required"}, 400))
    assert "'input_type' parameter is required" in refused(remote, "nvidia", "text_embedding", SETTINGS)
