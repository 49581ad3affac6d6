"""The route that tells what can be done with fields."""

from connote.api.choice import CHOICE, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument, InvalidRequest
from connote.search import capabilities
from connote.search.query.parse import parse as parse_query

_FILTERS = ("+metadata", "-metadata", "-parent", "-nested", "-multifield")


async def field_caps(ask: Ask) -> Answer:
    """What can be done with fields, by name or pattern, over several indices."""
    body, indices = await ask.json_if_any(), ask.connote.indices
    if unknown := body.keys() - {"fields", "index_filter", "runtime_mappings"}:
        raise IllegalArgument(f"[field_caps_request] unknown field [{min(unknown)}]")
    given = body.get("fields") or ask.names("fields")
    patterns = given.split(",") if isinstance(given, str) else given
    if not isinstance(patterns, list) or not patterns or not all(isinstance(each, str) for each in patterns):
        raise InvalidRequest(["no fields specified"])
    runtime = body.get("runtime_mappings") or {}
    if not isinstance(runtime, dict):
        raise IllegalArgument("[runtime_mappings] must be an object of fields")
    names = chosen(ask)
    if body.get("index_filter") is not None:
        query = parse_query(body["index_filter"])
        if (visit := ask.asking.visit) is not None:
            for name in names:  # that something matches tells what is in documents
                visit.check_readable(name)
        names = [name for name in names if await ask.attended(ask.connote.searches.count([name], query))]
    mappings = {name: (await indices.open(name, in_part=True)).mapping.searched().searched(runtime) for name in names}
    kept = {name: _kept(ask, capabilities.of(each, patterns)) for name, each in mappings.items()}
    return Answer({"indices": names, "fields": capabilities.joined(kept, unmapped=ask.flag("include_unmapped"))})


def _kept(ask: Ask, found: dict[str, capabilities.Capability]) -> dict[str, capabilities.Capability]:
    """Those that `filters` and `types` let pass. Raises IllegalArgument."""
    filters, types = ask.names("filters") or [], ask.names("types")
    if wrong := [each for each in filters if each not in _FILTERS]:
        raise IllegalArgument(f"Unknown field caps filter [{wrong[0]}]; known are {list(_FILTERS)}")
    return {
        name: each
        for name, each in found.items()
        if (types is None or each.type in types)
        and not (each.is_metadata and "-metadata" in filters)
        and (each.is_metadata or "+metadata" not in filters)
        and not (each.type in ("object", "nested") and "-parent" in filters)
        and not (each.type == "nested" and "-nested" in filters)
        and not ("-multifield" in filters and name.rpartition(".")[0] in found and _is_leaf(found, name))
    }


def _is_leaf(found: dict[str, capabilities.Capability], name: str) -> bool:
    """Whether what is above the field is a field too, so that it is a multi-field."""
    return found[name.rpartition(".")[0]].type not in ("object", "nested")


_PARAMS = CHOICE | {
    "fields": "Names and patterns.",
    "filters": "Leave out `-metadata`, `-parent`, `-nested`, `-multifield`; or only `+metadata`.",
    "types": "Only fields of these types.",
    "include_unmapped": "Also say where a field is not mapped.",
    "include_empty_fields": "Accepted: fields without values are always told.",
}

ROUTES = tuple(
    Route(method, path, field_caps, _PARAMS)
    for method in ("GET", "POST")
    for path in ("/_field_caps", "/{index}/_field_caps")
)
