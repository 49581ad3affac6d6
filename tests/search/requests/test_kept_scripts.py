"""Scripts that are kept by id, and what can be done with them."""

from collections.abc import Iterator
from typing import Any

import pytest

from homes import Search

TWICE = {"script": {"lang": "painless", "source": "doc['rate'].value * params.times"}}


@pytest.fixture
def kept(search: Search) -> Iterator[Search]:
    assert search.http.put("/_scripts/twice", json=TWICE).json() == {"acknowledged": True}
    yield search
    search.http.delete("/_scripts/twice")


def test_a_script_is_kept_and_shown(kept: Search) -> None:
    assert kept.http.get("/_scripts/twice").json() == {"_id": "twice", "found": True, **TWICE}
    wrong = {"script": {"lang": "painless", "source": "params.a +"}}
    assert kept.http.put("/_scripts/wrong", json=wrong).json()["error"]["type"] == "script_exception"
    assert kept.http.get("/_scripts/wrong").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"script_score": {"query": {"match_all": {}}, "script": "SCRIPT"}}},
        {"query": {"function_score": {"script_score": {"script": "SCRIPT"}, "boost_mode": "replace"}}},
        {"sort": [{"_script": {"type": "number", "script": "SCRIPT"}}, "_doc"], "track_scores": True},
        {"script_fields": {"twice": {"script": "SCRIPT"}}},
    ],
)
def test_it_does_in_a_search_what_its_source_would_do(kept: Search, body: dict[str, Any]) -> None:
    def asked(script: dict[str, Any], given: Any = body) -> Any:  # noqa: ANN401
        if isinstance(given, dict):
            return {name: asked(script, each) for name, each in given.items()}
        if isinstance(given, list):
            return [asked(script, each) for each in given]
        return script if given == "SCRIPT" else given

    params = {"params": {"times": 2}}
    found = kept(**asked({"id": "twice", **params}))["hits"]
    assert found == kept(**asked({"source": TWICE["script"]["source"], **params}))["hits"]
    assert found["hits"]
    missing = kept.error(status=404, **asked({"id": "nothing"}))
    assert missing["reason"] == "unable to find script [nothing] in cluster state"


def test_it_changes_what_searches_do_when_it_changes(kept: Search) -> None:
    query = {"script_score": {"query": {"match_all": {}}, "script": {"id": "twice", "params": {"times": 1}}}}
    before = kept(query=query)["hits"]["max_score"]
    kept.http.put("/_scripts/twice", json={"script": {"lang": "painless", "source": "7 * params.times"}})
    assert kept(query=query)["hits"]["max_score"] == 7.0 != before


def test_a_template_is_no_script_to_run(search: Search) -> None:
    search.http.put("/_scripts/template", json={"script": {"lang": "mustache", "source": "{}"}})
    wrong = search.error(script_fields={"a": {"script": {"id": "template"}}})
    assert "of lang [mustache]" in wrong["reason"]
    search.http.delete("/_scripts/template")


def test_a_script_is_tried_without_a_document(kept: Search) -> None:
    script = {"source": "params.count / params.total", "params": {"count": 100.0, "total": 1000.0}}
    assert kept.http.post("/_scripts/painless/_execute", json={"script": script}).json() == {"result": "0.1"}
    failed = kept.http.post("/_scripts/painless/_execute", json={"script": "params.count.nothing()"})
    assert (failed.status_code, failed.json()["error"]["type"]) == (400, "script_exception")
    other = kept.http.post("/_scripts/painless/_execute", json={"script": "1", "context": "update"})
    assert "unsupported script context name [update]" in other.json()["error"]["reason"]


@pytest.mark.parametrize(
    ("context", "source", "wanted"),
    [
        ("filter", "doc['rate'].value > params.most", True),
        ("score", "doc['rate'].value * params.most + _score", 9.0),
        ("long_field", "emit((long) doc['rate'].value); emit(1)", [4, 1]),
        ("double_field", "emit(doc['rate'].value / 8)", [0.5]),
        ("keyword_field", "emit(params._source['title'].toUpperCase())", ["A HOUSE"]),
        ("boolean_field", "emit(doc['city'].value == 'oslo')", [True]),
        ("date_field", "emit(doc['built'].value.toInstant().toEpochMilli() + 1)", ["2020-01-01T00:00:00.001Z"]),
        ("geo_point_field", "emit(1.5, 2.5)", [{"coordinates": [2.5, 1.5], "type": "Point"}]),
        ("ip_field", "emit('10.0.0.1')", ["10.0.0.1"]),
    ],
)
def test_a_script_is_tried_on_a_document(kept: Search, context: str, source: str, wanted: object) -> None:
    document = {"rate": 4.0, "title": "a house", "city": "oslo", "built": "2020-01-01"}
    setup = {"index": "houses", "document": document}
    body = {"script": {"source": source, "params": {"most": 2}}, "context": context, "context_setup": setup}
    before = kept.http.get("/houses/_mapping").json()
    reply = kept.http.post("/_scripts/painless/_execute", json=body)
    assert reply.json() == {"result": wanted}, reply.text
    assert kept.http.get("/houses/_mapping").json() == before


def test_a_script_that_is_tried_sees_the_score_of_a_query(kept: Search) -> None:
    query = {"constant_score": {"filter": {"term": {"city": "oslo"}}, "boost": 3}}
    setup = {"index": "houses", "document": {"city": "oslo"}, "query": query}
    body: dict[str, Any] = {"script": "_score", "context": "score", "context_setup": setup}
    assert kept.http.post("/_scripts/painless/_execute", json=body).json() == {"result": 3.0}
    for wrong, reason in (
        ({"context": "filter"}, "must give a boolean"),
        ({"context": "filter", "context_setup": {"index": "houses"}}, "needs an [index] and a [document]"),
        ({"context_setup": {**setup, "document": {"rate": "x"}}}, "failed to parse"),
        ({"context": "long_field", "script": "emit('x')"}, "For input string"),
    ):
        reply = kept.http.post("/_scripts/painless/_execute", json={**body, "script": "1", **wrong})
        assert (reply.status_code, reason in reply.text) == (400, True), reply.text
    gone = kept.http.post("/_scripts/painless/_execute", json={**body, "context_setup": {**setup, "index": "gone"}})
    assert gone.status_code == 404
