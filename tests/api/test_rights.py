"""Users, roles and API keys: each may do what their roles say, and sees no document that these hold back."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Server
from connote.api.exchange import Route
from connote.api.rights import ANYBODY, right_of
from connote.api.server import ROUTES
from guarded import DOCUMENTS, ROLE, SECRET, apikey, basic, guarded, owner, with_key

__all__ = ["guarded", "owner"]


@pytest.fixture(scope="module")
def bird(owner: httpx.Client) -> Iterator[httpx.Client]:
    """Somebody who sees the documents of one team alone."""
    with with_key(owner, {"birds": ROLE}) as client:
        yield client


def test_only_who_is_known_is_let_in(guarded: tuple[Server, dict[str, str]], owner: httpx.Client) -> None:
    made = owner.post("/_security/api_key", json={"name": "k"}).json()
    wrong = base64.b64encode(f"{made['id']}:wrong".encode()).decode()
    with httpx.Client(base_url=guarded[0].url, trust_env=False) as anybody:
        assert anybody.get("/notes/_search", headers=apikey(made)).status_code == 200
        for headers in ({}, {"Authorization": f"ApiKey {wrong}"}, basic("elastic", "changeme"), basic("bob", "x")):
            reply = anybody.get("/notes/_search", headers=headers)
            assert (reply.status_code, reply.json()["error"]["type"]) == (401, "security_exception")
            assert "WWW-Authenticate" in reply.headers


def test_a_user_has_the_rights_of_their_roles_until_they_are_disabled(owner: httpx.Client) -> None:
    user = {"password": "long-enough", "roles": ["birds"], "full_name": "Robin", "metadata": {"floor": 3}}
    assert owner.put("/_security/user/robin", json=user).json() == {"created": True}
    told = {"username": "robin", "roles": ["birds"], "full_name": "Robin", "email": None, "metadata": {"floor": 3}}
    assert owner.get("/_security/user/robin").json() == {"robin": {**told, "enabled": True}}
    robin = basic("robin", "long-enough")
    who = owner.get("/_security/_authenticate", headers=robin).json()
    assert (who["username"], who["authentication_realm"]) == ("robin", {"name": "default_native", "type": "native"})
    assert owner.get("/notes/_count", headers=robin).json()["count"] == 2
    refused = owner.get("/other/_count", headers=robin)
    assert refused.status_code == 403
    assert refused.json()["error"]["reason"] == (
        "action [indices:data/read/search] is unauthorized for user [robin] with effective roles [birds] on indices "
        "[other], this action is granted by the index privileges [read,all]"
    )
    assert owner.post("/_security/user/_password", headers=robin, json={"password": "another one"}).json() == {}
    assert owner.get("/notes/_count", headers=robin).status_code == 401
    robin = basic("robin", "another one")
    assert owner.get("/notes/_count", headers=robin).status_code == 200
    owner.put("/_security/user/robin/_disable").raise_for_status()
    assert owner.get("/notes/_count", headers=robin).status_code == 401
    assert owner.delete("/_security/user/robin").json() == {"found": True}
    assert owner.delete("/_security/user/robin").status_code == 404


def test_a_key_is_told_once_and_can_be_changed_and_invalidated(owner: httpx.Client) -> None:
    body = {"name": "reader", "expiration": "1d", "metadata": {"app": "x"}, "role_descriptors": {"birds": ROLE}}
    made = owner.put("/_security/api_key", json=body).json()
    assert base64.b64decode(made["encoded"]).decode() == f"{made['id']}:{made['api_key']}"
    shown = owner.get("/_security/api_key", params={"id": made["id"]})
    assert made["api_key"] not in shown.text
    (key,) = shown.json()["api_keys"]
    assert (key["name"], key["metadata"], key["invalidated"], key["type"]) == ("reader", {"app": "x"}, False, "rest")
    assert key["expiration"] == made["expiration"] == key["creation"] + 86_400_000
    found = owner.post("/_security/_query/api_key", json={"query": {"term": {"name": {"value": "reader"}}}}).json()
    assert (found["total"], found["api_keys"][0]["id"]) == (1, made["id"])
    changed = {"role_descriptors": {"none": {"indices": [{"names": ["other"], "privileges": ["read"]}]}}}
    assert owner.put(f"/_security/api_key/{made['id']}", json=changed).json() == {"updated": True}
    assert owner.put(f"/_security/api_key/{made['id']}", json=changed).json() == {"updated": False}
    assert owner.get("/notes/_count", headers=apikey(made)).status_code == 403
    assert owner.get("/other/_count", headers=apikey(made)).json()["count"] == 1
    gone = owner.request("DELETE", "/_security/api_key", json={"ids": [made["id"]]}).json()
    assert gone == {"invalidated_api_keys": [made["id"]], "previously_invalidated_api_keys": [], "error_count": 0}
    ended = owner.get("/other/_count", headers=apikey(made))
    assert (ended.status_code, "has been invalidated" in ended.text) == (401, True)
    wrong = {"Authorization": "ApiKey " + base64.b64encode(f"{made['id']}:wrong".encode()).decode()}
    assert "invalidated" not in owner.get("/other/_count", headers=wrong).text


def test_a_key_may_do_no_more_than_who_made_it(owner: httpx.Client) -> None:
    maker = {"cluster": ["manage_own_api_key"], **ROLE}
    owner.put("/_security/role/maker", json=maker).raise_for_status()
    owner.put("/_security/user/wren", json={"password": "long-enough", "roles": ["maker"]}).raise_for_status()
    wren = basic("wren", "long-enough")
    everything = {"all": {"cluster": ["all"], "indices": [{"names": ["*"], "privileges": ["all"]}]}}
    made = owner.post("/_security/api_key", headers=wren, json={"name": "k", "role_descriptors": everything}).json()
    assert owner.get("/notes/_count", headers=apikey(made)).json()["count"] == 2
    for path in ("/other/_count", "/_cluster/health", "/_security/role"):
        assert owner.get(path, headers=apikey(made)).status_code == 403
    assert owner.put("/_security/role/x", headers=apikey(made), json={}).status_code == 403
    seen = owner.get("/_security/api_key", headers=wren, params={"owner": "true"}).json()["api_keys"]
    assert [each["id"] for each in seen] == [made["id"]]
    assert owner.get("/_security/api_key", headers=wren).status_code == 403


def test_templates_of_queries_know_who_asks(owner: httpx.Client) -> None:
    source = {"term": {"team": "{{_user.metadata.team}}"}}
    role = {"indices": [{"names": ["notes"], "privileges": ["read"], "query": {"template": {"source": source}}}]}
    owner.put("/_security/role/own", json=role).raise_for_status()
    for name, team, count in (("eel", "fish", 1), ("jay", "birds", 2), ("ant", "insects", 0)):
        user = {"password": "long-enough", "roles": ["own"], "metadata": {"team": team}}
        owner.put(f"/_security/user/{name}", json=user).raise_for_status()
        assert owner.get("/notes/_count", headers=basic(name, "long-enough")).json()["count"] == count


READS: list[tuple[str, str, Any]] = [
    ("GET", "/notes/_search?size=100", None),
    ("GET", "/_search?size=100", None),
    ("POST", "/notes/_search", {"query": {"match": {"text": f"meadow {SECRET}"}}, "explain": True}),
    ("POST", "/notes/_search", {"aggs": {"w": {"terms": {"field": "word", "min_doc_count": 0}}}}),
    ("POST", "/notes/_search", {"aggs": {"g": {"global": {}, "aggs": {"w": {"terms": {"field": "word"}}}}}}),
    ("POST", "/notes/_search", {"knn": {"field": "vector", "query_vector": [0, 1], "k": 3, "num_candidates": 9}}),
    ("POST", "/notes/_search", {"collapse": {"field": "team", "inner_hits": {"name": "i", "size": 9}}}),
    ("POST", "/notes/_search", {"query": {"prefix": {"word": "h"}}, "highlight": {"fields": {"*": {}}}}),
    (
        "POST",
        "/notes/_search",
        {
            "query": {
                "more_like_this": {
                    "fields": ["text"],
                    "like": [{"_index": "notes", "_id": "2"}],
                    "min_term_freq": 1,
                    "min_doc_freq": 1,
                }
            },
            "explain": True,
        },
    ),
    ("POST", "/notes/_search", {"query": {"terms": {"word": {"index": "notes", "id": "2", "path": "word"}}}}),
    ("POST", "/notes/_search", {"suggest": {"s": {"text": "herom", "term": {"field": "text"}}}}),
    ("POST", "/notes/_search", {"profile": True}),
    (
        "POST",
        "/notes/_search",
        {"runtime_mappings": {"r": {"type": "keyword", "script": "emit(doc['word'].value)"}}, "fields": ["r"]},
    ),
    (
        "POST",
        "/notes/_search",
        {
            "retriever": {
                "rrf": {
                    "retrievers": [
                        {"standard": {"query": {"match_all": {}}}},
                        {"knn": {"field": "vector", "query_vector": [0, 1], "k": 3, "num_candidates": 9}},
                    ]
                }
            }
        },
    ),
    ("POST", "/notes/_async_search?wait_for_completion_timeout=10s", {"size": 100}),
    ("POST", "/_query", {"query": "FROM notes | KEEP text, word"}),
    ("POST", "/_query", {"query": "FROM notes | STATS c = COUNT(*) BY word"}),
    ("GET", "/notes/_doc/2", None),
    ("GET", "/notes/_source/2", None),
    ("POST", "/_mget", {"docs": [{"_index": "notes", "_id": each} for each in DOCUMENTS]}),
    ("GET", "/notes/_termvectors/2?fields=text", None),
    ("GET", "/notes/_termvectors/1?fields=text&term_statistics=true", None),
    ("POST", "/notes/_mtermvectors", {"ids": ["2"], "parameters": {"fields": ["text"]}}),
    ("POST", "/notes/_explain/2", {"query": {"match": {"text": SECRET}}}),
    ("POST", "/notes/_connote/explain", {"id": "2", "query": {"match": {"text": "meadow"}}}),
    ("POST", "/notes/_terms_enum", {"field": "word", "string": "h"}),
    (
        "POST",
        "/notes/_rank_eval",
        {
            "requests": [
                {
                    "id": "q",
                    "request": {"query": {"match_all": {}}},
                    "ratings": [{"_index": "notes", "_id": "2", "rating": 1}],
                    "summary_fields": ["*"],
                }
            ],
            "metric": {"precision": {"k": 9}},
        },
    ),
    ("POST", "/notes/_search/template", {"source": {"query": {"match_all": {}}}}),
    ("POST", "/_reindex", {"source": {"index": "notes"}, "dest": {"index": "notes-copy"}}),
    ("POST", "/notes/_update/2", {"doc": {}, "_source": True}),
    ("PUT", "/notes/_create/2", {"word": "x"}),
    ("POST", "/notes/_delete_by_query", {"query": {"match_all": {}}}),
    ("GET", "/notes", None),
    ("GET", "/notes/_stats", None),
    ("GET", "/_cat/indices?format=json", None),
    ("GET", "/_cat/count/notes?format=json", None),
    ("GET", "/_cluster/stats", None),
    ("GET", "/notes/_segments", None),
    ("POST", "/notes/_disk_usage?run_expensive_tasks=true", None),
    ("PUT", "/notes/_clone/notes2", None),
    ("POST", "/_aliases", {"actions": [{"add": {"index": "notes", "alias": "notes-all"}}]}),
    ("GET", "/notes/_mvt/location/1/1/1", None),
]


# Scripts that fail for a document that is held back, and so would tell of it.
FAIL = f"if (doc['word'].value == '{SECRET}') {{ throw new IllegalArgumentException('found') }} "
SCRIPTS: list[dict[str, Any]] = [
    {"query": {"script": {"script": FAIL + "return true"}}},
    {"query": {"bool": {"must_not": {"script": {"script": FAIL + "return false"}}}}},
    {"query": {"script_score": {"query": {"match_all": {}}, "script": {"source": FAIL + "return 1"}}}},
    {"query": {"function_score": {"script_score": {"script": {"source": FAIL + "return 1"}}}}},
    {
        "query": {
            "terms_set": {
                "word": {"terms": ["meadow", SECRET], "minimum_should_match_script": {"source": FAIL + "return 1"}}
            }
        }
    },
    {"sort": [{"_script": {"type": "number", "script": FAIL + "return 1"}}]},
    {"runtime_mappings": {"r": {"type": "long", "script": FAIL + "emit(1)"}}, "sort": ["r"]},
    {"runtime_mappings": {"r": {"type": "long", "script": FAIL + "emit(1)"}}, "query": {"term": {"r": 1}}},
    {"aggs": {"m": {"scripted_metric": {
        "init_script": "state.n = 0", "map_script": FAIL, "combine_script": "return 1", "reduce_script": "return 1",
    }}}},
]  # fmt: skip
INSIDE = {"nested": {"path": "parts", "query": {"script": {"script": "throw new IllegalArgumentException('found')"}}}}


@pytest.mark.parametrize("body", SCRIPTS)
def test_no_script_runs_on_what_is_held_back(owner: httpx.Client, bird: httpx.Client, body: dict[str, Any]) -> None:
    assert "found" in owner.post("/notes/_search", json=body).json()["error"]["root_cause"][0]["caused_by"]["reason"]
    assert bird.post("/notes/_search", json=body).status_code == 200


def test_scripts_inside_nested_objects_are_refused(bird: httpx.Client) -> None:
    reply = bird.post("/notes/_search", json={"query": INSIDE})
    assert reply.status_code == 400
    assert "document level security" in reply.text


@pytest.mark.parametrize("privileges", [["read"], ["all"]])
def test_no_way_leads_to_a_document_that_is_held_back(owner: httpx.Client, privileges: list[str]) -> None:
    entry = {"names": ["notes*"], "privileges": privileges, "query": {"term": {"team": "birds"}}}
    with with_key(owner, {"r": {"cluster": ["monitor"], "indices": [entry]}}) as bird:
        for method, path, body in READS:
            reply = bird.request(method, path, json=body)
            assert reply.status_code < 500, (path, reply.text)
            told = reply.text
            if reply.status_code >= 400:
                assert f"the {SECRET}" not in told
                continue
            assert f"the {SECRET}" not in told, (path, body, told)
            assert f'"key":"{SECRET}"' not in told, (path, body, told)
            assert f'["{SECRET}"' not in told, (path, told)
            assert f',"{SECRET}"]' not in told, (path, told)
            assert '"_id":"2","_score"' not in told, (path, body, told)
    assert owner.get("/notes/_count").json()["count"] == 3
    assert owner.get("/notes-all/_count").status_code == 404


def test_what_runs_by_itself_is_told_to_who_may_monitor_it(owner: httpx.Client) -> None:
    seen = {"names": ["notes", "birdwatch"], "privileges": ["read"], "query": {"term": {"team": "birds"}}}
    entry = {"cluster": ["monitor", "read_ilm", "manage_transform", "manage_search_application"], "indices": [seen]}
    owner.put("/_application/search_application/birdwatch", json={"indices": ["notes"]}).raise_for_status()
    pivot = {"group_by": {"t": {"terms": {"field": "team"}}}, "aggregations": {"n": {"value_count": {"field": "rank"}}}}
    body: dict[str, Any] = {"source": {"index": "notes"}, "pivot": pivot}
    try:
        with with_key(owner, {"r": entry}) as client:
            for path in ("_health_report", "_features", "_migration/deprecations", "_ilm/policy", "_ilm/status"):
                assert client.get(f"/{path}").status_code == 200, path
            for method, path in (("GET", ""), ("GET", "/birdwatch"), ("POST", "/birdwatch/_render_query")):
                told = client.request(method, f"/_application/search_application{path}")
                assert told.status_code == 200, path
            assert client.get("/_transform").json()["count"] == 0
            assert client.post("/_transform/_preview", json=body).json()["preview"] == [{"t": "birds", "n": 2}]
            assert client.put("/_transform/t", json={**body, "dest": {"index": "x"}}).status_code == 403
            assert client.put("/_ilm/policy/p", json={"policy": {"phases": {}}}).status_code == 403
            assert client.post("/_transform/_preview", json={**body, "source": {"index": "other"}}).status_code == 403
        with with_key(owner, {"r": {"indices": [seen]}}) as client:
            found = client.get("/_application/search_application/birdwatch/_search").json()
            assert found["hits"]["total"]["value"] == 2
            assert client.get("/_application/search_application/birdwatch").status_code == 403
    finally:
        owner.delete("/_application/search_application/birdwatch")


def test_what_is_held_back_is_not_there(bird: httpx.Client) -> None:
    assert bird.get("/_cat/count/notes?h=count").text.strip() == "2"
    assert bird.get("/notes/_doc/2").json() == {"_index": "notes", "_id": "2", "found": False}
    assert bird.get("/notes/_doc/1").json()["_source"]["word"] == "meadow"
    docs = bird.post("/notes/_mget", json={"ids": ["1", "2"]}).json()["docs"]
    assert [each["found"] for each in docs] == [True, False]
    assert bird.post("/notes/_explain/2", json={"query": {"match_all": {}}}).status_code == 404
    found = bird.post("/notes/_search", json={"query": {"match": {"text": "meadow"}}, "explain": True}).json()
    assert found["hits"]["total"]["value"] == 2
    assert "N, total number of documents with field" in str(found)
    assert str(found).count("'value': 2") > 0
    assert "'value': 3," not in str(found)
    assert (
        bird.post(
            "/notes/_search", json={"query": {"terms": {"word": {"index": "notes", "id": "2", "path": "word"}}}}
        ).json()["hits"]["hits"]
        == []
    )
    assert bird.post("/_query", json={"query": "FROM notes | STATS c = COUNT(*)"}).json()["values"] == [[2]]


def test_patterns_mean_only_what_one_may_name(owner: httpx.Client, bird: httpx.Client) -> None:
    hits = bird.get("/*/_search").json()["hits"]["hits"]
    assert {each["_index"] for each in hits} == {"notes"}
    assert bird.get("/notes,other/_search").status_code == 403
    assert bird.get("/notes,other/_search", params={"ignore_unavailable": "true"}).json()["hits"]["total"]["value"] == 2
    lines = '{"index":"notes"}\n{}\n{"index":"other"}\n{}\n'
    headers = {"Content-Type": "application/x-ndjson"}
    told = bird.post("/_msearch", content=lines, headers=headers).json()["responses"]
    assert (told[0]["hits"]["total"]["value"], told[1]["status"]) == (2, 403)
    bulk = '{"index":{"_index":"other"}}\n{"a":1}\n'
    assert bird.post("/_bulk", content=bulk, headers=headers).json()["items"][0]["index"]["status"] == 403
    assert owner.get("/other/_count").json()["count"] == 1


def test_a_role_of_an_alias_lets_see_what_its_filter_does(owner: httpx.Client) -> None:
    add = {"index": "notes", "alias": "fishes", "filter": {"term": {"team": "fish"}}}
    owner.post("/_aliases", json={"actions": [{"add": add}]}).raise_for_status()
    with with_key(owner, {"r": {"indices": [{"names": ["fishes"], "privileges": ["read"]}]}}) as client:
        for path in ("/fishes/_count", "/*/_count", "/_count", "/f*/_count"):
            assert client.get(path).json()["count"] == 1, path
        assert client.get("/notes/_count").status_code == 403
        assert client.get("/fishes/_doc/1").json()["found"] is False
        assert client.get("/fishes/_doc/2").json()["found"] is True


def test_what_one_has_left_open_is_theirs_alone(owner: httpx.Client, bird: httpx.Client) -> None:
    pit = owner.post("/notes/_pit", params={"keep_alive": "1m"}).json()["id"]
    scroll = owner.get("/notes/_search", params={"scroll": "1m", "size": 1}).json()["_scroll_id"]
    kept = {"keep_on_completion": "true", "wait_for_completion_timeout": "10s"}
    search = owner.post("/notes/_async_search", params=kept, json={}).json()["id"]
    assert bird.post("/_search", json={"pit": {"id": pit}}).status_code == 404
    assert bird.post("/_search/scroll", json={"scroll_id": scroll}).status_code == 404
    assert bird.get(f"/_async_search/{search}").status_code == 404
    assert bird.request("DELETE", "/_pit", json={"id": pit}).status_code == 404
    own = bird.post("/notes/_pit", params={"keep_alive": "1m"}).json()["id"]
    assert bird.post("/_search", json={"pit": {"id": own}}).json()["hits"]["total"]["value"] == 2
    own = bird.post("/notes/_async_search", params=kept, json={}).json()["id"]
    assert bird.get(f"/_async_search/{own}").json()["response"]["hits"]["total"]["value"] == 2


@pytest.mark.parametrize(
    ("privileges", "allowed", "denied"),
    [
        (["read"], [("GET", "_count")], [("PUT", "_doc/9"), ("DELETE", ""), ("GET", "_stats"), ("GET", "_mapping")]),
        (["create_doc"], [("PUT", "_create/9"), ("POST", "_doc")], [("PUT", "_doc/9"), ("GET", "_count")]),
        (["index"], [("PUT", "_doc/9"), ("POST", "_update/9")], [("DELETE", "_doc/9"), ("GET", "_doc/9")]),
        (["write"], [("PUT", "_doc/9"), ("DELETE", "_doc/9")], [("GET", "_count"), ("PUT", "_mapping")]),
        (["view_index_metadata"], [("GET", "_mapping"), ("GET", ""), ("HEAD", "")], [("GET", "_count")]),
        (["monitor"], [("GET", "_stats")], [("GET", "_count"), ("GET", "")]),
        (["manage"], [("GET", "_mapping"), ("POST", "_refresh"), ("DELETE", "")], [("GET", "_count")]),
    ],
)
def test_each_privilege_lets_do_what_it_says(
    owner: httpx.Client, privileges: list[str], allowed: list[tuple[str, str]], denied: list[tuple[str, str]]
) -> None:
    owner.put("/shelf").raise_for_status()
    try:
        with with_key(owner, {"r": {"indices": [{"names": ["shelf"], "privileges": privileges}]}}) as client:
            for expected, some in ((False, denied), (True, allowed)):
                for method, what in some:
                    body = {"doc": {"a": 2}} if "_update" in what else {"a": 1} if method in ("PUT", "POST") else None
                    body = None if what == "_refresh" else body
                    status = client.request(method, f"/shelf/{what}".rstrip("/"), json=body).status_code
                    assert (status < 300, status == 403) == (expected, not expected), (method, what, status)
    finally:
        owner.delete("/shelf")


def test_an_open_server_still_gives_who_is_known_their_own_rights(http: httpx.Client) -> None:
    http.put("/seen/_doc/1", params={"refresh": "true"}, json={"team": "a"}).raise_for_status()
    role = {"indices": [{"names": ["seen"], "privileges": ["read"], "query": '{"term":{"team.keyword":"b"}}'}]}
    made = http.post("/_security/api_key", json={"name": "open", "role_descriptors": {"r": role}}).json()
    assert http.get("/seen/_count", headers=apikey(made)).json()["count"] == 0
    assert http.get("/_cluster/health", headers=apikey(made)).status_code == 403
    wrong = base64.b64encode(f"{made['id']}:wrong".encode()).decode()
    assert http.get("/seen/_count", headers={"Authorization": f"ApiKey {wrong}"}).status_code == 401
    for headers in ({}, basic("elastic", "changeme"), {"Authorization": "ApiKey bm9ib2R5OmtleQ=="}):
        assert http.get("/seen/_count", headers=headers).json()["count"] == 1
    http.delete("/seen")


def test_nothing_secret_is_kept_or_logged_and_all_outlives_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.put("/_security/user/kit", json={"password": "the-password", "roles": ["superuser"]}).raise_for_status()
        client.put("/_security/role/r", json=ROLE).raise_for_status()
        made = client.post("/_security/api_key", json={"name": "k", "role_descriptors": {"r": ROLE}}).json()
        client.get("/_cluster/health", headers=basic("kit", "the-password")).raise_for_status()
    assert server.stop() == 0
    raw = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("*.db*")) + server.log.read_bytes()
    assert b"the-password" not in raw
    assert made["api_key"].encode() not in raw
    server = Server(tmp_path / "data")
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            assert client.get("/_cluster/health", headers=basic("kit", "the-password")).status_code == 200
            assert client.get("/_cluster/health", headers=basic("kit", "the-passwort")).status_code == 401
            assert client.get("/_cluster/health", headers=apikey(made)).status_code == 403
            assert "r" in client.get("/_security/role").json()
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("role/x", {"cluster": ["fly"]}, "unknown cluster privilege [fly]"),
        ("role/x", {"indices": [{"names": ["a"], "privileges": ["fly"]}]}, "unknown index privilege [fly]"),
        ("role/x", {"indices": [{"privileges": ["read"]}]}, "[names]"),
        ("role/x", {"indices": [{"names": ["a"], "privileges": ["read"], "query": "{"}]}, "no JSON"),
        ("role/x", {"indices": [{"names": ["a"], "privileges": ["read"], "query": {"fly": {}}}]}, "fly"),
        ("role/x", {"indices": [{"names": ["/(/"], "privileges": ["read"]}]}, "no regular expression"),
        (
            "role/x",
            {"indices": [{"names": ["a"], "privileges": ["read"], "field_security": {"grant": ["b"]}}]},
            "field level",
        ),
        ("role/superuser", {}, "reserved"),
        ("role/x", {"colour": 1}, "unexpected field [colour]"),
        ("user/x", {"password": "short", "roles": []}, "at least [6]"),
        ("user/x", {"roles": []}, "password must be specified"),
        ("user/x", {"password": "long-enough"}, "roles are missing"),
        ("user/elastic", {"password": "long-enough", "roles": []}, "reserved"),
        ("api_key", {"role_descriptors": {}}, "api key name is required"),
        ("api_key", {"name": "_x"}, "underscore"),
        ("api_key", {"name": "x", "expiration": "soon"}, "expiration"),
        ("api_key", {"name": "x", "metadata": {"_a": 1}}, "may not start with [_]"),
        ("api_key", {"name": "x", "colour": 1}, "unknown field [colour]"),
    ],
)
def test_what_is_none_is_refused(http: httpx.Client, path: str, body: object, told: str) -> None:
    reply = http.put(f"/_security/{path}", json=body)
    assert reply.status_code == 400
    assert told in reply.json()["error"]["reason"]


def test_users_get_tokens_for_their_password(owner: httpx.Client) -> None:
    owner.put("/_security/user/owl", json={"password": "long-enough", "roles": ["birds"]}).raise_for_status()
    asked = {"grant_type": "password", "username": "owl", "password": "long-enough"}
    made = owner.post("/_security/oauth2/token", json=asked).json()
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    assert owner.get("/notes/_count", headers=headers).json()["count"] == 2
    assert owner.get("/_security/_authenticate", headers=headers).json()["authentication_type"] == "token"
    refresh = {"grant_type": "refresh_token", "refresh_token": made["refresh_token"]}
    assert owner.post("/_security/oauth2/token", json=refresh).json()["access_token"] != made["access_token"]
    assert owner.post("/_security/oauth2/token", json=refresh).status_code == 401
    gone = owner.request("DELETE", "/_security/oauth2/token", json={"token": made["access_token"]}).json()
    assert gone["invalidated_tokens"] == 1
    assert owner.get("/notes/_count", headers=headers).status_code == 401
    assert owner.post("/_security/oauth2/token", json={**asked, "password": "wrong-one"}).status_code == 401


def path_of(route: Route) -> str:
    """A path of a route, over the index and the document that are held back."""
    known = {"index": "notes", "alias": "notes", "id": "2", "field": "word", "fields": "*"}
    return re.sub(r"\{(\w+)(:path)?\}", lambda found: known.get(found[1], "1"), route.path)


SWEPT = [each for each in ROUTES if right_of(each.method, each.path) is not ANYBODY]


@pytest.mark.parametrize("route", SWEPT, ids=lambda each: f"{each.method} {each.path}")
def test_every_route_refuses_who_may_do_nothing_and_tells_nobody_what_is_held_back(
    bare: tuple[httpx.Client, httpx.Client], route: Route
) -> None:
    nobody, bird = bare
    right, path = right_of(route.method, route.path), path_of(route)
    reply = nobody.request(route.method, path)
    # Without a name in the path indices are looked at by the names in the body, and patterns mean none.
    is_named = right is None or right.is_cluster or "/notes" in path
    assert reply.status_code == 403 or (not is_named and SECRET not in reply.text), (reply.status_code, reply.text)
    bodies: list[Any] = [None, {}, {"query": {"match_all": {}}}]
    for body in bodies:
        told = bird.request(route.method, path, json=body)
        assert told.status_code < 500, told.text
        assert f"the {SECRET}" not in told.text, (body, told.text)


@pytest.fixture(scope="module")
def bare(owner: httpx.Client) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Somebody who may do nothing, and somebody who may do all with the part of an index that they see."""
    entry = {"names": ["notes*"], "privileges": ["all"], "query": {"term": {"team": "birds"}}}
    with with_key(owner, {"n": {}}) as nobody, with_key(owner, {"r": {"indices": [entry]}}) as bird:
        yield nobody, bird


@given(st.sampled_from(["ApiKey", "Basic", "Bearer", "Digest"]), st.binary(min_size=1, max_size=60), st.booleans())
@settings(max_examples=200)
def test_whatever_a_stranger_sends_is_no_credential(
    guarded: tuple[Server, dict[str, str]], scheme: str, raw: bytes, is_base64: bool
) -> None:
    sent = base64.b64encode(raw) if is_base64 else bytes(each for each in raw if each > 0x20 and each != 0x7F)
    with httpx.Client(base_url=guarded[0].url, trust_env=False) as anybody:
        reply = anybody.get("/_security/_authenticate", headers=[(b"Authorization", scheme.encode() + b" x" + sent)])
        assert reply.status_code == 401
