"""function_score: scores changed by functions of a document's values.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-function-score-query
"""

import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from connote.contract import dates, durations
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.clauses import MODES, single
from connote.search.engine.arrays import Mask
from connote.search.engine.fields import Points
from connote.search.engine.segment import Segment, Table
from connote.search.mapping.date import Date
from connote.search.mapping.distances import metres
from connote.search.mapping.geo import GeoPoint, point
from connote.search.mapping.number import Number
from connote.search.query.body import Body
from connote.search.query.chance import chances
from connote.search.query.decay import decayed
from connote.search.query.geo import haversine
from connote.search.query.overlaps import check_single
from connote.search.query.query import Asks, Explanation, Hits, MatchAll, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.script import Scripted

Doubles = NDArray[np.float64]
SCORE_MODES = ("multiply", "sum", "avg", "first", "max", "min")
BOOST_MODES = ("multiply", "replace", "sum", "avg", "max", "min")
_MODIFIERS: Mapping[str, Callable[[Doubles], Doubles]] = {
    "none": lambda x: x,
    "log": np.log10,
    "log1p": lambda x: np.log10(x + 1),
    "log2p": lambda x: np.log10(x + 2),
    "ln": np.log,
    "ln1p": np.log1p,
    "ln2p": lambda x: np.log1p(x + 1),
    "square": np.square,
    "sqrt": np.sqrt,
    "reciprocal": lambda x: 1 / x,
}


class Function(Protocol):
    """A factor for every document."""

    def values(self, table: Table, scores: Doubles, wanted: Mask) -> Doubles:
        """float64 [size], of meaning only for the documents that are wanted."""
        ...


@dataclass(frozen=True)
class _One:
    """A weight alone."""

    def values(self, table: Table, scores: Doubles, wanted: Mask) -> Doubles:  # noqa: ARG002
        return np.ones(table.size)


@dataclass(frozen=True)
class _FieldValue:
    """field_value_factor."""

    field: str
    factor: float
    modifier: str
    missing: float | None

    def values(self, table: Table, scores: Doubles, wanted: Mask) -> Doubles:  # noqa: ARG002
        found = first(table, self.field)
        if self.missing is not None:
            found = np.where(np.isnan(found), self.missing, found)
        elif np.isnan(found[wanted]).any():
            raise IllegalArgument(f"Missing value for field [{self.field}]")
        with np.errstate(all="ignore"):
            return _MODIFIERS[self.modifier](found * self.factor)


@dataclass(frozen=True)
class _Random:
    """random_score: the same for the same seed, field and document."""

    seed: int
    field: str | None

    def values(self, table: Table, scores: Doubles, wanted: Mask) -> Doubles:  # noqa: ARG002
        own = (table.seqs if isinstance(table, Segment) else np.arange(table.size)).astype(np.uint64)
        if self.field not in (None, "_seq_no"):
            found = first(table, str(self.field))
            own = np.where(np.isnan(found), 0, found).astype(np.int64).astype(np.uint64)
        return chances(own, self.seed)


@dataclass(frozen=True)
class _Decay:
    """gauss, exp or linear: the farther from the origin, the less."""

    field: str
    shape: str
    origin: float | tuple[float, float]
    scale: float
    offset: float
    decay: float
    mode: str

    def values(self, table: Table, scores: Doubles, wanted: Mask) -> Doubles:  # noqa: ARG002
        away = self._distances(table)
        made = decayed(self.shape, away, self.scale, self.decay)
        return np.where(np.isnan(away), 1.0, made)  # without a value nothing is taken away

    def _distances(self, table: Table) -> Doubles:
        """float64 [size]: from the origin beyond the offset, NaN without a value."""
        owned = table.points(self.field) if isinstance(self.origin, tuple) else table.numbers(self.field)
        if owned is None:
            return np.full(table.size, np.nan)
        if isinstance(owned, Points):
            lat, lon = cast("tuple[float, float]", self.origin)
            away = haversine(owned.latitudes, owned.longitudes, lat, lon)
        else:
            away = np.abs(owned.values.astype(np.float64) - cast("float", self.origin))
        return single(np.maximum(away - self.offset, 0), owned.owners, self.mode)


@dataclass(frozen=True)
class _Part:
    """One function with its filter and weight."""

    given: Mapping[str, Any]
    query: Query | None
    weight: float | None


@dataclass(frozen=True)
class FunctionWeight:
    """A query's scores with what functions make of them."""

    inner: Weight
    functions: Sequence[tuple[Function, Weight | None, float]]
    score_mode: str
    boost_mode: str
    most: float
    least: float | None
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """The query's documents, without those below `min_score`."""
        hits = self.inner.run(table, scored=scored or self.least is not None)
        if not scored and self.least is None:
            return hits
        points = hits.points().astype(np.float64) * self.boost
        # What is deleted, or held back, makes no function fail.
        wanted = hits.mask & table.live if isinstance(table, Segment) else hits.mask
        factors = self._factors(table, points, wanted)
        made = self._joined(points, np.minimum(factors, self.most))
        if np.isnan(made[wanted]).any() or (made[wanted] < 0).any():
            raise IllegalArgument(
                "function score query returned an invalid score: it must be a non-negative number; for documents "
                "without "
                "a value give [missing]"
            )
        with np.errstate(over="ignore"):
            told = made.astype(np.float32)
        return Hits(hits.mask if self.least is None else hits.mask & (told >= np.float32(self.least)), told)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The query, and the factor."""
        inner, hits = self.inner.explain(table, document), self.run(table, scored=True)
        if inner is None or not hits.mask[document]:
            return None
        points = self.inner.run(table, scored=True).points().astype(np.float64) * self.boost
        only = np.arange(table.size) == document
        value = float(self._factors(table, points, only)[document])
        factor = Explanation(value, f"function score, score mode [{self.score_mode}]")
        return Explanation(float(hits.points()[document]), f"function score, {self.boost_mode} of:", [inner, factor])

    def _factors(self, table: Table, points: Doubles, wanted: Mask) -> Doubles:
        """float64 [size]: the functions together, of the documents that are wanted; 1 where none applies."""
        total = np.full(table.size, _START[self.score_mode])
        weights, seen = np.zeros(table.size), np.zeros(table.size, dtype=np.bool_)
        for function, among, weight in self.functions:
            mask = wanted if among is None else wanted & among.run(table, scored=False).mask
            values = function.values(table, points, mask) * weight
            if self.score_mode == "first":
                mask = mask & ~seen
                total = np.where(mask, values, total)
            else:
                total = np.where(mask, _JOIN[self.score_mode](total, values), total)
                weights += np.where(mask, weight, 0)
            seen |= mask
        if self.score_mode == "avg":
            with np.errstate(all="ignore"):
                total = total / weights
        return np.where(seen, total, 1.0)

    def _joined(self, points: Doubles, factors: Doubles) -> Doubles:
        if not self.functions:
            return points
        if self.boost_mode == "replace":
            return factors
        if self.boost_mode == "avg":
            return (points + factors) / 2
        return _JOIN[self.boost_mode](points, factors)


_START = {"multiply": 1.0, "sum": 0.0, "avg": 0.0, "first": 1.0, "max": -np.inf, "min": np.inf}
_JOIN: Mapping[str, Callable[[Doubles, Doubles], Doubles]] = {
    "multiply": np.multiply,
    "sum": np.add,
    "avg": np.add,
    "max": np.maximum,
    "min": np.minimum,
}


@dataclass(frozen=True, kw_only=True)
class FunctionScore(Query):
    """A query, and functions that change its scores."""

    inner: Query
    functions: Sequence[_Part]
    score_mode: str = "multiply"
    boost_mode: str = "multiply"
    most: float = float(np.finfo(np.float32).max)
    least: float | None = None

    @classmethod
    def parse(cls, given: Any, parse: Callable[[Any], Query]) -> Query:  # noqa: ANN401 (JSON)
        """`{"query": {…}, "functions": [{"filter": {…}, "weight": 2}, …]}`, or one function beside the query."""
        body = Body("function_score", given)
        query, listed = body.raw("query"), body.raw("functions")
        modes: dict[str, Any] = {}
        for name, allowed in (("score_mode", SCORE_MODES), ("boost_mode", BOOST_MODES)):
            modes[name] = (body.text(name) or "multiply").lower()
            if modes[name] not in allowed:
                raise IllegalArgument(f"No enum constant for [{name}] [{modes[name]}]; it is one of {list(allowed)}")
        least = body.number("min_score", 0) if "min_score" in body else None
        made = cls(
            inner=MatchAll() if query is None else parse(query),
            most=body.number("max_boost", float(np.finfo(np.float32).max)),
            least=least,
            functions=(),
            **modes,
            **body.common(),
        )
        alone = {name: body.raw(name) for name in body.names()}
        if listed is not None and alone:
            raise BadQuery(
                "failed to parse [function_score] query. already found [functions] array, now encountering "
                "another function"
            )
        if listed is not None and not isinstance(listed, list):
            raise BadQuery("failed to parse [function_score] query. [functions] must be an array")
        parts = [_part(each, parse) for each in ([alone] if listed is None and alone else listed or [])]
        return replace(made, functions=parts)

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """The query, and every filter."""
        parts = [
            replace(part, query=await part.query.rewritten(asks, reader)) if part.query else part
            for part in self.functions
        ]
        return replace(self, inner=await self.inner.rewritten(asks, reader), functions=parts)

    def weigh(self, reader: Reader) -> Weight:
        """With the functions on the index's fields."""
        reader.check_whole("function_score")
        functions = [
            (
                _function(part.given, reader),
                None if part.query is None else part.query.weigh(reader),
                1.0 if part.weight is None else part.weight,
            )
            for part in self.functions
        ]
        inner = self.inner.weigh(reader)
        return FunctionWeight(inner, functions, self.score_mode, self.boost_mode, self.most, self.least, self.boost)

    def parts(self) -> Sequence[Query]:
        """The query and the filters."""
        return (self.inner, *(part.query for part in self.functions if part.query is not None))


def first(table: Table, field: str) -> Doubles:
    """float64 [size]: the first value of each document, NaN without one."""
    numbers = table.numbers(field)
    found = np.full(table.size, np.nan)
    if numbers is not None:
        some = numbers.owners.exists
        found[some] = numbers.values[numbers.owners.starts[:-1][some]]
    return found


_KINDS = ("field_value_factor", "random_score", "script_score", "gauss", "exp", "linear")


def _part(given: Any, parse: Callable[[Any], Query]) -> _Part:  # noqa: ANN401
    if not isinstance(given, Mapping):
        raise BadQuery("failed to parse [function_score] query. a function must be an object")
    rest = dict(given)
    among, weight = rest.pop("filter", None), rest.pop("weight", None)
    rest.pop("_name", None)
    if weight is not None and (isinstance(weight, bool) or not isinstance(weight, int | float)):
        raise BadQuery(f"[function_score] [weight] must be a number, not [{java(weight)}]")
    if len(rest) > 1 or (rest and next(iter(rest)) not in _KINDS):
        raise BadQuery(f"failed to parse [function_score] query. field [{next(iter(rest))}] is not supported")
    if not rest and weight is None:
        raise BadQuery("failed to parse [function_score] query. an entry in functions list is missing a function.")
    return _Part(rest, None if among is None else parse(among), weight)


def _function(given: Mapping[str, Any], reader: Reader) -> Function:
    if not given:
        return _One()
    ((kind, value),) = given.items()
    if kind == "field_value_factor":
        return _field_value(value, reader)
    if kind == "random_score":
        body = Body(kind, value)
        seed, name = body.raw("seed"), body.text("field")
        body.done()
        field = None if name in (None, "_seq_no") else reader.field(name)
        return _Random(_seed(seed), name if field is None else field.name)
    if kind == "script_score":
        body = Body(kind, value)
        script = body.required("script", lambda found: found)
        body.done()
        return Scripted.of(script, reader)
    return _decay(kind, value, reader)


def _seed(given: Any) -> int:  # noqa: ANN401
    """A seed as a number; without one every search has its own."""
    if given is None:
        return random.getrandbits(32)
    try:
        return int(given)
    except (TypeError, ValueError, OverflowError):
        return zlib.crc32(str(given).encode(errors="surrogatepass"))


def _field_value(value: Any, reader: Reader) -> Function:  # noqa: ANN401
    body = Body("field_value_factor", value)
    name = body.required("field", str)
    modifier = (body.text("modifier") or "none").lower()
    if modifier not in _MODIFIERS:
        raise IllegalArgument(f"No enum constant for field_value_factor's [modifier] [{modifier}]")
    missing, factor = (body.number("missing", 0) if "missing" in body else None), body.number("factor", 1.0)
    body.done()
    field = reader.field(name)
    if field is None and missing is None:
        raise IllegalArgument(f"Unable to find a field mapper for field [{name}]. No 'missing' value defined.")
    check_single(field)
    return _FieldValue(field.name if field else name, factor, modifier, missing)


def _decay(kind: str, value: Any, reader: Reader) -> Function:  # noqa: ANN401
    body = Body(kind, value)
    mode = (body.text("multi_value_mode") or "min").lower()
    names = body.names()
    if len(names) != 1:
        raise BadQuery(f"[{kind}] needs exactly one field, found {names}")
    own = Body(kind, body.raw(names[0]))
    field = reader.field(names[0])
    if field is None:
        raise BadQuery(f"unknown field [{names[0]}]")
    decay = own.number("decay", 0.5)
    if not 0 < decay < 1:
        raise IllegalArgument(f"{kind} [decay] must be in the range (0..1).")
    origin, scale, offset = own.raw("origin"), own.required("scale", lambda found: found), own.raw("offset", 0)
    own.done()
    try:
        middle, far, near = _measures(field, origin, scale, offset)
    except ConnoteError as error:
        raise BadQuery(f"[{kind}] of [{names[0]}]: {error.reason}") from None
    except (TypeError, ValueError):
        raise BadQuery(f"[{kind}] of [{names[0]}]: [scale] and [offset] must be numbers") from None
    if not 0 < far < float("inf"):
        raise IllegalArgument(f"{kind} [scale] must be > 0.")
    return _Decay(field.name, kind, middle, far, near, decay, mode if mode in MODES else "min")


def _measures(field: Any, origin: Any, scale: Any, offset: Any) -> tuple[float | tuple[float, float], float, float]:  # noqa: ANN401
    """The origin, the scale and the offset as numbers: metres for places, milliseconds for dates."""
    if isinstance(field, GeoPoint):
        return point(origin), metres(scale), metres(offset)
    if isinstance(field, Date):
        now = dates.maths(str(origin) if origin is not None else "now", field["format"])
        spans = [durations.seconds(str(each)) or 0.0 if each else 0.0 for each in (scale, offset)]
        return float(now), *(timedelta(seconds=span) / timedelta(milliseconds=1) for span in spans)  # type: ignore[return-value]
    if isinstance(field, Number):
        return float(field.plain(origin)), float(scale), float(offset)
    raise IllegalArgument(f"field [{field.name}] is of type [{field.kind}], but only numeric types are supported.")
