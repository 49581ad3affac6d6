"""The routes that tell who asks, and what they may do: everything, for there are keys and no roles."""

from collections.abc import Iterable
from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import InvalidRequest, ParseFailed
from connote.contract.settings import java
from connote.endpoints.asking import ANONYMOUS

# What a check of privileges holds, and what each of its entries must have.
_ENTRIES = {"index": ("names", "privileges"), "application": ("application", "privileges", "resources")}
_OTHER = {"index": ("allow_restricted_indices",), "application": ()}


async def authenticate(ask: Ask) -> Answer:
    """Who asks: the API key that the request carries, or the anonymous user if the server has no keys."""
    key = ask.asking.key
    kind = "anonymous" if key == ANONYMOUS else "api_key"
    realm = dict.fromkeys(("name", "type"), "__anonymous" if key == ANONYMOUS else "_es_api_key")
    told = {
        "username": _username(ask),
        "roles": ["superuser"],
        "full_name": None,
        "email": None,
        "metadata": {},
        "enabled": True,
        "authentication_realm": realm,
        "lookup_realm": realm,
        "authentication_type": kind,
    }
    return Answer(told if key == ANONYMOUS else {**told, "api_key": {"id": key, "name": key}})


async def has_privileges(ask: Ask) -> Answer:
    """Whether who asks has privileges: who may ask has all."""
    body = await ask.json()
    if unknown := [name for name in body if name not in ("cluster", *_ENTRIES)]:
        raise _failed(f"unexpected field [{unknown[0]}]")
    cluster = _names(body.get("cluster") or [], "cluster")
    index, application = (_entries(body, kind) for kind in _ENTRIES)
    if not (cluster or index or application):
        raise InvalidRequest(["must specify at least one privilege"])
    applications: dict[str, dict[str, dict[str, bool]]] = {}
    for each in application:
        if len(each["application"]) != 1:
            raise _failed("[application] must be a text")
        _granted(applications.setdefault(each["application"][0], {}), each["resources"], each["privileges"])
    indices: dict[str, dict[str, bool]] = {}
    for each in index:
        _granted(indices, each["names"], each["privileges"])
    return Answer(
        {
            "username": _username(ask),
            "has_all_requested": True,
            "cluster": dict.fromkeys(cluster, True),
            "index": indices,
            "application": applications,
        }
    )


def _username(ask: Ask) -> str:
    return "_anonymous" if ask.asking.key == ANONYMOUS else ask.asking.key


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


def _granted(into: dict[str, dict[str, bool]], names: Iterable[str], privileges: Iterable[str]) -> None:
    for name in names:
        into.setdefault(name, {}).update(dict.fromkeys(privileges, True))


def _failed(reason: str) -> ParseFailed:
    return ParseFailed(f"failed to parse privileges check: {reason}")


ROUTES = (
    Route("GET", "/_security/_authenticate", authenticate),
    *(Route(method, "/_security/user/_has_privileges", has_privileges) for method in ("GET", "POST")),
)
