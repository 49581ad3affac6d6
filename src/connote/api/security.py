"""The routes that tell who asks, and what they may do."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import InvalidRequest, ParseFailed
from connote.contract.settings import java
from connote.security.asker import Asker
from connote.security.privileges import CLUSTER, INDICES
from connote.security.rights import Right

# What a check of privileges holds, and what each of its entries must have.
_ENTRIES = {"index": ("names", "privileges"), "application": ("application", "privileges", "resources")}
_OTHER = {"index": ("allow_restricted_indices",), "application": ()}
# By what it is on and what is done, whether it may be done.
Granted = dict[str, dict[str, bool]]


async def authenticate(ask: Ask) -> Answer:
    """Who asks: a user, the API key that the request carries, or the anonymous user if strangers may ask."""
    asker = ask.asker
    realm = dict(zip(("name", "type"), asker.realm, strict=True))
    told = {
        "username": asker.username,
        "roles": [] if asker.key is not None else list(asker.roles),
        "full_name": asker.full_name,
        "email": asker.email,
        "metadata": dict(asker.metadata),
        "enabled": True,
        "authentication_realm": realm,
        "lookup_realm": realm,
        "authentication_type": asker.kind,
    }
    if asker.kind != "api_key":
        return Answer(told)
    return Answer({**told, "api_key": {"id": asker.key or asker.username, "name": asker.key_name}})


async def has_privileges(ask: Ask) -> Answer:
    """Whether who asks has privileges; of a pattern of indices, whether for all that it may mean."""
    body, asker = await ask.json(), ask.asker
    if unknown := [name for name in body if name not in ("cluster", *_ENTRIES)]:
        raise _failed(f"unexpected field [{unknown[0]}]")
    cluster = _names(body.get("cluster") or [], "cluster")
    index, application = (_entries(body, kind) for kind in _ENTRIES)
    if not (cluster or index or application):
        raise InvalidRequest(["must specify at least one privilege"])
    of_cluster = {each: asker.may(Right(each, (each,), is_cluster=True)) for each in cluster}
    applications: dict[str, Granted] = {}
    for each in application:
        if len(each["application"]) != 1:
            raise _failed("[application] must be a text")
        (name,) = each["application"]
        may = partial(_may_in, asker, name)
        _granted(applications.setdefault(name, {}), each["resources"], each["privileges"], may)
    indices: Granted = {}
    for each in index:
        _granted(indices, each["names"], each["privileges"], lambda on, what: asker.may(Right(what, (what,)), on))
    every = [*of_cluster.values(), *_flat(indices), *(held for each in applications.values() for held in _flat(each))]
    told = {"username": asker.username, "has_all_requested": all(every)}
    return Answer({**told, "cluster": of_cluster, "index": indices, "application": applications})


async def privileges(ask: Ask) -> Answer:
    """What who asks may do, by all roles."""
    every = list(ask.asker.descriptors.values())
    indices = [entry for each in every for entry in each["indices"]]
    return Answer(
        {
            "cluster": sorted({name for each in every for name in each["cluster"]}),
            "global": [],
            "indices": [{**entry, "query": [entry["query"]]} if "query" in entry else entry for entry in indices],
            "applications": [entry for each in every for entry in each["applications"]],
            "run_as": sorted({name for each in every for name in each["run_as"]}),
        }
    )


async def builtin(_: Ask) -> Answer:
    """The names of all privileges."""
    return Answer({"cluster": sorted(CLUSTER), "index": sorted(INDICES), "remote_cluster": []})


async def clear(ask: Ask) -> Answer:
    """Accepted: what is remembered of roles, users and keys is never older than they are."""
    node = {"name": "connote"}
    told = {"total": 1, "successful": 1, "failed": 0}
    return Answer({"_nodes": told, "cluster_name": "connote", "nodes": {ask.connote.uuid: node}})


def _may_in(asker: Asker, application: str, resource: str, privilege: str) -> bool:
    return all(each.application(application, privilege, resource) for each in asker.rights)


def _flat(granted: Granted) -> list[bool]:
    return [held for each in granted.values() for held in each.values()]


def _entries(body: dict[str, Any], kind: str) -> list[dict[str, list[str]]]:
    """The entries of one kind, each with lists of names. Raises ParseFailed."""
    given, found = body.get(kind) or [], []
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, dict):
            raise _failed(f"[{kind}] must hold objects, not [{java(each)[:100]}]")
        if unknown := [name for name in each if name not in (*_ENTRIES[kind], *_OTHER[kind])]:
            raise _failed(f"unexpected field [{unknown[0]}] in [{kind}]")
        found.append({name: _names(each.get(name), f"{kind}.{name}") for name in _ENTRIES[kind]})
    return found


def _names(given: Any, field: str) -> list[str]:  # noqa: ANN401 (JSON)
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise _failed(f"[{field}] must be a text or a list of texts, not [{java(given)[:100]}]")
    return names


def _granted(into: Granted, names: Iterable[str], privileges: Iterable[str], may: Callable[[str, str], bool]) -> None:
    wanted = list(privileges)
    for name in names:
        into.setdefault(name, {}).update({each: may(name, each) for each in wanted})


def _failed(reason: str) -> ParseFailed:
    return ParseFailed(f"failed to parse privileges check: {reason}")


_CLEARED = ("realm/{names}", "role/{names}", "api_key/{names}", "privilege/{names}")
ROUTES = (
    Route("GET", "/_security/_authenticate", authenticate),
    *(Route(method, "/_security/user/_has_privileges", has_privileges) for method in ("GET", "POST")),
    Route("GET", "/_security/user/_privileges", privileges),
    Route("GET", "/_security/privilege/_builtin", builtin),
    *(Route("POST", f"/_security/{each}/_clear_cache", clear, {"usernames": "Accepted."}) for each in _CLEARED),
)
