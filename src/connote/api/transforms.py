"""The routes of transforms."""

from typing import Any

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.api.table import PARAMS, Column, Row, table
from connote.contract import dates, durations
from connote.contract.errors import IllegalArgument, TimedOut
from connote.search.transform.config import Transform
from connote.search.transform.transforms import Kept

_ALL, _ONE = "/_transform", "/_transform/{transform_id}"
_ACKNOWLEDGED = {"acknowledged": True}
_COLUMNS = (
    Column("id", (), "the id"),
    Column("state", ("s",), "transform state"),
    Column("checkpoint", ("c",), "checkpoint"),
    Column("documents_processed", ("docp",), "the number of documents read from source indices and processed"),
    Column("checkpoint_progress", ("cp",), "progress of the checkpoint"),
    Column("last_search_time", ("lst",), "last time transform searched for updates"),
    Column("changes_last_detection_time", ("cldt",), "changes last detected time"),
    Column("create_time", ("ct",), "transform creation time", is_shown=False),
    Column("version", ("v",), "the version of Elasticsearch when the transform was created", is_shown=False),
    Column("source_index", ("si",), "source index", is_shown=False),
    Column("dest_index", ("di",), "destination index", is_shown=False),
    Column("pipeline", ("p",), "transform pipeline", is_shown=False),
    Column("description", ("d",), "description", is_shown=False),
    Column("transform_type", ("tt",), "batch or continuous transform", is_shown=False),
    Column("frequency", ("f",), "frequency of transform", is_shown=False),
    Column("reason", ("r",), "reason for the current state", is_shown=False),
    Column("documents_indexed", ("doci",), "the number of documents written to the destination", is_shown=False),
    Column("trigger_count", ("tc",), "the number of times the transform has been triggered", is_shown=False),
    Column("pages_processed", ("pp",), "the number of pages processed", is_shown=False),
)


async def put(ask: Ask) -> Answer:
    """Make a transform: `source`, `dest`, and `pivot` or `latest`; with `sync` it goes on as documents come."""
    checks = not ask.flag("defer_validation")
    await ask.connote.transforms.put(ask.path("transform_id"), await ask.json(), checks=checks)
    return Answer(_ACKNOWLEDGED)


async def get(ask: Ask) -> Answer:
    """Transforms, all or by id or pattern."""
    found = _found(ask)
    return Answer({"count": len(found), "transforms": [_shown(ask, each) for each in _page(ask, found)]})


async def update(ask: Ask) -> Answer:
    """Change parts of a transform, but for what it makes of documents."""
    checks = not ask.flag("defer_validation")
    return Answer(
        (await ask.connote.transforms.update(ask.path("transform_id"), await ask.json(), checks=checks)).wire()
    )


async def delete(ask: Ask) -> Answer:
    """Delete a transform; its index stays, unless `delete_dest_index` says otherwise."""
    with_index = ask.flag("delete_dest_index")
    await ask.connote.transforms.delete(ask.path("transform_id"), force=ask.flag("force"), with_index=with_index)
    return Answer(_ACKNOWLEDGED)


async def preview(ask: Ask) -> Answer:
    """The first documents that a transform, one that is kept or the request's, would make."""
    id = ask.request.path_params.get("transform_id")
    if id is None:
        body = {"dest": {"index": "unused-transform-preview-index"}, **await ask.json()}
        transform = Transform.parse("transform-preview", body)
    else:
        transform = ask.connote.transforms.get(id).transform
    return Answer(await ask.attended(ask.connote.transforms.preview(transform)))


async def start(ask: Ask) -> Answer:
    """Start a transform: it goes through its source once, or with `sync` until it is stopped."""
    await ask.connote.transforms.start(ask.path("transform_id"))
    return Answer(_ACKNOWLEDGED)


async def stop(ask: Ask) -> Answer:
    """Stop transforms after the page that they are at, or with `wait_for_checkpoint` when they are through."""
    found, seconds = _found(ask), durations.seconds(ask.text("timeout") or "30s")
    at_checkpoint = ask.flag("wait_for_checkpoint")
    await ask.connote.transforms.stop(found, force=ask.flag("force"), at_checkpoint=at_checkpoint)
    if ask.flag("wait_for_completion") and not await ask.attended(ask.connote.transforms.wait(found, seconds)):
        raise TimedOut(f"Timed out waiting for [{', '.join(each.transform.id for each in found)}] to stop")
    return Answer(_ACKNOWLEDGED)


async def reset(ask: Ask) -> Answer:
    """Let a transform be as new: how far it has come is forgotten, and the index that it has made is deleted."""
    await ask.connote.transforms.reset(ask.path("transform_id"), force=ask.flag("force"))
    return Answer(_ACKNOWLEDGED)


async def schedule(ask: Ask) -> Answer:
    """Let a transform that waits look at once whether its source has changed."""
    ask.connote.transforms.schedule(ask.path("transform_id"))
    return Answer(_ACKNOWLEDGED)


async def stats(ask: Ask) -> Answer:
    """What transforms do, how far they have come, and what they have done."""
    found = _found(ask)
    return Answer({"count": len(found), "transforms": [_measured(ask, each) for each in _page(ask, found)]})


async def upgrade(ask: Ask) -> Answer:
    """Bring transforms to this version's form: all are."""
    return Answer({"updated": 0, "no_action": len(ask.connote.transforms.find(None)), "needs_update": 0})


async def node_stats(ask: Ask) -> Answer:
    """How many transforms wait for their time on this node."""
    waiting = sum(each.status in ("started", "indexing") for each in ask.connote.transforms.find(None))
    own = {"scheduler": {"registered_transform_count": waiting}}
    return Answer({"_nodes": {"total": 1, "successful": 1, "failed": 0}, "total": own, ask.connote.uuid: own})


async def cat(ask: Ask) -> Answer:
    """Transforms as a table."""
    return table(ask, _COLUMNS, [_row(each) for each in _page(ask, _found(ask))])


def _found(ask: Ask) -> list[Kept]:
    allows = ask.flag("allow_no_match", default=True)
    return ask.connote.transforms.find(ask.request.path_params.get("transform_id"), allow_none=allows)


def _page(ask: Ask, found: list[Kept]) -> list[Kept]:
    start, size = ask.whole("from", 0) or 0, ask.whole("size", 100)
    if start < 0 or size is None or not 0 <= size <= 1000:
        raise IllegalArgument("[from] must not be negative, and [size] must be 0 to 1000")
    return found[start : start + size]


def _shown(ask: Ask, kept: Kept) -> dict[str, Any]:
    told = kept.wire()
    made = ("id", "version", "create_time") if ask.flag("exclude_generated") else ()
    return {name: value for name, value in told.items() if name not in made}


def _measured(ask: Ask, kept: Kept) -> dict[str, Any]:
    state = kept.state
    last = (
        {"checkpoint": state.checkpoint, "timestamp_millis": state.finished} if state.checkpoint else {"checkpoint": 0}
    )
    times = {"changes_last_detected_at": state.changed, "last_search_time": state.searched}
    node = {"id": ask.connote.uuid, "name": "connote", "transport_address": "127.0.0.1", "attributes": {}}
    failed = kept.status == "failed"
    issue = {
        "type": "transform_task_failed",
        "issue": "Transform task state is [failed]",
        "details": state.reason,
        "count": 1,
    }
    return {
        "id": kept.transform.id,
        "state": kept.status,
        **({"reason": state.reason} if failed else {}),
        **({} if kept.status in ("stopped", "failed") else {"node": node}),
        "stats": state.statistics.wire(),
        "checkpointing": {"last": last, **{name: value for name, value in times.items() if value}},
        "health": {"status": "red", "issues": [issue]} if failed else {"status": "green"},
    }


def _row(kept: Kept) -> Row:
    transform, state = kept.transform, kept.state
    counts = state.statistics.wire()
    names = ("documents_processed", "documents_indexed", "trigger_count", "pages_processed")
    return {
        **{name: counts[name] for name in names},
        "id": transform.id,
        "state": kept.status,
        "checkpoint": state.checkpoint,
        "last_search_time": dates.render(state.searched) if state.searched else None,
        "changes_last_detection_time": dates.render(state.changed) if state.changed else None,
        "create_time": dates.render(kept.created),
        "version": str(kept.wire()["version"]),
        "source_index": ",".join(transform.indices),
        "dest_index": transform.dest,
        "pipeline": transform.pipeline,
        "description": transform.body.get("description"),
        "transform_type": "continuous" if transform.is_continuous else "batch",
        "frequency": str(transform.body.get("frequency", "1m")),
        "reason": state.reason,
    }


_MANY = {
    "allow_no_match": "Whether patterns may mean nothing; default true.",
    "from": "How many to leave out at the beginning.",
    "size": "How many to tell at most; default 100.",
}
_CHECKED = TIMEOUTS | {"defer_validation": "Do not look whether the source is there yet."}
_FORCED = TIMEOUTS | {"force": "Also one that runs."}

ROUTES = (
    *(Route(method, f"{path}/_preview", preview, TIMEOUTS) for path in (_ALL, _ONE) for method in ("GET", "POST")),
    *(Route("GET", path, get, _MANY | {"exclude_generated": "Without what was added."}) for path in (_ALL, _ONE)),
    *(Route("GET", f"{path}/_stats", stats, _MANY | TIMEOUTS | {"basic": "Accepted."}) for path in (_ALL, _ONE)),
    Route("GET", f"{_ALL}/_node_stats", node_stats),
    Route("POST", f"{_ALL}/_upgrade", upgrade, TIMEOUTS | {"dry_run": "Accepted."}),
    Route("PUT", _ONE, put, _CHECKED),
    Route("DELETE", _ONE, delete, _FORCED | {"delete_dest_index": "With the index that it writes to."}),
    Route("POST", f"{_ONE}/_update", update, _CHECKED),
    Route("POST", f"{_ONE}/_start", start, TIMEOUTS | {"from": "Accepted."}),
    Route(
        "POST",
        f"{_ONE}/_stop",
        stop,
        {
            "allow_no_match": _MANY["allow_no_match"],
            "force": "Also one that has failed.",
            "timeout": "How long to wait; default 30s.",
            "wait_for_checkpoint": "When they are through, not at once.",
            "wait_for_completion": "Wait until they have stopped.",
        },
    ),
    Route("POST", f"{_ONE}/_reset", reset, _FORCED),
    Route("POST", f"{_ONE}/_schedule_now", schedule, TIMEOUTS | {"defer": "Accepted."}),
    *(Route("GET", f"/_cat/transforms{rest}", cat, PARAMS | _MANY) for rest in ("", "/{transform_id}")),
)
