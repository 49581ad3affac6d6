"""The routes of Text Embeddings Inference: forms and statuses are those of its OpenAPI description, release 1.9.3."""

import os
import subprocess
import sys
from typing import Any

import httpx
import numpy as np
import pytest

from conftest import Server
from provider import Provider, Reply

E5 = ".multilingual-e5-small-elasticsearch"


def post(client: httpx.Client, path: str, **body: Any) -> httpx.Response:  # noqa: ANN401
    return client.post(path, json=body)


def test_a_text_or_several_are_embedded(http: httpx.Client) -> None:
    one, two = post(http, "/embed", inputs="a house"), post(http, "/embed", inputs=["a house", "the sea"])
    assert [len(reply.json()) for reply in (one, two)] == [1, 2]
    assert one.json()[0] == pytest.approx(two.json()[0], abs=1e-5)
    assert np.linalg.norm(one.json()[0]) == pytest.approx(1, abs=1e-4)
    assert one.headers["x-compute-tokens"] == "6"


def test_prompts_are_input_types(http: httpx.Client) -> None:
    plain, query, passage = (
        post(http, "/embed", inputs="a house", prompt_name=name).json() for name in (None, "query", "passage")
    )
    assert plain == passage != query


def test_sparse_weights_come_by_the_ids_of_tokens(http: httpx.Client) -> None:
    (values,) = post(http, "/embed_sparse", inputs="a house").json()
    reply = http.post("/_inference/.elser-2-elasticsearch", json={"input": "a house"}).json()
    assert [value["value"] for value in sorted(values, key=lambda value: -value["value"])] == list(
        reply["sparse_embedding"][0]["embedding"].values()
    )
    # `house` has this id in the vocabulary of BERT, whose tokens the model has.
    assert {"index": 2160, "value": reply["sparse_embedding"][0]["embedding"]["house"]} in values


def test_the_model_is_named_in_the_body_or_the_query(http: httpx.Client) -> None:
    default = post(http, "/embed_sparse", inputs="a house").json()
    for body, query in (({"model": ".elser-2-elasticsearch"}, ""), ({}, "?model=.elser-2-elasticsearch")):
        named = post(http, f"/embed_sparse{query}", inputs="a house", **body).json()
        assert [value["index"] for value in named[0]] != [value["index"] for value in default[0]]  # another order
        assert sorted(value["index"] for value in named[0]) == sorted(value["index"] for value in default[0])


def test_texts_are_ranked_here_and_documents_as_cohere_does(http: httpx.Client) -> None:
    texts = ["tax law", "a cottage near the beach"]
    ranks = post(http, "/rerank", query="by the sea", texts=texts, return_text=True).json()
    assert [list(rank) for rank in ranks] == [["index", "score", "text"]] * 2
    assert [rank["text"] for rank in ranks] == texts[::-1]
    assert "text" not in post(http, "/rerank", query="by the sea", texts=texts).json()[0]
    coheres = post(http, "/rerank", query="by the sea", documents=texts).json()["results"]
    assert [rank["relevance_score"] for rank in coheres] == [rank["score"] for rank in ranks]


def test_vectors_of_a_service_are_normalised_unless_they_must_not_be(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/openai/v1/embeddings", Reply({"data": [{"embedding": [3, 4], "index": 0}]}))
    settings = {"api_key": "sk", "model_id": "m"}
    remote.put("/_inference/text_embedding/mine", json={"service": "openai", "service_settings": settings})
    assert post(remote, "/embed", model="mine", inputs="a").json() == [[0.6, 0.8]]
    assert post(remote, "/embed", model="mine", inputs="a", normalize=False).json() == [[3.0, 4.0]]
    info = remote.get("/info", params={"model": "mine"}).json()
    assert (info["model_id"], info["served_model_name"], info["max_input_length"]) == ("m", "mine", None)


def test_info_and_health(http: httpx.Client) -> None:
    info = http.get("/info").json()
    assert (info["model_id"], info["max_input_length"]) == ("intfloat/multilingual-e5-small", 512)
    assert info["model_type"] == {"embedding": {"pooling": "mean"}}
    sparse, rerank = (
        http.get("/info", params={"model": id}).json() for id in (".elser-2-elastic", ".rerank-v1-elasticsearch")
    )
    assert sparse["model_type"] == {"embedding": {"pooling": "splade"}}
    assert "reranker" in rerank["model_type"]
    assert (http.get("/health").status_code, http.get("/health").content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "told"),
    [
        ("/embed", {"inputs": []}, 400, "Empty", "[inputs] cannot be empty"),
        ("/embed", {"inputs": [1, 2]}, 422, "Validation", "tokens are not taken"),
        ("/embed", {"inputs": [[1], [2]]}, 422, "Validation", "tokens are not taken"),
        ("/embed", {"inputs": {}}, 422, "Validation", "[inputs] must be a text"),
        ("/embed", {"inputs": "a", "dimensions": 128}, 422, "Validation", "384 dimensions"),
        ("/embed", {"inputs": "a", "normalize": False}, 422, "Validation", "vectors of length 1 only"),
        ("/embed", {"inputs": "a", "prompt_name": "other"}, 422, "Validation", "prompt_name"),
        ("/embed", {"inputs": "a", "truncation_direction": "left"}, 422, "Validation", "truncation_direction"),
        ("/embed", {"inputs": "a " * 600, "truncate": False}, 422, "Validation", "leave out [truncate=false]"),
        ("/embed", {"inputs": "a", "model": "nothing"}, 404, "Validation", "not found [nothing]"),
        ("/embed", {"inputs": "a", "model": ".elser-2-elastic"}, 422, "Validation", "does [sparse_embedding]"),
        ("/embed_sparse", {"inputs": "a", "dimensions": 5}, 422, "Validation", "dimensions"),
        ("/rerank", {"query": "a", "texts": []}, 400, "Empty", "[texts] cannot be empty"),
        ("/rerank", {"query": "a"}, 422, "Validation", "texts"),
    ],
)
def test_every_failure_has_the_form_of_tei(
    http: httpx.Client, path: str, body: dict[str, Any], status: int, kind: str, told: str
) -> None:
    reply = http.post(path, json=body)
    assert reply.status_code == status
    assert reply.json().keys() == {"error", "error_type"}
    assert reply.json()["error_type"] == kind
    assert told in reply.json()["error"]


def test_a_service_that_fails_is_a_backend_that_fails(remote: httpx.Client, provider: Provider) -> None:
    vectors = Reply({"data": [{"embedding": [3, 4], "index": 0}]})
    provider.tell("/openai/v1/embeddings", vectors, Reply({"error": {"message": "no"}}, 401))
    settings = {"api_key": "sk", "model_id": "m"}
    remote.put("/_inference/text_embedding/mine", json={"service": "openai", "service_settings": settings})
    reply = post(remote, "/embed", model="mine", inputs="a")
    assert (reply.status_code, reply.json()["error_type"]) == (424, "Backend")
    provider.tell("/openai/v1/embeddings", Reply({"error": {"message": "slow"}}, 429, {"Retry-After": "600"}))
    reply = post(remote, "/embed", model="mine", inputs="a")
    assert (reply.status_code, reply.json()["error_type"]) == (429, "Overloaded")
    assert reply.headers["retry-after"] == "600"


def test_hugging_faces_client_takes_it_for_tei(server: Server) -> None:
    script = (
        "import sys; from huggingface_hub import InferenceClient;"
        "c = InferenceClient(model=sys.argv[1] + '/embed');"
        "print(c.feature_extraction(['a', 'b'], prompt_name='query', truncate=True).shape)"
    )
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script, server.url],
        env={name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.stdout == "(2, 384)\n", told.stderr
