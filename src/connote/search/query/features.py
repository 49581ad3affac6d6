"""Queries that lift documents by one of their values: rank_feature and distance_feature.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-rank-feature-query
https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-distance-feature-query
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract import dates, durations
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.search.clauses import single
from connote.search.engine.segment import Table
from connote.search.mapping import number
from connote.search.mapping.date import Date
from connote.search.mapping.distances import metres
from connote.search.mapping.geo import GeoPoint, point
from connote.search.mapping.text import scalar
from connote.search.mapping.vectors import RankFeatures
from connote.search.query.body import Body
from connote.search.query.geo import haversine
from connote.search.query.query import Explanation, Hits, MatchNone, Query, Weight
from connote.search.query.reader import Reader

Doubles = NDArray[np.float64]
Curve = Callable[[Doubles], Doubles]
_KINDS = ("saturation", "log", "sigmoid", "linear")
_DROPPED = 15  # what Lucene drops of a float32's bits where it estimates an average


@dataclass(frozen=True)
class ValueWeight:
    """Documents with a value, and a score made of it. `values` gives float64 [size], NaN without one."""

    values: Callable[[Table], Doubles]
    curve: Curve
    boost: float
    told: str

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has a value."""
        values = self.values(table)
        mask = ~np.isnan(values)
        if not scored:
            return Hits(mask)
        with np.errstate(all="ignore"):
            return Hits(mask, np.where(mask, self.curve(values) * self.boost, 0).astype(np.float32))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The value and the score."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        value = Explanation(float(self.values(table)[document]), "value")
        return Explanation(float(hits.points()[document]), self.told, [value, Explanation(self.boost, "boost")])


@dataclass(frozen=True, kw_only=True)
class RankFeature(Query):
    """A rank_feature, or one of a field of rank_features, by a curve."""

    field: str
    kind: str = "saturation"
    params: Mapping[str, float]

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"field": "pagerank", "saturation": {"pivot": 8}}`, or `log`, `sigmoid`, `linear`."""
        body = Body("rank_feature", given)
        field, common = body.required("field", str), body.common()
        kinds = [name for name in _KINDS if name in body]
        if len(kinds) > 1:
            raise IllegalArgument("Can only specify one of [log], [saturation], [sigmoid] and [linear]")
        kind = kinds[0] if kinds else "saturation"
        own = Body(kind, body.raw(kind, {}) if kinds else {})
        needed = {"log": ("scaling_factor",), "sigmoid": ("pivot", "exponent")}.get(kind, ())
        names = (*needed, "pivot") if kind == "saturation" and "pivot" in own else needed
        for name in names:
            if name not in own:
                raise IllegalArgument(f"[{kind}] requires [{name}]")
        params = {name: own.number(name, 0) for name in names}
        own.done()
        body.done()
        if any(value <= 0 for value in params.values()):
            raise IllegalArgument(f"[{kind}] {list(params)} must be above 0")
        return cls(field=field, kind=kind, params=params, **common)

    def weigh(self, reader: Reader) -> Weight:
        """The curve of the value; where a low value is a good one, of its inverse."""
        values, is_positive = self._values(reader)
        if values is None:
            return MatchNone().weigh(reader)
        if not is_positive and self.kind in ("log", "linear"):
            raise IllegalArgument(
                f"Cannot use the [{self.kind}] function with a field that has a negative score impact as it would "
                f"trigger "
                "negative scores"
            )
        curve = self._curve(values, reader)
        if not is_positive:
            return ValueWeight(values, lambda own: 1 - curve(own), self.boost, f"{self.kind} of [{self.field}]")
        return ValueWeight(values, curve, self.boost, f"{self.kind} of [{self.field}]")

    def _values(self, reader: Reader) -> tuple[Callable[[Table], Doubles] | None, bool]:
        field = reader.field(self.field)
        if isinstance(field, number.RankFeature):
            name = field.name
            return lambda table: _first(table, name), bool(field["positive_score_impact"])
        above, _, feature = self.field.rpartition(".")
        features = reader.field(above)
        if isinstance(features, RankFeatures):
            own = features.name
            return lambda table: _feature(table, own, feature), bool(features["positive_score_impact"])
        if field is None:
            return None, True
        raise IllegalArgument(
            "[rank_feature] query only works on [rank_feature] fields and features of [rank_features] fields, not "
            f"[{field.kind}]"
        )

    def _curve(self, values: Callable[[Table], Doubles], reader: Reader) -> Curve:
        if self.kind == "linear":
            return lambda own: own
        if self.kind == "log":
            return lambda own: np.log(self.params["scaling_factor"] + own)
        if self.kind == "sigmoid":
            power = self.params["exponent"]
            return lambda own: own**power / (own**power + self.params["pivot"] ** power)
        pivot = self.params.get("pivot") or _middle([values(table) for table in reader.tables])
        return lambda own: own / (own + pivot)


def _first(table: Table, name: str) -> Doubles:
    found, view = np.full(table.size, np.nan), table.numbers(name)
    if view is not None:
        some = view.owners.exists
        found[some] = view.values[view.owners.starts[:-1][some]]
    return found


def _feature(table: Table, name: str, feature: str) -> Doubles:
    found, view = np.full(table.size, np.nan), table.sparse(name)
    if view is not None:
        postings = view.postings(feature)
        found[view.owners.numbers[postings.docs]] = postings.values
    return found


def _middle(columns: Sequence[Doubles]) -> float:
    """The pivot where none is given: as Lucene estimates the geometric mean, by the average of the floats' bits."""
    values = np.concatenate([each[~np.isnan(each)] for each in columns]) if columns else np.zeros(0)
    if not len(values):
        return 1.0
    bits = values.astype(np.float32).view(np.int32) >> _DROPPED
    middle = np.array([int(bits.mean()) << _DROPPED], dtype=np.int32)
    return float(middle.view(np.float32)[0])


@dataclass(frozen=True, kw_only=True)
class DistanceFeature(Query):
    """Dates and places by their nearness: pivot / (pivot + distance)."""

    field: str
    origin: Any
    pivot: Any

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"field": "day", "origin": "now", "pivot": "7d"}`."""
        body = Body("distance_feature", given)
        origin, pivot = (body.required(name, lambda value: value) for name in ("origin", "pivot"))
        made = cls(field=body.required("field", str), origin=origin, pivot=pivot, **body.common())
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """The nearest value of a document counts."""
        field = reader.field(self.field)
        if field is None:
            return MatchNone().weigh(reader)
        if not isinstance(field, Date | GeoPoint):
            raise IllegalArgument(
                f"Illegal data type of [{field.kind}]![distance_feature] query can only be run on "
                f"a date, date_nanos or "
                "geo_point field type!"
            )
        try:
            values, pivot = self._dates(field) if isinstance(field, Date) else self._places(field)
        except (ConnoteError, TypeError) as error:
            reason = error.reason if isinstance(error, ConnoteError) else "it is of another type"
            raise BadQuery(f"[distance_feature] [origin] or [pivot] of [{self.field}]: {reason}") from None
        if not pivot > 0:
            raise IllegalArgument("[distance_feature] [pivot] must be above 0")
        return ValueWeight(values, lambda away: pivot / (pivot + away), self.boost, f"nearness of [{self.field}]")

    def _dates(self, field: Date) -> tuple[Callable[[Table], Doubles], float]:
        origin = dates.maths(scalar(self.origin), field["format"])
        pivot = (durations.seconds(str(self.pivot)) or 0) * 1000

        def values(table: Table) -> Doubles:
            view = table.numbers(field.name)
            if view is None:
                return np.full(table.size, np.nan)
            return single(np.abs(view.values.astype(np.float64) - origin), view.owners, "min")

        return values, pivot

    def _places(self, field: GeoPoint) -> tuple[Callable[[Table], Doubles], float]:
        (lat, lon), pivot = point(self.origin), metres(self.pivot)

        def values(table: Table) -> Doubles:
            view = table.points(field.name)
            if view is None:
                return np.full(table.size, np.nan)
            return single(haversine(view.latitudes, view.longitudes, lat, lon), view.owners, "min")

        return values, pivot
