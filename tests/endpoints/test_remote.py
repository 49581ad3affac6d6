"""The endpoints of the `elastic` service may run on another connote: same answers, and its failures are told."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest

from conftest import Server
from connote.config import ElasticConfig
from connote.contract.errors import IllegalArgument, Overloaded, Unavailable
from connote.endpoints import entry
from connote.endpoints.remote import Remote
from connote.runtime.local import Inputs, Scores

KEY = "s3cret"
(SCORE,) = entry.split(Scores(np.ones(1, dtype=np.float32)))
SPARSE, RERANK = {"input": ["a quiet house", "the sea " * 600]}, {"query": "a house", "input": ["tax law", "a cottage"]}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("other"), environment={"CONNOTE_API_KEY": KEY})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def here(other: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    environment = {"CONNOTE_ELASTIC_URL": other.url, "CONNOTE_ELASTIC_API_KEY": KEY}
    server = Server(tmp_path_factory.mktemp("here"), environment=environment)
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client
    server.stop()


def test_the_answer_is_the_same_and_the_endpoint_says_where_it_runs(here: httpx.Client, other: Server) -> None:
    with httpx.Client(base_url=other.url, timeout=60, headers={"Authorization": f"ApiKey {KEY}"}) as there:
        replies = [client.post("/_inference/.elser-2-elastic", json=SPARSE) for client in (here, there)]
    assert replies[0].json() == replies[1].json()
    assert [vector["is_truncated"] for vector in replies[0].json()["sparse_embedding"]] == [False, True]
    assert replies[0].headers["Warning"] == replies[1].headers["Warning"]
    rows = {row["inference_id"]: row for row in here.get("/_connote/endpoints").json()["endpoints"]}
    (counted,) = here.get("/_connote/usage?endpoint=.elser-2-elastic").json()["usage"]
    assert 512 < counted["input_tokens"] < 530  # the long text was cut at 512
    assert rows[".elser-2-elastic"]["device"] == f"remote {other.url}"
    assert rows[".elser-2-elastic"]["state"] == "not loaded"
    assert rows[".elser-2-elasticsearch"]["device"] == "cpu"


def test_what_a_request_wants_of_the_cache_holds_there_too(here: httpx.Client, other: Server) -> None:
    def ask(header: str) -> tuple[int, int, int]:
        with httpx.Client(base_url=other.url, headers={"Authorization": f"ApiKey {KEY}"}) as there:
            before = there.get("/_connote/stats").json()["cache"]
            here.post("/_inference/.elser-2-elastic", json={"input": "a barn"}, headers={"Cache-Control": header})
            after = there.get("/_connote/stats").json()["cache"]
        entries = after["memory"]["entries"] - before["memory"]["entries"]
        return after["hits"] - before["hits"], after["misses"] - before["misses"], entries

    assert ask("no-store") == (0, 0, 0)
    assert ask("no-cache")[:2] == (0, 0)
    assert ask("") == (1, 0, 0)
    assert ask("no-store") == (0, 0, 0)
    rows = {row["inference_id"]: row for row in here.get("/_connote/endpoints").json()["endpoints"]}
    assert rows[".elser-2-elastic"]["cache"] == {"hits": 0, "misses": 0}


def test_dense_and_rerank_go_there_too(here: httpx.Client) -> None:
    for id, task, model, body in (
        ("d", "text_embedding", "all-MiniLM-L6-v2", {"input": "a house"}),
        ("r", "rerank", "elastic-rerank-v1", RERANK),
    ):
        made = here.put(
            f"/_inference/{task}/{id}x", json={"service": "elastic", "service_settings": {"model_id": model}}
        )
        assert made.status_code == 200
        own = {"num_threads": 1, "num_allocations": 1, "model_id": ".rerank-v1" if id == "r" else model}
        here.put(f"/_inference/{task}/{id}y", json={"service": "elasticsearch", "service_settings": own})
        assert here.post(f"/_inference/{id}x", json=body).json() == here.post(f"/_inference/{id}y", json=body).json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": ".elser_model_2", "texts": []}, 400),
        ({"model": ".elser_model_2", "texts": "a"}, 400),
        ({"model": ".elser_model_2", "texts": ["a"], "more": 1}, 400),
        ({"model": ".elser_model_2", "texts": ["a"], "query": "b"}, 400),
        ({"model": ".elser_model_2", "texts": ["a"], "caching": "never"}, 400),
        ({"model": ".rerank-v1", "texts": ["a"]}, 400),
        ({"model": "nothing", "texts": ["a"]}, 404),
        ({"texts": ["a"]}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(here: httpx.Client, body: dict[str, object], status: int) -> None:
    reply = here.post("/_connote/run", json=body)
    assert reply.status_code == status
    assert reply.json()["error"]["reason"]


def test_entries_come_back_as_messagepack(here: httpx.Client) -> None:
    reply = here.post("/_connote/run", json={"model": ".elser_model_2", "texts": ["a", "b"]})
    assert len(msgspec.msgpack.decode(reply.content, type=list[bytes])) == 2


@pytest.mark.parametrize(
    "environment", [{"CONNOTE_ELASTIC_API_KEY": "wrong"}, {"CONNOTE_ELASTIC_URL": "http://127.0.0.1:9"}]
)
def test_a_remote_that_does_not_answer_is_told(other: Server, tmp_path: Path, environment: dict[str, str]) -> None:
    server = Server(tmp_path, environment={"CONNOTE_ELASTIC_URL": other.url, **environment})
    try:
        reply = httpx.post(f"{server.url}/_inference/.elser-2-elastic", json=SPARSE, timeout=30)
    finally:
        server.stop()
    assert reply.status_code == 503
    assert reply.json()["error"]["reason"].startswith(environment.get("CONNOTE_ELASTIC_URL", other.url))
    assert "wrong" not in reply.text


@pytest.mark.parametrize("entries", [[], [SCORE], [SCORE] * 3, [b"?", b"?"]])
def test_an_answer_that_does_not_fit_the_question_is_told(
    monkeypatch: pytest.MonkeyPatch, entries: list[bytes]
) -> None:
    async def post(*_: object, **__: object) -> httpx.Response:
        return httpx.Response(200, content=msgspec.msgpack.encode(entries))

    monkeypatch.setattr(httpx.AsyncClient, "post", post)

    async def ask() -> None:
        with pytest.raises(Unavailable, match="does not answer as a connote of this version does"):
            await Remote("http://gpu", None).run("m", Inputs(["a", "b"], query="c"))

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("said", "wait"),
    [("7", "7"), ("soon", "1"), ("nan", "1"), ("Mon, 01 Jan 2001 00:00:00 GMT", "0"), (None, "1")],
)
def test_when_to_ask_again_is_a_number_whatever_stands_between(
    monkeypatch: pytest.MonkeyPatch, said: str | None, wait: str
) -> None:
    async def post(*_: object, **__: object) -> httpx.Response:
        return httpx.Response(429, headers={} if said is None else {"Retry-After": said})

    monkeypatch.setattr(httpx.AsyncClient, "post", post)
    with pytest.raises(Overloaded) as refused:
        asyncio.run(Remote("http://gpu", None).run("m", Inputs(["a"])))
    assert refused.value.headers["Retry-After"] == wait


@pytest.mark.parametrize("url", ["gpu", "ftp://gpu", "http://", "http://user:secret@gpu", "http://gpu?x=1", "a b"])
def test_what_is_no_url_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(IllegalArgument, match=r"\[elastic\] url must be a URL") as refused:
        ElasticConfig(url=url).remote()
    assert "secret" not in str(refused.value)
