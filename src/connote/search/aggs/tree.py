"""The tree of aggregations: what all of them have, and how their results come together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows, count
from connote.search.query.query import Query
from connote.search.thread import check

Bucket = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Agg:
    """Base of all aggregations. `read` gives a subclass's own fields of its parameters."""

    name: str
    kind: str
    meta: Mapping[str, Any] | None = None
    subs: "Aggs"

    # Whether it may have aggregations of its own.
    takes_subs: ClassVar[bool] = True

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The fields. Raises BadQuery, IllegalArgument."""
        raise NotImplementedError

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The result over some rows."""
        raise NotImplementedError

    def queries(self) -> Iterator[Query]:
        """The queries in it, but for those of its own aggregations."""
        return iter(())

    def label(self, body: Mapping[str, Any]) -> str:  # noqa: ARG002 (for those whose type hangs on the keys)
        """Its type as `typed_keys` shows it."""
        return self.kind

    def bucket(self, shown: Mapping[str, Any], parts: Sequence[Rows], context: Context) -> Bucket:
        """One bucket with its count and the results of its own aggregations."""
        context.counted(1)
        return {**shown, "doc_count": count(parts), **self.subs.run(parts, context)}

    def finished(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets as the pipelines among its own aggregations leave them."""
        for each in self.subs.pipelines:
            if each.is_parent:
                buckets = each.over(buckets)
        return buckets


class Pipeline(Protocol):
    """An aggregation of other ones' results: over the buckets that it is in, or of a sibling."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def is_parent(self) -> bool:
        """Whether it changes the buckets that it is in."""
        ...

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets, changed."""
        ...

    def of(self, results: Mapping[str, Any]) -> dict[str, Any]:
        """Its result, of those beside it."""
        ...

    def label(self, body: Mapping[str, Any]) -> str:
        """Its type as `typed_keys` shows it."""
        ...


@dataclass(frozen=True)
class Aggs:
    """Aggregations side by side."""

    nodes: Sequence[Agg] = ()
    pipelines: Sequence[Pipeline] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.nodes or self.pipelines)

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The results by name."""
        found: dict[str, Any] = {}
        for node in self.nodes:
            check()
            result = node.run(parts, context)
            if node.meta is not None:
                own = dict(result)
                result.clear()  # rather than another object, for it may be more than its items
                result |= {"meta": dict(node.meta), **own}
            found[node.name] = result
        for each in self.pipelines:
            if not each.is_parent:
                found[each.name] = each.of(found)
        return found

    def queries(self) -> Iterator[Query]:
        """All queries in it, at any depth."""
        for node in self.nodes:
            yield from node.queries()
            yield from node.subs.queries()

    def typed(self, results: Mapping[str, Any]) -> dict[str, Any]:
        """The same results with the types before the names."""
        nodes: dict[str, Agg | Pipeline] = {node.name: node for node in self.nodes}
        nodes |= {each.name: each for each in self.pipelines}
        found = {}
        for name, body in results.items():
            node = nodes.get(name)
            if node is None:
                found[name] = body
            elif isinstance(node, Agg):
                found[f"{node.label(body)}#{name}"] = _typed_body(node, body)
            else:
                found[f"{node.label(body)}#{name}"] = body
        return found


def _typed_body(node: Agg, body: Mapping[str, Any]) -> dict[str, Any]:
    if not node.subs:
        return dict(body)
    if "buckets" not in body:
        return node.subs.typed(body)
    buckets = body["buckets"]
    if isinstance(buckets, Mapping):
        return {**body, "buckets": {key: node.subs.typed(each) for key, each in buckets.items()}}
    return {**body, "buckets": [node.subs.typed(each) for each in buckets]}
