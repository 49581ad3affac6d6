"""The routes of scripts that are kept, and of search templates."""

from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.api.search import SEARCH, answered, as_asked, msearched
from connote.contract.errors import BadQuery, IllegalArgument
from connote.search import scriptcontexts
from connote.search.trial import Trial

_TEMPLATE = ("id", "source", "params", "explain", "profile", "lang")


async def put(ask: Ask) -> Answer:
    """Keep a script (`lang` `painless`), or a template of searches (`mustache`)."""
    await ask.connote.scripts.put(ask.path("id"), await ask.json())
    return Answer({"acknowledged": True})


async def get(ask: Ask) -> Answer:
    """A script or template."""
    found = ask.connote.scripts.find(ask.path("id"))
    if found is None:
        return Answer({"_id": ask.path("id"), "found": False}, 404)
    return Answer({"_id": ask.path("id"), "found": True, "script": found})


async def delete(ask: Ask) -> Answer:
    """Forget a script or template."""
    await ask.connote.scripts.delete(ask.path("id"))
    return Answer({"acknowledged": True})


async def execute(ask: Ask) -> Answer:
    """What a script gives that is not kept: with its `params` alone, or on a document that `context_setup` holds."""
    trial = Trial.parse(await ask.json())
    return Answer({"result": await ask.attended(ask.connote.searches.tried(trial))})


async def languages(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """The languages of scripts, and in which contexts each can be."""
    return Answer({"types_allowed": ["inline", "stored"], "language_contexts": scriptcontexts.languages()})


async def contexts(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """The contexts that scripts run in, with what they see and give."""
    return Answer({"contexts": scriptcontexts.contexts()})


async def render(ask: Ask) -> Answer:
    """The body that a template becomes with its parameters."""
    body = await ask.json_if_any()
    if "id" in ask.request.path_params:
        body = {**body, "id": ask.path("id")}
    return Answer({"template_output": await ask.connote.scripts.rendered(_checked(body))})


async def search(ask: Ask) -> Answer:
    """Search with a template: one that is kept (`id`), or one that comes with the request (`source`)."""
    return Answer(as_asked(ask, await answered(ask, await _body(ask, await ask.json()))))


async def msearch(ask: Ask) -> Answer:
    """Several searches with templates: a line that says where, and a line with the template, for each."""

    async def body_of(given: dict[str, Any]) -> dict[str, Any]:
        return await _body(ask, given)

    return Answer(await msearched(ask, await ask.lines(), body_of))


async def _body(ask: Ask, given: dict[str, Any]) -> dict[str, Any]:
    made = await ask.connote.scripts.rendered(_checked(given))
    flags: dict[str, Any] = {name: given[name] for name in ("explain", "profile") if name in given}
    return {**made, **flags}


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    if unknown := [name for name in body if name not in _TEMPLATE]:
        raise BadQuery(f"[search_template] unknown field [{unknown[0]}]")
    if body.get("lang") not in (None, "mustache"):
        raise IllegalArgument("[lang] of a search template must be [mustache]")
    return body


_KEPT = {
    "context": "Accepted.",
    "master_timeout": "Accepted: there is one node.",
    "timeout": "Accepted: the answer is immediate.",
}

ROUTES = (
    *(
        Route(method, path, put, _KEPT)
        for method in ("PUT", "POST")
        for path in ("/_scripts/{id}", "/_scripts/{id}/{context}")
    ),
    *(Route(method, "/_scripts/painless/_execute", execute) for method in ("GET", "POST")),
    Route("GET", "/_script_language", languages),
    Route("GET", "/_script_context", contexts),
    Route("GET", "/_scripts/{id}", get, _KEPT),
    Route("DELETE", "/_scripts/{id}", delete, _KEPT),
    *(Route(method, f"/_render/template{rest}", render) for method in ("GET", "POST") for rest in ("", "/{id}")),
    *(
        Route(method, f"{prefix}/{name}/template", handler, SEARCH)
        for prefix in ("", "/{index}")
        for method in ("GET", "POST")
        for name, handler in (("_search", search), ("_msearch", msearch))
    ),
)
