"""The database: its tables, and how it is opened."""

from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from connote.contract.errors import Unavailable

VERSION = 5
# What brings a database from a version to the next; new tables need no step.
_STEPS = {
    1: "ALTER TABLE endpoints ADD COLUMN secrets BLOB",
    2: "ALTER TABLE endpoints ADD COLUMN policy JSON",
}

metadata = MetaData()

endpoints = Table(
    "endpoints",
    metadata,
    Column("inference_id", String, primary_key=True),
    Column("task_type", String, nullable=False),
    Column("service", String, nullable=False),
    Column("service_settings", JSON, nullable=False),
    Column("task_settings", JSON, nullable=False),
    Column("chunking_settings", JSON(none_as_null=True)),
    Column("secrets", LargeBinary),
    Column("policy", JSON(none_as_null=True)),
)

# What was used: a row for each month (2026-11), endpoint, name of an API key, and currency ("" if none is told).
usage = Table(
    "usage",
    metadata,
    Column("month", String, primary_key=True),
    Column("inference_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("unpriced", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("written", Integer, nullable=False),
    Column("cost", Float),
)

# The indices; the documents of each are in a database of their own.
indices = Table(
    "indices",
    metadata,
    Column("name", String, primary_key=True),
    Column("uuid", String, nullable=False),
    Column("created", Integer, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("mapping", JSON, nullable=False),
    Column("aliases", JSON, nullable=False),
)

# Trained models that were added. `folder` is where an upload is kept; `upload` is null for models of the catalog.
trained_models = Table(
    "trained_models",
    metadata,
    Column("model_id", String, primary_key=True),
    Column("config", JSON, nullable=False),
    Column("created", Integer, nullable=False),
    Column("folder", String),
    Column("upload", JSON(none_as_null=True)),
)

# Models that were added to the catalog: where their files are, and what those are.
catalog = Table("catalog", metadata, Column("id", String, primary_key=True), Column("row", JSON, nullable=False))

model_aliases = Table(
    "model_aliases",
    metadata,
    Column("alias", String, primary_key=True),
    Column("model_id", String, nullable=False),
)

# Deployments that were started and not stopped.
deployments = Table(
    "deployments",
    metadata,
    Column("deployment_id", String, primary_key=True),
    Column("model_id", String, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("started", Integer, nullable=False),
)

# Models that serve when they are asked, but for these, whose last deployment somebody has stopped.
stopped = Table("stopped", metadata, Column("model_id", String, primary_key=True))


def _bodies(name: str) -> Table:
    return Table(name, metadata, Column("id", String, primary_key=True), Column("body", JSON, nullable=False))


# Templates of indices and ingest pipelines, as GET shows them, sets of synonyms, tasks that have ended, templates of
# searches, query rules, search applications, data streams, enrich policies with what they have copied.
templates = tuple(_bodies(f"{kind}_templates") for kind in ("index", "component", "legacy"))
pipelines, synonyms, tasks, scripts = (_bodies(name) for name in ("pipelines", "synonyms", "tasks", "scripts"))
rulesets, applications = _bodies("rulesets"), _bodies("search_applications")
# Transforms with how far they have come.
transforms = _bodies("transforms")
# Policies by which indices live, and how far each index has come, by its uuid.
ilm = _bodies("ilm_policies"), _bodies("ilm_lives")
data_streams, enrich_policies = _bodies("data_streams"), _bodies("enrich_policies")
# Models that order what searches find, with their definitions.
rankers = _bodies("rankers")
# Who may ask, and what: users, roles, API keys with the hashes of their secrets, and what applications call privileges.
users, roles, api_keys, privileges = (_bodies(name) for name in ("users", "roles", "api_keys", "privileges"))
# The last job of each index, by its uuid, that moved a field to another endpoint.
reembeds = _bodies("reembeds")

# What searches that were not waited for have come to, as JSON, and until when it is kept (milliseconds of the epoch).
async_searches = Table(
    "async_searches",
    metadata,
    Column("id", String, primary_key=True),
    Column("expires", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# Single values by name: the version of these tables, the region policy.
values = Table("settings", metadata, Column("name", String, primary_key=True), Column("value", JSON, nullable=False))


def connect(folder: Path) -> Engine:
    """Open the database in that folder, made on first use. What cannot be read or written then raises Unavailable.

    Raises Unavailable if a newer connote wrote it, or if it cannot be used.
    """
    engine = create_engine(f"sqlite:///{folder / 'connote.db'}", hide_parameters=True)  # in errors, for they are logged
    event.listen(engine, "connect", prepare)
    try:
        _open(engine, folder)
    except DatabaseError as error:
        engine.dispose()
        raise Unavailable(
            f"the database {folder / 'connote.db'} cannot be used: {error.orig}. "
            "Bring back a copy of it, or use another --data folder"
        ) from None
    event.listen(engine, "handle_error", _unusable)
    return engine


def _unusable(context: ExceptionContext) -> None:
    """A full disk, say, is nothing that who asks has done wrong, nor a fault here."""
    if isinstance(context.sqlalchemy_exception, OperationalError):
        told = f"the database cannot be read or written: {context.original_exception}"
        raise Unavailable(told) from context.original_exception


def _open(engine: Engine, folder: Path) -> None:
    metadata.create_all(engine)
    with engine.begin() as connection:
        found = connection.scalar(select(values.c.value).where(values.c.name == "version"))
        if found is None:
            connection.execute(insert(values).values(name="version", value=VERSION))
        elif found > VERSION:
            engine.dispose()
            raise Unavailable(
                f"the database in {folder} has version {found}, this connote reads version {VERSION}: "
                "use the connote that wrote it, or another --data folder"
            )
        else:
            _upgrade(connection, found)


def _upgrade(connection: Connection, version: int) -> None:
    connection.execute(text("BEGIN"))  # which sqlite3 leaves out before what alters tables: all steps, or none
    for step in range(version, VERSION):
        if step in _STEPS:
            connection.execute(text(_STEPS[step]))
    connection.execute(update(values).where(values.c.name == "version").values(value=VERSION))


def prepare(connection: SqliteConnection, _: ConnectionPoolEntry) -> None:
    """Set a new connection up."""
    # WAL: readers do not wait for a writer. FULL: what was acknowledged survives a power loss.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=5000")
