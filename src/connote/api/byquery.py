"""The routes over all documents that match a query, and of the tasks that these are."""

from collections.abc import Mapping, Sequence
from typing import Any

from connote.api.choice import CHOICE, filters, opened
from connote.api.exchange import Answer, Ask, Route
from connote.api.search import TYPED, typed
from connote.contract import durations
from connote.contract.errors import BadQuery, IllegalArgument, InvalidRequest, Unparsable
from connote.contract.settings import java
from connote.search import sorting
from connote.search.byquery import BATCH, Destination, Manner, Selection
from connote.search.fetch.source import SourceFilter
from connote.search.mapping import runtime
from connote.search.progress import Progress
from connote.search.tasks import Task, Work
from connote.search.view import Filters
from connote.search.write import script as scripts
from connote.search.write.operation import Kind, VersionType

_MOST_BATCH = 10_000
# What a reindexing task is called.
REINDEX = "indices:data/write/reindex"


async def update(ask: Ask) -> Answer:
    """Write again the documents that match `query`, changed by `script` if there is one."""
    body = await ask.json_if_any()
    _check_keys(body, ("query", "script", "max_docs", "conflicts", "sort", "slice", "_source"))
    selection, manner = _selection(ask, _typed(ask, body)), _manner(ask, body)
    if (script := body.get("script")) is not None:
        scripts.check(script)
    name = ask.path("index")
    return await _run(
        ask,
        "indices:data/write/update/byquery",
        f"update-by-query [{name}]",
        lambda progress: ask.connote.by_query.update(selection, script, manner, progress),
        Progress(),
    )


async def delete(ask: Ask) -> Answer:
    """Delete the documents that match `query`."""
    body = await ask.json_if_any()
    _check_keys(body, ("query", "max_docs", "conflicts", "sort", "slice", "_source"))
    body = _typed(ask, body)
    if "query" not in body:
        raise InvalidRequest(["query is missing"])
    selection, manner = _selection(ask, body), _manner(ask, body)
    return await _run(
        ask,
        "indices:data/write/delete/byquery",
        f"delete-by-query [{ask.path('index')}]",
        lambda progress: ask.connote.by_query.delete(selection, manner, progress),
        Progress(),
    )


async def reindex(ask: Ask) -> Answer:
    """Write the documents of `source` (`index`, `query`) to `dest` (`index`), changed by `script` if there is one."""
    body = await ask.json()
    _check_keys(body, ("source", "dest", "script", "max_docs", "size", "conflicts"))
    source, dest = _object(body, "source"), _object(body, "dest")
    _check_keys(source, ("index", "query", "size", "_source", "sort", "slice", "remote", "runtime_mappings"))
    if source.get("remote") is not None:
        raise IllegalArgument("[source] [remote] is not supported")
    runtime.parse(source.get("runtime_mappings") or {})
    expression = _expression(source)
    names = _names(ask, expression)
    kept = ask.connote.indices.filters(expression, names)
    body.setdefault("max_docs", body.pop("size", None))
    selection = _select(ask, names, kept, source | {"max_docs": body["max_docs"]}, _batch(source.get("size")))
    destination = _destination(ask, dest)
    shown, script = SourceFilter.parse(source.get("_source")), body.get("script")
    if script is not None:
        scripts.check(script)
    pipeline = dest.get("pipeline")
    if pipeline is not None and not isinstance(pipeline, str):
        raise Unparsable(f"[dest] [pipeline] must be a text, not [{java(pipeline)}]")
    manner = Manner(_proceeds(ask, body), pipeline, ask.flag("refresh"))
    return await _run(
        ask,
        REINDEX,
        f"reindex from [{', '.join(names)}] to [{destination.index}]",
        lambda progress: ask.connote.by_query.reindex(selection, shown, script, destination, manner, progress),
        Progress(creates=True),
    )


async def rethrottle(ask: Ask) -> Answer:
    """Change how many documents a task writes a second; one that waits learns so at once."""
    if "requests_per_second" not in ask.params:
        raise IllegalArgument("requests_per_second is a required parameter")
    rate, node = _per_second(ask), ask.path("task_id").partition(":")[0]
    if node != ask.connote.tasks.node:
        return Answer({"node_failures": [_no_node(node)], "nodes": {}})
    found = [each for each in ask.connote.tasks.list() if each.id == ask.path("task_id")]
    for each in found:
        each.progress.per_second = rate
    return Answer({"nodes": _nodes(ask, found)})


def _no_node(name: str) -> dict[str, Any]:
    told = {"type": "no_such_node_exception", "reason": f"No such node [{name}]", "node_id": name}
    failed = {"type": "failed_node_exception", "reason": f"Failed node [{name}]", "node_id": name}
    return {**failed, "caused_by": told}


async def list_tasks(ask: Ask) -> Answer:
    """The tasks that run."""
    return _listed(ask, ask.connote.tasks.told(ask.text("actions")))


async def get_task(ask: Ask) -> Answer:
    """A task that runs, or the result of one that was not waited for."""
    id = ask.path("task_id")
    if ask.flag("wait_for_completion"):
        await ask.attended(ask.connote.tasks.wait(id, durations.seconds(ask.text("timeout") or "30s")))
    return Answer(await ask.connote.tasks.get(id))


async def cancel_task(ask: Ask) -> Answer:
    """Let a task end after the batch of documents that it is at."""
    task = ask.connote.tasks.cancel(ask.path("task_id"))
    if ask.flag("wait_for_completion"):
        await ask.connote.tasks.wait(task.id, 30)
    return Answer({"nodes": _nodes(ask, [task])})


async def cancel_tasks(ask: Ask) -> Answer:
    """Let tasks of these actions end after the batch that they are at."""
    found = ask.connote.tasks.list(ask.text("actions"))
    for task in found:
        ask.connote.tasks.cancel(task.id)
    return Answer({"nodes": _nodes(ask, found)})


async def _run(ask: Ask, action: str, about: str, work: Work, progress: Progress) -> Answer:
    progress.per_second = _per_second(ask)
    waits = ask.flag("wait_for_completion", default=True)
    task = ask.connote.tasks.start(action, about, work, progress, is_kept=not waits)
    if not waits:
        return Answer({"task": task.id})
    body = await ask.connote.tasks.result(task)
    return Answer(body, progress.status, warnings=tuple(progress.warnings))


def _selection(ask: Ask, body: Mapping[str, Any]) -> Selection:
    names = opened(ask)
    return _select(ask, names, filters(ask, names), body, _batch(ask.whole("scroll_size")))


def _typed(ask: Ask, body: dict[str, Any]) -> dict[str, Any]:
    return body if ask.text("q") is None else body | {"query": typed(ask)}


def _select(ask: Ask, names: list[str], kept: Filters, body: Mapping[str, Any], batch: int) -> Selection:
    query, part = body.get("query"), body.get("slice")
    if query is not None and not isinstance(query, Mapping):
        raise BadQuery(f"[query] must be an object, not [{java(query)[:100]}]")
    most = ask.whole("max_docs") if body.get("max_docs") is None else body["max_docs"]
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or (most < 1 and most != -1)):
        raise InvalidRequest([f"[max_docs] should be greater than zero or [-1], found [{java(most)}]"])
    slices = ask.text("slices")
    if slices not in (None, "auto") and (not str(slices).isascii() or not str(slices).isdigit() or int(slices) < 1):
        raise IllegalArgument(f'[slices] must be a positive integer or the string "auto", not [{slices}]')
    found = None if part is None else _slice(part)
    fields, sort = body.get("runtime_mappings") or {}, body.get("sort") or ask.names("sort") or []
    most = None if most in (None, -1) else most
    return Selection(names, kept, query, found, most, batch, fields, sorting.parse(sort))


def _slice(part: Any) -> tuple[int, int]:  # noqa: ANN401 (JSON)
    number, most = (part.get("id"), part.get("max")) if isinstance(part, Mapping) else (None, None)
    if type(number) is not int or type(most) is not int or not 0 <= number < most or most < 2:
        raise IllegalArgument("[slice] needs an [id] from 0 and a [max] of at least 2 that is greater than it")
    return number, most


def _manner(ask: Ask, body: Mapping[str, Any]) -> Manner:
    return Manner(_proceeds(ask, body), ask.text("pipeline"), ask.flag("refresh"))


def _proceeds(ask: Ask, body: Mapping[str, Any]) -> bool:
    wanted = body.get("conflicts", ask.text("conflicts"))
    if wanted not in (None, "proceed", "abort"):
        raise IllegalArgument(f'conflicts may only be "proceed" or "abort" but was [{java(wanted)[:100]}]')
    return bool(wanted == "proceed")


def _expression(source: Mapping[str, Any]) -> str:
    given = source.get("index")
    listed = given if isinstance(given, list) else [given]
    names = [each for each in listed if isinstance(each, str) and each]
    if not names or len(names) < len(listed):
        raise InvalidRequest(["use _all if you really want to copy from all existing indexes"])
    return ",".join(names)


def _names(ask: Ask, expression: str) -> list[str]:
    found = ask.connote.indices.resolve(expression)
    for name in found:
        ask.connote.indices.check_open(name)
    return found


def _destination(ask: Ask, dest: Mapping[str, Any]) -> Destination:
    _check_keys(dest, ("index", "op_type", "version_type", "routing", "pipeline"))
    index, routing = dest.get("index"), dest.get("routing", "keep")
    if not isinstance(index, str) or not index:
        raise InvalidRequest(["index is missing"])
    kind, version_type = dest.get("op_type", "index"), dest.get("version_type", "internal")
    if kind not in ("index", "create"):
        raise IllegalArgument(f"opType must be 'create' or 'index', found: [{java(kind)}]")
    if version_type not in tuple(VersionType):
        raise IllegalArgument(f"No version type match [{java(version_type)}]")
    if not isinstance(routing, str) or not (routing in ("keep", "discard") or routing.startswith("=")):
        raise IllegalArgument(f"Unsupported routing command: [{java(routing)}]")
    return Destination(index, Kind(kind), VersionType(version_type), routing, ask.flag("require_alias"))


def _batch(given: Any) -> int:  # noqa: ANN401
    if given is None:
        return BATCH
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= _MOST_BATCH:
        raise IllegalArgument(f"a batch must have 1 to {_MOST_BATCH} documents, not [{java(given)}]")
    return given


def _per_second(ask: Ask) -> float:
    given = ask.text("requests_per_second")
    try:
        found = -1.0 if given in (None, "-1", "unlimited") else float(str(given))
    except ValueError:
        found = 0.0
    if found != -1 and not 0 < found < float("inf"):
        raise IllegalArgument("[requests_per_second] must be a float greater than 0. Use -1 to disable throttling.")
    return found


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    given = body.get(name)
    if not isinstance(given, dict):
        raise Unparsable(f"[reindex] [{name}] is required, an object, not [{java(given)[:100]}]")
    return given


def _check_keys(body: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := [name for name in body if name not in known]:
        raise Unparsable(f"unknown field [{unknown[0]}]; known are [{', '.join(known)}]")


def _listed(ask: Ask, found: Sequence[Task]) -> Answer:
    detailed, group = ask.flag("detailed"), ask.text("group_by") or "nodes"
    if group == "none":
        return Answer({"tasks": [each.wire(detailed=detailed) for each in found]})
    if group == "parents":
        return Answer({"tasks": {each.id: each.wire(detailed=detailed) for each in found}})
    if group != "nodes":
        raise IllegalArgument(f"[group_by] must be one of [nodes], [parents] or [none] but was [{group}]")
    return Answer({"nodes": _nodes(ask, found, detailed=detailed)})


def _nodes(ask: Ask, found: Sequence[Task], *, detailed: bool = True) -> dict[str, Any]:
    if not found:
        return {}
    address = ask.headers.get("host", "127.0.0.1")
    own = {"name": "connote", "transport_address": address, "host": "127.0.0.1", "ip": address}
    tasks = {each.id: each.wire(detailed=detailed) for each in found}
    return {ask.connote.tasks.node: {**own, "roles": ["data", "ingest"], "tasks": tasks}}


_COMMON = {
    "conflicts": "`proceed`: go on where a document was changed meanwhile; else that ends it.",
    "max_docs": "No more documents than these.",
    "refresh": "Searches see the result when the request is answered.",
    "requests_per_second": "No more documents a second than these, waiting between batches; default -1, no limit.",
    "require_alias": "The destination must be an alias.",
    "scroll": "Accepted.",
    "slices": "Accepted: one after another.",
    "timeout": "Accepted.",
    "wait_for_active_shards": "Accepted: there is one.",
    "wait_for_completion": "`false`: the answer is a task, to be asked for its state and result.",
}
_QUERY = (
    _COMMON
    | CHOICE
    | TYPED
    | {
        "pipeline": "The ingest pipeline.",
        "request_cache": "Accepted.",
        "scroll_size": "Documents of a batch; default 1000.",
        "search_timeout": "Accepted.",
        "search_type": "Accepted.",
        "sort": "In which order the documents of each index are gone through: `field:order`.",
        "stats": "Accepted.",
        "terminate_after": "Accepted.",
        "version": "Accepted.",
        "version_type": "Accepted.",
    }
)
_LIST = {
    "actions": "Only of these actions: patterns.",
    "detailed": "With their state.",
    "group_by": "`nodes` (default), `parents` or `none`.",
    "master_timeout": "Accepted.",
    "nodes": "Accepted.",
    "parent_task_id": "Accepted.",
    "timeout": "How long to wait.",
    "wait_for_completion": "Wait until it has ended.",
}
_RATE = {"requests_per_second": "Documents a second; -1 for no limit."}

ROUTES = (
    Route("POST", "/{index}/_update_by_query", update, _QUERY),
    Route("POST", "/{index}/_delete_by_query", delete, _QUERY),
    Route("POST", "/_reindex", reindex, _COMMON),
    *(
        Route("POST", f"/{kind}/{{task_id}}/_rethrottle", rethrottle, _RATE)
        for kind in ("_reindex", "_update_by_query", "_delete_by_query")
    ),
    Route("GET", "/_tasks", list_tasks, _LIST),
    Route("GET", "/_tasks/{task_id}", get_task, _LIST),
    Route("POST", "/_tasks/_cancel", cancel_tasks, _LIST),
    Route("POST", "/_tasks/{task_id}/_cancel", cancel_task, _LIST),
)
