"""Processors of what logs say of networks and addresses."""

import base64
import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from connote.contract.errors import IllegalArgument
from connote.ingest.document import Document
from connote.ingest.options import Options, Value
from connote.ingest.pipeline import Step

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# https://github.com/corelight/community-id-spec: the types that answer others; they stand in the place of ports.
_ICMP = {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10}
_ICMP6 = {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 144: 145, 145: 144, 130: 131, 131: 130, 139: 140,
          140: 139}  # fmt: skip
_TRANSPORTS = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "gre": 47, "icmpv6": 58, "ipv6-icmp": 58, "eigrp": 88,
               "ospf": 89, "pim": 103, "sctp": 132}  # fmt: skip
_WITH_PORTS, _WITH_TYPES = (6, 17, 132), {1: _ICMP, 58: _ICMP6}
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")))


def _is_special(address: Address) -> bool:
    return address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local


_NAMED: Mapping[str, Callable[[Address], bool]] = {
    "loopback": lambda each: each.is_loopback,
    "global_unicast": lambda each: not _is_special(each),
    "unicast": lambda each: not _is_special(each),
    "link_local_unicast": lambda each: each.is_link_local,
    "interface_local_multicast": lambda each: each.is_multicast and str(each).startswith("ff01:"),
    "link_local_multicast": lambda each: each.is_multicast and str(each).startswith(("ff02:", "224.0.0.")),
    "multicast": lambda each: each.is_multicast,
    "private": lambda each: any(each in network for network in _PRIVATE if network.version == each.version),
    "public": lambda each: not (_is_special(each) or _NAMED["private"](each)),
    "unspecified": lambda each: each.is_unspecified,
}  # fmt: skip
_DIRECTIONS = {
    (True, True): "internal", (True, False): "outbound", (False, True): "inbound", (False, False): "external",
}  # fmt: skip


def community_id(options: Options) -> Step:
    """An id of a network flow, the same whichever end tells of it."""
    names = {
        "source_ip": "source.ip", "source_port": "source.port", "destination_ip": "destination.ip",
        "destination_port": "destination.port", "iana_number": "network.iana_number", "icmp_type": "icmp.type",
        "icmp_code": "icmp.code", "transport": "network.transport",
    }  # fmt: skip
    paths = {name: options.fixed(name, options.text(name, default)) for name, default in names.items()}
    to = options.fixed("target_field", options.text("target_field", "network.community_id"))
    seed, missing = options.whole("seed", 0), options.flag("ignore_missing", default=True)
    if not 0 <= seed < 1 << 16:
        raise options.failure("seed", "must be a value between 0 and 65535")

    def run(document: Document) -> None:
        given = {name: document.get(path) if document.has(path) else None for name, path in paths.items()}
        if given["source_ip"] is None or given["destination_ip"] is None:
            if missing:
                return
            raise IllegalArgument("unable to construct flow from document")
        document.put(to, _flow_id(given, seed))

    return run


def _flow_id(given: Mapping[str, Value], seed: int) -> str:
    """Version 1 of https://github.com/corelight/community-id-spec."""
    one, other, transport = _address(given["source_ip"]), _address(given["destination_ip"]), _transport(given)
    ports = (_port(given["source_port"], "source"), _port(given["destination_port"], "destination"))
    is_two_way = True
    if transport in _WITH_TYPES:
        kind, code = _number(given["icmp_type"], "ICMP type"), given["icmp_code"]
        is_two_way = kind in _WITH_TYPES[transport]
        ports = (kind, _WITH_TYPES[transport].get(kind, 0 if code is None else _number(code, "ICMP code")))
    elif transport in _WITH_PORTS and 0 in ports:
        raise IllegalArgument(f"invalid {'source' if not ports[0] else 'destination'} port [0]")
    ends = [(one.packed, ports[0]), (other.packed, ports[1])]
    if is_two_way:
        ends.sort()
    raw = seed.to_bytes(2, "big") + ends[0][0] + ends[1][0] + bytes([transport, 0])
    if transport in _WITH_PORTS or transport in _WITH_TYPES:
        raw += ends[0][1].to_bytes(2, "big") + ends[1][1].to_bytes(2, "big")
    return "1:" + base64.b64encode(hashlib.sha1(raw, usedforsecurity=False).digest()).decode()


def network_direction(options: Options) -> Step:
    """Whether traffic is `internal`, `external`, `inbound` or `outbound`, by what networks are said to be internal."""
    source = options.fixed("source_ip", options.text("source_ip", "source.ip"))
    destination = options.fixed("destination_ip", options.text("destination_ip", "destination.ip"))
    to = options.fixed("target_field", options.text("target_field", "network.direction"))
    given, missing = options.texts("internal_networks", None), options.flag("ignore_missing", default=True)
    listed = options.text("internal_networks_field", None)
    if (given is None) == (listed is None):
        raise options.failure(None, "must specify either internal_networks or internal_networks_field")
    at = None if listed is None else options.fixed("internal_networks_field", listed)

    def run(document: Document) -> None:
        ends = [document.get(path) if document.has(path) else None for path in (source, destination)]
        networks = given if at is None else document.read(at, missing=missing)
        if None in (*ends, networks):
            if missing:
                return
            raise IllegalArgument("unable to calculate network direction from document")
        inside = [_is_inside(_address(each), networks if isinstance(networks, list) else [networks]) for each in ends]
        document.put(to, _DIRECTIONS[inside[0], inside[1]])

    return run


def uri_parts(options: Options) -> Step:
    """The parts of a URI as an object: scheme, domain, port, path, extension, query, fragment, user."""
    field, missing = options.text("field"), options.flag("ignore_missing")
    at, to = options.fixed("field", field), options.fixed("target_field", options.text("target_field", "url"))
    keeps = options.flag("keep_original", default=True)
    removes = options.flag("remove_if_successful")

    def run(document: Document) -> None:
        value = document.text(at, field, missing=missing)
        if value is None:
            return
        parts = _uri(value)
        if removes and field != to:
            document.remove(at)
        document.put(to, {**parts, **({"original": value} if keeps else {})})

    return run


def _uri(text: str) -> dict[str, Value]:
    try:
        found = urlsplit(text)
        port = found.port
    except ValueError:
        raise IllegalArgument(f"unable to parse URI [{text[:200]}]") from None
    if any(char.isspace() for char in text):
        raise IllegalArgument(f"unable to parse URI [{text[:200]}]")
    last = found.path.rpartition("/")[2]
    told = {
        "domain": found.hostname,
        "fragment": found.fragment or None,
        "path": found.path,
        "extension": last.rpartition(".")[2] if "." in last else None,
        "port": port,
        "query": found.query or None,
        "scheme": found.scheme or None,
        "user_info": found.netloc.rpartition("@")[0] or None,
        "username": found.username or None,
        "password": found.password,
    }
    return {name: value for name, value in told.items() if value is not None}


def _is_inside(address: Address, networks: list[Value]) -> bool:
    for each in networks:
        if isinstance(each, str) and each in _NAMED:
            if _NAMED[each](address):
                return True
            continue
        try:
            if address in ipaddress.ip_network(each, strict=False):
                return True
        except (ValueError, TypeError):
            raise IllegalArgument(f"'{each}' is not an IP string literal, a network or one of {list(_NAMED)}") from None
    return False


def _address(value: Value) -> Address:
    try:
        return ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        raise IllegalArgument(f"'{value}' is not an IP string literal.") from None


def _transport(given: Mapping[str, Value]) -> int:
    value = given["iana_number"] if given["iana_number"] is not None else given["transport"]
    if isinstance(value, str) and value.lower() in _TRANSPORTS:
        return _TRANSPORTS[value.lower()]
    return _number(value, "transport protocol")


def _port(value: Value, which: str) -> int:
    return 0 if value is None else _number(value, f"{which} port", 1 << 16)


def _number(value: Value, what: str, most: int = 256) -> int:
    try:
        found = int(value)
    except (TypeError, ValueError, OverflowError):
        raise IllegalArgument(f"could not convert {what} [{value}] to a number") from None
    if isinstance(value, bool) or not 0 <= found < most:
        raise IllegalArgument(f"invalid {what} [{value}]")
    return found


PROCESSORS = {"community_id": community_id, "network_direction": network_direction, "uri_parts": uri_parts}
