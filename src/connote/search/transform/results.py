"""What aggregations come to as values of documents, and how these are mapped.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/transform-supported-aggregations
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connote.contract.errors import BadQuery

Body = Mapping[str, Any]
# How fields are mapped that are of a kind of aggregation; None: as the field that it is of.
TYPES: Mapping[str, str | None] = {
    "avg": "double",
    "bucket_script": "double",
    "bucket_selector": None,
    "cardinality": "long",
    "extended_stats": "double",
    "filter": "long",
    "geo_bounds": "geo_shape",
    "geo_centroid": "geo_point",
    "max": None,
    "median_absolute_deviation": "double",
    "min": None,
    "missing": "long",
    "percentiles": "double",
    "range": "long",
    "rare_terms": "flattened",
    "scripted_metric": None,
    "stats": "double",
    "sum": "double",
    "terms": "flattened",
    "top_metrics": None,
    "value_count": "long",
    "weighted_avg": "double",
}
_SINGLE, _MANY = ("filter", "missing"), ("terms", "rare_terms", "range")
_STATS = ("count", "min", "max", "avg", "sum", "sum_of_squares", "variance", "std_deviation")
_WHOLE = ("byte", "short", "integer", "long", "unsigned_long")


def kind_of(name: str, spec: Any) -> str:  # noqa: ANN401 (JSON)
    """The kind of an aggregation. Raises BadQuery for one that no document can be made of."""
    kinds = [kind for kind in spec if kind not in ("aggs", "aggregations", "meta")] if isinstance(spec, Mapping) else []
    if len(kinds) != 1:
        raise BadQuery(f"aggregation [{name}] must have one type")
    if kinds[0] not in TYPES:
        raise BadQuery(f"Unsupported aggregation type [{kinds[0]}]; there are [{', '.join(TYPES)}]")
    return str(kinds[0])


def children(spec: Body) -> Body:
    """The aggregations below one."""
    return spec.get("aggs") or spec.get("aggregations") or {}


def check(aggs: Any) -> None:  # noqa: ANN401
    """Raise BadQuery for aggregations that no document can be made of."""
    if not isinstance(aggs, Mapping) or not aggs:
        raise BadQuery("[aggregations] of a pivot must be an object with at least one")
    for name, spec in aggs.items():
        kind_of(name, spec)
        if children(spec):
            check(children(spec))


def values(aggs: Body, results: Body, typed: Callable[[str], str | None]) -> dict[str, Any]:
    """By name what the aggregations of a bucket came to; `typed` gives the types of fields."""
    told: dict[str, Any] = {}
    for name, spec in aggs.items():
        kind = kind_of(name, spec)
        if kind != "bucket_selector":
            told[name] = _value(kind, spec, results.get(name) or {}, typed)
    return told


def _value(kind: str, spec: Body, result: Body, typed: Callable[[str], str | None]) -> Any:  # noqa: ANN401
    if kind in _SINGLE:
        return _of_bucket(spec, result, typed)
    if kind in _MANY:
        return {_key(each): _of_bucket(spec, each, typed) for each in result.get("buckets", ())}
    if kind in _SHAPES:
        return _SHAPES[kind](result)
    value = result.get("value")
    if kind in ("min", "max"):
        if "value_as_string" in result:
            return result["value_as_string"]
        return int(value) if value is not None and typed(str(spec[kind].get("field"))) in _WHOLE else value
    return value


def _of_bucket(spec: Body, bucket: Body, typed: Callable[[str], str | None]) -> Any:  # noqa: ANN401
    inner = children(spec)
    return values(inner, bucket, typed) if inner else bucket.get("doc_count", 0)


def _key(bucket: Body) -> str:
    return str(bucket.get("key_as_string", bucket.get("key"))).replace(".", "_")


def _percentiles(result: Body) -> dict[str, Any]:
    found = result.get("values") or {}
    pairs = [(each["key"], each["value"]) for each in found] if isinstance(found, list) else found.items()
    return {f"{float(key):g}".replace(".", "_"): value for key, value in pairs}


def _top(result: Body) -> dict[str, Any]:
    top: Sequence[Body] = result.get("top") or [{}]
    return dict(top[0].get("metrics") or {})


def _bounds(result: Body) -> dict[str, Any] | None:
    """The box as GeoJSON."""
    if (found := result.get("bounds")) is None:
        return None
    corners = found["top_left"], found["bottom_right"]
    (left, top), (right, bottom) = ((each["lon"], each["lat"]) for each in corners)
    if (left, top) == (right, bottom):
        return {"type": "point", "coordinates": [left, top]}
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    return {"type": "polygon", "coordinates": [ring]}


_SHAPES: Mapping[str, Callable[[Body], Any]] = {
    "percentiles": _percentiles,
    "top_metrics": _top,
    "geo_bounds": _bounds,
    "geo_centroid": lambda result: result.get("location"),
    "stats": lambda result: {name: result[name] for name in _STATS if name in result},
    "extended_stats": lambda result: {name: result[name] for name in _STATS if name in result},
}
