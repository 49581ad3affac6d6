"""The mapping of the index that a transform writes to, by that of its source."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connote.search.transform.config import Transform
from connote.version import VERSION_SPOKEN

Body = Mapping[str, Any]
# Types whose values another takes in the index that is written to, for they need more than their name.
_OTHERS = {"scaled_float": "double", "constant_keyword": "keyword", "alias": None, "semantic_text": "text"}


def type_of(mappings: Iterable[Body], name: str) -> str | None:
    """The type of a field by the first mapping that has it."""
    for mapping in mappings:
        node: Any = mapping
        for part in name.split("."):
            node = (node.get("properties") or node.get("fields") or {}).get(part) or {}
        if isinstance(kind := node.get("type"), str):
            return _OTHERS.get(kind, kind)
    return None


def mapping(transform: Transform, typed: Callable[[str], str | None] | None) -> dict[str, Any]:
    """The mapping's body; without `typed` no fields are in it."""
    made: dict[str, Any] = {}
    for name, kind in (transform.function.mapping(typed) if typed else {}).items():
        properties = made
        *parents, last = name.split(".")
        for part in parents:
            properties = properties.setdefault(part, {}).setdefault("properties", {})
        properties[last] = {"type": kind}
    about = {
        "transform": transform.id,
        "version": {"created": VERSION_SPOKEN},
        "creation_date_in_millis": int(time.time() * 1000),
    }
    return {"_meta": {"_transform": about, "created_by": "transform"}, "properties": made}
