"""Searches made of mustache templates."""

import json
from typing import Any

import pytest

from homes import Search

TEMPLATE = {"query": {"match": {"title": "{{text}}"}}, "size": "{{size}}{{^size}}2{{/size}}"}


def ask(search: Search, path: str, body: dict[str, Any], status: int = 200, method: str = "POST") -> Any:  # noqa: ANN401
    reply = search.http.request(method, path, json=body)
    assert reply.status_code == status, reply.text
    return reply.json()


def test_a_template_is_kept_searched_with_and_forgotten(search: Search) -> None:
    script = {"lang": "mustache", "source": TEMPLATE, "params": {"text": "of the search, not of the template"}}
    ask(search, "/_scripts/by-title", {"script": script}, method="PUT")
    kept = search.http.get("/_scripts/by-title").json()
    assert (kept["found"], kept["script"]["lang"]) == (True, "mustache")
    assert json.loads(kept["script"]["source"]) == TEMPLATE
    found = ask(search, "/houses/_search/template", {"id": "by-title", "params": {"text": "sea"}})
    assert [hit["_id"] for hit in found["hits"]["hits"]] == search.ids(query={"match": {"title": "sea"}}, size=2)
    rendered = ask(search, "/_render/template/by-title", {"params": {"text": 'a "sea"', "size": 5}})
    assert rendered == {"template_output": {"query": {"match": {"title": 'a "sea"'}}, "size": "5"}}
    assert search.http.delete("/_scripts/by-title").json() == {"acknowledged": True}
    assert search.http.get("/_scripts/by-title").status_code == 404
    error = ask(search, "/houses/_search/template", {"id": "by-title"}, 404)["error"]
    assert error["reason"] == "unable to find script [by-title] in cluster state"


def test_the_functions_of_templates(search: Search) -> None:
    source = (
        '{"query": {"terms": {"city": {{#toJson}}cities{{/toJson}} } }'
        '{{#limit}}, "size": {{limit}}{{/limit}}, "stats": ["{{#join}}cities{{/join}}", "{{#url}}{{link}}{{/url}}"]}'
    )
    params = {"cities": ["rome", "oslo"], "link": "http://a b?", "limit": 3}
    made = ask(search, "/_render/template", {"source": source, "params": params})["template_output"]
    assert made["query"] == {"terms": {"city": ["rome", "oslo"]}}
    assert (made["size"], made["stats"]) == (3, ["rome,oslo", "http%3A%2F%2Fa+b%3F"])
    del params["limit"]
    assert "size" not in ask(search, "/_render/template", {"source": source, "params": params})["template_output"]


def test_several_searches_of_templates_of_which_one_fails(search: Search) -> None:
    lines = [{"index": "houses"}, {"source": TEMPLATE, "params": {"text": "sea"}}, {}, {"id": "nothing"}]
    content = "".join(f"{json.dumps(line)}\n" for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    first, second = search.http.post("/_msearch/template", content=content, headers=headers).json()["responses"]
    assert (first["status"], len(first["hits"]["hits"])) == (200, 2)
    assert (second["status"], second["error"]["type"]) == (404, "resource_not_found_exception")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "template is missing"),
        ({"source": '{"query":'}, "the template gives what is not JSON"),
        ({"source": "{{#a}}"}, "the section [a] of a template is not closed"),
        ({"source": "[]"}, "the template must give a JSON object"),
        ({"source": TEMPLATE, "params": 1}, "[params] must be an object"),
        ({"source": TEMPLATE, "lang": "painless"}, "[lang] of a search template must be [mustache]"),
        ({"source": TEMPLATE, "colour": 1}, "[search_template] unknown field [colour]"),
        ({"source": '{"colour": 1}'}, "Unknown key for a VALUE_NUMBER in [colour]."),
    ],
)
def test_what_is_wrong_with_a_template_is_told(search: Search, body: dict[str, Any], reason: str) -> None:
    assert reason in ask(search, "/houses/_search/template", body, 400)["error"]["reason"]


def test_only_painless_and_mustache_are_kept(search: Search) -> None:
    error = ask(search, "/_scripts/x", {"script": {"lang": "expression", "source": "1"}}, 400, "PUT")["error"]
    assert "[lang] must be [painless] or [mustache]" in error["reason"]
