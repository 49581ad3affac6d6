"""Many writes over HTTP."""

import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Bulk = Callable[..., httpx.Response]


def results(reply: httpx.Response) -> list[tuple[str, int, str]]:
    """Of each item the action, the status, and the result or the type of the error."""
    assert reply.status_code == 200, reply.text
    found = []
    for item in reply.json()["items"]:
        ((action, body),) = item.items()
        found.append((action, body["status"], body["error"]["type"] if "error" in body else body["result"]))
    return found


def test_every_item_has_a_result_of_its_own_and_one_failure_harms_no_other(bulk: Bulk, indices: httpx.Client) -> None:
    indices.put("/books", json={"mappings": {"properties": {"n": {"type": "long"}}}})
    reply = bulk(
        {"index": {"_id": "1"}},
        {"n": 1},
        {"index": {"_id": "2"}},
        {"n": "many"},
        {"create": {"_id": "1"}},
        {"n": 2},
        {"update": {"_id": "1", "retry_on_conflict": 3}},
        {"doc": {"n": 7}},
        {"update": {"_id": "9"}},
        {"doc": {"n": 7}},
        {"delete": {"_id": "3"}},
        {"index": {"_id": "4"}},
        '{"n": ',
        {"delete": {"_id": "1"}},
        {"index": {"_index": "others", "_id": 5}},
        {"x": "y"},
        index="books",
    )
    assert results(reply) == [
        ("index", 201, "created"),
        ("index", 400, "document_parsing_exception"),
        ("create", 409, "version_conflict_engine_exception"),
        ("update", 200, "updated"),
        ("update", 404, "document_missing_exception"),
        ("delete", 404, "not_found"),
        ("index", 400, "document_parsing_exception"),
        ("delete", 200, "deleted"),
        ("index", 201, "created"),
    ]
    assert reply.json()["errors"] is True
    assert "line [13] of the request is no JSON" in reply.json()["items"][6]["index"]["error"]["reason"]
    assert indices.get("/others/_source/5").json() == {"x": "y"}


def test_the_operations_on_one_document_are_done_in_their_order(bulk: Bulk, indices: httpx.Client) -> None:
    lines: list[dict[str, Any]] = [{"index": {"_id": "1"}}, {"n": 0, "log": []}]
    for n in range(20):
        script = {"source": "ctx._source.n += 1; ctx._source.log.add(params.n)", "params": {"n": n}}
        lines += [{"update": {"_id": "1"}}, {"script": script}]
    assert results(bulk(*lines, index="books"))[1:] == [("update", 200, "updated")] * 20
    assert indices.get("/books/_source/1").json() == {"n": 20, "log": list(range(20))}
    assert indices.get("/books/_doc/1").json()["_version"] == 21


def test_an_update_is_not_based_on_an_operation_before_it_that_failed(bulk: Bulk, indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": "first"})
    reply = bulk(
        {"index": {"_id": "1", "if_seq_no": 7, "if_primary_term": 1}},
        {"a": "never"},
        {"update": {"_id": "1"}},
        {"doc": {"b": "second"}},
        {"update": {"_id": "1"}},
        {"doc": {"c": "third"}},
        index="books",
    )
    assert [status for _, status, _ in results(reply)] == [409, 200, 200]
    assert indices.get("/books/_source/1").json() == {"a": "first", "b": "second", "c": "third"}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["nonsense"], "Malformed action/metadata line [1]"),
        ([{"index": {}}, {"a": 1}, "", {"what": {}}], "Malformed action/metadata line [4]"),
        ([{"index": {}, "create": {}}], "expected one of [create, delete, index, update] as its only key"),
        ([{"index": []}], "expected an object but found"),
        ([{"index": {"_idx": "1"}}, {}], "line [1] contains an unknown parameter [_idx]"),
        ([{"index": {"_id": ["1"]}}, {}], "has a wrong value for [_id]"),
        ([{"index": {"if_seq_no": True}}, {}], "has a wrong value for [if_seq_no]"),
        ([{"index": {}}], "the line of its document is missing"),
        ([{"delete": {}}], "an id is missing"),
        ([{"update": {"_id": "1"}}, "{"], "is no JSON"),
        ([{"update": {"_id": "1"}}, {"dox": {}}], "[dox] is no field of an update"),
        ([], "no requests added"),
    ],
)
def test_a_malformed_body_is_refused_as_a_whole(
    bulk: Bulk, indices: httpx.Client, lines: list[dict[str, Any] | str], told: str
) -> None:
    reply = bulk(*lines, index="books")
    assert reply.status_code == 400
    assert told in reply.json()["error"]["reason"]
    assert indices.get("/books").status_code == 404


def test_the_last_line_must_end(indices: httpx.Client) -> None:
    reply = indices.put(
        "/books/_bulk", content=b'{"index":{}}\n{"a":1}', headers={"Content-Type": "application/x-ndjson"}
    )
    assert reply.json()["error"]["reason"] == "The bulk request must be terminated by a newline [\\n]"


def test_an_item_must_say_where_it_goes(bulk: Bulk) -> None:
    assert "index is missing" in bulk({"index": {}}, {"a": 1}).json()["error"]["reason"]


def test_json_is_taken_for_lines_of_it_and_other_types_are_not(indices: httpx.Client) -> None:
    lines = b'{"index":{}}\n{"a":1}\n'
    for kind, status in (
        ("application/json", 200),
        ("text/plain", 406),
        ("application/vnd.elasticsearch+x-ndjson", 200),
    ):
        assert indices.post("/b/_bulk", content=lines, headers={"Content-Type": kind}).status_code == status


def test_a_failure_of_the_index_is_the_item_s_own(bulk: Bulk, indices: httpx.Client) -> None:
    indices.put("/closed")
    indices.post("/closed/_close")
    indices.put("/locked", json={"settings": {"index.blocks.write": True}})
    reply = bulk(
        {"index": {"_index": "Upper"}},
        {},
        {"index": {"_index": "closed"}},
        {},
        {"index": {"_index": "locked"}},
        {},
        {"delete": {"_index": "nowhere", "_id": "1"}},
        {"index": {"_index": "fine"}},
        {},
        {"index": {"_index": "fine", "require_alias": True}},
        {},
    )
    assert results(reply) == [
        ("index", 400, "invalid_index_name_exception"),
        ("index", 400, "index_closed_exception"),
        ("index", 403, "cluster_block_exception"),
        ("delete", 404, "index_not_found_exception"),
        ("index", 201, "created"),
        ("index", 404, "index_not_found_exception"),
    ]


def test_pipelines_run_by_item_by_request_and_by_index(bulk: Bulk, indices: httpx.Client) -> None:
    for name in ("item", "request", "default", "final"):
        indices.put(f"/_ingest/pipeline/{name}", json={"processors": [{"append": {"field": "ran", "value": name}}]})
    indices.put("/books", json={"settings": {"default_pipeline": "default", "final_pipeline": "final"}})
    lines = [{"index": {"_id": "1", "pipeline": "item"}}, {}, {"index": {"_id": "2"}}, {}, {"index": {"_id": "3"}}, {}]
    bulk(*lines[:4], index="books", pipeline="request", list_executed_pipelines=True)
    reply = bulk(
        *lines[4:], {"index": {"_id": "4", "pipeline": "_none"}}, {}, index="books", list_executed_pipelines=True
    )
    ran = [indices.get(f"/books/_source/{id}").json()["ran"] for id in "1234"]
    assert ran == [["item", "final"], ["request", "final"], ["default", "final"], ["final"]]
    assert reply.json()["items"][0]["index"]["executed_pipelines"] == ["default", "final"]
    indices.put("/books/_doc/5?pipeline=item", json={})
    assert indices.get("/books/_source/5").json()["ran"] == ["item", "final"]
    for name in ("item", "request", "default", "final"):
        indices.put("/books/_settings", json={"default_pipeline": None, "final_pipeline": None})
        indices.delete(f"/_ingest/pipeline/{name}")


def test_a_pipeline_may_drop_send_on_and_fail_single_documents(bulk: Bulk, indices: httpx.Client) -> None:
    processors = [
        {"drop": {"if": "ctx.n == 1"}},
        {"fail": {"if": "ctx.n == 2", "message": "no twos"}},
        {"set": {"if": "ctx.n == 3", "field": "_index", "value": "elsewhere"}},
        {"set": {"if": "ctx.n == 4", "field": "_id", "value": "four"}},
    ]
    indices.put("/_ingest/pipeline/p", json={"processors": processors})
    lines = [line for n in range(6) for line in ({"index": {"_id": str(n)}}, {"n": n})]
    reply = bulk(*lines, index="books", pipeline="p")
    assert [(status, told) for _, status, told in results(reply)] == [
        (201, "created"),
        (200, "noop"),
        (400, "fail_processor_exception"),
        (201, "created"),
        (201, "created"),
        (201, "created"),
    ]
    assert indices.get("/elsewhere/_source/3").json() == {"n": 3}
    assert indices.get("/books/_source/four").json() == {"n": 4}
    assert bulk({"index": {}}, {}, index="books", pipeline="nope").json()["items"][0]["index"]["error"]["reason"] == (
        "pipeline with id [nope] does not exist"
    )
    indices.delete("/_ingest/pipeline/p")


@pytest.mark.parametrize("value", ["'a'", "1.5", "true", "[1]", "-1"])
def test_a_pipeline_may_set_what_a_write_depends_on_to_numbers_only(
    bulk: Bulk, indices: httpx.Client, value: str
) -> None:
    source = f"if (ctx.n == 1) {{ ctx._if_seq_no = {value}; ctx._if_primary_term = 1 }}"
    indices.put("/_ingest/pipeline/p", json={"processors": [{"script": {"source": source}}]})
    reply = bulk({"index": {}}, {"n": 1}, {"index": {}}, {"n": 2}, index="books", pipeline="p")
    assert [(status, told) for _, status, told in results(reply)] == [
        (400, "illegal_argument_exception"),
        (201, "created"),
    ]
    indices.delete("/_ingest/pipeline/p")


def test_what_is_to_be_shown_is_looked_at_before_anything_is_written(bulk: Bulk, indices: httpx.Client) -> None:
    assert bulk({"index": {"_id": "1"}}, {"n": 1}, index="books").json()["errors"] is False
    reply = bulk({"update": {"_id": "1"}}, {"doc": {"n": 2}, "_source": 5}, {"index": {}}, {"n": 3}, index="books")
    assert [(status, told) for _, status, told in results(reply)] == [(400, "parsing_exception"), (201, "created")]
    assert indices.post("/books/_update/1", json={"doc": {"n": 2}, "_source": 5}).status_code == 400
    assert indices.get("/books/_source/1").json() == {"n": 1}


@pytest.mark.parametrize(("depth", "status"), [(200, 201), (201, 400), (254, 400)])
def test_a_document_is_no_deeper_than_answers_can_show(
    bulk: Bulk, indices: httpx.Client, depth: int, status: int
) -> None:
    indices.put("/books", json={"mappings": {"dynamic": False}})
    deep: dict[str, Any] = {}
    for _ in range(depth - 1):
        deep = {"a": deep}
    reply = bulk({"index": {"_id": "1"}}, deep, {"index": {"_id": "2"}}, {}, index="books", refresh=True)
    assert [code for _, code, _ in results(reply)] == [status, 201]
    reply = bulk({"update": {"_id": "1", "_source": True}}, {"doc": {"n": 1}}, index="books")
    assert [code for _, code, _ in results(reply)] == [200 if status == 201 else 404]
    read = (
        indices.get("/books/_doc/1"),
        indices.post("/books/_mget", json={"ids": ["1", "2"]}),
        indices.post("/_msearch", content=b'{"index":"books"}\n{}\n', headers={"Content-Type": "application/json"}),
    )
    assert [reply.status_code for reply in read] == [200 if status == 201 else 404, 200, 200]


def test_an_item_names_the_templates_of_its_new_fields(bulk: Bulk, indices: httpx.Client) -> None:
    templates = [
        {"place": {"mapping": {"type": "geo_point"}}},
        {"word": {"mapping": {"type": "keyword"}}},
    ]
    indices.put("/books", json={"mappings": {"dynamic_templates": templates}})
    named = {"dynamic_templates": {"home": "place", "made.at": "word"}}
    books = {"home": {"lat": 41.12, "lon": -71.34}, "made": {"at": "oslo"}, "other": "x"}
    reply = bulk({"index": {"_id": "1", **named}}, books, {"index": {"_id": "2"}}, {"free": "text"}, index="books")
    assert [status for _, status, _ in results(reply)] == [201, 201]
    fields = indices.get("/books/_mapping").json()["books"]["mappings"]["properties"]
    assert (fields["home"]["type"], fields["made"]["properties"]["at"]["type"]) == ("geo_point", "keyword")
    assert (fields["other"]["type"], fields["free"]["type"]) == ("text", "text")
    missing = {"index": {"dynamic_templates": {"a": "t"}}}
    reply = bulk(missing, {"a": 1}, {"index": {}}, {"b": 1}, index="books")
    assert [status for _, status, _ in results(reply)] == [400, 201]
    assert "Can't find dynamic template for dynamic template name [t] of field [a]" in reply.text
    wrong = bulk({"index": {"dynamic_templates": {"a": 1}}}, {"a": 1}, index="books")
    assert wrong.status_code == 400, wrong.text


def test_gzipped_lines_are_unpacked(indices: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    body = gzip.compress(b'{"index":{"_id":"1"}}\n{"a":1}\n')
    assert indices.put("/books/_bulk", content=body, headers=headers).json()["errors"] is False


def test_the_first_vector_says_how_long_those_after_it_are(bulk: Bulk, indices: httpx.Client) -> None:
    indices.put("/v", json={"mappings": {"properties": {"v": {"type": "dense_vector"}}}})
    lines = [{"index": {"_id": "1"}}, {"v": [1, 2]}, {"index": {"_id": "2"}}, {"v": [1, 2, 3]}]
    first, second = (item["index"] for item in bulk(*lines, index="v", refresh=True).json()["items"])
    assert (first["status"], second["status"]) == (201, 400)
    assert "different number of dimensions [3]" in second["error"]["caused_by"]["reason"]
    assert indices.get("/v/_mapping").json()["v"]["mappings"]["properties"]["v"]["dims"] == 2


def test_a_vector_in_base64_is_shown_as_numbers(bulk: Bulk, indices: httpx.Client) -> None:
    inner = {"properties": {"v": {"type": "dense_vector", "similarity": "l2_norm"}}}
    indices.put("/v", json={"mappings": {"properties": {"o": inner}}})
    assert bulk({"index": {"_id": "1"}}, {"o": {"v": "P4AAAD+ZmZo="}, "n": 1}, index="v").json()["errors"] is False
    shown = indices.get("/v/_source/1?_source_exclude_vectors=false").json()
    assert shown == {"o": {"v": [1.0, 1.2]}, "n": 1}
    indices.post("/v/_update/1?refresh=true", json={"doc": {"n": 2}})
    near = {"field": "o.v", "query_vector": [1, 1.2], "k": 1}
    body = {"knn": near, "_source": {"exclude_vectors": False}}
    (hit,) = indices.post("/v/_search", json=body).json()["hits"]["hits"]
    assert (hit["_source"], hit["_score"]) == ({"o": {"v": [1.0, 1.2]}, "n": 2}, 1.0)
