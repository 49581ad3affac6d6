"""What searches leave open: points in time, and scrolls, each for as long as it is kept alive."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import IllegalArgument, NoContext, Overloaded, SearchFailed
from connote.endpoints import asking
from connote.search.collect import Seen
from connote.search.request import SearchRequest

# How long one may be kept alive, in seconds, and how many there may be, as Elasticsearch limits them by default.
MOST_SECONDS, MOST_OPEN = 86_400.0, 500


@dataclass
class Context:
    """Snapshots that stay as they are. A scroll also has its request, which says behind which hit it goes on."""

    id: str
    seen: Sequence[Seen]
    keep: float
    owner: tuple[Any, ...]
    request: SearchRequest | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Contexts:
    """All that are open. Each closes itself when it was not used for as long as it is kept alive."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Context, Callable[[], Any], asyncio.TimerHandle]] = {}

    def open(self, seen: Sequence[Seen], held: ExitStack, keep: float, request: SearchRequest | None = None) -> Context:
        """Keep what is held open. Raises IllegalArgument, Overloaded; then it is still the caller's."""
        _check(keep)
        if len(self._open) >= MOST_OPEN:
            raise Overloaded(
                f"Trying to create too many scroll contexts. Must be less than or equal to: [{MOST_OPEN}]. Close "
                "scrolls and points in time that are no longer needed"
            )
        context = Context(secrets.token_urlsafe(24), seen, keep, asking.standing(), request)
        self._open[context.id] = (context, held.pop_all().close, self._timer(context.id, keep))
        return context

    def find(self, id: str, keep: float | None = None) -> Context:
        """The one of that id, kept alive anew. Raises SearchFailed with NoContext, IllegalArgument."""
        if id not in self._open or not _is_own(self._open[id][0]):
            raise SearchFailed({"": NoContext(f"No search context found for id [{id[:100]}]")})
        context, release, timer = self._open[id]
        if keep is not None:
            _check(keep)
            context.keep = keep
        timer.cancel()
        self._open[id] = (context, release, self._timer(id, context.keep))
        return context

    def close(self, id: str) -> bool:
        """Close one; False if it is not open."""
        found = self._open.get(id)
        if found is None or not _is_own(found[0]):
            return False
        del self._open[id]
        _, release, timer = found
        timer.cancel()
        release()
        return True

    def ids(self, *, scrolls: bool) -> list[str]:
        """The ids of the scrolls, or of the points in time."""
        return [
            id
            for id, (context, _, _) in self._open.items()
            if (context.request is not None) is scrolls and _is_own(context)
        ]

    def clear(self) -> None:
        """Close all."""
        for id in list(self._open):
            self.close(id)

    def _timer(self, id: str, keep: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(keep, self.close, id)


def _is_own(context: Context) -> bool:
    """Whether who asks has opened it, with the rights that they have now, or may do everything."""
    return asking.visit() is None or context.owner == asking.standing()


def _check(keep: float) -> None:
    if keep > MOST_SECONDS:
        raise IllegalArgument(
            f"Keep alive for request ({keep:g}s) is too large. It must be less than (1d). This limit can be set by "
            "changing the [search.max_keep_alive] cluster level setting."
        )
    if keep <= 0:
        raise IllegalArgument("[keep_alive] must be greater than 0")
