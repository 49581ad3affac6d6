"""A server that is killed while it is written to, again and again: what it must still know afterwards.

`python tests/crash.py 200` runs so many rounds by itself, `python tests/crash.py 200 moving` while vectors move.
"""

import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
WRITERS, IDS = 4, 40
INDEX = {
    "mappings": {
        "properties": {
            "n": {"type": "long"},
            "same": {"type": "long"},
            "words": {"type": "text"},
            "tokens": {"type": "sparse_vector"},
        }
    }
}
Source = dict[str, Any] | None


@dataclass
class Writer:
    """One of several clients, each with documents of its own.

    `known` is what was acknowledged of each, None if it is not there; `maybe` what was sent and not answered.
    """

    number: int
    chance: random.Random
    known: dict[str, Source] = field(default_factory=dict)
    maybe: dict[str, Source] = field(default_factory=dict)
    answered: int = 0

    def run(self, url: str) -> None:
        """Write until the server is gone."""
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            while True:
                lines, wanted = self._bulk()
                try:
                    reply = client.post(
                        f"/crash/_bulk{self.chance.choice(['', '?refresh=true'])}",
                        content=lines.encode(),
                        headers={"Content-Type": "application/x-ndjson"},
                    )
                except httpx.TransportError:
                    self.maybe = wanted
                    return
                assert reply.status_code == 200, reply.text
                assert not reply.json()["errors"], reply.text
                self.known |= wanted
                self.answered += 1

    def check(self, client: httpx.Client) -> None:
        """All that was acknowledged is there; of the last request either all or nothing is."""
        ids = sorted(self.known | self.maybe)
        if not ids:
            return
        docs = client.post("/crash/_mget?_source_exclude_vectors=false", json={"ids": ids}).json()["docs"]
        found: dict[str, Source] = {each["_id"]: each.get("_source") for each in docs}
        before = {id: self.known.get(id) for id in self.maybe}
        now = {id: found[id] for id in self.maybe}
        assert now in (before, self.maybe), f"half of a request is there: {before} {self.maybe} {now}"
        lost = {id: (source, found[id]) for id, source in self.known.items() if id not in now and found[id] != source}
        assert not lost, f"lost: {lost}"
        self.known |= now
        self.maybe = {}

    def _bulk(self) -> tuple[str, dict[str, Source]]:
        lines, wanted = list[object](), dict[str, Source]()
        for number in self.chance.sample(range(IDS), self.chance.randint(1, 12)):
            id, n = f"{self.number}-{number}", self.chance.randrange(1 << 30)
            before = self.known.get(id)
            if before is not None and self.chance.random() < 0.2:
                lines.append({"delete": {"_id": id}})
                wanted[id] = None
            elif before is not None and self.chance.random() < 0.4:
                lines += [{"update": {"_id": id}}, {"doc": {"n": n, "same": n}}]
                wanted[id] = before | {"n": n, "same": n}
            else:
                tokens = {f"t{self.chance.randrange(50)}": 1.5 for _ in range(3)}
                wanted[id] = {"n": n, "same": n, "words": f"word {n}", "tokens": tokens}
                lines += [{"index": {"_id": id}}, wanted[id]]
        return "".join(json.dumps(line) + "\n" for line in lines), wanted


def rounds(count: int, start: Callable[[], Any], seed: int, say: Callable[[str], None] = lambda _: None) -> int:
    """Kill the server so many times; `start` gives one with `url` and `stop`. Gives how many requests it answered."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    writers = [Writer(number, random.Random(f"{seed} {number}")) for number in range(WRITERS)]  # noqa: S311
    for number in range(count):
        server = start()
        with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
            _check(client, writers, is_first=number == 0)
        threads = [threading.Thread(target=each.run, args=(server.url,)) for each in writers]
        for thread in threads:
            thread.start()
        time.sleep(chance.random() * 0.8)
        server.stop(signal.SIGKILL)
        for thread in threads:
            thread.join()
        say(f"round {number + 1}: {sum(each.answered for each in writers)} requests answered so far")
    server = start()
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        _check(client, writers, is_first=count == 0)
    server.stop()
    return sum(each.answered for each in writers)


def _check(client: httpx.Client, writers: list[Writer], *, is_first: bool) -> None:
    if is_first:
        assert client.put("/crash", json=INDEX).status_code == 200
        return
    for writer in writers:
        writer.check(client)
    # What searches see is what there is: neither more nor less, and no document's halves.
    client.post("/crash/_refresh")
    there = {id: source for writer in writers for id, source in writer.known.items() if source is not None}
    assert int(client.get("/_cat/count/crash?format=json").json()[0]["count"]) == len(there)
    for id, source in list(there.items())[:10]:
        both = {
            "bool": {
                "filter": [{"term": {"n": source["n"]}}, {"term": {"same": source["n"]}}, {"ids": {"values": [id]}}]
            }
        }
        told = client.post("/crash/_update_by_query", json={"query": both, "script": "ctx.op = 'noop'"}).json()
        assert told["noops"] == 1, (id, source, told)


if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parent / "src")]
    import moving
    from conftest import Server

    folder = Path(tempfile.mkdtemp())
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = time.time_ns() % (1 << 30)
    if sys.argv[2:] == ["moving"]:
        with moving.Moves(folder, seed) as moves:
            print(f"killed {dict(moves.rounds(count, print))}, nothing lost, nothing embedded twice")
    else:
        print(f"{rounds(count, lambda: Server(folder / 'data'), seed, print)} requests answered, none lost")
