"""Aggregations over the results of others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.ingest.painless import Script
from connote.search.aggs import order as orders
from connote.search.aggs.base import GAPS, PARENTS, SIBLINGS, Base
from connote.search.aggs.calendar import Interval
from connote.search.aggs.formats import Format
from connote.search.aggs.metrics import extended, listed, stats, total
from connote.search.aggs.options import Options
from connote.search.aggs.series import METHODS, Growing, Moving, MovingPercentiles, Normal
from connote.search.aggs.tree import Agg, Bucket
from connote.search.write.script import read

KINDS = SIBLINGS + PARENTS


@dataclass(frozen=True, kw_only=True)
class Sibling(Base):
    """avg_bucket and the like: over the buckets of an aggregation beside it."""

    path: str
    percents: Sequence[float] = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
    sigma: float = 2.0
    is_keyed: bool = True

    def used(self) -> Iterable[str]:
        """The path."""
        return [self.path]

    def of(self, results: Mapping[str, Any]) -> dict[str, Any]:
        """The figure over all buckets."""
        first, _, rest = self.path.replace("._count", ">_count").partition(">")
        below = results.get(first)
        while isinstance(below, Mapping) and "buckets" not in below:  # down through those with one bucket
            first, _, rest = rest.partition(">")
            below = below.get(first)
        if not isinstance(below, Mapping):
            raise IllegalArgument(f"No aggregation found for path [{self.path}]")
        buckets = below["buckets"]
        pairs = buckets.items() if isinstance(buckets, Mapping) else ((_key(each), each) for each in buckets)
        found = [(key, figure) for key, each in pairs if (figure := self.figure(each, rest or "_count")) is not None]
        return self._result([key for key, _ in found], np.array([figure for _, figure in found], dtype=np.float64))

    def _result(self, keys: Sequence[Any], values: Any) -> dict[str, Any]:  # noqa: ANN401 (float64)
        if self.kind == "stats_bucket":
            return stats(values, self.form)
        if self.kind == "extended_stats_bucket":
            return extended(values, self.form, self.sigma)
        if self.kind == "percentiles_bucket":
            return self._percentiles(np.sort(values))
        if self.kind in ("min_bucket", "max_bucket"):
            best = None if not len(values) else float(values.max() if self.kind == "max_bucket" else values.min())
            named = [str(key) for key, own in zip(keys, values, strict=True) if own == best]
            return {**self.form.figure(best), "keys": named}
        sum_ = total(values)
        return self.form.figure(sum_ if self.kind == "sum_bucket" else sum_ / len(values) if len(values) else None)

    def _percentiles(self, ordered: Any) -> dict[str, Any]:  # noqa: ANN401 (float64)
        """The nearest figures that are there, as in Elasticsearch; between two the greater."""
        places = np.floor(np.asarray(self.percents) / 100 * (len(ordered) - 1) + 0.5).astype(int).tolist()
        shown = [float(ordered[place]) if len(ordered) else None for place in places]
        return {"values": listed(self.percents, shown, self.form, is_keyed=self.is_keyed)}


def _key(bucket: Bucket) -> Any:  # noqa: ANN401
    return bucket.get("key_as_string", bucket.get("key"))


@dataclass(frozen=True, kw_only=True)
class Running(Base):
    """derivative, serial_diff, cumulative_sum: from one bucket of a histogram to the next."""

    path: str
    lag: int = 1
    unit: float | None = None

    def used(self) -> Iterable[str]:
        """The path."""
        return [self.path]

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets, each with its figure where there is one."""
        figures = [self.figure(each, self.path) for each in buckets]
        made, sum_ = list[Bucket](), 0.0
        for number, (bucket, own) in enumerate(zip(buckets, figures, strict=True)):
            if self.kind == "cumulative_sum":
                sum_ += own or 0.0
                made.append({**bucket, self.name: self.form.figure(sum_)})
                continue
            before = self._before(figures, number)
            if own is None or before is None:
                made.append(bucket)
                continue
            place, value = before
            shown = self.form.figure(own - value)
            if self.unit:
                shown["normalized_value"] = (own - value) / ((bucket["key"] - buckets[place]["key"]) / self.unit)
            made.append({**bucket, self.name: shown})
        return made

    def _before(self, figures: Sequence[float | None], number: int) -> tuple[int, float] | None:
        """The figure to compare with: `lag` buckets before, or for a derivative the last that there was."""
        place = number - self.lag
        while self.kind == "derivative" and place >= 0 and figures[place] is None:
            place -= 1
        value = figures[place] if place >= 0 else None
        return None if value is None else (place, value)


@dataclass(frozen=True, kw_only=True)
class Sorting(Base):
    """bucket_sort: the buckets in another order, and some of them."""

    order: Sequence[tuple[str, bool]]
    start: int = 0
    size: int | None = None

    def used(self) -> Iterable[str]:
        """All paths."""
        return [path for path, _ in self.order]

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets of that page; those without a figure are left out, if gaps are."""
        kept = buckets
        if self.gap == "skip":
            kept = [each for each in kept if all(self.at(each, path) is not None for path, _ in self.order)]
        found = orders.ordered(kept, self.order, self.at)
        return found[self.start : None if self.size is None else self.start + self.size]


@dataclass(frozen=True, kw_only=True)
class Scripted(Base):
    """bucket_selector keeps the buckets for which a script holds; bucket_script gives each a figure."""

    script: Script
    params: Mapping[str, Any]
    paths: Mapping[str, str]

    def used(self) -> Iterable[str]:
        """All paths."""
        return self.paths.values()

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets that are left, or with their figures."""
        made = list[Bucket]()
        for bucket in buckets:
            figures = {name: self.figure(bucket, path) for name, path in self.paths.items()}
            if self.kind == "bucket_selector":
                known = {name: float("nan") if own is None else own for name, own in figures.items()}
                if self.script.test(params={**self.params, **known}):
                    made.append(bucket)
                continue
            if any(own is None for own in figures.values()):
                made.append(bucket)
                continue
            found = self.script.run(params={**self.params, **figures})
            if not isinstance(found, int | float) or isinstance(found, bool):
                raise IllegalArgument(f"series_arithmetic script for reducer [{self.name}] must return a Number")
            made.append({**bucket, self.name: self.form.figure(float(found))})
        return made


def parse(name: str, kind: str, given: Any) -> Base:  # noqa: ANN401 (JSON)
    """A pipeline of its parameters. Raises BadQuery, IllegalArgument."""
    body = Options(kind, given)
    gap, pattern = body.text("gap_policy") or "skip", body.text("format")
    if gap not in GAPS:
        raise BadQuery(f"Invalid gap policy: [{gap}], accepted values: {list(GAPS)}")
    common: dict[str, Any] = {"name": name, "kind": kind, "gap": gap}
    if pattern is not None:
        common["form"] = Format(None, pattern)
        common["form"].text(0.0)
    if kind in SIBLINGS:
        made: Base = _sibling(body, common)
    elif kind == "bucket_sort":
        made = _sorting(body, common)
    elif kind in ("bucket_selector", "bucket_script"):
        made = _scripted(body, common)
    elif kind == "moving_fn":
        made = _moving(body, common)
    elif kind == "moving_percentiles":
        made = MovingPercentiles(path=_path(body), window=_window(body), shift=body.whole("shift", 0), **common)
    elif kind == "normalize":
        made = Normal(path=_path(body), method=_method(body), **common)
    elif kind == "cumulative_cardinality":
        made = Growing(path=_path(body), **common)
    else:
        made = Running(
            path=_path(body), lag=body.size("lag", 1) if kind == "serial_diff" else 1, unit=_unit(body), **common
        )
    body.done()
    return made


def in_order(given: Sequence[Base], nodes: Sequence[Agg]) -> list[Base]:
    """Those of one level, each behind those that it is of. Raises IllegalArgument for a circle."""
    names = frozenset(each.name for each in given if each.is_parent)
    inner = {node.name: frozenset(each.name for each in node.subs.pipelines) for node in nodes}
    left, found = list(given), list[Base]()
    while left:
        waiting = {each.name for each in left}
        ready = [each for each in left if not each.uses & waiting]
        if not ready:
            raise IllegalArgument(f"Cycle found with pipeline aggregators {sorted(waiting)}")
        found += ready
        left = [each for each in left if each.uses & waiting]
    return [
        replace(each, beside=names if each.is_parent else frozenset().union(*(inner.get(own, ()) for own in each.uses)))
        for each in found
    ]


def _sibling(body: Options, common: Mapping[str, Any]) -> Sibling:
    percents = body.raw("percents")
    if percents is not None and not (
        isinstance(percents, list) and all(type(each) in (int, float) and 0 <= each <= 100 for each in percents)
    ):
        raise IllegalArgument(f"[percents] must be numbers from 0 to 100, not [{java(percents)[:100]}]")
    is_keyed = body.flag("keyed", default=True)
    own: dict[str, Any] = {} if percents is None else {"percents": [float(each) for each in percents]}
    return Sibling(path=_path(body), sigma=body.number("sigma", 2.0), is_keyed=is_keyed, **own, **common)


def _sorting(body: Options, common: Mapping[str, Any]) -> Sorting:
    given, start = body.raw("sort", []), body.whole("from", 0)
    size = body.size("size", 1) if "size" in body else None
    if start < 0:
        raise IllegalArgument(f"[from] must be a non-negative integer: [{start}]")
    order = list[tuple[str, bool]]()
    for each in given if isinstance(given, list) else [given]:
        pairs = each if isinstance(each, Mapping) else {each: "asc"}
        for path, how in pairs.items():
            direction = how.get("order", "asc") if isinstance(how, Mapping) else how
            if direction not in ("asc", "desc"):
                raise BadQuery(f"Unknown SortOrder [{java(direction)}]")
            order.append((str(path), direction == "desc"))
    return Sorting(order=order, start=start, size=size, **common)


def _moving(body: Options, common: Mapping[str, Any]) -> Moving:
    window, (script, params) = _window(body), _script(body, ("params", "values"))
    return Moving(path=_path(body), script=script, params=params, window=window, shift=body.whole("shift", 0), **common)


def _window(body: Options) -> int:
    window = body.whole("window", 0)
    if window <= 0:
        raise IllegalArgument(f"[window] must be a positive, non-zero integer, not [{window}] ({body.kind})")
    return window


def _method(body: Options) -> str:
    found = body.required("method", str)
    if found not in METHODS:
        raise IllegalArgument(f"invalid method [{found}]; known are [{', '.join(METHODS)}]")
    return found


def _scripted(body: Options, common: Mapping[str, Any]) -> Scripted:
    paths = body.raw("buckets_path")
    if isinstance(paths, str):
        paths = {"_value": paths}
    if not isinstance(paths, dict) or not all(isinstance(each, str) for each in paths.values()):
        raise BadQuery(f"[{body.kind}] [buckets_path] must be an object of paths")
    script, params = _script(body, ("params",))
    return Scripted(script=script, params=params, paths=paths, **common)


def _script(body: Options, names: tuple[str, ...]) -> tuple[Script, Mapping[str, Any]]:
    """The script and its parameters. Raises BadScript, BadQuery, NotFound, Unparsable, IllegalArgument."""
    given = body.raw("script")
    if given is None:
        raise BadQuery(f"[{body.kind}] requires a [script] with a source")
    if isinstance(given, Mapping) and given.get("lang") == "expression":
        given = {**given, "lang": "painless"}
    return read(given, names)


def _path(body: Options) -> str:
    given = body.raw("buckets_path")
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, str):
        raise BadQuery(f"Required one of fields [buckets_path], but none were specified. ({body.kind})")
    return given


def _unit(body: Options) -> float | None:
    text = body.text("unit")
    if text is None:
        return None
    try:
        return float(Interval.fixed(text).length)
    except IllegalArgument:
        return float(_UNITS[Interval.calendar(text).unit or "day"])


_UNITS: Mapping[str, int] = {
    "second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 604_800_000, "month": 2_592_000_000,
    "quarter": 7_776_000_000, "year": 31_536_000_000,
}  # fmt: skip
