"""The order of buckets, and what a path such as `rooms>price.avg` means in one."""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.aggs.tree import Bucket
from connote.search.query.term import values_at

Order = Sequence[tuple[str, bool]]


def parse(given: Any, default: Order) -> Order:  # noqa: ANN401 (JSON)
    """`{"_count": "desc"}`, or several: by what, and whether the greatest comes first. Raises BadQuery."""
    if given is None:
        return default
    found = list[tuple[str, bool]]()
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, Mapping) or len(each) != 1:
            raise BadQuery("Must specify at least one field for [order]")
        ((path, direction),) = each.items()
        if str(direction).lower() not in ("asc", "desc"):
            raise BadQuery(f"Unknown order direction [{java(direction)}]")
        found.append(("_key" if path in ("_term", "_time") else path, str(direction).lower() == "desc"))
    return [*found, ("_key", False)] if all(path != "_key" for path, _ in found) else found


def needs_results(order: Order) -> bool:
    """Whether it is by other aggregations, so that these must run for every bucket."""
    return any(path not in ("_key", "_count") for path, _ in order)


def at(bucket: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401
    """The figure at a path in a bucket or in results. Raises IllegalArgument."""
    if path in _OWN:
        return bucket[_OWN[path]]
    found: Any = bucket
    for step in path.split(">"):
        found = _step(found, step, path)
    if not isinstance(found, Mapping):
        return found
    for name in ("value", "doc_count"):
        if name in found:
            return found[name]
    raise _nowhere(path)


_OWN = {"_count": "doc_count", "_key": "key"}


def _step(body: Any, step: str, path: str) -> Any:  # noqa: ANN401
    """One name of a path, with the key of a bucket or the part of a result behind it."""
    if not isinstance(body, Mapping):
        raise _nowhere(path)
    if step == "_count":
        return body["doc_count"]
    name, key = _named(step)
    if name in body:
        return body[name] if key is None else _keyed(body[name], key, path)
    name, _, part = step.partition(".")
    if name not in body or not isinstance(body[name], Mapping):
        raise _nowhere(path)
    return _part(body[name], part, path)


def _part(body: Mapping[str, Any], part: str, path: str) -> Any:  # noqa: ANN401
    if part == "_bucket_count":
        return len(body.get("buckets", ()))
    if part in _OWN and _OWN[part] in body:
        return body[_OWN[part]]
    if part in body:
        return body[part]
    values = body.get("values")
    if isinstance(values, Mapping):
        for name in (part, f"{part}.0"):
            if name in values:
                return values[name]
    bounds = body.get("std_deviation_bounds", {})
    side = part.removeprefix("std_").removesuffix("_bound")
    if side in bounds:
        return bounds[side]
    metrics = body.get("top") or []
    if metrics and part in metrics[0].get("metrics", {}):
        return metrics[0]["metrics"][part]
    raise _nowhere(path)


def _named(step: str) -> tuple[str, str | None]:
    """`name` or `name['key']`."""
    if step.endswith("]") and "[" in step:
        name, _, key = step[:-1].partition("[")
        return name, key.strip("'\"")
    return step, None


def _keyed(body: Mapping[str, Any], key: str, path: str) -> Any:  # noqa: ANN401
    buckets = body.get("buckets")
    if isinstance(body.get("hits"), Mapping):
        return _of_hit(body["hits"]["hits"], key, path)
    if isinstance(buckets, Mapping) and key in buckets:
        return buckets[key]
    if isinstance(buckets, list):
        for each in buckets:
            if str(each.get("key")) == key:
                return each
    raise _nowhere(path)


def _of_hit(hits: Sequence[Mapping[str, Any]], key: str, path: str) -> Any:  # noqa: ANN401
    """What the one hit of top_hits has: `_score`, or a value of its document (`_source.price`)."""
    if len(hits) != 1:
        raise IllegalArgument(f"[{path}] needs a top_hits of one hit (`size`: 1), not of {len(hits)}")
    if key == "_score":
        return hits[0]["_score"]
    where, _, name = key.partition(".")
    found = values_at(hits[0].get("_source", {}), name.split(".")) if where == "_source" and name else []
    if len(found) != 1:
        raise _nowhere(path)
    return found[0]


def _nowhere(path: str) -> IllegalArgument:
    return IllegalArgument(f"Invalid aggregation path [{path}]. No aggregation found for path [{path}]")


def ordered(buckets: list[Bucket], order: Order, at: Callable[[Bucket, str], Any] = at) -> list[Bucket]:
    """The buckets in order; those without a figure come last. `at` finds the figures."""
    for path, is_descending in reversed(order):
        known, unknown = list[Bucket](), list[Bucket]()
        for each in buckets:
            value = at(each, path)
            nothing = value is None or (isinstance(value, float) and math.isnan(value))
            (unknown if nothing else known).append(each)
        try:
            known.sort(key=lambda bucket: at(bucket, path), reverse=is_descending)
        except TypeError:
            raise mixed() from None
        buckets = known + unknown
    return buckets


def counted(counts: Mapping[Any, int], order: Order) -> list[Any]:
    """Values in an order that hangs on counts and keys alone. Raises IllegalArgument for keys of several kinds."""
    found = list(counts.items())
    try:
        for path, is_descending in reversed(order):
            found.sort(key=itemgetter(int(path == "_count")), reverse=is_descending)
    except TypeError:
        raise mixed() from None
    return [value for value, _ in found]


def mixed() -> IllegalArgument:
    """A field is of words in one index, and of numbers in another."""
    return IllegalArgument(
        "Failed trying to format bytes as any numeric type: the field that is aggregated has incompatible types in "
        "these indices"
    )
