"""Which addresses a user's URL may lead to."""

import asyncio
import ipaddress
import socket

import httpcore
import pytest

from connote.upstream.guard import Forbidden, Guard, GuardedBackend

PRIVATE = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "::1", "fd00::1", "::ffff:10.0.0.1", "100.64.0.1"]
NEVER = [
    "169.254.169.254",  # the metadata service of most clouds
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",  # the same by NAT64
    "2002:a9fe:a9fe::1",  # and by 6to4
    "fd00:ec2::254",
    "100.100.100.200",
    "192.0.0.192",
    "fe80::1",
    "0.0.0.0",  # noqa: S104
    "::",
    "224.0.0.1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "2606:4700::1111"]


def permits(guard: Guard, address: str) -> bool:
    return guard.permits(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert permits(Guard(private=False), address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_only_where_callers_could_reach_them_themselves(address: str) -> None:
    assert not permits(Guard(private=False), address)
    assert permits(Guard(private=True), address)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_link_local_addresses_never(address: str) -> None:
    everything = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    assert not permits(Guard(everything, private=True), address)


def test_the_allow_list_opens_a_private_network() -> None:
    guard = Guard([ipaddress.ip_network("10.0.0.0/8")], private=False)
    assert permits(guard, "10.1.2.3")
    assert permits(guard, "::ffff:10.1.2.3")
    assert not permits(guard, "192.168.0.1")


def test_a_name_is_checked_by_its_address_when_it_is_connected_to() -> None:
    """`localhost` is a public-looking name for a private address, as one that an attacker rebinds would be."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        async def connect(guard: Guard, trusted: set[tuple[str, int]]) -> None:
            stream = await GuardedBackend(guard, trusted).connect_tcp("localhost", port)
            await stream.aclose()

        with pytest.raises(Forbidden, match=r"\[localhost\] is not reached"):
            asyncio.run(connect(Guard(private=False), set()))
        asyncio.run(connect(Guard(private=True), set()))
        asyncio.run(connect(Guard(private=False), {("localhost", port)}))


def test_a_name_that_does_not_resolve_is_a_plain_fault() -> None:
    backend = GuardedBackend(Guard(private=True), ())
    for name in ("no-such-host.invalid", "a" * 300, "x..y"):
        with pytest.raises(httpcore.ConnectError):
            asyncio.run(backend.connect_tcp(name, 1))
