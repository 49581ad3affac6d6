"""The routes of enrich policies."""

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route

_POLICY = "/_enrich/policy/{name}"


async def put(ask: Ask) -> Answer:
    """Make an enrich policy: `match` or `range`, with `indices`, `match_field`, `enrich_fields` and maybe a `query`."""
    await ask.connote.enriching.put(ask.path("name"), await ask.json())
    return Answer({"acknowledged": True})


async def get(ask: Ask) -> Answer:
    """Enrich policies, all or by name."""
    found = ask.connote.enriching.policies.find(ask.request.path_params.get("name"))
    return Answer({"policies": [{"config": each.wire()} for each in found]})


async def delete(ask: Ask) -> Answer:
    """Delete an enrich policy that no pipeline uses."""
    await ask.connote.enriching.delete(ask.path("name"))
    return Answer({"acknowledged": True})


async def execute(ask: Ask) -> Answer:
    """Copy the documents of a policy, as they are now, to look values up in."""
    await ask.attended(ask.connote.enriching.execute(ask.path("name")))
    return Answer({"status": {"phase": "COMPLETE"}})


async def stats(ask: Ask) -> Answer:
    """What runs, and how often values were looked up: executions are waited for, and lookups neither wait nor cross."""
    counts = dict.fromkeys(("queue_size", "remote_requests_current", "remote_requests_total"), 0)
    own = {"node_id": ask.connote.uuid, **counts, "executed_searches_total": ask.connote.enriching.policies.lookups}
    return Answer({"executing_policies": [], "coordinator_stats": [own], "cache_stats": []})


_WAITS = TIMEOUTS | {"wait_for_completion": "Accepted: it is always waited for."}

ROUTES = (
    Route("PUT", _POLICY, put, TIMEOUTS),
    *(Route("GET", path, get, TIMEOUTS) for path in ("/_enrich/policy", _POLICY)),
    Route("DELETE", _POLICY, delete, TIMEOUTS),
    *(Route(method, f"{_POLICY}/_execute", execute, _WAITS) for method in ("PUT", "POST")),
    Route("GET", "/_enrich/_stats", stats, TIMEOUTS),
)
