"""A lane: batches form while its workers are busy, every caller is answered, and a full queue says so at once."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, wait

import numpy as np
import pytest

from conftest import Load
from connote.contract.errors import Overloaded, Unavailable
from connote.contract.results import Sparse
from connote.runtime.backends.backend import Output
from connote.runtime.lane import MAX_TOKENS, Lane
from connote.runtime.local import Inputs, Outputs, Scores
from connote.runtime.tokenizer import Encoded


class Gated:
    """A model that runs only when it is let, so that a test decides what is busy. An item's output is its first id."""

    def __init__(self) -> None:
        self.open, self.running = threading.Event(), threading.Event()
        self.batches: list[list[int]] = []

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        self.running.set()
        assert self.open.wait(10)
        self.batches.append([item.used for item in batch])
        if any(item.ids[0] < 0 for item in batch):
            raise ValueError("a bad item")
        return [item.ids[0].astype(np.float32) for item in batch]

    def finish(self, encoded: Sequence[Encoded], outputs: Sequence[Output]) -> Outputs:
        assert len(encoded) == len(outputs)
        return Scores(np.array(outputs))


def item(value: int, tokens: int = 1) -> Encoded:
    ids = np.full(tokens, value, dtype=np.int64)
    return Encoded(ids, np.zeros_like(ids), tokens)


def score(answer: Future[Outputs]) -> float:
    scores = answer.result(10)
    assert isinstance(scores, Scores)
    return float(scores.values[0])


def test_answers_come_in_the_order_of_the_items_however_they_are_batched(load: Load) -> None:
    model = load(".elser_model_2")
    texts = [word * count for count in (40, 1, 7, 90) for word in ("house ", "sea ", "garden ")]
    lane = Lane(model, name="test", workers=2)
    encoded = model.encode(Inputs(texts))
    answers = [lane.submit(encoded) for _ in range(3)]
    lone = model.finish(encoded, [model.run([item])[0] for item in encoded])
    assert isinstance(lone, Sparse)
    for answer in answers:
        together = answer.result(30)
        assert isinstance(together, Sparse)
        for a, b in zip(together.vectors, lone.vectors, strict=True):
            assert dict(zip(a.tokens, a.weights, strict=True)) == pytest.approx(
                dict(zip(b.tokens, b.weights, strict=True)), abs=1e-4
            )
    lane.close()


def test_what_queues_up_while_the_worker_is_busy_becomes_one_batch() -> None:
    model = Gated()
    lane = Lane(model, name="test", workers=1)
    first = lane.submit([item(1)])
    assert model.running.wait(10)
    others = [lane.submit([item(value)]) for value in (2, 3, 4)]
    model.open.set()
    wait([first, *others], 10)
    assert [len(batch) for batch in model.batches] == [1, 3]
    assert [score(answer) for answer in others] == [2, 3, 4]
    lane.close()


def test_a_batch_keeps_to_its_budget_of_padded_tokens() -> None:
    model = Gated()
    model.open.set()
    lane = Lane(model, name="test", workers=1)
    lane.submit([item(value, tokens=300) for value in range(10)]).result(10)
    assert all(len(batch) * max(batch) <= MAX_TOKENS for batch in model.batches)
    assert sum(map(len, model.batches)) == 10
    lane.close()


def test_a_full_queue_refuses_at_once() -> None:
    model = Gated()
    lane = Lane(model, name="test", workers=1, capacity=2)
    answers = [lane.submit([item(1)])]
    assert model.running.wait(10)
    answers += [lane.submit([item(value)]) for value in (2, 3)]
    with pytest.raises(Overloaded, match=r"queue of \[test\] is full"):
        lane.submit([item(4)])
    model.open.set()
    assert all(isinstance(answer.result(10), Scores) for answer in answers)
    lane.close()


def test_who_has_left_is_not_computed() -> None:
    model = Gated()
    lane = Lane(model, name="test", workers=1)
    first = lane.submit([item(1)])
    assert model.running.wait(10)
    left, stayed = lane.submit([item(2, 5)]), lane.submit([item(3)])
    assert left.cancel()
    model.open.set()
    wait([first, stayed], 10)
    assert all(5 not in batch for batch in model.batches)
    lane.close()


def test_a_failure_reaches_its_callers_and_the_lane_goes_on() -> None:
    model = Gated()
    model.open.set()
    lane = Lane(model, name="test", workers=1)
    with pytest.raises(ValueError, match="a bad item"):
        lane.submit([item(-1), item(2)]).result(10)
    assert isinstance(lane.submit([item(5)]).result(10), Scores)
    lane.close()


def test_closing_answers_what_waits() -> None:
    model = Gated()
    lane = Lane(model, name="test", workers=1)
    running = lane.submit([item(1)])
    assert model.running.wait(10)
    waiting = lane.submit([item(2)])
    threading.Timer(0.05, model.open.set).start()
    lane.close()
    assert isinstance(running.result(10), Scores)
    with pytest.raises(Unavailable, match=r"\[test\] was stopped"):
        waiting.result(10)
    with pytest.raises(Unavailable, match="is stopping"):
        lane.submit([item(3)])


def test_workers_come_and_go() -> None:
    model = Gated()
    model.open.set()
    lane = Lane(model, name="test", workers=1)
    for workers in (3, 1, 2):
        lane.scale(workers)
        assert lane.workers == workers
        assert isinstance(lane.submit([item(1)]).result(10), Scores)
    lane.close()
