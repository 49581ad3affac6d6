"""Things that are kept as JSON by their names: one table for each kind of them."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Engine, Table, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from connote.contract.errors import ConnoteError

log = logging.getLogger("connote.store")

T = TypeVar("T")


class BodyStore:
    """Reads and writes the bodies in a table of `id` and `body`; each write is one transaction."""

    def __init__(self, engine: Engine, table: Table) -> None:
        self._engine, self._table = engine, table

    def all(self) -> dict[str, dict[str, Any]]:
        """Every body, by id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(self._table.c.id, self._table.c.body))
            return {row.id: row.body for row in rows}

    def read(self, parse: Callable[[str, dict[str, Any]], T]) -> dict[str, T]:
        """What is made of every body, by id; one that cannot be read any more is told in the log, and stays kept."""
        found: dict[str, T] = {}
        for id, body in self.all().items():
            try:
                found[id] = parse(id, body)
            except (ConnoteError, LookupError, TypeError, ValueError) as error:
                log.warning("[%s] of [%s] cannot be read: %s", id, self._table.name, error)
        return found

    def get(self, id: str) -> dict[str, Any] | None:
        """One body; None if there is none."""
        with self._engine.connect() as connection:
            found: dict[str, Any] | None = connection.scalar(select(self._table.c.body).where(self._table.c.id == id))
            return found

    def put(self, id: str, body: Mapping[str, Any]) -> None:
        """Keep a body, in place of the one with its id, if there is one."""
        written = upsert(self._table).values(id=id, body=dict(body))
        with self._engine.begin() as connection:
            connection.execute(written.on_conflict_do_update(index_elements=["id"], set_={"body": dict(body)}))

    def remove(self, ids: Iterable[str]) -> None:
        """Forget bodies."""
        with self._engine.begin() as connection:
            connection.execute(delete(self._table).where(self._table.c.id.in_(list(ids))))
