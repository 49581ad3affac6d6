"""Single values by name, as JSON."""

from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from connote.store import database


class ValueStore:
    """Reads and writes single values; each write is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> Any:  # noqa: ANN401 (whatever JSON was kept)
        """The value, or None."""
        with self._engine.connect() as connection:
            return connection.scalar(select(database.values.c.value).where(database.values.c.name == name))

    def put(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Keep a value."""
        written = upsert(database.values).values(name=name, value=value)
        with self._engine.begin() as connection:
            connection.execute(written.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def remove(self, name: str) -> None:
        """Forget a value."""
        with self._engine.begin() as connection:
            connection.execute(delete(database.values).where(database.values.c.name == name))
