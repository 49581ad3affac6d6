"""`filter_path`, by example and against anything."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.api.filter_path import FilterPath

BODY = {"took": 3, "hits": {"total": 2, "hits": [{"_id": "1", "_source": {"a": 1, "b": 2}}, {"_id": "2"}]}}


def apply(body: object, filters: str) -> object:
    return FilterPath.parse(filters).apply(body)


def test_names_lead_to_parts() -> None:
    assert apply(BODY, "took") == {"took": 3}
    assert apply(BODY, "hits.total,took") == {"took": 3, "hits": {"total": 2}}
    assert apply(BODY, "nothing") == {}


def test_lists_are_walked_through() -> None:
    assert apply(BODY, "hits.hits._id") == {"hits": {"hits": [{"_id": "1"}, {"_id": "2"}]}}


def test_stars_stand_for_names() -> None:
    assert apply(BODY, "hits.hits._so*.a") == {"hits": {"hits": [{"_source": {"a": 1}}]}}
    assert apply(BODY, "**._id") == {"hits": {"hits": [{"_id": "1"}, {"_id": "2"}]}}
    assert apply(BODY, "**") == BODY


def test_a_minus_takes_away() -> None:
    assert apply(BODY, "-hits") == {"took": 3}
    assert apply(BODY, "hits.hits,-**._source") == {"hits": {"hits": [{"_id": "1"}, {"_id": "2"}]}}


names = st.text("ab", min_size=1, max_size=2)
bodies = st.recursive(
    st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=10
)
patterns = st.lists(st.text("ab*.-", max_size=12), max_size=4).map(",".join)


def leaves(body: object, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if isinstance(body, dict):
        return {leaf for name, item in body.items() for leaf in leaves(item, (*path, name))}
    if isinstance(body, list):
        return {leaf for item in body for leaf in leaves(item, path)}
    return {path}


@settings(max_examples=500)
@given(st.dictionaries(names, bodies, max_size=3), patterns)
def test_nothing_is_added_and_nothing_fails(body: dict[str, object], filters: str) -> None:
    assert leaves(apply(body, filters)) <= leaves(body) | {()}


def test_many_stars_take_no_time() -> None:
    deep: dict[str, object] = {}
    for _ in range(60):
        deep = {"a" * 40: deep, "b": 1}
    assert apply(deep, ",".join(["**.a*a*a*a*a*a*b.**.c"] * 50)) == {}


def test_many_stars_take_no_long_time() -> None:
    names = {"a" * 200: 1, "b": 2}
    assert apply(names, "a*" * 30 + "b") == {}
    assert apply(names, "a*" * 30) == {"a" * 200: 1}


@pytest.mark.parametrize(("method", "path"), [("PUT", "/books/_doc/1"), ("PUT", "/books")])
def test_nothing_is_written_where_the_answer_could_not_be_filtered(
    indices: httpx.Client, method: str, path: str
) -> None:
    reply = indices.request(method, path, params={"filter_path": "a," * 101}, json={})
    assert reply.status_code == 400, reply.text
    assert reply.json()["error"]["reason"] == "[filter_path] has 101 patterns; at most 100 are allowed"
    assert indices.head("/books").status_code == 404


def test_errors_are_told_whole(indices: httpx.Client) -> None:
    wrong: dict[str, object] = {"query": {"nothing": {}}}
    indices.put("/books")
    for path, body, status, kind in (
        ("/books/_search", wrong, 400, "parsing_exception"),
        ("/none/_search", {}, 404, "index_not_found_exception"),
        ("/books/_none", {}, 400, "illegal_argument_exception"),
    ):
        reply = indices.post(path, params={"filter_path": "hits.total,-error"}, json=body)
        assert (reply.status_code, reply.json()["error"]["type"], reply.json()["status"]) == (status, kind, status)
    # What is not there is no error.
    assert indices.get("/books/_doc/1?filter_path=found").json() == {"found": False}
