"""Another index with the same documents."""

import httpx
import pytest

MAPPING = {"properties": {"n": {"type": "long"}, "meaning": {"type": "semantic_text"}}}


@pytest.fixture
def books(indices: httpx.Client) -> httpx.Client:
    body = {"mappings": MAPPING, "settings": {"number_of_shards": 4, "refresh_interval": "5s"}, "aliases": {"b": {}}}
    assert indices.put("/books", json=body).is_success
    for id, text in (("1", "a house by the sea"), ("2", "a flat in town"), ("3", "gone")):
        indices.put(f"/books/_doc/{id}?routing=r", json={"n": int(id), "meaning": text})
    indices.put("/books/_doc/1?routing=r", json={"n": 7, "meaning": "a house by the sea"})
    indices.delete("/books/_doc/3?routing=r&refresh=true")
    return indices


def test_a_clone_has_the_documents_with_what_their_texts_became(books: httpx.Client) -> None:
    refused = books.post("/books/_clone/copy")
    assert (refused.status_code, "must block write operations" in refused.text) == (400, True)
    books.put("/books/_block/write")
    settings = {"index.blocks.write": None, "number_of_replicas": 2}
    made = books.put("/b/_clone/copy", json={"settings": settings, "aliases": {"c": {}}})
    assert made.json() == {"acknowledged": True, "shards_acknowledged": True, "index": "copy"}
    assert books.get("/copy/_count").json()["count"] == 2
    for id in ("1", "2"):
        one, other = (books.get(f"/{index}/_doc/{id}?routing=r").json() for index in ("books", "copy"))
        assert {**one, "_index": "copy"} == other
    query = {"query": {"semantic": {"field": "meaning", "query": "ocean view"}}}
    found = [
        [(hit["_id"], hit["_score"]) for hit in books.post(f"/{index}/_search", json=query).json()["hits"]["hits"]]
        for index in ("books", "copy")
    ]
    assert found[0] == found[1] != []
    shown = books.get("/copy").json()["copy"]
    assert (list(shown["aliases"]), shown["settings"]["index"]["number_of_replicas"]) == (["c"], "2")
    assert shown["mappings"] == books.get("/books").json()["books"]["mappings"]
    assert shown["settings"]["index"]["uuid"] != books.get("/books").json()["books"]["settings"]["index"]["uuid"]
    assert books.put("/copy/_doc/4", json={"n": 1}).status_code == 201
    assert books.get("/books/_doc/4").status_code == 404
    assert books.post("/books/_clone/copy").json()["error"]["type"] == "resource_already_exists_exception"


@pytest.mark.parametrize(
    ("how", "settings", "shards", "reason"),
    [
        ("shrink", {}, "1", None),
        ("shrink", {"index.number_of_shards": 2}, "2", None),
        ("shrink", {"index.number_of_shards": 3}, None, "the number of source shards [4] must be a multiple of [3]"),
        ("split", {"index": {"number_of_shards": 8}}, "8", None),
        ("split", {"index.number_of_shards": 6}, None, "the number of source shards [4] must be a factor of [6]"),
        ("split", {}, None, "index.number_of_shards is required for split operations"),
        ("split", {"index.number_of_shards": "many"}, None, "Failed to parse value [many]"),
        ("clone", {}, "4", None),
        ("clone", {"index.nonsense": 1}, None, "unknown setting [index.nonsense]"),
    ],
)
def test_an_index_may_be_of_fewer_or_more_shards(
    books: httpx.Client, how: str, settings: dict[str, object], shards: str | None, reason: str | None
) -> None:
    books.put("/books/_block/write")
    reply = books.post(f"/books/_{how}/other", json={"settings": settings})
    if reason is not None:
        assert (reply.status_code, reason in reply.text) == (400, True), reply.text
        assert books.head("/other").status_code == 404
        return
    assert reply.is_success, reply.text
    assert books.get("/other/_settings").json()["other"]["settings"]["index"]["number_of_shards"] == shards
    assert books.get("/other/_count").json()["count"] == 2
