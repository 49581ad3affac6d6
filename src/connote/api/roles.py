"""The routes of roles, and of what applications call privileges."""

import asyncio
from collections.abc import Mapping
from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.api.listed import listed
from connote.api.refresh import REFRESH
from connote.contract.errors import ConnoteError, InvalidRequest, Unparsable
from connote.contract.settings import java

_MAPPING = {
    "dynamic": False,
    "properties": {"name": {"type": "keyword"}, "description": {"type": "text"}, "metadata": {"type": "flattened"}},
}


async def put(ask: Ask) -> Answer:
    """Make a role, or change one: `cluster`, `indices` with `names`, `privileges` and `query`, `applications`."""
    created = await ask.connote.authentication.roles.put(ask.path("name"), await ask.json())
    return Answer({"role": {"created": created}})


async def put_all(ask: Ask) -> Answer:
    """The same of several `roles` by name; one that fails harms no other."""
    given = (await ask.json()).get("roles")
    if not isinstance(given, Mapping) or not given:
        raise InvalidRequest(["role names are missing: [roles] must be an object"])
    roles = ask.connote.authentication.roles
    told, errors = dict[str, list[str]](), dict[str, Any]()
    for name, each in given.items():
        before = roles.all().get(name)
        try:
            is_new = await roles.put(name, each)
        except ConnoteError as error:
            errors[name] = error.told()
        else:
            kind = "created" if is_new else "noop" if roles.all()[name] == before else "updated"
            told.setdefault(kind, []).append(name)
    return Answer({**told, **_failures(errors)})


async def get(ask: Ask) -> Answer:
    """Roles, those of the start too."""
    every, named = ask.connote.authentication.roles.all(), ask.request.path_params.get("name")
    wanted = sorted(every) if named is None else [name for name in named.split(",") if name in every]
    return Answer({name: every[name] for name in wanted}, 200 if wanted or named is None else 404)


async def query(ask: Ask) -> Answer:
    """Roles that a `query` finds, `from` one on, so many as `size`, in an order (`sort`)."""
    every = {name: {"name": name, **each} for name, each in sorted(ask.connote.authentication.roles.all().items())}
    ids, told = await listed(ask, every, _MAPPING)
    return Answer({**told, "roles": [every[id] for id in ids]})


async def delete(ask: Ask) -> Answer:
    """Delete a role. Those who have it may do no more what it lets them."""
    found = await ask.connote.authentication.roles.delete(ask.path("name"))
    return Answer({"found": found}, 200 if found else 404)


async def delete_all(ask: Ask) -> Answer:
    """The same of several, by their `names`."""
    names = (await ask.json()).get("names")
    if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        raise InvalidRequest(["role names are missing: [names] must be texts"])
    told, errors = dict[str, list[str]](), dict[str, Any]()
    for name in names:
        try:
            found = await ask.connote.authentication.roles.delete(name)
        except ConnoteError as error:
            errors[name] = error.told()
        else:
            told.setdefault("deleted" if found else "not_found", []).append(name)
    return Answer({**told, **_failures(errors)})


async def put_privileges(ask: Ask) -> Answer:
    """Keep what applications call privileges: nothing is known of them here."""
    told = dict[str, Any]()
    store = ask.connote.privileges
    made = [
        (application, name, _privilege(application, name, each))
        for application, named in (await ask.json()).items()
        for name, each in _object(named, application).items()
    ]
    for application, name, body in made:
        id = f"{application}:{name}"
        created = await asyncio.to_thread(store.get, id) is None
        await asyncio.to_thread(store.put, id, body)
        told.setdefault(application, {})[name] = {"created": created}
    return Answer(told)


async def get_privileges(ask: Ask) -> Answer:
    """Privileges of applications."""
    params, found = ask.request.path_params, dict[str, Any]()
    for body in (await asyncio.to_thread(ask.connote.privileges.all)).values():
        names = params["privilege"].split(",") if "privilege" in params else [body["name"]]
        if params.get("application", body["application"]) == body["application"] and body["name"] in names:
            found.setdefault(body["application"], {})[body["name"]] = body
    return Answer(found, 404 if "privilege" in params and not found else 200)


async def delete_privileges(ask: Ask) -> Answer:
    """Forget privileges of an application."""
    application, store = ask.path("application"), ask.connote.privileges
    told = {}
    for name in ask.path("privilege").split(","):
        id = f"{application}:{name}"
        told[name] = {"found": await asyncio.to_thread(store.get, id) is not None}
        await asyncio.to_thread(store.remove, [id])
    return Answer({application: told}, 200 if any(each["found"] for each in told.values()) else 404)


def _failures(errors: Mapping[str, Any]) -> dict[str, Any]:
    return {"errors": {"count": len(errors), "details": dict(errors)}} if errors else {}


def _privilege(application: str, name: str, given: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    body = _object(given, name)
    if unknown := body.keys() - {"actions", "metadata", "application", "name"}:
        raise Unparsable(f"[privilege] unknown field [{min(unknown)}]")
    actions, metadata = body.get("actions"), _object(body.get("metadata") or {}, "metadata")
    if not isinstance(actions, list) or not actions or not all(isinstance(each, str) for each in actions):
        raise InvalidRequest([f"Application privileges must have at least one action: [{application}] [{name}]"])
    return {"application": application, "name": name, "actions": actions, "metadata": metadata}


def _object(given: Any, name: str) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(given, Mapping):
        raise Unparsable(f"[{name}] must be an object, not [{java(given)[:100]}]")
    return dict(given)


_PARAMS = {"refresh": REFRESH}
_ROLE, _PRIVILEGE = "/_security/role", "/_security/privilege"
_OF, _ONE = f"{_PRIVILEGE}/{{application}}", f"{_PRIVILEGE}/{{application}}/{{privilege}}"
ROUTES = (
    Route("GET", _ROLE, get),
    Route("POST", _ROLE, put_all, _PARAMS),
    Route("DELETE", _ROLE, delete_all, _PARAMS),
    Route("GET", f"{_ROLE}/{{name}}", get),
    *(Route(method, f"{_ROLE}/{{name}}", put, _PARAMS) for method in ("PUT", "POST")),
    Route("DELETE", f"{_ROLE}/{{name}}", delete, _PARAMS),
    *(Route(method, "/_security/_query/role", query) for method in ("GET", "POST")),
    *(Route(method, _PRIVILEGE, put_privileges, _PARAMS) for method in ("PUT", "POST")),
    *(Route("GET", path, get_privileges) for path in (_PRIVILEGE, _OF, _ONE)),
    Route("DELETE", _ONE, delete_privileges, _PARAMS),
)
