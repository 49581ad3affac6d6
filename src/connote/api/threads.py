"""The route that tells what the threads of this process do."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from starlette.responses import PlainTextResponse

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.contract import durations
from connote.contract.errors import IllegalArgument
from connote.runtime.threads import Watched, watch

_LONGEST, _MOST_SNAPSHOTS = 10.0, 1000
# One watches at a time, in a thread of its own: others have the pool that all share.
_WATCHER = ThreadPoolExecutor(1, "hot_threads")
_TYPES = ("cpu", "wait", "block", "mem")


async def hot_threads(ask: Ask) -> Answer:
    """Which threads compute the most, and where they are, as text: names of functions and lines, no values."""
    kind, interval = ask.text("type") or "cpu", ask.text("interval") or "500ms"
    if kind != "cpu":
        reason = "only [cpu] is told here" if kind in _TYPES else f"there are [{', '.join(_TYPES)}]"
        raise IllegalArgument(f"type not supported [{kind}]: {reason}")
    seconds = durations.seconds(interval, "interval")
    if seconds is None or not 0 < seconds <= _LONGEST:
        raise IllegalArgument(f"[interval] must be more than 0 and at most [{_LONGEST:g}s], not [{interval}]")
    snapshots, busiest = _positive(ask, "snapshots", 10, _MOST_SNAPSHOTS), _positive(ask, "threads", 3, 10_000)
    ignores = ask.flag("ignore_idle_threads", default=True)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    found = await ask.attended(_watched(seconds, snapshots))
    shown = [each for each in found if not (ignores and each.waits)][:busiest]
    told = f"interval={interval.strip()}, busiestThreads={busiest}, ignoreIdleThreads={str(ignores).lower()}"
    lines = [
        f"::: {{connote}}{{{ask.connote.uuid}}}{{127.0.0.1}}",
        f"   Hot threads at {now}, {told}:",
        *(line for each in shown for line in _lines(each, seconds, interval)),
    ]
    return Answer(response=PlainTextResponse("\n".join(lines) + "\n"))


async def _watched(seconds: float, snapshots: int) -> list[Watched]:
    return await asyncio.get_running_loop().run_in_executor(_WATCHER, watch, seconds, snapshots)


def _positive(ask: Ask, name: str, default: int, most: int) -> int:
    found = ask.whole(name, default)
    if found is None or not 0 < found <= most:
        raise IllegalArgument(f"[{name}] must be between 1 and {most}, not [{found}]")
    return found


def _lines(thread: Watched, seconds: float, interval: str) -> Iterator[str]:
    percent, snapshots = 100 * thread.seconds / seconds, thread.stacks.total()
    yield "   "
    yield f"   {percent:.1f}% ({thread.seconds * 1000:g}ms out of {interval}) cpu usage by thread '{thread.name}'"
    for stack, count in thread.stacks.most_common():
        yield f"     {count}/{snapshots} snapshots sharing following {len(stack)} elements"
        yield from (f"       {call}" for call in stack)


_PARAMS = TIMEOUTS | {
    "ignore_idle_threads": "Leave out threads that wait for something to do; default true.",
    "interval": "How long they are watched; default `500ms`, at most `10s`.",
    "snapshots": "How often stacks are looked at in this time; default 10.",
    "sort": "Accepted.",
    "threads": "How many are told, those first that compute the most; default 3.",
    "type": "Only `cpu`.",
}

ROUTES = tuple(Route("GET", f"/_nodes{node}/hot_threads", hot_threads, _PARAMS) for node in ("", "/{node_id}"))
