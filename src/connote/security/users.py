"""The users of this server, with passwords of their own."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from connote.contract.errors import IllegalArgument, InvalidRequest, ParseFailed
from connote.contract.settings import java
from connote.security import passwords
from connote.security.builtin import SUPERUSER
from connote.security.descriptor import check_metadata
from connote.security.roles import check_name
from connote.store.bodies import BodyStore

# The user that there is from the start, and is nobody until it has a password.
ELASTIC = "elastic"
LEAST_PASSWORD, MOST_PASSWORD = 6, 1000
_KNOWN = ("username", "password", "password_hash", "roles", "full_name", "email", "metadata", "enabled", "refresh")
_ELASTIC = {"roles": [SUPERUSER], "full_name": None, "email": None, "metadata": {"_reserved": True}, "enabled": True}
_TRIES = 2  # at once: each takes a core for 0.1 s, and 32 MB


class Users:
    """Makes, finds and recognises them."""

    def __init__(self, store: BodyStore) -> None:
        self._store, self._writing = store, asyncio.Lock()
        every = store.all()
        # One who was deleted stays known as such: where strangers may do all, they must not become one.
        self._gone = {name for name, body in every.items() if body.get("deleted")}
        self._kept = {name: body for name, body in every.items() if name not in self._gone}
        self._turn = asyncio.Semaphore(_TRIES)
        # Of passwords that were found right: what tells them again, by a key of this process.
        self._salt, self._right = secrets.token_bytes(32), dict[str, bytes]()

    def all(self) -> dict[str, dict[str, Any]]:
        """Every user as GET shows them, by name."""
        return {name: self.told(name) for name in sorted({ELASTIC, *self._kept})}

    def told(self, name: str) -> dict[str, Any]:
        """One user as GET shows them."""
        body = {**(_ELASTIC if name == ELASTIC else {}), **self._kept.get(name, {})}
        shown = ("roles", "full_name", "email", "metadata", "enabled")
        return {"username": name, **{field: body[field] for field in shown}}

    def knows(self, name: str) -> bool:
        """Whether it is a user who has a password, or was one."""
        return name in self._gone or "password" in self._kept.get(name, {})

    def is_enabled(self, name: str) -> bool:
        """Whether it is a user who may come in with their password."""
        return "password" in self._kept.get(name, {}) and bool(self.told(name)["enabled"])

    async def recognise(self, name: str, password: str) -> bool:
        """Whether it is that user's password, and they are not disabled. It takes as long for who is not there."""
        kept = self._kept.get(name)
        if kept is None or "password" not in kept:
            async with self._turn:
                await asyncio.to_thread(passwords.is_right, password, passwords.NONE)
            return False
        mark = hmac.digest(
            self._salt, hashlib.sha256(f"{name}\0{password}".encode("utf-8", "replace")).digest(), "sha256"
        )
        known = self._right.get(name)
        if known is None or not hmac.compare_digest(known, mark):
            async with self._turn:
                is_right = await asyncio.to_thread(passwords.is_right, password, kept["password"])
            if not is_right or self._kept.get(name, {}).get("password") != kept["password"]:  # in the meantime
                return False
            self._right[name] = mark
        return self.is_enabled(name)

    async def put(self, name: str, given: Mapping[str, Any]) -> bool:
        """Keep a user; whether they are new. Raises IllegalArgument, InvalidRequest, ParseFailed."""
        check_name(name, "User")
        _check_free(name)
        body = _parsed(name, given)
        password = given.get("password")
        if name not in self._kept and password is None:
            raise InvalidRequest(["password must be specified unless you are updating an existing user"])
        made = {} if password is None else {"password": await self._hashed(password)}
        async with self._writing:
            before = self._kept.get(name)
            if before is None and not made:
                raise InvalidRequest(["password must be specified unless you are updating an existing user"])
            kept = {"enabled": (before or {}).get("enabled", True), **body}
            await self._keep(name, {"password": (before or {}).get("password"), **kept, **made})
        return before is None

    async def change_password(self, name: str, given: Any) -> None:  # noqa: ANN401 (JSON)
        """Give a user another password. Raises IllegalArgument, InvalidRequest."""
        made = await self._hashed(given)
        async with self._writing:
            self._check_there(name)
            await self._keep(name, {**self._kept.get(name, {}), "password": made})

    async def enable(self, name: str, *, enabled: bool) -> None:
        """Let a user in, or not any more. Raises IllegalArgument for one who is not there."""
        async with self._writing:
            self._check_there(name)
            await self._keep(name, {**self._kept.get(name, {}), "enabled": enabled})

    async def delete(self, name: str) -> bool:
        """Forget a user; whether they were there. Raises IllegalArgument for one of the start."""
        if name == ELASTIC:
            raise IllegalArgument(f"user [{name}] is reserved and cannot be deleted")
        async with self._writing:
            if name not in self._kept:
                return False
            await asyncio.to_thread(self._store.put, name, {"deleted": True})
            del self._kept[name]
            self._gone.add(name)
            self._right.pop(name, None)
        return True

    async def _hashed(self, password: Any) -> str:  # noqa: ANN401
        if not isinstance(password, str) or not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
            raise InvalidRequest([f"passwords must be at least [{LEAST_PASSWORD}] characters long"])
        async with self._turn:
            return await asyncio.to_thread(passwords.hashed, password)

    async def _keep(self, name: str, body: dict[str, Any]) -> None:
        await asyncio.to_thread(self._store.put, name, body)
        self._kept[name] = body
        self._gone.discard(name)
        self._right.pop(name, None)

    def _check_there(self, name: str) -> None:
        if name != ELASTIC and name not in self._kept:
            raise IllegalArgument(f"user must exist in order to change it, there is no user [{name}]")


def _check_free(name: str) -> None:
    if name == ELASTIC:
        raise InvalidRequest([f"user [{name}] is reserved and only the password can be changed"])


def _parsed(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := [each for each in given if each not in _KNOWN]:
        raise ParseFailed(f"failed to parse add user request. unexpected field [{unknown[0]}]")
    if given.get("password_hash") is not None:
        raise IllegalArgument("[password_hash] is not supported: passwords are hashed here, send [password]")
    if given.get("username") not in (None, name):
        raise IllegalArgument("the username in the request body must match the username in the path")
    roles, metadata = given.get("roles"), given.get("metadata") or {}
    roles = [roles] if isinstance(roles, str) else roles
    if not isinstance(roles, list) or not all(isinstance(each, str) for each in roles):
        raise InvalidRequest(["roles are missing"])
    if not isinstance(metadata, Mapping):
        raise ParseFailed(f"expected field [metadata] to be an object, but was [{java(metadata)[:100]}]")
    check_metadata(metadata, "user")
    made: dict[str, Any] = {"roles": list(roles), "metadata": dict(metadata)}
    for field in ("full_name", "email"):
        if not isinstance(value := given.get(field), str | None):
            raise ParseFailed(f"expected field [{field}] to be a text, but was [{java(value)[:100]}]")
        made[field] = value
    if (enabled := given.get("enabled")) is not None:
        if not isinstance(enabled, bool):
            raise ParseFailed(f"expected field [enabled] to be a boolean, but was [{java(enabled)[:100]}]")
        made["enabled"] = enabled
    return made
