"""`_ml` over HTTP, on a real server: models of the catalog and uploads, deployments, inference, their ids elsewhere."""

import time
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import httpx
import numpy as np
import pytest

from trained import MODELS, WORDS, expected, infer, ok, refused, start, upload, votes

ELSER = ".elser_model_2"
NOT_FOUND, INVALID = "resource_not_found_exception", "action_request_validation_exception"


@pytest.fixture
def ml(http: httpx.Client) -> Iterator[httpx.Client]:
    """The shared server, without endpoints and trained models of others before and after."""

    def clean() -> None:
        for endpoint in ok(http.get("/_inference"))["endpoints"]:
            if not endpoint["inference_id"].startswith("."):
                http.delete(f"/_inference/{endpoint['inference_id']}?force=true")
        for model in ok(http.get(MODELS))["trained_model_configs"]:
            http.delete(f"{MODELS}/{model['model_id']}?force=true")

    clean()
    yield http
    clean()


@pytest.fixture
def bag(ml: httpx.Client) -> str:
    """A model that is uploaded and started."""
    upload(ml, "bag")
    start(ml, "bag")
    return "bag"


def stats(http: httpx.Client, id: str) -> list[dict[str, Any]]:
    """Of its deployments, but for those of preconfigured endpoints, which other tests may have used."""
    found = ok(http.get(f"{MODELS}/{id}/_stats"))["trained_model_stats"]
    told = [each["deployment_stats"] for each in found if "deployment_stats" in each]
    return [each for each in told if not each["deployment_id"].endswith(("-elastic", "-elasticsearch"))]


class TestCatalog:
    def test_the_way_of_elastics_notebooks(self, ml: httpx.Client) -> None:
        refused(ml.delete(f"{MODELS}/{ELSER}?force=true"), 404, f"Could not find trained model [{ELSER}]", NOT_FOUND)
        put = ok(ml.put(f"{MODELS}/{ELSER}", json={"input": {"field_names": ["text_field"]}}))
        assert (put["model_id"], put["model_type"], put["created_by"]) == (ELSER, "pytorch", "_xpack")
        (config,) = ok(ml.get(f"{MODELS}/{ELSER}?include=definition_status"))["trained_model_configs"]
        assert config["fully_defined"] is True
        assert config["input"] == {"field_names": ["text_field"]}
        assert "text_expansion" in config["inference_config"]
        ok(ml.post(f"{MODELS}/{ELSER}/deployment/_start?number_of_allocations=1&wait_for=starting"))
        until = time.monotonic() + 30
        while (state := stats(ml, ELSER)[0])["state"] != "started":
            assert time.monotonic() < until, state
        assert state["nodes"][0]["routing_state"] == {"routing_state": "started"}
        assert state["allocation_status"] == {
            "allocation_count": 1,
            "target_allocation_count": 1,
            "state": "fully_allocated",
        }
        (result,) = infer(ml, ELSER, "a quiet house")
        assert list(result["predicted_value"])[:2] == ["quiet", "house"]
        assert ok(ml.post(f"{MODELS}/{ELSER}/deployment/_stop")) == {"stopped": True}
        assert stats(ml, ELSER) == []

    def test_one_that_nobody_has_added_serves_at_once(self, ml: httpx.Client) -> None:
        (result,) = infer(ml, ELSER, "a quiet house")
        answer = ok(ml.post("/_inference/.elser-2-elasticsearch", json={"input": "a quiet house"}))
        assert result["predicted_value"] == answer["sparse_embedding"][0]["embedding"]

    def test_one_that_was_added_serves_at_once_but_for_one_that_was_stopped(self, ml: httpx.Client) -> None:
        """A pipeline of a vector store only names the model: in Elasticsearch somebody has started it before."""
        ok(ml.put(f"{MODELS}/{ELSER}", json={"input": {"field_names": ["text_field"]}}))
        assert infer(ml, ELSER, "a quiet house")[0]["predicted_value"]
        start(ml, ELSER)
        start(ml, ELSER, deployment_id="search")
        ok(ml.post(f"{MODELS}/{ELSER}/deployment/_stop"))
        told = f"Model [{ELSER}] must be deployed to use. Please deploy with the start trained model deployment API."
        refused(ml.post(f"{MODELS}/{ELSER}/_infer", json={"docs": [{"text_field": "a"}]}), 409, told)
        refused(ml.post(f"/_inference/{ELSER}", json={"input": "a"}), 409, told)
        again = ml.put(f"{MODELS}/{ELSER}", json={"input": {"field_names": ["text_field"]}})
        refused(
            again, 400, f"Trained machine learning model [{ELSER}] already exists", "resource_already_exists_exception"
        )

    def test_one_that_is_started_without_being_added_is_added(self, ml: httpx.Client) -> None:
        start(ml, ELSER)
        ok(ml.post(f"{MODELS}/{ELSER}/deployment/_stop"))
        assert ml.post(f"{MODELS}/{ELSER}/_infer", json={"docs": [{"text_field": "a"}]}).status_code == 409
        assert ok(ml.delete(f"{MODELS}/{ELSER}?force=true")) == {"acknowledged": True}
        assert stats(ml, ELSER) == []
        ok(ml.put(f"{MODELS}/{ELSER}", json={}))
        assert infer(ml, ELSER, "a quiet house")[0]["predicted_value"]

    def test_dense_and_rerank_models(self, ml: httpx.Client) -> None:
        (vector,) = infer(ml, ".multilingual-e5-small", "une maison")
        assert np.linalg.norm(vector["predicted_value"]) == pytest.approx(1, abs=1e-5)
        update = {"text_similarity": {"text": "a house"}}
        near, far = infer(ml, ".rerank-v1", "a small house", "the stock market", inference_config=update)
        assert near["predicted_value"] > far["predicted_value"]
        without = ml.post(f"{MODELS}/.rerank-v1/_infer", json={"docs": [{"text_field": "a"}]})
        refused(without, 400, "[text_similarity] needs [text]", "illegal_argument_exception")

    def test_a_name_that_is_not_known_is_refused(self, ml: httpx.Client) -> None:
        told = "[.elser_model_9] is no model that connote knows"
        refused(ml.put(f"{MODELS}/.elser_model_9", json={}), 400, told, "illegal_argument_exception")


class TestUploads:
    def test_metadata_that_could_not_be_told_again_is_refused(self, ml: httpx.Client) -> None:
        metadata: dict[str, Any] = {}
        for _ in range(100):
            metadata = {"a": metadata}
        body = {"model_type": "pytorch", "inference_config": {"pass_through": {}}, "metadata": metadata}
        refused(ml.put(f"{MODELS}/deep", json=body), 400, "[metadata] must not be nested more than 100 deep", INVALID)
        ok(ml.put(f"{MODELS}/deep", json=body | {"metadata": metadata["a"]}))
        ok(ml.get(MODELS))

    def test_an_upload_is_listed_with_all_defaults(self, ml: httpx.Client) -> None:
        config = {"ner": {"classification_labels": ["O", "B_PER"]}}
        more: dict[str, Any] = {
            "description": "Mine",
            "tags": ["a", "b"],
            "metadata": {"x": 1},
            "input": {"field_names": ["body"]},
        }
        upload(ml, "mine", config=config, **more, prefix_strings={"search": "q: "})
        (entry,) = ok(ml.get(f"{MODELS}/mine?include=definition_status"))["trained_model_configs"]
        tokens = {"max_sequence_length": 512, "truncate": "first", "span": -1, "with_special_tokens": True}
        own = {"create_time": entry["create_time"], "version": entry["version"]}
        assert entry == {
            **own,
            "model_id": "mine",
            "model_type": "pytorch",
            "created_by": "api_user",
            "model_size_bytes": entry["model_size_bytes"],
            "estimated_operations": 0,
            "license_level": "basic",
            "description": "Mine",
            "tags": ["a", "b"],
            "metadata": {"x": 1},
            "input": {"field_names": ["body"]},
            "inference_config": {
                "ner": {
                    "vocabulary": {"index": ".ml-inference-native-000002"},
                    "tokenization": {"bert": {"do_lower_case": False, **tokens}},
                    "classification_labels": ["O", "B_PER"],
                }
            },
            "prefix_strings": {"search": "q: "},
            "location": {"index": {"name": ".ml-inference-native-000002"}},
            "fully_defined": True,
        }
        assert entry["model_size_bytes"] > 1000
        (left,) = ok(ml.get(f"{MODELS}/mine?exclude_generated=true"))["trained_model_configs"]
        assert set(left) == {
            "description",
            "tags",
            "metadata",
            "input",
            "inference_config",
            "prefix_strings",
            "model_type",
        }

    def test_what_is_not_whole_cannot_be_started(self, ml: httpx.Client) -> None:
        body = {"model_type": "pytorch", "inference_config": {"ner": {}}}
        ok(ml.put(f"{MODELS}/mine", json=body))
        (entry,) = ok(ml.get(f"{MODELS}/mine?include=definition_status"))["trained_model_configs"]
        assert entry["fully_defined"] is False
        reply = ml.post(f"{MODELS}/mine/deployment/_start")
        refused(reply, 404, "Could not find trained model definition [mine]", NOT_FOUND)
        part = {"definition": "YWJj", "total_definition_length": 3, "total_parts": 1}
        ok(ml.put(f"{MODELS}/mine/definition/0", json=part))
        reply = ml.post(f"{MODELS}/mine/deployment/_start")
        refused(reply, 404, "Could not find vocabulary document [mine_vocabulary]", NOT_FOUND)
        assert ok(ml.delete(f"{MODELS}/mine")) == {"acknowledged": True}

    def test_a_definition_that_is_no_archive_tells_so_when_it_is_started(self, ml: httpx.Client) -> None:
        upload(ml, "mine", definition=b"no archive at all")
        reply = ml.post(f"{MODELS}/mine/deployment/_start")
        assert reply.status_code == 400
        assert "archive" in reply.json()["error"]["reason"]
        assert stats(ml, "mine") == []
        ok(ml.post(f"{MODELS}/mine/deployment/_start?wait_for=starting"))
        until = time.monotonic() + 30
        while (state := stats(ml, "mine")[0])["state"] != "failed":
            assert time.monotonic() < until, state
        assert "archive" in str(state["reason"])

    BODIES: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({"model_type": "pytorch"}, "[inference_config] must not be null", INVALID),
        ({"inference_config": {"ner": {}}}, "[model_type] [tree_ensemble] is not served by connote", INVALID),
        ({"model_type": "lang_ident", "inference_config": {"ner": {}}}, "[model_type] [lang_ident]", INVALID),
        ({"model_type": "pytorch", "definition": {}}, "are those of tree models", INVALID),
        ({"model_type": "pytorch", "inference_config": {"x": {}}}, "unknown task [x]", "x_content_parse_exception"),
        ({"more": 1}, "unknown field `more`", "x_content_parse_exception"),
        ({"tags": "a"}, "Expected `array | null`, got `str` - at `$.tags`", "x_content_parse_exception"),
        ({"model_id": "other"}, "Inconsistent model_id; 'other' specified in the body differs from 'mine'", INVALID),
        ({"input": {"field_names": []}}, "[input.field_names] must name exactly one field", INVALID),
    )

    @pytest.mark.parametrize(("body", "reason", "type"), BODIES)
    def test_a_wrong_configuration_is_refused(
        self, ml: httpx.Client, body: dict[str, object], reason: str, type: str
    ) -> None:
        refused(ml.put(f"{MODELS}/mine", json=body), 400, reason, type)
        refused(ml.get(f"{MODELS}/mine"), 404, "No known trained model with model_id [mine]", NOT_FOUND)

    @pytest.mark.parametrize("id", ["Mine", "-mine", "mine.", "m" * 65])
    def test_an_id_that_cannot_be_is_refused(self, ml: httpx.Client, id: str) -> None:
        body = {"model_type": "pytorch", "inference_config": {"ner": {}}}
        refused(ml.put(f"{MODELS}/{id}", json=body), 400, f"Invalid model_id; '{id}' can", INVALID)


class TestLists:
    @pytest.fixture(autouse=True)
    def models(self, ml: httpx.Client) -> None:
        for id, tags in (("one", ["a"]), ("other", ["a", "b"]), ("two", [])):
            body = {"model_type": "pytorch", "inference_config": {"ner": {}}, "tags": tags}
            ok(ml.put(f"{MODELS}/{id}", json=body))
        ok(ml.put(f"{MODELS}/two/model_aliases/second"))

    @pytest.mark.parametrize(
        ("asked", "ids"),
        [
            ("o*", ["one", "other"]),
            ("two,one", ["one", "two"]),
            ("second", ["two"]),
            ("sec*,one", ["one", "two"]),
            ("o*?tags=b", ["other"]),
            ("o*?size=1", ["one"]),
            ("o*?from=1", ["other"]),
            ("x*", []),
        ],
    )
    def test_models_are_found(self, ml: httpx.Client, asked: str, ids: list[str]) -> None:
        found = ok(ml.get(f"{MODELS}/{asked}"))
        assert [model["model_id"] for model in found["trained_model_configs"]] == ids

    def test_count_is_of_all_that_are_meant(self, ml: httpx.Client) -> None:
        assert ok(ml.get(f"{MODELS}/o*?size=1"))["count"] == 2

    @pytest.mark.parametrize("asked", ["three", "one,three", "x*?allow_no_match=false"])
    def test_what_is_not_there_is_told(self, ml: httpx.Client, asked: str) -> None:
        missing = asked.split("?", maxsplit=1)[0].rsplit(",", maxsplit=1)[-1]
        refused(ml.get(f"{MODELS}/{asked}"), 404, f"No known trained model with model_id [{missing}]", NOT_FOUND)

    @pytest.mark.parametrize("asked", ["one?size=x", "one?from=-1", "one?size=10001", "one?include=x"])
    def test_wrong_parameters_are_refused(self, ml: httpx.Client, asked: str) -> None:
        assert ml.get(f"{MODELS}/{asked}").status_code == 400

    def test_they_are_a_table_too(self, ml: httpx.Client) -> None:
        table = ml.get("/_cat/ml/trained_models/o*?v&h=id,type&s=id:desc")
        assert table.headers["content-type"].startswith("text/plain")
        assert table.text == "id    type\nother pytorch\none   pytorch\n"
        rows = ok(ml.get("/_cat/ml/trained_models/o*?format=json&h=id,description"))
        assert rows == [{"id": "one", "description": None}, {"id": "other", "description": None}]
        assert "the trained model id" in ml.get("/_cat/ml/trained_models?help").text


class TestAliases:
    @pytest.fixture(autouse=True)
    def models(self, ml: httpx.Client) -> None:
        for id, task in (("one", "ner"), ("other", "ner"), ("two", "fill_mask")):
            ok(ml.put(f"{MODELS}/{id}", json={"model_type": "pytorch", "inference_config": {task: {}}}))
        ok(ml.put(f"{MODELS}/one/model_aliases/mine"))

    def test_an_alias_moves_only_if_it_shall(self, ml: httpx.Client) -> None:
        told = "cannot assign model_alias [mine] to model_id [other] as model_alias already refers to [one]. Set"
        refused(ml.put(f"{MODELS}/other/model_aliases/mine"), 400, told)
        ok(ml.put(f"{MODELS}/one/model_aliases/mine"))
        ok(ml.put(f"{MODELS}/other/model_aliases/mine?reassign=true"))
        (entry,) = ok(ml.get(f"{MODELS}/mine"))["trained_model_configs"]
        assert entry["model_id"] == "other"
        told = "cannot reassign model_alias [mine] to model [two] with inference config type [fill_mask] from model"
        refused(ml.put(f"{MODELS}/two/model_aliases/mine?reassign=true"), 400, told)

    def test_an_alias_is_taken_from_its_own_model_only(self, ml: httpx.Client) -> None:
        refused(ml.delete(f"{MODELS}/other/model_aliases/mine"), 409, "does not refer to provided model_id [other]")
        refused(ml.delete(f"{MODELS}/one/model_aliases/x"), 404, "model_alias [x] could not be found", NOT_FOUND)
        ok(ml.delete(f"{MODELS}/one/model_aliases/mine"))
        refused(ml.get(f"{MODELS}/mine"), 404, "No known trained model", NOT_FOUND)

    @pytest.mark.parametrize("alias", ["one", "other", "mine1", "Mine", ELSER])
    def test_an_alias_that_cannot_be_is_refused(self, ml: httpx.Client, alias: str) -> None:
        assert ml.put(f"{MODELS}/one/model_aliases/{alias}").status_code == 400

    def test_a_model_cannot_have_the_name_of_an_alias(self, ml: httpx.Client) -> None:
        body = {"model_type": "pytorch", "inference_config": {"ner": {}}}
        refused(ml.put(f"{MODELS}/mine", json=body), 400, "requested model_id [mine] is the same as an existing")

    def test_an_alias_of_no_model_is_refused(self, ml: httpx.Client) -> None:
        refused(ml.put(f"{MODELS}/x/model_aliases/y"), 404, "Could not find trained model [x]", NOT_FOUND)


class TestDeployments:
    def test_a_model_may_have_several(self, ml: httpx.Client, bag: str) -> None:
        assignment = start(ml, bag, deployment_id="search", threads_per_allocation=2, cache_size="0b")
        assert assignment["assignment_state"] == "started"
        assert assignment["task_parameters"] == {
            "model_id": "bag",
            "deployment_id": "search",
            "model_bytes": assignment["task_parameters"]["model_bytes"],
            "threads_per_allocation": 2,
            "number_of_allocations": 1,
            "queue_capacity": 1024,
            "cache_size": "0b",
            "priority": "normal",
            "per_deployment_memory_bytes": 0,
            "per_allocation_memory_bytes": 0,
        }
        for _ in range(2):
            infer(ml, "search", "the cat", "the cat sat")
        infer(ml, "bag", "the cat")
        own, search = stats(ml, bag)
        assert (own["deployment_id"], search["deployment_id"]) == ("bag", "search")
        assert (own["inference_count"], search["inference_count"]) == (1, 4)
        assert search["nodes"][0]["inference_cache_hit_count"] == 0
        ok(ml.post(f"{MODELS}/search/deployment/_stop"))
        assert [each["deployment_id"] for each in stats(ml, bag)] == ["bag"]
        ok(ml.post(f"{MODELS}/{bag}/deployment/_stop"))
        ok(ml.post(f"{MODELS}/{bag}/deployment/_stop"))  # it is stopped already
        refused(ml.post(f"{MODELS}/x/deployment/_stop"), 404, "Could not find trained model [x]", NOT_FOUND)

    def test_who_is_first_starts_it(self, ml: httpx.Client) -> None:
        upload(ml, "bag")
        path = f"{MODELS}/bag/deployment/_start?timeout=60s"
        with futures.ThreadPoolExecutor(6) as pool:
            asked = [pool.submit(ml.post, path) for _ in range(6)]
            assert sorted(each.result().status_code for each in asked) == [200, *[400] * 5]
            assert len(stats(ml, "bag")) == 1
            others = [pool.submit(ml.post, f"{path}&deployment_id=other{n}") for n in range(3)]
            deleted = pool.submit(ml.delete, f"{MODELS}/bag?force=true")
            assert {each.result().status_code for each in others} <= {200, 404, 503}
            assert deleted.result().status_code == 200
        refused(ml.get(f"{MODELS}/bag/_stats"), 404, "No known trained model", NOT_FOUND)
        assert ml.post(f"{MODELS}/bag/_infer", json={"docs": [{"text_field": "a"}]}).status_code == 404

    def test_an_id_serves_once(self, ml: httpx.Client, bag: str) -> None:
        told = "Could not start model deployment because an existing deployment with the same id [bag] exist"
        refused(ml.post(f"{MODELS}/{bag}/deployment/_start"), 400, told)
        upload(ml, "other")
        told = "Deployment id [bag] is the same as an another model which is not the model being deployed"
        ok(ml.post(f"{MODELS}/{bag}/deployment/_stop"))
        refused(ml.post(f"{MODELS}/other/deployment/_start?deployment_id=bag"), 400, told)
        start(ml, "other", deployment_id="third")
        body = {"model_type": "pytorch", "inference_config": {"ner": {}}}
        told = "Cannot create model [third] the id is the same as an current model deployment"
        refused(ml.put(f"{MODELS}/third", json=body), 400, told)

    PARAMETERS = (
        ("priority=low&number_of_allocations=2", "[number_of_allocations] must be 1 when [priority] is low"),
        ("priority=low&threads_per_allocation=2", "[threads_per_allocation] must be 1 when [priority] is low"),
        ("priority=high", "[priority] must be one of [low, normal]"),
        ("number_of_allocations=0", "[number_of_allocations] must be a positive integer"),
        ("threads_per_allocation=3", "[threads_per_allocation] must be a power of 2 less than or equal to 32"),
        ("threads_per_allocation=64", "[threads_per_allocation] must be a power of 2 less than or equal to 32"),
        ("queue_capacity=0", "[queue_capacity] must be a positive integer"),
        ("queue_capacity=1000000", "[queue_capacity] must be less than or equal to 100000"),
        ("number_of_allocations=x", "Failed to parse int parameter [number_of_allocations] with value [x]"),
        ("number_of_allocations=5000", "must be at most 1024"),
        ("wait_for=never", "invalid [wait_for] state [never]"),
        ("cache_size=much", "[cache_size] must be a number of bytes or a size"),
        ("timeout=x", "failed to parse setting [timeout]"),
        ("deployment_id=X", "Invalid deployment_id; 'X' can contain"),
    )

    @pytest.mark.parametrize(("query", "reason"), PARAMETERS)
    def test_wrong_parameters_are_refused(self, ml: httpx.Client, query: str, reason: str) -> None:
        reply = ml.post(f"{MODELS}/{ELSER}/deployment/_start?{query}")
        assert reply.status_code == 400
        assert reason in reply.json()["error"]["reason"]
        assert stats(ml, ELSER) == []

    def test_allocations_are_changed(self, ml: httpx.Client) -> None:
        start(ml, ELSER)
        path = f"{MODELS}/{ELSER}/deployment/_update"
        assert (
            ok(ml.post(path, json={"number_of_allocations": 2}))["assignment"]["task_parameters"][
                "number_of_allocations"
            ]
            == 2
        )
        ok(ml.post(f"{path}?number_of_allocations=1"))
        limits = {"enabled": True, "min_number_of_allocations": 0, "max_number_of_allocations": 2}
        told = "[number_of_allocations] cannot be set if adaptive allocations is enabled"
        both = {"number_of_allocations": 2, "adaptive_allocations": limits}
        refused(ml.post(path, json=both), 400, told, INVALID)
        changed = ok(ml.post(path, json={"adaptive_allocations": limits}))["assignment"]
        assert changed["adaptive_allocations"] == limits
        refused(ml.post(path, json={"number_of_allocations": 2}), 400, told, INVALID)
        wrong = {"adaptive_allocations": limits | {"min_number_of_allocations": 3}}
        refused(ml.post(path, json=wrong), 400, "must not be larger than [max_number_of_allocations]", INVALID)
        refused(
            ml.post(path, json={}), 400, "one of [number_of_allocations, adaptive_allocations] must be given", INVALID
        )
        ok(ml.post(path, json={"adaptive_allocations": {"enabled": False}}))
        ok(ml.post(path, json={"number_of_allocations": 2}))
        refused(ml.post(f"{MODELS}/x/deployment/_update", json={}), 404, "deployment with id [x] not found", NOT_FOUND)

    def test_a_full_queue_refuses(self, ml: httpx.Client) -> None:
        upload(ml, "bag")
        start(ml, "bag", queue_capacity=1, cache_size="0")
        with futures.ThreadPoolExecutor(8) as pool:
            asked = [
                pool.submit(
                    ml.post, f"{MODELS}/bag/_infer?timeout=60s", json={"docs": [{"text_field": f"slow {word}"}]}
                )
                for word in WORDS[5:12]
            ]
            replies = [each.result() for each in asked]
        statuses = sorted(reply.status_code for reply in replies)
        assert statuses[0] == 200
        assert statuses[-1] == 429
        full = next(reply for reply in replies if reply.status_code == 429)
        refused(full, 429, "queue is full. Unable to execute command", "es_rejected_execution_exception")
        assert stats(ml, "bag")[0]["rejected_execution_count"] == statuses.count(429)

    def test_deployments_of_endpoints_are_listed_with_their_model(self, ml: httpx.Client) -> None:
        settings = {"model_id": ELSER, "num_threads": 1, "num_allocations": 1}
        ok(
            ml.put(
                "/_inference/mine",
                json={"service": "elasticsearch", "service_settings": settings} | {"task_type": "sparse_embedding"},
            )
        )
        assert "mine" in [each["deployment_id"] for each in stats(ml, ELSER)]

    def test_the_vocabulary_of_one_that_is_used_stays(self, ml: httpx.Client, bag: str) -> None:
        path, told = f"{MODELS}/{bag}/vocabulary", "The vocabulary of model [bag] cannot be changed"
        refused(ml.put(path, json={"vocabulary": WORDS[::-1]}), 409, f"{told} as it is currently used by deployments")
        ok(ml.put(path, json={"vocabulary": WORDS}))
        ok(ml.post(f"{MODELS}/{bag}/deployment/_stop"))
        ok(ml.put(path, json={"vocabulary": WORDS[::-1]}))


class TestInfer:
    def test_each_document_has_a_result(self, ml: httpx.Client, bag: str) -> None:
        one, other = infer(ml, bag, "the cat", "the dog ran")
        assert one["predicted_value"] == pytest.approx(expected("the", "cat"), abs=1e-6)
        assert other["predicted_value"] == pytest.approx(expected("the", "dog", "ran"), abs=1e-6)

    def test_a_document_that_fails_does_not_take_the_others_along(self, ml: httpx.Client, bag: str) -> None:
        one, other, third = infer(ml, bag, "the cat", "bad", "the dog")
        assert one["predicted_value"] == pytest.approx(expected("the", "cat"), abs=1e-6)
        assert set(other) == {"warning"}
        assert third["predicted_value"] == pytest.approx(expected("the", "dog"), abs=1e-6)
        assert ml.post(f"{MODELS}/{bag}/_infer", json={"docs": [{"text_field": "bad"}]}).status_code == 400
        assert stats(ml, bag)[0]["error_count"] == 2

    def test_a_call_may_change_what_can_be_changed(self, ml: httpx.Client, bag: str) -> None:
        update = {"text_embedding": {"results_field": "vector"}}
        (result,) = infer(ml, bag, "the cat", inference_config=update)
        assert list(result) == ["vector"]
        body = {"docs": [{"text_field": "a"}], "inference_config": {"ner": {}}}
        told = "Inference config of type [text_embedding] can not be updated with a inference request of type [ner]"
        refused(ml.post(f"{MODELS}/{bag}/_infer", json=body), 400, told)

    DOCS: tuple[tuple[object, str], ...] = (
        ([{"text": "a"}], "Input field [text_field] does not exist in the source document, which has [text]"),
        ([{"text_field": 1}], "Input value [1] for field [text_field] must be a string"),
        ([], "[docs] must be an array of at least one document"),
        ("a", "[docs] must be an array of at least one document"),
        (["a"], "[docs] must hold objects, not [a]"),
    )

    @pytest.mark.parametrize(("docs", "reason"), DOCS)
    def test_documents_must_have_the_field(self, ml: httpx.Client, docs: object, reason: str) -> None:
        reply = ml.post(f"{MODELS}/{ELSER}/_infer", json={"docs": docs})
        assert reply.status_code == 400
        assert reason in reply.json()["error"]["reason"]

    def test_the_field_is_the_one_of_the_configuration(self, ml: httpx.Client) -> None:
        upload(ml, "bag", input={"field_names": ["a.b"]})
        start(ml, "bag")
        for doc in ({"a": {"b": "the cat"}}, {"a.b": "the cat"}):
            ok(ml.post(f"{MODELS}/bag/_infer", json={"docs": [doc]}))
        assert ml.post(f"{MODELS}/bag/_infer", json={"docs": [{"text_field": "the cat"}]}).status_code == 400

    def test_a_text_stays_as_it_is(self, ml: httpx.Client) -> None:
        """Prefixes are for ingest and search; who asks a model itself writes them himself, as in Elasticsearch."""
        upload(ml, "bag", prefix_strings={"ingest": "dog ", "search": "mat "})
        start(ml, "bag")
        assert infer(ml, "bag", "the cat")[0]["predicted_value"] == pytest.approx(expected("the", "cat"), abs=1e-6)
        for kind, word in (("ingest", "dog"), ("search", "mat")):
            answer = ok(ml.post("/_inference/text_embedding/bag", json={"input": "cat", "input_type": kind}))
            assert answer["text_embedding"][0]["embedding"] == pytest.approx(expected(word, "cat"), abs=1e-6)

    def test_it_takes_no_longer_than_it_may(self, ml: httpx.Client, bag: str) -> None:
        reply = ml.post(f"{MODELS}/{bag}/_infer?timeout=100ms", json={"docs": [{"text_field": "slow cat"}]})
        refused(reply, 408, "timeout [0.1s] waiting for inference result")
        assert stats(ml, bag)[0]["timeout_count"] == 1

    def test_the_older_path_warns(self, ml: httpx.Client, bag: str) -> None:
        reply = ml.post(f"{MODELS}/{bag}/deployment/_infer", json={"docs": [{"text_field": "the cat"}]})
        assert ok(reply)["inference_results"]
        assert "is deprecated! Use [POST /_ml/trained_models/{model_id}/_infer] instead." in reply.headers["Warning"]

    def test_the_cache_is_cleared(self, ml: httpx.Client, bag: str) -> None:
        infer(ml, bag, "the cat")
        infer(ml, bag, "the cat")
        assert stats(ml, bag)[0]["nodes"][0]["inference_cache_hit_count"] == 1
        assert ok(ml.post(f"{MODELS}/{bag}/deployment/cache/_clear")) == {"cleared": True}
        infer(ml, bag, "the cat")
        assert stats(ml, bag)[0]["nodes"][0]["inference_cache_hit_count"] == 1

    def test_a_model_that_is_not_there(self, ml: httpx.Client) -> None:
        reply = ml.post(f"{MODELS}/x/_infer", json={"docs": [{"text_field": "a"}]})
        refused(reply, 404, "Could not find trained model [x]", NOT_FOUND)


class TestIds:
    """An id of a model, a deployment or an alias is an inference id."""

    def test_an_endpoint_over_an_alias_follows_it(self, ml: httpx.Client, bag: str) -> None:
        upload(ml, "other", words=[*WORDS[:5], *WORDS[:4:-1]])
        ok(ml.put(f"{MODELS}/{bag}/model_aliases/mine"))
        settings = {"model_id": "mine", "num_allocations": 1, "num_threads": 1}
        ok(ml.put("/_inference/text_embedding/over", json={"service": "elasticsearch", "service_settings": settings}))

        def embedded(text: str) -> list[float]:
            (found,) = ok(ml.post("/_inference/over", json={"input": text}))["text_embedding"]
            vector: list[float] = found["embedding"]
            return vector

        assert embedded("dog ran") == pytest.approx(expected("dog", "ran"), abs=1e-6)
        ok(ml.put(f"{MODELS}/other/model_aliases/mine?reassign=true"))
        assert embedded("dog ran") == pytest.approx(expected("on", "sat"), abs=1e-6)
        ok(ml.delete(f"{MODELS}/other?force=true"))
        refused(ml.post("/_inference/over", json={"input": "dog sat"}), 404, "[mine]", NOT_FOUND)

    def test_inference_finds_it(self, ml: httpx.Client, bag: str) -> None:
        start(ml, bag, deployment_id="search")
        ok(ml.put(f"{MODELS}/{bag}/model_aliases/mine"))
        for id in (bag, "search", "mine"):
            answer = ok(ml.post(f"/_inference/text_embedding/{id}", json={"input": ["the cat"]}))
            assert answer["text_embedding"][0]["embedding"] == pytest.approx(expected("the", "cat"), abs=1e-6)
        assert bag not in [each["inference_id"] for each in ok(ml.get("/_inference"))["endpoints"]]
        refused(ml.get(f"/_inference/{bag}"), 404, "Inference endpoint not found [bag]", NOT_FOUND)
        refused(ml.delete(f"/_inference/{bag}"), 404, "Inference endpoint not found [bag]", NOT_FOUND)
        told = "Incompatible task_type, the requested type [rerank] does not match the model type [text_embedding]"
        refused(ml.post(f"/_inference/rerank/{bag}", json={"input": ["a"], "query": "b"}), 400, told)

    def test_a_model_of_another_task_says_where_it_serves(self, ml: httpx.Client) -> None:
        upload(ml, "tagger", config={"ner": {"classification_labels": ["O", "B_PER"]}})
        start(ml, "tagger")
        refused(ml.post("/_inference/tagger", json={"input": "a"}), 400, "with type [ner] does no task of inference")

    def test_an_endpoint_over_an_upload(self, ml: httpx.Client, bag: str) -> None:
        settings = {"model_id": bag, "num_threads": 1, "num_allocations": 1}
        made = ok(ml.put("/_inference/text_embedding/mine", json=service(settings)))
        assert made["service_settings"]["dimensions"] == 4
        answer = ok(ml.post("/_inference/mine", json={"input": "the cat"}))
        assert answer["text_embedding"][0]["embedding"] == pytest.approx(expected("the", "cat"), abs=1e-6)
        told = "Deployed model [bag] with type [text_embedding] does not match the requested task type [rerank]"
        refused(ml.put("/_inference/rerank/other", json=service(settings)), 400, told)
        told = "Cannot delete model [bag] as it is currently used by deployments: [bag]; inference endpoints: [mine]"
        refused(ml.delete(f"{MODELS}/{bag}"), 409, told)
        ok(ml.delete(f"{MODELS}/{bag}?force=true"))
        assert ml.post("/_inference/mine", json={"input": "the dog"}).status_code in (404, 503)

    def test_an_endpoint_over_a_deployment(self, ml: httpx.Client, bag: str) -> None:
        start(ml, bag, deployment_id="search", number_of_allocations=2)
        made = ok(ml.put("/_inference/text_embedding/mine", json=service({"deployment_id": "search"})))
        settings = made["service_settings"]
        assert (settings["model_id"], settings["num_threads"], settings["num_allocations"]) == ("bag", 1, 2)
        answer = ok(ml.post("/_inference/mine", json={"input": "the mat"}))
        assert answer["text_embedding"][0]["embedding"] == pytest.approx(expected("the", "mat"), abs=1e-6)
        told = "Cannot stop deployment [search] as it is used by inference endpoints: [mine]"
        refused(ml.post(f"{MODELS}/search/deployment/_stop"), 409, told)
        change = {"service_settings": {"num_allocations": 1}}
        reply = ml.put("/_inference/text_embedding/mine/_update", json=change)
        refused(reply, 409, "are those of deployment [search]")
        reply = ml.put("/_inference/text_embedding/other", json=service({"deployment_id": "x"}))
        refused(reply, 404, "Cannot find deployment [x]", NOT_FOUND)
        wrong = service({"deployment_id": "search", "model_id": ELSER})
        reply = ml.put("/_inference/text_embedding/other", json=wrong)
        refused(reply, 400, "uses model [bag] which does not match the model [.elser_model_2]")
        ok(ml.post(f"{MODELS}/search/deployment/_stop?force=true"))
        assert ml.post("/_inference/mine", json={"input": "the dog"}).status_code == 503

    def test_ids_are_unique(self, ml: httpx.Client, bag: str) -> None:
        settings = {"model_id": ELSER, "num_threads": 1, "num_allocations": 1}
        told = "Requested inference endpoint ID [bag] matches existing trained model ID(s) but must not."
        refused(ml.put(f"/_inference/sparse_embedding/{bag}", json=service(settings)), 400, told)
        ok(ml.put("/_inference/sparse_embedding/mine", json=service(settings)))
        body = {"model_type": "pytorch", "inference_config": {"ner": {}}}
        told = "Requested model ID [mine] matches existing inference endpoint IDs but must not."
        refused(ml.put(f"{MODELS}/mine", json=body), 400, told)
        refused(ml.post(f"{MODELS}/{bag}/deployment/_start?deployment_id=mine"), 400, told)
        refused(ml.put(f"{MODELS}/{bag}/model_aliases/mine"), 400, told)


def service(settings: dict[str, object]) -> dict[str, object]:
    return {"service": "elasticsearch", "service_settings": settings}


def test_info_tells_of_the_machine(http: httpx.Client) -> None:
    found = ok(http.get("/_ml/info"))
    assert found["upgrade_mode"] is False
    assert found["limits"]["total_ml_processors"] >= 1


def test_a_model_that_an_index_embeds_by_is_kept_and_gives_its_meaning(ml: httpx.Client, bag: str) -> None:
    ok(ml.put("/bags", json={"mappings": {"properties": {"text": {"type": "semantic_text", "inference_id": bag}}}}))
    try:
        assert ml.put("/bags/_doc/1?refresh=true", json={"text": "the cat"}).status_code == 201
        refused(ml.delete(f"{MODELS}/{bag}"), 409, "indices: [bags]")
        found = ok(ml.post("/bags/_search", json={"query": {"match": {"text": "the cat"}}}))["hits"]["hits"]
        assert found[0]["_score"] == pytest.approx(1.0, abs=1e-5)
    finally:
        ok(ml.delete("/bags"))


class TestPipelines:
    """The inference processor takes models, and keeps them."""

    @pytest.fixture(autouse=True)
    def pipelines(self, ml: httpx.Client) -> Iterator[None]:
        yield
        ml.delete("/_ingest/pipeline/*")

    def test_a_model_is_inferred_by_its_id_and_kept(self, ml: httpx.Client, bag: str) -> None:
        io = {"input_field": "text", "output_field": "vector"}
        body = {"processors": [{"inference": {"model_id": bag, "input_output": io}}]}
        ok(ml.put("/_ingest/pipeline/mine", json=body))
        docs = [{"_source": {"text": text}} for text in ("the cat", "bad", "the dog")]
        first, failed, third = ok(ml.post("/_ingest/pipeline/mine/_simulate", json={"docs": docs}))["docs"]
        assert first["doc"]["_source"]["vector"] == pytest.approx(expected("the", "cat"), abs=1e-6)
        assert "the model failed at this input" in failed["error"]["reason"]
        assert third["doc"]["_source"]["vector"] == pytest.approx(expected("the", "dog"), abs=1e-6)
        refused(ml.post(f"{MODELS}/{bag}/deployment/_stop"), 409, "is used by ingest pipelines: [mine]")
        ok(ml.post(f"{MODELS}/{bag}/deployment/_stop?force=true"))
        refused(ml.delete(f"{MODELS}/{bag}"), 409, "is currently used by ingest pipelines: [mine]")
        (found,) = ok(ml.get(f"{MODELS}/{bag}/_stats"))["trained_model_stats"]
        assert found["pipeline_count"] == 1

    def test_the_call_may_change_the_configuration(self, ml: httpx.Client) -> None:
        config = {"zero_shot_classification": {"labels": ["cat", "dog"]}}
        kind = {"zero_shot_classification": {"classification_labels": ["entailment", "neutral", "contradiction"]}}
        upload(ml, "router", definition=votes(), config=kind)
        start(ml, "router")
        inference = {"model_id": "router", "target_field": "route", "inference_config": config}
        steps = [{"inference": inference | {"field_map": {"text": "text_field"}}}]
        steps.append({"set": {"field": "_index", "value": "{{{route.predicted_value}}}s"}})
        asked = {"pipeline": {"processors": steps}, "docs": [{"_source": {"text": "the cat sat"}}]}
        (answer,) = ok(ml.post("/_ingest/pipeline/_simulate", json=asked))["docs"]
        assert answer["doc"]["_index"] in ("cats", "dogs")
        assert {each["class_name"] for each in answer["doc"]["_source"]["route"]["top_classes"]} == {"cat", "dog"}


class TestEndpoints:
    def test_their_deployments_are_told_at_once_as_clients_wait_for_that(self, ml: httpx.Client) -> None:
        settings = {"model_id": ".elser_model_2_linux-x86_64", "num_allocations": 2, "num_threads": 1}
        endpoint = {"service": "elasticsearch", "service_settings": settings}
        ok(ml.put("/_inference/sparse_embedding/mine", json=endpoint))
        (state,) = [each for each in stats(ml, ELSER) if each["deployment_id"] == "mine"]
        assert state["nodes"][0]["routing_state"] == {"routing_state": "started"}
        assert (state["state"], state["allocation_status"]["state"]) == ("started", "fully_allocated")
        changed = ml.post(f"{MODELS}/mine/deployment/_update", json={"number_of_allocations": 1})
        refused(changed, 409, "Cannot update deployment [mine] as it was created by inference endpoint [mine]")
        stopped = ml.post(f"{MODELS}/mine/deployment/_stop")
        refused(stopped, 409, "Cannot stop deployment [mine] as it was created by inference endpoint [mine]")
        ok(ml.post(f"{MODELS}/mine/deployment/_stop?force=true"))
        assert ok(ml.post("/_inference/mine", json={"input": "a"}))["sparse_embedding"]
