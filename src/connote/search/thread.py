"""Work in threads that is not left half done."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


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
