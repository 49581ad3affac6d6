"""What searches that were not waited for have come to, each for as long as it is kept alive."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, delete, func, insert, select, update

from connote.store.database import async_searches as table


@dataclass(frozen=True)
class Kept:
    """When it ends to be kept (milliseconds of the epoch), and how many bytes it has."""

    expires: int
    size: int


class AsyncSearchStore:
    """Reads and writes them; each write is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[str, Kept]:
        """Those that are there, by id."""
        rows = select(table.c.id, table.c.expires, func.length(table.c.body).label("size"))
        with self._engine.connect() as connection:
            return {row.id: Kept(row.expires, row.size) for row in connection.execute(rows)}

    def get(self, id: str) -> bytes | None:
        """What one has come to; None if it is not there."""
        with self._engine.connect() as connection:
            found: bytes | None = connection.scalar(select(table.c.body).where(table.c.id == id))
            return found

    def add(self, id: str, expires: int, body: bytes) -> None:
        """Keep one."""
        with self._engine.begin() as connection:
            connection.execute(insert(table).values(id=id, expires=expires, body=body))

    def prolong(self, id: str, expires: int) -> None:
        """Keep one until another time."""
        with self._engine.begin() as connection:
            connection.execute(update(table).where(table.c.id == id).values(expires=expires))

    def remove(self, ids: Iterable[str]) -> None:
        """Forget some."""
        with self._engine.begin() as connection:
            connection.execute(delete(table).where(table.c.id.in_(list(ids))))
