"""An open index: its mapping, its documents in the store, and the engine's segments that are made of them."""

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Object
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from connote.contract.errors import Blocked, ClosedIndex, ConnoteError, IllegalArgument, NoIndex, Unavailable
from connote.contract.settings import java
from connote.search import embedded
from connote.search.analysis import Analysis
from connote.search.counts import Counts
from connote.search.embedded import Embedded
from connote.search.engine.container import Corrupt
from connote.search.engine.folder import erase
from connote.search.engine.index import Index as Engine
from connote.search.engine.row import Row
from connote.search.engine.segment import Snapshot
from connote.search.freshness import Freshness
from connote.search.held import Held
from connote.search.mapping.document import NO_TEMPLATES, Reader
from connote.search.mapping.mapping import Mapping
from connote.search.mapping.row import row
from connote.search.mapping.semantic import compatible
from connote.search.mapping.values import Values
from connote.search.pace import Pace
from connote.search.query.kept import keep
from connote.search.reembed.switch import Switch
from connote.search.settings import IndexSettings
from connote.store.documents import DocumentStore, Stored

log = logging.getLogger("connote.search")

# The engine keeps what it has after so many writes: fewer are replayed at a start, more are written less often.
COMMIT_EVERY = 20_000
# The folder of the engine's segments; and notes beside the documents: which folder that is, what was switched, by whom.
_SEGMENTS, _SWITCHED, _JOB = "segments", "switched", "job"


View = tuple[Snapshot, Mapping, Callable[[], None]]


def _engine(path: Path, name: str) -> Engine:
    """The engine with what it has kept; if that is damaged, with nothing, and all is indexed again."""
    try:
        return Engine.open(path)
    except Corrupt as error:
        log.warning("the segments of [%s] are damaged, and are made again: %s", name, error)
        erase(path)
        return Engine.open(path)


def closed(name: str, uuid: str) -> ClosedIndex:
    """The index is closed."""
    error = ClosedIndex("closed")
    error.details = {"index_uuid": uuid, "index": name}
    return error


class Index:
    """Reads and writes of one index.

    `lock` is held while writes are put in order and made durable. `changed` keeps the mapping when documents add to it.
    """

    def __init__(
        self,
        name: str,
        uuid: str,
        folder: Path,
        settings: IndexSettings,
        mapping: Mapping,
        changed: Callable[["Index"], None],
    ) -> None:
        self.name, self.uuid, self.folder = name, uuid, folder
        self.settings, self.mapping = settings, mapping
        self.lock = asyncio.Lock()
        self.counts, self.pace = Counts(), Pace()
        self._changed, self._mapping_lock = changed, threading.Lock()
        self._tried: tuple[Mapping, Object[str, Any], Mapping] = (mapping, {}, mapping)
        self.held = Held()
        folder.mkdir(parents=True, exist_ok=True)
        self.documents = DocumentStore(folder, self.name)
        self._engine = _engine(self._segments(), name)
        self._uncommitted, self._is_shut = 0, False
        self._freshness = Freshness()
        self.newest = self.documents.newest()
        self._finish_switch()
        self._replay()

    # Reading.

    def snapshot(self) -> Snapshot:
        """What searches see: refreshed first, if the last time is longer ago than the index's refresh interval."""
        self._freshness.catch_up(self.settings.refresh_interval, self._refresh)
        return self._engine.snapshot

    def seen(self) -> View:
        """What searches see, and the mapping that it was indexed by, which belong together.

        The documents of the snapshot are kept until the third is called.
        """
        self.snapshot()
        with self._mapping_lock:
            return self._view()

    def seen_while(self, held: ExitStack) -> tuple[Snapshot, Mapping]:
        """What `seen` gives; the documents are kept until `held` is closed."""
        snapshot, mapping, release = self.seen()
        held.callback(release)
        return snapshot, mapping

    def at_hand(self) -> View | None:
        """What `seen` gives, if nothing has to be waited for."""
        if self._freshness.must_wait(self.settings.refresh_interval) or not self._mapping_lock.acquire(blocking=False):
            return None
        try:
            return self._view()
        finally:
            self._mapping_lock.release()

    def _view(self) -> View:
        with self.held.lock:  # so no commit can forget documents in between
            snapshot = self._engine.snapshot
            return snapshot, self.mapping, self.held.hold(snapshot.last)

    def refresh(self) -> None:
        """Make all writes that have been acknowledged visible to searches. Raises NoIndex, Unavailable."""
        self._freshness.refresh(self._refresh)

    def _refresh(self) -> None:
        with self.files():
            self._engine.refresh()
        self.counts.refreshes += 1

    # What is allowed.

    def check_readable(self) -> None:
        """Raise Blocked if the settings block reads."""
        self._check_block("read", 7)

    def check_writable(self) -> None:
        """Raise Blocked if the settings block writes."""
        self._check_block("write", 8)

    def _check_block(self, what: str, number: int) -> None:
        if self.settings.blocked(what):
            raise Blocked(f"index [{self.name}] blocked by: [FORBIDDEN/{number}/index {what} (api)];")

    # Mapping.

    def extend(self, body: Object[str, Any]) -> None:
        """Add to the mapping, or change it. Raises BadMapping, IllegalArgument."""
        with self._mapping_lock:
            merged = self.mapping.merged(body, self.settings.most_fields)
            if merged.wire() != self.mapping.wire():
                self._remap(merged)

    def reanalyse(self, analysis: Analysis) -> None:
        """Take other analyzers, for what is written and searched from now on."""
        with self._mapping_lock:
            kept, own = self.mapping.wire(), self.settings
            self.mapping = Mapping.read(kept, analysis, own.most_fields, own.defaults)

    def model(self, name: str, made: Embedded) -> None:
        """Keep what a semantic field's endpoint gives, for all its vectors must be alike.

        Raises IllegalArgument if it gave something else before.
        """
        settings = made.model
        with self._mapping_lock:
            found = self.mapping.semantic.get(name)
            if found is None or not settings or self.is_outdated({name: made}):
                return
            if found.model is None:
                self._remap(self.mapping.with_field(found.modelled(settings)))
            elif not compatible(found.model, settings):
                raise IllegalArgument(
                    f"Incompatible model settings for field [{name}]: it holds {java(dict(found.model))}, the "
                    f"endpoint gives {java(dict(settings))}"
                )

    def _remap(self, mapping: Mapping) -> None:
        """Take another mapping, unless it cannot be kept. Only who holds `_mapping_lock` may."""
        before, self.mapping = self.mapping, mapping
        try:
            self._changed(self)
        except BaseException:
            self.mapping = before
            raise

    def is_outdated(self, made: Object[str, Embedded]) -> bool:
        """Whether one of these was made by an endpoint that its field had before."""
        fields = self.mapping.semantic
        return any(
            name in fields and not each.is_given and each.inference_id != fields[name].endpoint
            for name, each in made.items()
        )

    def read(
        self, id: str, source: Object[str, Any], templates: Object[str, str] = NO_TEMPLATES, *, waits: bool = False
    ) -> Values:
        """The values of a document; fields that are not mapped yet are: by the dynamic templates named for their paths.

        One that `waits` for what is embedded maps nothing, for that may fail: if its values have `added` something, it
        is to be read again. Raises BadDocument.
        """
        for _ in range(3):  # another writer may have mapped a field differently in the meantime
            values = Reader(self.mapping, id, templates=templates).read(source)
            if not values.added:
                break
            tried = self._try(id, source, values.added)
            if waits and tried.inputs and tried.inputs.keys() == values.inputs.keys():
                tried.added = values.added
                return tried
            self.extend(values.added)
        else:
            values = Reader(self.mapping, id).read(source)
        if values.queries:
            keep(values, self.mapping, self.name, id)
        return values

    def _try(self, id: str, source: Object[str, Any], added: Object[str, Any]) -> Values:
        """The values by the mapping that a document brings: one that is refused leaves nothing. Raises BadDocument."""
        base, (before, brought, mapping) = self.mapping, self._tried
        if base is not before or added != brought:  # documents of one bulk mostly bring the same
            mapping = base.merged(added, self.settings.most_fields)
            self._tried = (base, added, mapping)
        values = Reader(mapping, id).read(source)
        if values.queries:
            keep(values, mapping, self.name, id)
        return values

    def ignored(self, state: Stored) -> list[str]:
        """The fields of a document that left a value out."""
        if not self.mapping.may_ignore or state.source is None:
            return []
        source = embedded.source(state.source)
        return sorted(Reader(self.mapping, state.id, lenient=True).read(source).ignored)

    # Writing.

    def keep(self, states: Sequence[Stored], rows: Sequence[Row], gone: Iterable[str]) -> None:
        """Make writes durable, and hand them to the engine. Only who holds `lock` may; in a thread of its own.

        Raises NoIndex, Unavailable: then none of them is kept.
        """
        with self.files():
            self.documents.write(states)
        self.newest = states[-1].seq
        self._uncommitted += len(states)
        self._engine.delete(gone)
        try:
            self._engine.add(rows)
            if self._uncommitted >= COMMIT_EVERY:
                self.commit()
        except (ConnoteError, OSError):  # the documents are kept, and the engine has them in memory
            log.exception("[%s] could not be indexed yet", self.name)
        # Only now, or a search that refreshes in between would think that it had seen them.
        self._freshness.wrote()

    def commit(self) -> None:
        """Let the engine keep its segments, and the store forget what nobody can see any more."""
        with self.files():
            self._engine.refresh()
            self._engine.commit(self.newest)
            self._uncommitted = 0
            self.counts.commits += 1
            self.documents.purge(self.held.oldest(self.newest))

    def merge(self, segments: int) -> None:
        """Merge until there are no more than so many segments. Raises NoIndex, Unavailable."""
        with self.files():
            self._engine.merge(segments)

    def size(self) -> int:
        """Bytes on disk."""
        total = 0
        for file in self.folder.rglob("*"):
            with suppress(FileNotFoundError):  # segments come and go
                total += file.stat().st_size if file.is_file() else 0
        return total

    # Switching a semantic field to another endpoint.

    def switch(self, switch: Switch) -> None:
        """Let another endpoint that gives the same vectors take a field over. Only who holds `lock` may."""
        self._map_switched(switch)
        self._changed(self)

    def succeed(self, engine: Engine, path: Path, switch: Switch, job: str) -> Engine:
        """Take the vectors that are aside, and the engine in that folder, which has them: all of it, or nothing.

        Only who holds `lock` may. If the process is killed within, the index has all of it at its next start, or
        nothing; `switched_by` tells. Gives the engine of before, for `retire`. Raises NoIndex, Unavailable.
        """
        with self.files():
            engine.refresh()
            engine.commit(self.newest)
            self.documents.take_aside({_SEGMENTS: path.name, _SWITCHED: switch.wire(), _JOB: job})
        with self._mapping_lock:
            before, self._engine = self._engine, engine
            self._map_switched(switch)
        self._uncommitted = 0
        self._finish_switch()
        return before

    def retire(self, engine: Engine) -> None:
        """Remove an engine that another one has succeeded."""
        engine.close()
        self._segments()

    def runs_on(self, engine: Engine) -> bool:
        """Whether that engine is the index's own."""
        return self._engine is engine

    def switched_by(self) -> str | None:
        """The job that was the last to succeed in switching a field with new vectors."""
        found: str | None = self.documents.note(_JOB)
        return found

    def _map_switched(self, switch: Switch) -> None:
        found = self.mapping.semantic.get(switch.field)
        if found is not None:
            changed = found.switched(switch.inference_id, switch.search_inference_id, switch.model_settings)
            self.mapping = self.mapping.with_field(changed)

    def _finish_switch(self) -> None:
        """Keep the mapping that goes with vectors that were taken."""
        if (taken := self.documents.note(_SWITCHED)) is not None:
            self._map_switched(Switch.read(taken))
            self._changed(self)
            self.documents.forget(_SWITCHED)

    def _segments(self) -> Path:
        """The folder of the engine; others, which it has succeeded or which were never finished, are removed."""
        name = self.documents.note(_SEGMENTS) or _SEGMENTS
        for other in self.folder.glob(f"{_SEGMENTS}*"):
            if other.name != name:
                shutil.rmtree(other, ignore_errors=True)
        return self.folder / name

    def close(self, *, keeps: bool = True) -> None:
        """Keep what there is, unless it is to be deleted, and let go of the files."""
        try:
            if keeps and self._uncommitted and self.folder.exists():
                self.commit()
        except (ConnoteError, OSError):
            log.exception("the segments of [%s] could not be kept; they will be made again", self.name)
        self._is_shut = True
        self._engine.close()
        self.documents.close()

    @contextmanager
    def files(self) -> Iterator[None]:
        """Where files are used. Raises NoIndex if the index was closed or deleted in the meantime, else Unavailable."""
        if self._is_shut:
            raise NoIndex(self.name)
        try:
            yield
        except OSError as error:
            if self._is_shut:
                raise NoIndex(self.name) from None
            raise Unavailable(f"the files of [{self.name}] cannot be used: {error.strerror or error}") from None

    def row(self, id: str, seq: int, version: int, values: Values, found: Object[str, Embedded]) -> Row:
        """A document as the engine takes it."""
        return row(id, seq, version, values, self.mapping, found)

    def _replay(self) -> None:
        """Bring the engine up to what the store has: after a crash, or if its files were not right."""
        began, count = time.monotonic(), 0
        for states in self.documents.since(self._engine.seq):
            self._engine.delete([each.id for each in states if each.source is None])
            self._engine.add([made for each in states if (made := self._again(each)) is not None])
            count += len(states)
        if count:
            self._uncommitted = count
            self._engine.refresh()
            log.info("[%s]: %d documents indexed again in %.1f s", self.name, count, time.monotonic() - began)

    def _again(self, state: Stored) -> Row | None:
        if state.source is None:
            return None
        source = embedded.source(state.source)
        try:
            values = self.read(state.id, source)
        except ConnoteError:  # fields may have been mapped since; what does not fit is not searched, as before
            values = Reader(self.mapping, state.id, lenient=True).read(source)
            keep(values, self.mapping, self.name, state.id, lenient=True)
        return self.row(state.id, state.seq, state.version, values, embedded.load(state.inference))
