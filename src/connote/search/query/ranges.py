"""Values between bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.query.body import one_field
from connote.search.query.overlaps import RELATIONS
from connote.search.query.query import Constant, MatchNone, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.values import Bounds, between


@dataclass(frozen=True, kw_only=True)
class Range(Query):
    """`low` and `high` with whether they are in it themselves."""

    field: str
    low: Any = None
    high: Any = None
    with_low: bool = True
    with_high: bool = True
    format: str | None = None
    zone: str | None = None
    relation: str = RELATIONS[0]

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"price": {"gte": 1, "lt": 5}}`, or with the older from, to, include_lower, include_upper."""
        if isinstance(given, Mapping) and any(
            not isinstance(value, Mapping) for name, value in given.items() if name not in ("boost", "_name")
        ):
            wrong = next(name for name, value in given.items() if not isinstance(value, Mapping))
            raise BadQuery(f"[range] query does not support [{wrong}]")
        field, body, _ = one_field("range", given, "gte")
        bounds: dict[str, Any] = {
            "low": body.raw("from"),
            "high": body.raw("to"),
            "with_low": body.flag("include_lower", default=True),
            "with_high": body.flag("include_upper", default=True),
        }
        for name, side, included in (
            ("gt", "low", False),
            ("gte", "low", True),
            ("lt", "high", False),
            ("lte", "high", True),
        ):
            if name in body:
                bounds[side], bounds[f"with_{side}"] = body.raw(name), included
        for side in ("low", "high"):
            if isinstance(bounds[side], Mapping | list):
                raise BadQuery(f"[range] bounds of [{field}] must be single values, not [{java(bounds[side])[:100]}]")
        bounds["relation"] = (body.text("relation") or RELATIONS[0]).lower()
        if bounds["relation"] not in RELATIONS:
            raise IllegalArgument(f"{bounds['relation'][:100]} is not a valid relation")
        made = cls(field=field, format=body.text("format"), zone=body.text("time_zone"), **bounds, **body.common())
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """All score the boost."""
        field = reader.field(self.field)
        if field is None:
            return MatchNone().weigh(reader)
        bounds = Bounds(self.low, self.high, self.with_low, self.with_high)
        find = between(field, bounds, self.format, self.zone, self.relation)
        return Constant(find, self.boost, f"{self.field}:[{self.low} TO {self.high}]")
