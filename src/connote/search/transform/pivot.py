"""A transform by groups: a document for each combination of values, of what aggregations come to for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract import dates
from connote.contract.errors import BadQuery, IllegalArgument, Unparsable
from connote.contract.settings import java
from connote.search.aggs.composite import Part
from connote.search.transform import results
from connote.search.transform.identity import identity

Body = Mapping[str, Any]
Typed = Callable[[str], str | None]
_NAME = "_transform"
_GROUPS = ("terms", "histogram", "date_histogram")


@dataclass(frozen=True)
class Pivot:
    """`groups` are the sources of a composite aggregation by their names, `aggs` those of each bucket."""

    groups: Mapping[str, Body]
    aggs: Body

    @classmethod
    def parse(cls, body: Body) -> "Pivot":
        """`{"group_by": …, "aggregations": …}`. Raises Unparsable, BadQuery, IllegalArgument."""
        if unknown := [name for name in body if name not in ("group_by", "aggregations", "aggs")]:
            raise Unparsable(f"[pivot] unknown field [{unknown[0]}]")
        groups, aggs = body.get("group_by"), body.get("aggregations") or body.get("aggs") or {}
        if not isinstance(groups, Mapping) or not groups:
            raise BadQuery("pivot.groups must not be null or empty")
        for name, group in groups.items():
            if isinstance(group, Mapping) and "geotile_grid" in group:
                raise IllegalArgument("[geotile_grid] in [group_by] is not supported; see docs/compatibility.md")
            if not isinstance(group, Mapping) or len(group) != 1 or next(iter(group)) not in _GROUPS:
                told = java(group)[:100]
                raise BadQuery(f"[group_by] [{name}] must be one of [{', '.join(_GROUPS)}], not [{told}]")
            Part.parse({name: group})
        results.check(aggs)
        if twice := groups.keys() & aggs.keys():
            raise BadQuery(f"duplicate field [{min(twice)}] detected")
        return cls(groups, aggs)

    def page(self, size: int, after: Body | None) -> dict[str, Any]:
        """What a search asks for, besides its query: so many buckets behind a place."""
        sources = [{name: group} for name, group in self.groups.items()]
        composite: dict[str, Any] = {"size": size, "sources": sources, **({} if after is None else {"after": after})}
        return {"size": 0, "aggs": {_NAME: {"composite": composite, "aggs": self.aggs}}}

    def documents(self, answer: Body, typed: Typed) -> tuple[list[tuple[str, dict[str, Any]]], Body | None, int]:
        """The documents of a page with their ids, where it ends (None: with the last), and how many it is of."""
        found = answer["aggregations"][_NAME]
        buckets: Sequence[Body] = found["buckets"]
        made = [(identity(each["key"]), self._document(each, typed)) for each in buckets]
        return made, found.get("after_key") if buckets else None, sum(each["doc_count"] for each in buckets)

    def mapping(self, typed: Typed) -> dict[str, str]:
        """By name the types of the fields of its documents, where they are known."""
        made = {name: self._type_of(group, typed) for name, group in self.groups.items()}
        for name, spec in self.aggs.items():
            kind = results.kind_of(name, spec)
            if not results.children(spec) and kind not in _AS_THEY_COME:
                made[name] = results.TYPES[kind] or typed(str(spec[kind].get("field")))
        return {name: kind for name, kind in made.items() if kind is not None}

    def _document(self, bucket: Body, typed: Typed) -> dict[str, Any]:
        keys = {name: _key(group, bucket["key"].get(name), typed) for name, group in self.groups.items()}
        made: dict[str, Any] = {}
        for name, value in {**keys, **results.values(self.aggs, bucket, typed)}.items():
            _put(made, name.split("."), value)
        return made

    def _type_of(self, group: Body, typed: Typed) -> str | None:
        ((kind, spec),) = group.items()
        return "date" if kind == "date_histogram" else typed(str(spec.get("field")))


# Aggregations whose values are objects, or anything: they are mapped as they come.
_AS_THEY_COME = (
    "bucket_selector", "extended_stats", "percentiles", "range", "scripted_metric", "stats", "top_metrics",
)  # fmt: skip


def _key(group: Body, key: Any, typed: Typed) -> Any:  # noqa: ANN401 (JSON)
    """A group's value as documents have it: times as text."""
    ((kind, spec),) = group.items()
    is_time = kind == "date_histogram" or typed(str(spec.get("field"))) in ("date", "date_nanos")
    return dates.render(key) if is_time and isinstance(key, int) and not isinstance(key, bool) else key


def _put(into: dict[str, Any], path: Sequence[str], value: Any) -> None:  # noqa: ANN401
    *parents, last = path
    for part in parents:
        inner = into.setdefault(part, {})
        if not isinstance(inner, dict):
            raise BadQuery(f"field [{'.'.join(path)}] is below another field of the transform")
        into = inner
    into[last] = value
