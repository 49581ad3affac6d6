"""Work in threads, so that what takes long lets others go on."""

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

from connote.contract.errors import ConnoteError

T = TypeVar("T")
# Of so many things on, what is done with each takes long together.
_MANY = 200
_GONE: ContextVar[threading.Event] = ContextVar("gone")


class Abandoned(ConnoteError):
    """Whoever asked has left: nobody sees this."""

    type, status = "task_cancelled_exception", 400


async def abandonable(work: Callable[..., T], *args: Any, **named: Any) -> T:  # noqa: ANN401 (what the work takes)
    """The result of some work. If the task is cancelled, `check` stops the work."""
    gone, context = threading.Event(), copy_context()
    context.run(_GONE.set, gone)
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(None, partial(context.run, work, *args, **named))
    except asyncio.CancelledError:
        gone.set()
        raise


def check() -> None:
    """Called by work that may take long, time and again. Raises Abandoned if nobody waits for it."""
    gone = _GONE.get(None)
    if gone is not None and gone.is_set():
        raise Abandoned("task cancelled: the client has left")


async def aside(many: int, work: Callable[..., T], *arguments: object) -> T:
    """What the work on so many things comes to: here if they are few, else in a thread."""
    return work(*arguments) if many < _MANY else await asyncio.to_thread(work, *arguments)


async def finished(work: Callable[..., T], *arguments: object) -> T:
    """What the work comes to, which is done in a thread. Who is cancelled meanwhile learns so when it has ended.

    So a lock that is held around it is held for as long as it runs.
    """
    running = asyncio.create_task(asyncio.to_thread(work, *arguments))
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        running.exception()  # it has been looked at
        raise cancelled
    return running.result()
