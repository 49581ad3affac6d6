"""What searches see while one of them refreshes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from connote.search.freshness import Freshness


class Engine:
    """Refreshes once it may."""

    def __init__(self) -> None:
        self.begun, self.may, self.refreshed = threading.Event(), threading.Event(), 0

    def refresh(self) -> None:
        self.begun.set()
        assert self.may.wait(10)
        self.refreshed += 1


def test_searches_of_an_idle_index_wait_for_the_one_that_refreshes() -> None:
    freshness, engine = Freshness(), Engine()
    freshness.wrote()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(freshness.catch_up, 1, engine.refresh)
        assert engine.begun.wait(10)
        others = [pool.submit(freshness.catch_up, 1, engine.refresh) for _ in range(2)]
        time.sleep(0.05)
        assert not any(each.done() for each in (first, *others))
        assert freshness.must_wait(1)
        engine.may.set()
    assert engine.refreshed == 1  # the others see what it made visible
    assert not freshness.must_wait(1)


def test_searches_of_a_busy_index_do_not_wait_for_the_one_that_refreshes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connote.search.freshness._BEHIND", 60.0)  # or a slow machine would be late
    freshness, engine = Freshness(), Engine()
    freshness.refresh(lambda: None)
    freshness.wrote()
    with ThreadPoolExecutor(1) as pool:
        assert freshness.must_wait(0)
        pool.submit(freshness.catch_up, 0, engine.refresh)
        assert engine.begun.wait(10)
        assert not freshness.must_wait(0)
        freshness.catch_up(0, pytest.fail)
        engine.may.set()
    assert engine.refreshed == 1


def test_what_is_written_during_a_refresh_is_seen_by_the_next() -> None:
    freshness = Freshness()
    freshness.wrote()
    freshness.catch_up(0, freshness.wrote)
    assert freshness.must_wait(0)
    assert not freshness.must_wait(60)
    assert not freshness.must_wait(-1)
    freshness.catch_up(0, lambda: None)
    assert not freshness.must_wait(0)


def test_a_refresh_that_fails_is_due_again_after_the_interval() -> None:
    def fails() -> None:
        raise OSError

    freshness = Freshness()
    freshness.wrote()
    with pytest.raises(OSError):  # noqa: PT011 (it has no text)
        freshness.catch_up(0, fails)
    assert not freshness.must_wait(60)
    assert freshness.must_wait(0)
