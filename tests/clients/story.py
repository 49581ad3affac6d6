"""What a user of elasticsearch-py does with endpoints. Takes the server's URL; prints a line if all went well."""

import sys
import warnings
from contextlib import suppress

import elasticsearch
import pytest
from elasticsearch import BadRequestError, ConflictError, Elasticsearch, NotFoundError

TEXT = "There is no reason anyone would want a computer in their home"


def main(url: str) -> None:
    es = Elasticsearch(url, request_timeout=60)
    assert es.ping()
    assert es.info()["version"]["build_flavor"] == "connote"

    sparse = es.inference.inference(inference_id=".elser-2-elastic", input=TEXT)
    assert sparse["sparse_embedding"][0]["embedding"]["computer"] > 2

    ids = {endpoint["inference_id"] for endpoint in es.inference.get()["endpoints"]}
    assert {".elser-2-elasticsearch", ".multilingual-e5-small-elasticsearch", ".rerank-v1-elasticsearch"} <= ids

    create_and_use(es)
    dense(es)
    rerank(es)
    region_policy(es)
    pipelines(es)
    trained_models(es)
    errors(es)
    compressed = Elasticsearch(url, http_compress=True, api_key="ignored-while-authentication-is-off")
    assert compressed.inference.inference(inference_id=".elser-2-elastic", input=TEXT * 20)["sparse_embedding"]
    print(f"elasticsearch-py {elasticsearch.__versionstr__}: all is well")


def create_and_use(es: Elasticsearch) -> None:
    es.options(ignore_status=404).inference.delete(inference_id="story")
    made = es.inference.put(
        task_type="sparse_embedding",
        inference_id="story",
        inference_config={
            "service": "elasticsearch",
            "service_settings": {"num_allocations": 1, "num_threads": 1, "model_id": ".elser_model_2"},
        },
    )
    assert made["chunking_settings"] == {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}
    if hasattr(es.inference, "sparse_embedding"):
        assert es.inference.sparse_embedding(inference_id="story", input=["a", "b"])["sparse_embedding"]
    changed = es.inference.update(
        task_type="sparse_embedding",
        inference_id="story",
        inference_config={"service_settings": {"num_allocations": 2}},
    )
    assert changed["service_settings"]["num_allocations"] == 2
    typed = es.inference.get(task_type="sparse_embedding", inference_id="story")["endpoints"]
    assert typed == es.inference.get(inference_id="story", pretty=True)["endpoints"] == [changed]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        es.inference.inference(inference_id="story", input="house " * 600)
    assert "input [0] has 602 tokens" in str(caught[0].message)
    assert es.inference.delete(inference_id="story", dry_run=True)["acknowledged"] is False
    assert es.inference.delete(task_type="sparse_embedding", inference_id="story", force=True)["acknowledged"]
    older_name(es)


def older_name(es: Elasticsearch) -> None:
    settings = {"num_allocations": 1, "num_threads": 1}
    with pytest.warns(elasticsearch.ElasticsearchWarning, match="elser.*deprecated"):
        es.inference.put_elser(
            task_type="sparse_embedding", elser_inference_id="story", service="elser", service_settings=settings
        )
    es.inference.delete(inference_id="story")


def trained_models(es: Elasticsearch) -> None:
    """A model of the catalog as Elastic's notebooks deploy it, then what there is to know and to change of it."""
    ml, id = es.ml, ".elser_model_2"
    with suppress(NotFoundError):
        ml.delete_trained_model(model_id=id, force=True)
    ml.put_trained_model(model_id=id, input={"field_names": ["text_field"]})
    assert ml.infer_trained_model(model_id=id, docs=[{"text_field": TEXT}])["inference_results"]
    found = ml.get_trained_models(model_id=id, include="definition_status")
    assert found["trained_model_configs"][0]["fully_defined"]
    ml.start_trained_model_deployment(model_id=id, number_of_allocations=1, wait_for="starting")
    while ml.get_trained_models_stats(model_id=id)["trained_model_stats"][0]["deployment_stats"]["state"] != "started":
        pass
    expanded = ml.infer_trained_model(model_id=id, docs=[{"text_field": TEXT}])["inference_results"][0]
    assert expanded["predicted_value"]["computer"] > 2
    with pytest.raises(BadRequestError, match="text_field"):
        ml.infer_trained_model(model_id=id, docs=[{"text": TEXT}])
    ml.start_trained_model_deployment(model_id=id, deployment_id="story", priority="low", queue_capacity=10)
    assert es.inference.inference(inference_id="story", input=TEXT)["sparse_embedding"]
    ml.update_trained_model_deployment(model_id=id, number_of_allocations=2)
    ml.put_trained_model_alias(model_id=id, model_alias="story-alias")
    assert ml.get_trained_models(model_id="story-a*", tags=[], size=1)["count"] == 1
    ml.delete_trained_model_alias(model_id=id, model_alias="story-alias")
    assert id in {row["id"] for row in es.cat.ml_trained_models(format="json")}
    assert id in str(es.cat.ml_trained_models(v=True))
    assert ml.clear_trained_model_deployment_cache(model_id=id)["cleared"]
    assert ml.info()["upgrade_mode"] is False
    ml.stop_trained_model_deployment(model_id="story")
    with pytest.raises(ConflictError, match="deployments"):
        ml.delete_trained_model(model_id=id)
    ml.stop_trained_model_deployment(model_id=id, force=True)  # a pipeline of another story may name it
    with pytest.raises(ConflictError, match="must be deployed"):
        ml.infer_trained_model(model_id=id, docs=[{"text_field": TEXT}])
    ml.delete_trained_model(model_id=id, force=True)
    upload(es)


def upload(es: Elasticsearch) -> None:
    es.ml.put_trained_model(model_id="story", model_type="pytorch", inference_config={"ner": {}})
    part = {"definition": "YWJj", "total_definition_length": 3, "total_parts": 1}
    es.ml.put_trained_model_definition_part(model_id="story", part=0, **part)
    es.ml.put_trained_model_vocabulary(model_id="story", vocabulary=["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    with pytest.raises(BadRequestError, match="archive"):
        es.ml.start_trained_model_deployment(model_id="story")
    es.ml.delete_trained_model(model_id="story")


def dense(es: Elasticsearch) -> None:
    made = es.inference.put_elasticsearch(
        task_type="text_embedding",
        elasticsearch_inference_id="story",
        service="elasticsearch",
        service_settings={
            "model_id": ".multilingual-e5-small",
            "num_threads": 1,
            "adaptive_allocations": {"enabled": True, "min_number_of_allocations": 0, "max_number_of_allocations": 2},
        },
        chunking_settings={"strategy": "word", "max_chunk_size": 100, "overlap": 10},
    )
    assert made["service_settings"]["adaptive_allocations"]["max_number_of_allocations"] == 2
    if hasattr(es.inference, "text_embedding"):
        answer = es.inference.text_embedding(inference_id="story", input=["a", "b"], input_type="ingest", timeout="1m")
        assert [len(each["embedding"]) for each in answer["text_embedding"]] == [384, 384]
    es.inference.delete(inference_id="story")


def rerank(es: Elasticsearch) -> None:
    documents = ["tax law", "a cottage near the beach"]
    if hasattr(es.inference, "rerank"):
        answer = es.inference.rerank(inference_id=".rerank-v1-elasticsearch", query="by the sea", input=documents)
        assert answer["rerank"][0]["text"] == documents[1]


def region_policy(es: Elasticsearch) -> None:
    if hasattr(es.inference, "put_region_policy"):
        kept = es.inference.put_region_policy(region_policy={"allowed_geos": ["eu"]})
        assert es.inference.get_region_policy() == kept
        assert es.inference.delete_region_policy()["acknowledged"]


def pipelines(es: Elasticsearch) -> None:
    inference = {"model_id": ".elser-2-elastic", "input_output": [{"input_field": "text", "output_field": "tokens"}]}
    failed = {"set": {"field": "_index", "value": "failed-{{{_index}}}"}}
    made = es.ingest.put_pipeline(id="story", processors=[{"inference": inference}], on_failure=[failed], version=1)
    assert made["acknowledged"]
    assert es.ingest.get_pipeline(id="sto*")["story"]["version"] == 1
    docs = [{"_index": "i", "_source": {"text": TEXT}}, {"_index": "i", "_source": {}}]
    first, second = es.ingest.simulate(id="story", docs=docs)["docs"]
    assert first["doc"]["_source"]["tokens"]["computer"] > 2
    assert second["doc"]["_index"] == "failed-i"
    upper = {"processors": [{"uppercase": {"field": "text", "tag": "up"}}]}
    verbose = es.ingest.simulate(pipeline=upper, docs=docs[:1], verbose=True)["docs"][0]["processor_results"]
    assert verbose[0]["tag"] == "up"
    with pytest.raises(BadRequestError, match="required property is missing"):
        es.ingest.put_pipeline(id="story", processors=[{"set": {}}])
    assert es.ingest.delete_pipeline(id="story")["acknowledged"]
    with pytest.raises(NotFoundError):
        es.ingest.get_pipeline(id="story")


def errors(es: Elasticsearch) -> None:
    with pytest.raises(NotFoundError) as missing:
        es.inference.get(inference_id="nothing")
    assert missing.value.message == "resource_not_found_exception"
    assert missing.value.body["error"]["root_cause"][0]["reason"] == "Inference endpoint not found [nothing]"
    with pytest.raises(BadRequestError, match="Unknown service"):
        es.inference.put(
            task_type="rerank", inference_id="story", inference_config={"service": "nobody", "service_settings": {}}
        )


main(sys.argv[1])
