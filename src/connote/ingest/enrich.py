"""Enrich policies: which documents of some indices tell more of a value, and a copy of these to look it up in.

https://www.elastic.co/docs/manage-data/ingest/transform-enrich/data-enrichment
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import AlreadyExists, IllegalArgument, NotFound, Unparsable
from connote.contract.settings import java
from connote.ingest.painless.values import text
from connote.store.bodies import BodyStore

Value = Any
Source = Mapping[str, Value]
KINDS = ("match", "range")
# Documents that one policy may copy.
MOST = 100_000


@dataclass(frozen=True)
class Policy:
    """`match`: a value equals one of the field's; `range`: it lies in one of its ranges (numbers, texts, networks)."""

    name: str
    kind: str
    indices: Sequence[str]
    match_field: str
    enrich_fields: Sequence[str]
    query: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, name: str, body: Mapping[str, Any]) -> "Policy":
        """`{"match": {"indices": "users", "match_field": "email", "enrich_fields": ["name"]}}`.

        Raises Unparsable, IllegalArgument.
        """
        if len(body) != 1:
            raise Unparsable(f"[policy] must have one key, its type: one of {list(KINDS)}")
        ((kind, given),) = body.items()
        if kind not in KINDS:
            raise IllegalArgument(f"unsupported policy type [{kind}], supported types are {list(KINDS)}")
        if not isinstance(given, Mapping):
            raise Unparsable(f"[{kind}] must be an object, not [{java(given)[:100]}]")
        known = {"indices", "match_field", "enrich_fields", "query", "name", "elasticsearch_version"}
        if unknown := given.keys() - known:
            raise Unparsable(f"[policy] unknown field [{min(unknown)}]")
        indices, fields, match = _texts(given, "indices"), _texts(given, "enrich_fields"), given.get("match_field")
        if not indices or not fields or not isinstance(match, str) or not match:
            raise Unparsable("[policy] needs [indices] and [enrich_fields], arrays of texts, and [match_field], a text")
        if (query := given.get("query")) is not None and not isinstance(query, Mapping):
            raise Unparsable(f"[query] must be an object, not [{java(query)[:100]}]")
        return cls(name, kind, indices, match, fields, query)

    def wire(self) -> dict[str, Any]:
        """As GET shows it."""
        shown = {
            "name": self.name,
            "indices": list(self.indices),
            "match_field": self.match_field,
            "enrich_fields": list(self.enrich_fields),
            "query": self.query,
        }
        return {self.kind: {name: value for name, value in shown.items() if value is not None}}


@dataclass
class Lookup:
    """The documents that were copied, by the values that they tell of."""

    policy: Policy
    rows: Sequence[tuple[Sequence[Value], Source]]  # the values of the field, and the document
    mapping: Mapping[str, Source] = field(default_factory=dict)  # of the fields by name, as they were mapped then
    _by_value: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, (values, _) in enumerate(self.rows):
            for each in values if self.policy.kind == "match" else ():
                self._by_value.setdefault(text(each), []).append(number)

    def find(self, values: Sequence[Value], most: int) -> list[Source]:
        """The first documents that tell of one of these values."""
        if self.policy.kind == "match":
            numbers = dict.fromkeys(number for each in values for number in self._by_value.get(text(each), ()))
            return [self.rows[number][1] for number in list(numbers)[:most]]
        tests = [within(each) for each in values]
        met = (source for ranges, source in self.rows if any(test(each) for test in tests for each in ranges))
        return [source for source, _ in zip(met, range(most), strict=False)]


class Policies:
    """Policies by name, with what they have copied."""

    def __init__(self, store: BodyStore) -> None:
        self._store = store
        self._policies: dict[str, Policy] = {}
        self._lookups: dict[str, Lookup] = {}
        self.lookups = 0  # how often one was asked for since the start
        for name, body in store.all().items():
            self._policies[name] = policy = Policy.parse(name, body["policy"])
            if body["rows"] is not None:
                self._lookups[name] = Lookup(policy, body["rows"], body.get("mapping", {}))

    def put(self, policy: Policy) -> None:
        """Keep a new one. Raises AlreadyExists."""
        if policy.name in self._policies:
            raise AlreadyExists(f"policy [{policy.name}] already exists")
        self._keep(policy, None, {})

    def find(self, names: str | None) -> list[Policy]:
        """Those of these names, separated by commas; all without."""
        wanted = None if names is None else names.split(",")
        return [each for name, each in sorted(self._policies.items()) if wanted is None or name in wanted]

    def get(self, name: str) -> Policy:
        """The one of that name. Raises NotFound."""
        if name not in self._policies:
            raise NotFound(f"policy [{name}] not found")
        return self._policies[name]

    def fill(self, name: str, rows: Sequence[tuple[Sequence[Value], Source]], mapping: Mapping[str, Source]) -> None:
        """Keep what a policy has copied, in place of what it had before. Raises NotFound."""
        self._keep(self.get(name), rows, mapping)

    def remove(self, name: str) -> None:
        """Forget one."""
        self._store.remove([name])
        self._policies.pop(name, None)
        self._lookups.pop(name, None)

    def lookup(self, name: str) -> Lookup | None:
        """What a policy has copied; None before it was executed."""
        self.lookups += 1
        return self._lookups.get(name)

    def _keep(
        self,
        policy: Policy,
        rows: Sequence[tuple[Sequence[Value], Source]] | None,
        mapping: Mapping[str, Source],
    ) -> None:
        self._store.put(policy.name, {"policy": policy.wire(), "rows": rows, "mapping": mapping})
        self._policies[policy.name] = policy
        if rows is not None:
            self._lookups[policy.name] = Lookup(policy, rows, mapping)


def within(value: Value) -> Callable[[Value], bool]:
    """What tells whether a range has that value: bounds such as `{"gte": 1, "lt": 5}`, or a network (`10.0.0.0/8`)."""
    try:
        address = ipaddress.ip_address(value) if isinstance(value, str) else None
    except ValueError:
        address = None
    return lambda given: _has(given, value, address)


def _has(given: Value, value: Value, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    if isinstance(given, Mapping):
        return all(_are_alike(name, value, bound) and _BOUNDS[name](value, bound) for name, bound in given.items())
    if address is None or not isinstance(given, str):
        return False
    try:
        return address in ipaddress.ip_network(given, strict=False)
    except ValueError:
        return False


def _are_alike(name: str, value: Value, bound: Value) -> bool:
    numbers = type(value) in (int, float) and type(bound) in (int, float)
    return name in _BOUNDS and (numbers or (isinstance(value, str) and isinstance(bound, str)))


_BOUNDS: Mapping[str, Callable[[Value, Value], bool]] = {
    "gte": lambda value, bound: bool(value >= bound),
    "gt": lambda value, bound: bool(value > bound),
    "lte": lambda value, bound: bool(value <= bound),
    "lt": lambda value, bound: bool(value < bound),
}


def _texts(given: Mapping[str, Any], name: str) -> list[str]:
    """A text, or an array of some; empty for what is neither."""
    value = given.get(name)
    listed = [value] if isinstance(value, str) else value
    return listed if isinstance(listed, list) and all(isinstance(each, str) and each for each in listed) else []
