"""Indices over HTTP: what they are made of, how they change, and what is told of them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

Bulk = Callable[..., httpx.Response]
TEXT = {"mappings": {"properties": {"title": {"type": "text"}, "n": {"type": "long"}}}}


def reason(reply: httpx.Response, status: int, kind: str) -> str:
    """The reason of an error of that status and type."""
    body = reply.json()
    assert (reply.status_code, body["status"], body["error"]["type"]) == (status, status, kind), body
    return str(body["error"]["reason"])


def count(http: httpx.Client, index: str) -> int:
    return int(http.get(f"/_cat/count/{index}?format=json").json()[0]["count"])


def test_a_date_in_an_index_s_name_is_of_today(indices: httpx.Client) -> None:
    name = "%3Cbooks-%7B2024-05-31%7C%7C%2FM%7Byyyy.MM%7D%7D%3E"  # <books-{2024-05-31||/M{yyyy.MM}}>
    assert indices.put(f"/{name}").json()["index"] == "books-2024.05"
    assert indices.put(f"/{name}/_doc/1", json={"n": 1}).json()["_index"] == "books-2024.05"
    assert list(indices.get(f"/{name},-x*").json()) == ["books-2024.05"]
    assert "invalid dynamic name expression" in reason(indices.get("/%3Cbooks-%7Bnow%3E"), 400, "parse_exception")


@pytest.mark.parametrize(("method", "path"), [("POST", "/_sql"), ("PATCH", "/_eql")])
def test_what_is_no_index_and_not_there_is_told_so(indices: httpx.Client, method: str, path: str) -> None:
    wanted = f"no handler found for uri [{path}] and method [{method}]"
    assert reason(indices.request(method, path), 400, "illegal_argument_exception") == wanted


def test_an_index_is_made_shown_and_deleted(indices: httpx.Client) -> None:
    body = TEXT | {"settings": {"number_of_replicas": 0, "index": {"refresh_interval": "5s"}}, "aliases": {"b": {}}}
    made = indices.put("/books", json=body)
    assert made.json() == {"acknowledged": True, "shards_acknowledged": True, "index": "books"}
    shown = indices.get("/books").json()["books"]
    assert shown["aliases"] == {"b": {}}
    assert shown["mappings"] == TEXT["mappings"]
    settings = shown["settings"]["index"]
    assert (settings["number_of_replicas"], settings["number_of_shards"], settings["refresh_interval"]) == (
        "0",
        "1",
        "5s",
    )
    assert settings["provided_name"] == "books"
    assert indices.get("/b").json() == indices.get("/books").json()
    assert [indices.head(path).status_code for path in ("/books", "/b", "/nope", "/books,nope")] == [200, 200, 404, 404]
    assert indices.delete("/books").json() == {"acknowledged": True}
    assert reason(indices.get("/books"), 404, "index_not_found_exception") == "no such index [books]"


def test_settings_tell_people_when_an_index_was_made(indices: httpx.Client) -> None:
    indices.put("/books")
    for path in ("/books", "/books/_settings"):
        told = indices.get(f"{path}?human").json()["books"]["settings"]["index"]
        made = datetime.fromisoformat(told["creation_date_string"]).timestamp() * 1000
        assert (round(made), told["version"]["created_string"]) == (int(told["creation_date"]), "9.5.0")
        assert "creation_date_string" not in indices.get(path).text


def test_an_index_is_made_once_and_its_name_is_checked(indices: httpx.Client) -> None:
    indices.put("/books", json={"aliases": {"b": {}}})
    assert "already exists" in reason(indices.put("/books"), 400, "resource_already_exists_exception")
    assert "already exists as alias" in reason(indices.put("/b"), 400, "invalid_index_name_exception")
    for name in ("Books", "-a", "a%20b", "a%2Cb", "a*", "x" * 256):
        assert "Invalid index name" in reason(indices.put(f"/{name}"), 400, "invalid_index_name_exception")


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        ({"mapping": {}}, "x_content_parse_exception", "unknown key [mapping] for create index"),
        ({"mappings": {"properties": {"a": {"type": "txt"}}}}, "mapper_parsing_exception", "No handler for type [txt]"),
        ({"mappings": {"a": {}}}, "mapper_parsing_exception", "unsupported parameters:  [a : {}]"),
        (
            {"mappings": {"properties": {"a": {"type": "text", "analyser": "x"}}}},
            "mapper_parsing_exception",
            "unknown parameter [analyser] on mapper [a] of type [text]",
        ),
        ({"settings": {"number_of_shard": 1}}, "illegal_argument_exception", "unknown setting [index.number_of_shard]"),
        ({"settings": {"number_of_shards": 0}}, "illegal_argument_exception", "must be >= 1"),
        ({"settings": {"number_of_replicas": -1}}, "illegal_argument_exception", "must be >= 0"),
        ({"settings": {"mapping.ignore_above": -1}}, "illegal_argument_exception", "must be >= 0"),
        (
            {"mappings": {"properties": {"a": {"type": "keyword", "ignore_above": -1}}}},
            "mapper_parsing_exception",
            "must be positive, got [-1]",
        ),
        (
            {"mappings": {"properties": {"a": {"type": "dense_vector", "element_type": "bit", "dims": 12}}}},
            "mapper_parsing_exception",
            "must be a multiple of 8, but was [12]",
        ),
        ({"settings": []}, "x_content_parse_exception", "[settings] must be an object"),
        ({"aliases": {"A": {}}}, "invalid_index_name_exception", "must be lowercase"),
        ({"aliases": {"a": {"filter": {"none": {}}}}}, "illegal_argument_exception", "filter for alias [a]"),
        (
            {"mappings": {"dynamic_templates": [{"t": {"match": "(", "match_pattern": "regex", "mapping": {}}}]}},
            "mapper_parsing_exception",
            "Pattern [(] of dynamic template [t] is invalid",
        ),
        (
            {"mappings": {"properties": {"o": {"type": "nested", "properties": {"s": {"type": "semantic_text"}}}}}},
            "mapper_parsing_exception",
            "semantic_text field [o.s] cannot be nested",
        ),
    ],
)
def test_what_cannot_be_is_refused_as_a_whole(indices: httpx.Client, body: Any, kind: str, told: str) -> None:  # noqa: ANN401
    assert told in reason(indices.put("/books", json=body), 400, kind)
    assert indices.head("/books").status_code == 404


def test_several_indices_are_not_deleted_by_accident(indices: httpx.Client) -> None:
    for name in ("a1", "a2"):
        indices.put(f"/{name}", json={"aliases": {"a": {}}})
    for expression in ("*", "_all", "a*", "b,_all", "*,-a1"):
        assert "Wildcard expressions" in reason(indices.delete(f"/{expression}"), 400, "illegal_argument_exception")
    assert "matches an alias" in reason(indices.delete("/a"), 400, "illegal_argument_exception")
    assert "no such index [b]" in reason(indices.delete("/a1,b"), 404, "index_not_found_exception")
    assert indices.delete("/*,-*").json() == {"acknowledged": True}  # which means none, and is how clients say so
    assert indices.head("/a1").status_code == 200
    allow = {"persistent": {"action.destructive_requires_name": False}}
    told = {"action": {"destructive_requires_name": "false"}}
    assert indices.put("/_cluster/settings", json=allow).json()["persistent"] == told
    try:
        indices.put("/behind", json={"aliases": {"a3": {}}})
        assert "matches an alias" in reason(indices.delete("/a1*,a3"), 400, "illegal_argument_exception")
        assert indices.delete("/a*").json() == {"acknowledged": True}
        assert indices.head("/behind").status_code == 200  # patterns mean no aliases here
        assert indices.head("/a1").status_code == 404
    finally:
        indices.put("/_cluster/settings", json={"persistent": {"action": {"destructive_requires_name": None}}})
    assert "Wildcard" in indices.delete("/a*").json()["error"]["reason"]


def test_fields_are_added_to_a_mapping_and_do_not_change_their_type(indices: httpx.Client) -> None:
    indices.put("/books", json=TEXT)
    indices.put("/more")
    assert indices.put("/books,more/_mapping", json={"properties": {"k": {"type": "keyword"}}}).json() == {
        "acknowledged": True
    }
    assert indices.get("/books/_mapping").json()["books"]["mappings"]["properties"]["k"] == {"type": "keyword"}
    assert indices.get("/more/_mapping").json() == {"more": {"mappings": {"properties": {"k": {"type": "keyword"}}}}}
    other = {"properties": {"title": {"type": "keyword"}, "z": {"type": "long"}}}
    told = reason(indices.put("/more,books/_mapping", json=other), 400, "illegal_argument_exception")
    assert told == "mapper [title] cannot be changed from type [text] to [keyword]"
    assert (
        "z" not in indices.get("/more/_mapping").json()["more"]["mappings"]["properties"]
    )  # none of them, if it fails for one
    found = indices.get("/books/_mapping/field/ti*,k").json()["books"]["mappings"]
    assert found == {
        "title": {"full_name": "title", "mapping": {"title": {"type": "text"}}},
        "k": {"full_name": "k", "mapping": {"k": {"type": "keyword"}}},
    }


def test_documents_add_fields_as_dynamic_says(indices: httpx.Client) -> None:
    indices.put(
        "/open/_doc/1", json={"s": "x", "n": 1, "f": 1.5, "b": True, "d": "2026-11-25", "o": {"k": [None, "v"]}}
    )
    text = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    assert indices.get("/open").json()["open"]["mappings"]["properties"] == {
        "s": text,
        "n": {"type": "long"},
        "f": {"type": "float"},
        "b": {"type": "boolean"},
        "d": {"type": "date"},
        "o": {"properties": {"k": text}},
    }
    indices.put("/strict", json={"mappings": {"dynamic": "strict", "properties": {"o": {"dynamic": True}}}})
    told = reason(indices.put("/strict/_doc/1", json={"x": 1}), 400, "strict_dynamic_mapping_exception")
    assert told == "[1:1] mapping set to strict, dynamic introduction of [x] within [_doc] is not allowed"
    assert indices.put("/strict/_doc/1", json={"o": {"x": 1}}).status_code == 201
    indices.put("/lazy", json={"mappings": {"dynamic": False}})
    indices.put("/lazy/_doc/1", json={"x": {"y": 1}})
    assert indices.get("/lazy").json()["lazy"]["mappings"] == {"dynamic": False}
    assert indices.get("/lazy/_source/1").json() == {"x": {"y": 1}}


def test_settings_change_while_an_index_is_open_or_only_while_it_is_closed(indices: httpx.Client) -> None:
    indices.put("/books")
    assert indices.put("/books/_settings", json={"index": {"refresh_interval": "-1"}}).json() == {"acknowledged": True}
    shown = indices.get("/books/_settings/index.refresh*?flat_settings").json()
    assert shown == {"books": {"settings": {"index.refresh_interval": "-1"}}}
    indices.put("/books/_settings?preserve_existing=true", json={"refresh_interval": "9s", "priority": 5})
    assert indices.get("/books/_settings/index.refresh_interval,index.priority?flat_settings").json() == {
        "books": {"settings": {"index.priority": "5", "index.refresh_interval": "-1"}}
    }
    indices.put("/books/_settings", json={"refresh_interval": None})
    assert indices.get("/books/_settings/index.refresh_interval").json() == {}
    analyzer = {"analysis": {"analyzer": {"shout": {"tokenizer": "standard", "filter": ["uppercase"]}}}}
    told = reason(indices.put("/books/_settings", json=analyzer), 400, "illegal_argument_exception")
    assert "Can't update non dynamic settings" in told
    indices.post("/books/_close")
    assert indices.put("/books/_settings", json=analyzer).status_code == 200
    assert "final index setting" in indices.put("/books/_settings", json={"number_of_shards": 3}).text
    indices.post("/books/_open")
    found = indices.post("/books/_analyze", json={"analyzer": "shout", "text": "hey"}).json()
    assert [token["token"] for token in found["tokens"]] == ["HEY"]


def test_a_closed_index_is_neither_read_nor_written(indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": 1})
    assert indices.post("/books/_close").json()["indices"] == {"books": {"closed": True}}
    for reply in (
        indices.get("/books/_doc/1"),
        indices.put("/books/_doc/1", json={}),
        indices.post("/books/_refresh"),
        indices.post("/books/_delete_by_query", json={"query": {"match_all": {}}}),
    ):
        assert reason(reply, 400, "index_closed_exception") == "closed"
    assert indices.get("/_cat/indices/books?format=json").json()[0]["status"] == "close"
    assert indices.get("/books").status_code == 200
    assert indices.post("/books/_open").json() == {"acknowledged": True, "shards_acknowledged": True}
    assert indices.get("/books/_source/1").json() == {"a": 1}


def test_a_block_forbids_writing(indices: httpx.Client) -> None:
    indices.put("/books/_doc/1", json={"a": 1})
    assert indices.put("/books/_block/write").json()["indices"] == [{"name": "books", "blocked": True}]
    told = reason(indices.put("/books/_doc/1", json={}), 403, "cluster_block_exception")
    assert told == "index [books] blocked by: [FORBIDDEN/8/index write (api)];"
    assert indices.get("/books/_doc/1").status_code == 200
    assert indices.delete("/books/_block/write").json()["indices"] == [{"name": "books", "unblocked": True}]
    assert indices.put("/books/_doc/1", json={}).status_code == 200


def test_aliases_change_together_or_not_at_all(indices: httpx.Client) -> None:
    for name in ("v1", "v2"):
        indices.put(f"/{name}/_doc/1", json={"v": name})
    indices.put("/v1/_alias/now", json={"is_write_index": True, "routing": "r"})
    assert indices.get("/_alias/now").json() == {
        "v1": {"aliases": {"now": {"index_routing": "r", "search_routing": "r", "is_write_index": True}}}
    }
    swap = [{"remove": {"index": "v1", "alias": "now"}}, {"add": {"index": "v2", "alias": "now"}}]
    assert indices.post("/_aliases", json={"actions": swap}).json()["acknowledged"] is True
    assert indices.get("/now/_source/1").json() == {"v": "v2"}
    wrong = [{"remove": {"index": "v2", "alias": "now"}}, {"add": {"index": "nope", "alias": "now"}}]
    assert indices.post("/_aliases", json={"actions": wrong}).status_code == 404
    assert indices.get("/now/_source/1").json() == {"v": "v2"}
    replace = [{"add": {"index": "v2", "alias": "v1"}}, {"remove_index": {"index": "v1"}}]
    assert indices.post("/_aliases", json={"actions": replace}).status_code == 200
    assert indices.get("/v1/_source/1").json() == {"v": "v2"}
    assert indices.delete("/v2/_alias/v1").status_code == 200
    assert reason(indices.delete("/v2/_alias/v1"), 404, "aliases_not_found_exception") == "aliases [v1] missing"
    assert indices.get("/_alias/nope").json() == {"error": "alias [nope] missing", "status": 404}
    assert [indices.head(f"/_alias/{name}").status_code for name in ("now", "nope")] == [200, 404]


def test_an_alias_that_is_not_there_need_not_be_removed_if_there_is_else_to_do(indices: httpx.Client) -> None:
    indices.put("/blog-1")
    remove = {"index": "blog-*", "alias": "blog"}
    add = {"add": {"index": "blog-1", "alias": "blog"}}

    def change(**more: bool) -> httpx.Response:
        return indices.post("/_aliases", json={"actions": [{"remove": remove | more}, add]})

    assert reason(change(must_exist=True), 404, "aliases_not_found_exception") == "aliases [blog] missing"
    assert not indices.get("/blog-1").json()["blog-1"]["aliases"]
    assert change().status_code == 200
    assert indices.get("/blog-1").json()["blog-1"]["aliases"] == {"blog": {}}
    alone = {"actions": [{"remove": {"index": "blog-1", "alias": "other"}}]}
    assert "[other]" in reason(indices.post("/_aliases", json=alone), 404, "aliases_not_found_exception")
    wrong = {"actions": [{"remove": remove | {"must_exist": "perhaps"}}]}
    assert "[must_exist]" in reason(indices.post("/_aliases", json=wrong), 400, "x_content_parse_exception")


def test_writes_to_an_alias_go_to_its_one_write_index(indices: httpx.Client) -> None:
    indices.put("/v1", json={"aliases": {"now": {}}})
    assert indices.put("/now/_doc/1", json={}).json()["_index"] == "v1"
    indices.put("/v2", json={"aliases": {"now": {}}})
    told = reason(indices.put("/now/_doc/1", json={}), 400, "illegal_argument_exception")
    assert "no write index is defined for alias [now]" in told
    assert "more than one index" in reason(indices.get("/now/_doc/1"), 400, "illegal_argument_exception")
    indices.put("/v2/_alias/now", json={"is_write_index": True})
    assert indices.put("/now/_doc/1", json={}).json()["_index"] == "v2"
    second = indices.put("/v1/_alias/now", json={"is_write_index": True})
    assert "more than one write index" in reason(second, 400, "illegal_argument_exception")


def test_an_index_is_made_of_the_templates_for_its_name(indices: httpx.Client) -> None:
    component = {"template": {"mappings": {"properties": {"a": {"type": "keyword"}, "b": {"type": "long"}}}}}
    indices.put("/_component_template/base", json=component)
    template = {
        "index_patterns": ["logs-*"],
        "composed_of": ["base"],
        "priority": 10,
        "template": {
            "settings": {"refresh_interval": "7s"},
            "mappings": {"properties": {"b": {"type": "text"}}},
            "aliases": {"logs": {}},
        },
    }
    assert indices.put("/_index_template/logs", json=template).json() == {"acknowledged": True}
    indices.put("/_index_template/all", json={"index_patterns": ["*"], "priority": 1, "template": {}})
    indices.put(
        "/_template/old",
        json={"index_patterns": ["logs-*", "old-*"], "mappings": {"properties": {"z": {"type": "long"}}}},
    )
    indices.put("/logs-1/_doc/1", json={"a": "x"})
    indices.put(
        "/logs-2", json={"mappings": {"properties": {"b": {"type": "keyword"}}}, "settings": {"refresh_interval": "1s"}}
    )
    one, two = (indices.get(f"/logs-{n}").json()[f"logs-{n}"] for n in (1, 2))
    assert one["mappings"]["properties"] == {"a": {"type": "keyword"}, "b": {"type": "text"}}
    assert (one["settings"]["index"]["refresh_interval"], one["aliases"]) == ("7s", {"logs": {}})
    assert two["mappings"]["properties"]["b"] == {"type": "keyword"}
    assert two["settings"]["index"]["refresh_interval"] == "1s"
    made = indices.post("/_index_template/_simulate_index/logs-3").json()["template"]
    assert made["mappings"]["properties"] == one["mappings"]["properties"]
    indices.delete("/_index_template/all,logs")
    indices.put("/old-1")
    assert indices.get("/old-1").json()["old-1"]["mappings"]["properties"] == {"z": {"type": "long"}}


def test_templates_are_checked_listed_and_deleted(indices: httpx.Client) -> None:
    bad = {"index_patterns": ["x-*"], "composed_of": ["nope"]}
    assert "[nope] that do not exist" in reason(
        indices.put("/_index_template/t", json=bad), 400, "invalid_index_template_exception"
    )
    wrong = {"index_patterns": ["x-*"], "template": {"mappings": {"properties": {"a": {"type": "nope"}}}}}
    assert "No handler for type [nope]" in indices.put("/_index_template/t", json=wrong).json()["error"]["reason"]
    wrong = {"index_patterns": ["x"], "data_stream": {"failure": True}}
    assert "unknown field [failure]" in indices.put("/_index_template/t", json=wrong).text
    indices.put("/_component_template/c", json={"template": {"settings": {"number_of_replicas": 0}}})
    indices.put("/_index_template/t", json={"index_patterns": ["x-*"], "composed_of": ["c"], "_meta": {"by": "me"}})
    same = indices.put("/_index_template/u", json={"index_patterns": ["x-y*"]})
    assert "use a different priority" in reason(same, 400, "illegal_argument_exception")
    assert "already exists" in indices.put("/_index_template/t?create=true", json={"index_patterns": ["x-*"]}).text
    listed = indices.get("/_index_template/t").json()["index_templates"]
    assert listed[0]["index_template"]["_meta"] == {"by": "me"}
    assert indices.get("/_component_template/c").json()["component_templates"][0]["component_template"] == {
        "template": {"settings": {"index": {"number_of_replicas": "0"}}}
    }
    assert "still in use" in reason(indices.delete("/_component_template/c"), 400, "illegal_argument_exception")
    assert indices.head("/_index_template/t").status_code == 200
    assert indices.delete("/_index_template/t").status_code == 200
    assert indices.head("/_index_template/t").status_code == 404
    reason(indices.get("/_index_template/t"), 404, "resource_not_found_exception")
    reason(indices.delete("/_index_template/t"), 404, "index_template_missing_exception")
    assert (indices.get("/_template/t").status_code, indices.get("/_template/t").json()) == (404, {})


def test_synonyms_take_effect_in_search_analyzers_when_they_change(indices: httpx.Client) -> None:
    rules = {"synonyms_set": [{"id": "one", "synonyms": "car, auto"}]}
    assert indices.put("/_synonyms/cars", json=rules).status_code == 201
    settings = {
        "analysis": {
            "filter": {"cars": {"type": "synonym_graph", "synonyms_set": "cars", "updateable": True}},
            "analyzer": {"searched": {"tokenizer": "standard", "filter": ["lowercase", "cars"]}},
        }
    }
    fields = {"t": {"type": "text", "search_analyzer": "searched"}}
    assert indices.put("/a", json={"settings": settings, "mappings": {"properties": fields}}).status_code == 200

    def analysed() -> set[str]:
        tokens = indices.post("/a/_analyze", json={"analyzer": "searched", "text": "Auto"}).json()["tokens"]
        return {token["token"] for token in tokens}

    assert analysed() == {"auto", "car"}
    told = indices.put("/_synonyms/cars/two", json={"synonyms": "auto, wagon"}).json()
    reloaded = {
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "reload_details": [{"index": "a", "reloaded_analyzers": ["searched"], "reloaded_node_ids": ["connote"]}],
    }
    assert told == {"result": "created", "reload_analyzers_details": reloaded}
    assert analysed() == {"auto", "car", "wagon"}
    indices.put("/_synonyms/cars/two?refresh=false", json={"synonyms": "auto, coach"})
    assert analysed() == {"auto", "car", "wagon"}
    assert indices.post("/a/_reload_search_analyzers").json() == reloaded
    other = indices.post("/a/_reload_search_analyzers?resource=other").json()
    assert other["reload_details"][0]["reloaded_analyzers"] == []
    assert analysed() == {"auto", "car", "coach"}
    assert indices.delete("/_synonyms/cars/two").json()["result"] == "deleted"
    assert indices.get("/_synonyms/cars").json() == {
        "count": 1,
        "synonyms_set": [{"id": "one", "synonyms": "car, auto"}],
    }
    assert indices.get("/_synonyms").json() == {"count": 1, "results": [{"synonyms_set": "cars", "count": 1}]}
    assert "used in the following indices: a" in indices.delete("/_synonyms/cars").json()["error"]["reason"]
    at_index = {"t": {"type": "text", "analyzer": "searched"}}
    told = reason(
        indices.put("/b", json={"settings": settings, "mappings": {"properties": at_index}}),
        400,
        "mapper_parsing_exception",
    )
    assert "not allowed to run in all mode" in told


def test_an_index_may_be_made_before_its_synonyms_and_reads_several_sets(indices: httpx.Client) -> None:
    settings: dict[str, dict[str, Any]] = {
        "analysis": {
            "filter": {"late": {"type": "synonym", "synonyms_set": ["homes", "rooms"], "updateable": True}},
            "analyzer": {"searched": {"tokenizer": "whitespace", "filter": ["late"]}},
        }
    }
    fields = {"t": {"type": "text", "search_analyzer": "searched"}}
    assert indices.put("/early", json={"settings": settings, "mappings": {"properties": fields}}).status_code == 200
    indices.put("/early/_doc/1?refresh", json={"t": "a condo with a loft"})

    def found(text: str) -> int:
        total: int = indices.post("/early/_count", json={"query": {"match": {"t": text}}}).json()["count"]
        return total

    assert (found("flat"), found("attic")) == (0, 0)
    for name, rule in (("homes", "flat, condo"), ("rooms", "attic, loft")):
        told = indices.put(f"/_synonyms/{name}", json={"synonyms_set": [{"synonyms": rule}]}).json()
        assert told["reload_analyzers_details"]["reload_details"][0]["index"] == "early"
    assert (found("flat"), found("attic")) == (1, 1)
    assert "used in the following indices: early" in indices.delete("/_synonyms/rooms").json()["error"]["reason"]
    strict = {"type": "synonym", "synonyms_set": "none", "updateable": True, "lenient": False}
    settings["analysis"]["filter"] = {"late": strict}
    told = reason(indices.put("/strict", json={"settings": settings}), 400, "illegal_argument_exception")
    assert "PUT _synonyms/none first" in told


def test_analyze_takes_a_field_of_an_index(indices: httpx.Client) -> None:
    indices.put(
        "/books",
        json={
            "mappings": {
                "properties": {
                    "k": {"type": "keyword"},
                    "t": {"type": "text", "analyzer": "english"},
                    "n": {"type": "long"},
                }
            }
        },
    )
    tokens = {
        field: [
            each["token"]
            for each in indices.post("/books/_analyze", json={"field": field, "text": "Running Dogs"}).json()["tokens"]
        ]
        for field in ("k", "t", "unknown")
    }
    assert tokens == {"k": ["Running Dogs"], "t": ["run", "dog"], "unknown": ["running", "dogs"]}
    assert (
        "only supported on tokenized fields" in indices.post("/books/_analyze", json={"field": "n", "text": "1"}).text
    )
    assert [each["token"] for each in indices.get("/_analyze?text=a+b").json()["tokens"]] == ["a", "b"]


def test_numbers_are_told_as_tables_and_as_json(bulk: Bulk, indices: httpx.Client) -> None:
    bulk(*[line for n in range(5) for line in ({"index": {"_id": str(n)}}, {"n": n})], index="books", refresh=True)
    indices.delete("/books/_doc/0?refresh=true")
    indices.put("/books/_alias/b")
    (row,) = indices.get("/_cat/indices/books?format=json").json()
    assert (row["health"], row["status"], row["docs.count"], row["pri"]) == ("green", "open", "4", "1")
    lines = indices.get("/_cat/indices?v&h=index,docs.count&s=index").text.splitlines()
    assert lines == ["index docs.count", "books          4"]
    assert indices.get("/_cat/aliases?h=alias,index").text == "b books\n"
    assert indices.get("/_cat/indices?help").text.startswith("health ")
    assert indices.get("/_cat/indices?s=nope").status_code == 400
    assert indices.get("/_cat/health?format=json").json()[0]["status"] == "green"
    assert indices.get("/_cat/shards/books?format=json").json()[0]["docs"] == "4"
    stats = indices.get("/books/_stats/docs,store").json()
    assert stats["_all"]["primaries"]["docs"]["count"] == 4
    assert stats["indices"]["books"]["total"].keys() == {"docs", "store"}
    assert indices.get("/_cluster/health?level=indices").json()["indices"]["books"]["status"] == "green"
    assert indices.get("/_resolve/index/boo*").json()["indices"][0]["aliases"] == ["b"]


def test_a_refresh_shows_and_a_merge_tidies(indices: httpx.Client) -> None:
    indices.put("/books", json={"settings": {"refresh_interval": "-1"}})
    for n in range(4):
        indices.put(f"/books/_doc/{n % 2}", json={"n": n})
        assert count(indices, "books") == min(n, 2)
        assert indices.post("/books/_refresh").json() == {"_shards": {"total": 1, "successful": 1, "failed": 0}}
    assert indices.post("/books/_forcemerge?max_num_segments=1").status_code == 200
    assert indices.post("/books/_flush").json()["_shards"]["failed"] == 0
    assert indices.post("/_cache/clear").status_code == 200
    assert count(indices, "books") == 2


def test_an_endpoint_in_use_by_an_index_is_not_deleted_by_accident(indices: httpx.Client) -> None:
    config = {
        "service": "elasticsearch",
        "service_settings": {"model_id": ".elser_model_2", "num_allocations": 1, "num_threads": 1},
    }
    indices.put("/_inference/sparse_embedding/mine", json=config)
    indices.put(
        "/books",
        json={
            "mappings": {"properties": {"o": {"properties": {"s": {"type": "semantic_text", "inference_id": "mine"}}}}}
        },
    )
    told = indices.delete("/_inference/mine?dry_run=true").json()
    assert (told["acknowledged"], told["indexes"]) == (False, ["books"])
    assert "being used in the mapping for indexes: [books]" in told["error_message"]
    assert indices.delete("/_inference/mine").status_code == 409
    assert indices.delete("/_inference/mine?force=true").json() == {
        "acknowledged": True,
        "pipelines": [],
        "indexes": ["books"],
    }
