"""Trained models, their aliases and their deployments, as they are kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from connote.store import database


@dataclass(frozen=True)
class ModelRecord:
    """A trained model: its configuration as JSON, and when it was created (milliseconds of the epoch).

    `folder` is the name of the folder that holds its files, and `upload` what has come of them; None for a model of the
    catalog.
    """

    model_id: str
    config: Mapping[str, Any]
    created: int
    folder: str | None = None
    upload: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class DeploymentRecord:
    """A deployment that was started, with its parameters as JSON, and when (milliseconds of the epoch)."""

    deployment_id: str
    model_id: str
    parameters: Mapping[str, Any]
    started: int


class ModelStore:
    """Reads and writes them; each write is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def models(self) -> list[ModelRecord]:
        """Every trained model."""
        with self._engine.connect() as connection:
            return [ModelRecord(**row._mapping) for row in connection.execute(select(database.trained_models))]

    def aliases(self) -> dict[str, str]:
        """The model of every alias."""
        with self._engine.connect() as connection:
            found = connection.execute(select(database.model_aliases.c.alias, database.model_aliases.c.model_id))
            return {row.alias: row.model_id for row in found}

    def deployments(self) -> list[DeploymentRecord]:
        """Every deployment."""
        with self._engine.connect() as connection:
            return [DeploymentRecord(**row._mapping) for row in connection.execute(select(database.deployments))]

    def catalog(self) -> dict[str, Mapping[str, Any]]:
        """The rows that were added to the catalog, by id."""
        with self._engine.connect() as connection:
            return {row.id: row.row for row in connection.execute(select(database.catalog))}

    def add_row(self, id: str, row: Mapping[str, Any]) -> None:
        """Keep a new row of the catalog."""
        with self._engine.begin() as connection:
            connection.execute(insert(database.catalog).values(id=id, row=row))

    def remove_row(self, id: str) -> None:
        """Forget a row of the catalog."""
        with self._engine.begin() as connection:
            connection.execute(delete(database.catalog).where(database.catalog.c.id == id))

    def add_model(self, record: ModelRecord) -> None:
        """Keep a new model."""
        with self._engine.begin() as connection:
            connection.execute(insert(database.trained_models).values(asdict(record)))

    def keep_upload(self, model_id: str, upload: Mapping[str, Any]) -> None:
        """Keep what has come of a model's files."""
        table = database.trained_models
        with self._engine.begin() as connection:
            connection.execute(update(table).where(table.c.model_id == model_id).values(upload=upload))

    def remove_model(self, model_id: str) -> None:
        """Forget a model, and its aliases and deployments with it."""
        with self._engine.begin() as connection:
            for table in (database.model_aliases, database.deployments, database.stopped, database.trained_models):
                connection.execute(delete(table).where(table.c.model_id == model_id))

    def put_alias(self, alias: str, model_id: str) -> None:
        """Let an alias name a model."""
        written = upsert(database.model_aliases).values(alias=alias, model_id=model_id)
        with self._engine.begin() as connection:
            connection.execute(written.on_conflict_do_update(index_elements=["alias"], set_={"model_id": model_id}))

    def remove_alias(self, alias: str) -> None:
        """Forget an alias."""
        with self._engine.begin() as connection:
            connection.execute(delete(database.model_aliases).where(database.model_aliases.c.alias == alias))

    def put_deployment(self, record: DeploymentRecord) -> None:
        """Keep a deployment, in place of one with its id if there is one."""
        row = asdict(record)
        written = upsert(database.deployments).values(row)
        with self._engine.begin() as connection:
            connection.execute(written.on_conflict_do_update(index_elements=["deployment_id"], set_=row))

    def stopped(self) -> set[str]:
        """The models that wait until they are started again."""
        with self._engine.connect() as connection:
            return set(connection.scalars(select(database.stopped.c.model_id)))

    def keep_stopped(self, model_id: str, *, is_stopped: bool) -> None:
        """Keep that a model waits until it is started again, or that it does not."""
        table = database.stopped
        with self._engine.begin() as connection:
            connection.execute(delete(table).where(table.c.model_id == model_id))
            if is_stopped:
                connection.execute(insert(table).values(model_id=model_id))

    def remove_deployment(self, deployment_id: str) -> None:
        """Forget a deployment."""
        table = database.deployments
        with self._engine.begin() as connection:
            connection.execute(delete(table).where(table.c.deployment_id == deployment_id))
