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
    other = kept.http.post("/_scripts/painless/_execute", json={"script": "1", "context": "filter"})
    assert "unsupported script context name [filter]" in other.json()["error"]["reason"]
