"""Whatever a stranger sends: an answer in the wire's form, never a 5xx, never a hang."""

import json
import string
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Server
from connote.api.server import ROUTES
from connote.runtime.library import Library
from provider import Asked, Provider, Reply, events

REQUESTS, CHATS, RIGHTS = 6000, 1500, 2000

TASKS = "sparse_embedding text_embedding rerank completion chat_completion any"
IDS = ".elser-2-elastic .elser-2-elasticsearch .rerank-v1-elasticsearch mine _all * _services _update _stream"
FIELDS = "input query input_type task_settings return_documents top_n timeout service task_type service_settings"
CHAT_FIELDS = (
    "model messages stream stream_options tools tool_choice stop max_tokens max_completion_tokens n temperature p "
    "reasoning_effort thinking documents strict_tools response_format"
)
words = st.sampled_from(f"{TASKS} {IDS} v1 v2 embed".split())
names = words | st.text(string.ascii_lowercase + "._-%/ é\x00", min_size=1, max_size=8)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MORE = "chunking_settings region_policy text messages model inputs texts documents budget fallback shadow"
fields = st.sampled_from(f"{FIELDS} {MORE}".split())
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
texts = st.text(max_size=30) | st.lists(st.text(max_size=30), max_size=3) | st.lists(st.integers(), max_size=3) | values
# What OpenAI's, Cohere's and TEI's routes take.
compatible = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(f"{IDS} .multilingual-e5-small-elasticsearch".split()) | values,
        **dict.fromkeys(("input", "inputs", "texts", "documents", "query", "images"), texts),
        "encoding_format": st.sampled_from(["float", "base64"]) | values,
        "dimensions": st.sampled_from([384, 3]) | values,
        "input_type": st.sampled_from(["search", "search_query", "search_document", "image"]) | values,
        "embedding_types": st.lists(st.sampled_from(["float", "base64", "int8"]), max_size=2) | values,
        "truncate": st.sampled_from(["END", "NONE", True, False]) | values,
        "prompt_name": st.sampled_from(["query", "passage"]) | values,
        **dict.fromkeys(("return_text", "return_documents", "normalize", "raw_scores"), st.booleans() | values),
        "top_n": st.integers(-1, 3) | values,
        "messages": values,
    },
)
part = st.fixed_dictionaries({"type": st.just("text"), "text": st.text(max_size=9)})
function = st.fixed_dictionaries({"name": st.just("f")}, optional={"arguments": st.just("{}")})
call = st.fixed_dictionaries({"id": st.text(max_size=3), "type": st.just("function"), "function": function})
message = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool"])},
    optional={
        "content": st.text(max_size=9) | st.lists(part, max_size=2) | st.none(),
        "tool_calls": st.lists(call, max_size=2),
    },
)
tool = st.fixed_dictionaries({"type": st.just("function"), "function": st.just({"name": "f", "parameters": {}})})
# A chat that is right; `wrong` then puts anything in the place of some of it.
right = st.fixed_dictionaries(
    {"model": st.just("mine"), "messages": st.lists(message, min_size=1, max_size=3)},
    optional={
        "stream": st.booleans(),
        "tools": st.lists(tool, max_size=2),
        "temperature": st.floats(0, 1),
        "max_tokens": st.integers(1, 9),
    },
)
chat_fields = st.sampled_from(CHAT_FIELDS.split())
wrong = st.dictionaries(chat_fields, values | st.lists(message | values, max_size=2), max_size=1)
chats = st.tuples(right, st.just({}) | wrong).map(lambda parts: parts[0] | parts[1])
pipes = st.fixed_dictionaries(
    {},
    optional={
        "processors": st.lists(
            st.dictionaries(
                st.sampled_from(["set", "script", "foreach", "inference", "fail", "x"]),
                st.dictionaries(st.sampled_from(["field", "value", "source", "if", "processor"]), values, max_size=3),
                max_size=2,
            ),
            max_size=2,
        )
        | values,
        "version": st.integers(-1, 3) | values,
    },
)
simulated = st.fixed_dictionaries(
    {},
    optional={
        "pipeline": pipes | values,
        "docs": st.lists(st.fixed_dictionaries({"_source": values}), max_size=2) | values,
    },
)
bodies = (
    pipes | simulated | likely | compatible | st.dictionaries(fields | st.text(max_size=5), values, max_size=4) | values
)
PARAMS = "timeout pretty filter_path dry_run force truncate error_trace format x verbose if_version"
params = st.dictionaries(
    st.sampled_from(PARAMS.split()),
    st.text(string.ascii_letters + string.digits + "*.,-", max_size=8) | st.sampled_from(["true", "30s", "none"]),
    max_size=2,
)
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
# Every declared route with its own method, and any path with any.
declared = st.sampled_from([(route.method, route.path) for route in ROUTES])
wild = st.tuples(methods, st.lists(names, max_size=4).map(lambda parts: "/" + "/".join(parts)))


@pytest.fixture(scope="module")
def http(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:  # noqa: ARG001 (models)
    """Plain HTTP to a server that no other test asks: who knows what strangers leave there."""
    running = Server(tmp_path_factory.mktemp("strangers") / "data")
    with httpx.Client(base_url=running.url, timeout=60, trust_env=False) as client:
        yield client
    assert running.stop() == 0


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
        told = orjson.loads(reply.content.removeprefix(b"event: error\ndata: "))
        assert is_told(told, reply.status_code), reply.text


# So Elasticsearch tells that no pipeline or template, document or script, or scroll was found.
NOTHING: list[dict[str, Any]] = [{"found": False}, {"matched": False}, {"result": "not_found"}, {"num_freed": 0}]


def is_told(body: dict[str, Any], status: int) -> bool:
    """Whether it is an error in the form of Elasticsearch, OpenAI, Cohere or TEI."""
    if not body.keys() & {"error", "message"}:
        return status == 404 and (not body or any(body.items() >= told.items() for told in NOTHING) or is_gone(body))
    error = body.get("error")
    if isinstance(error, str):
        # TEI; and so Elasticsearch tells that no alias was found.
        return isinstance(body.get("error_type"), str) or body.get("status") == 404
    return isinstance(error["type"] if error else body["message"], str)


def is_gone(body: dict[str, Any]) -> bool:
    """Whether it says of privileges, by application and name, that they are not there to be deleted."""
    return all(
        isinstance(own, dict) and all(each == {"found": False} for each in own.values()) for own in body.values()
    )


def answered(asked: Asked) -> Reply:
    """A service that chats."""
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    piece = {"role": "assistant", "content": "Hi", "tool_calls": [{"id": "a", "function": {"name": "f"}}]}
    if asked.json.get("stream"):
        return events({"choices": [{"delta": piece}]}, {"choices": [], "usage": usage})
    return Reply({"choices": [{"message": piece}], "usage": usage})


@settings(max_examples=CHATS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(path=st.sampled_from(["/v1/chat/completions", "/v2/chat"]), body=chats)
def test_no_chat_is_answered_with_a_5xx(
    remote: httpx.Client, provider: Provider, path: str, body: dict[str, object]
) -> None:
    if not provider.asked:
        provider.tell("/openai/v1/chat/completions", answered)
        paced = {"api_key": "sk", "model_id": "m", "rate_limit": {"requests_per_minute": 1_000_000}}
        own = {"service": "openai", "service_settings": paced}
        assert remote.put("/_inference/chat_completion/mine", json=own).status_code == 200
    reply = remote.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert reply.status_code in (200, 400, 404), reply.text
    if reply.status_code != 200:
        assert is_told(reply.json(), reply.status_code), reply.text
    elif body.get("stream"):
        assert reply.text.endswith("data: [DONE]\n\n")
    else:
        assert reply.json()["id"]


some = st.text(max_size=30)
several = some | st.lists(some, min_size=1, max_size=3)
size = st.integers(20, 60)
how = (
    st.fixed_dictionaries({"strategy": st.just("sentence"), "max_chunk_size": size, "sentence_overlap": st.just(1)})
    | st.fixed_dictionaries({"strategy": st.just("word"), "max_chunk_size": size, "overlap": st.integers(1, 10)})
    | st.fixed_dictionaries(
        {"strategy": st.just("recursive"), "max_chunk_size": size, "separators": st.just(["\n", "a|b"])}
    )
    | st.just({"strategy": "none"})
)
allocations = st.fixed_dictionaries({"num_allocations": st.integers(1, 3)})
own = st.fixed_dictionaries(
    {"model_id": st.just(".elser_model_2"), "num_threads": st.just(1), "num_allocations": st.integers(1, 3)}
)
MINE = {"model_id": ".elser_model_2", "num_threads": 1, "num_allocations": 1}
ML = "/_ml/trained_models"
document = st.fixed_dictionaries({"text_field": some})
tags = st.lists(st.text(max_size=5), max_size=2)
small = st.integers(1, 3)
base64 = st.binary(min_size=1, max_size=30).map(lambda content: b64encode(content).decode())
adaptive = st.fixed_dictionaries({"enabled": st.booleans(), "min_number_of_allocations": st.integers(0, 2)})
SPARSE, DENSE, RERANK = ".elser-2-elastic", ".multilingual-e5-small-elasticsearch", ".rerank-v1-elasticsearch"
EMBED, RANK = {"model": st.just(DENSE), "texts": st.lists(some, min_size=1, max_size=3)}, {"query": some.filter(bool)}
INGEST, FLOATS = {"input_type": st.just("search_document")}, {"embedding_types": st.just(["float"])}
# Requests that are right. Those on `mine` are so only where it is there, or is not.
RIGHT: list[tuple[str, str, dict[str, st.SearchStrategy[Any]]]] = [
    ("POST", f"/_inference/{SPARSE}", {"input": several}),
    ("POST", "/_inference/sparse_embedding/.elser-2-elasticsearch", {"input": several, "timeout": st.just("30s")}),
    (
        "POST",
        f"/_inference/text_embedding/{DENSE}",
        {"input": several, "input_type": st.sampled_from(["search", "ingest"])},
    ),
    ("POST", f"/_inference/rerank/{RERANK}", {"input": several, "top_n": st.integers(1, 3), **RANK}),
    ("PUT", "/_inference/sparse_embedding/mine", {"service": st.just("elasticsearch"), "service_settings": own}),
    ("PUT", "/_inference/mine/_update", {"task_type": st.just("sparse_embedding"), "service_settings": allocations}),
    ("DELETE", "/_inference/mine", {}),
    ("POST", "/_connote/_chunk", {"text": st.text(max_size=300), "chunking_settings": how}),
    ("POST", "/_connote/run", {"model": st.just(".elser_model_2"), "texts": st.lists(some, min_size=1, max_size=3)}),
    ("PUT", "/_inference/_region_policy", {"region_policy": st.fixed_dictionaries({"allowed_geos": st.just(["eu"])})}),
    ("POST", f"{ML}/.elser_model_2/_infer", {"docs": st.lists(document, min_size=1, max_size=3)}),
    ("PUT", f"{ML}/mine", {"model_type": st.just("pytorch"), "inference_config": st.just({"ner": {}}), "tags": tags}),
    ("PUT", f"{ML}/mine/definition/0", {"definition": base64, "total_definition_length": size, "total_parts": small}),
    ("PUT", f"{ML}/mine/vocabulary", {"vocabulary": st.lists(some, min_size=1, max_size=9)}),
    ("POST", f"{ML}/mine/deployment/_start", {"adaptive_allocations": adaptive, "queue_capacity": small}),
    ("POST", f"{ML}/mine/deployment/_update", {"number_of_allocations": small}),
    ("POST", f"{ML}/mine/deployment/_stop", {"force": st.booleans()}),
    ("PUT", f"{ML}/mine/model_aliases/other", {}),
    ("DELETE", f"{ML}/mine", {}),
    ("PUT", "/_connote/models/mine", {"folder": st.text(max_size=9), "aliases": tags}),
    ("POST", "/_connote/models/mine/_pull", {}),
    ("DELETE", "/_connote/models/mine", {}),
    ("POST", "/v1/embeddings", {"model": st.just(DENSE), "input": several}),
    ("POST", "/v2/embed", EMBED | INGEST | FLOATS),
    ("POST", "/v1/embed", EMBED),
    ("POST", "/v2/rerank", {"model": st.just(RERANK), "documents": st.lists(some, min_size=1, max_size=3), **RANK}),
    ("POST", "/embed", {"inputs": several}),
    ("POST", "/embed_sparse", {"inputs": several}),
    ("POST", "/rerank", {"texts": st.lists(some, min_size=1, max_size=3), **RANK}),
]


def spoilt(data: st.DataObject, body: dict[str, Any]) -> dict[str, Any]:
    """The body with anything in the place of one of its parts, or beside them."""
    name = data.draw(st.sampled_from([*body, "x"]))
    part = body.get(name)
    if isinstance(part, dict) and data.draw(st.booleans()):
        return body | {name: spoilt(data, part)}
    return body | {name: data.draw(values)}


@settings(max_examples=RIGHTS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data(), target=st.sampled_from(RIGHT), is_right=st.booleans())
def test_what_is_right_is_answered_and_what_is_nearly_so_never_with_a_5xx(
    http: httpx.Client, data: st.DataObject, target: tuple[str, str, dict[str, Any]], is_right: bool
) -> None:
    method, path, fields = target
    body = data.draw(st.fixed_dictionaries(fields))
    sent = body if is_right else spoilt(data, body)
    if path.endswith("_update"):  # it may have been deleted
        http.put("/_inference/sparse_embedding/mine", json={"service": "elasticsearch", "service_settings": MINE})
    reply = http.request(method, path, content=json.dumps(sent), headers={"Content-Type": "application/json"})
    if is_right:
        usual = (200, 400, 404) if "mine" in path else (200,)
        owned = (409,) if "/mine/deployment/" in path else ()  # by an endpoint
        assert reply.status_code in (*usual, *owned), reply.text
    assert reply.status_code < 500, reply.text
    if reply.status_code >= 400:
        assert is_told(reply.json(), reply.status_code), reply.text
