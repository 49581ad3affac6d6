"""The documents of one index: a database of its own, and the truth that all else of the index is derived from.

Every write of a document is a new row with a new sequence number; the row before it says until when it was the
document. So a search sees documents as they were when its index was last refreshed, and rows that no search can see
any more are removed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Error
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
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
from sqlalchemy.exc import DBAPIError

from connote.contract.errors import NoIndex, Unavailable
from connote.store.database import prepare

_metadata = MetaData()
_documents = Table(
    "documents",
    _metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source", LargeBinary),  # JSON; none is a document that was deleted
    Column("inference", LargeBinary),
    Column("routing", String),
    Column("until", Integer),  # the sequence number that replaced it
)
_current = Index("current", _documents.c.id, unique=True, sqlite_where=_documents.c.until.is_(None))
Index("replaced", _documents.c.until, sqlite_where=_documents.c.until.is_not(None))
_routed = Index("routed", _documents.c.seq, sqlite_where=_documents.c.routing.is_not(None))
# What documents are to become, by sequence number, while nobody is to see it yet.
_aside = Table("aside", _metadata, Column("seq", Integer, primary_key=True), Column("inference", LargeBinary))
# What else is decided together with documents.
_notes = Table("notes", _metadata, Column("name", String, primary_key=True), Column("value", JSON, nullable=False))
_TAKEN = "taken"  # the note that what is aside counts
_MANY = 500  # values of one IN
# States as `Stored` has them. What is aside stands for a document's own as long as it is taken and not settled.
_STATES = "SELECT id, documents.seq, version, source, documents.inference, routing FROM documents"
_TAKEN_STATES = """
    SELECT id, documents.seq, version, source,
        CASE WHEN aside.seq IS NULL THEN documents.inference ELSE aside.inference END, routing
    FROM documents LEFT JOIN aside ON aside.seq = documents.seq AND until IS NULL
"""


@dataclass(frozen=True)
class Stored:
    """One state of a document: `source` is JSON, None if it was deleted; `inference` is what its texts became."""

    id: str
    seq: int
    version: int
    source: bytes | None
    inference: bytes | None = None
    routing: str | None = None


class DocumentStore:
    """Reads and writes; a call of `write` is one transaction, and survives a power loss once it has returned.

    `index` is whose documents they are: all raise NoIndex of it after `close`. `is_routed`: some state has a routing.
    """

    def __init__(self, folder: Path, index: str) -> None:
        self._index = index
        # As many connections as there are threads: searches that run in the event loop cannot wait for one.
        self._engine: Engine = create_engine(
            f"sqlite:///{folder / 'documents.db'}", hide_parameters=True, max_overflow=-1
        )
        self._is_closed = False
        event.listen(self._engine, "connect", prepare)
        with self._using():
            _metadata.create_all(self._engine)
            _routed.create(self._engine, checkfirst=True)  # in files of before there was one
            with self._engine.connect() as connection:
                routed = select(_documents.c.seq).where(_documents.c.routing.is_not(None)).limit(1)
                self.is_routed = connection.scalar(routed) is not None
        self._is_taken = self.note(_TAKEN) is not None

    def write(self, states: Sequence[Stored]) -> None:
        """Keep these states, in order; each replaces the one of its id. Sequence numbers must rise."""
        ended = [{"of": each.id, "at": each.seq} for each in states]
        fresh = [
            {
                "seq": each.seq,
                "id": each.id,
                "version": each.version,
                "source": each.source,
                "inference": each.inference,
                "routing": each.routing,
                "until": None,
            }
            for each in states
        ]
        end = update(_documents).where(_documents.c.id == bindparam("of"), _documents.c.until.is_(None))
        end = end.values(until=bindparam("at"))
        self.is_routed = self.is_routed or any(each.routing is not None for each in states)
        with self._using(), self._engine.begin() as connection:
            if len({each.id for each in states}) == len(states):
                connection.execute(end, ended)
                connection.execute(insert(_documents), fresh)
                return
            for before, after in zip(ended, fresh, strict=True):  # one replaces another of the same call
                connection.execute(end, before)
                connection.execute(insert(_documents), after)

    def current(self, ids: Sequence[str]) -> dict[str, Stored]:
        """What is there now of these ids; deleted ones are told as such as long as they are remembered."""
        return {each.id: each for each in self._read(_documents.c.id, ids, is_current=True)}

    def at(self, seqs: Sequence[int]) -> dict[int, Stored]:
        """The states with these sequence numbers."""
        return {each.seq: each for each in self._read(_documents.c.seq, seqs, is_current=False)}

    def sources(self, seqs: Sequence[int]) -> dict[int, bytes | None]:
        """What stands in the states with these sequence numbers, without what their texts became."""
        found: dict[int, bytes | None] = {}
        with self._using(), closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            for start in range(0, len(seqs), _MANY):
                part = tuple(seqs[start : start + _MANY])
                marks = ",".join("?" * len(part))
                cursor.execute(f"SELECT seq, source FROM documents WHERE seq IN ({marks})", part)  # noqa: S608 (see above)
                found |= dict(cursor.fetchall())
        return found

    def length(self, seqs: Sequence[int]) -> int:
        """How long these states are together, which takes no time: it stands before what they hold."""
        if not seqs:
            return 0
        query = f"""
            SELECT sum(ifnull(length(source), 0) + ifnull(length(inference), 0)) FROM documents
            WHERE seq IN ({",".join("?" * len(seqs))})
        """  # noqa: S608 (numbers of parameters)
        with self._using(), closing(self._engine.raw_connection()) as connection:
            (found,) = connection.cursor().execute(query, tuple(seqs)).fetchone()
        return int(found or 0)

    def since(self, seq: int, *, batch: int = 1000) -> Iterator[list[Stored]]:
        """The current state of every document written after that sequence number, oldest first, in batches."""
        while True:
            with self._using(), self._engine.connect() as connection:
                query = f"{self._states()} WHERE documents.seq > ? AND until IS NULL ORDER BY documents.seq LIMIT ?"
                rows = connection.exec_driver_sql(query, (seq, batch)).all()
            if not rows:
                return
            found = [Stored(*row) for row in rows]
            seq = found[-1].seq
            yield found

    def newest(self) -> int:
        """The highest sequence number; -1 if nothing was ever written."""
        with self._using(), self._engine.connect() as connection:
            found = connection.scalar(select(func.max(_documents.c.seq)))
        return -1 if found is None else int(found)

    def count(self) -> int:
        """How many documents there are."""
        with self._using(), self._engine.connect() as connection:
            wanted = select(func.count()).where(_documents.c.until.is_(None), _documents.c.source.is_not(None))
            return int(connection.scalar(wanted) or 0)

    def purge(self, seen: int) -> None:
        """Remove rows that were replaced by then, and what tells of deletions before it."""
        newest = select(func.max(_documents.c.seq)).scalar_subquery()
        with self._using(), self._engine.begin() as connection:
            connection.execute(delete(_documents).where(_documents.c.until <= seen))
            connection.execute(
                delete(_documents).where(
                    _documents.c.source.is_(None),
                    _documents.c.until.is_(None),
                    _documents.c.seq <= seen,
                    _documents.c.seq < newest,  # whose number must not be given again
                )
            )

    # Another `inference` for all documents at once: it is kept aside until it is complete. Then all of it counts,
    # from one moment to the next, and is moved to where it belongs little by little.

    def put_aside(self, found: Mapping[int, bytes | None]) -> None:
        """Keep what these states are to become, by sequence number."""
        rows = [{"seq": seq, "inference": inference} for seq, inference in found.items()]
        with self._using(), self._engine.begin() as connection:
            connection.execute(insert(_aside).prefix_with("OR REPLACE"), rows)

    def aside(self, seqs: Sequence[int]) -> dict[int, bytes | None]:
        """What of these states is aside."""
        found: dict[int, bytes | None] = {}
        with self._using(), self._engine.connect() as connection:
            for start in range(0, len(seqs), _MANY):
                wanted = select(_aside).where(_aside.c.seq.in_(seqs[start : start + _MANY]))
                found |= {row.seq: row.inference for row in connection.execute(wanted)}
        return found

    def take_aside(self, notes: Mapping[str, Any]) -> None:
        """From now on all that is aside counts. With these notes it is one transaction, which does not grow with it.

        `settle` must have come to its end before anything is put aside again.
        """
        with self._using(), self._engine.begin() as connection:
            rows = [{"name": name, "value": value} for name, value in {**notes, _TAKEN: True}.items()]
            connection.execute(insert(_notes).prefix_with("OR REPLACE"), rows)
        self._is_taken = True

    def settle(self) -> bool:
        """Move some of what was taken to where it belongs. Whether there may be more."""
        if not self._is_taken:
            return False
        with self._using(), self._engine.begin() as connection:
            first = connection.scalars(select(_aside.c.seq).order_by(_aside.c.seq).limit(_MANY)).all()
            if first:
                aside = select(_aside.c.inference).where(_aside.c.seq == _documents.c.seq).scalar_subquery()
                current = _documents.c.until.is_(None) & _documents.c.seq.in_(first)
                connection.execute(update(_documents).where(current).values(inference=aside))
                connection.execute(delete(_aside).where(_aside.c.seq.in_(first)))
                return True
            connection.execute(delete(_notes).where(_notes.c.name == _TAKEN))
        self._is_taken = False
        return False

    def clear_aside(self) -> None:
        """Forget what is aside."""
        with self._using(), self._engine.begin() as connection:
            connection.execute(delete(_aside))

    def note(self, name: str) -> Any:  # noqa: ANN401 (JSON)
        """A note; None if there is none."""
        with self._using(), self._engine.connect() as connection:
            return connection.scalar(select(_notes.c.value).where(_notes.c.name == name))

    def forget(self, name: str) -> None:
        """Remove a note."""
        with self._using(), self._engine.begin() as connection:
            connection.execute(delete(_notes).where(_notes.c.name == name))

    def close(self) -> None:
        """Let go of the file."""
        self._is_closed = True
        self._engine.dispose()

    @contextmanager
    def _using(self) -> Iterator[None]:
        """Raises NoIndex where the file was closed, Unavailable where it cannot be used: its disk may be full."""
        if self._is_closed:
            raise NoIndex(self._index)
        try:
            yield
        except (DBAPIError, Error) as error:
            told = error.orig if isinstance(error, DBAPIError) else error
            raise Unavailable(f"the documents cannot be read or written: {told}") from error

    def _states(self) -> str:
        return _TAKEN_STATES if self._is_taken else _STATES

    def _read(
        self, column: "Column[str] | Column[int]", wanted: Sequence[str] | Sequence[int], *, is_current: bool
    ) -> Iterable[Stored]:
        # Every search comes here. To make a statement of an expression takes longer than to run it, and so does what
        # SQLAlchemy does of a row.
        only = " AND until IS NULL" if is_current else ""
        with self._using(), closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            for start in range(0, len(wanted), _MANY):
                part = tuple(wanted[start : start + _MANY])
                query = f"{self._states()} WHERE documents.{column.name} IN ({','.join('?' * len(part))}){only}"
                cursor.execute(query, part)
                yield from (Stored(*row) for row in cursor.fetchall())
