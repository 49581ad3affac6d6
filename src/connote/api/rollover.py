"""The route that rolls an alias or data stream over."""

import asyncio
from typing import Any

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument, Unparsable
from connote.search import datastreams, rollover
from connote.search.rollover import Measured

_PARTS = ("settings", "mappings", "aliases")


async def roll(ask: Ask) -> Answer:
    """Let an alias or data stream be written to a new index, if the one before meets the `conditions`."""
    body, alias, indices = await ask.json_if_any(), ask.path("alias"), ask.connote.indices
    if unknown := body.keys() - {"conditions", *_PARTS}:
        raise Unparsable(f"[rollover] unknown field [{min(unknown)}]")
    if alias in indices.records:
        raise IllegalArgument("rollover target is a [concrete index] but one of [alias,data_stream] was expected")
    old, stream = indices.written(alias), indices.streams.get(alias)
    wanted = rollover.conditions(body.get("conditions") or {})
    named = ask.request.path_params.get("new_index")
    if stream is not None and (named or any(body.get(name) for name in ("mappings", "aliases"))):
        raise IllegalArgument(
            "new index name, aliases and mappings may not be specified when rolling over a data stream"
        )
    new = stream.upcoming() if stream is not None else named or rollover.successor(old)
    measured = await asyncio.to_thread(Measured.of, await indices.open(old), indices.records[old].created)
    is_due, is_dry = rollover.rolls(wanted, measured), ask.flag("dry_run")
    if is_due and not is_dry and stream is not None:
        await datastreams.roll(indices, alias, old, body.get("settings") or {})
    elif is_due and not is_dry:
        await indices.succeed(alias, old, new, {name: body[name] for name in _PARTS if name in body})
    is_done = is_due and not is_dry
    told: dict[str, Any] = {"acknowledged": is_done, "shards_acknowledged": is_done, "old_index": old, "new_index": new}
    told |= {"rolled_over": is_done, "dry_run": is_dry, "lazy": False}
    return Answer({**told, "conditions": {each.shown: each.met(measured) for each in wanted}})


_PARAMS = TIMEOUTS | {
    "dry_run": "Only tell whether it would roll over.",
    "wait_for_active_shards": "Accepted: there is one shard.",
    "lazy": "Accepted: it is done at once.",
}

ROUTES = (
    Route("POST", "/{alias}/_rollover", roll, _PARAMS),
    Route("POST", "/{alias}/_rollover/{new_index}", roll, _PARAMS),
)
