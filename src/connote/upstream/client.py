"""The HTTP client of one service: its proxy and certificates, and the guard on what it connects to."""

from collections.abc import Collection
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from connote.contract.errors import IllegalArgument
from connote.upstream.guard import Guard, GuardedBackend
from connote.upstream.settings import Access
from connote.version import VERSION

# A stream holds its connection: as many as are open at once.
_MOST_CONNECTIONS, _MOST_IDLE, _IDLE_SECONDS = 4096, 64, 30.0


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool that connects as the guard permits. httpx itself has no door for that."""

    def __init__(self, name: str, access: Access, guard: Guard, trusted: Collection[tuple[str, int]]) -> None:
        super().__init__()
        tls, backend = access.tls(name), GuardedBackend(guard, trusted)
        proxy = None
        if access.proxy is not None:
            user = access.proxy.username, access.proxy.password
            plain = access.proxy.copy_with(username=None, password=None)
            proxy = httpcore.Proxy(str(plain), auth=user if any(user) else None)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            proxy=proxy,
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_IDLE,
            keepalive_expiry=_IDLE_SECONDS,
            http1=True,
            http2=True,
            network_backend=backend,
        )


def make(name: str, access: Access, guard: Guard, hosts: Collection[httpx.URL]) -> httpx.AsyncClient:
    """The client of a service. `hosts` are addresses of its own; they and the configured ones are always reached.

    Redirects are not followed, and no cookies are kept: what one endpoint is given is none of another's business.
    """
    configured = [address for address in (access.base_url, access.token_url, access.proxy) if address is not None]
    trusted = {(address.host, port(address)) for address in (*hosts, *configured)}
    if access.proxy is not None and access.proxy.scheme not in ("http", "https"):
        raise IllegalArgument(f"[services.{name}] proxy must be an http or https URL")
    return httpx.AsyncClient(
        transport=GuardedTransport(name, access, guard, trusted),
        timeout=httpx.Timeout(None, connect=10),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": f"connote/{VERSION}", "Accept-Encoding": "gzip"},
    )


def port(address: httpx.URL) -> int:
    """The port that a URL leads to."""
    return address.port or (443 if address.scheme == "https" else 80)
