"""`_ingest/pipeline` over HTTP, with real endpoints behind its inference."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server

TEXT = "There is no reason anyone would want a computer in their home"
SHIPPED = "logs@default-pipeline"  # is always there
SET = {"set": {"field": "seen", "value": "{{_ingest.timestamp}}"}}


@pytest.fixture(autouse=True)
def clean(http: httpx.Client) -> Iterator[None]:
    """Pipelines of one test are not those of the next."""
    yield
    http.delete("/_ingest/pipeline/*")


def simulate(http: httpx.Client, *processors: dict[str, Any], docs: list[dict[str, Any]], **rest: Any) -> list[Any]:  # noqa: ANN401
    body = {"pipeline": {"processors": processors, **rest}, "docs": docs}
    reply = http.post("/_ingest/pipeline/_simulate", json=body)
    assert reply.status_code == 200, reply.text
    found: list[Any] = reply.json()["docs"]
    return found


def test_a_pipeline_is_kept_listed_changed_and_deleted(http: httpx.Client) -> None:
    body = {"description": "d", "version": 3, "_meta": {"by": "me"}, "processors": [SET], "on_failure": [SET]}
    assert http.put("/_ingest/pipeline/one", json=body).json() == {"acknowledged": True}
    assert http.put("/_ingest/pipeline/two", json={"processors": []}).json() == {"acknowledged": True}
    assert http.get("/_ingest/pipeline/one").json() == {"one": body}
    assert list(http.get("/_ingest/pipeline").json()) == [SHIPPED, "one", "two"]
    assert list(http.get("/_ingest/pipeline/t*,one").json()) == ["one", "two"]
    assert http.get("/_ingest/pipeline/*?summary=true").json() == {SHIPPED: {}, "one": {}, "two": {}}
    assert http.delete("/_ingest/pipeline/o*").json() == {"acknowledged": True}
    missing = http.get("/_ingest/pipeline/one")
    assert (missing.status_code, missing.json()) == (404, {})
    gone = http.delete("/_ingest/pipeline/one")
    assert gone.status_code == 404
    assert gone.json()["error"]["reason"] == "pipeline [one] is missing"
    assert http.delete("/_ingest/pipeline/*").status_code == 200


def test_a_version_guards_against_two_that_write(http: httpx.Client) -> None:
    path = "/_ingest/pipeline/v"
    none = http.put(f"{path}?if_version=1", json={"processors": []}).json()["error"]["reason"]
    assert none == "version conflict, required version [1] for pipeline [v] but no pipeline was found"
    http.put(path, json={"processors": [], "version": 1})
    other = http.put(f"{path}?if_version=2", json={"processors": []}).json()["error"]["reason"]
    assert other == "version conflict, required version [2] for pipeline [v] but current version is [1]"
    assert http.put(f"{path}?if_version=1", json={"processors": [SET]}).status_code == 200
    assert http.get(path).json()["v"] == {"processors": [SET], "version": 2}


def test_what_is_wrong_with_a_pipeline_is_told_and_nothing_is_kept(http: httpx.Client) -> None:
    reply = http.put("/_ingest/pipeline/bad", json={"processors": [{"set": {"value": 1, "tag": "t"}}]})
    cause = {
        "type": "parse_exception",
        "reason": "[field] required property is missing",
        "property_name": "field",
        "processor_type": "set",
        "processor_tag": "t",
    }
    assert reply.status_code == 400
    assert reply.json() == {"error": {"root_cause": [cause], **cause}, "status": 400}
    assert http.get("/_ingest/pipeline/bad").status_code == 404
    script = http.put("/_ingest/pipeline/bad", json={"processors": [{"script": {"source": "ctx.a ="}}]})
    assert script.status_code == 400
    assert script.json()["error"]["type"] == "script_exception"
    assert "Invalid pipeline id" in http.put("/_ingest/pipeline/a*", json={"processors": []}).text


def test_a_simulation_shows_documents_drops_and_failures(http: httpx.Client) -> None:
    docs = [{"_index": "index", "_id": "id", "_source": {"foo": name}} for name in ("bar", "drop", "fail")]
    processors = (
        {"set": {"field": "field3", "value": "_value"}},
        {"drop": {"if": "ctx.foo == 'drop'"}},
        {"fail": {"message": "not {{foo}}", "if": "ctx.foo == 'fail'"}},
    )
    shown, dropped, failed = simulate(http, *processors, docs=docs)
    timestamp = shown["doc"]["_ingest"].pop("timestamp")
    assert timestamp.endswith("Z")
    source = {"foo": "bar", "field3": "_value"}
    assert shown == {"doc": {"_index": "index", "_id": "id", "_version": "-3", "_source": source, "_ingest": {}}}
    assert dropped is None
    assert failed["error"]["root_cause"] == [{"type": "fail_processor_exception", "reason": "not fail"}]


def test_a_verbose_simulation_shows_each_processor(http: httpx.Client) -> None:
    http.put("/_ingest/pipeline/p", json={"processors": [SET, {"remove": {"field": "a", "if": "false"}}]})
    reply = http.post("/_ingest/pipeline/p/_simulate?verbose", json={"docs": [{"_source": {"a": 1}}]}).json()
    first, second = reply["docs"][0]["processor_results"]
    assert (first["processor_type"], first["status"], first["doc"]["_ingest"]["pipeline"]) == ("set", "success", "p")
    assert second == {
        "processor_type": "remove",
        "status": "skipped",
        "if": {"condition": "false", "result": False},
    }


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("nope/_simulate", {"docs": [{"_source": {}}]}, "pipeline [nope] does not exist"),
        ("_simulate", {"docs": [{"_source": {}}]}, "[pipeline] required property is missing"),
        ("_simulate", {"pipeline": {"processors": []}}, "[docs] required property is missing"),
        ("_simulate", {"pipeline": {"processors": []}, "docs": []}, "must specify at least one document in [docs]"),
        ("_simulate", {"pipeline": {"processors": []}, "docs": [{}]}, "[_source] required property is missing"),
        ("_simulate", {"pipeline": {"processors": []}, "docs": [1]}, "malformed [docs] section"),
    ],
)
def test_a_malformed_simulation_is_refused(http: httpx.Client, path: str, body: dict[str, Any], reason: str) -> None:
    reply = http.post(f"/_ingest/pipeline/{path}", json=body)
    assert reply.status_code == 400
    assert reason in reply.json()["error"]["reason"]


def test_documents_get_the_embeddings_that_the_endpoints_give(http: httpx.Client) -> None:
    processors = (
        {"inference": {"model_id": ".elser-2-elastic",
                       "input_output": {"input_field": "text", "output_field": "v.tokens"}}},
        {"inference": {"model_id": ".multilingual-e5-small-elasticsearch", "target_field": "ml",
                       "field_map": {"text": "text_field"}}},
    )  # fmt: skip
    long = "house " * 600
    (short,), (cut,) = (simulate(http, *processors, docs=[{"_source": {"text": text}}]) for text in (TEXT, long))
    source = short["doc"]["_source"]
    sparse = http.post("/_inference/.elser-2-elastic", json={"input": TEXT}).json()
    assert source["v"]["tokens"] == sparse["sparse_embedding"][0]["embedding"]
    e5 = "/_inference/text_embedding/.multilingual-e5-small-elasticsearch"
    dense = http.post(e5, json={"input": TEXT, "input_type": "ingest"}).json()
    assert source["ml"]["predicted_value"] == pytest.approx(dense["text_embedding"][0]["embedding"], abs=1e-3)
    assert source["v"]["model_id"] == ".elser-2-elastic"
    assert cut["doc"]["_source"]["v"]["is_truncated"] is True


def test_many_documents_are_inferred_and_each_failure_is_its_own(http: httpx.Client) -> None:
    processor = {
        "inference": {"model_id": ".elser-2-elastic", "input_output": {"input_field": "t", "output_field": "v"}}
    }
    docs: list[dict[str, Any]] = [{"_id": str(n), "_source": {"t": f"document number {n}"}} for n in range(300)]
    docs[7]["_source"]["t"] = 7
    failing = [{"set": {"field": "_index", "value": "failed-{{{_index}}}"}}]
    found = simulate(http, processor, docs=docs, on_failure=failing)
    assert [each["doc"]["_id"] for each in found] == [str(n) for n in range(300)]
    assert found[7]["doc"]["_index"] == "failed-_index"
    assert all(each["doc"]["_source"]["v"] for n, each in enumerate(found) if n != 7)
    missing = {"inference": {"model_id": "nobody", "input_output": {"input_field": "t", "output_field": "v"}}}
    (told,) = simulate(http, missing, docs=docs[:1])
    assert told["error"]["reason"] == "Could not find trained model [nobody]"


def test_an_endpoint_that_a_pipeline_uses_is_not_deleted(http: httpx.Client) -> None:
    settings = {"num_allocations": 1, "num_threads": 1, "model_id": ".elser_model_2"}
    http.put("/_inference/sparse_embedding/used", json={"service": "elasticsearch", "service_settings": settings})
    processor = {"inference": {"model_id": "used", "input_output": {"input_field": "t", "output_field": "v"}}}
    http.put("/_ingest/pipeline/user", json={"processors": [{"foreach": {"field": "x", "processor": processor}}]})
    told = (
        "Inference endpoint used is referenced by pipelines: [user]. Ensure that no pipelines are using this inference "
        "endpoint, or use force to ignore this warning and delete the inference endpoint."
    )
    dry = http.delete("/_inference/used?dry_run=true").json()
    assert dry == {"acknowledged": False, "pipelines": ["user"], "indexes": [], "error_message": told}
    refused = http.delete("/_inference/used")
    assert (refused.status_code, refused.json()["error"]["reason"]) == (409, told)
    assert http.delete("/_inference/used?force=true").json()["pipelines"] == ["user"]


def test_pipelines_outlive_the_process_even_a_kill(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    for number in range(5):
        body = {"processors": [SET], "version": number}
        assert httpx.put(f"{server.url}/_ingest/pipeline/{number}", json=body, trust_env=False).status_code == 200
    server.stop(signal.SIGKILL)
    again = Server(tmp_path / "data")
    found = httpx.get(f"{again.url}/_ingest/pipeline", trust_env=False).json()
    assert found.pop(SHIPPED)
    assert found == {str(number): {"processors": [SET], "version": number} for number in range(5)}
    docs: dict[str, Any] = {"docs": [{"_source": {}}]}
    reply = httpx.post(f"{again.url}/_ingest/pipeline/3/_simulate", json=docs, trust_env=False).json()
    assert reply["docs"][0]["doc"]["_source"]["seen"]
    assert again.stop() == 0


@pytest.mark.parametrize(
    ("more", "name", "index"),
    [
        ({}, "<visits-{2031-05-02||/M{yyyy-MM-dd|UTC}}>", "visits-2031-05-01"),
        ({"index_name_format": "yyyyMM"}, "<visits-{203105||/M{yyyyMM|UTC}}>", "visits-203105"),
        (
            {"timezone": "Pacific/Auckland", "date_rounding": "d"},
            "<visits-{2031-05-03||/d{yyyy-MM-dd|Pacific/Auckland}}>",
            "visits-2031-05-03",
        ),
    ],
)
def test_a_document_goes_to_the_index_of_its_date(
    http: httpx.Client, more: dict[str, str], name: str, index: str
) -> None:
    options = {"field": "day", "index_name_prefix": "visits-", "date_rounding": "M", **more}
    document = {"day": "2031-05-02T20:30:00.000Z"}
    (shown,) = simulate(http, {"date_index_name": options}, docs=[{"_source": document}])
    assert shown["doc"]["_index"] == name
    http.put("/_ingest/pipeline/by-date", json={"processors": [{"date_index_name": options}]})
    reply = http.put("/visits/_doc/1?pipeline=by-date", json=document)
    assert (reply.status_code, reply.json()["_index"]) == (201, index)
    assert http.get("/visits").status_code == 404
    assert http.delete(f"/{index}").is_success
    wrong = http.put("/visits/_doc/1?pipeline=by-date", json={"day": "someday"})
    assert (wrong.status_code, "unable to parse date" in wrong.text) == (400, True)
    http.delete("/_ingest/pipeline/by-date")
