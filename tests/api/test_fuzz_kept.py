"""Whatever a stranger sends to transforms, policies, applications and rehearsals: an answer, and never a 5xx."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["a", "n", "at", "src", "dst", "1d", "0s", "-1", "{{a}}", "*", "_all", "hot", "", "é\ud800"]),
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "field", "time", "x.y"]), inner, max_size=2)
    ),
    max_leaves=5,
)


def mostly(right: st.SearchStrategy[Any] | Any) -> st.SearchStrategy[Any]:  # noqa: ANN401
    """What is right, and one time in a few anything else."""
    good = right if isinstance(right, st.SearchStrategy) else st.just(right)
    return st.one_of(*[good] * 6, values)


def objects(**parts: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401
    return mostly(st.fixed_dictionaries({}, optional={name: mostly(part) for name, part in parts.items()}))


fields = st.sampled_from(["a", "n", "at", "missing", "place"])
kinds = st.sampled_from(
    ["sum", "max", "min", "terms", "percentiles", "stats", "geo_centroid", "top_metrics", "value_count", "what"]
)
aggs = st.dictionaries(
    st.sampled_from(["x", "y.z", "y", ""]),
    st.builds(lambda kind, field: {kind: {"field": field}}, kinds, fields),
    min_size=1,
    max_size=3,
)
groups = st.dictionaries(
    st.sampled_from(["g", "g.h", "x"]),
    st.builds(
        lambda kind, field, more: {kind: {"field": field, **more}},
        st.sampled_from(["terms", "histogram", "date_histogram", "geotile_grid"]),
        fields,
        st.sampled_from([{}, {"interval": 2}, {"calendar_interval": "day"}, {"missing_bucket": True}]),
    ),
    min_size=1,
    max_size=2,
)
transforms = objects(
    source=objects(index="src", query={"match_all": {}}, runtime_mappings={}),
    dest=objects(index="dst", pipeline="missing"),
    pivot=objects(group_by=groups, aggregations=aggs),
    latest=objects(unique_key=["a"], sort="at"),
    frequency="1m",
    sync=objects(time=objects(field="at", delay="0s")),
    retention_policy=objects(time=objects(field="at", max_age="1d")),
    settings=objects(max_page_search_size=10, docs_per_second=1.5, deduce_mappings=False),
)
policies = objects(
    phases=objects(
        hot=objects(
            min_age="0s",
            actions=objects(rollover=objects(max_docs=1, max_age="1d", min_docs=1), set_priority=objects(priority=1)),
        ),
        warm=objects(
            min_age="1d", actions=objects(forcemerge=objects(max_num_segments=1), allocate=objects(require={"a": "b"}))
        ),
        delete=objects(min_age="2d", actions=objects(delete={})),
    )
)
schemas = objects(
    type="object",
    properties=objects(a=objects(type="string", maxLength=2), n=objects(enum=[1, "x"], minimum=0)),
    required=["a"],
)
applications = objects(
    indices=["src"],
    template=objects(script=objects(source="{{#a}}x{{/a}}", lang="mustache", params=objects(a=1)), dictionary=schemas),
)
rehearsals = objects(
    docs=st.lists(objects(_index="src", _id="1", _source=objects(a="x", n="no", at="soon")), max_size=2),
    pipeline_substitutions=objects(p=objects(processors=[{"set": {"field": "a", "value": 1}}])),
    component_template_substitutions=objects(c=objects(template=objects(settings={}, mappings={}))),
    index_template_substitutions=objects(t=objects(index_patterns=["src"], composed_of=["c"], template={})),
    mapping_addition=objects(properties=objects(a=objects(type="keyword"))),
)
overrides = objects(
    number_of_replicas=1, index=objects(refresh_interval="1s"), properties=objects(a=objects(type="keyword"))
)
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def source(indices_kept: httpx.Client) -> Iterator[httpx.Client]:
    indices_kept.put(
        "/src", json={"mappings": {"properties": {"place": {"type": "geo_point"}, "at": {"type": "date"}}}}
    )
    for document in ({"a": "x", "n": 1, "at": "2026-01-01", "place": "1,2"}, {"a": "y", "n": 2.5}, {}):
        indices_kept.post("/src/_doc?refresh=true", json=document)
    indices_kept.put("/_index_template/fuzz-stream", json={"index_patterns": ["fuzz-stream"], "data_stream": {}})
    indices_kept.put("/_data_stream/fuzz-stream")
    yield indices_kept
    indices_kept.delete("/_transform/fuzz?force=true")
    indices_kept.delete("/_ilm/policy/fuzz")
    indices_kept.delete("/_application/search_application/fuzz")
    indices_kept.delete("/_data_stream/fuzz-stream")


def send(http: httpx.Client, method: str, path: str, body: object) -> None:
    reply = http.request(method, path, content=json.dumps(body).encode())
    assert reply.status_code < 500, (method, path, body, reply.text)
    if reply.status_code >= 400:
        told = reply.json()
        assert told["status"] == reply.status_code
        assert told["error"]["reason"]


@often
@given(body=transforms)
def test_transforms(source: httpx.Client, body: object) -> None:
    send(source, "POST", "/_transform/_preview", body)
    send(source, "PUT", "/_transform/fuzz", body)
    send(source, "POST", "/_transform/fuzz/_update", body)
    send(source, "GET", "/_transform/fuzz/_stats", {})
    send(source, "DELETE", "/_transform/fuzz?force=true", {})


@often
@given(body=policies, step=objects(phase="hot", action="rollover", name="x"))
def test_policies(source: httpx.Client, body: object, step: object) -> None:
    send(source, "PUT", "/_ilm/policy/fuzz", {"policy": body})
    send(source, "PUT", "/src/_settings", {"index.lifecycle.name": "fuzz"})
    send(source, "POST", "/_ilm/move/src", {"current_step": step, "next_step": step})
    send(source, "GET", "/src/_ilm/explain", {})
    send(source, "POST", "/src/_ilm/remove", {})
    send(source, "DELETE", "/_ilm/policy/fuzz", {})


@often
@given(body=applications, params=objects(a="x", n=1))
def test_applications(source: httpx.Client, body: object, params: object) -> None:
    send(source, "PUT", "/_application/search_application/fuzz", body)
    for what in ("_search", "_render_query"):
        send(source, "POST", f"/_application/search_application/fuzz/{what}", {"params": params})


@often
@given(body=rehearsals)
def test_rehearsals(source: httpx.Client, body: object) -> None:
    send(source, "POST", "/_ingest/_simulate", body)


@often
@given(body=overrides)
def test_settings_and_mappings_of_streams(source: httpx.Client, body: object) -> None:
    for part in ("_settings", "_mappings"):
        send(source, "PUT", f"/_data_stream/fuzz-stream/{part}?dry_run=true", body)
        send(source, "PUT", f"/_data_stream/fuzz-stream/{part}", body)
        send(source, "GET", f"/_data_stream/fuzz-stream/{part}", {})
    send(source, "PUT", "/_create_from/src/fuzz-copy", {"settings_override": body, "mappings_override": body})
    send(source, "DELETE", "/fuzz-copy", {})
