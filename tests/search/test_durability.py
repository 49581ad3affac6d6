"""What was acknowledged survives: a killed server, damaged files, a start after either."""

import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import crash
import moving
from conftest import Server
from provider import Asked, Provider, Reply

ROUNDS, MOVES = 15, 4  # `python tests/crash.py 200` and `python tests/crash.py 200 moving` run more


@pytest.mark.timeout(600)
def test_a_killed_server_has_lost_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)  # noqa: S311 (no secret)
    print("seed", seed)
    assert crash.rounds(ROUNDS, lambda: Server(tmp_path / "data"), seed) > ROUNDS


@pytest.mark.timeout(600)
def test_a_server_that_is_killed_while_vectors_move_loses_none_and_embeds_none_twice(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)  # noqa: S311 (no secret)
    print("seed", seed)
    with moving.Moves(tmp_path, seed) as moves:
        assert moves.rounds(MOVES).total() == MOVES


class Embeddings:
    """A service that embeds, and a connote over it that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.provider, self._folder = Provider(), folder
        self.provider.tell("/openai/v1/embeddings", self.answer)
        (folder / "connote.toml").write_text(
            f'[services.openai]\nbase_url = "{self.provider.url}/openai"\n[cache]\ndisk = "0"\nmemory = "0"\n'
        )

    def start(self) -> Server:
        return Server(self._folder / "data", "--config", str(self._folder / "connote.toml"))

    @staticmethod
    def answer(asked: Asked) -> Reply:
        texts = asked.json["input"]
        return Reply({"data": [{"embedding": [1.0, float(len(text))], "index": at} for at, text in enumerate(texts)]})


@pytest.fixture
def embeddings(tmp_path: Path) -> Iterator[Embeddings]:
    made = Embeddings(tmp_path)
    yield made
    made.provider.close()


def write(client: httpx.Client) -> None:
    settings = {"api_key": "sk", "model_id": "m", "similarity": "cosine"}
    assert client.put(
        "/_inference/text_embedding/mine", json={"service": "openai", "service_settings": settings}
    ).is_success
    fields = {"s": {"type": "semantic_text", "inference_id": "mine"}, "t": {"type": "text", "copy_to": "s"}}
    assert client.put("/homes", json={"mappings": {"properties": fields}}).is_success
    lines = "".join(f'{{"index":{{"_id":"{n}"}}}}\n{{"t":"a house, number {n}","n":{n}}}\n' for n in range(100))
    headers = {"Content-Type": "application/x-ndjson"}
    assert client.post("/homes/_bulk", content=lines, headers=headers).json()["errors"] is False
    assert client.post("/homes/_flush").is_success


@pytest.mark.parametrize("how", ["a bit", "the end", "a file", "all"])
def test_damaged_segments_are_made_again_without_embedding_again(
    embeddings: Embeddings, tmp_path: Path, how: str
) -> None:
    server = embeddings.start()
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        write(client)
        before = client.get("/homes/_doc/7?_source_exclude_vectors=false").json()
    assert server.stop() == 0
    damage(next((tmp_path / "data" / "indices").iterdir()) / "segments", how)
    embeddings.provider.asked.clear()
    server = embeddings.start()
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        assert client.get("/homes/_doc/7?_source_exclude_vectors=false").json() == before
        assert client.get("/_cat/count/homes?format=json").json()[0]["count"] == "100"
        query = {
            "bool": {"must": [{"match": {"t": "house"}}, {"range": {"n": {"lt": 50}}}, {"exists": {"field": "s"}}]}
        }
        told = client.post("/homes/_delete_by_query?refresh=true", json={"query": query}).json()
        assert told["deleted"] == 50
    assert embeddings.provider.asked == []
    assert server.stop() == 0


def damage(folder: Path, how: str) -> None:
    files = sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
    assert files
    largest = files[-1]
    if how == "a bit":
        content = bytearray(largest.read_bytes())
        content[len(content) // 2] ^= 1
        largest.write_bytes(content)
    elif how == "the end":
        largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])
    elif how == "a file":
        largest.unlink()
    else:
        for file in files:
            file.unlink()


def test_what_is_written_and_cannot_be_refreshed_is_told_as_written(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        for n in range(4):
            assert client.put(f"/homes/_doc/{n}?refresh=true", json={"n": n}).json()["forced_refresh"] is True
        folder = next((tmp_path / "data" / "indices").iterdir()) / "segments"
        folder.rename(tmp_path / "elsewhere")
        lines = '{"index":{"_id":"5"}}\n{"n":5}\n{"create":{"_id":"0"}}\n{"n":0}\n{"delete":{"_id":"2"}}\n'
        headers = {"Content-Type": "application/x-ndjson"}
        single = [
            (client.put("/homes/_doc/4?refresh=true", json={"n": 4}), 201, "created"),
            (client.post("/homes/_update/1?refresh=wait_for", json={"doc": {"n": 10}}), 200, "updated"),
            (client.delete("/homes/_doc/3?refresh=true"), 200, "deleted"),
        ]
        for reply, status, result in single:
            told = reply.json()
            assert (reply.status_code, told["result"], told["forced_refresh"]) == (status, result, False)
            assert told["_shards"] == {"total": 2, "successful": 1, "failed": 0}
            assert "searches will see it only after a refresh: the files of [homes]" in reply.headers["Warning"]
        reply = client.post("/homes/_bulk?refresh=true", content=lines, headers=headers)
        items = [next(iter(item.values())) for item in reply.json()["items"]]
        assert [(item["status"], item.get("forced_refresh")) for item in items] == [
            (201, False),
            (409, None),
            (200, False),
        ]
        assert "[homes] is kept" in reply.headers["Warning"]
        query = {"query": {"match_all": {}}, "script": "ctx._source.m = 1"}
        reply = client.post("/homes/_update_by_query?refresh=true&conflicts=proceed", json=query)
        assert (reply.status_code, reply.json()["updated"], reply.json()["forced_refresh"]) == (200, 1, False)
        assert "[homes] is kept" in reply.headers["Warning"]
        (tmp_path / "elsewhere").rename(folder)
        assert client.post("/homes/_refresh").status_code == 200
        seen = client.post("/homes/_search", json={"sort": "n"}).json()["hits"]["hits"]
        expected = [("0", {"n": 0, "m": 1}), ("4", {"n": 4}), ("5", {"n": 5}), ("1", {"n": 10})]
        assert [(hit["_id"], hit["_source"]) for hit in seen] == expected
    assert server.stop() == 0


def test_damaged_documents_are_told_and_harm_no_other_index(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        for name in ("damaged", "whole"):
            assert client.put(f"/{name}/_doc/1", json={"n": 1}).status_code == 201
        (found,) = client.get("/_cat/indices/damaged?format=json&h=uuid").json()
    assert server.stop() == 0
    (tmp_path / "data" / "indices" / found["uuid"] / "documents.db").write_bytes(
        b"what a broken disk has left of it" * 999
    )
    server = Server(tmp_path / "data")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        reply = client.get("/damaged/_doc/1")
        assert (reply.status_code, "index [damaged] cannot be opened: " in reply.text) == (503, True)
        assert client.get("/whole/_doc/1").status_code == 200
        health = client.get("/_cat/indices?format=json&h=index,health").json()
        assert sorted((each["index"], each["health"]) for each in health) == [("damaged", "red"), ("whole", "green")]
        assert client.delete("/damaged").status_code == 200
        assert client.put("/damaged/_doc/1", json={"n": 1}).status_code == 201
    assert server.stop() == 0


def test_a_server_that_is_stopped_knows_all_when_it_starts_again(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        client.put("/_index_template/t", json={"index_patterns": ["a*"], "template": {"settings": {"priority": 7}}})
        client.put("/_synonyms/s", json={"synonyms_set": [{"synonyms": "car, auto"}]})
        client.put("/a", json={"aliases": {"b": {}}})
        client.put("/a/_doc/1", json={"n": 1, "text": "x"})
        client.put("/gone/_doc/1", json={"n": 1})
        client.delete("/gone")
        client.put("/shut/_doc/1", json={"n": 1})
        client.post("/shut/_close")
        body = {"source": {"index": "a"}, "dest": {"index": "c"}}
        client.post("/a/_refresh")
        task = client.post("/_reindex?wait_for_completion=false", json=body).json()["task"]
        client.get(f"/_tasks/{task}?wait_for_completion=true")
        before = {
            path: client.get(path).json() for path in ("/a", "/shut", "/_index_template", "/_synonyms/s", "/b/_doc/1")
        }
    assert server.stop() == 0
    server = Server(tmp_path / "data")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        assert {path: client.get(path).json() for path in before} == before
        assert client.get(f"/_tasks/{task}").json()["response"]["created"] == 1
        assert client.get("/gone").status_code == 404
        assert client.get("/c/_doc/1").status_code == 200
        assert len(list((tmp_path / "data" / "indices").iterdir())) == 3
        assert client.get("/shut/_doc/1").json()["error"]["type"] == "index_closed_exception"
    assert server.stop() == 0
