"""Search applications: indices under one name, searched by a template with parameters."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

PATH = "/_application/search_application"
SCRIPT = {
    "lang": "mustache",
    "source": {"query": {"bool": {"must": [{"match": {"{{field}}": "{{text}}"}}]}}, "size": "{{size}}"},
    "params": {"field": "title", "size": 5},
}
BODY: dict[str, Any] = {
    "indices": ["novels", "plays"],
    "template": {
        "script": SCRIPT,
        "dictionary": {
            "properties": {"text": {"type": "string", "maxLength": 40}, "field": {"enum": ["title", "author"]}},
            "required": ["text"],
            "additionalProperties": False,
        },
    },
}


@pytest.fixture
def shelves(indices: httpx.Client) -> Iterator[httpx.Client]:
    for name, title, author in (
        ("novels", "The whale", "Melville"),
        ("plays", "The tempest and the whale", "Shakespeare"),
    ):
        assert indices.put(f"/{name}").is_success
        assert indices.put(f"/{name}/_doc/1?refresh=true", json={"title": title, "author": author}).is_success
    yield indices
    indices.delete(f"{PATH}/books")


def found(http: httpx.Client, **params: object) -> list[str]:
    reply = http.post(f"{PATH}/books/_search", json={"params": params})
    assert reply.is_success, reply.text
    return sorted(hit["_index"] for hit in reply.json()["hits"]["hits"])


def test_an_application_is_searched_by_its_template_with_parameters(shelves: httpx.Client) -> None:
    made = shelves.put(f"{PATH}/books", json=BODY)
    assert (made.status_code, made.json()) == (201, {"result": "created"})
    assert found(shelves, text="whale") == ["novels", "plays"]
    assert found(shelves, text="shakespeare", field="author") == ["plays"]
    total = {"rest_total_hits_as_int": "true"}
    assert shelves.post("/books/_search", params=total).json()["hits"]["total"] == 2  # its name is an alias
    again = shelves.put(f"{PATH}/books", json={**BODY, "indices": ["plays"]})
    assert (again.status_code, again.json()) == (200, {"result": "updated"})
    assert found(shelves, text="whale") == ["plays"]


def test_it_is_told_listed_and_deleted_with_its_alias(shelves: httpx.Client) -> None:
    shelves.put(f"{PATH}/books", json=BODY)
    told = shelves.get(f"{PATH}/books").json()
    assert told.pop("updated_at_millis") > 0
    script = {**SCRIPT, "options": {"content_type": "application/json;charset=utf-8"}}
    assert told == {**BODY, "name": "books", "template": {**BODY["template"], "script": script}}
    for query, count in (("", 1), ("?q=bo*", 1), ("?q=shelf", 0), ("?q=shelf%20books&size=0", 1)):
        assert shelves.get(f"{PATH}{query}").json()["count"] == count, query
    assert shelves.put(f"{PATH}/books?create=true", json=BODY).status_code == 409
    assert shelves.delete(f"{PATH}/books").json() == {"acknowledged": True}
    assert shelves.head("/_alias/books").status_code == 404
    assert shelves.head("/novels").status_code == 200
    for method, path in (
        ("GET", "books"),
        ("DELETE", "books"),
        ("POST", "books/_search"),
        ("POST", "books/_render_query"),
    ):
        assert shelves.request(method, f"{PATH}/{path}").status_code == 404, path


def test_rendering_tells_the_search_with_the_parts_of_queries_named(shelves: httpx.Client) -> None:
    shelves.put(f"{PATH}/books", json=BODY)
    told = shelves.post(f"{PATH}/books/_render_query", json={"params": {"text": "whale"}}).json()
    assert told["query"] == {"bool": {"must": [{"match": {"title": {"query": "whale"}}}]}}


def test_without_a_template_words_are_looked_for_in_all_fields(shelves: httpx.Client) -> None:
    shelves.put(f"{PATH}/books", json={"indices": ["novels", "plays"]})
    assert found(shelves) == ["novels", "plays"]
    assert found(shelves, query_string="melville") == ["novels"]
    assert found(shelves, query_string="melville", default_field="title") == []


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "1: $.text: is missing but it is required"),
        ({"text": 7}, "1: $.text: 7 found, [string] expected"),
        ({"text": "x" * 41}, "1: $.text: [maxLength] is 40, not 41"),
        ({"text": "a", "field": "isbn"}, "1: $.field: does not have a value in the enumeration [title, author]"),
        ({"text": "a", "year": 1}, "1: $.year: is not defined in the schema"),
    ],
)
def test_parameters_must_fit_the_dictionary(shelves: httpx.Client, params: dict[str, Any], told: str) -> None:
    shelves.put(f"{PATH}/books", json=BODY)
    reply = shelves.post(f"{PATH}/books/_search", json={"params": params})
    assert reply.status_code == 400, reply.text
    assert told in reply.json()["error"]["reason"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({}, 400, "[indices] is required"),
        ({"indices": ["missing"]}, 404, "no such index [missing]"),
        ({"indices": ["novels"], "rules": 1}, 400, "unknown field [rules]"),
        ({"indices": ["novels"], "template": {"script": {}}}, 400, "must have [source] or [id]"),
        ({"indices": ["novels"], "template": {"script": {"source": "{{#a}}"}}}, 400, "section"),
        ({"indices": ["novels"], "template": {"dictionary": {"pattern": "a"}}}, 400, "knows no [pattern]"),
        (
            {"indices": ["novels"], "template": {"dictionary": {"type": "text"}}},
            400,
            "[type] of [dictionary] cannot be",
        ),
    ],
)
def test_what_is_no_application_is_refused(shelves: httpx.Client, body: object, status: int, told: str) -> None:
    reply = shelves.put(f"{PATH}/books", json=body)
    assert reply.status_code == status, reply.text
    assert told in reply.json()["error"]["reason"]
    assert shelves.get(f"{PATH}/books").status_code == 404


def test_it_cannot_be_called_as_an_index_is(shelves: httpx.Client) -> None:
    reply = shelves.put(f"{PATH}/plays", json={"indices": ["novels"]})
    assert "an index or data stream exists with the same name" in reply.json()["error"]["reason"]
