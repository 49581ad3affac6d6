"""What Elasticsearch's clients expect of every answer."""

import gzip
import json

import httpx
import pytest

VENDOR = "application/vnd.elasticsearch+json; compatible-with="


def test_the_root_says_who_it_is(http: httpx.Client) -> None:
    body = http.get("/").json()
    assert body["version"]["number"].startswith("9.")
    assert body["version"]["build_flavor"] == "connote"
    assert body["tagline"] == "You Know, for Search"
    assert http.head("/").status_code == 200


def test_a_browser_is_sent_to_the_console(http: httpx.Client) -> None:
    page = http.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, follow_redirects=True)
    assert page.url.path == "/console/"
    assert "<title>connote</title>" in page.text
    assert http.get("/console", follow_redirects=True).url == page.url


def test_a_slash_at_the_end_says_nothing(http: httpx.Client) -> None:
    assert http.get("/_inference/").json() == http.get("/_inference").json()


def test_a_flag_is_true_or_false(http: httpx.Client) -> None:
    for name in ("pretty", "human", "error_trace"):
        reply = http.get("/_inference", params={name: "maybe"})
        assert reply.status_code == 400
        assert f"[maybe] of [{name}]" in reply.json()["error"]["reason"]


def test_an_input_of_another_type_is_named(http: httpx.Client) -> None:
    reply = http.post("/_inference/.elser-2-elastic", json={"input": {"a": 1}})
    assert reply.status_code == 400
    assert "[input]: it must be a string or an array of strings, not [{a=1}]" in reply.json()["error"]["reason"]


def test_every_answer_names_the_product_and_echoes_the_opaque_id(http: httpx.Client) -> None:
    for path in ("/", "/_inference", "/_inference/nothing", "/what"):
        reply = http.get(path, headers={"X-Opaque-Id": "abc"})
        assert reply.headers["x-elastic-product"] == "Elasticsearch"
        assert reply.headers["x-opaque-id"] == "abc"


@pytest.mark.parametrize("version", ["8", "9"])
def test_vendored_media_types_are_spoken(http: httpx.Client, version: str) -> None:
    headers = {"Accept": VENDOR + version, "Content-Type": VENDOR + version}
    reply = http.post("/_inference/.elser-2-elastic", headers=headers, content=b'{"input": "a"}')
    assert reply.status_code == 200
    assert reply.headers["content-type"] == f"application/vnd.elasticsearch+json;compatible-with={version}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": VENDOR + "7"}, 400),
        ({"Accept": VENDOR + "8", "Content-Type": VENDOR + "9"}, 400),
        ({"Accept": "image/png"}, 406),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 406),
    ],
)
def test_other_media_types_are_refused(http: httpx.Client, headers: dict[str, str], status: int) -> None:
    reply = http.post("/_inference/.elser-2-elastic", headers=headers, content=b'{"input": "a"}')
    assert reply.status_code == status


def test_a_body_may_be_gzip(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps({"input": "a"}).encode())
    assert http.post("/_inference/.elser-2-elastic", headers=headers, content=body).status_code == 200
    bomb = gzip.compress(b" " * 200_000_000)
    assert http.post("/_inference/.elser-2-elastic", headers=headers, content=bomb).status_code == 413
    assert http.post("/_inference/.elser-2-elastic", headers=headers, content=b"not gzip").status_code == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"", b"[" * 5000])
def test_a_body_that_is_no_json_object_is_refused(http: httpx.Client, body: bytes) -> None:
    reply = http.post("/_inference/x", headers={"Content-Type": "application/json"}, content=body)
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "x_content_parse_exception"


def test_unknown_parameters_paths_and_methods(http: httpx.Client) -> None:
    unknown = http.get("/_inference?foo=1").json()["error"]["reason"]
    assert unknown.startswith("request [/_inference] contains unrecognized parameter: [foo]; known are [")
    assert http.get("/what/ever").status_code == 400
    wrong = http.patch("/_inference")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert http.delete("/_inference/x?force=maybe").status_code == 400


def test_pretty_filter_path_and_error_trace(http: httpx.Client) -> None:
    assert http.get("/?pretty").text.startswith('{\n  "name" : "connote",\n')
    assert http.get("/?filter_path=version.number,tag*").json() == {
        "version": {"number": "9.5.0"},
        "tagline": "You Know, for Search",
    }
    assert "service_settings" not in http.get("/_inference?filter_path=-**.service_settings").text
    ids = http.get("/_inference?filter_path=endpoints.inference_id").json()["endpoints"]
    assert {"inference_id": ".elser-2-elastic"} in ids
    traced = http.get("/_inference/nothing?error_trace").json()["error"]
    assert "NotFound" in traced["stack_trace"]
    assert "stack_trace" not in http.get("/_inference/nothing").json()["error"]


def test_only_names_of_this_machine_are_served_without_a_key(http: httpx.Client) -> None:
    assert http.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert http.get("/", headers={"Authorization": "ApiKey whatever"}).status_code == 200


def test_pages_of_other_sites_change_nothing(http: httpx.Client) -> None:
    def clear(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return http.post("/_connote/cache/_clear", headers=named).status_code

    own = str(http.base_url).rstrip("/")
    assert [clear(origin=origin) for origin in ("http://evil.example", "http://localhost:1", "null")] == [403] * 3
    assert clear(origin="http://evil.example", sec_fetch_site="cross-site") == 403
    assert [clear(), clear(origin=own), clear(origin="chrome-extension://abc")] == [200] * 3
    assert clear(origin="https://search.example", sec_fetch_site="same-origin") == 200  # behind a proxy
    assert http.get("/", headers={"Origin": "http://evil.example"}).status_code == 200


def test_own_routes(http: httpx.Client) -> None:
    models = {model["id"]: model for model in http.get("/_connote/models").json()["models"]}
    assert models["rasyosef/splade-tiny"]["present"] is True
    cross = models["cross-encoder/ms-marco-MiniLM-L6-v2"]
    assert cross["served_by"] == "connote/late-interaction-minilm"
    assert "Not a cross-encoder" in cross["note"]
    http.post("/_inference/.elser-2-elastic", json={"input": "a"})
    endpoints = {endpoint["inference_id"]: endpoint for endpoint in http.get("/_connote/endpoints").json()["endpoints"]}
    assert endpoints[".elser-2-elastic"]["device"] == "cpu"
    assert endpoints[".elser-2-elastic"]["model_id"] == "rasyosef/splade-tiny"
    assert http.get("/_cluster/health").json()["status"] == "green"


def test_chunks_can_be_previewed(http: httpx.Client) -> None:
    text = "One sentence. " * 30
    settings = {"strategy": "sentence", "max_chunk_size": 20, "sentence_overlap": 0}
    chunks = http.post("/_connote/_chunk", json={"text": text, "chunking_settings": settings}).json()["chunks"]
    assert "".join(chunk["text"] for chunk in chunks) == text
    assert chunks[0]["text"] == text[: chunks[0]["end_offset"]]
    assert http.post("/_connote/_chunk", json={"text": 1}).status_code == 400
