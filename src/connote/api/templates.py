"""The routes of templates: of indices, of the components that these are made of, and of the older kind."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument, NotFound
from connote.search.names import fits
from connote.search.settings import IndexSettings
from connote.search.templates import Kept

Body = dict[str, Any]


async def put_index(ask: Ask) -> Answer:
    """Keep a template for indices of the names that fit `index_patterns`: `template`, `composed_of`, `priority`."""
    await ask.connote.templates.put_index(ask.path("name"), await ask.json(), create=ask.flag("create"))
    return Answer({"acknowledged": True})


async def put_component(ask: Ask) -> Answer:
    """Keep a component that index templates may be composed of: `template`."""
    await ask.connote.templates.put_component(ask.path("name"), await ask.json(), create=ask.flag("create"))
    return Answer({"acknowledged": True})


async def put_legacy(ask: Ask) -> Answer:
    """Keep a template of the older kind; those of `_index_template` go before them."""
    await ask.connote.templates.put_legacy(ask.path("name"), await ask.json(), create=ask.flag("create"))
    return Answer({"acknowledged": True})


async def get_index(ask: Ask) -> Answer:
    """Index templates, all or by name or pattern."""
    found = ask.connote.templates.index.find(ask.request.path_params.get("name"))
    return Answer(
        {"index_templates": [{"name": name, "index_template": _shown(ask, body)} for name, body in found.items()]}
    )


async def get_component(ask: Ask) -> Answer:
    """Component templates, all or by name or pattern."""
    found = ask.connote.templates.component.find(ask.request.path_params.get("name"))
    return Answer(
        {
            "component_templates": [
                {"name": name, "component_template": _shown(ask, body)} for name, body in found.items()
            ]
        }
    )


async def get_legacy(ask: Ask) -> Answer:
    """Templates of the older kind, all or by name or pattern."""
    wanted = ask.request.path_params.get("name")
    try:
        found = ask.connote.templates.legacy.find(wanted)
    except NotFound:
        found = {}
    shown = {name: body | {"settings": _told(ask, body)} for name, body in found.items()}
    return Answer(shown, 404 if wanted is not None and "*" not in wanted and not shown else 200)


async def delete_index(ask: Ask) -> Answer:
    """Delete index templates that no data stream is of."""
    streams = ask.connote.indices.streams.values()
    parts = ask.path("name").split(",")
    if used := [each for each in streams if any(fits(each.template, part) for part in parts)]:
        raise IllegalArgument(
            f"unable to remove composable templates [{', '.join(sorted({each.template for each in used}))}] as they "
            f"are in use by a data streams [{', '.join(sorted(each.name for each in used))}]"
        )
    await ask.connote.templates.remove(ask.connote.templates.index, ask.path("name"))
    return Answer({"acknowledged": True})


async def delete_component(ask: Ask) -> Answer:
    """Delete component templates that no index template is composed of."""
    await ask.connote.templates.remove(ask.connote.templates.component, ask.path("name"))
    return Answer({"acknowledged": True})


async def delete_legacy(ask: Ask) -> Answer:
    """Delete templates of the older kind."""
    await ask.connote.templates.remove(ask.connote.templates.legacy, ask.path("name"))
    return Answer({"acknowledged": True})


async def exists_index(ask: Ask) -> Answer:
    """Whether there is such an index template."""
    return _exists(ask, ask.connote.templates.index)


async def exists_component(ask: Ask) -> Answer:
    """Whether there is such a component template."""
    return _exists(ask, ask.connote.templates.component)


async def exists_legacy(ask: Ask) -> Answer:
    """Whether there is such a template of the older kind."""
    return _exists(ask, ask.connote.templates.legacy)


async def simulate_index(ask: Ask) -> Answer:
    """What an index of that name would be made with; with a body, if there also were that template."""
    templates, name = ask.connote.templates, ask.path("name")
    given = templates.index_body("simulate", await ask.json()) if await ask.has_body() else None
    matching = templates.matching(name)
    merged = templates.merged(given) if given else dict(templates.compose(name, {}))
    overlapping = [
        {"name": other, "index_patterns": body["index_patterns"]}
        for other, body in templates.index.bodies.items()
        if other != matching and any(fits(name, pattern) for pattern in body["index_patterns"])
    ]
    return Answer({"template": _template(merged), "overlapping": overlapping})


async def simulate(ask: Ask) -> Answer:
    """What an index template, one that is kept or the request's, says with its components."""
    templates, name = ask.connote.templates, ask.request.path_params.get("name")
    if await ask.has_body():
        body = templates.index_body(name or "simulate", await ask.json())
    elif name is None:
        raise IllegalArgument("the body of the request must be an index template, or its path name one")
    else:
        body = next(iter(templates.index.find(name).values()))
    others = templates.overlapping(body["index_patterns"], name)
    overlapping = [{"name": other, "index_patterns": patterns} for other, patterns in others.items()]
    return Answer({"template": _template(templates.merged(body)), "overlapping": overlapping})


def _exists(ask: Ask, kept: Kept) -> Answer:
    try:
        found = kept.find(ask.path("name"))
    except NotFound:
        found = {}
    return Answer(response=Response(status_code=200 if found else 404))


def _shown(ask: Ask, body: Body) -> Body:
    if "template" not in body:
        return body
    inner = body["template"]
    return body | {"template": inner | ({"settings": _told(ask, inner)} if inner.get("settings") else {})}


def _template(merged: Body) -> Body:
    return merged | {"settings": _settings(merged)}


def _told(ask: Ask, body: Body) -> Body:
    """The settings as the request wants them."""
    if ask.flag("flat_settings"):
        return replace(IndexSettings.read(body.get("settings") or {}), is_whole=False).flat()
    return _settings(body)


def _settings(body: Body) -> Body:
    return IndexSettings.read(body.get("settings") or {}).nested()


Handler = Callable[[Ask], Awaitable[Answer]]
_GET = TIMEOUTS | {
    "flat_settings": "Settings with dots in their names.",
    "include_defaults": "Accepted.",
    "local": "Accepted.",
}
_PUT = TIMEOUTS | {"cause": "Accepted.", "create": "It must not be there yet.", "order": "Accepted."}


def _routes(path: str, put: Handler, get: Handler, exists: Handler, delete: Handler) -> list[Route]:
    named = f"{path}/{{name}}"
    return [
        Route("PUT", named, put, _PUT),
        Route("POST", named, put, _PUT),
        Route("GET", path, get, _GET),
        Route("GET", named, get, _GET),
        Route("HEAD", named, exists, _GET),
        Route("DELETE", named, delete, TIMEOUTS),
    ]


ROUTES = (
    *_routes("/_index_template", put_index, get_index, exists_index, delete_index),
    *_routes("/_component_template", put_component, get_component, exists_component, delete_component),
    *_routes("/_template", put_legacy, get_legacy, exists_legacy, delete_legacy),
    Route("POST", "/_index_template/_simulate_index/{name}", simulate_index, _PUT),
    Route("POST", "/_index_template/_simulate", simulate, _PUT),
    Route("POST", "/_index_template/_simulate/{name}", simulate, _PUT),
)
