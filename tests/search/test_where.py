"""Where searches run: in the event loop those that are over at once, in a thread all others."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from connote.api import server
from connote.app import Connote, opened
from connote.config import Config
from connote.search import collect, request
from connote.search.fetch.hit import fetched
from connote.search.index import Index
from connote.store.documents import Stored

ALL: dict[str, Any] = {"query": {"match_all": {}}}
Places = dict[str, bool]


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    """Of the last search what of it ran in the event loop: to find the hits, and to show them."""
    seen: Places = {}

    def noted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*given: object, **named: object) -> object:
            seen[name] = threading.current_thread() is threading.main_thread()
            return work(*given, **named)

        return noting

    monkeypatch.setattr(collect, "run", noted("find", collect.run))
    monkeypatch.setattr("connote.search.finding.run", noted("find", collect.run))
    monkeypatch.setattr("connote.search.searches.fetched", noted("show", fetched))
    return seen


def write(index: Index, sources: Sequence[bytes]) -> None:
    states = [Stored(f"{at}", at, 1, source) for at, source in enumerate(sources)]
    index.keep(states, [index.row(each.id, each.seq, 1, index.read(each.id, {}), {}) for each in states], [])
    index.refresh()


def told(
    folder: Path, sources: Sequence[bytes], asked: Sequence[dict[str, Any]], indices: int = 1, *, others: bool = False
) -> int:
    """How many hits there are for the last of the searches over so many indices of these documents."""

    async def run(rooms: Connote) -> int:
        names = [f"homes-{number}" for number in range(indices)]
        for name in names:
            await rooms.indices.create(name, {})
            write(await rooms.indices.open(name), sources)
        total = 0
        with rooms.indices.crowd if others else nullcontext():
            for body in asked:
                total = len((await rooms.searches.search(names, request.parse(body)))["hits"]["hits"])
        return total

    async def story() -> int:
        async with opened(Config(data=str(folder), secret_key_file=str(folder / "key"))) as rooms:
            return await run(rooms)

    return asyncio.run(story())


def test_a_small_search_runs_in_the_event_loop(tmp_path: Path, places: Places) -> None:
    assert told(tmp_path, [b"{}"] * 3, [ALL]) == 3
    assert places == {"find": True, "show": True}


@pytest.mark.parametrize(
    "more",
    [
        {"size": 101},
        {"sort": ["_doc"]},
        {"query": {"wildcard": {"a": "b*"}}},
        {"post_filter": {"match_all": {}}},
        {"_source": [f"a{number}" for number in range(11)]},
        {"fields": ["_inference_fields"]},
        {"query": {"bool": {"should": [{"match_all": {"_name": f"{number}"}} for number in range(21)]}}},
        {"runtime_mappings": {"n": {"type": "long", "script": "emit(1)"}}},
        {"query": {"bool": {"should": [{"match_all": {}}] * 1100}}},
    ],
)
def test_what_may_take_long_runs_in_a_thread(tmp_path: Path, places: Places, more: dict[str, Any]) -> None:
    told(tmp_path, [b"{}"] * 3, [ALL | more])
    assert places == {"find": False, "show": False}


def test_many_small_indices_are_not_searched_in_the_event_loop(tmp_path: Path, places: Places) -> None:
    told(tmp_path, [b"{}"], [ALL], indices=101, others=True)
    assert places == {"find": False, "show": False}


@pytest.mark.parametrize("others", [False, True])
def test_a_search_that_takes_a_little_longer_runs_there_if_it_is_alone(
    tmp_path: Path, places: Places, others: bool
) -> None:
    told(tmp_path, [b"{}"] * 3, [{"query": {"bool": {"should": [{"match_all": {}}] * 200}}}], others=others)
    assert places == {"find": not others, "show": not others}


def test_long_documents_are_found_in_the_event_loop_and_read_in_a_thread(tmp_path: Path, places: Places) -> None:
    long = b'{"a": "' + b"x" * 300_000 + b'"}'
    assert told(tmp_path / "one", [long] * 2, [ALL]) == 2
    assert places == {"find": True, "show": False}
    told(tmp_path / "two", [long] * 2, [ALL | {"size": 1}])
    assert places == {"find": True, "show": True}
    told(tmp_path / "three", [long] * 2, [ALL | {"_source": False}])  # then they are not read at all
    assert places == {"find": True, "show": True}


def test_patterns_of_fields_are_counted_by_the_fields_that_there_are(tmp_path: Path, places: Places) -> None:
    few, many = {"fields": ["a"]}, {"fields": ["*"] * 200, "size": 100}

    async def story() -> None:
        async with opened(Config(data=str(tmp_path), secret_key_file=str(tmp_path / "key"))) as rooms:
            await rooms.indices.create(
                "homes", {"mappings": {"properties": {f"a{n}": {"type": "long"} for n in range(20)}}}
            )
            for wanted, is_quick in ((few, True), (many, False)):
                await rooms.searches.search(["homes"], request.parse(ALL | wanted))
                assert places["find"] is is_quick

    asyncio.run(story())


def test_many_small_searches_at_once_let_others_go_on(tmp_path: Path) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def story() -> None:
        nonlocal turns
        async with opened(Config(data=str(tmp_path), secret_key_file=str(tmp_path / "key"))) as rooms:
            await rooms.indices.create("homes", {})
            write(await rooms.indices.open("homes"), [b"{}"] * 3)
            there = httpx.ASGITransport(server.create(rooms))
            headers, lines = {"Content-Type": "application/x-ndjson"}, b"{}\n" + orjson.dumps(ALL) + b"\n"
            async with httpx.AsyncClient(transport=there, base_url="http://localhost", headers=headers) as http:
                beside, before = asyncio.create_task(others()), turns
                reply = await http.post("/homes/_msearch", content=lines * 400)
                beside.cancel()
                assert reply.status_code == 200, reply.text
                assert turns - before >= 400 / 8

    asyncio.run(story())
