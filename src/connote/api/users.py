"""The routes of users."""

from connote.api.exchange import Answer, Ask, Route
from connote.api.listed import listed
from connote.api.refresh import REFRESH
from connote.contract.errors import ParseFailed
from connote.security.authentication import NATIVE, RESERVED
from connote.security.rights import Right
from connote.security.users import ELASTIC

_KEYWORD = {"type": "keyword"}
_MAPPING = {
    "dynamic": False,
    "properties": {
        **dict.fromkeys(("username", "roles"), _KEYWORD),
        **{name: {"type": "text"} for name in ("full_name", "email")},
        "enabled": {"type": "boolean"},
    },
}


async def put(ask: Ask) -> Answer:
    """Make a user, or change one: `password`, `roles`, `full_name`, `email`, `metadata`, `enabled`."""
    return Answer({"created": await ask.connote.authentication.users.put(ask.path("username"), await ask.json())})


async def get(ask: Ask) -> Answer:
    """Users, without their passwords."""
    every, named = ask.connote.authentication.users.all(), ask.request.path_params.get("username")
    wanted = every if named is None else [name for name in named.split(",") if name in every]
    return Answer({name: every[name] for name in wanted}, 200 if wanted or named is None else 404)


async def query(ask: Ask) -> Answer:
    """Users that a `query` finds, `from` one on, so many as `size`, in an order (`sort`)."""
    every = {name: told for name, told in ask.connote.authentication.users.all().items() if name != ELASTIC}
    ids, told = await listed(ask, every, _MAPPING)
    return Answer({**told, "users": [every[id] for id in ids]})


async def delete(ask: Ask) -> Answer:
    """Delete a user."""
    found = await ask.connote.authentication.users.delete(ask.path("username"))
    return Answer({"found": found}, 200 if found else 404)


async def password(ask: Ask) -> Answer:
    """Change the password of a user, or one's own."""
    body, asker = await ask.json(), ask.asker
    if unknown := body.keys() - {"password", "password_hash"}:
        raise ParseFailed(f"failed to parse change password request. unexpected field [{min(unknown)}]")
    name = ask.request.path_params.get("username", asker.username)
    if name != asker.username or asker.realm not in (NATIVE, RESERVED):
        asker.check(Right("cluster:admin/xpack/security/user/change_password", ("manage_security",), is_cluster=True))
    await ask.connote.authentication.users.change_password(name, body.get("password"))
    return Answer({})


async def enable(ask: Ask) -> Answer:
    """Let a user in again."""
    await ask.connote.authentication.users.enable(ask.path("username"), enabled=True)
    return Answer({})


async def disable(ask: Ask) -> Answer:
    """Let a user in no more; they are not forgotten."""
    await ask.connote.authentication.users.enable(ask.path("username"), enabled=False)
    return Answer({})


_PARAMS = {"refresh": REFRESH}
_GET = {"with_profile_uid": "Accepted: there are no profiles."}
_USER = "/_security/user"
ROUTES = (
    Route("GET", _USER, get, _GET),
    Route("GET", f"{_USER}/{{username}}", get, _GET),
    *(Route(method, f"{_USER}/{{username}}", put, _PARAMS) for method in ("PUT", "POST")),
    Route("DELETE", f"{_USER}/{{username}}", delete, _PARAMS),
    *(Route(method, f"{_USER}/_password", password, _PARAMS) for method in ("PUT", "POST")),
    *(Route(method, f"{_USER}/{{username}}/_password", password, _PARAMS) for method in ("PUT", "POST")),
    *(Route(method, f"{_USER}/{{username}}/_enable", enable, _PARAMS) for method in ("PUT", "POST")),
    *(Route(method, f"{_USER}/{{username}}/_disable", disable, _PARAMS) for method in ("PUT", "POST")),
    *(Route(method, "/_security/_query/user", query, _GET) for method in ("GET", "POST")),
)
