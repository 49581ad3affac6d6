"""Inference endpoints as they are kept."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Engine, Insert, Row, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError

from connote.contract.errors import AlreadyExists, ConnoteError, Unavailable
from connote.store import database
from connote.store.seal import Seal

log = logging.getLogger("connote.store")


@dataclass(frozen=True)
class Record:
    """An endpoint as JSON: what GET echoes of it, by part."""

    inference_id: str
    task_type: str
    service: str
    service_settings: Mapping[str, Any]
    task_settings: Mapping[str, Any]
    chunking_settings: Mapping[str, Any] | None
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    policy: Mapping[str, Any] | None = None
    problem: str | None = None  # why its secrets cannot be opened


class EndpointStore:
    """Reads and writes endpoints; each write is one transaction. Secrets are sealed on their way in."""

    def __init__(self, engine: Engine, seal: Seal) -> None:
        self._engine, self._seal = engine, seal

    def all(self) -> list[Record]:
        """Every endpoint; one whose secrets cannot be opened comes without them."""
        with self._engine.connect() as connection:
            return [self._record(row) for row in connection.execute(select(database.endpoints))]

    def add(self, record: Record) -> None:
        """Keep a new endpoint. Raises AlreadyExists if the id is taken, and what `replace` raises."""
        try:
            self._write(record, insert(database.endpoints).values(self._row(record)))
        except IntegrityError:
            raise AlreadyExists(f"Inference endpoint [{record.inference_id}] already exists") from None

    def replace(self, record: Record) -> None:
        """Keep an endpoint in place of the one with its id, if there is one. Raises ConnoteError if it cannot be."""
        row = self._row(record)
        written = upsert(database.endpoints).values(row)
        self._write(record, written.on_conflict_do_update(index_elements=["inference_id"], set_=row))

    def remove(self, inference_id: str) -> None:
        """Forget an endpoint."""
        with self._engine.begin() as connection:
            connection.execute(delete(database.endpoints).where(database.endpoints.c.inference_id == inference_id))

    def _write(self, record: Record, statement: Insert) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(statement)
        except Unavailable:
            log.exception("endpoint [%s] cannot be stored", record.inference_id)
            raise ConnoteError(f"Failed to store inference endpoint [{record.inference_id}]") from None

    def _row(self, record: Record) -> dict[str, Any]:
        sealed = self._seal.close(record.secrets, record.inference_id) if record.secrets else None
        row = asdict(record) | {"secrets": sealed}
        del row["problem"]
        return row

    def _record(self, row: Row[Any]) -> Record:
        values = dict(row._mapping)
        sealed = values.pop("secrets")
        if sealed is None:
            return Record(**values)
        try:
            return Record(**values, secrets=self._seal.open(sealed, values["inference_id"]))
        except Unavailable as error:
            return Record(**values, problem=error.reason)
