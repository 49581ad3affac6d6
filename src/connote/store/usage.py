"""What endpoints were used for: figures by month, endpoint and API key."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from connote.store.database import usage


class Row(NamedTuple):
    """What figures are of. `month` is such as 2026-11, `key` the name of an API key, `currency` empty if untold."""

    month: str
    inference_id: str
    key: str
    currency: str


@dataclass
class Figures:
    """Requests, those of them that failed and those whose cost is not known, tokens, and the cost that is known."""

    requests: int = 0
    errors: int = 0
    unpriced: int = 0
    read: int = 0
    written: int = 0
    cost: float | None = None

    def add(self, other: "Figures") -> None:
        """Count the other's in."""
        self.requests += other.requests
        self.errors += other.errors
        self.unpriced += other.unpriced
        self.read += other.read
        self.written += other.written
        if other.cost is not None:
            self.cost = (self.cost or 0.0) + other.cost


class UsageStore:
    """Adds to figures and reads them; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, figures: Mapping[Row, Figures]) -> None:
        """Count these in."""
        written = upsert(usage)
        before, new = usage.c, written.excluded
        sums = {name: before[name] + new[name] for name in ("requests", "errors", "unpriced", "read", "written")}
        cost = func.coalesce(before.cost + new.cost, before.cost, new.cost)
        changed = written.on_conflict_do_update(index_elements=list(Row._fields), set_=sums | {"cost": cost})
        with self._engine.begin() as connection:
            connection.execute(changed, [row._asdict() | asdict(each) for row, each in figures.items()])

    def read(
        self, *, month: str | None = None, inference_id: str | None = None, key: str | None = None
    ) -> dict[Row, Figures]:
        """The figures, in order; only those of a month, endpoint and key if they are given."""
        wanted = {"month": month, "inference_id": inference_id, "key": key}
        query = select(usage).order_by(*(usage.c[name] for name in Row._fields))
        for name, value in wanted.items():
            if value is not None:
                query = query.where(usage.c[name] == value)
        with self._engine.connect() as connection:
            found = [dict(row._mapping) for row in connection.execute(query)]
        return {Row(*(values.pop(name) for name in Row._fields)): Figures(**values) for values in found}
