"""The order of values of types whose own form does not sort."""

import ipaddress
import re
from typing import Any

import numpy as np

from connote.search.esql.column import Values

# Types that need a key to be put in order.
PARTS = ("ip", "version")
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")


def keys(kind: str, values: Values) -> Values:
    """Objects that sort as the values of a type do."""
    key = _address if kind == "ip" else _version
    made = np.empty(len(values), dtype=np.object_)
    for at, each in enumerate(values.tolist()):
        made[at] = key(each)
    return made


def _address(value: str) -> tuple[int, int]:
    found = ipaddress.ip_address(value)
    # As IPv6, where those of version 4 are mapped into.
    return (int(found) + 0xFFFF_0000_0000 if found.version == 4 else int(found), 0)


def _version(value: str) -> tuple[Any, ...]:
    """By semantic versioning; what is no version comes last."""
    found = _VERSION.fullmatch(value)
    if found is None:
        return (1, value)
    numbers = tuple(int(each[:18] or 0) if each else 0 for each in found.groups()[:3])
    rest = found[4]
    before = (
        tuple((0, int(each), "") if each.isdigit() and len(each) < 18 else (1, 0, each) for each in rest.split("."))
        if rest
        else ()
    )
    return (0, numbers, rest is None, before)
