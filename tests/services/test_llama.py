"""Llama Stack, as its OpenAPI description (docs/_static/llama-stack-spec.yaml) says it is asked."""

import httpx
import pytest

from asking import KEY, create, infer, vectors
from provider import Asked, Provider, Reply

OLD, NEW = "/v1/inference/embeddings", "/v1/openai/v1/embeddings"


def lengths(asked: Asked) -> Reply:
    return Reply({"embeddings": [[len(text), 0.5, 1] for text in asked.json["contents"]]})


@pytest.mark.parametrize("dimensions", [{}, {"dimensions": 3}])
@pytest.mark.parametrize("path", [OLD, NEW])
def test_the_address_tells_the_form(
    remote: httpx.Client, provider: Provider, path: str, dimensions: dict[str, int]
) -> None:
    provider.tell(path, lengths if path == OLD else vectors)
    settings = {"url": provider.url + path, "model_id": "all-MiniLM-L6-v2", **dimensions}
    assert create(remote, "llama", "text_embedding", settings)["service_settings"] == {
        **settings,
        "rate_limit": {"requests_per_minute": 3000},
        "dimensions": 3,
        "similarity": "dot_product",
    }
    assert infer(remote, "text_embedding", input=["a", "bcd"]) == {
        "text_embedding": [{"embedding": [1.0, 0.5, 1.0]}, {"embedding": [3.0, 0.5, 1.0]}]
    }
    asked = provider.asked[-1]
    if path == OLD:
        length = {"output_dimension": 3} if dimensions else {}
        assert asked.json == {"model_id": "all-MiniLM-L6-v2", "contents": ["a", "bcd"], **length}
    else:
        assert asked.json == {"model": "all-MiniLM-L6-v2", "input": ["a", "bcd"], **dimensions}
    assert "authorization" not in asked.headers


def test_a_key_is_sent_if_there_is_one(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(OLD, lengths)
    create(remote, "llama", "text_embedding", {"url": provider.url + OLD, "model_id": "m", "api_key": KEY})
    assert provider.asked[-1].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in remote.get("/_inference/mine").text


def test_an_error_is_told(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(OLD, Reply({"error": {"detail": {"errors": [{"msg": "Model 'm' not found"}]}}}, 400))
    settings = {"service": "llama", "service_settings": {"url": provider.url + OLD, "model_id": "m"}}
    failed = remote.put("/_inference/text_embedding/mine", json=settings)
    assert failed.status_code == 400
    assert "Model 'm' not found" in failed.json()["error"]["reason"]
