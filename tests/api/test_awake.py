"""Between two requests the event loop stays awake for a moment, and no longer."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connote.api.awake import Awake
from connote.config import Config, load
from connote.contract.errors import IllegalArgument


async def turns(awake: Awake, then: Callable[[], None] = lambda: None) -> int:
    """How often the loop turns in a tenth of a second after an answer, without sleeping."""
    loop, seen = asyncio.get_running_loop(), 0
    call_soon = loop.call_soon

    def counted(*arguments: object, **named: object) -> object:
        nonlocal seen
        seen += 1
        return call_soon(*arguments, **named)  # type: ignore[arg-type]

    with awake:
        pass
    loop.call_soon = counted  # type: ignore[method-assign, assignment]
    then()
    await asyncio.sleep(0.1)
    return seen


def test_it_looks_for_the_next_request_and_then_sleeps() -> None:
    awake = Awake(0.01)
    assert asyncio.run(turns(awake)) > 10
    began = time.monotonic()
    assert asyncio.run(turns(awake)) > 10  # and it does so again
    assert time.monotonic() - began >= 0.1


def test_it_does_not_spin_while_a_request_is_being_answered() -> None:
    awake = Awake(10)

    def ask() -> None:
        awake.__enter__()

    assert asyncio.run(turns(awake, ask)) < 10


def test_zero_is_not_at_all() -> None:
    assert asyncio.run(turns(Awake(0))) < 10


def test_a_request_may_end_after_its_loop() -> None:
    awake = Awake(0.01)
    with awake:  # no loop runs
        pass
    assert asyncio.run(turns(awake)) > 10


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("200micros", 0.0002), ("10ms", 0.01)])
def test_the_configuration_tells_how_long(tmp_path: Path, text: str, seconds: float) -> None:
    file = tmp_path / "connote.toml"
    file.write_text(f'[server]\nidle_poll = "{text}"\n', encoding="utf-8")
    assert load(file).server.poll_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["-1", "1s", "soon"])
def test_what_would_keep_a_processor_busy_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "connote.toml"
    file.write_text(f'[server]\nidle_poll = "{text}"\n', encoding="utf-8")
    with pytest.raises(IllegalArgument, match="idle_poll"):
        load(file)


def test_by_default_it_is_a_fifth_of_a_millisecond() -> None:
    assert Config().server.poll_seconds() == pytest.approx(0.0002)
