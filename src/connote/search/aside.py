"""Work in a thread beside the event loop, that ends soon after nobody waits for it any more."""

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

from connote.contract.errors import ConnoteError

T = TypeVar("T")
_GONE: ContextVar[threading.Event] = ContextVar("gone")


class Abandoned(ConnoteError):
    """Whoever asked has left: nobody sees this."""

    type, status = "task_cancelled_exception", 400


async def aside(work: Callable[..., T], *args: Any, **named: Any) -> T:  # noqa: ANN401 (what the work takes)
    """The result of some work. If the task is cancelled, `check` stops the work."""
    gone, context = threading.Event(), copy_context()
    context.run(_GONE.set, gone)
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(None, partial(context.run, work, *args, **named))
    except asyncio.CancelledError:
        gone.set()
        raise


async def finished(work: Callable[[], T], undo: Callable[[T], None]) -> T:
    """The result of work that is never stopped: if the task is cancelled, it is undone once it is there."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        running.add_done_callback(lambda done: None if done.cancelled() or done.exception() else undo(done.result()))
        raise


def check() -> None:
    """Called by work that may take long, time and again. Raises Abandoned if nobody waits for it."""
    gone = _GONE.get(None)
    if gone is not None and gone.is_set():
        raise Abandoned("task cancelled: the client has left")
