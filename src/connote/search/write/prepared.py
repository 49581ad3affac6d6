"""An operation on its way: what the document is to be, and what that is based on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import ConnoteError
from connote.search.embedded import Embedded
from connote.search.mapping.values import Values
from connote.search.write.operation import Operation


@dataclass
class Prepared:
    """`raw` is the source as it is stored.

    `before` is what the texts of the document had become, `tried` what an earlier try has made of them, `supplied` what
    came with it, `embedded` what they are to be.
    An update is based on the state with the sequence number `base`, or on what `after` makes of the document.
    `result` is `noop` where it changes nothing.
    """

    operation: Operation
    source: Mapping[str, Any] | None = None
    raw: bytes | None = None
    values: Values | None = None
    before: Mapping[str, Embedded] = field(default_factory=dict)
    tried: Mapping[str, Embedded] = field(default_factory=dict)
    supplied: Mapping[str, Embedded] = field(default_factory=dict)
    embedded: dict[str, Embedded] = field(default_factory=dict)
    base: int | None = None
    after: "Prepared | None" = None
    result: str | None = None
    error: ConnoteError | None = None
    has_failed: bool = False
