"""Allocations follow the load: up at once, down slowly, and never out of their bounds."""

from hypothesis import given
from hypothesis import strategies as st

from connote.runtime.autoscale import PATIENCE, Adaptive, Load, decide

LIMITS = Adaptive(1, 8)


def test_work_that_waits_starts_workers_at_once() -> None:
    assert decide(1, LIMITS, Load(busy=1, waiting=3), 0) == (4, 0)
    assert decide(4, LIMITS, Load(busy=1, waiting=100), 0) == (8, 0)
    assert decide(2, LIMITS, Load(busy=0.95, waiting=0), 5) == (3, 0)


def test_workers_that_are_not_needed_end_one_by_one_after_a_while() -> None:
    workers, calm, windows = 4, 0, 0
    while workers == 4:
        workers, calm = decide(workers, LIMITS, Load(busy=0.1, waiting=0), calm)
        windows += 1
    assert (workers, calm, windows) == (3, 0, PATIENCE)


def test_a_moment_of_load_makes_it_wait_anew() -> None:
    assert decide(4, LIMITS, Load(busy=0.8, waiting=0), PATIENCE - 1) == (4, 0)


def test_one_worker_stays_while_the_model_is_loaded() -> None:
    assert decide(1, Adaptive(0, 8), Load(busy=0, waiting=0), PATIENCE - 1) == (1, 0)


@given(
    st.integers(1, 16), st.integers(0, 4), st.integers(4, 16), st.floats(0, 2), st.integers(0, 9999), st.integers(0, 99)
)
def test_the_bounds_are_kept(workers: int, least: int, most: int, busy: float, waiting: int, calm: int) -> None:
    decided, left = decide(min(workers, most), Adaptive(least, most), Load(busy, waiting), calm)
    assert max(least, 1) <= decided <= most
    assert left >= 0
