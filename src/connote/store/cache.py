"""The persistent part of the cache. A thread of its own writes, a little later and in bulk.

Nothing here raises: what cannot be read is not there, what cannot be written is dropped, and a file that is damaged is
thrown away and started anew.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from connote.store import results
from connote.store.presence import Presence

log = logging.getLogger("connote.store")

# Seconds in which writes gather: one transaction costs as much as some dozen rows.
GATHER = 0.1
# Bytes that may wait to be written; what comes then is dropped.
MOST_WAITING = 32 << 20
# What a damaged file may raise: the database's own fault, or a value that is not of its column's type.
_DAMAGE = (DatabaseError, TypeError, ValueError)


class CacheStore:
    """Values by key (32 bytes, uniformly distributed) in at most `limit` bytes; the longest unused go first.

    Safe to use from many threads. `dropped` counts the values that were not written.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.limit, self.dropped, self._path = limit, 0, path
        self._waiting: dict[bytes, bytes] = {}
        self._waiting_bytes = 0
        self._used: set[bytes] = set()
        self._wake, self._closing = threading.Condition(), threading.Event()
        # Taken in this order; the file is replaced under both.
        self._writing, self._reading = threading.RLock(), threading.RLock()
        self._present: Presence | None = None  # until the file has been looked through
        self._engine: Engine | None = None
        self._open()
        self._thread = threading.Thread(target=self._work, name="cache", daemon=True)
        self._thread.start()

    def may_have(self, key: bytes) -> bool:
        """Whether it is worth while to read that key. Reads nothing; errs only by saying yes."""
        return self._present is None or key in self._present

    def read(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that are there, in one query."""
        try:
            with self._reading:
                found = results.read(self._engine, keys) if self._engine else {}
        except OperationalError as error:
            log.warning("the cache cannot be read: %s", error.orig)
            return {}
        except _DAMAGE as error:
            self._start_anew(error)
            return {}
        with self._wake:
            self._used.update(found)
            self._wake.notify()
        return found

    def write(self, values: Mapping[bytes, bytes]) -> None:
        """Keep the values, a little later; if too much waits already they are dropped."""
        size = sum(map(len, values.values()))
        with self._wake:
            if self._waiting_bytes + size > MOST_WAITING:
                self._drop(values)
                return
            self._waiting |= values
            self._waiting_bytes += size
            self._wake.notify()

    def measure(self) -> tuple[int, int]:
        """How many values there are, and the bytes that they take."""
        try:
            with self._reading:
                return results.measure(self._engine) if self._engine else (0, 0)
        except DatabaseError:
            return 0, 0

    def clear(self) -> None:
        """Forget everything."""
        with self._writing:
            self._take()
            self._start_anew(None)

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        self._closing.set()
        with self._wake:
            self._wake.notify()
        self._thread.join()
        if self._engine is not None:
            self._engine.dispose()

    def _open(self) -> None:
        try:
            self._engine = results.connect(self._path)
        except OperationalError as error:
            log.warning("nothing is cached on disk: %s", error.orig)
        except _DAMAGE as error:
            self._start_anew(error)

    def _start_anew(self, fault: Exception | None) -> None:
        if fault is not None:
            log.warning("%s is damaged and is started anew: %s", self._path.name, fault)
        with self._writing, self._reading:
            if self._engine is not None:
                self._engine.dispose()
            self._engine, self._present = None, Presence(self.limit)
            try:
                results.remove(self._path)
                self._engine = results.connect(self._path)
            except (OSError, *_DAMAGE) as error:
                log.warning("nothing is cached on disk: %s", error)

    def _work(self) -> None:
        self._change(self._look_through)
        while not self._closing.is_set() or self._waiting or self._used:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._used or self._closing.is_set())
            self._closing.wait(GATHER)
            self._change(self._flush)

    def _change(self, change: Callable[[], None]) -> None:
        try:
            with self._writing:
                change()
        except OperationalError as error:
            log.warning("the cache cannot be written: %s", error.orig)
        except _DAMAGE as error:
            self._start_anew(error)

    def _look_through(self) -> None:
        if self._engine is not None:
            present = Presence(self.limit)
            for key in results.keys(self._engine):
                present.add(key)
            self._present = present

    def _flush(self) -> None:
        values, used = self._take()
        if self._engine is None:
            self._drop(values)
            return
        try:
            shrunk = results.write(self._engine, values, used, self.limit)
        except DatabaseError:
            self._drop(values)
            raise
        if shrunk:
            self._look_through()
        elif self._present is not None:
            for key in values:
                self._present.add(key)

    def _drop(self, values: Mapping[bytes, bytes]) -> None:
        with self._wake:
            self.dropped += len(values)

    def _take(self) -> tuple[dict[bytes, bytes], set[bytes]]:
        with self._wake:
            taken = self._waiting, self._used
            self._waiting, self._used, self._waiting_bytes = {}, set(), 0
            return taken
