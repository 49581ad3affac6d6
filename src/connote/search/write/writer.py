"""Writing to an index: operations are read, embedded together, then put in order and made durable together."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from connote.contract.errors import BadDocument, ConnoteError, IllegalArgument, MissingRouting
from connote.search import embedded
from connote.search.index import Index
from connote.search.mapping.document import INFERENCE
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.thread import finished
from connote.search.write import given
from connote.search.write.change import Change
from connote.search.write.commit import check_version, commit
from connote.search.write.embed import Embedder, Want
from connote.search.write.operation import Kind, Operation, Outcome
from connote.search.write.prepared import Prepared
from connote.store.documents import Stored

# Elasticsearch takes no longer ids.
MOST_ID_BYTES = 512
# Answers put documents into lists and objects of their own; orjson writes no more than 254 in each other.
_ROOM = 54


class Writer:
    """Applies operations to indices."""

    def __init__(self, embedder: Embedder, change: Change) -> None:
        self._embedder, self._change = embedder, change

    async def apply(self, index: Index, operations: Sequence[Operation]) -> list[Outcome]:
        """What each came to; all that succeeded are durable. One that fails harms no other."""
        outcomes: list[Outcome | None] = [None] * len(operations)
        waiting, attempt = [Prepared(each) for each in operations], 0
        places = list(range(len(operations)))
        while waiting:
            for at, each in zip(places, await self._attempt(index, waiting, attempt), strict=True):
                outcomes[at] = each
            waiting = [
                Prepared(operations[at], tried=made.embedded)
                for at, made in zip(places, waiting, strict=True)
                if outcomes[at] is None
            ]
            places = [at for at in places if outcomes[at] is None]
            attempt += 1
        return [each for each in outcomes if each is not None]

    async def _attempt(self, index: Index, prepared: Sequence[Prepared], attempt: int) -> list[Outcome | None]:
        """What `commit` gives; a failure is that of all of these, and not of what an earlier attempt has kept."""
        try:
            await asyncio.to_thread(self._prepare, index, prepared)
            await self._embed(index, prepared)
            async with index.lock:
                return await finished(commit, index, prepared, attempt)
        except ConnoteError as error:
            return [Outcome(each.operation, error=each.error or error) for each in prepared]

    def _prepare(self, index: Index, prepared: Sequence[Prepared]) -> None:
        """Read every operation. Those of one id see what those before them make of it."""
        began = time.perf_counter()
        ids = [each.operation.id for each in prepared if not each.operation.is_generated]
        known = index.documents.current(ids)
        ahead: dict[str, Prepared] = {}  # the last operation on a document, of those before
        for made in prepared:
            operation = made.operation
            try:
                self._read(index, made, known.get(operation.id), ahead.get(operation.id))
            except ConnoteError as error:
                made.error = error
            except RecursionError:
                made.error = BadDocument("[1:1] failed to parse: the document is nested too deeply")
            if made.error is None:
                ahead[operation.id] = made
        index.counts.seconds_indexing += time.perf_counter() - began

    def _read(self, index: Index, made: Prepared, stored: Stored | None, ahead: Prepared | None) -> None:
        operation = made.operation
        _check_id(operation.id)
        if index.mapping.needs_routing and operation.routing is None:
            raise MissingRouting(f"routing is required for [{index.name}]/[{operation.id}]")
        if operation.kind is Kind.DELETE:
            return
        made.source = operation.source
        made.before = embedded.load(stored.inference) if stored and stored.inference and index.mapping.semantic else {}
        if operation.kind is Kind.UPDATE:
            self._update(made, stored, ahead)
            if made.result == "noop" or made.source is None:
                return
        source = made.source
        if source is None:
            raise IllegalArgument("source is missing")
        if INFERENCE in source:
            source = {name: value for name, value in source.items() if name != INFERENCE}
        made.values = index.read(operation.id, source, operation.templates, waits=True)
        if made.values.unpacked:
            source = _unpacked(source, made.values.unpacked)
        made.raw = _dumped(source)
        if made.source is not None and INFERENCE in made.source:
            made.supplied = given.read(made.source[INFERENCE], index.mapping, made.values.inputs)
        made.source = source
        if ahead is None:
            check_version(index, operation, stored)  # what cannot be written need not be embedded

    def _update(self, made: Prepared, stored: Stored | None, ahead: Prepared | None) -> None:
        before: Mapping[str, Any] | None
        if ahead is not None:
            before, made.after = ahead.source, ahead
            made.before = {**ahead.before, **ahead.supplied}  # vectors that came with it stay with its texts
        else:
            before = embedded.source(stored.source) if stored and stored.source is not None else None
            made.base = stored.seq if stored else -1
        changed = self._change.of(made.operation, before, stored)
        made.source, made.result = changed.source, changed.result
        if changed.result == "deleted":
            made.operation = replace(made.operation, kind=Kind.DELETE)

    async def _embed(self, index: Index, prepared: Sequence[Prepared]) -> None:
        """Put what is needed to the endpoints, of all operations together."""
        if not index.mapping.semantic:
            return
        wants = await asyncio.to_thread(_wants, index.mapping, prepared)
        found = await self._embedder.embed([want for _, want in wants]) if wants else []
        for (made, want), each in zip(wants, found, strict=True):
            if isinstance(each, ConnoteError):
                made.error = made.error or each
            else:
                made.embedded[want.field.name] = each
        await asyncio.to_thread(_map, index, prepared)


def _wants(mapping: Fields, prepared: Sequence[Prepared]) -> list[tuple[Prepared, Want]]:
    """What is to be embedded; vectors that came with documents are taken as they are."""
    wants: list[tuple[Prepared, Want]] = []
    for made in prepared:
        if made.values is None or made.error is not None:
            continue
        made.embedded = {name: each for name, each in made.supplied.items() if name in mapping.semantic}
        for name, texts in made.values.inputs.items():
            before, tried = made.before.get(name), made.tried.get(name)
            if name in made.embedded:
                continue
            if before is not None and given.is_same(before, texts):
                made.embedded[name] = before
            else:
                known = [each for each in (before, tried) if each is not None]
                wants.append((made, Want(mapping.semantic[name], texts, known)))
    return wants


def _map(index: Index, prepared: Sequence[Prepared]) -> None:
    """The mapping learns of fields of what was embedded, and what endpoints give: all vectors of a field are alike."""
    for made in prepared:
        if made.error is not None:
            continue
        try:
            if made.values is not None and made.values.added and made.source is not None:
                made.values = index.read(made.operation.id, made.source, made.operation.templates)
            for name, each in made.embedded.items():
                index.model(name, each)
        except ConnoteError as error:
            made.error = error


def _dumped(source: Mapping[str, Any]) -> bytes:
    """As it is stored: JSON that is not too deep to be shown."""
    wrapped: object = source
    for _ in range(_ROOM):
        wrapped = [wrapped]
    try:
        return orjson.dumps(wrapped)[_ROOM:-_ROOM]
    except TypeError as error:  # of what only scripts and pipelines can make, or nested too deeply
        raise BadDocument(f"[1:1] failed to parse: {error}") from None


def _unpacked(source: Mapping[str, Any], vectors: Mapping[str, list[float]]) -> dict[str, Any]:
    """The document with lists of numbers for vectors that came as base64, as Elasticsearch shows them."""
    changed = dict(source)
    for path, vector in vectors.items():
        name, _, rest = path.partition(".")
        if path in changed:
            changed[path] = vector
        elif isinstance(inner := changed.get(name), Mapping):
            changed[name] = _unpacked(inner, {rest: vector})
    return changed


def _check_id(id: str) -> None:
    if not id:
        raise IllegalArgument("if _id is specified it must not be empty")
    size = len(id.encode("utf-8", "surrogatepass"))
    if size > MOST_ID_BYTES:
        raise IllegalArgument(
            f"id [{id[:50]}…] is too long, must be no longer than {MOST_ID_BYTES} bytes but was: {size}"
        )
