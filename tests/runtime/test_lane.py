"""A lane: batches form while its workers are busy, every caller is answered, and a full queue says so at once."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, wait

import numpy as np
import pytest

from checkpoints import spread
from conftest import Load
from connote.contract.errors import IllegalArgument, Overloaded, Unavailable
from connote.runtime import lane as lanes
from connote.runtime.backends.backend import DeviceFault, Output, Precision
from connote.runtime.lane import Lane
from connote.runtime.local import Inputs
from connote.runtime.tokenizer import Encoded

BAD, FAULT, REFUSED, HUNGRY = -1, -2, -3, -4
FAULTS = {BAD: ValueError("bad"), FAULT: DeviceFault("lost"), REFUSED: IllegalArgument("no"), HUNGRY: MemoryError()}


class Gated:
    """A backend that runs when it is let, so that a test decides what is busy. An item's output is its first id."""

    device, precision, budget, pads = "cpu", Precision.FLOAT32, 100, False

    def __init__(self) -> None:
        self.open, self.running = threading.Event(), threading.Event()
        self.batches: list[list[int]] = []

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        self.running.set()
        assert self.open.wait(10)
        first = [int(item.ids[0]) for item in batch]
        self.batches.append(first)
        for id in first:
            if id in FAULTS:
                raise FAULTS[id]
        return [np.float32(id) * np.ones((), dtype=np.float32) for id in first]

    def close(self) -> None:
        """Nothing to give back."""


def item(value: int, tokens: int = 1) -> Encoded:
    ids = np.full(tokens, value, dtype=np.int64)
    return Encoded(ids, np.zeros_like(ids), tokens)


def scores(answer: Future[list[Output]]) -> list[float]:
    return [float(spread(output, 0)) for output in answer.result(10)]


def until(happens: Callable[[], bool]) -> bool:
    """Whether it does, within seconds."""
    end = time.monotonic() + 5
    while not happens() and time.monotonic() < end:
        time.sleep(0.005)
    return happens()


@pytest.fixture
def backend() -> Gated:
    return Gated()


@pytest.fixture
def lane(backend: Gated) -> Iterator[Lane]:
    made = Lane(backend, name="test", workers=1)
    yield made
    backend.open.set()
    made.close()


def busy(lane: Lane, backend: Gated) -> Future[list[Output]]:
    """Occupy the only worker until the backend is let run."""
    first = lane.submit([item(99)])
    assert backend.running.wait(10)
    return first


def test_answers_come_in_the_order_of_the_items_however_they_are_batched(load: Load) -> None:
    model = load(".elser_model_2")
    texts = [word * count for count in (40, 1, 7, 90) for word in ("house ", "sea ", "garden ")]
    lane = Lane(model.backend, name="test", workers=2)
    encoded = model.encode(Inputs(texts))
    answers = [lane.submit(encoded) for _ in range(3)]
    alone = [model.run([item])[0] for item in encoded]
    for answer in answers:
        for together, lone in zip(answer.result(30), alone, strict=True):
            assert spread(together, 30_522) == pytest.approx(spread(lone, 30_522), abs=1e-4)
    lane.close()


def test_what_queues_up_while_the_worker_is_busy_becomes_one_batch(lane: Lane, backend: Gated) -> None:
    busy(lane, backend)
    others = [lane.submit([item(value)]) for value in (2, 3, 4)]
    backend.open.set()
    assert [scores(answer) for answer in others] == [[2], [3], [4]]
    assert backend.batches == [[99], [2, 3, 4]]


def test_no_items_are_answered_at_once(lane: Lane) -> None:
    assert lane.submit([]).result(0) == []


def test_search_passes_ingest(lane: Lane, backend: Gated) -> None:
    busy(lane, backend)
    ingest, search = lane.submit([item(1, 80)]), lane.submit([item(2, 80)], is_urgent=True)
    backend.open.set()
    wait([ingest, search], 10)
    assert backend.batches == [[99], [2], [1]]


def test_ingest_has_its_turn_however_much_is_searched(lane: Lane, backend: Gated) -> None:
    busy(lane, backend)
    ingest = lane.submit([item(1, 80)])
    searches = [lane.submit([item(value, 80)], is_urgent=True) for value in range(10, 20)]
    backend.open.set()
    wait([ingest, *searches], 10)
    assert 1 in [batch[0] for batch in backend.batches[:6]]


def test_equal_inputs_are_computed_once(lane: Lane, backend: Gated) -> None:
    running = busy(lane, backend)
    same = [lane.submit([item(99), item(5), item(5)]), lane.submit([item(5)])]
    backend.open.set()
    assert [scores(answer) for answer in (running, *same)] == [[99], [99, 5, 5], [5]]
    assert backend.batches == [[99], [5]]


def test_a_search_does_not_wait_for_the_same_text_in_the_ingest_queue(lane: Lane, backend: Gated) -> None:
    busy(lane, backend)
    ingest = lane.submit([item(1, 80), item(2, 80)])
    search = lane.submit([item(2, 80)], is_urgent=True)
    backend.open.set()
    assert (scores(search), scores(ingest)) == ([2], [1, 2])
    assert backend.batches[1] == [2]


def test_a_full_queue_refuses_at_once_and_says_when_to_come_again(backend: Gated) -> None:
    lane = Lane(backend, name="test", workers=1, capacity=5)
    answers = [busy(lane, backend), lane.submit([item(2, 3), item(3, 4)])]
    with pytest.raises(Overloaded, match=r"queue of \[test\] is full \(2 items of 7 tokens wait,") as refused:
        lane.submit([item(4)])
    assert int(refused.value.headers["Retry-After"]) >= 1
    assert lane.totals.rejected == 1
    backend.open.set()
    assert [scores(answer) for answer in answers] == [[99], [2, 3]]
    lane.close()


def test_what_was_promised_fills_the_queue_for_large_requests_and_not_for_small_ones(
    lane: Lane, backend: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "ASSUMED", 7_500)  # a second; so 150,000 are 20 seconds' work
    busy(lane, backend)
    with lane.admitted(400_000) as first:  # found the queue empty
        with (
            pytest.raises(Overloaded, match="400000 tokens would be computed before") as refused,
            lane.admitted(20_000),
        ):
            pass
        assert refused.value.headers["Retry-After"] == "34"  # then there is room
        with lane.admitted(100):
            pass
        lane.submit([item(2, 10)], promise=first, left=160_000)
        with pytest.raises(Overloaded) as refused, lane.admitted(20_000):
            pass
        assert refused.value.headers["Retry-After"] == "11"  # half of it is done
        lane.submit([item(3, 10)], promise=first, left=90_000)
        with lane.admitted(20_000):
            pass


def test_a_queue_that_is_full_of_ingest_takes_searches(backend: Gated) -> None:
    lane = Lane(backend, name="test", workers=1, capacity=5)
    busy(lane, backend)
    ingest = lane.submit([item(2, 7)])
    with lane.admitted(3, is_urgent=True) as promise:
        search = lane.submit([item(3, 6)], is_urgent=True, promise=promise)
    with pytest.raises(Overloaded):
        lane.submit([item(4)], is_urgent=True)
    backend.open.set()
    assert (scores(search), scores(ingest)) == ([3], [2])
    lane.close()


def test_room_follows_the_rate_of_batches_that_are_not_small(lane: Lane, backend: Gated) -> None:
    backend.open.set()
    assert scores(lane.submit([item(1, 2)])) == [1]
    assert lane._rate() == lanes.ASSUMED
    for value in range(3):
        scores(lane.submit([item(value, 90)]))
    assert until(lambda: lane._rate() != lanes.ASSUMED)


def test_a_gpu_is_not_taken_for_as_slow_as_a_processor(backend: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "device", "cuda:0")
    lane = Lane(backend, name="m", workers=2)
    answers = [lane.submit([item(value, 90_000)]) for value in range(5)]  # at once, before it has shown its pace
    backend.open.set()
    assert [scores(answer) for answer in answers] == [[0], [1], [2], [3], [4]]
    lane.close()


def test_who_has_left_is_not_computed(lane: Lane, backend: Gated) -> None:
    busy(lane, backend)
    left, stayed = lane.submit([item(2), item(5)]), lane.submit([item(5)])
    assert left.cancel()
    backend.open.set()
    assert scores(stayed) == [5]
    assert backend.batches == [[99], [5]]


def test_what_somebody_left_is_computed_for_who_asks_again(lane: Lane, backend: Gated) -> None:
    first = busy(lane, backend)
    left, other = lane.submit([item(2)]), lane.submit([item(3)])
    assert left.cancel()
    backend.open.set()
    assert (scores(first), scores(other)) == ([99], [3])
    assert scores(lane.submit([item(2)])) == [2]
    assert lane._known == {}


def test_a_bad_item_fails_alone(lane: Lane, backend: Gated) -> None:
    busy(lane, backend)
    good = [lane.submit([item(value)]) for value in (1, 2, 3)]
    bad, refused, hungry = (lane.submit([item(4), item(value)]) for value in (BAD, REFUSED, HUNGRY))
    backend.open.set()
    assert [scores(answer) for answer in good] == [[1], [2], [3]]
    with pytest.raises(Unavailable, match="failed at this input: ValueError"):
        bad.result(10)
    with pytest.raises(IllegalArgument, match="no"):
        refused.result(10)
    with pytest.raises(Unavailable, match="not enough memory"):
        hungry.result(10)
    assert scores(lane.submit([item(7)])) == [7]


def test_a_device_fault_breaks_the_lane_and_is_told_once(backend: Gated) -> None:
    told: list[str] = []
    lane = Lane(backend, name="test", workers=2, broken=lambda: told.append("broken"))
    answers = []
    for tokens in (99, 100):  # a batch for each worker
        backend.running.clear()
        answers.append(lane.submit([item(FAULT, tokens)]))
        assert backend.running.wait(10)
    answers.append(lane.submit([item(3, 100)]))
    backend.open.set()
    for answer in answers:
        with pytest.raises(Unavailable, match=r"the device of model deployment \[test\] has failed \(lost\)"):
            answer.result(10)
    with pytest.raises(Unavailable, match="has failed"):
        lane.submit([item(4)])
    lane.close()
    assert told == ["broken"]


def test_closing_answers_what_waits(backend: Gated) -> None:
    lane = Lane(backend, name="test", workers=1)
    running, waiting = busy(lane, backend), lane.submit([item(2)])
    left = lane.submit([item(3)])
    left.cancel()
    threading.Timer(0.05, backend.open.set).start()
    lane.close()
    assert scores(running) == [99]
    with pytest.raises(Unavailable, match=r"\[test\] was stopped"):
        waiting.result(10)
    with pytest.raises(CancelledError):
        left.result(10)
    with pytest.raises(Unavailable, match="was stopped"):
        lane.submit([item(3)])


def test_workers_come_and_go(lane: Lane, backend: Gated) -> None:
    backend.open.set()
    for workers in (3, 1, 2):
        lane.scale(workers)
        assert lane.workers == workers
        assert scores(lane.submit([item(1)])) == [1]


def test_a_worker_that_ends_leaves_its_place_to_another(backend: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    gates = {f"place-{number}": threading.Event() for number in range(3)}
    compute = backend.run

    def run(batch: Sequence[Encoded]) -> list[Output]:
        backend.running.set()
        assert gates[threading.current_thread().name].wait(10)
        return compute(batch)

    def workers() -> list[str]:
        return sorted(thread.name for thread in threading.enumerate() if thread.name in gates)

    monkeypatch.setattr(backend, "run", run)
    backend.open.set()
    lane = Lane(backend, name="place", workers=3)
    for value in range(3):
        backend.running.clear()
        lane.submit([item(value, 100)])
        assert backend.running.wait(10)
    lane.scale(1)
    gates["place-1"].set()
    assert until(lambda: workers() == ["place-0", "place-2"])
    lane.scale(3)  # the second ends no more
    assert workers() == ["place-0", "place-1", "place-2"]
    for gate in gates.values():
        gate.set()
    lane.scale(2)
    assert until(lambda: workers() == ["place-0", "place-1"])
    lane.close()


def test_what_was_closed_is_not_started_by_a_late_change_of_its_size(backend: Gated) -> None:
    lane = Lane(backend, name="late", workers=1)
    lane.close()
    lane.scale(2)
    assert lane.workers == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("late-")]


def test_a_backend_that_forgets_an_output_fails_those_items_and_not_the_worker(
    lane: Lane, backend: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = backend.run
    monkeypatch.setattr(backend, "run", lambda batch: [one for one in compute(batch) if float(spread(one, 0)) != 7])
    backend.open.set()
    with pytest.raises(Unavailable, match="failed at this input: ValueError"):
        lane.submit([item(6), item(7)]).result(10)
    assert scores(lane.submit([item(6)])) == [6]


def test_what_was_done_is_counted(lane: Lane, backend: Gated) -> None:
    backend.open.set()
    for tokens in (3, 4):
        assert scores(lane.submit([item(tokens, tokens), item(1)])) == [tokens, 1]
    lane.close()  # the last batch is counted after it is answered
    done = lane.totals
    assert (done.requests, done.items, done.tokens) == (2, 4, 9)
    assert done.batches >= 2
    assert done.seconds > 0
