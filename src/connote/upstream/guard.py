"""Which addresses may be reached: a user's URL must not lead to what only this machine should see.

The check is made on the address that is connected to, when it is connected to. So a name that resolves to something
else the second time, and a redirect, lead nowhere else.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Iterable, Sequence

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Metadata services of clouds that are not on link-local addresses: AWS (IPv6), Alibaba, Oracle.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Forbidden(httpcore.ConnectError, OSError):
    """The address must not be reached."""

    @classmethod
    def of(cls, host: str) -> "Forbidden":
        """For a host none of whose addresses may be."""
        return cls(f"[{host}] is not reached: its address is link-local, or private and not in [outbound] allow")


class Guard:
    """Permits public addresses, and those of the `allowed` networks; of private ones all, if `private` says so.

    Link-local addresses and clouds' metadata services are never permitted.
    """

    def __init__(self, allowed: Iterable[Network] = (), *, private: bool) -> None:
        self._allowed, self._private = tuple(allowed), private

    def permits(self, address: Address) -> bool:
        """Whether it may be connected to."""
        address = _inner(address)
        if address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA:
            return False
        if any(address.version == network.version and address in network for network in self._allowed):
            return True
        return self._private or address.is_global

    def permits_text(self, address: str) -> bool:
        """Whether an address, as text and perhaps with a zone, may be connected to."""
        return self.permits(ipaddress.ip_address(address.partition("%")[0]))

    def check_literal(self, host: str) -> None:
        """Raise Forbidden if the host is an address that may not be connected to; names are checked by theirs."""
        try:
            permitted = self.permits_text(host)
        except ValueError:
            return
        if not permitted:
            raise Forbidden.of(host)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to what the guard permits, and to the trusted hosts, which the configuration names."""

    def __init__(self, guard: Guard, trusted: Collection[tuple[str, int]]) -> None:
        self._guard, self._trusted, self._inner = guard, trusted, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first permitted address of the host that answers."""
        options = [*(socket_options or ()), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        if (host, port) in self._trusted:
            return await self._inner.connect_tcp(host, port, timeout, local_address, options)
        failure: Exception = httpcore.ConnectError(f"[{host}] has no address")
        for address in await self._permitted(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 (httpcore's signature)
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """No URL leads to a socket file."""
        raise Forbidden("socket files are not reached")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _permitted(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError(f"the name [{host}] cannot be resolved") from None
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        permitted = [text for text in addresses if self._guard.permits_text(text)]
        if not permitted:
            raise Forbidden.of(host)
        return permitted
