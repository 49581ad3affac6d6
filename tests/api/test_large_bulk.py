"""Many writes at once do not keep other requests waiting."""

import asyncio
import gc
import time
from asyncio.events import Handle
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from connote.api.server import create
from connote.app import opened
from connote.config import Config

WRITES = 40_000
# What one turn of the event loop may take of the processor, in seconds: others wait for that long.
LONGEST = 0.08


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[float, str]]]:
    """How long each turn of the event loop took of the processor, and what it was."""
    found, run = [], Handle._run

    def timed(handle: Handle) -> None:
        began = time.thread_time()
        run(handle)
        found.append((time.thread_time() - began, repr(handle)))

    monkeypatch.setattr(Handle, "_run", timed)
    gc.collect()
    gc.disable()  # it looks at all that other tests have made, in whichever thread it happens to begin
    yield found
    gc.enable()


def test_no_turn_of_the_loop_is_for_all_of_a_bulk(tmp_path: Path, turns: list[tuple[float, str]]) -> None:
    config = msgspec.structs.replace(Config(), data=str(tmp_path / "data"), secret_key_file=str(tmp_path / "key"))
    writes = b"".join(b'{"index": {"_id": "%d"}}\n{"n": %d}\n' % (n, n) for n in range(WRITES))
    ids = [str(n) for n in range(10_000)]

    async def write() -> tuple[httpx.Response, httpx.Response]:
        async with opened(config) as house:
            transport = httpx.ASGITransport(create(house))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=300) as client:
                await client.get("/")
                turns.clear()
                headers = {"Content-Type": "application/x-ndjson"}
                written = await client.post("/books/_bulk", content=writes, headers=headers)
                return written, await client.post("/books/_mget", json={"ids": ids})

    written, found = asyncio.run(write())
    assert [item["index"]["status"] for item in written.json()["items"]] == [201] * WRITES
    assert [each["_source"]["n"] for each in found.json()["docs"]] == list(range(10_000))
    assert max(turns)[0] < LONGEST, max(turns)
