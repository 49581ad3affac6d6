"""Buckets by ranges and networks of addresses: ip_range, ip_prefix."""

import ipaddress
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import keyed
from connote.search.aggs.rows import Rows, count, grouped, parted
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Source
from connote.search.mapping.keyword import Ip

# Addresses of version 4 are among those of version 6: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2.
_FOURS, _END = 0xFFFF << 32, 1 << 128


@dataclass(frozen=True)
class Span:
    """from <= address < to, as numbers of version 6, and as they are shown; None is no bound."""

    key: str
    low: int
    high: int
    shown: dict[str, str]


@dataclass(frozen=True)
class _Ordered:
    """Rows by their addresses: `numbers` are the different ones, rising; from `starts[n]` on are the places of n's."""

    rows: Rows
    numbers: list[int]
    starts: Any
    places: Any

    @classmethod
    def of(cls, rows: Rows, source: Source, kind: str) -> "_Ordered":
        """Raises IllegalArgument for a field of something else."""
        which, keys, numbers = addresses(rows, source, kind)
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        ranks = place[keys]
        by = np.argsort(ranks, kind="stable")
        starts = np.searchsorted(ranks[by], np.arange(len(order) + 1))
        return cls(rows, [numbers[each] for each in order], starts, which[by])

    def within(self, span: Span) -> Rows:
        """Those with an address in it."""
        first, end = (self.starts[bisect_left(self.numbers, bound)] for bound in (span.low, span.high))
        return self.rows.take(self.rows.numbers[np.unique(self.places[first:end])])


@dataclass(frozen=True, kw_only=True)
class IpRange(Agg):
    """A bucket a range or network, each with the rows that have an address in it."""

    source: Source
    spans: Sequence[Span]
    is_keyed: bool = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `ranges` with `from` and `to` or a `mask`, `keyed`."""
        spans = [_span(Options(body.kind, given)) for given in body.objects("ranges")]
        body.no_script()
        return {"source": Source.read(body), "spans": spans, "is_keyed": body.flag("keyed", default=False)}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """By the lower bound, then by the upper. Raises IllegalArgument for a field of something else."""
        found = [_Ordered.of(part, self.source, self.kind) for part in parts]
        buckets = [
            self.bucket({"key": span.key, **span.shown}, [each.within(span) for each in found], context)
            for span in sorted(self.spans, key=lambda each: (each.low, each.high))
        ]
        buckets = self.finished(buckets)
        return {"buckets": keyed(buckets) if self.is_keyed else buckets}


@dataclass(frozen=True, kw_only=True)
class IpPrefix(Agg):
    """A bucket a network of `length` bits, of addresses of one version; in the order of the networks."""

    source: Source
    length: int
    is_six: bool = False
    with_length: bool = False
    is_keyed: bool = False
    least: int = 1

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `prefix_length`, `is_ipv6`, `append_prefix_length`, `keyed`, `min_doc_count`."""
        length, is_six = body.required("prefix_length", lambda found: found), body.flag("is_ipv6", default=False)
        most = 128 if is_six else 32
        if type(length) is not int or not 0 <= length <= most:
            raise IllegalArgument(
                f"[prefix_length] must be in range [0, {most}] while value is [{java(length)}] ({body.kind})"
            )
        body.no_script()
        return {
            "source": Source.read(body),
            "length": length,
            "is_six": is_six,
            "with_length": body.flag("append_prefix_length", default=False),
            "is_keyed": body.flag("keyed", default=False),
            "least": body.size("min_doc_count", 1),
        }

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """Every network that has an address."""
        found = grouped(parts, self._split)
        buckets = [
            self.bucket(self._shown(number), found[number], context)
            for number in sorted(found)
            if count(found[number]) >= self.least
        ]
        buckets = self.finished(buckets)
        return {"buckets": keyed(buckets) if self.is_keyed else buckets}

    def _split(self, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """The rows by the number of the network, as one of its own version."""
        which, keys, numbers = addresses(rows, self.source, self.kind)
        rest = (128 if self.is_six else 32) - self.length
        networks: dict[int, int] = {}
        places = np.full(len(numbers), -1, dtype=np.int64)  # by address the place of its network
        for at, number in enumerate(numbers):
            if self.is_six is not (number >> 32 == 0xFFFF):
                own = number if self.is_six else number - _FOURS
                places[at] = networks.setdefault(own >> rest << rest, len(networks))
        of, own_networks = places[keys], list(networks)
        for place, part in parted(rows, which[of >= 0], of[of >= 0]):
            yield own_networks[place], part

    def _shown(self, number: int) -> dict[str, Any]:
        made = ipaddress.IPv6Address if self.is_six else ipaddress.IPv4Address
        key = f"{made(number)}/{self.length}" if self.with_length else str(made(number))
        told: dict[str, Any] = {"key": key, "is_ipv6": self.is_six, "prefix_length": self.length}
        if not self.is_six:
            told["netmask"] = str(made((1 << 32) - (1 << 32 - self.length)))
        return told


def addresses(rows: Rows, source: Source, kind: str) -> tuple[Any, Any, list[int]]:
    """Places of rows, for each the number of an address, and the addresses, as numbers of version 6.

    Raises IllegalArgument for a field of something else.
    """
    known = rows.seen.reader.field(source.name)
    if known is not None and not isinstance(known, Ip):
        raise IllegalArgument(f"Field [{source.name}] of type [{known.kind}] is not supported for aggregation [{kind}]")
    column = source.any(rows)
    different, keys = np.unique(column.keys, return_inverse=True)
    return column.which, keys, [_number(str(column.value(each))) for each in different.tolist()]


def _span(body: Options) -> Span:
    low, high, mask, key = (body.text(name) for name in ("from", "to", "mask", "key"))
    body.done()
    if mask is not None:
        if low is not None or high is not None:
            raise BadQuery(f"[{body.kind}] a range has a [mask], or [from] and [to]")
        return _network(body.kind, mask, key)
    bounds = {name: value for name, value in (("from", low), ("to", high)) if value is not None}
    own = f"{low or '*'}-{high or '*'}"
    return Span(key or own, 0 if low is None else _number(low), _END if high is None else _number(high), bounds)


def _network(kind: str, mask: str, key: str | None) -> Span:
    try:
        network = ipaddress.ip_network(mask, strict=False)
    except ValueError:
        raise BadQuery(f"[{kind}] [mask] must be a network such as [10.0.0.0/25], not [{java(mask)[:100]}]") from None
    low, high = _number(str(network[0])), _number(str(network[-1])) + 1
    bounds = {} if network.prefixlen == 0 else {"from": str(network[0])}
    if network.prefixlen and int(network[-1]) + 1 < 1 << network.max_prefixlen:
        bounds["to"] = str(network[-1] + 1)
    return Span(key or mask, low, high, bounds)


def _number(text: str) -> int:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise BadQuery(f"'{java(text)[:100]}' is not an IP string literal.") from None
    return int(address) + (_FOURS if address.version == 4 else 0)
