"""The ways to one service, as httpx transports: aiohttp, and httpcore where HTTP/2 is wanted.

Both are guarded. aiohttp costs a fifth of httpcore's processor time a call, but speaks HTTP/1.1 only: see
docs/decisions.md. No redirects are followed, and no cookies are kept: what one endpoint is given is none of another's
business.
"""

import socket
from collections.abc import AsyncIterator, Collection

import aiohttp
import httpcore
import httpx
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult

from connote.upstream.guard import Forbidden, Guard, GuardedBackend
from connote.upstream.settings import Access

# A stream holds its connection: as many as are open at once.
_MOST_CONNECTIONS, _MOST_IDLE, _IDLE_SECONDS = 4096, 64, 30.0
_CONNECT_SECONDS = 10.0
_READ_BYTES = 1 << 16
# aiohttp has undone these.
_UNDONE = (b"content-encoding", b"content-length", b"transfer-encoding")


def make(name: str, access: Access, guard: Guard, trusted: Collection[httpx.URL] = ()) -> httpx.AsyncBaseTransport:
    """A transport to a service. The `trusted` addresses are reached whatever the guard says, as is the proxy."""
    if access.http2:
        return Http2Transport(name, access, guard, trusted)
    return Http1Transport(name, access, guard, trusted)


def _place(address: httpx.URL) -> tuple[str, int]:
    """Where a URL leads to."""
    return address.host, address.port or (443 if address.scheme == "https" else 80)


def _places(trusted: Collection[httpx.URL], access: Access) -> tuple[Collection[tuple[str, int]], ...]:
    """Where requests may lead to in any case, and where connections may: behind a proxy they lead only there."""
    places = {_place(address) for address in trusted}
    return places, places | ({_place(access.proxy)} if access.proxy else set())


class Http1Transport(httpx.AsyncBaseTransport):
    """HTTP/1.1 by aiohttp."""

    def __init__(self, name: str, access: Access, guard: Guard, trusted: Collection[httpx.URL]) -> None:
        self._trusted, connected = _places(trusted, access)
        self._proxy = None if access.proxy is None else yarl.URL(str(access.proxy))
        self._guard = guard
        connector = aiohttp.TCPConnector(
            limit=_MOST_CONNECTIONS,
            keepalive_timeout=_IDLE_SECONDS,
            ssl=access.tls(name),
            resolver=_GuardedResolver(guard, connected),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            trust_env=False,
            read_bufsize=_READ_BYTES,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it. The response is unread, and what compression it had is undone."""
        url = request.url
        if _place(url) not in self._trusted:
            self._guard.check_literal(url.host)
        idle = request.extensions.get("timeout", {}).get("read")
        try:
            response = await self._session.request(
                request.method,
                yarl.URL(str(url), encoded=True),
                headers=[(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw],
                data=request.content,
                allow_redirects=False,
                proxy=self._proxy,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=idle),
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _translated(error, request) from error
        headers = [pair for pair in response.raw_headers if pair[0].lower() not in _UNDONE]
        return httpx.Response(response.status, headers=headers, stream=_Body(response, request), request=request)

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._session.close()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._response, self._request = response, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.content.iter_any():
                yield part
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _translated(error, self._request) from error

    async def aclose(self) -> None:
        """A connection whose body was read to its end is used again; another one is closed."""
        self._response.release() if self._response.content.at_eof() else self._response.close()


class _GuardedResolver(AbstractResolver):
    """Resolves names to what the guard permits; so what is checked is what is connected to."""

    def __init__(self, guard: Guard, trusted: Collection[tuple[str, int]]) -> None:
        self._guard, self._trusted = guard, trusted
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if (host, port) in self._trusted:
            return found
        permitted = [entry for entry in found if self._guard.permits_text(entry["host"])]
        if not permitted:
            raise Forbidden.of(host)
        return permitted

    async def close(self) -> None:
        await self._resolver.close()


class Http2Transport(httpx.AsyncHTTPTransport):
    """HTTP/2 where the service offers it, by httpx's transport over a pool that connects as the guard permits."""

    def __init__(self, name: str, access: Access, guard: Guard, trusted: Collection[httpx.URL]) -> None:
        super().__init__()
        self._guard = guard
        self._trusted, connected = _places(trusted, access)
        proxy = None
        if access.proxy is not None:
            user = access.proxy.username, access.proxy.password
            plain = access.proxy.copy_with(username=None, password=None)
            proxy = httpcore.Proxy(str(plain), auth=user if any(user) else None)
        # httpx itself has no door for a network backend.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=access.tls(name),
            proxy=proxy,
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_IDLE,
            keepalive_expiry=_IDLE_SECONDS,
            http1=True,
            http2=True,
            network_backend=GuardedBackend(guard, connected),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it. Behind a proxy the backend sees the proxy's address only."""
        if _place(request.url) not in self._trusted:
            self._guard.check_literal(request.url.host)
        return await super().handle_async_request(request)


def _translated(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """The error of aiohttp as httpx has it."""
    inner = getattr(error, "os_error", error)
    if isinstance(inner, Forbidden):
        return httpx.ConnectError(str(inner), request=request)
    if isinstance(error, aiohttp.SocketTimeoutError | aiohttp.ConnectionTimeoutError | TimeoutError):
        return httpx.ReadTimeout("the service says nothing", request=request)
    if isinstance(error, aiohttp.ClientConnectorError):
        return httpx.ConnectError(f"cannot connect to [{request.url.host}]: {error.os_error.strerror}", request=request)
    if isinstance(error, ValueError) and not isinstance(error, aiohttp.ClientError):
        return httpx.LocalProtocolError(str(error), request=request)
    if isinstance(error, aiohttp.ClientResponseError):
        # Its text has an address: that of a proxy, with its password, or the service's with all parameters.
        kind = httpx.ProxyError if isinstance(error, aiohttp.ClientHttpProxyError) else httpx.RemoteProtocolError
        # And below its first line the parser shows what it was sent.
        return kind(f"{error.status} {error.message.partition(chr(10))[0]}", request=request)
    broken = "its answer breaks off, or is not encoded as it says"
    told = broken if isinstance(error, aiohttp.ClientPayloadError) else str(error) or type(error).__name__
    return httpx.RemoteProtocolError(told, request=request)
