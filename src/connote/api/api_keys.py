"""The routes of API keys."""

from collections.abc import Mapping
from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.api.listed import listed
from connote.api.refresh import REFRESH
from connote.contract.errors import ConnoteError, IllegalArgument, InvalidRequest, Unauthorized, Unparsable
from connote.contract.settings import java
from connote.security.asker import Asker
from connote.security.keys import Wanted
from connote.security.rights import Right

_ACTION = "cluster:admin/xpack/security/api_key/"
_KEYWORD, _DATE = {"type": "keyword"}, {"type": "date", "format": "epoch_millis||strict_date_optional_time"}
_MAPPING = {
    "dynamic": False,
    "properties": {
        **dict.fromkeys(("id", "name", "type", "username", "realm", "realm_name"), _KEYWORD),
        **dict.fromkeys(("creation", "expiration", "invalidation"), _DATE),
        "invalidated": {"type": "boolean"},
        "metadata": {"type": "flattened"},
    },
}


async def create(ask: Ask) -> Answer:
    """Make a key, whose `role_descriptors` say what it may do, of what its maker may. The secret is told only here."""
    ask.asker.check(_own("create"))
    return Answer(await ask.connote.authentication.api_keys.create(ask.asker, await ask.json()))


async def grant(ask: Ask) -> Answer:
    """Make a key for a user, who is known by `username` and `password`."""
    body = await ask.json()
    if unknown := body.keys() - {"grant_type", "username", "password", "api_key", "run_as", "refresh"}:
        raise Unparsable(f"[grant_api_key_request] unknown field [{min(unknown)}]")
    if body.get("grant_type") != "password" or body.get("run_as") is not None:
        raise IllegalArgument("[grant_type] must be [password], without [run_as]")
    name, password, authentication = body.get("username"), body.get("password"), ask.connote.authentication
    if not isinstance(name, str) or not isinstance(password, str):
        raise InvalidRequest(["[username] and [password] are required for grant_type [password]"])
    user = await authentication.user(name, password)
    if user is None:
        raise Unauthorized(f"unable to authenticate user [{name[:100]}]")
    wanted = body.get("api_key")
    if not isinstance(wanted, Mapping):
        raise Unparsable("[api_key] is required, an object")
    return Answer(await authentication.api_keys.create(user, wanted))


async def get(ask: Ask) -> Answer:
    """Keys, those that one may see; without their secrets."""
    keys = ask.connote.authentication.api_keys
    id, limits = ask.text("id"), ask.flag("with_limited_by")
    wanted = Wanted(
        [id] if id else (),
        ask.text("name"),
        ask.text("username"),
        ask.text("realm_name"),
        ask.flag("active_only"),
    )
    wanted = _allowed(ask, wanted, _see("get"), is_own=ask.flag("owner"))
    found = [keys.told(each, limits=limits) for each in keys.find(wanted)]
    return Answer({"api_keys": found}, 404 if id and not found else 200)


async def query(ask: Ask) -> Answer:
    """Keys that a `query` finds, `from` one on, so many as `size`, in an order (`sort`)."""
    keys, limits = ask.connote.authentication.api_keys, ask.flag("with_limited_by")
    allowed = _allowed(ask, Wanted(), _see("query"), is_own=not ask.asker.may(_see("query")))
    bodies = {id: {**told, "realm_name": told["realm"]} for id in keys.find(allowed) for told in [keys.told(id)]}
    ids, told = await listed(ask, bodies, _MAPPING)
    return Answer({**told, "api_keys": [keys.told(id, limits=limits) for id in ids]})


async def update(ask: Ask) -> Answer:
    """Change a key of one's own: `role_descriptors`, `metadata`, `expiration`."""
    ask.asker.check(_own("update"))
    keys, body = ask.connote.authentication.api_keys, await ask.json_if_any()
    return Answer({"updated": await keys.update(ask.asker, ask.path("id"), body)})


async def bulk_update(ask: Ask) -> Answer:
    """The same of several keys (`ids`); one that fails harms no other."""
    ask.asker.check(_own("bulk_update"))
    keys, body = ask.connote.authentication.api_keys, await ask.json()
    ids = body.pop("ids", None)
    if not isinstance(ids, list) or not ids or not all(isinstance(each, str) for each in ids):
        raise InvalidRequest(["Field [ids] cannot be empty"])
    told: dict[str, Any] = {"updated": [], "noops": []}
    errors = dict[str, Any]()
    for id in dict.fromkeys(ids):
        try:
            told["updated" if await keys.update(ask.asker, id, body) else "noops"].append(id)
        except ConnoteError as error:
            errors[id] = error.told()
    return Answer({**told, "errors": {"count": len(errors), "details": errors}} if errors else told)


async def invalidate(ask: Ask) -> Answer:
    """Let no one in any more with these keys (`ids`, `name`, `username`, `realm_name`, `owner`)."""
    body = await ask.json()
    if unknown := body.keys() - {"id", "ids", "name", "username", "realm_name", "owner"}:
        raise Unparsable(f"[invalidate_api_key] unknown field [{min(unknown)}]")
    ids, is_own = body.get("ids") or ([body["id"]] if body.get("id") else []), body.get("owner", False)
    name, username, realm = texts = [body.get(name) for name in ("name", "username", "realm_name")]
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids) or not isinstance(is_own, bool):
        raise Unparsable(f"[ids] must be texts, and [owner] a boolean, not [{java([ids, is_own])[:100]}]")
    if not all(isinstance(each, str | None) for each in texts):
        raise Unparsable("[name], [username] and [realm_name] must be texts")
    if not (ids or any(texts) or is_own):
        raise InvalidRequest(
            ["One of [api key id(s), api key name, username, realm name] must be specified if [owner] flag is false"]
        )
    wanted = _allowed(ask, Wanted(ids, name, username, realm), _manage("invalidate"), is_own=is_own)
    gone, before = await ask.connote.authentication.api_keys.invalidate(wanted)
    return Answer(
        {"invalidated_api_keys": gone, "previously_invalidated_api_keys": before, "error_count": 0},
        404 if ids and not (gone or before) else 200,
    )


def _allowed(ask: Ask, wanted: Wanted, right: Right, *, is_own: bool) -> Wanted:
    """Those of the keys that who asks may see or change: all, or their own. Raises Forbidden."""
    asker = ask.asker
    username, realm = _owner(ask, asker)
    if is_own:
        if (wanted.username or wanted.realm) and (wanted.username, wanted.realm) != (username, realm):
            raise InvalidRequest(["neither username nor realm-name may be specified when retrieving owned API keys"])
    elif asker.may(right) or (asker.key is not None and list(wanted.ids) == [asker.key]):
        return wanted
    asker.check(_own(right.action.rpartition("/")[2]))
    if not is_own and (wanted.username, wanted.realm) not in ((username, realm), (username, None)):
        asker.check(right)
    return Wanted(wanted.ids, wanted.name, username, realm, wanted.only_active)


def _owner(ask: Ask, asker: Asker) -> tuple[str, str]:
    """The name and realm of who asks, or of whose key they have."""
    if asker.key is None:
        return asker.username, asker.realm[0]
    told = ask.connote.authentication.api_keys.told(asker.key)
    return told["username"], told["realm"]


def _own(what: str) -> Right:
    return Right(f"{_ACTION}{what}", ("manage_own_api_key",), is_cluster=True)


def _manage(what: str) -> Right:
    return Right(f"{_ACTION}{what}", ("manage_api_key",), is_cluster=True)


def _see(what: str) -> Right:
    return Right(f"{_ACTION}{what}", ("manage_api_key", "read_security"), is_cluster=True)


_PARAMS = {"refresh": REFRESH}
_GET = {
    "id": "The key of that id.",
    "name": "Keys of that name; `*` stands for whatever follows.",
    "username": "Keys of that user.",
    "realm_name": "Keys of users of that realm.",
    "owner": "Only those of who asks.",
    "active_only": "Neither invalidated nor expired ones.",
    "with_limited_by": "Also what their owner might do.",
    "with_profile_uid": "Accepted: there are no profiles.",
}
_QUERY = {
    "with_limited_by": _GET["with_limited_by"],
    "with_profile_uid": _GET["with_profile_uid"],
    "typed_keys": "Accepted.",
}
_KEY = "/_security/api_key"
ROUTES = (
    *(Route(method, _KEY, create, _PARAMS) for method in ("PUT", "POST")),
    Route("GET", _KEY, get, _GET),
    Route("DELETE", _KEY, invalidate),
    Route("POST", f"{_KEY}/grant", grant, _PARAMS),
    Route("POST", f"{_KEY}/_bulk_update", bulk_update),
    Route("PUT", f"{_KEY}/{{id}}", update),
    *(Route(method, "/_security/_query/api_key", query, _QUERY) for method in ("GET", "POST")),
)
