"""The cache before a real fleet with a real model; what is computed is seen by what the fleet is asked for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from checkpoints import Toy
from connote.contract.results import Dense, Sparse
from connote.endpoints.cache import Cache, Caching
from connote.endpoints.memory import OVERHEAD, Memory
from connote.runtime.catalog import Head, Model
from connote.runtime.fleet import Deployment, Fleet
from connote.runtime.library import Library
from connote.runtime.local import Inputs, Outputs, Scores
from connote.runtime.sources import Folder
from connote.store.cache import CacheStore

SPLADE = Deployment("sparse", ".elser_model_2", allocations=1)
MB = 1 << 20
LONG = "a house by the sea " * 300


class Watched(Fleet):
    """A fleet that remembers which texts it computed."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.computed: list[str] = []

    async def run(self, wish: Deployment, inputs: Inputs) -> Outputs:
        self.computed += inputs.texts
        return await super().run(wish, inputs)


@asynccontextmanager
async def opened(
    library: Library, folder: Path, memory: int = MB, disk: int = MB, kind: type[Watched] = Watched
) -> AsyncIterator[tuple[Cache, Watched]]:
    fleet = kind(library)
    cache = Cache(fleet, Memory(memory), CacheStore(folder / "cache.db", disk) if disk else None)
    try:
        yield cache, fleet
    finally:
        await fleet.close()
        await cache.close()


def wire(outputs: Outputs) -> bytes:
    """An answer's bytes, and what is told of its cuts."""
    shown = outputs.wire() if isinstance(outputs, Sparse | Dense) else outputs.values
    return orjson.dumps([shown, outputs.cuts], option=orjson.OPT_SERIALIZE_NUMPY)


def test_the_second_request_computes_nothing_and_answers_the_same(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(library, tmp_path) as (cache, fleet):
            first = await cache.run(SPLADE, Inputs(["a cat", LONG]))
            assert fleet.computed == ["a cat", LONG]
            again = await cache.run(SPLADE, Inputs(["a cat", LONG]))
            assert fleet.computed == ["a cat", LONG]
            assert wire(again) == wire(first)
            assert [cut.position for cut in again.cuts] == [1]
            assert cache.counts("sparse") == {"hits": 2, "misses": 2}

    asyncio.run(story())


def test_only_what_is_new_is_computed_once_and_all_is_joined_in_order(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(library, tmp_path) as (cache, fleet):
            await cache.run(SPLADE, Inputs(["dog"]))
            texts = ["cat", LONG, "dog", "cat", "sea", LONG]
            mixed = await cache.run(SPLADE, Inputs(texts))
            assert fleet.computed == ["dog", "cat", LONG, "sea"]
            alone = [await fleet.run(SPLADE, Inputs([text])) for text in texts]
            assert isinstance(mixed, Sparse)
            for vector, expected in zip(mixed.vectors, alone, strict=True):
                assert isinstance(expected, Sparse)
                assert list(vector.tokens) == list(expected.vectors[0].tokens)
                assert vector.weights == pytest.approx(expected.vectors[0].weights, abs=1e-5)
                assert vector.is_truncated == expected.vectors[0].is_truncated
            assert [(cut.position, cut.used) for cut in mixed.cuts] == [(1, 512), (5, 512)]
            assert list(mixed.reads) == [3, 512, 3, 3, 3, 512]

    asyncio.run(story())


def test_a_restart_answers_from_disk_before_any_model_is_loaded(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(library, tmp_path) as (cache, _):
            first = await cache.run(SPLADE, Inputs(["a cat", LONG]))
        async with opened(library, tmp_path) as (cache, fleet):
            again = await cache.run(SPLADE, Inputs(["a cat", LONG]))
            assert wire(again) == wire(first)
            assert fleet.computed == []
            assert fleet.diagnostics() == {}

    asyncio.run(story())


def test_queries_and_passages_do_not_share_entries(tmp_path: Path) -> None:
    toy = Toy.write(tmp_path / "toy", "bert", Head.MEAN)
    row = Model("toy", Head.MEAN, (Folder(toy.folder),), "none", query_prefix="the ", passage_prefix="a ")
    wish = Deployment("dense", "toy", allocations=1)

    async def story() -> None:
        async with opened(Library(tmp_path, [row]), tmp_path) as (cache, fleet):
            query, passage = [await cache.run(wish, Inputs(["dog"], search=search)) for search in (True, False)]
            assert fleet.computed == ["dog", "dog"]
            assert wire(query) != wire(passage)
            assert wire(await cache.run(wish, Inputs(["dog"], search=True))) == wire(query)
            assert len(fleet.computed) == 2

    asyncio.run(story())


def test_a_row_or_files_that_changed_are_another_model(tmp_path: Path) -> None:
    toy = Toy.write(tmp_path / "toy", "bert", Head.MEAN)
    plain = Model("toy", Head.MEAN, (Folder(toy.folder),), "none")
    wish = Deployment("dense", "toy", allocations=1)

    async def computes(row: Model) -> bool:
        async with opened(Library(tmp_path, [row]), tmp_path) as (cache, fleet):
            await cache.run(wish, Inputs(["the cat sat"]))
            return bool(fleet.computed)

    assert asyncio.run(computes(plain))
    assert not asyncio.run(computes(plain))
    for row in (
        replace(plain, max_tokens=8),
        replace(plain, passage_prefix="a "),
        replace(plain, query_prefix="a "),
        replace(plain, head=Head.CLS),
    ):
        assert asyncio.run(computes(row))
    Toy.write(tmp_path / "toy", "bert", Head.MEAN)
    assert asyncio.run(computes(plain))


def test_what_another_device_answered_is_not_mixed_in(library: Library, tmp_path: Path) -> None:
    class Elsewhere(Watched):
        def placement(self, wish: Deployment) -> str | None:
            where = super().placement(wish)
            return where and f"{where} of another machine"

    async def computed(kind: type[Watched], texts: list[str]) -> list[str]:
        async with opened(library, tmp_path, kind=kind) as (cache, fleet):
            await cache.run(SPLADE, Inputs(texts))
            return fleet.computed

    assert asyncio.run(computed(Watched, ["cat"])) == ["cat"]
    assert asyncio.run(computed(Elsewhere, ["cat", "dog"])) == ["dog", "cat", "dog"]
    assert asyncio.run(computed(Elsewhere, ["dog", "cat"])) == []


@pytest.mark.parametrize("head", [Head.CROSS, Head.LATE])
def test_the_score_of_a_document_is_known_for_its_query_only(tmp_path: Path, head: Head) -> None:
    toy = Toy.write(tmp_path / "toy", "bert", head)
    wish = Deployment("rerank", "toy", allocations=1)
    library = Library(tmp_path, [Model("toy", head, (Folder(toy.folder),), "none")])

    async def story() -> None:
        async with opened(library, tmp_path) as (cache, fleet):
            first = await cache.run(wish, Inputs(["a cat", "the dog"], query="the mat"))
            other = await cache.run(wish, Inputs(["the dog"], query="the cat"))
            swapped = await cache.run(wish, Inputs(["the dog", "a cat"], query="the mat"))
            assert fleet.computed == ["a cat", "the dog", "the dog"]
            assert isinstance(first, Scores)
            assert isinstance(other, Scores)
            assert isinstance(swapped, Scores)
            assert swapped.values.tolist() == first.values.tolist()[::-1]
            assert other.values[0] != first.values[1]

    asyncio.run(story())


def test_a_request_may_refresh_or_bypass(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(library, tmp_path) as (cache, fleet):
            for caching, times in (
                (Caching.BYPASS, 1),  # and keeps nothing
                (Caching.REFRESH, 2),  # and keeps it
                (Caching.USE, 2),
                (Caching.REFRESH, 3),
                (Caching.BYPASS, 4),
            ):
                await cache.run(SPLADE, Inputs(["a cat"]), caching)
                assert len(fleet.computed) == times
            assert cache.counts("sparse") == {"hits": 1, "misses": 0}

    asyncio.run(story())


def test_without_memory_and_disk_everything_is_computed(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(library, tmp_path, memory=0, disk=0) as (cache, fleet):
            for _ in range(2):
                await cache.run(SPLADE, Inputs(["a cat"]))
            assert len(fleet.computed) == 2
            assert (await cache.stats())["memory"] == {"entries": 0, "bytes": 0, "limit_bytes": 0}
        assert not (tmp_path / "cache.db").exists()

    asyncio.run(story())


def test_disk_serves_without_memory(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        for expected in [["a cat"], []]:
            async with opened(library, tmp_path, memory=0) as (cache, fleet):
                await cache.run(SPLADE, Inputs(["a cat"]))
                assert fleet.computed == expected

    asyncio.run(story())


def test_clearing_forgets_memory_and_disk(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(library, tmp_path) as (cache, fleet):
            await cache.run(SPLADE, Inputs(["a cat"]))
            await cache.clear()
            await cache.run(SPLADE, Inputs(["a cat"]))
            assert len(fleet.computed) == 2

    asyncio.run(story())


def test_many_requests_at_once_get_their_own_answers(library: Library, tmp_path: Path) -> None:
    words = ["cat", "dog", "sea", "house", "tax", "law", "engine", "oil"]

    def some(number: int) -> Sequence[str]:
        return [words[(number + step) % len(words)] for step in range(3)]

    async def story() -> None:
        async with opened(library, tmp_path) as (cache, fleet):
            single = {word: await cache.run(SPLADE, Inputs([word])) for word in words}
            await cache.clear()
            answers = await asyncio.gather(*(cache.run(SPLADE, Inputs(some(number))) for number in range(64)))
            for number, answer in enumerate(answers):
                assert isinstance(answer, Sparse)
                for word, vector in zip(some(number), answer.vectors, strict=True):
                    expected = single[word]
                    assert isinstance(expected, Sparse)
                    assert list(vector.tokens) == list(expected.vectors[0].tokens)
            fleet.computed.clear()
            await cache.run(SPLADE, Inputs(words))
            assert fleet.computed == []

    asyncio.run(story())


def test_an_error_is_not_kept(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(library, tmp_path) as (cache, fleet):
            for _ in range(2):
                with pytest.raises(Exception, match="unpaired surrogates"):
                    await cache.run(SPLADE, Inputs(["a \ud800"]))
            assert len(fleet.computed) == 2

    asyncio.run(story())


def test_memory_keeps_what_was_used_last_within_its_limit() -> None:
    memory = Memory(3 * (OVERHEAD + 10))
    for number in range(3):
        memory.put({b"%d" % number: bytes(10)})
    assert memory.get(b"0") is not None
    memory.put({b"3": bytes(10)})
    assert [key for key in (b"0", b"1", b"2", b"3") if memory.get(key) is not None] == [b"0", b"2", b"3"]
    assert memory.bytes == memory.limit
    memory.put({b"large": bytes(10_000)})
    assert (len(memory), memory.bytes) == (0, 0)
    memory.put({b"a": bytes(10)})
    memory.put({b"a": bytes(20)})
    assert memory.bytes == OVERHEAD + 20


def test_an_answer_of_the_cache_is_of_float32(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(library, tmp_path) as (cache, _):
            for _ in range(2):
                answer = await cache.run(SPLADE, Inputs(["a cat"]))
                assert isinstance(answer, Sparse)
                assert answer.vectors[0].weights.dtype == np.float32

    asyncio.run(story())
