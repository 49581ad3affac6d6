"""The routes of policies by which indices live."""

from collections.abc import Mapping
from typing import Any

from connote.api.choice import CHOICE, TIMEOUTS, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import Unparsable
from connote.contract.settings import java

_ACKNOWLEDGED = {"acknowledged": True}


async def put(ask: Ask) -> Answer:
    """Keep a policy: `phases`, and in each `min_age` and `actions`."""
    body = await ask.json()
    if body.keys() != {"policy"} or not isinstance(body["policy"], Mapping):
        raise Unparsable("the body must be an object with [policy], an object, and nothing beside it")
    await ask.connote.ilm.put(ask.path("policy"), body["policy"])
    return Answer(_ACKNOWLEDGED)


async def get(ask: Ask) -> Answer:
    """Policies, all or by name, with what uses them."""
    return Answer(ask.connote.ilm.find(ask.request.path_params.get("policy")))


async def delete(ask: Ask) -> Answer:
    """Delete a policy that no index lives by."""
    await ask.connote.ilm.delete(ask.path("policy"))
    return Answer(_ACKNOWLEDGED)


async def explain(ask: Ask) -> Answer:
    """How far indices have come: phase, action, and what keeps them."""
    ilm, with_errors = ask.connote.ilm, ask.flag("only_errors")
    told = {name: ilm.explain(name) for name in chosen(ask, expand="open,closed")}
    if with_errors or ask.flag("only_managed"):
        told = {name: each for name, each in told.items() if each["managed"]}
    if with_errors:
        told = {name: each for name, each in told.items() if each["step"] == "ERROR"}
    return Answer({"indices": told})


async def remove(ask: Ask) -> Answer:
    """Let indices live by no policy."""
    await ask.connote.ilm.remove(chosen(ask, expand="open,closed"))
    return Answer({"has_failures": False, "failed_indexes": []})


async def retry(ask: Ask) -> Answer:
    """Try again at once what has failed."""
    chosen(ask)
    ask.connote.lifecycles.wake()
    return Answer(_ACKNOWLEDGED)


async def move(ask: Ask) -> Answer:
    """Let an index go on at another phase and action: `next_step`, if it is at `current_step`."""
    body = await ask.json()
    current, following = (_step(body, name) for name in ("current_step", "next_step"))
    await ask.connote.ilm.move(ask.path("index"), current, following)
    ask.connote.lifecycles.wake()
    return Answer(_ACKNOWLEDGED)


async def status(ask: Ask) -> Answer:
    """Whether policies are followed."""
    return Answer({"operation_mode": "STOPPED" if ask.connote.ilm.is_stopped else "RUNNING"})


async def start(ask: Ask) -> Answer:
    """Follow policies again."""
    ask.connote.ilm.stop(stopped=False)
    ask.connote.lifecycles.wake()
    return Answer(_ACKNOWLEDGED)


async def stop(ask: Ask) -> Answer:
    """Follow no policies until somebody says so."""
    ask.connote.ilm.stop(stopped=True)
    return Answer(_ACKNOWLEDGED)


def _step(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = body.get(name)
    if not isinstance(given, Mapping):
        raise Unparsable(f"[{name}] must be an object, not [{java(given)[:100]}]")
    return given


_EXPLAINED = CHOICE | TIMEOUTS | {"only_errors": "Only those that failed.", "only_managed": "Only those with a policy."}

ROUTES = (
    Route("PUT", "/_ilm/policy/{policy}", put, TIMEOUTS),
    *(Route("GET", f"/_ilm/policy{rest}", get, TIMEOUTS) for rest in ("", "/{policy}")),
    Route("DELETE", "/_ilm/policy/{policy}", delete, TIMEOUTS),
    Route("GET", "/{index}/_ilm/explain", explain, _EXPLAINED),
    Route("POST", "/{index}/_ilm/remove", remove, CHOICE),
    Route("POST", "/{index}/_ilm/retry", retry, CHOICE),
    Route("POST", "/_ilm/move/{index}", move, TIMEOUTS),
    Route("GET", "/_ilm/status", status, TIMEOUTS),
    Route("POST", "/_ilm/start", start, TIMEOUTS),
    Route("POST", "/_ilm/stop", stop, TIMEOUTS),
)
