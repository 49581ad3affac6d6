"""A server that is killed while a field's vectors move to another endpoint, as they are taken and come to their place.

`python tests/crash.py 200 moving` runs so many rounds by itself.
"""

import json
import math
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from conftest import Server
from provider import Asked, Provider, Reply

PATH = "/openai/v1/embeddings"
SIZES = {"one": 3, "two": 4}  # the numbers of a vector, by the model
HOMES, KINDS = 2500, 7  # homes are alike if their numbers differ by a multiple of the kinds
LONGEST = 0.15  # seconds between the moment when the vectors count and the kill
Told = dict[str, Any]


class Meanings:
    """What embeds. It counts how often it was asked for each home, by the model."""

    def __init__(self) -> None:
        self.asked = Counter[tuple[str, str]]()
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Reply:
        model, texts = asked.json["model"], asked.json["input"]
        with self._lock:
            self.asked.update((model, text) for text in texts if text.startswith("home"))
        return Reply({"data": [{"index": at, "embedding": _vector(text, model)} for at, text in enumerate(texts)]})


def _vector(text: str, model: str) -> list[float]:
    last = text.rsplit(maxsplit=1)[-1]
    angle = 2 * math.pi * ((int(last) if last.isdigit() else 0) % KINDS) / KINDS
    return [math.cos(angle), math.sin(angle), *[0.0] * (SIZES[model] - 2)]


class Moves:
    """A connote over that service, its index `moved`, and one who goes on writing to it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._chance, self._data = random.Random(seed), folder / "data"  # noqa: S311 (no secret)
        self._meanings, self._provider = Meanings(), Provider()
        self._provider.tell(PATH, self._meanings)
        self._config = folder / "connote.toml"
        self._config.write_text(
            f'[services.openai]\nbase_url = "{self._provider.url}/openai"\n[cache]\ndisk = "0"\nmemory = "0"\n'
        )
        self._job: str | None = None  # the last that has come to its end
        self._known: dict[str, str] = {}  # the texts of documents that were acknowledged
        self._server = self._start()

    def __enter__(self) -> "Moves":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(signal.SIGKILL)
        self._provider.close()

    def rounds(self, count: int, say: Callable[[str], None] = lambda _: None) -> Counter[str]:
        """Kill the server so many times. How often at which stage of a move."""
        when = Counter[str]()
        self._prepare()
        for number in range(count):
            model = ("two", "one")[number % 2]
            self._meanings.asked.clear()
            stage = self._killed_in_move(model)
            when[stage] += 1
            self._server = self._start()
            if self._chance.random() < 0.5:  # and once more, as it goes on
                time.sleep(self._chance.random() * LONGEST)
                self._server.stop(signal.SIGKILL)
                self._server = self._start()
            self._check(model, is_taken=stage != "aside")
            say(f"round {number + 1}: killed when {stage}, {len(self._known)} documents")
        assert self._server.stop() == 0
        return when

    def _start(self) -> Server:
        return Server(self._data, "--config", str(self._config))

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._server.url, timeout=60, trust_env=False)

    def _prepare(self) -> None:
        with self._client() as client:
            for model in SIZES:
                settings = {"model_id": model, "api_key": "k", "rate_limit": {"requests_per_minute": 1_000_000}}
                body = {"service": "openai", "service_settings": settings}
                assert client.put(f"/_inference/text_embedding/{model}", json=body).is_success
            field = {"type": "semantic_text", "inference_id": "one"}
            assert client.put("/moved", json={"mappings": {"properties": {"meaning": field}}}).is_success
            self._write(client, {f"{number}": f"home {number}" for number in range(HOMES)})

    def _write(self, client: httpx.Client, texts: dict[str, str]) -> None:
        lines = [line for id, text in texts.items() for line in ({"index": {"_id": id}}, {"meaning": text})]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        reply = client.post("/moved/_bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
        assert not reply.json()["errors"], reply.text
        self._known |= texts

    def _go_on_writing(self) -> None:
        """Until the server is gone. What is written first stays in front of what comes after it."""
        with self._client() as client:
            while True:
                number = len(self._known)
                try:
                    self._write(client, {f"w{number + more}": f"written {number + more}" for more in range(3)})
                except httpx.TransportError:
                    return

    def _killed_in_move(self, model: str) -> str:
        """Let the vectors move, and kill the server when all are there, or when they count; at once, or a moment later.

        What was seen last before it: that they are `aside`, `taken`, or that all have come to their `place`.
        """
        with self._client() as client:
            body = {"field": "meaning", "inference_id": model}
            assert client.post("/moved/_connote/reembed", json=body).json()["state"] == "running"
        writing = threading.Thread(target=self._go_on_writing)
        writing.start()
        wanted, deadline = self._chance.choice([("aside", "taken"), ("taken",)]), time.monotonic() + 120
        job = self._job
        with closing(sqlite3.connect(f"file:{self._documents()}?mode=ro", uri=True)) as database:
            while (stage := _stage(database, job)) not in (*wanted, "place"):
                assert time.monotonic() < deadline, self._server.log.read_text()
            time.sleep(self._chance.choice([0.0, self._chance.random() * LONGEST]))
            stage = _stage(database, job)
        self._server.stop(signal.SIGKILL)
        writing.join()
        return stage

    def _documents(self) -> Path:
        (found,) = self._data.glob("indices/*/documents.db")
        return found

    def _check(self, model: str, *, is_taken: bool) -> None:
        """Nothing is lost, all vectors are of one endpoint, and no home was embedded twice."""
        with self._client() as client:
            if is_taken:  # then nobody sees the old ones again
                self._check_vectors(client, model)
            deadline = time.monotonic() + 120
            while client.get("/moved/_connote/reembed").json()["state"] == "running":
                assert time.monotonic() < deadline, self._server.log.read_text()
                time.sleep(0.02)
            assert client.get("/moved/_connote/reembed").json()["state"] == "done"
            self._check_vectors(client, model)
            found = client.post("/moved/_search", json={"query": {"match": {"meaning": "like 3"}}, "size": 50})
            near = [int(hit["_source"]["meaning"].split()[-1]) % KINDS for hit in found.json()["hits"]["hits"]]
            assert near == [3] * 50
        assert self._meanings.asked == {(model, f"home {number}"): 1 for number in range(HOMES)}
        with closing(sqlite3.connect(self._documents())) as database:
            assert database.execute("SELECT count(*) FROM aside").fetchone() == (0,)
            (self._job,) = database.execute("SELECT value FROM notes WHERE name = 'job'").fetchone()
        assert len([*self._documents().parent.glob("segments*")]) == 1

    def _check_vectors(self, client: httpx.Client, model: str) -> None:
        assert (
            client.get("/moved/_mapping").json()["moved"]["mappings"]["properties"]["meaning"]["inference_id"] == model
        )
        client.post("/moved/_refresh")
        body = {"size": 10_000, "_source": {"exclude_vectors": False}}
        hits = client.post("/moved/_search", json=body).json()["hits"]["hits"]
        there = {hit["_id"]: hit["_source"]["meaning"] for hit in hits}
        assert {id: there.get(id) for id in self._known} == self._known, "documents are lost"
        for hit in hits:
            inference = hit["_source"]["_inference_fields"]["meaning"]["inference"]
            (chunk,) = inference["chunks"]["meaning"]
            assert (inference["inference_id"], len(chunk["embeddings"])) == (model, SIZES[model]), hit["_id"]


def _stage(database: sqlite3.Connection, job: str | None) -> str:
    """How far a move has come; `job` was the one before."""
    notes = dict(database.execute("SELECT name, value FROM notes"))
    if notes.get("job") in (None, job):
        (aside,) = database.execute("SELECT count(*) FROM aside").fetchone()
        return "aside" if aside >= HOMES else "begun"
    return "taken" if "taken" in notes else "place"
