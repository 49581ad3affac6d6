"""Addresses of both versions in one order: version 4 stands where version 6 has its addresses.

https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
"""

import ipaddress

from connote.contract.errors import IllegalArgument

_FOURS = 0xFFFF << 32  # ::ffff:0:0
MOST = (1 << 128) - 1


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Raises IllegalArgument for what is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise IllegalArgument(f"'{text[:100]}' is not an IP string literal.") from None


def rank(text: str) -> int:
    """Its place in the order of all addresses. Raises IllegalArgument."""
    found = address(text)
    return int(found) + (_FOURS if found.version == 4 else 0)


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """A network such as `10.0.0.0/8`. Raises IllegalArgument for what is none."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise IllegalArgument(f"'{text[:100]}' is not an IP string literal.") from None
