"""One index: what is written to it, and the snapshots that are read."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, RLock, Thread

import numpy as np

from connote.search.engine import ids as hashing
from connote.search.engine import policy
from connote.search.engine.arrays import Stream
from connote.search.engine.build import build
from connote.search.engine.folder import Folder
from connote.search.engine.merge import merge
from connote.search.engine.nearest import prepare
from connote.search.engine.row import Row
from connote.search.engine.segment import Segment, Snapshot

_log = logging.getLogger(__name__)
# Values (terms, weights, numbers) that wait in memory before they become a segment, seen or not.
_WAITING = 1 << 20
# Merges of all indices take turns, so that they never take more than one core.
_turn = Lock()
_LOOK = 0.05  # seconds


class Index:
    """Writers take turns by a lock; readers hold a snapshot and never wait. One process at a time may open a folder.

    What is added is seen after `refresh`, and survives the process and the machine after `commit`. Segments are merged
    by a thread in the background.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._lock, self._committing = RLock(), Lock()  # if both are needed, the second is taken first
        self._segments, self._seq = folder.load()
        self._snapshot = Snapshot(self._segments)
        self._retired: set[int] = set()  # segments that are in use no more; their files go with the next commit
        self._added: dict[str, Row] = {}
        self._deleted: set[str] = set()
        self._waiting = 0
        self._merging: Thread | None = None
        self._merges = Lock()  # held while segments are merged
        self._closed = False

    @classmethod
    def open(cls, path: Path) -> "Index":
        """What the last commit in the folder has, or a new index. `container.Corrupt` if a file has been damaged.

        Then the caller calls `folder.erase`, opens it anew and adds all documents; otherwise those after `seq`.
        """
        return cls(Folder(path))

    @property
    def seq(self) -> int:
        """What the last commit was told; -1 if there was none."""
        return self._seq

    @property
    def snapshot(self) -> Snapshot:
        """What the last refresh made visible."""
        return self._snapshot

    def add(self, rows: Iterable[Row]) -> None:
        """Documents, each in place of the one with its id, if there is one.

        Raises OSError if they cannot be written: then all of them wait in memory, to be written by a later call.
        """
        failed: OSError | None = None
        for row in rows:
            with self._lock:
                self._added.pop(row.id, None)  # its place is where it comes last
                self._added[row.id] = row
                self._waiting += row.weight()
                if self._waiting >= _WAITING and failed is None:
                    try:
                        self._flush()
                    except OSError as error:
                        failed = error
        if failed is not None:
            raise failed

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

    def commit(self, seq: int) -> None:
        """Make what was added and deleted durable; `seq` is kept for the caller.

        If it fails, the last commit stands.
        """
        with self._committing:
            with self._lock:
                self._flush()
                segments, retired = self._segments, frozenset(self._retired)
            self._folder.commit(segments, seq)
            self._seq = seq
            self._folder.remove(retired)
            with self._lock:
                self._retired -= retired

    def merge(self, segments: int = 1) -> Snapshot:
        """Merge until there are no more than so many segments, and make all visible."""
        with self._lock:
            self._flush()
        with suppress(_Stopped):
            while self._merge(lambda now: (0, len(now) - segments + 1) if len(now) > segments else None):
                pass
        return self.refresh()

    def close(self) -> None:
        """Stop merging. What was not committed is lost."""
        with self._lock:  # so that nobody begins to merge after it
            self._closed = True
        with self._merges:
            pass

    def _flush(self) -> None:
        """What is waiting becomes a segment, and what it replaces or deletes is marked in the others."""
        gone = list(self._deleted.union(self._added))
        if not gone:
            return
        hashed = hashing.hashes(gone)
        segments = [_without(segment, gone, hashed) for segment in self._segments]
        if self._added:
            segments.append(prepare(self._folder.write(self._folder.number(), build(list(self._added.values())))))
        self._retired |= {segment.number for segment in segments if not segment.documents}
        self._segments = tuple(segment for segment in segments if segment.documents)
        self._added, self._deleted, self._waiting = {}, set(), 0
        if self._merging is None and not self._closed and policy.choose(self._segments):
            self._merging = Thread(target=self._tend, name="merge", daemon=True)
            self._merging.start()

    def _tend(self) -> None:
        """Merge what the policy wants, until it wants nothing."""
        try:
            with suppress(_Stopped):
                while self._merge(policy.choose):
                    pass
        except Exception:  # noqa: BLE001  # a full disk, say: searches go on, and the next flush tries again
            _log.exception("segments could not be merged")
        with self._lock:
            self._merging = None

    def _merge(self, choose: Callable[[Sequence[Segment]], tuple[int, int] | None]) -> bool:
        """Put one segment in place of some neighbours. False if none are to be merged."""
        with self._merges, self._in_turn():
            with self._lock:
                span = None if self._closed else choose(self._segments)
                if span is None:
                    return False
                chosen, number = self._segments[slice(*span)], self._folder.number()
            merged = prepare(self._folder.write(number, self._unless_closed(merge(chosen))))
            with self._lock:
                self._replace(chosen, merged)
            return True

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Wait for the merges of other indices, but not when this one is closed."""
        while not _turn.acquire(timeout=_LOOK):
            if self._closed:
                raise _Stopped
        try:
            yield
        finally:
            _turn.release()

    def _replace(self, chosen: Sequence[Segment], merged: Segment) -> None:
        unseen = self._segments != self._snapshot.segments
        now = {segment.number: segment for segment in self._segments}
        # What was deleted in the meantime; a segment of which all was is no longer there.
        live = [
            now[old.number].live[old.live] if old.number in now else np.zeros(old.documents, dtype=np.bool_)
            for old in chosen
        ]
        merged = merged.with_live(np.concatenate(live))
        numbers = {segment.number for segment in chosen}
        at = next((at for at, segment in enumerate(self._segments) if segment.number in numbers), 0)
        segments = [segment for segment in self._segments if segment.number not in numbers]
        segments[at:at] = [merged] if merged.documents else []
        self._retired |= numbers if merged.documents else numbers | {merged.number}
        self._segments = tuple(segments)
        if not unseen:
            self._snapshot = Snapshot(segments)

    def _unless_closed(self, arrays: Stream) -> Stream:
        for item in arrays:
            if self._closed:
                raise _Stopped
            yield item


class _Stopped(Exception):
    pass


def _without(segment: Segment, ids: Sequence[str], hashed: hashing.Hashes) -> Segment:
    found = segment.ids.find(ids, hashed)
    found = found[found >= 0]
    found = found[segment.live[found]]
    return segment.without(found) if len(found) else segment
