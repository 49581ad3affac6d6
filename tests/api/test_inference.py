"""`_inference` over HTTP, on a real server with real models. The contract's texts are compared to the letter."""

import re
from typing import Any

import httpx
import pytest

HOME = "There is no reason anyone would want a computer in their home"
LOCAL = {"num_allocations": 1, "num_threads": 1, "model_id": ".elser_model_2"}


def create(http: httpx.Client, path: str, **body: object) -> httpx.Response:
    return http.put(f"/_inference/{path}", json={"service": "elasticsearch", "service_settings": LOCAL, **body})


def refused(reply: httpx.Response, status: int, type: str, reason: str) -> None:
    body = reply.json()
    assert (reply.status_code, body["status"]) == (status, status), body
    assert body["error"]["type"] == type
    assert body["error"]["reason"] == reason
    assert body["error"]["root_cause"] == [{"type": type, "reason": reason}]


@pytest.fixture
def endpoint(http: httpx.Client) -> str:
    """A sparse endpoint of the test's own, gone before and after."""
    http.delete("/_inference/mine")
    assert create(http, "sparse_embedding/mine").status_code == 200
    return "mine"


class TestInfer:
    def test_elastic_lists_tokens_alphabetically(self, http: httpx.Client) -> None:
        reply = http.post("/_inference/.elser-2-elastic", json={"input": HOME})
        assert reply.text.startswith('{"sparse_embedding":[{"is_truncated":false,"embedding":{"anyone":1.62473')
        tokens = list(reply.json()["sparse_embedding"][0]["embedding"])
        assert tokens == sorted(tokens)
        assert len(tokens) == 37

    def test_elasticsearch_lists_tokens_by_weight(self, http: httpx.Client) -> None:
        reply = http.post("/_inference/sparse_embedding/.elser-2-elasticsearch", json={"input": HOME})
        embedding = reply.json()["sparse_embedding"][0]["embedding"]
        assert list(embedding)[:3] == ["no", "home", "computer"]
        assert list(embedding.values()) == sorted(embedding.values(), reverse=True)

    def test_weights_are_the_shortest_decimals_of_a_float32(self, http: httpx.Client) -> None:
        import numpy as np  # noqa: PLC0415 (here only)

        text = http.post("/_inference/.elser-2-elastic", json={"input": HOME}).text
        for decimal in re.findall(r'"\w+":([\d.e-]+)', text):
            assert str(np.float32(decimal)) == decimal

    def test_one_element_an_input_in_order(self, http: httpx.Client) -> None:
        reply = http.post("/_inference/.elser-2-elastic", json={"input": ["cat", "dog", "cat"]}).json()
        cat, dog, again = (vector["embedding"] for vector in reply["sparse_embedding"])
        assert cat == again != dog

    def test_dense_input_types_choose_the_prefix(self, http: httpx.Client) -> None:
        path = "/_inference/text_embedding/.multilingual-e5-small-elasticsearch"
        search, ingest, plain = (
            http.post(path, json={"input": "a house", **extra}).json()["text_embedding"][0]["embedding"]
            for extra in ({"input_type": "search"}, {"input_type": "INGEST"}, {})
        )
        assert len(search) == 384
        assert ingest == plain != search
        assert sum(x * x for x in search) == pytest.approx(1, abs=1e-4)

    def test_rerank_is_sorted_and_returns_documents(self, http: httpx.Client) -> None:
        body = {"query": "a house by the sea", "input": ["tax law", "beach cottage", "engine oil"]}
        ranks = http.post("/_inference/rerank/.rerank-v1-elasticsearch", json=body).json()["rerank"]
        assert [list(rank) for rank in ranks] == [["index", "relevance_score", "text"]] * 3
        assert ranks[0] | {"relevance_score": 0} == {"index": 1, "relevance_score": 0, "text": "beach cottage"}
        scores = [rank["relevance_score"] for rank in ranks]
        assert scores == sorted(scores, reverse=True)

    @pytest.mark.parametrize(
        "extra", [{"return_documents": False, "top_n": 2}, {"task_settings": {"return_documents": False}, "top_n": 2}]
    )
    def test_rerank_options_of_the_request_win(self, http: httpx.Client, extra: dict[str, Any]) -> None:
        body = {"query": "sea", "input": ["tax law", "beach cottage", "engine oil"], **extra}
        ranks = http.post("/_inference/rerank/.rerank-v1-elasticsearch", json=body).json()["rerank"]
        assert [set(rank) for rank in ranks] == [{"index", "relevance_score"}] * 2

    def test_what_is_cut_is_told(self, http: httpx.Client) -> None:
        body = {"input": ["short", "house " * 700]}
        reply = http.post("/_inference/.elser-2-elastic", json=body)
        assert [vector["is_truncated"] for vector in reply.json()["sparse_embedding"]] == [False, True]
        told = "input [1] has 702 tokens, the model takes 512"
        assert reply.headers["warning"] == f'299 Elasticsearch-9.5.0-connote "{told}; the rest was left out (truncate)"'
        refused(
            http.post("/_inference/.elser-2-elastic?truncate=none", json=body),
            400,
            "illegal_argument_exception",
            f"{told}; shorten the input, or leave out [truncate=none] to let it be cut",
        )

    def test_a_timeout_is_408_and_the_url_wins_over_the_body(self, http: httpx.Client) -> None:
        uncached = {"Cache-Control": "no-store"}  # the cache answers in no time
        body = {"input": HOME, "timeout": "1m"}
        reply = http.post("/_inference/.elser-2-elastic?timeout=1nanos", json=body, headers=uncached)
        assert reply.status_code == 408
        assert reply.json()["error"]["reason"].startswith("timeout [1nanos] waiting for inference result of [.elser")

    def test_parallel_first_calls_all_succeed(self, http: httpx.Client, endpoint: str) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (here only)

        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: http.post(f"/_inference/{endpoint}", json={"input": HOME}), range(16)))
        assert {reply.status_code for reply in replies} == {200}
        assert len({reply.text for reply in replies}) == 1


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("sparse_embedding/.elser-2-elastic", {}, "Field [input] cannot be null"),
        ("sparse_embedding/.elser-2-elastic", {"input": []}, "Field [input] cannot be an empty array"),
        ("rerank/x", {"input": "a"}, "Field [query] cannot be null for task type [rerank]"),
        ("rerank/x", {"input": "a", "query": ""}, "Field [query] cannot be empty for task type [rerank]"),
        (
            "sparse_embedding/x",
            {"input": "a", "return_documents": True},
            "Field [return_documents] cannot be specified for task type [sparse_embedding]",
        ),
        (
            "text_embedding/x",
            {"input": "a", "top_n": 1},
            "Field [top_n] cannot be specified for task type [text_embedding]",
        ),
        (
            "text_embedding/x",
            {"input": "a", "query": "b"},
            "Field [query] cannot be specified for task type [text_embedding]",
        ),
        (
            "sparse_embedding/x",
            {"input": "a", "input_type": "search"},
            "Field [input_type] cannot be specified for task type [sparse_embedding]",
        ),
    ],
)
def test_a_request_that_does_not_fit_its_task(
    http: httpx.Client, path: str, body: dict[str, Any], message: str
) -> None:
    reply = http.post(f"/_inference/{path}", json=body)
    refused(reply, 400, "action_request_validation_exception", f"Validation Failed: 1: {message};")


def test_errors_of_inference(http: httpx.Client) -> None:
    body = {"input": "a"}
    not_found = http.post("/_inference/nothing", json=body)
    refused(not_found, 404, "resource_not_found_exception", "Inference endpoint not found [nothing]")
    refused(http.post("/_inference/what/x", json=body), 400, "status_exception", "Unknown task_type [what]")
    refused(
        http.post("/_inference/text_embedding/.elser-2-elastic", json=body),
        400,
        "status_exception",
        "Incompatible task_type, the requested type [text_embedding] does not match the model type [sparse_embedding]",
    )
    streamed = http.post("/_inference/.elser-2-elasticsearch/_stream", json=body)
    assert streamed.status_code == 405
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert streamed.text.startswith("event: error\ndata: {")
    assert "Streaming is not allowed for service [elasticsearch]." in streamed.text
    chat = http.post("/_inference/chat_completion/.elser-2-elastic", json={"messages": []})
    assert chat.status_code == 400
    assert chat.json()["error"]["code"] == "bad_request"
    assert set(chat.json()) == {"error"}


class TestEndpoints:
    def test_the_preconfigured_ones_are_there(self, http: httpx.Client) -> None:
        found = {endpoint["inference_id"]: endpoint for endpoint in http.get("/_inference/_all").json()["endpoints"]}
        default = {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}
        adaptive = {"enabled": True, "min_number_of_allocations": 0, "max_number_of_allocations": 32}
        elser = found[".elser-2-elasticsearch"]
        elser["service_settings"].pop("num_allocations", None)  # there while the model is loaded
        assert elser == {
            "inference_id": ".elser-2-elasticsearch",
            "task_type": "sparse_embedding",
            "service": "elasticsearch",
            "service_settings": {
                "num_threads": 1,
                "model_id": ".elser_model_2_linux-x86_64",
                "adaptive_allocations": adaptive,
            },
            "chunking_settings": default,
        }
        assert found[".elser-2-elastic"]["service_settings"] == {"model_id": "elser_model_2"}
        assert found[".rerank-v1-elasticsearch"]["task_settings"] == {"return_documents": True}
        assert "chunking_settings" not in found[".rerank-v1-elasticsearch"]

    def test_a_preconfigured_one_answers_to_its_former_name_too(self, http: httpx.Client) -> None:
        now, before = ".elser-2-elastic", ".elser-v2-elastic"
        assert http.get(f"/_inference/{before}").json() == http.get(f"/_inference/{now}").json()
        answers = [http.post(f"/_inference/{id}", json={"input": "a house"}).json() for id in (now, before)]
        assert answers[0] == answers[1]
        assert answers[0]["sparse_embedding"]
        assert http.delete(f"/_inference/{before}").status_code == 400
        assert http.put(f"/_inference/sparse_embedding/{before}", json={}).status_code == 400

    def test_names_of_what_elastic_hosts_lead_to_models_of_this_machine(self, http: httpx.Client) -> None:
        for hosted in (".jina-embeddings-v5-text-small", ".jina-embeddings-v5-text-nano", ".jina-embeddings-v3"):
            (found,) = http.post(f"/_inference/{hosted}", json={"input": "a house"}).json()["text_embedding"]
            assert len(found["embedding"]) == 384
        for hosted in (".elastic-rerank-v1", ".jina-reranker-v2-base-multilingual", ".jina-reranker-v3"):
            reranked = http.post(f"/_inference/rerank/{hosted}", json={"query": "a house", "input": ["a", "a home"]})
            assert reranked.json()["rerank"][0]["index"] == 1
        http.delete("/_inference/mine?force=true")
        for task, hosted, own in (
            ("sparse_embedding", "elser-v2", "elser_model_2"),
            ("text_embedding", "jina-embeddings-v3", ".multilingual-e5-small"),
            ("rerank", "jina-reranker-v3", "elastic-rerank-v1"),
        ):
            body = {"service": "elastic", "service_settings": {"model_id": hosted}}
            made = http.put(f"/_inference/{task}/mine", json=body).json()
            assert made["service_settings"]["model_id"] == own
            assert http.post("/_inference/mine", json={"input": "a house", "query": "a"}).json()[task]
            http.delete("/_inference/mine?force=true")

    def test_put_echoes_what_was_made_in_order(self, http: httpx.Client) -> None:
        http.delete("/_inference/mine")
        chunking = {"strategy": "word", "max_chunk_size": 100, "overlap": 20}
        made = create(http, "sparse_embedding/mine", chunking_settings=chunking).json()
        assert list(made) == ["inference_id", "task_type", "service", "service_settings", "chunking_settings"]
        assert list(made["service_settings"]) == ["num_allocations", "num_threads", "model_id"]
        assert made["chunking_settings"] == chunking
        assert http.get("/_inference/sparse_embedding/mine").json() == {"endpoints": [made]}

    def test_the_task_type_may_be_in_the_body(self, http: httpx.Client) -> None:
        http.delete("/_inference/mine")
        assert create(http, "mine", task_type="sparse_embedding").json()["task_type"] == "sparse_embedding"

    def test_elser_is_an_older_name_with_a_warning(self, http: httpx.Client) -> None:
        http.delete("/_inference/mine")
        made = http.put(
            "/_inference/sparse_embedding/mine",
            json={"service": "elser", "service_settings": {"num_allocations": 1, "num_threads": 1}},
        )
        assert made.json()["service"] == "elser"
        assert made.json()["service_settings"]["model_id"] == ".elser_model_2_linux-x86_64"
        assert "deprecated" in made.headers["warning"]
        assert http.get("/_inference/mine").json()["endpoints"][0]["service"] == "elasticsearch"

    def test_a_dense_endpoint_knows_its_dimensions(self, http: httpx.Client) -> None:
        http.delete("/_inference/mine")
        settings = LOCAL | {"model_id": "sentence-transformers/all-MiniLM-L6-v2"}
        made = create(http, "text_embedding/mine", service_settings=settings).json()
        assert made["service_settings"] | LOCAL == LOCAL | {
            "dimensions": 384,
            "similarity": "cosine",
            "element_type": "float",
        }
        vectors = http.post("/_inference/mine", json={"input": ["a", "b"]}).json()["text_embedding"]
        assert [len(vector["embedding"]) for vector in vectors] == [384, 384]

    def test_update_scales(self, http: httpx.Client, endpoint: str) -> None:
        http.post(f"/_inference/{endpoint}", json={"input": "load"})
        changed = http.put(f"/_inference/{endpoint}/_update", json={"service_settings": {"num_allocations": 2}})
        refused_change = http.put(f"/_inference/{endpoint}/_update", json={"service_settings": {"num_threads": 2}})
        assert changed.status_code == 400  # neither URL nor body says which task type
        changed = http.put(
            f"/_inference/sparse_embedding/{endpoint}/_update", json={"service_settings": {"num_allocations": 2}}
        )
        assert changed.json()["service_settings"]["num_allocations"] == 2
        assert http.get(f"/_inference/{endpoint}").json()["endpoints"][0] == changed.json()
        refused_change = http.put(
            f"/_inference/sparse_embedding/{endpoint}/_update", json={"service_settings": {"num_threads": 2}}
        )
        assert "[num_threads] cannot be updated" in refused_change.json()["error"]["reason"]

    def test_delete_answers_and_deletes(self, http: httpx.Client, endpoint: str) -> None:
        dry = http.delete(f"/_inference/{endpoint}?dry_run=true").json()
        assert dry == {"acknowledged": False, "pipelines": [], "indexes": [], "error_message": ""}
        assert http.delete(f"/_inference/{endpoint}").json() == {"acknowledged": True, "pipelines": [], "indexes": []}
        assert http.get(f"/_inference/{endpoint}").status_code == 404

    def test_a_preconfigured_endpoint_is_deleted_only_by_force(self, http: httpx.Client) -> None:
        refused(
            http.delete("/_inference/.elser-2-elastic"),
            400,
            "status_exception",
            "[.elser-2-elastic] is a reserved inference endpoint. "
            "Use the force=true query parameter to delete the inference endpoint.",
        )
        assert http.delete("/_inference/.elser-2-elastic?force=true").json()["acknowledged"] is True


PUT_ERRORS: list[tuple[str, dict[str, Any], str, str]] = [
    (
        ".elser-2-elastic",
        {},
        "status_exception",
        "[.elser-2-elastic] is a reserved inference ID. Cannot create a new inference endpoint with a reserved ID.",
    ),
    ("a", {"service": "elastic"}, "status_exception", "model is missing required setting [task_type]"),
    ("a", {"task_type": "any"}, "status_exception", "task_type [any] is not valid type for inference"),
    (
        "rerank/a",
        {"task_type": "sparse_embedding"},
        "status_exception",
        (
            "Cannot resolve conflicting task_type parameter in the request URL [rerank] "
            "and the request body [sparse_embedding]"
        ),
    ),
    (
        "rerank/a",
        {},
        "status_exception",
        "Inference endpoint configuration is missing the [service] setting",
    ),
    ("rerank/a", {"service": "nobody"}, "status_exception", "Unknown service [nobody]"),
    (
        "completion/a",
        {"service": "elastic", "service_settings": {}},
        "status_exception",
        "The [elastic] service does not support task type [completion]",
    ),
    ("rerank/a", {"service": "elastic"}, "status_exception", "Missing required field [service_settings]"),
    (
        "rerank/a",
        {"service": "elastic", "service_settings": {}},
        "validation_exception",
        "Validation Failed: 1: [service_settings] does not contain the required setting [model_id];",
    ),
    (
        "sparse_embedding/a",
        {"service": "elasticsearch", "service_settings": {"num_threads": "x", "num_allocations": 0, "model_id": ""}},
        "validation_exception",
        (
            "Validation Failed: 1: [service_settings] Invalid value [0]. [num_allocations] must be a positive integer;"
            "2: field [num_threads] is not of the expected type. The value [x] cannot be converted to a [Integer];"
            "3: [service_settings] Invalid value empty string. [model_id] must be a non-empty string;"
        ),
    ),
    (
        "sparse_embedding/a",
        {"service": "elasticsearch", "service_settings": {"num_threads": 1, "model_id": ".elser_model_2"}},
        "validation_exception",
        (
            "Validation Failed: 1: [service_settings] does not contain one of the required settings "
            "[num_allocations, adaptive_allocations];"
        ),
    ),
    (
        "sparse_embedding/a",
        {"service": "elasticsearch", "service_settings": LOCAL | {"adaptive_allocations": {"enabled": True, "x": 1}}},
        "validation_exception",
        "Validation Failed: 1: [adaptive_allocations] does not allow the setting [x];",
    ),
    (
        "sparse_embedding/a",
        {"service": "elasticsearch", "service_settings": LOCAL | {"foo": {"bar": [1, True, None]}}},
        "status_exception",
        "Model configuration contains settings [{foo={bar=[1, true, null]}}] unknown to the [elasticsearch] service",
    ),
    (
        "sparse_embedding/a",
        {"service": "elasticsearch", "service_settings": LOCAL, "extra": 1},
        "status_exception",
        "Model configuration contains settings [{extra=1}] unknown to the [elasticsearch] service",
    ),
    (
        "sparse_embedding/a",
        {"service": "elasticsearch", "service_settings": LOCAL | {"model_id": "none"}},
        "illegal_argument_exception",
        (
            "Error parsing request config, model id does not match any models available on this platform. Was [none]. "
            "You may need to load it into the cluster using eland."
        ),
    ),
    (
        "text_embedding/a",
        {"service": "elasticsearch", "service_settings": LOCAL},
        "status_exception",
        (
            "Deployed model [.elser_model_2] with type [sparse_embedding] does not match the requested task type "
            "[text_embedding]"
        ),
    ),
    (
        "sparse_embedding/a",
        {"service": "elasticsearch", "service_settings": {"num_threads": 1, "num_allocations": 1}},
        "illegal_argument_exception",
        "Error parsing service settings, model_id must be provided",
    ),
    (
        "sparse_embedding/a",
        {"service": "elasticsearch", "service_settings": LOCAL, "chunking_settings": {"max_chunk_size": 30}},
        "illegal_argument_exception",
        "Can't generate Chunker without ChunkingStrategy provided",
    ),
]


@pytest.mark.parametrize(("path", "body", "type", "reason"), PUT_ERRORS)
def test_a_put_that_is_refused(http: httpx.Client, path: str, body: dict[str, Any], type: str, reason: str) -> None:
    refused(http.put(f"/_inference/{path}", json=body), 400, type, reason)
    assert http.get("/_inference/a").status_code == 404


def test_an_id_is_taken_only_once(http: httpx.Client, endpoint: str) -> None:
    again = create(http, f"sparse_embedding/{endpoint}")
    refused(again, 400, "resource_already_exists_exception", f"Inference endpoint [{endpoint}] already exists")


def test_services_describe_themselves(http: httpx.Client) -> None:
    listed = {service["service"]: service for service in http.get("/_inference/_services").json()}
    assert {"elastic", "elasticsearch", "openai"} <= set(listed)
    assert list(listed) == sorted(listed)
    threads = listed["elasticsearch"]["configurations"]["num_threads"]
    assert threads["required"] is True
    assert threads["type"] == "int"
    assert threads["supported_task_types"] == ["sparse_embedding", "text_embedding", "rerank"]
    rerank = http.get("/_inference/_services/rerank").json()
    assert all(service["task_types"] == ["rerank"] for service in rerank)
    completing = {service["service"] for service in http.get("/_inference/_services/completion").json()}
    assert "openai" in completing
    assert "elasticsearch" not in completing


def test_the_region_policy_is_kept(http: httpx.Client) -> None:
    http.delete("/_inference/_region_policy")
    assert http.get("/_inference/_region_policy").status_code == 404
    policy = {"region_policy": {"allowed_geos": ["us", "eu"]}}
    assert http.put("/_inference/_region_policy", json=policy).json()["region_policy"] == policy["region_policy"]
    assert http.get("/_inference/_region_policy").json()["region_policy"] == policy["region_policy"]
    assert http.put("/_inference/_region_policy", json={"region_policy": {}}).status_code == 400
    assert http.delete("/_inference/_region_policy").json() == {"acknowledged": True}


def test_a_request_of_too_many_texts_is_refused(http: httpx.Client) -> None:
    reply = http.post("/_inference/.elser-2-elastic", json={"input": ["a"] * 4097})
    message = "Field [input] has 4097 texts, at most 4096 are taken in one request"
    refused(reply, 400, "action_request_validation_exception", f"Validation Failed: 1: {message};")


def test_a_text_of_megabytes_is_answered(http: httpx.Client) -> None:
    reply = http.post("/_inference/.elser-2-elastic", json={"input": "house " * 1_000_000})
    assert reply.json()["sparse_embedding"][0]["is_truncated"] is True
