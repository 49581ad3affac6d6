"""How requests are signed in: each an `httpx.Auth`, made from an endpoint's settings.

Tokens that have to be asked for first are asked for within the flow of the request, and kept until shortly before they
expire.
"""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator

import httpx
import msgspec
import orjson

from connote.contract.errors import Malformed, Refused, Rejected
from connote.contract.secret import Secret
from connote.contract.settings import Settings

Factory = Callable[[Settings, httpx.URL | None], httpx.Auth]

# Seconds before its end that a token is not used any more.
_MARGIN = 60.0
_USUAL_LIFE = 3600.0
_MOST_BYTES = 64 * 1024


class Header(httpx.Auth):
    """A secret in a header; none if it is not set."""

    def __init__(self, name: str, secret: Secret | None, before: str = "") -> None:
        self._name, self._secret, self._before = name, secret, before

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header. Raises Rejected if the secret cannot stand in one."""
        if self._secret is not None:
            request.headers[self._name] = self._before + shown(self._secret)
        yield request


def shown(secret: Secret) -> str:
    """The text of a secret. Raises Rejected if it cannot stand in a header."""
    text: str = secret.reveal()
    if not text.isascii() or not text.isprintable():
        raise Rejected("the secret has characters that cannot stand in an HTTP header; see that it is whole")
    return text


def bearer(setting: str = "api_key") -> Factory:
    """`Authorization: Bearer …` with that setting."""
    return lambda settings, _: Header("Authorization", getattr(settings, setting), "Bearer ")


def header(name: str, setting: str = "api_key") -> Factory:
    """A header with that setting."""
    return lambda settings, _: Header(name, getattr(settings, setting))


class TokenReply(msgspec.Struct):
    """What a token endpoint answers (RFC 6749, section 5.1)."""

    access_token: str
    expires_in: float | None = None


class Token(httpx.Auth):
    """A bearer token that is asked for first. A token that is refused is asked for once more."""

    # What it asks with, for error texts.
    what = "the token"

    def __init__(self) -> None:
        self._token, self._until = "", 0.0
        self._asking = asyncio.Lock()

    @abstractmethod
    def ask(self) -> httpx.Request:
        """The request for a token."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign in, first with the token at hand. The answer itself is not read here: it may be a stream."""
        is_fresh = False
        async with self._asking:
            if time.monotonic() >= self._until:
                response = yield self.ask()
                self._keep(response, await _body(response))
                is_fresh = True
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and not is_fresh:
            response = yield self.ask()
            self._keep(response, await _body(response))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _keep(self, response: httpx.Response, body: bytes) -> None:
        if not response.is_success:
            raise Refused(
                f"{response.request.url.copy_with(query=None)} has refused {self.what} with status "
                f"[{response.status_code}]: {_told(body)}",
                status=response.status_code,
            )
        try:
            # Some say the seconds in quotes.
            reply = msgspec.json.decode(body, type=TokenReply, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Malformed(f"{response.request.url.host} does not answer with a token") from None
        if not reply.access_token.isascii() or not reply.access_token.isprintable():
            raise Malformed(f"{response.request.url.host} answers with a token that cannot stand in a header")
        life = _USUAL_LIFE if reply.expires_in is None else reply.expires_in
        self._token, self._until = reply.access_token, time.monotonic() + life - _MARGIN


class ClientCredentials(Token):
    """OAuth 2.0 client credentials (RFC 6749, section 4.4)."""

    what = "the client credentials"

    def __init__(self, url: str | httpx.URL, client_id: str, secret: Secret, scopes: str) -> None:
        super().__init__()
        self._url, self._id, self._secret, self._scopes = url, client_id, secret, scopes

    def ask(self) -> httpx.Request:
        """A form, as section 4.4.2 says."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._id,
            "client_secret": self._secret.reveal(),
            "scope": self._scopes,
        }
        return httpx.Request("POST", self._url, data=form)


async def _body(response: httpx.Response) -> bytes:
    """The whole body. Raises Malformed for one that is too large to be about a token."""
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _MOST_BYTES:
            raise Malformed(f"{response.request.url.host} does not answer with a token")
    return body


def _told(body: bytes) -> str:
    try:
        said = orjson.loads(body)
        return str(said.get("error_description") or said.get("errorMessage") or said.get("error"))
    except (orjson.JSONDecodeError, AttributeError):
        return body.decode(errors="replace")
