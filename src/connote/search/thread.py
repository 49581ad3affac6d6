"""Work in threads: what takes long, so that others do not wait; to its end, so that nothing is left half done."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Of so many things on, what is done with each takes long together.
_MANY = 200


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
