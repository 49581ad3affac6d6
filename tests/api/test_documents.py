"""Single documents over HTTP."""

import json
from typing import Any

import httpx
import pytest


def error(reply: httpx.Response, status: int, kind: str) -> str:
    """The reason of an error of that status and type."""
    body = reply.json()
    assert (reply.status_code, body["status"], body["error"]["type"]) == (status, status, kind), body
    assert body["error"]["root_cause"][0]["type"]
    return str(body["error"]["reason"])


def test_a_document_is_written_read_replaced_and_deleted(indices: httpx.Client) -> None:
    made = indices.put("/books/_doc/1", json={"title": "Dune"})
    assert made.status_code == 201
    assert made.headers["location"] == "/books/_doc/1"
    assert made.json() == {
        "_index": "books",
        "_id": "1",
        "_version": 1,
        "result": "created",
        "_shards": {"total": 2, "successful": 1, "failed": 0},
        "_seq_no": 0,
        "_primary_term": 1,
    }
    again = indices.put("/books/_doc/1", json={"title": "Emma"})
    assert (again.status_code, again.json()["_version"], again.json()["result"]) == (200, 2, "updated")
    assert indices.get("/books/_doc/1").json() == {
        "_index": "books",
        "_id": "1",
        "_version": 2,
        "_seq_no": 1,
        "_primary_term": 1,
        "found": True,
        "_source": {"title": "Emma"},
    }
    assert indices.head("/books/_doc/1").status_code == 200
    assert indices.get("/books/_source/1").json() == {"title": "Emma"}
    gone = indices.delete("/books/_doc/1")
    assert (gone.status_code, gone.json()["result"], gone.json()["_version"]) == (200, "deleted", 3)
    missing = indices.get("/books/_doc/1")
    assert (missing.status_code, missing.json()) == (404, {"_index": "books", "_id": "1", "found": False})
    assert indices.head("/books/_doc/1").status_code == 404
    assert "Document not found [books]/[1]" in error(
        indices.get("/books/_source/1"), 404, "resource_not_found_exception"
    )
    assert indices.delete("/books/_doc/1").json()["result"] == "not_found"


def test_a_document_without_an_id_gets_one_and_each_another(indices: httpx.Client) -> None:
    ids = {indices.post("/books/_doc", json={"n": n}).json()["_id"] for n in range(5)}
    assert len(ids) == 5
    assert all(len(id) == 20 for id in ids)


@pytest.mark.parametrize("id", ["a/b", "é ü", "家", "https://example.org/?a=b#c", "%41", "x" * 512, "_id", "a,b*"])
def test_an_id_may_be_any_text(indices: httpx.Client, id: str) -> None:
    path = f"/books/_doc/{httpx.URL('http://x', params={'q': id}).query.decode()[2:].replace('+', '%20')}"
    assert indices.put(path, json={"a": 1}).json()["_id"] == id
    assert indices.get(path).json()["_id"] == id


def test_an_id_that_is_too_long_is_refused(indices: httpx.Client) -> None:
    assert "must be no longer than 512 bytes but was: 513" in error(
        indices.put(f"/books/_doc/{'x' * 513}", json={}), 400, "illegal_argument_exception"
    )


def test_create_refuses_what_is_there(indices: httpx.Client) -> None:
    assert indices.put("/books/_create/1", json={"a": 1}).status_code == 201
    for reply in (
        indices.put("/books/_create/1", json={"a": 2}),
        indices.put("/books/_doc/1?op_type=create", json={"a": 2}),
        indices.post("/books/_create/1", json={"a": 2}),
    ):
        reason = error(reply, 409, "version_conflict_engine_exception")
        assert reason == "[1]: version conflict, document already exists (current version [1])"
    assert indices.get("/books/_source/1").json() == {"a": 1}


def test_a_write_may_depend_on_the_state_that_was_read(indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": 1})
    assert indices.put("/books/_doc/1?if_seq_no=0&if_primary_term=1", json={"a": 2}).status_code == 200
    late = indices.put("/books/_doc/1?if_seq_no=0&if_primary_term=1", json={"a": 3})
    assert error(late, 409, "version_conflict_engine_exception") == (
        "[1]: version conflict, required seqNo [0], primary term [1]. current document has seqNo [1] and primary term "
        "[1]"
    )
    assert late.json()["error"]["index"] == "books"
    none = indices.delete("/books/_doc/2?if_seq_no=0&if_primary_term=1")
    assert "but no document was found" in error(none, 409, "version_conflict_engine_exception")
    alone = indices.put("/books/_doc/1?if_seq_no=1", json={})
    assert "[if_primary_term] is missing" in error(alone, 400, "action_request_validation_exception")


def test_versions_may_be_counted_by_the_caller(indices: httpx.Client) -> None:
    put = "/books/_doc/1?version_type=external&version="
    assert indices.put(f"{put}5", json={"a": 5}).json()["_version"] == 5
    assert error(indices.put(f"{put}5", json={}), 409, "version_conflict_engine_exception").endswith(
        "current version [5] is higher or equal to the one provided [5]"
    )
    assert indices.put("/books/_doc/1?version_type=external_gte&version=5", json={}).status_code == 200
    assert indices.delete("/books/_doc/1?version_type=external&version=9").json()["_version"] == 9
    assert indices.put(f"{put}8", json={}).status_code == 409
    plain = indices.put("/books/_doc/1?version=3", json={})
    assert "internal versioning can not be used" in error(plain, 400, "action_request_validation_exception")


def test_a_version_that_cannot_be_counted_further_harms_no_other_write(indices: httpx.Client) -> None:
    most = (1 << 63) - 1
    lines = f'{{"index": {{"_id": "1", "version": {most}, "version_type": "external"}}}}\n{{"n": 1}}\n'
    lines += '{"index": {"_id": "1"}}\n{"n": 2}\n{"index": {"_id": "2"}}\n{"n": 3}\n'
    headers = {"Content-Type": "application/x-ndjson"}
    first, second, third = (
        item["index"] for item in indices.post("/books/_bulk", content=lines, headers=headers).json()["items"]
    )
    assert (first["_version"], second["status"], third["result"]) == (most, 400, "created")
    assert f"the highest [version] there is, [{most}]" in second["error"]["reason"]
    assert indices.get("/books/_doc/1").json()["_source"] == {"n": 1}


def test_the_first_vector_of_a_field_says_how_long_all_are(indices: httpx.Client) -> None:
    rooms = {"type": "nested", "properties": {"v": {"type": "dense_vector"}}}
    indices.put("/books", json={"mappings": {"properties": {"v": {"type": "dense_vector"}, "rooms": rooms}}})
    lines = '{"index": {"_id": "1"}}\n{"v": [1, 2], "rooms": [{"v": [3]}, {"v": [4]}]}\n'
    lines += '{"index": {"_id": "2"}}\n{"v": [1, 2, 3]}\n{"index": {"_id": "3"}}\n{"rooms": {"v": [1, 2]}}\n'
    headers = {"Content-Type": "application/x-ndjson"}
    reply = indices.post("/books/_bulk?refresh=true", content=lines, headers=headers).json()
    assert [item["index"]["status"] for item in reply["items"]] == [201, 400, 400]
    assert (
        "dimensions [3] than defined in the mapping [2]" in reply["items"][1]["index"]["error"]["caused_by"]["reason"]
    )
    fields = indices.get("/books/_mapping").json()["books"]["mappings"]["properties"]
    assert (fields["v"]["dims"], fields["rooms"]["properties"]["v"]["dims"]) == (2, 1)
    assert indices.get("/books/_count").json()["count"] == 1


def test_an_update_merges_objects_and_replaces_the_rest(indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": {"b": 1, "c": [1, 2]}, "d": 1})
    reply = indices.post("/books/_update/1?_source=true", json={"doc": {"a": {"c": [3]}, "e": None}})
    assert reply.json()["get"]["_source"] == {"a": {"b": 1, "c": [3]}, "d": 1, "e": None}
    again = indices.post("/books/_update/1", json={"doc": {"d": 1}}).json()
    assert (again["result"], again["_version"], again["_seq_no"]) == ("noop", 2, 1)
    forced = indices.post("/books/_update/1", json={"doc": {"d": 1}, "detect_noop": False}).json()
    assert forced["result"] == "updated"


def test_an_update_that_changes_a_value_s_type_alone_is_no_noop(indices: httpx.Client) -> None:
    indices.put("/books", json={"mappings": {"dynamic": False}})
    indices.put("/books/_doc/1", json={"a": {"b": [1, 0]}})
    for value in ([True, 0], [True, False], [1.0, False]):
        assert indices.post("/books/_update/1", json={"doc": {"a": {"b": value}}}).json()["result"] == "updated"
        assert repr(indices.get("/books/_source/1").json()["a"]["b"]) == repr(value)
        assert indices.post("/books/_update/1", json={"doc": {"a": {"b": value}}}).json()["result"] == "noop"


def test_an_update_may_say_in_its_body_what_it_depends_on(indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": 1})
    body = {"doc": {"a": 2}, "if_seq_no": 0, "if_primary_term": 1}
    assert indices.post("/books/_update/1", json=body).json()["result"] == "updated"
    assert indices.post("/books/_update/1", json=body).status_code == 409
    lines = f'{{"update": {{"_id": "1"}}}}\n{json.dumps(body)}\n'
    headers = {"Content-Type": "application/x-ndjson"}
    (item,) = indices.post("/books/_bulk", content=lines, headers=headers).json()["items"]
    assert item["update"]["status"] == 409
    wrong = indices.post("/books/_update/1", json={**body, "if_seq_no": "0"})
    assert (wrong.status_code, "[if_seq_no] must be a whole number" in wrong.text) == (400, True)
    assert indices.get("/books/_source/1").json() == {"a": 2}


def test_an_update_of_nothing_is_refused_or_inserts(indices: httpx.Client) -> None:
    assert error(indices.post("/books/_update/1", json={"doc": {}}), 404, "document_missing_exception") == (
        "[1]: document missing"
    )
    assert indices.post("/books/_update/1", json={"doc": {"a": 1}, "doc_as_upsert": True}).status_code == 201
    script = {"source": "ctx._source.a += params.by", "params": {"by": 4}}
    assert indices.post("/books/_update/2", json={"script": script, "upsert": {"a": 0}}).status_code == 201
    assert indices.post("/books/_update/2", json={"script": script, "upsert": {"a": 0}}).status_code == 200
    assert indices.get("/books/_source/2").json() == {"a": 4}
    body = {"script": script, "upsert": {"a": 1}, "scripted_upsert": True}
    assert indices.post("/books/_update/3", json=body).json()["result"] == "created"
    assert indices.get("/books/_source/3").json() == {"a": 5}


def test_a_script_may_leave_or_delete_the_document(indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": 1})
    assert indices.post("/books/_update/1", json={"script": "ctx.op = 'none'"}).json()["result"] == "noop"
    assert indices.post("/books/_update/1", json={"script": "ctx.op = 'delete'"}).json()["result"] == "deleted"
    assert indices.get("/books/_doc/1").status_code == 404


def test_a_script_may_leave_it_at_no_document(indices: httpx.Client) -> None:
    body = {"script": "ctx.op = 'none'", "scripted_upsert": True, "upsert": {"n": 1}}
    reply = indices.post("/books/_update/1", json=body)
    assert (reply.status_code, reply.json()["result"]) == (200, "noop")
    assert indices.get("/books/_doc/1").status_code == 404
    assert indices.put("/books/_doc/1", json={}).json()["_version"] == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "script or doc is missing"),
        ({"doc": {}, "script": "1"}, "can't provide both script and doc"),
        ({"doc": 5}, "[doc] must be an object, not [5]"),
        ({"doc": {}, "dox": 1}, "[dox] is no field of an update"),
    ],
)
def test_an_update_that_cannot_be_is_refused(indices: httpx.Client, body: dict[str, Any], told: str) -> None:
    assert told in error(indices.post("/books/_update/1", json=body), 400, "action_request_validation_exception")


@pytest.mark.parametrize(
    "script", [{"source": "ctx._source.a.b.c = ("}, {"source": "ctx._source = 5"}, {"id": "x", "lang": "painless"}, 7]
)
def test_a_script_that_cannot_be_is_refused(indices: httpx.Client, script: object) -> None:
    indices.put("/books/_doc/1", json={"a": 1})
    assert indices.post("/books/_update/1", json={"script": script}).status_code == 400
    assert indices.get("/books/_source/1").json() == {"a": 1}


def test_only_the_wanted_parts_of_the_source_are_shown(indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": {"b": 1, "c": 2}, "d": 3})
    shown = {
        "_source=a.b": {"a": {"b": 1}},
        "_source_includes=a": {"a": {"b": 1, "c": 2}},
        "_source_excludes=a.*": {"a": {}, "d": 3},
        "_source_includes=a,d&_source_excludes=*.c": {"a": {"b": 1}, "d": 3},
    }
    for params, source in shown.items():
        assert indices.get(f"/books/_doc/1?{params}").json()["_source"] == source
    assert "_source" not in indices.get("/books/_doc/1?_source=false").json()


def test_what_a_mapping_says_of_the_source_is_kept_and_not_shown(indices: httpx.Client) -> None:
    indices.put("/a", json={"mappings": {"_source": {"excludes": ["tokens"]}}})
    indices.put("/a/_doc/1", json={"text": "x", "tokens": {"x": 1}})
    assert indices.get("/a/_doc/1").json()["_source"] == {"text": "x"}
    indices.put("/b", json={"mappings": {"_source": {"enabled": False}}})
    indices.put("/b/_doc/1", json={"text": "x"})
    assert "_source" not in indices.get("/b/_doc/1").json()
    assert indices.get("/b/_source/1").status_code == 404


def test_several_documents_are_read_at_once(indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": 1, "b": 2})
    indices.put("/others/_doc/2", json={"a": 2}, params={"routing": "r"})
    body = {
        "docs": [
            {"_index": "books", "_id": "1", "_source": ["b"]},
            {"_index": "others", "_id": 2},
            {"_index": "books", "_id": "9"},
            {"_index": "nowhere", "_id": "1"},
        ]
    }
    one, two, missing, nowhere = indices.post("/_mget", json=body).json()["docs"]
    assert (one["found"], one["_source"]) == (True, {"b": 2})
    assert (two["_routing"], two["_source"]) == ("r", {"a": 2})
    assert missing == {"_index": "books", "_id": "9", "found": False}
    assert nowhere["error"]["type"] == "index_not_found_exception"
    found = indices.post("/books/_mget", json={"ids": ["1", "2"]}).json()["docs"]
    assert [each["found"] for each in found] == [True, False]
    assert "no documents to get" in error(
        indices.post("/_mget", json={"docs": []}), 400, "action_request_validation_exception"
    )
    assert "index is missing for doc 0" in error(
        indices.post("/_mget", json={"ids": ["1"]}), 400, "action_request_validation_exception"
    )


def test_names_that_begin_with_an_underscore_are_no_indices(indices: httpx.Client) -> None:
    for reply in (indices.get("/_nothing"), indices.put("/_nothing"), indices.put("/_nothing/_doc/1", json={})):
        assert "must not start with '_'" in error(reply, 400, "invalid_index_name_exception")


def test_a_document_is_an_object_of_values_that_fit(indices: httpx.Client) -> None:
    indices.put("/books", json={"mappings": {"properties": {"n": {"type": "long"}}}})
    reply = indices.put("/books/_doc/1", json={"n": "many"})
    assert error(reply, 400, "document_parsing_exception").endswith(
        "failed to parse field [n] of type [long] in document with id '1'. Preview of field's value: 'many'"
    )
    assert reply.json()["error"]["caused_by"]["reason"] == 'For input string: "many"'
    error(
        indices.put("/books/_doc/1", content=b"[1]", headers={"Content-Type": "application/json"}),
        400,
        "x_content_parse_exception",
    )
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    reply = indices.put("/deep/_doc/1", content=deep, headers={"Content-Type": "application/json"})
    assert "exceeds the limit" in error(reply, 400, "document_parsing_exception")
    lists = b'{"a":' + b"[" * 900 + b"1" + b"]" * 900 + b"}"
    reply = indices.put("/deep/_doc/1", content=lists, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400


def test_a_routing_is_kept_and_may_be_required(indices: httpx.Client) -> None:
    indices.put("/books", json={"mappings": {"_routing": {"required": True}}})
    assert error(indices.put("/books/_doc/1", json={}), 400, "routing_missing_exception") == (
        "routing is required for [books]/[1]"
    )
    indices.put("/books/_doc/1?routing=here", json={})
    assert indices.get("/books/_doc/1?routing=here").json()["_routing"] == "here"


def test_the_address_of_a_new_document_is_one_whatever_its_id(indices: httpx.Client) -> None:
    made = indices.put("/books/_doc/a%00%2F%20%C3%A9", json={})
    assert (made.status_code, made.headers["location"]) == (201, "/books/_doc/a%00%2F%20%C3%A9")
    assert indices.get(made.headers["location"]).json()["_id"] == "a\0/ é"


@pytest.mark.parametrize(
    ("settings", "total"),
    [({}, 2), ({"number_of_replicas": 0}, 1), ({"number_of_replicas": "3"}, 4), ({"auto_expand_replicas": "0-1"}, 1)],
)
def test_a_write_tells_how_many_copies_were_asked_for(
    indices: httpx.Client, settings: dict[str, object], total: int
) -> None:
    indices.put("/copied", json={"settings": settings})
    one = indices.put("/copied/_doc/1", json={"n": 1})
    assert one.json()["_shards"] == {"total": total, "successful": 1, "failed": 0}
    lines = '{"index": {}}\n{"n": 1}\n'
    (item,) = indices.post("/copied/_bulk", content=lines, headers={"Content-Type": "application/x-ndjson"}).json()[
        "items"
    ]
    assert item["index"]["_shards"] == one.json()["_shards"]
    assert indices.put("/copied/_settings", json={"number_of_replicas": -1}).status_code == 400
    assert indices.put("/copied/_settings", json={"number_of_replicas": None}).is_success
