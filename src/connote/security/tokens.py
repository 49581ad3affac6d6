"""Tokens that users get for their password, for a short time. They are in memory, and end with the process.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-get-token
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from connote.security.passwords import fingerprint

# How long one lasts, and how long it can be refreshed, in seconds; and how many there may be.
SECONDS, REFRESHABLE, MOST = 1200, 86_400, 10_000
# What all of them begin with: so one that has ended is still known as such.
_BEGINNING = "connote-token-"


@dataclass(frozen=True)
class Token:
    """Whose it is, of which realm, and until when by the clock of this process."""

    username: str
    realm: str
    until: float


class Tokens:
    """All of them, by what is kept of their secrets."""

    def __init__(self) -> None:
        self._access, self._refresh = dict[str, Token](), dict[str, Token]()

    def make(self, username: str, realm: str) -> tuple[str, str]:
        """A token for a user, and what it can be refreshed by. Of too many the oldest end."""
        now, access, refresh = time.monotonic(), _secret(), _secret()
        for kept, secret, seconds in ((self._access, access, SECONDS), (self._refresh, refresh, REFRESHABLE)):
            kept[fingerprint(secret)] = Token(username, realm, now + seconds)
            for old in list(kept)[: max(len(kept) - MOST, 0)]:
                del kept[old]
        return access, refresh

    def knows(self, secret: str) -> bool:
        """Whether it is a token, or was one."""
        return secret.startswith(_BEGINNING)

    def find(self, secret: str) -> Token | None:
        """The token of that secret; None if there is none, or its time is over."""
        return _lasting(self._access.get(fingerprint(secret)))

    def refresh(self, secret: str) -> Token | None:
        """The token that this refreshes, once."""
        return _lasting(self._refresh.pop(fingerprint(secret), None))

    def invalidate(self, secret: str, *, refreshes: bool) -> int:
        """Let one end, and say how many have."""
        kept = self._refresh if refreshes else self._access
        return 0 if _lasting(kept.pop(fingerprint(secret), None)) is None else 1

    def invalidate_all(self, is_meant: Callable[[Token], bool]) -> int:
        """Let all end that are meant, and say how many have."""
        ended = 0
        for kept in (self._access, self._refresh):
            for mark in [mark for mark, each in kept.items() if is_meant(each)]:
                ended += _lasting(kept.pop(mark)) is not None
        return ended


def _secret() -> str:
    return _BEGINNING + secrets.token_urlsafe(32)


def _lasting(token: Token | None) -> Token | None:
    return token if token is not None and token.until > time.monotonic() else None
