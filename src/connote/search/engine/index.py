"""One index: what is written to it, and the snapshots that are read."""

from collections.abc import Iterable
from threading import RLock

from connote.search.engine import ids as hashing
from connote.search.engine.build import build
from connote.search.engine.row import Row
from connote.search.engine.segment import Segment, Snapshot


class Index:
    """Writers take turns by a lock; readers hold a snapshot and never wait.

    What is added is seen after `refresh`, and survives the process after `commit`.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._added: dict[str, Row] = {}
        self._deleted: set[str] = set()
        self._segments: tuple[Segment, ...] = ()
        self._snapshot = Snapshot(())

    @property
    def snapshot(self) -> Snapshot:
        """What the last refresh made visible."""
        return self._snapshot

    def add(self, rows: Iterable[Row]) -> None:
        """Documents, each in place of the one with its id, if there is one."""
        with self._lock:
            for row in rows:
                self._added.pop(row.id, None)  # its place is where it comes last
                self._added[row.id] = row

    def delete(self, ids: Iterable[str]) -> None:
        """Documents by id; an unknown id is no error."""
        with self._lock:
            for id in ids:
                self._added.pop(id, None)
                self._deleted.add(id)

    def refresh(self) -> Snapshot:
        """Make visible what was added and deleted."""
        with self._lock:
            self._flush()
            if self._segments != self._snapshot.segments:
                self._snapshot = Snapshot(self._segments)
            return self._snapshot

    def _flush(self) -> None:
        """What is waiting becomes a segment, and what it replaces or deletes is marked in the others."""
        gone = list(self._deleted.union(self._added))
        if not gone:
            return
        hashed = hashing.hashes(gone)
        kept = []
        for segment in self._segments:
            found = segment.ids.find(gone, hashed)
            found = found[found >= 0]
            found = found[segment.live[found]]
            kept.append(segment.without(found) if len(found) else segment)
        if self._added:
            kept.append(Segment(dict(build(list(self._added.values())))))
        self._segments = tuple(segment for segment in kept if segment.documents)
        self._added, self._deleted = {}, set()
