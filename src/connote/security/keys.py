"""API keys: made, found, changed, invalidated. Of a secret only a hash is kept, and it is told once.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-create-api-key
"""

import asyncio
import base64
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract import durations
from connote.contract.errors import IllegalArgument, InvalidRequest, NotFound, ParseFailed
from connote.contract.settings import java
from connote.security import passwords
from connote.security.asker import Asker
from connote.security.descriptor import check_metadata
from connote.security.patterns import fits
from connote.security.rights import Rights
from connote.security.roles import Roles
from connote.store.bodies import BodyStore

Body = dict[str, Any]
REALM = ("_es_api_key", "_es_api_key")
MOST_NAME = 256
_CREATE, _CHANGE = (
    ("name", "expiration", "role_descriptors", "metadata"),
    ("expiration", "role_descriptors", "metadata"),
)


@dataclass(frozen=True)
class Wanted:
    """Which keys: those of all of these that are given. Names may have `*` at their end."""

    ids: Sequence[str] = ()
    name: str | None = None
    username: str | None = None
    realm: str | None = None
    only_active: bool = False

    def fits(self, id: str, key: Body) -> bool:
        """Whether a key is one of them."""
        return (
            (not self.ids or id in self.ids)
            and (self.name in (None, "*") or fits([str(self.name)])(key["name"]))
            and self.username in (None, key["username"])
            and self.realm in (None, key["realm"][0])
            and not (self.only_active and (key["invalidated"] or is_expired(key)))
        )


class ApiKeys:
    """All of them: an invalidated one is kept, so that it stays known as such."""

    def __init__(self, store: BodyStore, roles: Roles) -> None:
        self._store, self._roles, self._writing = store, roles, asyncio.Lock()
        self._kept = store.all()
        self._rights: dict[str, Sequence[Rights]] = {}

    def find(self, wanted: Wanted) -> dict[str, Body]:
        """The keys that are wanted, by id."""
        ids: Iterable[str] = wanted.ids or self._kept
        return {id: self._kept[id] for id in ids if id in self._kept and wanted.fits(id, self._kept[id])}

    def knows(self, id: str) -> bool:
        """Whether there is such a key, or was."""
        return id in self._kept

    def recognise(self, id: str, secret: str) -> Asker | None:
        """Who comes with a key; None if it is not right, or no longer."""
        key = self._kept.get(id)
        if key is None or not passwords.is_same(secret, key["hash"]) or key["invalidated"] or is_expired(key):
            return None
        if id not in self._rights:
            own = list(key["role_descriptors"].values())
            limits = Rights(list(key["limited_by"].values()))
            self._rights[id] = [Rights(own), limits] if own else [limits]
        told = key["role_descriptors"] or key["limited_by"]
        return Asker(
            key["username"], key["roles"], self._rights[id], REALM, "api_key", metadata=key["user_metadata"], key=id,
            key_name=key["name"], descriptors=told,
        )  # fmt: skip

    def end(self, id: str, secret: str) -> str | None:
        """Why a key is right no longer, for who has its secret; None if it has not ended, or is not right."""
        key = self._kept.get(id)
        if key is None or not passwords.is_same(secret, key["hash"]):
            return None
        if key["invalidated"]:
            return f"the API key [{id}] has been invalidated"
        return f"the API key [{id}] has expired" if is_expired(key) else None

    async def create(self, owner: Asker, given: Mapping[str, Any]) -> Body:
        """Make a key that may do what its roles say, and no more than its owner. The only answer with the secret."""
        _check_known(given, (*_CREATE, "refresh"))
        name = given.get("name")
        problems = _name_problems(name)
        if problems:
            raise InvalidRequest(problems)
        own = self._descriptors(given.get("role_descriptors"))
        if owner.key is not None and (not own or any(each["cluster"] or each["indices"] for each in own.values())):
            raise IllegalArgument(
                "creating derived api keys requires an explicit role descriptor that is empty (has no privileges)"
            )
        id, secret, created = secrets.token_urlsafe(15), secrets.token_urlsafe(16), _now()
        key: Body = {
            "name": name,
            "hash": passwords.fingerprint(secret),
            "creation": created,
            **_expiring(given.get("expiration"), created),
            "invalidated": False,
            "username": owner.username,
            "realm": list(owner.realm),
            "roles": list(owner.roles),
            "user_metadata": dict(owner.metadata),
            "metadata": _metadata(given.get("metadata")),
            "role_descriptors": own,
            "limited_by": {name: dict(each) for name, each in owner.descriptors.items()},
        }
        async with self._writing:
            await self._keep({id: key})
        encoded = base64.b64encode(f"{id}:{secret}".encode()).decode()
        expiring = {"expiration": key["expiration"]} if "expiration" in key else {}
        return {"id": id, "name": name, **expiring, "api_key": secret, "encoded": encoded}

    async def update(self, owner: Asker, id: str, given: Mapping[str, Any]) -> bool:
        """Change a key of the owner's; whether it is another one now. Raises NotFound, IllegalArgument.

        A key changes none: what it may do is less than what its roles say, which would be the other key's limit.
        """
        if owner.key is not None:
            raise IllegalArgument("authentication via API key not supported: only the owner user can update an API key")
        _check_known(given, _CHANGE)
        own = None if given.get("role_descriptors") is None else self._descriptors(given["role_descriptors"])
        async with self._writing:
            before = self._kept.get(id)
            if before is None or (before["username"], before["realm"]) != (owner.username, list(owner.realm)):
                raise NotFound(f"no API key owned by requesting user found for ID [{id}]")
            if before["invalidated"]:
                raise IllegalArgument(f"cannot update invalidated API key [{id}]")
            if is_expired(before):
                raise IllegalArgument(f"cannot update expired API key [{id}]")
            limits = {name: dict(each) for name, each in owner.descriptors.items()}
            changed = {**before, "limited_by": limits, "roles": list(owner.roles)}
            changed["user_metadata"] = dict(owner.metadata)
            if own is not None:
                changed["role_descriptors"] = own
            if given.get("metadata") is not None:
                changed["metadata"] = _metadata(given["metadata"])
            if given.get("expiration") is not None:
                changed |= _expiring(given["expiration"], _now())
            if changed == before:
                return False
            await self._keep({id: changed})
        return True

    async def invalidate(self, wanted: Wanted) -> tuple[list[str], list[str]]:
        """Let no one in any more with these keys. Their ids, and the ids of those that were invalidated before."""
        async with self._writing:
            found = self.find(wanted)
            left: dict[str, Body] = {id: key for id, key in found.items() if not key["invalidated"]}
            await self._keep({id: key | {"invalidated": True, "invalidation": _now()} for id, key in left.items()})
        return list(left), [id for id in found if id not in left]

    def told(self, id: str, *, limits: bool = False) -> Body:
        """A key as GET shows it."""
        key = self._kept[id]
        shown: Body = {each: key[each] for each in ("expiration", "invalidation") if each in key}
        made: Body = {
            "id": id,
            "name": key["name"],
            "type": "rest",
            "creation": key["creation"],
            "invalidated": key["invalidated"],
            **shown,
            "username": key["username"],
            "realm": key["realm"][0],
            "realm_type": key["realm"][1],
            "metadata": key["metadata"],
            "role_descriptors": key["role_descriptors"],
        }
        return {**made, "limited_by": [key["limited_by"]]} if limits else made

    def _descriptors(self, given: Any) -> dict[str, Body]:  # noqa: ANN401 (JSON)
        if given is not None and not isinstance(given, Mapping):
            raise ParseFailed(f"[role_descriptors] must be an object, not [{java(given)[:100]}]")
        return {name: self._roles.parsed(each, name) for name, each in (given or {}).items()}

    async def _keep(self, keys: Mapping[str, Body]) -> None:
        put: Callable[[str, Body], None] = self._store.put
        for id, key in keys.items():
            await asyncio.to_thread(put, id, key)
            self._kept[id] = key
            self._rights.pop(id, None)


def is_expired(key: Body) -> bool:
    """Whether the time of a key is over."""
    return "expiration" in key and key["expiration"] <= _now()


def _now() -> int:
    return int(time.time() * 1000)


def _check_known(given: Mapping[str, Any], known: Sequence[str]) -> None:
    if unknown := [each for each in given if each not in known]:
        raise ParseFailed(f"[api_key_request] unknown field [{unknown[0]}]; known are [{', '.join(known)}]")


def _name_problems(name: Any) -> list[str]:  # noqa: ANN401
    if not isinstance(name, str) or not name:
        return ["api key name is required"]
    problems = [f"api key name may not be more than {MOST_NAME} characters long"] if len(name) > MOST_NAME else []
    if name != name.strip():
        problems.append("api key name may not begin or end with whitespace")
    return [*problems, "api key name may not begin with an underscore"] if name.startswith("_") else problems


def _expiring(given: Any, since: int) -> Body:  # noqa: ANN401
    if given is None:
        return {}
    seconds = durations.seconds(given, "expiration") if isinstance(given, str) else None
    if seconds is None or seconds <= 0:
        raise IllegalArgument(f"[expiration] must be a time such as 1d, not [{java(given)[:100]}]")
    return {"expiration": since + int(seconds * 1000)}


def _metadata(given: Any) -> Body:  # noqa: ANN401
    if given is not None and not isinstance(given, Mapping):
        raise ParseFailed(f"[metadata] must be an object, not [{java(given)[:100]}]")
    metadata = dict(given or {})
    check_metadata(metadata, "API key")
    return metadata
