"""Writing to an index: operations are read, embedded together, then put in order and made durable together."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from connote.contract.errors import ConnoteError, IllegalArgument, VersionConflict
from connote.search import embedded
from connote.search.embedded import Embedded
from connote.search.engine.row import Row
from connote.search.index import Index
from connote.search.mapping.document import INFERENCE
from connote.search.mapping.values import Values
from connote.search.write import given
from connote.search.write.change import Change, Changed
from connote.search.write.embed import Embedder, Want
from connote.search.write.operation import Kind, Operation, Outcome, VersionType
from connote.store.documents import Stored

# How often an update is made anew because the document was changed in the meantime, if the request does not say.
_RETRIES = 3
# Elasticsearch takes no longer ids.
MOST_ID_BYTES = 512


@dataclass
class _Prepared:
    """An operation on its way: what the document is to be, and what it is based on.

    `result` is `noop` where an update changes nothing; `base` is the sequence number that an update has read.
    """

    operation: Operation
    source: Mapping[str, Any] | None = None
    values: Values | None = None
    embedded: Mapping[str, Embedded] | None = None
    base: int | None = None
    result: str | None = None
    error: ConnoteError | None = None


class Writer:
    """Applies operations to indices."""

    def __init__(self, embedder: Embedder, change: Change) -> None:
        self._embedder, self._change = embedder, change

    async def apply(self, index: Index, operations: Sequence[Operation]) -> list[Outcome]:
        """What each came to; all that succeeded are durable. One that fails harms no other."""
        outcomes: dict[int, Outcome] = {}
        waiting = dict(enumerate(operations))
        for attempt in range(1 + _RETRIES):
            prepared = await asyncio.to_thread(self._prepare, index, list(waiting.values()))
            await self._embed(index, prepared)
            async with index.lock:
                done = await asyncio.to_thread(_commit, index, prepared)
            again = {}
            for (at, operation), outcome in zip(list(waiting.items()), done, strict=True):
                if _may_retry(outcome, max(operation.retries, _RETRIES), attempt):
                    again[at] = operation
                else:
                    outcomes[at] = outcome
            waiting = again
            if not waiting:
                break
        return [outcomes[at] for at in range(len(operations))]

    def _prepare(self, index: Index, operations: Sequence[Operation]) -> list[_Prepared]:
        """Read every operation. Those of one id see what those before them make of it."""
        ids = [each.id for each in operations if not each.is_generated]
        known = index.documents.current(ids)
        ahead: dict[str, Mapping[str, Any] | None] = {}  # what operations before make of a document
        return [self._prepared(index, each, known, ahead) for each in operations]

    def _prepared(
        self,
        index: Index,
        operation: Operation,
        known: Mapping[str, Stored],
        ahead: dict[str, Mapping[str, Any] | None],
    ) -> _Prepared:
        made = _Prepared(operation)
        try:
            _check_id(operation.id)
            stored = known.get(operation.id)
            if operation.kind is Kind.DELETE:
                ahead[operation.id] = None
                return made
            made.source = operation.source
            if operation.kind is Kind.UPDATE:
                self._update(made, stored, ahead)
                if made.result == "noop" or made.source is None:
                    return made
            self._read(index, made, stored)
            ahead[operation.id] = made.source
        except ConnoteError as error:
            made.error = error
        return made

    def _update(self, made: _Prepared, stored: Stored | None, ahead: Mapping[str, Mapping[str, Any] | None]) -> None:
        id = made.operation.id
        if id in ahead:
            before = ahead[id]
        else:
            before = embedded.source(stored.source) if stored and stored.source is not None else None
            made.base = stored.seq if stored else -1
        changed: Changed = self._change.of(made.operation, before, stored)
        made.source, made.result = changed.source, changed.result
        if changed.result == "deleted":
            made.operation = replace(made.operation, kind=Kind.DELETE)

    def _read(self, index: Index, made: _Prepared, stored: Stored | None) -> None:
        source = made.source
        if source is None:
            raise IllegalArgument("source is missing")
        supplied = source.get(INFERENCE)
        if supplied is not None:
            made.source = source = {name: value for name, value in source.items() if name != INFERENCE}
        made.values = index.read(made.operation.id, source)
        made.embedded = embedded.load(stored.inference) if stored and made.values.inputs else {}
        if supplied is not None:
            made.embedded = {**made.embedded, **given.read(supplied, index.mapping)}

    async def _embed(self, index: Index, prepared: Sequence[_Prepared]) -> None:
        """Put what is needed to the endpoints, of all operations together."""
        wants: list[tuple[_Prepared, Want]] = []
        for made in prepared:
            if made.values is None or made.error is not None:
                continue
            kept = made.embedded or {}
            made.embedded = {
                name: each for name, each in kept.items() if each.is_given and name in index.mapping.semantic
            }
            for name, texts in made.values.inputs.items():
                if name not in made.embedded:
                    wants.append((made, Want(index.mapping.semantic[name], texts, kept.get(name))))
        if not wants:
            return
        for (made, want), found in zip(wants, await self._embedder.embed([want for _, want in wants]), strict=True):
            if isinstance(found, ConnoteError):
                made.error = made.error or found
                continue
            made.embedded = {**(made.embedded or {}), want.field.name: found}
            if found.model and want.field.model is None:
                await asyncio.to_thread(index.model, want.field.name, found.model)


def _commit(index: Index, prepared: Sequence[_Prepared]) -> list[Outcome]:
    """Decide in order what every operation comes to, and keep it all in one transaction."""
    now = index.documents.current([each.operation.id for each in prepared if not each.operation.is_generated])
    states: list[Stored] = []
    rows: dict[str, Row | None] = {}
    outcomes = []
    for each in prepared:
        try:
            outcome = _decided(index, each, now, states, rows)
        except ConnoteError as error:
            outcome = Outcome(each.operation, error=error)
            index.counts.failed += 1
        outcomes.append(outcome)
    if states:
        made = [row for row in rows.values() if row is not None]
        index.keep(states, made, [id for id, row in rows.items() if row is None])
    return outcomes


def _decided(
    index: Index, made: _Prepared, now: dict[str, Stored], states: list[Stored], rows: dict[str, Row | None]
) -> Outcome:
    operation = made.operation
    if made.error is not None:
        raise made.error
    before = now.get(operation.id)
    exists = before is not None and before.source is not None
    _check_version(index, operation, before)
    if made.base is not None and made.base != (before.seq if before else -1):
        raise _conflict(index, operation, "the document was changed by another request in the meantime")
    if made.result == "noop" and before is not None:
        return Outcome(operation, "noop", before.version, before.seq, source=made.source)
    if operation.kind is Kind.DELETE and not exists:
        return Outcome(operation, "not_found", (before.version + 1) if before else 1, index.newest + len(states))
    seq = index.newest + 1 + len(states)
    version = _next_version(operation, before)
    source = None if operation.kind is Kind.DELETE else orjson.dumps(made.source, option=orjson.OPT_NON_STR_KEYS)
    found = made.embedded or {}
    state = Stored(operation.id, seq, version, source, embedded.dump(found) if source else None, operation.routing)
    rows.pop(operation.id, None)  # its place is where it comes last
    if source is None or made.values is None:
        rows[operation.id] = None
    else:
        rows[operation.id] = index.row(operation.id, seq, version, made.values, found)
    states.append(state)
    now[operation.id] = state
    if source is None:
        index.counts.deleted += 1
        return Outcome(operation, "deleted", version, seq)
    index.counts.indexed += 1
    return Outcome(operation, "updated" if exists else "created", version, seq, source=made.source)


def _check_version(index: Index, operation: Operation, before: Stored | None) -> None:
    """Raise VersionConflict if the document is not as the request says."""
    exists = before is not None and before.source is not None
    if operation.kind is Kind.CREATE and before is not None and exists:
        raise _conflict(index, operation, f"document already exists (current version [{before.version}])")
    if operation.if_seq_no is not None:
        wanted = f"required seqNo [{operation.if_seq_no}], primary term [{operation.if_primary_term or 1}]"
        if before is None or not exists:
            raise _conflict(index, operation, f"{wanted}. but no document was found")
        if before.seq != operation.if_seq_no or (operation.if_primary_term or 1) != 1:
            raise _conflict(
                index, operation, f"{wanted}. current document has seqNo [{before.seq}] and primary term [1]"
            )
    if operation.version is None or before is None:
        return
    if operation.version_type is VersionType.INTERNAL:
        raise IllegalArgument(
            "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and "
            "`if_primary_term` instead"
        )
    same_is_fine = operation.version_type is VersionType.EXTERNAL_GTE
    if before.version > operation.version or (before.version == operation.version and not same_is_fine):
        told = "higher" if same_is_fine else "higher or equal to"
        raise _conflict(
            index,
            operation,
            f"current version [{before.version}] is {told} than the one provided [{operation.version}]"
            if same_is_fine
            else f"current version [{before.version}] is {told} the one provided [{operation.version}]",
        )


def _next_version(operation: Operation, before: Stored | None) -> int:
    if operation.version is not None and operation.version_type is not VersionType.INTERNAL:
        return operation.version
    return before.version + 1 if before else 1


def _conflict(index: Index, operation: Operation, why: str) -> VersionConflict:
    error = VersionConflict(f"[{operation.id}]: version conflict, {why}")
    error.details = {"index_uuid": index.uuid, "shard": "0", "index": index.name}
    return error


def _may_retry(outcome: Outcome, retries: int, attempt: int) -> bool:
    """Whether an update found the document changed: it is made anew from what is there now."""
    is_update = outcome.operation.kind is Kind.UPDATE and outcome.operation.if_seq_no is None
    return is_update and isinstance(outcome.error, VersionConflict) and attempt < retries


def _check_id(id: str) -> None:
    if not id:
        raise IllegalArgument("if _id is specified it must not be empty")
    if len(id.encode("utf-8", "surrogatepass")) > MOST_ID_BYTES:
        raise IllegalArgument(f"id [{id[:50]}…] is too long, must be no longer than {MOST_ID_BYTES} bytes")
