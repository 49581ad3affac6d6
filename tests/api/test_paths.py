"""Paths are found part by part."""

import re

import httpx
import pytest

from connote.api.paths import Paths
from connote.api.server import ROUTES

PATHS = Paths(
    {path: path for path in ("/", "/{index}", "/_bulk", "/{index}/_doc/{id}", "/_cat/{x}/{y}", "/_all/_doc/1")}
)


@pytest.mark.parametrize(
    ("raw", "path", "values"),
    [
        ("/", "/", {}),
        ("/books", "/{index}", {"index": "books"}),
        ("/books/", "/{index}", {"index": "books"}),
        ("/_bulk", "/_bulk", {}),
        ("/%5Fbulk", "/_bulk", {}),
        ("/books/_doc/a%2Fb%20%C3%A9", "/{index}/_doc/{id}", {"index": "books", "id": "a/b é"}),
        ("/_all/_doc/1", "/_all/_doc/1", {}),
        ("/_all/_doc/2", "/{index}/_doc/{id}", {"index": "_all", "id": "2"}),
        ("/_cat/_doc/1", "/_cat/{x}/{y}", {"x": "_doc", "y": "1"}),
    ],
)
def test_a_part_that_is_named_goes_before_a_parameter(raw: str, path: str, values: dict[str, str]) -> None:
    assert next(PATHS.find(raw)) == (path, values)


@pytest.mark.parametrize("raw", ["/books/_doc", "/books/_doc/", "/books//_doc/1", "/a/b/c/d", "/_bulk/x"])
def test_what_is_not_there_is_not_found(raw: str) -> None:
    assert list(PATHS.find(raw)) == []


def test_what_fits_less_comes_after() -> None:
    assert [path for path, _ in PATHS.find("/_all/_doc/1")] == ["/_all/_doc/1", "/{index}/_doc/{id}"]
    assert [path for path, _ in PATHS.find("/_bulk")] == ["/_bulk", "/{index}"]


def test_an_index_may_be_called_like_a_route_of_another_method(indices: httpx.Client) -> None:
    assert indices.put("/embed").status_code == 200  # TEI has POST /embed
    assert indices.head("/embed").status_code == 200
    assert "embed" in indices.get("/embed").json()
    assert indices.delete("/embed").json() == {"acknowledged": True}
    assert "allowed: [DELETE, GET, HEAD, POST, PUT]" in indices.patch("/embed").json()["error"]["reason"]


def test_routes_that_differ_only_in_the_names_of_their_parameters_do_not_exist() -> None:
    shapes = {(re.sub(r"\{\w+\}", "{}", route.path), route.path) for route in ROUTES}
    assert len({shape for shape, _ in shapes}) == len(shapes)
