"""The routes by which clusters are brought to a next version: nothing here is of an older one."""

from collections.abc import Mapping
from typing import Any

from connote.api.choice import TIMEOUTS, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import Unparsable
from connote.contract.settings import java

_CREATE = ("settings_override", "mappings_override", "remove_index_blocks")


async def deprecations(ask: Ask) -> Answer:
    """What a next version would have against settings and indices: nothing."""
    chosen(ask)
    told: dict[str, Any] = {name: [] for name in ("cluster_settings", "node_settings", "ml_settings")}
    return Answer(told | {name: {} for name in ("index_settings", "data_streams", "templates", "ilm_policies")})


async def features(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """Indices of the system that must be migrated: none."""
    return Answer({"features": [], "migration_status": "NO_MIGRATION_NEEDED"})


async def migrate(ask: Ask) -> Answer:  # noqa: ARG001
    """Migrate them: there is nothing to do."""
    return Answer({"accepted": False, "reason": "No system indices require migration"})


async def create_from(ask: Ask) -> Answer:
    """Make an index with the settings and mappings of another, without its documents: some of them may be others."""
    body, source, dest = await ask.json_if_any(), ask.path("source"), ask.path("dest")
    if unknown := [name for name in body if name not in _CREATE]:
        raise Unparsable(f"[create_index_from] unknown field [{unknown[0]}]; known are [{', '.join(_CREATE)}]")
    record = ask.connote.indices.records[source]
    settings = {**record.settings, **_object(body, "settings_override")}
    if body.get("remove_index_blocks", True) in (True, "true"):
        settings = {name: value for name, value in settings.items() if not name.startswith("blocks.")}
    kept = {name: value for name, value in settings.items() if value is not None and name != "verified_before_close"}
    mappings = {**record.mapping, **_object(body, "mappings_override")}
    await ask.connote.indices.create(dest, {"settings": kept, "mappings": mappings})
    return Answer({"acknowledged": True, "shards_acknowledged": True, "index": dest})


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = body.get(name)
    if given is not None and not isinstance(given, Mapping):
        raise Unparsable(f"[{name}] must be an object, not [{java(given)[:100]}]")
    return given or {}


ROUTES = (
    *(Route("GET", f"{prefix}/_migration/deprecations", deprecations, TIMEOUTS) for prefix in ("", "/{index}")),
    Route("GET", "/_migration/system_features", features, TIMEOUTS),
    Route("POST", "/_migration/system_features", migrate, TIMEOUTS),
    *(Route(method, "/_create_from/{source}/{dest}", create_from) for method in ("PUT", "POST")),
)
