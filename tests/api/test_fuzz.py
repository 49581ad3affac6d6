"""Whatever a stranger sends: an answer in the wire's form, never a 5xx, never a hang."""

import json
import string
from urllib.parse import quote

import httpx
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connote.api.server import ROUTES

REQUESTS = 5000

TASKS = "sparse_embedding text_embedding rerank completion chat_completion any"
IDS = ".elser-2-elastic .elser-2-elasticsearch .rerank-v1-elasticsearch mine _all * _services _update _stream"
FIELDS = "input query input_type task_settings return_documents top_n timeout service task_type service_settings"
words = st.sampled_from(f"{TASKS} {IDS}".split())
names = words | st.text(string.ascii_lowercase + "._-%/ é\x00", min_size=1, max_size=8)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(f"{FIELDS} chunking_settings region_policy text messages budget fallback shadow".split())
service_settings = st.fixed_dictionaries(
    {},
    optional={
        "model_id": st.sampled_from([".elser_model_2", ".rerank-v1", "none"]) | values,
        "num_allocations": st.integers(-1, 3) | values,
        "num_threads": st.sampled_from([1, 2]) | values,
        "adaptive_allocations": st.fixed_dictionaries({}, optional={"enabled": st.booleans(), "x": values}) | values,
        "deployment_id": values,
    },
)
chunking_settings = st.fixed_dictionaries(
    {},
    optional={
        "strategy": st.sampled_from(["sentence", "word", "recursive", "none"]) | values,
        "max_chunk_size": st.integers(0, 40) | values,
        "overlap": st.integers(0, 20) | values,
        "sentence_overlap": st.integers(0, 2) | values,
        "separators": st.lists(st.text(max_size=6), max_size=3) | values,
        "separator_group": st.sampled_from(["markdown", "plaintext"]) | values,
    },
)
likely = st.fixed_dictionaries(
    {},
    optional={
        "input": st.text(max_size=30) | st.lists(st.text(max_size=30), max_size=3) | values,
        "query": st.text(max_size=10) | values,
        "timeout": st.sampled_from(["30s", "1m", "-1", "0", "x"]) | values,
        "service": st.sampled_from(["elasticsearch", "elser", "elastic"]) | values,
        "service_settings": service_settings | values,
        "chunking_settings": chunking_settings | values,
        "text": st.text(max_size=60) | values,
    },
)
bodies = likely | st.dictionaries(fields | st.text(max_size=5), values, max_size=4) | values
params = st.dictionaries(
    st.sampled_from(["timeout", "pretty", "filter_path", "dry_run", "force", "truncate", "error_trace", "format", "x"]),
    st.text(string.ascii_letters + string.digits + "*.,-", max_size=8) | st.sampled_from(["true", "30s", "none"]),
    max_size=2,
)
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
# Every declared route with its own method, and any path with any.
declared = st.sampled_from([(route.method, route.path) for route in ROUTES])
wild = st.tuples(methods, st.lists(names, max_size=4).map(lambda parts: "/" + "/".join(parts)))


@settings(max_examples=REQUESTS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data(), target=declared | wild, params=params, body=bodies, raw=st.none() | st.binary(max_size=20))
def test_no_request_is_answered_with_a_5xx(
    http: httpx.Client,
    data: st.DataObject,
    target: tuple[str, str],
    params: dict[str, str],
    body: object,
    raw: bytes | None,
) -> None:
    method, path = target
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + data.draw(names) + path[end + 1 :]
    content = json.dumps(body).encode() if raw is None else raw
    reply = http.request(
        method,
        f"{str(http.base_url).rstrip('/')}{quote(path)}",
        params=params,
        headers={"Content-Type": "application/json"},
        content=None if method in ("GET", "HEAD") else content,
    )
    # 503: an endpoint over a model whose weights cannot be had here.
    assert reply.status_code < 500 or reply.status_code == 503, reply.text
    if reply.status_code >= 400 and method != "HEAD" and "filter_path" not in params:
        assert orjson.loads(reply.content.removeprefix(b"event: error\ndata: "))["error"]["type"]
