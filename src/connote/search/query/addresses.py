"""Addresses of both versions: one by one, by network, or in their order. Version 4 stands in version 6's order."""

import ipaddress
from collections.abc import Callable, Sequence

from connote.contract.errors import IllegalArgument
from connote.search.query import patterns
from connote.search.query.query import Find

_MAPPED = 0xFFFF << 32  # ::ffff:0:0, where version 6 has version 4's addresses


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Raises IllegalArgument for what is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise IllegalArgument(f"'{text[:100]}' is not an IP string literal.") from None


def rank(text: str) -> int:
    """Its place in the order of all addresses. Raises IllegalArgument."""
    found = address(text)
    return int(found) + (_MAPPED if found.version == 4 else 0)


def among(field: str, values: Sequence[str]) -> Find:
    """Documents with one of these addresses, or with one in one of these networks (`10.0.0.0/8`)."""
    exact = {str(address(value)) for value in values if "/" not in value}
    networks = [_network(value) for value in values if "/" in value]
    test: Callable[[str], bool] = exact.__contains__
    if networks:

        def test(word: str) -> bool:
            return word in exact or any(ipaddress.ip_address(word) in network for network in networks)

    return patterns.matching(field, test)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise IllegalArgument(f"'{text[:100]}' is not an IP string literal.") from None
