"""Requests over all documents that match a query, and tasks, over HTTP."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Bulk = Callable[..., httpx.Response]


def fill(bulk: Bulk, index: str, count: int = 30) -> None:
    lines = [line for n in range(count) for line in ({"index": {"_id": str(n)}}, {"n": n, "even": n % 2 == 0})]
    assert bulk(*lines, index=index, refresh=True).json()["errors"] is False


def number(http: httpx.Client, index: str) -> int:
    return int(http.get(f"/_cat/count/{index}?format=json").json()[0]["count"])


def test_what_matches_is_updated_by_a_script(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a")
    script = {
        "source": "if (ctx._source.n > 20) { ctx.op = 'delete' } else if (ctx._source.n > 10) { ctx.op = 'noop' } "
        "else { ctx._source.n += params.by }",
        "params": {"by": 100},
    }
    body = {"query": {"term": {"even": True}}, "script": script}
    told = indices.post("/a/_update_by_query?refresh=true&scroll_size=4", json=body).json()
    assert (told["total"], told["updated"], told["noops"], told["deleted"], told["batches"]) == (15, 6, 5, 4, 4)
    assert (told["version_conflicts"], told["failures"], told["timed_out"]) == (0, [], False)
    assert number(indices, "a") == 26
    assert [indices.get(f"/a/_source/{n}").json()["n"] for n in (2, 3, 12)] == [102, 3, 12]


def test_without_a_script_documents_are_written_again_by_the_mapping_of_now(bulk: Bulk, indices: httpx.Client) -> None:
    indices.put("/a", json={"mappings": {"dynamic": False}})
    fill(bulk, "a", 3)
    indices.put("/a/_mapping", json={"properties": {"n": {"type": "long"}}})
    query = {"query": {"range": {"n": {"gte": 1}}}}
    assert indices.post("/a/_delete_by_query?refresh=true", json=query).json()["total"] == 0
    assert indices.post("/a/_update_by_query?refresh=true").json()["updated"] == 3
    assert indices.post("/a/_delete_by_query?refresh=true", json=query).json()["deleted"] == 2


def test_a_document_that_changed_meanwhile_is_a_conflict(bulk: Bulk, indices: httpx.Client) -> None:
    indices.put("/a", json={"settings": {"refresh_interval": "-1"}})
    fill(bulk, "a", 5)
    indices.put("/a/_doc/2", json={"n": 2, "new": True})
    everything: dict[str, Any] = {"query": {"match_all": {}}}
    stopped = indices.post("/a/_delete_by_query?scroll_size=1", json=everything)
    assert stopped.status_code == 409
    told = stopped.json()
    assert (told["deleted"], told["version_conflicts"], told["failures"][0]["id"]) == (2, 1, "2")
    assert told["failures"][0]["cause"]["type"] == "version_conflict_engine_exception"
    indices.post("/a/_refresh")
    indices.put("/a/_doc/3", json={"n": 3, "new": True})
    went_on = indices.post("/a/_delete_by_query?conflicts=proceed", json=everything)
    assert (went_on.status_code, went_on.json()["deleted"], went_on.json()["version_conflicts"]) == (200, 2, 1)
    assert indices.get("/a/_source/3").json()["new"] is True


def test_documents_are_copied_to_another_index(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a")
    indices.put("/b/_doc/29?routing=x", json={"n": 29})
    indices.post("/b/_refresh")
    body: dict[str, Any] = {
        "source": {"index": ["a", "b"], "query": {"range": {"n": {"gte": 10}}}, "_source": ["n"], "size": 7},
        "dest": {"index": "c"},
        "script": {"source": "ctx._source.twice = ctx._source.n * 2; if (ctx._source.n == 12) { ctx._id = 'twelve' }"},
    }
    told = indices.post("/_reindex?refresh=true", json=body).json()
    assert (told["total"], told["created"], told["updated"]) == (21, 20, 1)
    assert indices.get("/c/_source/twelve").json() == {"n": 12, "twice": 24}
    assert indices.get("/c/_doc/29").json()["_routing"] == "x"
    assert number(indices, "c") == 20
    again = body | {"dest": {"index": "c", "op_type": "create"}, "conflicts": "proceed", "max_docs": 3}
    told = indices.post("/_reindex", json=again).json()
    assert (told["total"], told["version_conflicts"], told["created"]) == (3, 2, 0) or told["version_conflicts"] == 3


def test_a_reindex_goes_through_a_pipeline_and_keeps_versions_if_told(bulk: Bulk, indices: httpx.Client) -> None:
    indices.put("/_ingest/pipeline/p", json={"processors": [{"rename": {"field": "n", "target_field": "m"}}]})
    fill(bulk, "a", 2)
    fill(bulk, "a", 2)
    dest = {"index": "b", "pipeline": "p", "version_type": "external", "routing": "=fixed"}
    assert indices.post("/_reindex", json={"source": {"index": "a"}, "dest": dest}).json()["created"] == 2
    found = indices.get("/b/_doc/1").json()
    assert (found["_version"], found["_routing"], found["_source"]) == (2, "fixed", {"m": 1, "even": False})
    late = indices.post("/_reindex", json={"source": {"index": "a"}, "dest": dest})
    assert (late.status_code, late.json()["version_conflicts"]) == (409, 2)
    indices.delete("/_ingest/pipeline/p")


def test_a_reindex_may_ask_for_runtime_fields_of_its_own(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a", 6)
    field = {"type": "long", "script": {"source": "emit(doc['n'].value * doc['n'].value)"}}
    source = {"index": "a", "runtime_mappings": {"square": field}, "query": {"range": {"square": {"gte": 9}}}}
    told = indices.post("/_reindex?refresh=true", json={"source": source, "dest": {"index": "b"}})
    assert told.json()["created"] == 3
    hits = indices.get("/b/_search").json()["hits"]["hits"]
    assert sorted(hit["_source"]["n"] for hit in hits) == [3, 4, 5]
    assert all("square" not in hit["_source"] for hit in hits)
    for wrong, reason in (({"x": {"type": "nothing"}}, "mapper type [nothing]"), ([1], "runtime must be an object")):
        body = {"source": {"index": "a", "runtime_mappings": wrong}, "dest": {"index": "c"}}
        refused = indices.post("/_reindex?wait_for_completion=false", json=body)
        assert (refused.status_code, reason in refused.json()["error"]["reason"]) == (400, True)


def test_a_failure_ends_it_and_is_told(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a", 5)
    indices.put("/b", json={"mappings": {"dynamic": "strict", "properties": {"n": {"type": "long"}}}})
    reply = indices.post("/_reindex", json={"source": {"index": "a", "size": 2}, "dest": {"index": "b"}})
    assert reply.status_code == 400
    assert reply.json()["failures"][0]["cause"]["type"] == "strict_dynamic_mapping_exception"
    assert reply.json()["batches"] == 1


def test_what_is_not_waited_for_is_a_task_whose_result_stays(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a")
    body = {"source": {"index": "a"}, "dest": {"index": "b"}}
    id = indices.post("/_reindex?wait_for_completion=false", json=body).json()["task"]
    told = indices.get(f"/_tasks/{id}?wait_for_completion=true&timeout=20s").json()
    assert told["completed"] is True
    assert told["task"]["action"] == "indices:data/write/reindex"
    assert told["task"]["description"] == "reindex from [a] to [b]"
    assert (told["task"]["status"]["created"], told["response"]["created"], told["response"]["failures"]) == (
        30,
        30,
        [],
    )
    missing = indices.get("/_tasks/nothing:1")
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "resource_not_found_exception")
    bad = {"query": {"match_phrase": {"n": "no number"}}}
    id = indices.post("/a/_delete_by_query?wait_for_completion=false", json=bad).json()["task"]
    told = indices.get(f"/_tasks/{id}?wait_for_completion=true").json()
    assert told["completed"] is True
    assert "error" in told or told["response"]["total"] == 0


def test_a_task_is_listed_while_it_runs_and_ends_when_that_is_asked_for(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a", 2000)
    script = {"source": "int x = 0; for (int i = 0; i < 2000; i++) { x += i } ctx._source.x = x"}
    id = indices.post("/a/_update_by_query?wait_for_completion=false&scroll_size=1", json={"script": script}).json()[
        "task"
    ]
    listed = indices.get("/_tasks?actions=*byquery&detailed").json()["nodes"]
    (node,) = listed.values()
    assert node["tasks"][id]["status"]["total"] in (0, 2000)
    assert indices.get(f"/_tasks/{id}").json()["completed"] is False
    assert indices.get("/_tasks?group_by=none&actions=*reindex").json() == {"tasks": []}
    assert id in indices.post(f"/_tasks/{id}/_cancel").text
    deadline = time.monotonic() + 20
    while not (told := indices.get(f"/_tasks/{id}").json())["completed"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert told["response"]["canceled"] == "by user request"
    assert told["response"]["updated"] < 2000
    assert indices.post(f"/_tasks/{id}/_cancel").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/a/_delete_by_query", {}, "query is missing"),
        ("/a/_delete_by_query", {"query": {"nothing": {}}}, "unknown query [nothing]"),
        ("/a/_delete_by_query", {"query": 5}, "[query] must be an object"),
        ("/a/_delete_by_query", {"query": {"match_all": {}}, "max_docs": 0}, "[max_docs] should be greater than zero"),
        ("/a/_update_by_query?conflicts=maybe", {}, 'conflicts may only be "proceed" or "abort"'),
        ("/a/_update_by_query?slices=none", {}, "[slices] must be a positive integer"),
        ("/a/_update_by_query", {"script": "("}, ""),
        ("/_reindex", {"dest": {"index": "b"}}, "[source] is required"),
        (
            "/_reindex",
            {"source": {"index": "a"}, "dest": {"index": "a"}},
            "cannot write into an index its reading from [a]",
        ),
        (
            "/_reindex",
            {"source": {"index": "a", "remote": {"host": "x"}}, "dest": {"index": "b"}},
            "[remote] is not supported",
        ),
        ("/_reindex", {"source": {"index": "a"}, "dest": {"index": "b", "op_type": "x"}}, "opType must be"),
        ("/_reindex", {"source": {"index": "a"}, "dest": {"index": "Bad"}}, ""),
    ],
)
def test_what_cannot_be_is_refused(bulk: Bulk, indices: httpx.Client, path: str, body: Any, told: str) -> None:  # noqa: ANN401
    fill(bulk, "a", 1)
    reply = indices.post(path, json=body)
    assert reply.status_code == 400
    assert told in reply.text.replace('\\"', '"')
    assert number(indices, "a") == 1


def test_the_query_may_stand_in_the_url(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a", 10)
    assert indices.post("/a/_delete_by_query?q=n:7&refresh=true").json()["deleted"] == 1
    assert indices.post("/a/_update_by_query?q=even:true").json()["updated"] == 5


def test_the_filter_of_an_alias_counts(indices: httpx.Client) -> None:
    alias = {"aliases": {"odd": {"filter": {"term": {"odd": True}}}}}
    template = {"index_patterns": ["kept*"], "template": alias}
    assert indices.put("/_index_template/kept", json=template).is_success
    try:
        indices.put("/kept")
    finally:
        assert indices.delete("/_index_template/kept").is_success
    for n in range(6):
        indices.put(f"/kept/_doc/{n}?refresh=true", json={"n": n, "odd": n % 2 == 1})
    copied: dict[str, Any] = {"source": {"index": "odd"}, "dest": {"index": "copy"}}
    assert indices.post("/_reindex", json=copied).json()["created"] == 3
    assert indices.post("/odd/_delete_by_query?refresh=true", json={"query": {"match_all": {}}}).json()["deleted"] == 3
    assert indices.get("/kept/_count").json()["count"] == 3
    indices.delete("/copy")


def test_of_few_documents_the_first_in_order_are_taken(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a", 9)
    fill(bulk, "a", 3)  # written again, so they are the newest
    source = {"index": "a", "sort": [{"even": "desc"}, {"n": "desc"}]}
    told = indices.post("/_reindex?refresh=true", json={"source": source, "dest": {"index": "b"}, "max_docs": 3}).json()
    assert told["created"] == 3
    assert [indices.head(f"/b/_doc/{n}").status_code for n in (4, 6, 8)] == [200] * 3
    query = {"query": {"function_score": {"field_value_factor": {"field": "n"}}}, "sort": ["_score"], "max_docs": 2}
    assert indices.post("/a/_delete_by_query?refresh=true", json=query).json()["deleted"] == 2
    assert [indices.head(f"/a/_doc/{n}").status_code for n in (6, 7, 8)] == [200, 404, 404]
    assert indices.post("/a/_update_by_query?sort=n:asc&max_docs=1", json={"script": "ctx._source.n = -1"}).is_success
    assert indices.get("/a/_source/0").json()["n"] == -1
    assert indices.post("/a/_update_by_query", json={"sort": [{"nothing": "asc"}]}).status_code == 400


@pytest.mark.parametrize("more", [{}, {"sort": [{"n": "asc"}]}])
def test_of_an_index_without_documents_nothing_is_done(indices: httpx.Client, more: dict[str, Any]) -> None:
    indices.put("/a", json={"mappings": {"properties": {"n": {"type": "long"}}}})
    for path in ("/a/_update_by_query", "/a/_delete_by_query"):
        reply = indices.post(path, json={"query": {"match_all": {}}, **more})
        assert (reply.status_code, reply.json().get("total")) == (200, 0), reply.text
    source = {"index": "a", **more}
    told = indices.post("/_reindex", json={"source": source, "dest": {"index": "b"}})
    assert (told.status_code, told.json()["total"]) == (200, 0), told.text


def test_documents_are_written_at_the_rate_that_is_asked_for(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a", 6)
    began = time.perf_counter()
    told = indices.post("/a/_update_by_query?scroll_size=2&requests_per_second=20").json()
    # Two waits, after two documents each, less the time of writing them.
    assert time.perf_counter() - began >= 2 * 2 / 20
    assert (told["updated"], told["requests_per_second"]) == (6, 20)
    assert 0 < told["throttled_millis"] <= 200


def test_a_task_that_waits_goes_on_when_its_rate_is_raised(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a", 6)
    path = "/a/_update_by_query?scroll_size=3&requests_per_second=0.01&wait_for_completion=false"
    task = indices.post(path).json()["task"]
    assert indices.get(f"/_tasks/{task}").json()["completed"] is False
    rate = indices.post(f"/_update_by_query/{task}/_rethrottle?requests_per_second=-1")
    (node,) = rate.json()["nodes"].values()
    assert node["tasks"][task]["status"]["requests_per_second"] == -1
    told = indices.get(f"/_tasks/{task}?wait_for_completion=true&timeout=10s").json()
    assert (told["completed"], told["response"]["updated"]) == (True, 6)
    assert indices.post(f"/_update_by_query/{task}/_rethrottle").status_code == 400


def test_a_task_that_waits_ends_when_that_is_asked_for(bulk: Bulk, indices: httpx.Client) -> None:
    fill(bulk, "a", 6)
    path = "/a/_delete_by_query?scroll_size=3&requests_per_second=0.01&wait_for_completion=false"
    task = indices.post(path, json={"query": {"match_all": {}}}).json()["task"]
    indices.post(f"/_tasks/{task}/_cancel?wait_for_completion=true")
    told = indices.get(f"/_tasks/{task}").json()
    assert (told["completed"], told["response"]["canceled"]) == (True, "by user request")
    assert told["response"]["deleted"] <= 3
