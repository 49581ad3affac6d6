"""An engine in the making: it has all documents with other vectors, and takes over when it is whole."""

import asyncio
import secrets
import shutil
from collections.abc import Sequence
from itertools import islice

from connote.contract.errors import ConnoteError
from connote.search import embedded
from connote.search.embedded import Embedded
from connote.search.engine.index import Index as Engine
from connote.search.index import Index
from connote.search.mapping.document import Reader
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.values import Values
from connote.search.progress import Progress
from connote.search.reembed.switch import Switch
from connote.search.thread import finished
from connote.search.write.embed import Embedder, Want
from connote.store.documents import Stored

# Documents that are embedded together; between two batches it may be cancelled.
BATCH = 200
# Writes go on while it catches up with them, until there are only so many left. After so many turns they wait for more.
_NEAR, _TURNS = 10, 20


class Cancelled(Exception):
    """It is to end early."""


class Successor:
    """Goes through the documents in the order in which they were written; `cursor` is how far it has come.

    Documents that are written or deleted meanwhile come after it. What is embedded is kept aside in the store, so that
    what was interrupted goes on where it was.
    """

    def __init__(self, index: Index, job: str, switch: Switch, embedder: Embedder, progress: Progress) -> None:
        self._index, self._job, self.switch = index, job, switch
        self._embedder, self._progress = embedder, progress
        self.path = index.folder / f"segments-{secrets.token_hex(4)}"
        with index.files():
            self._engine = Engine.open(self.path)
        self._cursor = -1
        self._release = index.held.hold(-1)

    async def run(self) -> None:
        """Embed all, then take over. Raises Cancelled, Unavailable, what the endpoint raises: then all is as it was.

        Writes wait only for what is left to do when nearly all is done, and is on the disk.
        """
        with self._index.files():
            before = await self._succeeded()
        if before is not None:
            await finished(self._index.retire, before)

    async def _succeeded(self) -> Engine | None:
        """Take over. The engine of before."""
        for turn in range(_TURNS):
            await self._advance()
            await asyncio.to_thread(self._engine.commit, self._cursor)
            async with self._index.lock:
                if self._index.newest - self._cursor <= _NEAR or turn == _TURNS - 1:
                    await self._advance()
                    return await finished(self._index.succeed, self._engine, self.path, self.switch, self._job)
        return None

    def close(self) -> None:
        """Let go of what it had, if it has not taken over."""
        self._release()
        if not self._index.runs_on(self._engine):
            self._engine.close()
            shutil.rmtree(self.path, ignore_errors=True)

    async def _advance(self) -> None:
        """Go on to what is the newest document now."""
        last = self._index.newest
        while self._cursor < last:
            states = await asyncio.to_thread(self._next)
            if not states:
                return
            if self._progress.is_cancelled:
                raise Cancelled
            await self._take([state for state in states if state.source is not None])
            await asyncio.to_thread(self._engine.delete, [state.id for state in states if state.source is None])
            self._move(states[-1].seq)

    def _next(self) -> list[Stored]:
        return next(islice(self._index.documents.since(self._cursor, batch=BATCH), 1), [])

    def _move(self, seq: int) -> None:
        before, self._release = self._release, self._index.held.hold(seq)
        before()
        self._cursor = seq
        self._progress.batches += 1

    async def _take(self, states: Sequence[Stored]) -> None:
        values, kept = await asyncio.to_thread(self._read, states)
        name, field = self.switch.field, self._field()
        texts = {at: each.inputs[name] for at, each in enumerate(values) if each.inputs.get(name)}
        known = {at: kept.get(states[at].seq, {}).get(name) for at in texts}
        wants = [Want(field, each, [own] if (own := known[at]) else []) for at, each in texts.items()]
        found = await self._embedder.embed(wants) if wants else []
        made: dict[int, Embedded] = {}
        for at, each in zip(texts, found, strict=True):
            if isinstance(each, ConnoteError):
                each.details = {**each.details, "document": states[at].id}
                raise each
            made[at] = each
            if self.switch.model_settings is None and each.model:
                self.switch = self.switch.modelled(each.model)
        await asyncio.to_thread(self._keep, states, values, made)
        self._progress.updated += len(states)

    def _field(self) -> SemanticText:
        own = self.switch
        return self._index.mapping.semantic[own.field].switched(
            own.inference_id, own.search_inference_id, own.model_settings
        )

    def _read(self, states: Sequence[Stored]) -> tuple[list[Values], dict[int, embedded.Fields]]:
        """The documents' values, and what of them was embedded before an interruption."""
        mapping = self._index.mapping
        values = [
            Reader(mapping, state.id, lenient=True).read(embedded.source(state.source or b"{}")) for state in states
        ]
        aside = self._index.documents.aside([state.seq for state in states])
        return values, {seq: embedded.load(raw) for seq, raw in aside.items()}

    def _keep(self, states: Sequence[Stored], values: Sequence[Values], made: dict[int, Embedded]) -> None:
        name, aside, rows = self.switch.field, {}, []
        for at, (state, each) in enumerate(zip(states, values, strict=True)):
            fields = embedded.load(state.inference)
            fields.pop(name, None)
            if at in made:
                fields[name] = made[at]
            aside[state.seq] = embedded.dump(fields)
            rows.append(self._index.row(state.id, state.seq, state.version, each, fields))
        if aside:
            self._index.documents.put_aside(aside)
        self._engine.add(rows)
