"""The routes of `_inference`."""

from datetime import UTC, datetime
from typing import Any

from connote.api import events, run
from connote.api.events import EventStream
from connote.api.exchange import Answer, Ask, Route, elastic
from connote.contract import chat, requests
from connote.contract.errors import ConnoteError, InvalidRequest, NotFound, Unparsable
from connote.contract.settings import java
from connote.contract.tasks import TaskType
from connote.endpoints.inference import timeout
from connote.services.registry import SERVICES

_ALL = ("_all", "*")
_POLICY = "region_policy"


async def list_all(ask: Ask) -> Answer:
    """Every endpoint."""
    return Answer({"endpoints": [ask.connote.endpoints.wire(endpoint) for endpoint in ask.connote.endpoints.all()]})


async def get(ask: Ask) -> Answer:
    """One endpoint, or all (of a task type) for `_all` and `*`."""
    endpoints, id, task = ask.connote.endpoints, ask.path("inference_id"), ask.task()
    found = endpoints.all(task) if id in _ALL else [endpoints.get(id, task)]
    return Answer({"endpoints": [endpoints.wire(endpoint) for endpoint in found]})


async def put(ask: Ask) -> Answer:
    """Create an endpoint. A model of this machine is loaded at its first use; a service is asked once, to try it.

    Beside its settings it may have a `budget`, `fallback` and `shadow`: see docs/policies.md.
    """
    seconds = timeout(ask.task(), ask.text("timeout"))
    created = await ask.connote.endpoints.create(ask.path("inference_id"), ask.task(), await ask.json(), seconds)
    return Answer(created.endpoint.wire() | {"service": created.service}, warnings=created.warnings)


async def update(ask: Ask) -> Answer:
    """Change what of an endpoint can be changed: allocations of local models; of services keys, limits, task settings.

    So can `budget`, `fallback` and `shadow`; null takes one away.

    The task type must be in the path, or `task_type` in the body.
    """
    seconds = timeout(ask.task(), ask.text("timeout"))
    changed = await ask.connote.endpoints.update(ask.path("inference_id"), ask.task(), await ask.json(), seconds)
    return Answer(changed.wire())


async def delete(ask: Ask) -> Answer:
    """Delete an endpoint, or with `dry_run` only list what uses it."""
    return Answer(
        await ask.connote.endpoints.delete(
            ask.path("inference_id"), ask.task(), dry_run=ask.flag("dry_run"), force=ask.flag("force")
        )
    )


async def infer(ask: Ask) -> Answer:
    """Run inference: `input`, and what the task takes beside it.

    The header `Cache-Control: no-cache` computes anew what the cache has; `no-store` also keeps nothing in it.
    """
    task, whole = ask.task(), run.whole(ask)
    body, id = await ask.json(), ask.path("inference_id")
    if task is TaskType.CHAT_COMPLETION:
        asked = chat.parse(body)
        return Answer((await ask.attended(ask.connote.inference.chat(id, asked, ask.text("timeout")))).wire())
    done = await run.infer(ask, id, requests.parse(_timed(ask, body), task), whole=whole)
    return Answer(done.result.wire(), warnings=done.warnings)


async def stream(ask: Ask) -> Answer:
    """Stream a completion or a chat as server-sent events. Local models do not stream: the answer is an error event."""
    task, id, body = ask.task(), ask.path("inference_id"), await ask.json()
    inference = ask.connote.inference
    if task is TaskType.CHAT_COMPLETION or (task is TaskType.ANY and "messages" in body):
        chunks = await ask.attended(inference.stream_chat(id, chat.parse(body), ask.text("timeout")))
        return Answer(response=EventStream(chunks, events.CHAT))
    chunks = await ask.attended(inference.stream(id, requests.parse(_timed(ask, body), task)))
    return Answer(response=EventStream(chunks, events.COMPLETION))


async def services(ask: Ask) -> Answer:
    """The services, with their settings, that can be had for a task type."""
    task = None if (named := ask.task()) is TaskType.ANY else named
    listed = [service for service in SERVICES.values() if not service.hidden]
    offered = [service for service in listed if task is None or task in service.tasks]
    return Answer([service.described(task) for service in sorted(offered, key=lambda service: service.name)])


async def diagnostics(ask: Ask) -> Answer:
    """What is loaded, and how much waits for it."""
    return Answer({"deployments": ask.connote.fleet.diagnostics()})


async def get_policy(ask: Ask) -> Answer:
    """The region policy."""
    policy = ask.connote.values.get(_POLICY)
    if policy is None:
        raise NotFound("No region policy found")
    return Answer(policy)


async def put_policy(ask: Ask) -> Answer:
    """Keep a region policy. It limits hosted services by region; connote has none that it could limit."""
    ask.flag("force")
    body = await ask.json()
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    before = ask.connote.values.get(_POLICY)
    policy = {_POLICY: _region_policy(body), "created_at": before["created_at"] if before else now}
    if before:
        policy["updated_at"] = now
    ask.connote.values.put(_POLICY, policy)
    return Answer(policy)


async def delete_policy(ask: Ask) -> Answer:
    """Forget the region policy."""
    ask.connote.values.remove(_POLICY)
    return Answer({"acknowledged": True})


def _region_policy(body: dict[str, Any]) -> dict[str, Any]:
    policy = body.get(_POLICY)
    if set(body) != {_POLICY} or not isinstance(policy, dict):
        raise Unparsable(f"the body must be an object with one field [{_POLICY}], itself an object")
    if len(policy) != 1 or not policy.keys() <= {"allowed_geos", "allowed_regions"}:
        raise InvalidRequest([f"[{_POLICY}] must have exactly one of [allowed_geos, allowed_regions]"])
    ((name, allowed),) = policy.items()
    if not isinstance(allowed, list) or not all(_allowed(name, item) for item in allowed):
        form = "strings" if name == "allowed_geos" else 'objects {"csp": string, "region": string}'
        raise InvalidRequest([f"[{_POLICY}.{name}] must be an array of {form}, not [{java(allowed)}]"])
    return policy


def _allowed(name: str, item: object) -> bool:
    if name == "allowed_geos":
        return isinstance(item, str)
    return (
        isinstance(item, dict) and item.keys() == {"csp", "region"} and all(isinstance(v, str) for v in item.values())
    )


def _told(ask: Ask, error: ConnoteError) -> Answer:
    """Errors of a chat look as OpenAI's do, all others as Elasticsearch's."""
    is_chat = ask.request.path_params.get("task_type", "").lower() == TaskType.CHAT_COMPLETION
    return Answer(error.unified(), error.status, headers=error.headers) if is_chat else elastic(ask, error)


def _timed(ask: Ask, body: dict[str, Any]) -> dict[str, Any]:
    """The body; the timeout in the URL wins over that in the body."""
    return body if (given := ask.text("timeout")) is None else body | {"timeout": given}


_ID, _TYPED = "/_inference/{inference_id}", "/_inference/{task_type}/{inference_id}"
_DELETE = {
    "dry_run": "Delete nothing; only list the pipelines and indices that use the endpoint.",
    "force": "Delete it though it is in use or preconfigured.",
}

# Fixed names stand before ids, and longer paths before shorter ones.
ROUTES = (
    Route("GET", "/_inference", list_all),
    Route("GET", "/_inference/_services", services),
    Route("GET", "/_inference/_services/{task_type}", services),
    Route("GET", "/_inference/.diagnostics", diagnostics),
    Route("GET", "/_inference/_region_policy", get_policy),
    Route("PUT", "/_inference/_region_policy", put_policy, {"force": "Accepted: nothing is cut off."}),
    Route("DELETE", "/_inference/_region_policy", delete_policy),
    Route("PUT", f"{_ID}/_update", update, run.TIMEOUT),
    Route("POST", f"{_ID}/_stream", stream, run.TIMEOUT, streams=True, told=_told),
    Route("PUT", f"{_TYPED}/_update", update, run.TIMEOUT),
    Route("POST", f"{_TYPED}/_stream", stream, run.TIMEOUT, streams=True, told=_told),
    *(
        route
        for path in (_ID, _TYPED)
        for route in (
            Route("GET", path, get),
            Route("PUT", path, put, run.TIMEOUT),
            Route("POST", path, infer, run.PARAMS, told=_told),
            Route("DELETE", path, delete, _DELETE),
        )
    ),
)
