"""How services are reached: what the configuration says of it."""

import ipaddress
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from connote.contract.errors import IllegalArgument
from connote.upstream.guard import Network


@dataclass(frozen=True)
class Access:
    """How one service is reached: another address, another one for its tokens, a proxy, certificates, HTTP/2."""

    base_url: httpx.URL | None = None
    token_url: httpx.URL | None = None
    proxy: httpx.URL | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    http2: bool = False

    def tls(self, name: str) -> ssl.SSLContext:
        """The context for its connections. Raises IllegalArgument for files that cannot be read."""
        context = httpx.create_ssl_context(trust_env=False)
        try:
            if self.ca:
                context.load_verify_locations(self.ca)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise IllegalArgument(f"[services.{name}] ca, certificate or key cannot be read: {error}") from None
        return context


@dataclass(frozen=True)
class Outbound:
    """The way out: `access` by service name, and what holds for all.

    `private`: private addresses are reached without being listed in `allowed`. Times are seconds.
    """

    access: Mapping[str, Access] = field(default_factory=dict)
    allowed: Sequence[Network] = ()
    private: bool = True
    retries: int = 4
    first_delay: float = 1.0
    most_delay: float = 5.0
    idle: float = 60.0


def url(text: str | None, setting: str, *, user: bool = False) -> httpx.URL | None:
    """The URL that a setting names, which may hold a `user`. Raises IllegalArgument for what is none."""
    if text is None:
        return None
    try:
        parsed = httpx.URL(text)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.userinfo and not user:
        raise IllegalArgument(f"{setting} must be a URL without a user in it")
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise IllegalArgument(f"{setting} must be a URL such as https://gateway.example.org, not [{text}]")
    return parsed


def network(text: str) -> Network:
    """A network such as 10.0.0.0/8. Raises IllegalArgument for what is none."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise IllegalArgument(f"[outbound] allow has [{text}], which is no network such as 10.0.0.0/8") from None
