"""Inference endpoints as they are kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError

from connote.contract.errors import AlreadyExists
from connote.store import database


@dataclass(frozen=True)
class Record:
    """An endpoint as JSON: what GET echoes of it, by part."""

    inference_id: str
    task_type: str
    service: str
    service_settings: Mapping[str, Any]
    task_settings: Mapping[str, Any]
    chunking_settings: Mapping[str, Any] | None


class EndpointStore:
    """Reads and writes endpoints; each write is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Record]:
        """Every endpoint."""
        with self._engine.connect() as connection:
            return [Record(**row._mapping) for row in connection.execute(select(database.endpoints))]

    def add(self, record: Record) -> None:
        """Keep a new endpoint. Raises AlreadyExists if the id is taken."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(database.endpoints).values(asdict(record)))
        except IntegrityError:
            raise AlreadyExists(f"Inference endpoint [{record.inference_id}] already exists") from None

    def replace(self, record: Record) -> None:
        """Keep an endpoint in place of the one with its id, if there is one."""
        written = upsert(database.endpoints).values(asdict(record))
        with self._engine.begin() as connection:
            connection.execute(written.on_conflict_do_update(index_elements=["inference_id"], set_=asdict(record)))

    def remove(self, inference_id: str) -> None:
        """Forget an endpoint."""
        with self._engine.begin() as connection:
            connection.execute(delete(database.endpoints).where(database.endpoints.c.inference_id == inference_id))
