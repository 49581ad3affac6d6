"""The cache's file: values by key, in a database of their own, which may be lost at any time."""

import time
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from sqlite3 import Connection as RawConnection

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.pool import ConnectionPoolEntry

VERSION = 1
# Seconds. That a value was used is written down at most this often.
_HOUR = 3600
# Keys in one query: fewer than SQLite takes, more than one request has.
_PAGE = 10_000

_metadata = MetaData()

_results = Table(
    "results",
    _metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("checksum", Integer, nullable=False),
    Column("used", Integer, nullable=False, index=True),  # seconds since the epoch
)


def connect(path: Path) -> Engine:
    """Open the file, made on first use. Raises DatabaseError if it is damaged, ValueError if another version's."""
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _prepare)
    try:
        with engine.begin() as connection:
            _check_version(connection)
            _metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
    except Exception:
        engine.dispose()
        raise
    return engine


def remove(path: Path) -> None:
    """Delete the file, which nothing may have open."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def read(engine: Engine, keys: Collection[bytes]) -> dict[bytes, bytes]:
    """The values of those keys, as far as they are there and whole."""
    wanted, found = list(keys), dict[bytes, bytes]()
    columns = select(_results.c.key, _results.c.value, _results.c.checksum)
    with engine.connect() as connection:
        for start in range(0, len(wanted), _PAGE):
            rows = connection.execute(columns.where(_results.c.key.in_(wanted[start : start + _PAGE])))
            found |= {key: value for key, value, checksum in rows if zlib.crc32(value) == checksum}
    return found


def write(engine: Engine, values: Mapping[bytes, bytes], used: Collection[bytes], limit: int) -> bool:
    """Keep the values, and remember that those keys were used; tells whether others had to go to stay in the limit."""
    now = int(time.time())
    rows = [{"key": key, "value": value, "checksum": zlib.crc32(value), "used": now} for key, value in values.items()]
    mark = update(_results).where(_results.c.key == bindparam("one"), _results.c.used < now - _HOUR).values(used=now)
    with engine.begin() as connection:
        if rows:
            connection.execute(insert(_results).prefix_with("OR REPLACE"), rows)
        if used:
            connection.execute(mark, [{"one": key} for key in used])
        return _shrink(connection, limit)


def keys(engine: Engine) -> Iterator[bytes]:
    """All keys, read a page at a time."""
    last = b""
    while True:
        query = select(_results.c.key).where(_results.c.key > last).order_by(_results.c.key).limit(_PAGE)
        with engine.connect() as connection:
            page = connection.scalars(query).all()
        if not page:
            return
        yield from page
        last = page[-1]


def measure(engine: Engine) -> tuple[int, int]:
    """How many values there are, and the bytes that they take."""
    with engine.connect() as connection:
        return _count(connection), _bytes(connection)


def _check_version(connection: Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA user_version").scalar()
    if found not in (0, VERSION):
        raise ValueError(f"it has version {found}, this connote reads version {VERSION}")


def _shrink(connection: Connection, limit: int) -> bool:
    """Drop a tenth at a time, longest unused first. The pages become free for what comes next."""
    shrunk = False
    while _bytes(connection) > limit and (count := _count(connection)):
        oldest = select(_results.c.key).order_by(_results.c.used).limit(count // 10 + 1)
        connection.execute(delete(_results).where(_results.c.key.in_(oldest)))
        shrunk = True
    return shrunk


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(_results)) or 0


def _bytes(connection: Connection) -> int:
    pages, free, size = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _prepare(connection: RawConnection, _: ConnectionPoolEntry) -> None:
    # WAL: readers do not wait for the writer. NORMAL: no commit waits for the disk, yet a power loss damages nothing.
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA journal_size_limit=16777216")
    except BaseException:
        connection.close()
        raise
