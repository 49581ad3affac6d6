"""Who comes with a request, by its `Authorization` header: a key of the configuration, an API key, or a user."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import NamedTuple

from connote.contract.errors import Unauthorized
from connote.security.asker import Asker
from connote.security.builtin import BUILTIN, SUPERUSER
from connote.security.keys import REALM, ApiKeys
from connote.security.rights import Rights
from connote.security.roles import Roles
from connote.security.tokens import Tokens
from connote.security.users import Users

NATIVE = ("default_native", "native")
RESERVED = ("reserved", "reserved")
_ANONYMOUS = ("__anonymous", "__anonymous")
_ALL = [Rights([BUILTIN[SUPERUSER]])]
_SUPERUSER = {SUPERUSER: BUILTIN[SUPERUSER]}
ANYBODY = Asker("_anonymous", [SUPERUSER], _ALL, _ANONYMOUS, "anonymous", descriptors=_SUPERUSER)


class Given(NamedTuple):
    """What a header says: its scheme, a name or id, and a secret, each of which may be missing."""

    scheme: str
    name: str | None
    secret: str


class Authentication:
    """Recognises who asks. `keys` are those of the configuration, by name; without any, strangers may do all."""

    def __init__(self, keys: Mapping[str, str], roles: Roles, users: Users, api_keys: ApiKeys) -> None:
        self._keys = {name: key.encode() for name, key in keys.items()}
        self.roles, self.users, self.api_keys, self.tokens = roles, users, api_keys, Tokens()

    @property
    def is_open(self) -> bool:
        """Whether nobody has to say who they are."""
        return not self._keys

    async def recognise(self, header: str | None, path: str) -> Asker:
        """Who comes with that header. Raises Unauthorized.

        Whoever is known gets their own rights, even where strangers may do all; and is refused with a wrong secret.
        """
        if not header:
            if self.is_open:
                return ANYBODY
            raise Unauthorized(
                f"missing authentication credentials for REST request [{path}]: send the header "
                "[Authorization: ApiKey …]"
            )
        given = _read(header)
        if (name := self._configured(header, given)) is not None:
            return Asker(name, [SUPERUSER], _ALL, REALM, "api_key", key_name=name, descriptors=_SUPERUSER)
        if given.scheme == "apikey" and given.name is not None and self.api_keys.knows(given.name):
            found = self.api_keys.recognise(given.name, given.secret)
        elif given.scheme == "basic" and given.name is not None and (self.users.knows(given.name) or not self.is_open):
            found = await self.user(given.name, given.secret)
        elif given.scheme == "bearer" and self.tokens.knows(given.secret):
            token = self.tokens.find(given.secret)
            found = None if token is None else self._enabled(token.username, "token")
        else:
            found = ANYBODY if self.is_open else None
        if found is None:
            raise Unauthorized(_wrong(given, path, self._end(given)))
        return found

    async def user(self, name: str, password: str) -> Asker | None:
        """The user of that name and password; None if there is none, or they are disabled."""
        return self._enabled(name, "realm") if await self.users.recognise(name, password) else None

    def refreshed(self, secret: str) -> Asker | None:
        """The user whose token this refreshes, once; None if there is none, or they are disabled."""
        token = self.tokens.refresh(secret)
        return None if token is None else self._enabled(token.username, "token")

    def _enabled(self, name: str, kind: str) -> Asker | None:
        if not self.users.is_enabled(name):
            return None
        told = self.users.told(name)
        rights = [self.roles.rights(told["roles"])]
        realm = RESERVED if told["metadata"].get("_reserved") else NATIVE
        return Asker(
            name, told["roles"], rights, realm, kind, told["full_name"], told["email"], told["metadata"],
            descriptors=self.roles.find(told["roles"]),
        )  # fmt: skip

    def _end(self, given: Given) -> str | None:
        is_key = given.scheme == "apikey" and given.name is not None
        return self.api_keys.end(given.name or "", given.secret) if is_key else None

    def _configured(self, header: str, given: Given) -> str | None:
        """The name of the configuration's key that the header has. All are compared, each in constant time."""
        if not self._keys:
            return None
        whole = header.partition(" ")[2].strip()
        candidates = [
            each.encode("utf-8", "surrogatepass") for each in {given.secret, *([whole] * (given.scheme == "apikey"))}
        ]
        found = [name for name, key in self._keys.items() for each in candidates if hmac.compare_digest(each, key)]
        return found[0] if found else None


def _read(header: str) -> Given:
    """`ApiKey KEY`, `ApiKey base64(id:KEY)`, `Bearer KEY`, `Basic base64(user:KEY)`."""
    scheme, _, credentials = header.partition(" ")
    scheme, credentials = scheme.lower(), credentials.strip()
    if scheme in ("apikey", "basic"):
        try:
            name, colon, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return Given(scheme, None, credentials if scheme == "apikey" else "")
        return Given(scheme, name, secret) if colon else Given(scheme, None, credentials if scheme == "apikey" else "")
    return Given(scheme, None, credentials if scheme == "bearer" else "")


def _wrong(given: Given, path: str, end: str | None) -> str:
    if given.scheme == "basic" and given.name is not None:
        return f"unable to authenticate user [{given.name[:100]}] for REST request [{path}]"
    why = end or "the [Authorization] header does not hold a key of the server"
    return f"unable to authenticate with provided credentials for REST request [{path}]: {why}"
