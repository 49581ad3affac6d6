"""Indices as they are kept: what each is called, its settings, mapping and aliases."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from connote.contract.errors import NoIndex
from connote.store import database


@dataclass(frozen=True)
class IndexRecord:
    """An index as JSON; `created` is in milliseconds since 1970."""

    name: str
    uuid: str
    created: int
    settings: Mapping[str, Any]
    mapping: Mapping[str, Any]
    aliases: Mapping[str, Any] = field(default_factory=dict)


class Records(dict[str, IndexRecord]):
    """Indices by name. One may be deleted just before it is asked for: raises NoIndex."""

    def __missing__(self, name: str) -> IndexRecord:
        raise NoIndex(name)


class IndexStore:
    """Reads and writes indices; each write is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[IndexRecord]:
        """Every index."""
        with self._engine.connect() as connection:
            return [IndexRecord(**row._mapping) for row in connection.execute(select(database.indices))]

    def streams(self) -> dict[str, Mapping[str, Any]]:
        """Every data stream by its name."""
        with self._engine.connect() as connection:
            return {row.id: row.body for row in connection.execute(select(database.data_streams))}

    def put(
        self,
        *records: IndexRecord,
        gone: Collection[str] = (),
        streams: Mapping[str, Mapping[str, Any] | None] | None = None,
    ) -> None:
        """Keep these, each in place of the one of its name, and forget those that are gone; all or none.

        Of data streams those that are None are forgotten.
        """
        with self._engine.begin() as connection:
            if gone:
                connection.execute(delete(database.indices).where(database.indices.c.name.in_(gone)))
            for record in records:
                row = asdict(record)
                written = upsert(database.indices).values(row)
                connection.execute(written.on_conflict_do_update(index_elements=["name"], set_=row))
            for name, body in (streams or {}).items():
                connection.execute(delete(database.data_streams).where(database.data_streams.c.id == name))
                if body is not None:
                    connection.execute(insert(database.data_streams).values(id=name, body=dict(body)))
