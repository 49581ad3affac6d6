"""The routes of reindexing tasks, which are told of more briefly than by `_tasks`."""

from typing import Any

from connote.api.byquery import REINDEX
from connote.api.exchange import Answer, Ask, Route
from connote.contract import durations
from connote.contract.errors import NotFound

_LONGEST = 30.0  # how long a cancelled task is waited for, in seconds


async def list_all(ask: Ask) -> Answer:
    """The reindexing tasks that run; `detailed` with their progress."""
    shown = [_shown(each.wire()) for each in ask.connote.tasks.list(REINDEX)]
    left_out = () if ask.flag("detailed") else ("status",)
    return Answer({"reindex": [{name: part for name, part in each.items() if name not in left_out} for each in shown]})


async def get(ask: Ask) -> Answer:
    """A reindexing task that runs, or the result of one that was not waited for."""
    id = ask.path("task_id")
    if ask.flag("wait_for_completion"):
        await ask.attended(ask.connote.tasks.wait(id, durations.seconds(ask.text("timeout") or "30s")))
    return Answer(await _told(ask, id))


async def cancel(ask: Ask) -> Answer:
    """Let a reindexing task end after the batch that it is at; it is waited for unless that is not wanted."""
    id = ask.path("task_id")
    last = await _told(ask, id)
    ask.connote.tasks.cancel(id)
    if not ask.flag("wait_for_completion", default=True):
        return Answer({"acknowledged": True})
    await ask.connote.tasks.wait(id, _LONGEST)
    try:
        return Answer(await _told(ask, id))
    except NotFound:  # its result went to whoever has waited for it
        return Answer({**last, "cancelled": True, "completed": True})


async def _told(ask: Ask, id: str) -> dict[str, Any]:
    """Raises NotFound, for a task of another kind, too."""
    found = await ask.connote.tasks.get(id)
    if found["task"]["action"] != REINDEX:
        raise NotFound(f"task [{id}] is no reindexing task")
    rest = {name: part for name, part in found.items() if name in ("error", "response")}
    return {"completed": found["completed"], **_shown(found["task"]), **rest}


def _shown(task: dict[str, Any]) -> dict[str, Any]:
    names = ("description", "start_time_in_millis", "running_time_in_nanos", "cancelled", "status")
    return {"id": f"{task['node']}:{task['id']}", **{name: task[name] for name in names}}


_WAITS = {"wait_for_completion": "Wait until it has ended."}

ROUTES = (
    Route("GET", "/_reindex", list_all, {"detailed": "With the progress of each."}),
    Route("GET", "/_reindex/{task_id}", get, {**_WAITS, "timeout": "For how long; default `30s`."}),
    Route("POST", "/_reindex/{task_id}/_cancel", cancel, _WAITS),
)
