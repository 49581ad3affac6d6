"""Buckets by queries and by what is there: filter, filters, missing, global, nested, reverse_nested."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery
from connote.contract.settings import java
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Source
from connote.search.engine.arrays import Mask
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import Query


class Single(Agg):
    """Base of those with one bucket."""

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The bucket itself."""
        return self.bucket({}, self.rows(parts, context), context)

    def rows(self, parts: Sequence[Rows], context: Context) -> list[Rows]:
        """The rows that are in it."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Filter(Single):
    """Those that match a query, which is the whole body."""

    query: Query

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The query."""
        given = {name: body.raw(name) for name in body.names()}
        return {"query": parse_query(given)}

    def queries(self) -> Iterator[Query]:
        """The query."""
        yield self.query

    def rows(self, parts: Sequence[Rows], context: Context) -> list[Rows]:
        """Those that match."""
        return context.matching(self.query, parts)


@dataclass(frozen=True, kw_only=True)
class Filters(Agg):
    """A bucket a query, and one for what matches none, if that is wanted."""

    each: Mapping[str, Query]
    is_named: bool
    is_keyed: bool = True
    other: str | None = None

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`filters` by name or as a list, `other_bucket`, `other_bucket_key`."""
        given = body.required("filters", lambda value: value)
        if not isinstance(given, dict | list) or not given:
            raise BadQuery(f"[filters] must be an object or an array of queries, not [{java(given)[:100]}]")
        pairs = sorted(given.items()) if isinstance(given, dict) else [(str(at), each) for at, each in enumerate(given)]
        key = body.text("other_bucket_key")
        with_other = body.flag("other_bucket", default=key is not None)
        return {
            "each": {name: parse_query(query) for name, query in pairs},
            "is_named": isinstance(given, dict),
            "is_keyed": body.flag("keyed", default=True),
            "other": (key or "_other_") if with_other else None,
        }

    def queries(self) -> Iterator[Query]:
        """All queries."""
        return iter(self.each.values())

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """By name, or in the order of the queries."""
        found = {name: context.matching(query, parts) for name, query in self.each.items()}
        if self.other is not None:
            found[self.other] = [
                part.take(np.setdiff1d(part.numbers, np.concatenate([own[at].numbers for own in found.values()])))
                for at, part in enumerate(parts)
            ]
        is_keyed = self.is_named and self.is_keyed
        shown = [
            self.bucket({"key": name} if self.is_named and not is_keyed else {}, own, context)
            for name, own in found.items()
        ]
        buckets = self.finished(shown)
        return {"buckets": dict(zip(found, buckets, strict=False)) if is_keyed else buckets}


@dataclass(frozen=True, kw_only=True)
class Missing(Single):
    """Those without a value of a field."""

    source: Source

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field."""
        body.no_script()
        return {"source": Source.read(body)}

    def rows(self, parts: Sequence[Rows], context: Context) -> list[Rows]:
        """None where `missing` stands for a value."""
        if self.source.missing is not None:
            return [part.take(part.numbers[:0]) for part in parts]
        return [part.where(context.mask(self, part.table, partial(self._lacks, part))) for part in parts]

    def _lacks(self, part: Rows) -> Mask:
        known = part.seen.reader.field(self.source.name)
        return ~part.table.exists(self.source.name if known is None else known.name)


@dataclass(frozen=True, kw_only=True)
class Global(Single):
    """All documents of the indices, whatever the query."""

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:  # noqa: ARG003
        """Nothing."""
        return {}

    def rows(self, parts: Sequence[Rows], context: Context) -> list[Rows]:  # noqa: ARG002
        """All."""
        return context.every()


@dataclass(frozen=True, kw_only=True)
class Nested(Single):
    """The nested objects at a path."""

    path: str

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`path`."""
        return {"path": body.required("path", str)}

    def rows(self, parts: Sequence[Rows], context: Context) -> list[Rows]:  # noqa: ARG002
        """Of all rows; none where the path is not mapped."""
        return [found for part in parts if (found := inside(part, self.path)) is not None]


def inside(rows: Rows, path: str) -> Rows | None:
    """Down through all nested objects on the way."""
    found: Rows | None = rows
    steps = path.split(".")
    own = len(rows.path.split(".")) if rows.path else 0
    branches = rows.seen.reader.mapping.branches
    for end in range(own + 1, len(steps) + 1):
        step = ".".join(steps[:end])
        if found is not None and step in branches and branches[step].is_nested:
            found = found.inside(step)
    return found if found is not None and found.path == path else None


@dataclass(frozen=True, kw_only=True)
class ReverseNested(Single):
    """From nested objects back to what they are in: the documents, or objects at an outer path."""

    path: str | None = None

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`path`."""
        return {"path": body.text("path")}

    def rows(self, parts: Sequence[Rows], context: Context) -> list[Rows]:  # noqa: ARG002
        """Each once."""
        return [part.outside(self.path) for part in parts]
