"""A field of meaning moves to another endpoint while its index is written and searched."""

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server
from provider import Asked, Provider, Reply

INDEX, ONE, TWO = "reembed-homes", "reembed-one", "reembed-two"
PATH = "/openai/v1/embeddings"
DOCUMENTS = 450
Told = dict[str, Any]


def embeddings(asked: Asked) -> Reply:
    """Model `one` gives three numbers, `two` four; that of a text with a 7 is nearest to that of a 7."""
    size = 3 if asked.json["model"] == "one" else 4
    data = [
        {"object": "embedding", "index": at, "embedding": [1.0 if "7" in text else -1.0, *[0.1] * (size - 1)]}
        for at, text in enumerate(asked.json["input"])
    ]
    return Reply({"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}})


class Gate:
    """Answers that wait until it is opened; `after` is how many texts of model `two` it lets through before."""

    def __init__(self, after: int = 0) -> None:
        self.left, self.waiting, self.opened = after, threading.Event(), threading.Event()

    def __call__(self, asked: Asked) -> Reply:
        if asked.json["model"] == "two":
            self.left -= len(asked.json["input"])
            if self.left < 0:
                self.waiting.set()
                self.opened.wait(30)
        return embeddings(asked)


def prepared(client: httpx.Client) -> None:
    """Two endpoints, and an index on the first."""
    for id, model in ((ONE, "one"), (TWO, "two")):
        body = {"service": "openai", "service_settings": {"model_id": model, "api_key": "k"}}
        made = client.put(f"/_inference/text_embedding/{id}", json=body)
        assert made.status_code == 200, made.text
    mapping = {"properties": {"meaning": {"type": "semantic_text", "inference_id": ONE}}}
    assert client.put(f"/{INDEX}", json={"mappings": mapping}).status_code == 200
    lines = "".join(f'{{"index": {{"_id": "{at}"}}}}\n{{"meaning": "home {at}"}}\n' for at in range(DOCUMENTS))
    headers = {"Content-Type": "application/x-ndjson"}
    reply = client.post(f"/{INDEX}/_bulk?refresh=true", content=lines, headers=headers)
    assert not reply.json()["errors"]


@pytest.fixture
def homes(remote: httpx.Client, provider: Provider) -> Iterator[httpx.Client]:
    provider.tell(PATH, embeddings)
    prepared(remote)
    provider.asked.clear()
    yield remote
    remote.delete(f"/{INDEX}/_connote/reembed")
    remote.delete(f"/{INDEX}")


def start(client: httpx.Client, id: str = TWO) -> Told:
    reply = client.post(f"/{INDEX}/_connote/reembed", json={"field": "meaning", "inference_id": id})
    assert reply.status_code == 200, reply.text
    told: Told = reply.json()
    return told


def state(client: httpx.Client) -> Told:
    told: Told = client.get(f"/{INDEX}/_connote/reembed").json()
    return told


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ended(client: httpx.Client) -> Told:
    until(lambda: state(client)["state"] != "running")
    return state(client)


def field(client: httpx.Client) -> Told:
    told: Told = client.get(f"/{INDEX}/_mapping").json()[INDEX]["mappings"]["properties"]["meaning"]
    return told


def found(client: httpx.Client, text: str = "7", size: int = 1000) -> list[str]:
    """The ids of documents by how near they are; the query is embedded as the mapping says."""
    body = {"query": {"match": {"meaning": text}}, "size": size, "_source": False}
    return [hit["_id"] for hit in client.post(f"/{INDEX}/_search", json=body).json()["hits"]["hits"]]


def test_searches_have_the_old_vectors_until_all_new_ones_are_there(homes: httpx.Client, provider: Provider) -> None:
    gate = Gate(after=200)
    provider.tell(PATH, gate)
    before = found(homes)
    assert start(homes)["state"] == "running"
    assert gate.waiting.wait(30)
    until(lambda: state(homes)["embedded"] == 200)
    assert state(homes)["total"] == DOCUMENTS
    assert field(homes)["inference_id"] == ONE
    assert found(homes) == before
    gate.opened.set()
    assert ended(homes)["state"] == "done"
    assert (field(homes)["inference_id"], field(homes)["model_settings"]["dimensions"]) == (TWO, 4)
    assert found(homes) == before
    assert provider.asked[-1].json == {**provider.asked[-1].json, "model": "two", "input": ["7"]}


def test_documents_that_change_meanwhile_are_right_after_it(homes: httpx.Client, provider: Provider) -> None:
    gate = Gate(after=200)
    provider.tell(PATH, gate)
    start(homes)
    assert gate.waiting.wait(30)
    homes.put(f"/{INDEX}/_doc/new", json={"meaning": "777"})
    homes.put(f"/{INDEX}/_doc/7", json={"meaning": "no more"})
    homes.delete(f"/{INDEX}/_doc/17")
    homes.put(f"/{INDEX}/_doc/18", json={"meaning": "77"})
    gate.opened.set()
    assert ended(homes)["state"] == "done"
    first = set(found(homes, size=sum("7" in str(at) for at in range(DOCUMENTS))))
    assert {"new", "18", "27"} <= first
    assert not {"7", "17"} & first
    assert homes.post(f"/{INDEX}/_count").json()["count"] == DOCUMENTS


def test_versions_and_sequence_numbers_stay_as_they_are(homes: httpx.Client) -> None:
    before = homes.get(f"/{INDEX}/_doc/7").json()
    start(homes)
    assert ended(homes)["state"] == "done"
    assert homes.get(f"/{INDEX}/_doc/7").json() == before
    assert homes.put(f"/{INDEX}/_doc/7", json={"meaning": "7"}).json()["_version"] == 2
    assert found(homes)[0] != "none"


def test_a_write_that_is_under_way_at_the_switch_gets_the_new_endpoints_vector(
    homes: httpx.Client, provider: Provider
) -> None:
    entered, opened = threading.Event(), threading.Event()

    def slow(asked: Asked) -> Reply:
        if asked.json["input"] == ["late 7"] and asked.json["model"] == "one":
            entered.set()
            opened.wait(30)
        return embeddings(asked)

    provider.tell(PATH, slow)
    replies = list[httpx.Response]()
    writing = threading.Thread(
        target=lambda: replies.append(
            httpx.put(f"{homes.base_url}/{INDEX}/_doc/late?refresh=true", json={"meaning": "late 7"}, timeout=60)
        )
    )
    writing.start()
    assert entered.wait(30)
    start(homes)
    assert ended(homes)["state"] == "done"
    opened.set()
    writing.join()
    assert replies[0].status_code == 201, replies[0].text
    assert "late" in found(homes, size=sum("7" in str(at) for at in range(DOCUMENTS)) + 1)


def test_one_that_is_cancelled_leaves_all_as_it_was(homes: httpx.Client, provider: Provider) -> None:
    gate = Gate(after=200)
    provider.tell(PATH, gate)
    before = found(homes)
    task = start(homes)["task"]
    assert gate.waiting.wait(30)
    assert homes.get(f"/_tasks/{task}").json()["task"]["status"]["updated"] == 200
    assert homes.delete(f"/{INDEX}/_connote/reembed").json() == {"acknowledged": True}
    gate.opened.set()
    assert ended(homes)["state"] == "cancelled"
    assert (field(homes)["inference_id"], found(homes)) == (ONE, before)


def test_the_tasks_api_cancels_it_too(homes: httpx.Client, provider: Provider) -> None:
    gate = Gate()
    provider.tell(PATH, gate)
    task = start(homes)["task"]
    assert gate.waiting.wait(30)
    homes.post(f"/_tasks/{task}/_cancel")
    gate.opened.set()
    assert ended(homes)["state"] == "cancelled"


def test_one_that_fails_says_why_and_goes_on_where_it_was(homes: httpx.Client, provider: Provider) -> None:
    def picky(asked: Asked) -> Reply:
        if asked.json["model"] == "two" and "home 300" in asked.json["input"]:
            return Reply({"error": {"message": "not this one"}}, 400)
        return embeddings(asked)

    provider.tell(PATH, picky)
    start(homes)
    failed = ended(homes)
    assert (failed["state"], failed["error"]["document"]) == ("failed", "300")
    assert "not this one" in str(failed["error"])
    assert field(homes)["inference_id"] == ONE
    provider.tell(PATH, embeddings)
    provider.asked.clear()
    start(homes)
    assert ended(homes)["state"] == "done"
    asked = {text for each in provider.asked if each.json["model"] == "two" for text in each.json["input"]}
    assert "home 1" not in asked
    assert "home 300" in asked


def test_only_one_runs_at_a_time(homes: httpx.Client, provider: Provider) -> None:
    gate = Gate()
    provider.tell(PATH, gate)
    start(homes)
    reply = homes.post(f"/{INDEX}/_connote/reembed", json={"field": "meaning", "inference_id": ONE})
    assert reply.status_code == 409
    gate.opened.set()
    assert ended(homes)["state"] == "done"


def test_a_server_that_is_killed_goes_on_at_its_next_start(tmp_path: Path) -> None:
    provider, gate = Provider(), Gate(after=200)
    config = tmp_path / "connote.toml"
    config.write_text(f'[services.openai]\nbase_url = "{provider.url}/openai"\n')
    provider.tell(PATH, embeddings)
    server = Server(tmp_path / "data", "--config", str(config))
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        prepared(client)
        before = found(client)
        provider.tell(PATH, gate)
        start(client)
        assert gate.waiting.wait(30)
        until(lambda: state(client)["embedded"] == 200)
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    gate.opened.set()
    provider.tell(PATH, embeddings)
    provider.asked.clear()
    server = Server(tmp_path / "data", "--config", str(config))
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        assert ended(client)["state"] == "done"
        assert (field(client)["inference_id"], found(client)) == (TWO, before)
    asked = [text for each in provider.asked if each.json["model"] == "two" for text in each.json["input"]]
    assert "home 1" not in asked  # what was embedded before is not embedded again
    assert server.stop() == 0
    provider.close()


def test_one_that_cannot_write_its_files_fails_and_goes_on_when_it_can(tmp_path: Path) -> None:
    provider, gate = Provider(), Gate(after=200)
    config = tmp_path / "connote.toml"
    config.write_text(f'[services.openai]\nbase_url = "{provider.url}/openai"\n')
    provider.tell(PATH, embeddings)
    server = Server(tmp_path / "data", "--config", str(config))
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        prepared(client)
        before = found(client)
        provider.tell(PATH, gate)
        start(client)
        assert gate.waiting.wait(30)
        (folder,) = (tmp_path / "data" / "indices").glob("*/segments-*")
        shutil.rmtree(folder)
        gate.opened.set()
        failed = ended(client)
        assert failed["state"] == "failed"
        assert "cannot be used: No such file or directory" in failed["error"]["reason"]
        assert (field(client)["inference_id"], found(client)) == (ONE, before)
        start(client)
        assert ended(client)["state"] == "done"
        assert (field(client)["inference_id"], found(client)) == (TWO, before)
    assert server.stop() == 0
    provider.close()


def test_an_endpoint_with_the_same_model_takes_over_at_once(http: httpx.Client) -> None:
    mapping = {"properties": {"meaning": {"type": "semantic_text", "inference_id": ".elser-2-elasticsearch"}}}
    http.put(f"/{INDEX}", json={"mappings": mapping})
    try:
        http.put(f"/{INDEX}/_doc/1?refresh=true", json={"meaning": "a home"})
        how = http.get(f"/{INDEX}/_connote/switch?inference_id=.elser-2-elastic").json()["fields"]
        assert how == {"meaning": {"inference_id": ".elser-2-elasticsearch", "switch": "at_once"}}
        told = start(http, ".elser-2-elastic")
        assert (told["state"], told["at_once"]) == ("done", True)
        assert field(http)["inference_id"] == ".elser-2-elastic"
        assert found(http, "house") == ["1"]
        assert http.put(f"/{INDEX}/_doc/1?refresh=true", json={"meaning": "a home"}).status_code == 200
        other = http.get(f"/{INDEX}/_connote/switch?inference_id=.multilingual-e5-small-elasticsearch").json()
        assert other["fields"]["meaning"]["switch"] == "reembed"
    finally:
        http.delete(f"/{INDEX}")


def test_sparse_vectors_become_dense_ones(http: httpx.Client) -> None:
    mapping = {"properties": {"meaning": {"type": "semantic_text", "inference_id": ".elser-2-elasticsearch"}}}
    http.put(f"/{INDEX}", json={"mappings": mapping})
    try:
        for id, text in (("1", "a home by the sea"), ("2", "the price of oil")):
            http.put(f"/{INDEX}/_doc/{id}?refresh=true", json={"meaning": text})
        start(http, ".multilingual-e5-small-elasticsearch")
        assert ended(http)["state"] == "done"
        assert field(http)["model_settings"]["task_type"] == "text_embedding"
        assert found(http, "beach house") == ["1", "2"]
    finally:
        http.delete(f"/{INDEX}")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({}, 400, "[field] is required"),
        ({"field": "meaning"}, 400, "[inference_id] is required"),
        ({"field": 1, "inference_id": TWO}, 400, "[field] is required"),
        ({"field": "meaning", "inference_id": TWO, "search_inference_id": 5}, 400, "[search_inference_id]"),
        ({"field": "meaning", "inference_id": TWO, "force": True}, 400, "unknown field [force]"),
        ({"field": "text", "inference_id": TWO}, 400, "no field of type [semantic_text]"),
        ({"field": "meaning", "inference_id": "nobody"}, 404, "nobody"),
        ({"field": "meaning", "inference_id": ".rerank-v1-elasticsearch"}, 400, "Wrong task type"),
        ({"field": "meaning", "inference_id": TWO, "search_inference_id": "nobody"}, 404, "nobody"),
    ],
)
def test_bad_requests_say_what_is_wrong(homes: httpx.Client, body: Told, status: int, reason: str) -> None:
    reply = homes.post(f"/{INDEX}/_connote/reembed", json=body)
    assert (reply.status_code, reason in reply.json()["error"]["reason"]) == (status, True), reply.text
    assert homes.get(f"/{INDEX}/_connote/reembed").status_code == 404
    assert homes.delete(f"/{INDEX}/_connote/reembed").status_code == 404
