"""`stored_fields`: what is mapped with `store` is told in place of the document."""

from typing import Any

import httpx
import pytest

KEPT = {"title": ["Moby"], "tags": ["b", "a"], "published": ["1851-10-18T00:00:00.000Z"]}


@pytest.fixture
def shelf(indices: httpx.Client) -> httpx.Client:
    fields: dict[str, Any] = {
        "title": {"type": "text", "store": True, "fields": {"raw": {"type": "keyword", "store": True}}},
        "tags": {"type": "keyword", "store": True},
        "published": {"type": "date", "store": True},
        "pages": {"type": "integer"},
        "notes": {"type": "nested", "properties": {"by": {"type": "keyword", "store": True}}},
    }
    indices.put("/shelf", json={"mappings": {"properties": fields}}).raise_for_status()
    book = {"title": "Moby", "tags": ["b", "a"], "published": "1851-10-18", "pages": 3, "notes": [{"by": "x"}]}
    indices.put("/shelf/_doc/1?refresh=true", json=book).raise_for_status()
    return indices


def test_hits_tell_stored_fields_and_no_document(shelf: httpx.Client) -> None:
    def hit(**body: Any) -> dict[str, Any]:  # noqa: ANN401
        (found,) = shelf.post("/shelf/_search", json=body).json()["hits"]["hits"]
        assert isinstance(found, dict)
        return found

    found = hit(stored_fields=["title", "tags", "published", "pages", "notes.by", "nowhere"])
    assert found["fields"] == KEPT
    assert "_source" not in found
    assert hit(stored_fields="tag*")["fields"] == {"tags": ["b", "a"]}
    assert hit(stored_fields=["title.raw"])["fields"] == {"title.raw": ["Moby"]}
    assert "fields" not in hit(stored_fields=["pages"])
    both = hit(stored_fields=["_source", "tags"])
    assert (both["_source"]["pages"], both["fields"]) == (3, {"tags": ["b", "a"]})
    found = hit(stored_fields=["tags"], fields=["pages"], docvalue_fields=["tags"])
    assert found["fields"] == {"tags": ["b", "a"], "pages": [3]}
    top = {"top": {"top_hits": {"stored_fields": ["tags"]}}}
    answer = shelf.post("/shelf/_search", json={"size": 0, "aggs": top}).json()
    assert answer["aggregations"]["top"]["hits"]["hits"][0]["fields"] == {"tags": ["b", "a"]}


def test_urls_ask_for_stored_fields_too(shelf: httpx.Client) -> None:
    (found,) = shelf.get("/shelf/_search?stored_fields=tags,title&_source=false").json()["hits"]["hits"]
    assert found["fields"] == {"title": ["Moby"], "tags": ["b", "a"]}


def test_a_document_is_told_by_its_stored_fields(shelf: httpx.Client) -> None:
    found = shelf.get("/shelf/_doc/1?stored_fields=title,tags,published,pages").json()
    assert found["fields"] == KEPT
    assert (found["found"], "_source" in found) == (True, False)
    assert shelf.get("/shelf/_doc/1?stored_fields=tags&_source=true").json()["_source"]["pages"] == 3
    assert shelf.get("/shelf/_doc/1?stored_fields=_source,tags").json()["_source"]["pages"] == 3
    docs = [{"_id": "1"}, {"_id": "1", "stored_fields": "title"}, {"_id": "1", "stored_fields": ["_source"]}]
    first, second, third = shelf.post("/shelf/_mget?stored_fields=tags", json={"docs": docs}).json()["docs"]
    assert (first["fields"], second["fields"]) == ({"tags": ["b", "a"]}, {"title": ["Moby"]})
    assert ("_source" in first, "fields" in third, third["_source"]["pages"]) == (False, False, 3)


@pytest.mark.parametrize("bad", [[1], {"a": 1}, [["tags"]], [None]])
def test_what_is_no_name_is_refused(shelf: httpx.Client, bad: Any) -> None:  # noqa: ANN401
    assert shelf.post("/shelf/_search", json={"stored_fields": bad}).status_code == 400
    assert shelf.post("/shelf/_mget", json={"docs": [{"_id": "1", "stored_fields": bad}]}).status_code == 400
