"""Ingest pipelines as they are kept."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from connote.store import database


class PipelineStore:
    """Reads and writes pipelines; each write is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[str, dict[str, Any]]:
        """The body of every pipeline, by id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(database.pipelines.c.id, database.pipelines.c.body))
            return {row.id: row.body for row in rows}

    def put(self, id: str, body: Mapping[str, Any]) -> None:
        """Keep a pipeline, in place of the one with its id, if there is one."""
        written = upsert(database.pipelines).values(id=id, body=dict(body))
        with self._engine.begin() as connection:
            connection.execute(written.on_conflict_do_update(index_elements=["id"], set_={"body": dict(body)}))

    def remove(self, ids: Iterable[str]) -> None:
        """Forget pipelines."""
        with self._engine.begin() as connection:
            connection.execute(delete(database.pipelines).where(database.pipelines.c.id.in_(list(ids))))
