"""The sender: fulfils what flows wish of third parties, with sign-in, pace, retries, and the wire's errors."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar

import httpx
import msgspec
import orjson

from connote.contract.errors import ConnoteError, Malformed, Refused, Rejected
from connote.contract.settings import TASK_SETTINGS, Settings
from connote.services import message
from connote.services.service import Endpoint, Open, Post, Service, Site
from connote.upstream import address, client, failure, frames
from connote.upstream.guard import Forbidden, Guard
from connote.upstream.pace import Pace
from connote.upstream.settings import Access, Outbound
from connote.version import VERSION

T = TypeVar("T")

MOST_REPLY = 256 * 1024 * 1024
_MOST_ERROR = 64 * 1024
# Whoever asks for more patience than this is told on at once.
_MOST_WAIT = 60.0
_IS_JSON = "application/json"
# What the request itself is at fault for.
_LOCAL = (httpx.InvalidURL, httpx.LocalProtocolError, httpx.UnsupportedProtocol, ValueError)
_HEADERS = {
    "User-Agent": f"connote/{VERSION}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "Content-Type": _IS_JSON,
}


@dataclass(frozen=True)
class Terms:
    """What one request may take: the time at which it must be over (the loop's clock), and whether it passes others.

    `spare`: another endpoint stands by. Then what cannot be connected to is not tried again, and what answers with a
    passing fault is tried once more.
    """

    deadline: float | None = None
    urgent: bool = True
    spare: bool = False


class Sender:
    """Two transports a service, each opened when it is first needed: to where it is, and to where users say it is."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._guard = Guard(outbound.allowed, private=outbound.private)
        self._transports: dict[tuple[str, bool], httpx.AsyncBaseTransport] = {}
        self._accounts: dict[str, _Account] = {}
        self._paces: dict[str, Pace] = {}

    async def post(self, endpoint: Endpoint, post: Post, terms: Terms) -> Any:  # noqa: ANN401 (decoded as post.reply)
        """The decoded reply. Raises Refused for a service's error, Malformed for a reply of another shape."""

        async def attempt() -> Any:  # noqa: ANN401
            response = await self._begun(endpoint, post, None)
            try:
                body = await _read(response, MOST_REPLY)
            except httpx.RequestError as error:
                raise _unreachable(endpoint, error) from None
            except Malformed as error:  # as large the next time
                raise failure.unreachable(str(error), id=endpoint.id, transient=False) from None
            finally:
                await response.aclose()
            return _decoded(endpoint, post, body, response)

        return await self._retried(endpoint, terms, attempt)

    @asynccontextmanager
    async def open(self, endpoint: Endpoint, wish: Open, terms: Terms) -> AsyncIterator[AsyncIterator[Any]]:
        """The decoded events of a stream; leaving closes it. Raises what `post` raises, also between events."""

        async def attempt() -> httpx.Response:
            response = await self._begun(endpoint, wish.post, self._outbound.idle)
            if response.headers.get("content-type", "").startswith(_IS_JSON):
                try:
                    body = await _closed(response)
                except httpx.RequestError as error:
                    raise _unreachable(endpoint, error) from None
                raise failure.refused(200, body, url=_shown(response), id=endpoint.id, secrets=_secrets(endpoint))
            return response

        response = await self._retried(endpoint, terms, attempt)
        try:
            yield _events(endpoint, wish, response)
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Let go of all connections."""
        for each in self._transports.values():
            await each.aclose()

    def forget(self, id: str) -> None:
        """The endpoint is no more: neither are its tokens, nor paces that hold nobody up."""
        self._accounts.pop(id, None)
        used = [account.pace for account in self._accounts.values()]
        self._paces = {group: pace for group, pace in self._paces.items() if pace in used or not pace.is_idle}

    async def _begun(self, endpoint: Endpoint, post: Post, idle: float | None) -> httpx.Response:
        """The response to one request, its body unread. Raises Refused for an error, after which it is closed."""
        site, access = _site(endpoint.service), self._access(endpoint.service)
        url = address.of(site, access, endpoint.settings, post)
        content = _content(post)
        if reserved := sorted(filter(message.is_reserved, post.headers)):
            raise Rejected(
                f"[{TASK_SETTINGS}] Invalid value received for field [headers]. [{reserved[0]}] cannot be set"
            )
        headers = httpx.Headers(_HEADERS)  # whatever their case, each name stands once
        headers.update(site.headers)
        headers.update(post.headers)
        transport = self._transport(endpoint.service, trusted=not address.is_whole(post.url))
        try:
            request = httpx.Request("POST", url, headers=headers, content=content, extensions=_timeouts(idle))
            response = await self._signed_in(endpoint, request, transport)
            if response.is_success:
                return response
            body = await _closed(response)
        except (httpx.RequestError, httpx.InvalidURL, Forbidden, UnicodeError) as error:
            raise _unreachable(endpoint, error) from None
        except Refused as error:
            raise failure.cleaned(error, _secrets(endpoint)) from None
        refused = failure.refused(
            response.status_code, body, url=_shown(response), id=endpoint.id, secrets=_secrets(endpoint)
        )
        after = response.headers.get("retry-after", "")
        refused.headers = {} if retry_after(after) is None or not after.isascii() else {"retry-after": after}
        # Amazon's services put the type into a header, with an address behind it or none.
        refused.kind = refused.kind or response.headers.get("x-amzn-errortype", "").partition(":")[0] or None
        raise refused

    async def _signed_in(
        self, endpoint: Endpoint, request: httpx.Request, transport: httpx.AsyncBaseTransport
    ) -> httpx.Response:
        """The response to a request that is signed in, after what the sign-in asks for on its way."""
        tokens = self._transport(endpoint.service, trusted=self._access(endpoint.service).token_url is not None)
        async with aclosing(self._account(endpoint).auth.async_auth_flow(request)) as flow:
            signed = await anext(flow)
            while True:
                if signed is request:
                    response = await transport.handle_async_request(signed)
                else:
                    # Others wait for the same token: it must come, or not, whatever time this request has.
                    signed.extensions |= _timeouts(self._outbound.idle)
                    response = await tokens.handle_async_request(signed)
                try:
                    signed = await flow.asend(response)
                except StopAsyncIteration:
                    return response
                except BaseException:
                    await response.aclose()
                    raise
                await response.aclose()

    async def _retried(self, endpoint: Endpoint, terms: Terms, attempt: Callable[[], Awaitable[T]]) -> T:
        """What an attempt gives; passing faults are tried again, as long as there is time."""
        loop, pace = asyncio.get_running_loop(), self._account(endpoint).pace
        for tries in range(self._outbound.retries + 1):
            if pace is not None:
                await pace.turn(endpoint.id, urgent=terms.urgent)
            try:
                return await attempt()
            except (Refused, Malformed) as error:
                is_passing = isinstance(error, Malformed) or error.transient
                delay = self._delay(tries, error)
                has_time = delay <= _MOST_WAIT and (terms.deadline is None or loop.time() + delay < terms.deadline)
                if not is_passing or not has_time or tries >= self._most_retries(terms, error):
                    raise
            await asyncio.sleep(delay)
        raise AssertionError("the last try returns or raises")

    def _most_retries(self, terms: Terms, error: ConnoteError) -> int:
        if not terms.spare:
            return self._outbound.retries
        return 0 if isinstance(error, Refused) and not error.reached else min(1, self._outbound.retries)

    def _delay(self, tries: int, error: ConnoteError) -> float:
        asked = retry_after(error.headers.get("retry-after", ""))
        if asked is not None:
            return asked
        # Half of it is chance, so that those who failed together do not come together again.
        most: float = min(self._outbound.first_delay * 2.0**tries, self._outbound.most_delay)
        return most * random.uniform(0.5, 1)  # noqa: S311 (no secret)

    def _access(self, service: Service) -> Access:
        return self._outbound.access.get(service.name, Access())

    def _transport(self, service: Service, *, trusted: bool) -> httpx.AsyncBaseTransport:
        """The way to the service's own and configured addresses, or that to those which users give.

        They are apart, connections included: else a user's URL would be trusted if it named the host of a gateway.
        """
        if (service.name, trusted) not in self._transports:
            access = self._access(service)
            known = [*address.own(_site(service)), *filter(None, (access.base_url, access.token_url))]
            made = client.make(service.name, access, self._guard, known if trusted else ())
            self._transports[service.name, trusted] = made
        return self._transports[service.name, trusted]

    def _account(self, endpoint: Endpoint) -> "_Account":
        """Kept, with its tokens, as long as the settings stay the same."""
        account = self._accounts.get(endpoint.id)
        if account is None or account.settings is not endpoint.settings:
            auth = _site(endpoint.service).auth(endpoint.settings, self._access(endpoint.service).token_url)
            account = _Account(endpoint.settings, auth, self._pace(endpoint))
            self._accounts[endpoint.id] = account
        return account

    def _pace(self, endpoint: Endpoint) -> Pace | None:
        """Endpoints with the same account at the same model share a pace; the last one made says how fast it is."""
        limit = getattr(endpoint.settings, "rate_limit", None)
        if limit is None:
            return None
        group, often = _group(endpoint), limit.requests_per_minute
        if group not in self._paces:
            self._paces[group] = Pace(endpoint.service.name, often)
        self._paces[group].per_minute = often
        return self._paces[group]


@dataclass(frozen=True)
class _Account:
    """What requests of an endpoint have in common."""

    settings: Settings
    auth: httpx.Auth
    pace: Pace | None


def _site(service: Service) -> Site:
    if service.site is None:
        raise TypeError(f"service {service.name} is not reached over the net")
    return service.site


def _group(endpoint: Endpoint) -> str:
    plain = {name: value for name, value in endpoint.settings.plain().items() if name != "rate_limit"}
    told = ascii((endpoint.service.name, endpoint.task.kind, sorted(plain.items()), endpoint.settings.secrets()))
    return hashlib.sha256(told.encode()).hexdigest()


def _secrets(endpoint: Endpoint) -> list[str]:
    return endpoint.settings.secret_texts()


def _timeouts(idle: float | None) -> dict[str, Any]:
    """What the transports are told of them."""
    return {"timeout": httpx.Timeout(None, connect=10, read=idle).as_dict()}


def _shown(response: httpx.Response) -> str:
    return str(response.request.url.copy_with(query=None))


def _content(post: Post) -> bytes:
    if isinstance(post.json, bytes):
        return post.json
    try:
        return orjson.dumps(post.json)
    except TypeError:
        raise Rejected(
            "The request cannot be sent on: it is nested too deeply, or a number of it is too large"
        ) from None


async def _closed(response: httpx.Response) -> bytes:
    """The beginning of a body that nobody needs more of."""
    try:
        return await _read(response, _MOST_ERROR)
    except Malformed:
        return b""
    finally:
        await response.aclose()


async def _read(response: httpx.Response, most: int) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > most:
            raise Malformed(f"the service answers with more than {most} bytes")
        parts.append(part)
    return b"".join(parts)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 (a type)
    return msgspec.json.Decoder(kind)


def _decoded(endpoint: Endpoint, post: Post, body: bytes, response: httpx.Response) -> Any:  # noqa: ANN401
    if post.reply is bytes:
        return body
    try:
        return _decoder(post.reply).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        told = failure.refused(200, body, url=_shown(response), id=endpoint.id, secrets=_secrets(endpoint))
        if "Error message" in told.reason:
            raise told from None
        reason = (
            f"Failed to parse the answer of the service [{endpoint.service.name}] for request from inference entity "
            f"id [{endpoint.id}]: {error}"
        )
        raise Malformed(failure.clean(reason, _secrets(endpoint))) from None


async def _events(endpoint: Endpoint, wish: Open, response: httpx.Response) -> AsyncIterator[Any]:
    parser = frames.parser(wish.framing)
    try:
        async for received in response.aiter_bytes():
            for event in parser.feed(received):
                if event.data == "[DONE]":
                    return
                yield _event(endpoint, wish.post, event, response)
        for event in parser.close():
            if event.data != "[DONE]":
                yield _event(endpoint, wish.post, event, response)
    except httpx.RequestError as error:
        raise _unreachable(endpoint, error, "the stream broke off: ") from None


def _event(endpoint: Endpoint, post: Post, event: frames.Event, response: httpx.Response) -> Any:  # noqa: ANN401
    body = event.data.encode()
    if event.name == "error" or ('"error"' in event.data and _has_error(body)):
        raise failure.refused(200, body, url=_shown(response), id=endpoint.id, secrets=_secrets(endpoint))
    return _decoded(endpoint, post, body, response)


def _has_error(body: bytes) -> bool:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(parsed, dict) and bool(parsed.get("error"))


def _unreachable(endpoint: Endpoint, error: Exception, before: str = "") -> Refused:
    reason = before + (str(error) or type(error).__name__)
    causes = (error, error.__cause__, getattr(error.__cause__, "os_error", None))
    is_forbidden = any(isinstance(cause, Forbidden) for cause in causes)
    return failure.unreachable(
        reason,
        id=endpoint.id,
        secrets=_secrets(endpoint),
        transient=not (is_forbidden or isinstance(error, _LOCAL)),
        reached=not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError),
    )


def retry_after(header: str) -> float | None:
    """What the header Retry-After asks for (RFC 9110, section 10.2.3); None if it says nothing."""
    if header.isascii() and header.isdigit() and len(header) < 10:
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except (TypeError, ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
