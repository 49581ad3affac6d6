"""The fleet: models are loaded once, scale with their load, are unloaded when idle, and come back."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from checkpoints import TEXTS, Toy
from connote.contract.errors import Overloaded, Unavailable
from connote.contract.results import Sparse
from connote.runtime import fleet as fleets
from connote.runtime import memory, opening
from connote.runtime.autoscale import Adaptive
from connote.runtime.backends.backend import AT_ONCE, DeviceFault, Output
from connote.runtime.backends.native import NativeBackend
from connote.runtime.catalog import Head
from connote.runtime.fleet import Deployment, Fleet
from connote.runtime.library import Library
from connote.runtime.local import Inputs, LocalModel
from connote.runtime.placement import Device
from connote.runtime.tokenizer import Encoded

IDLE = 900.0
FIXED = Deployment("fixed", "toy", allocations=1)
ADAPTIVE = Deployment("adaptive", "toy", adaptive=Adaptive(0, 8))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trial(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a coroutine function with a fleet of a toy on a machine of 8 cores, and closes it."""
    monkeypatch.setattr(fleets, "CORES", 8)
    row = Toy.write(tmp_path, "bert", Head.SPARSE).load().row

    def run(story: Callable[[Fleet], Awaitable[None]]) -> None:
        async def whole() -> None:
            fleet = Fleet(Library(tmp_path, [row]), idle_after=IDLE, clock=clock)
            try:
                await story(fleet)
            finally:
                await fleet.close()

        asyncio.run(whole())

    return run


def state(fleet: Fleet, id: str) -> object:
    return fleet.diagnostics().get(id, {}).get("state")


def test_parallel_first_calls_load_once(trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleets, "has_gpu", lambda: False)
    loaded: list[int] = []
    load = LocalModel.load.__func__  # type: ignore[attr-defined]

    def counted(*arguments: object) -> LocalModel:
        loaded.append(1)
        return load(*arguments)  # type: ignore[no-any-return]

    monkeypatch.setattr(LocalModel, "load", classmethod(counted))

    async def story(fleet: Fleet) -> None:
        results = await asyncio.gather(*(fleet.run(FIXED, Inputs([text])) for text in TEXTS))
        assert all(isinstance(result, Sparse) for result in results)
        await fleet.run(ADAPTIVE, Inputs(["a dog"]))  # another deployment of the same model
        await fleet.run(replace(ADAPTIVE, id="fast", device=Device.FASTEST), Inputs(["a dog"]))  # there is no GPU
        assert loaded == [1]

    trial(story)


def test_a_large_request_is_answered_whole_and_in_order(trial: Callable[..., None]) -> None:
    texts = [f"{TEXTS[i % 4]} {'the cat ' * (i % 9)}" for i in range(400)]

    async def story(fleet: Fleet) -> None:
        together = await fleet.run(FIXED, Inputs([text * 40 for text in texts]))
        assert isinstance(together, Sparse)
        assert len(together.vectors) == len(texts)
        assert [cut.position for cut in together.cuts] == list(range(400))
        for i in (0, 7, 399):
            alone = await fleet.run(FIXED, Inputs([texts[i] * 40]))
            assert isinstance(alone, Sparse)
            assert alone.vectors[0].weights == pytest.approx(together.vectors[i].weights, abs=1e-5)

    trial(story)


def test_workers_grow_with_the_work_and_shrink_without(trial: Callable[..., None]) -> None:
    async def story(fleet: Fleet) -> None:
        await fleet.run(ADAPTIVE, Inputs(["a dog"]))
        assert fleet.allocations() == {"adaptive": 1}
        await fleet.run(ADAPTIVE, Inputs([f"{'cat ' * n} {'sat ' * m}" for n in range(9) for m in range(9)]))
        assert (grown := fleet.allocations()["adaptive"]) > 1
        for _ in range(40):
            await fleet.tick()
        assert fleet.allocations()["adaptive"] < grown

    trial(story)


def test_an_idle_model_is_unloaded_and_comes_back(trial: Callable[..., None], clock: Clock) -> None:
    async def story(fleet: Fleet) -> None:
        first = await fleet.run(ADAPTIVE, Inputs(["a dog"]))
        model = weakref.ref(fleet._running["adaptive"].result().model)
        clock.now += IDLE - 1
        await fleet.tick()
        assert state(fleet, "adaptive") == "started"
        clock.now += 1
        await fleet.tick()
        assert state(fleet, "adaptive") is None
        await asyncio.sleep(0.05)  # until the thread that closed it lets go of it
        gc.collect()
        assert model() is None
        again = await fleet.run(ADAPTIVE, Inputs(["a dog"]))
        assert isinstance(first, Sparse)
        assert isinstance(again, Sparse)
        assert again.vectors[0].tokens == first.vectors[0].tokens

    trial(story)


def test_memory_is_given_back_once_nothing_holds_the_model(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(fleet: Fleet) -> None:
        await fleet.run(FIXED, Inputs(["a dog"]))
        await fleet.run(replace(FIXED, id="another"), Inputs(["a dog"]))
        model = weakref.ref(fleet._running["fixed"].result().model)
        left: list[object] = []

        def trim() -> None:
            gc.collect()
            left.append(model())

        monkeypatch.setattr(memory, "trim", trim)
        await fleet.stop("fixed")
        assert left == []  # the other one still needs it
        await fleet.stop("another")
        assert left == [None]

    trial(story)


def test_free_memory_can_be_given_back() -> None:
    memory.trim()


def test_what_is_not_adaptive_or_in_use_stays(trial: Callable[..., None], clock: Clock) -> None:
    async def story(fleet: Fleet) -> None:
        await fleet.run(FIXED, Inputs(["a dog"]))
        await fleet.run(ADAPTIVE, Inputs(["a dog"]))
        clock.now += 10 * IDLE
        busy = asyncio.create_task(fleet.run(ADAPTIVE, Inputs(["the cat " * 4000] * 20)))
        await asyncio.sleep(0)
        await fleet.tick()
        assert state(fleet, "adaptive") == "started"
        await busy
        clock.now += IDLE
        await fleet.tick()
        assert (state(fleet, "fixed"), state(fleet, "adaptive")) == ("started", None)
        await fleet.run(FIXED, Inputs(["a cat"]))  # the model is still there for the other deployment

    trial(story)


def test_a_failed_device_is_loaded_again_and_harms_no_other_lane(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = NativeBackend.run
    broken: list[NativeBackend] = []

    def run(self: NativeBackend, batch: Sequence[Encoded]) -> list[Output]:
        if self in broken:
            raise DeviceFault("lost")
        return compute(self, batch)

    monkeypatch.setattr(NativeBackend, "run", run)
    other = Deployment("other", "toy", allocations=1, threads=2)  # other threads: another model

    async def story(fleet: Fleet) -> None:
        await fleet.run(other, Inputs(["a dog"]))
        await fleet.run(FIXED, Inputs(["a dog"]))
        backend = fleet._running["fixed"].result().model.backend
        assert isinstance(backend, NativeBackend)
        broken.append(backend)
        with pytest.raises(Unavailable, match=r"\[fixed\] has failed \(lost\)"):
            await fleet.run(FIXED, Inputs(["a cat"]))
        await asyncio.sleep(0.05)
        assert isinstance(await fleet.run(FIXED, Inputs(["a cat"])), Sparse)
        assert fleet.totals("other").requests == 1

    trial(story)


def slow_loading(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, list[LocalModel]]:
    """Models load when the event is set; those that have are in the list."""
    gate, loaded = threading.Event(), list[LocalModel]()
    load = LocalModel.load.__func__  # type: ignore[attr-defined]

    def gated(*arguments: object) -> LocalModel:
        assert gate.wait(10)
        loaded.append(load(*arguments))
        return loaded[-1]

    monkeypatch.setattr(LocalModel, "load", classmethod(gated))
    return gate, loaded


def is_closed(model: LocalModel) -> bool:
    assert isinstance(model.backend, NativeBackend)
    return model.backend._model is None


def test_what_was_stopped_while_it_loaded_gives_its_memory_back(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, loaded = slow_loading(monkeypatch)

    async def story(fleet: Fleet) -> None:
        asked = asyncio.create_task(fleet.run(FIXED, Inputs(["a dog"])))
        await asyncio.sleep(0.1)
        await fleet.stop("fixed")
        with pytest.raises(Unavailable, match="was stopped"):
            await asked
        gate.set()
        for _ in range(100):
            await asyncio.sleep(0.02)
            if loaded and is_closed(loaded[0]):
                break
        assert is_closed(loaded[0])
        assert isinstance(await fleet.run(FIXED, Inputs(["a dog"])), Sparse)
        assert len(loaded) == 2

    trial(story)


def test_a_model_that_others_wait_for_is_not_closed_with_the_one_that_stops(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, loaded = slow_loading(monkeypatch)

    async def story(fleet: Fleet) -> None:
        stopped, kept = (asyncio.create_task(fleet.run(wish, Inputs(["a dog"]))) for wish in (FIXED, ADAPTIVE))
        await asyncio.sleep(0.1)
        (loading,) = fleet._models.values()

        def stop(_: object) -> None:
            """In the moment that the model is there, and nobody has been told of it."""
            with suppress(StopIteration):
                fleet.stop("fixed").send(None)

        loading.add_done_callback(stop)
        gate.set()
        assert isinstance(await kept, Sparse)
        await asyncio.gather(stopped, return_exceptions=True)
        assert isinstance(await fleet.run(ADAPTIVE, Inputs(["a cat"])), Sparse)
        assert len(loaded) == 1

    trial(story)


def test_a_change_while_it_loads_counts_once_it_is_loaded(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, _ = slow_loading(monkeypatch)

    async def story(fleet: Fleet) -> None:
        asked = asyncio.create_task(fleet.run(FIXED, Inputs(["a dog"])))
        await asyncio.sleep(0.1)
        fleet.scale(replace(FIXED, allocations=3))
        fleet.scale(replace(FIXED, allocations=4))
        gate.set()
        await asked
        assert fleet.allocations() == {"fixed": 4}

    trial(story)


def test_a_request_with_an_old_wish_starts_what_is_wished_for_now_or_nothing(trial: Callable[..., None]) -> None:
    async def story(fleet: Fleet) -> None:
        now: Deployment | None = replace(FIXED, allocations=3)
        fleet.current = lambda _: now
        await fleet.run(FIXED, Inputs(["a dog"]))
        assert fleet.allocations() == {"fixed": 3}
        await fleet.stop("fixed")
        for changed in (None, replace(FIXED, model="other")):
            now = changed
            with pytest.raises(Unavailable, match=r"\[fixed\] was stopped"):
                await fleet.run(FIXED, Inputs(["a dog"]))
            assert state(fleet, "fixed") is None

    trial(story)


def test_who_tokenises_does_not_wait_for_pulls(trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    resolve = Library.resolve

    def slow(self: Library, *arguments: Any) -> Any:  # noqa: ANN401
        assert gate.wait(10)
        return resolve(self, *arguments)

    async def story(fleet: Fleet) -> None:
        await fleet.run(FIXED, Inputs(["a dog"]))
        monkeypatch.setattr(Library, "resolve", slow)
        others = [asyncio.create_task(fleet.run(replace(FIXED, id=f"e{n}"), Inputs(["a"]))) for n in range(64)]
        await asyncio.sleep(0.05)
        assert isinstance(await asyncio.wait_for(fleet.run(FIXED, Inputs(["cat " * 5000])), 5), Sparse)
        gate.set()
        await asyncio.gather(*others)

    trial(story)


def test_a_request_that_was_let_in_is_taken_whole_and_does_not_fill_the_queue(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connote.runtime.lane.CAPACITY", 50)
    monkeypatch.setattr(fleets, "PORTION", 100)
    compute, gate, most = NativeBackend.run, threading.Event(), 0
    texts = [f"{'cat ' * n}{'sat ' * m}mat" for n in range(8) for m in range(12)]

    async def story(fleet: Fleet) -> None:
        await fleet.run(FIXED, Inputs(["a dog"]))
        lane = fleet._running["fixed"].result().lane

        def run(self: NativeBackend, batch: Sequence[Encoded]) -> list[Output]:
            nonlocal most
            assert gate.wait(10)
            most = max(most, lane.waiting)
            return compute(self, batch)

        monkeypatch.setattr(NativeBackend, "run", run)
        asked = asyncio.create_task(fleet.run(FIXED, Inputs([*texts, "dog " * 1200])))
        await asyncio.sleep(0.2)
        with pytest.raises(Overloaded):
            await fleet.run(FIXED, Inputs(["the dog"]))
        gate.set()
        answer = await asked
        assert isinstance(answer, Sparse)
        assert len(answer.vectors) == len(texts) + 1
        assert 0 < most < len(texts) / 2

    trial(story)


def test_a_flood_is_refused_before_it_is_tokenised(trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connote.runtime.lane.CAPACITY", 8_000)
    encode, tokenised = LocalModel.encode, 0

    def counted(self: LocalModel, inputs: Inputs) -> list[Encoded]:
        nonlocal tokenised
        tokenised += len(inputs.texts)
        return encode(self, inputs)

    monkeypatch.setattr(LocalModel, "encode", counted)

    async def story(fleet: Fleet) -> None:
        await fleet.run(FIXED, Inputs(["a dog"]))
        flood = [fleet.run(FIXED, Inputs([f"{who} {n} {'cat ' * 300}" for n in range(80)])) for who in range(9)]
        answers = await asyncio.gather(*flood, return_exceptions=True)
        kinds = [type(answer) for answer in answers]
        taken = kinds.count(Sparse)
        assert 0 < taken < 9
        assert kinds.count(Overloaded) == 9 - taken
        assert tokenised == 1 + taken * 80

    trial(story)


def test_a_machine_runs_no_more_workers_than_it_has_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleets, "CORES", 8)
    assert Deployment("e", "m", allocations=100, threads=2).fitted == Deployment("e", "m", allocations=4, threads=2)
    assert Deployment("e", "m", threads=32).fitted == Deployment("e", "m", allocations=1, threads=8)
    adaptive = Deployment("e", "m", threads=4, adaptive=Adaptive(3, 32)).fitted.adaptive
    assert adaptive == Adaptive(2, 2)


def test_a_gpu_has_no_more_workers_than_it_gains_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleets, "has_gpu", lambda: True)
    wish = Deployment("e", "m", adaptive=Adaptive(0, 16), device=Device.FASTEST)
    assert wish.fitted.adaptive == Adaptive(0, AT_ONCE)
    assert replace(wish, device=Device.CPU).fitted.adaptive == Adaptive(0, min(16, fleets.CORES))


def test_a_model_that_memory_cannot_hold_is_refused_with_the_numbers(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 5)

    async def story(fleet: Fleet) -> None:
        with pytest.raises(Unavailable, match=r"toy needs about \d+ MB of memory to load, 0 MB are available"):
            await fleet.run(FIXED, Inputs(["a dog"]))

    trial(story)


@pytest.mark.parametrize(
    ("fault", "told"), [(MemoryError(), "there is not enough memory"), (DeviceFault("lost"), "lost")]
)
def test_a_model_that_fails_to_load_is_told_and_tried_again(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch, fault: Exception, told: str
) -> None:
    def fail(*_: object) -> None:
        raise fault

    async def story(fleet: Fleet) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(LocalModel, "load", fail)
            with pytest.raises(Unavailable, match=f"toy could not be loaded: {told}"):
                await fleet.run(FIXED, Inputs(["a dog"]))
        assert isinstance(await fleet.run(FIXED, Inputs(["a dog"])), Sparse)

    trial(story)


def test_room_is_counted_by_weights_however_small_their_file_is(
    tmp_path: Path, trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.safetensors"
    floats = load_file(file)
    needed = opening.ROOM * sum(one.size for one in floats.values())
    save_file({name: one.astype(np.float16) for name, one in floats.items()}, file)
    found = [needed - 1, needed]
    monkeypatch.setattr(memory, "available", lambda: found.pop(0))

    async def story(fleet: Fleet) -> None:
        with pytest.raises(Unavailable, match="of memory to load"):
            await fleet.run(FIXED, Inputs(["a dog"]))
        assert isinstance(await fleet.run(FIXED, Inputs(["a dog"])), Sparse)

    trial(story)


def test_files_that_a_container_has_read_do_not_count_as_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("4000\n")
    (tmp_path / "memory.stat").write_text("anon 1000\nactive_file 2000\ninactive_file 500\nslab_reclaimable 100\n")
    assert memory.available() == 3600
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available() != 3600


def test_this_machine_tells_its_memory() -> None:
    found = memory.available()
    assert found is None or found > 1 << 20


def test_an_overload_is_refused_and_what_was_taken_is_answered(
    trial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connote.runtime.lane.CAPACITY", 50)
    compute, gate = NativeBackend.run, threading.Event()

    def run(self: NativeBackend, batch: Sequence[Encoded]) -> list[Output]:
        assert gate.wait(10)
        return compute(self, batch)

    async def story(fleet: Fleet) -> None:
        await fleet.run(FIXED, Inputs(["a dog"]))
        monkeypatch.setattr(NativeBackend, "run", run)
        asked = [asyncio.create_task(fleet.run(FIXED, Inputs(["cat " * n]))) for n in range(1, 21)]
        await asyncio.sleep(0.1)
        refused = [task for task in asked if task.done()]
        assert 0 < len(refused) < 20
        assert all(isinstance(task.exception(), Overloaded) for task in refused)
        gate.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(answer, Sparse) for answer in answers) == 20 - len(refused)
        assert fleet.totals("fixed").rejected == len(refused)

    trial(story)
