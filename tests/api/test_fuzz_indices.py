"""Whatever a stranger sends to indices and documents: an answer in the wire's form, and never a 5xx."""

import json
import string
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connote.api import aliases, bulk, byquery, cat_indices, cluster, documents, indices, mappings, synonyms, templates
from connote.api import settings as index_settings
from connote.api.exchange import Route
from connote.search.mapping.mapping import KINDS

ROOMS = (
    aliases,
    bulk,
    byquery,
    cat_indices,
    cluster,
    documents,
    indices,
    mappings,
    synonyms,
    templates,
    index_settings,
)
ROUTES = [route for room in ROOMS for route in room.ROUTES]

numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=12) | st.sampled_from(
    ["2026-11-25", "12,13", "true", "u4pruydqqvj", "1e400", "-0", "::1", "\ud800"]
)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["a", "b", "o", "o.a", "a.b", "s", "v"]) | st.text(string.ascii_lowercase + "._*", max_size=4)
index_names = st.sampled_from(
    ["fuzz-a", "fuzz-b", "fuzz-*", "_all", "fuzz-a,fuzz-b", "-fuzz-a", "fuzz-a,-fuzz-*", "Bad", "alias"]
)
ids = st.sampled_from(["1", "2", "_doc", "a/b", "é"])
kinds = st.sampled_from([*KINDS, "object", "nested", "nothing"])
PARAMS = (
    "index analyzer dims similarity null_value ignore_above copy_to format coerce scaling_factor path inference_id "
    "normalizer ignore_malformed index_options x"
)
params = st.dictionaries(
    st.sampled_from(PARAMS.split()),
    st.sampled_from(["standard", "cosine", "a", "yyyy", 3, 0, True, False, "true"]) | values,
    max_size=2,
)
field = st.recursive(
    st.builds(lambda kind, more: {"type": kind, **more}, kinds, params),
    lambda inner: st.builds(
        lambda kind, properties, multi, more: {"type": kind, "properties": properties, "fields": multi, **more},
        kinds,
        st.dictionaries(names, inner, max_size=2),
        st.dictionaries(names, inner, max_size=1),
        params,
    ),
    max_leaves=3,
)
mapping = st.fixed_dictionaries(
    {},
    optional={
        "properties": st.dictionaries(names, field, max_size=3) | values,
        "dynamic": st.sampled_from([True, False, "strict", "runtime"]) | values,
        "dynamic_templates": st.lists(
            st.dictionaries(
                st.just("t"),
                st.fixed_dictionaries(
                    {},
                    optional={
                        "match": names | values,
                        "match_mapping_type": st.sampled_from(["string", "*", "long"]) | values,
                        "match_pattern": st.sampled_from(["regex", "simple"]),
                        "mapping": field | values,
                    },
                ),
                max_size=1,
            ),
            max_size=2,
        )
        | values,
        "_source": st.dictionaries(st.sampled_from(["enabled", "includes", "excludes"]), values, max_size=2) | values,
        "_routing": values,
        "date_detection": values,
        "dynamic_date_formats": st.lists(st.sampled_from(["yyyy", "MM/dd", "nope"]), max_size=2) | values,
    },
)
index_body = st.fixed_dictionaries(
    {},
    optional={
        "mappings": mapping | values,
        "settings": st.dictionaries(
            st.sampled_from(
                ["number_of_shards", "index.refresh_interval", "analysis", "default_pipeline", "similarity", "x"]
            ),
            values,
            max_size=2,
        )
        | values,
        "aliases": st.dictionaries(names | st.just("alias"), values, max_size=2) | values,
    },
)
document = st.dictionaries(names | st.sampled_from(["_id", "_inference_fields", "", " ", "a..b"]), values, max_size=4)
# The body of any route: of an index, of an update, of a query, of aliases, or anything.
bodies = (
    index_body
    | mapping
    | document
    | st.fixed_dictionaries(
        {},
        optional={
            "doc": document | values,
            "script": st.sampled_from(["ctx._source.a = 1", "ctx.op = 'delete'", "ctx._source.a = ctx", "("]) | values,
            "upsert": document | values,
            "doc_as_upsert": st.booleans(),
            "query": st.sampled_from([{"match_all": {}}, {"term": {"a": 1}}]) | values,
            "max_docs": values,
            "source": st.fixed_dictionaries({"index": index_names | values}) | values,
            "dest": st.fixed_dictionaries({"index": index_names | values}) | values,
            "docs": st.lists(values, max_size=2),
            "ids": st.lists(ids, max_size=2) | values,
            "actions": st.lists(
                st.dictionaries(
                    st.sampled_from(["add", "remove"]),
                    st.fixed_dictionaries({}, optional={"index": index_names, "alias": names, "filter": values})
                    | values,
                    max_size=1,
                ),
                max_size=2,
            )
            | values,
            "text": texts | values,
            "index_patterns": st.just(["fuzz-*"]) | values,
            "template": index_body | values,
            "synonyms_set": st.lists(st.fixed_dictionaries({"synonyms": texts}), max_size=2) | values,
            "synonyms": texts | values,
            "persistent": values,
        },
    )
    | values
)
parts = {"index": index_names, "id": ids, "name": names, "set": names, "rule": names, "fields": names, "metric": names}


@settings(max_examples=1200, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data(), route=st.sampled_from(ROUTES), body=bodies)
def test_no_request_is_answered_with_a_5xx(
    indices_kept: httpx.Client, data: st.DataObject, route: Route, body: object
) -> None:
    path = route.path
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        part = data.draw(parts.get(path[start + 1 : end], names))
        path = path[:start] + quote(part or "x", safe="") + path[end + 1 :]
    asked = data.draw(
        st.dictionaries(
            st.sampled_from(sorted(route.params) or ["pretty"]), st.sampled_from(["true", "1", "a", ""]), max_size=2
        )
    )
    is_bulk = route.path.endswith("_bulk")
    lines = data.draw(st.lists(operations, max_size=4)) if is_bulk else []
    content = "".join(lines).encode() if is_bulk else json.dumps(body).encode()
    reply = indices_kept.request(
        route.method,
        path,
        params=asked,
        headers={"Content-Type": "application/x-ndjson" if is_bulk else "application/json"},
        content=content if route.method in ("POST", "PUT", "DELETE") else None,
    )
    assert reply.status_code < 500, f"{route.method} {path} {asked} {content!r}: {reply.text}"
    if is_bulk and reply.status_code == 200:
        for item in reply.json()["items"]:
            ((_, result),) = item.items()
            assert result["status"] < 500, item


operations = st.builds(
    lambda action, options, line: (
        f"{json.dumps({action: options})}\n" + ("" if action == "delete" else f"{json.dumps(line)}\n")
    ),
    st.sampled_from(["index", "create", "update", "delete"]),
    st.fixed_dictionaries({"_index": st.sampled_from(["fuzz-a", "fuzz-b"]), "_id": ids}),
    document | st.fixed_dictionaries({"doc": document}),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(made=index_body, lines=st.lists(document, min_size=1, max_size=4))
def test_what_is_acknowledged_is_there(indices_kept: httpx.Client, made: Any, lines: list[Any]) -> None:  # noqa: ANN401
    indices_kept.delete("/fuzz-c")
    if indices_kept.put("/fuzz-c", content=json.dumps(made)).status_code != 200:
        return
    shown = indices_kept.get("/fuzz-c/_mapping").json()
    assert (
        indices_kept.put("/fuzz-c/_mapping", json=shown["fuzz-c"]["mappings"]).status_code == 200
    )  # it can be put again
    for number, line in enumerate(lines):
        reply = indices_kept.put(f"/fuzz-c/_doc/{number}?routing=r", content=json.dumps(line))
        assert reply.status_code in (201, 400, 404), reply.text
        found = indices_kept.get(f"/fuzz-c/_doc/{number}").json()
        assert found["found"] is (reply.status_code == 201)
    assert indices_kept.post("/fuzz-c/_refresh").json()["_shards"]["failed"] == 0
