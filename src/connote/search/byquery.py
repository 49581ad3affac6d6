"""Requests over all documents that match a query: update, delete, and reindex."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import BadScript, ConnoteError, IllegalArgument
from connote.search import embedded
from connote.search.documents import Documents
from connote.search.fetch.source import SourceFilter
from connote.search.indices import Indices
from connote.search.matching import Matched, Matching, Sort
from connote.search.progress import Progress
from connote.search.view import Filters
from connote.search.write.item import Item
from connote.search.write.operation import Kind, Operation, Outcome, VersionType, warning
from connote.search.write.script import now, scripted
from connote.store.documents import Stored

# Documents of a batch, as in Elasticsearch.
BATCH = 1000


@dataclass(frozen=True)
class Selection:
    """Which documents: of these indices, matching this query, of several parts one, and no more than `most`.

    `filters` are those of the aliases that mean the indices, and `runtime` fields of the query's own, as JSON. Those
    of each index come in the order of `sort`, without one the oldest first.
    """

    indices: Sequence[str]
    filters: Filters = field(default_factory=dict)
    query: Mapping[str, Any] | None = None
    part: tuple[int, int] | None = None
    most: int | None = None
    batch: int = BATCH
    runtime: Mapping[str, Any] = field(default_factory=dict)
    sort: Sort = ()


@dataclass(frozen=True)
class Manner:
    """How documents are written: what a conflict comes to, by which pipeline, and whether searches are to see them."""

    proceeds: bool = False
    pipeline: str | None = None
    refresh: bool = False


@dataclass(frozen=True)
class Destination:
    """Where a reindex writes to. `routing` is `keep`, `discard` or `=VALUE`."""

    index: str
    kind: Kind = Kind.INDEX
    version_type: VersionType = VersionType.INTERNAL
    routing: str = "keep"
    require_alias: bool = False


# What is to be written for a document of an index; None if nothing is.
Make = Callable[[str, Stored], Item | None]


class ByQuery:
    """Runs them, batch by batch."""

    def __init__(self, indices: Indices, documents: Documents, matching: Matching) -> None:
        self._indices, self._documents, self._matching = indices, documents, matching

    async def update(
        self,
        selection: Selection,
        script: Any,  # noqa: ANN401 (JSON)
        manner: Manner,
        progress: Progress,
    ) -> dict[str, Any]:
        """Write documents again, changed by a script if there is one. Raises what the query raises."""
        return await self._over(selection, lambda index, state: _updated(index, state, script), manner, progress)

    async def delete(self, selection: Selection, manner: Manner, progress: Progress) -> dict[str, Any]:
        """Delete documents. Raises what the query raises."""
        return await self._over(selection, _deleted, manner, progress)

    async def reindex(
        self,
        selection: Selection,
        shown: SourceFilter,
        script: Any,  # noqa: ANN401 (JSON)
        destination: Destination,
        manner: Manner,
        progress: Progress,
    ) -> dict[str, Any]:
        """Write documents to another index. Raises what the query raises, IllegalArgument for the same index."""
        target = destination.index
        if set(self._indices.resolve(target, ignore_missing=True)) & set(selection.indices):
            raise IllegalArgument(f"reindex cannot write into an index its reading from [{target}]")
        return await self._over(
            selection, lambda index, state: _reindexed(index, state, shown, script, destination), manner, progress
        )

    async def _over(self, selection: Selection, make: Make, manner: Manner, progress: Progress) -> dict[str, Any]:
        began = time.perf_counter()
        own = (selection.query, selection.part, selection.filters, selection.runtime, selection.sort)
        found = await self._matching.find(selection.indices, *own)
        try:
            left = selection.most
            total = sum(len(each.seqs) for each in found)
            progress.total = total if left is None else min(total, left)
            touched: set[str] = set()
            for each in found:
                if not await self._through(each, selection.batch, left, make, manner, progress, touched):
                    break
                left = None if left is None else max(0, left - len(each.seqs))
            if manner.refresh:
                for name in sorted(touched):
                    if (unseen := await self._documents.refresh(name)) is not None:
                        progress.warnings.append(warning(name, unseen))
        finally:
            for each in found:
                each.release()
        return progress.answer(time.perf_counter() - began)

    async def _through(
        self,
        matched: Matched,
        size: int,
        most: int | None,
        make: Make,
        manner: Manner,
        progress: Progress,
        touched: set[str],
    ) -> bool:
        """Go through the documents of one index. Whether to go on with the next."""
        name, began, before = matched.index.name, time.perf_counter(), 0
        async for batch in matched.batches(size, most):
            await progress.throttle(before, began)
            if progress.is_cancelled:
                return False
            began, before = time.perf_counter(), len(batch)
            outcomes, items = await asyncio.to_thread(_made, name, batch, make)
            outcomes += await self._documents.write(items, pipeline=manner.pipeline)
            touched |= {each.operation.index for each in outcomes if each.error is None and each.result != "noop"}
            if not progress.count(outcomes, proceeds=manner.proceeds):
                return False
        return not progress.is_cancelled


def _made(name: str, batch: Sequence[Stored], make: Make) -> tuple[list[Outcome], list[Item]]:
    """What of a batch has come to an end already, and what is to be written."""
    ended, items = list[Outcome](), list[Item]()
    for state in batch:
        operation = Operation(Kind.INDEX, name, state.id)
        try:
            item = make(name, state)
        except BadScript:  # the same for all
            raise
        except ConnoteError as error:
            ended.append(Outcome(operation, error=error))
            continue
        if item is None:
            ended.append(Outcome(operation, "noop"))
        else:
            items.append(item)
    return ended, items


def _updated(index: str, state: Stored, script: Any) -> Item | None:  # noqa: ANN401
    item = _as_it_is(index, state)
    if script is None:
        return item.made(source=embedded.source(state.source or b"{}"))
    context = _context(index, state, "index")
    before = {name: context[name] for name in ("_id", "_index", "_routing", "_version")}
    scripted(script, context)
    for name, value in before.items():
        if context.get(name) != value:
            raise IllegalArgument(f"Modifying [{name}] not allowed")
    return _wanted(item, context)


def _deleted(index: str, state: Stored) -> Item:
    return _as_it_is(index, state).made(kind=Kind.DELETE)


def _reindexed(
    index: str,
    state: Stored,
    shown: SourceFilter,
    script: Any,  # noqa: ANN401
    destination: Destination,
) -> Item | None:
    is_external = destination.version_type is not VersionType.INTERNAL
    context = _context(index, state, destination.kind.value)
    context["_source"] = shown.apply(context["_source"])
    context |= {"_index": destination.index, "_routing": _routing(state, destination.routing)}
    context["_version"] = state.version if is_external else None
    if script is not None:
        scripted(script, context)
    version, routing, id = context.get("_version"), context.get("_routing"), context.get("_id")
    if not isinstance(context.get("_index"), str) or not isinstance(version, int | None) or isinstance(version, bool):
        raise IllegalArgument("a script must leave [_index] a text, and [_version] a number or null")
    item = Item(
        destination.kind,
        context["_index"],
        None if id is None else str(id),
        routing=None if routing is None else str(routing),
        version=version,
        version_type=destination.version_type if version is not None else VersionType.INTERNAL,
        require_alias=destination.require_alias,
    )
    return _wanted(item, context)


def _as_it_is(index: str, state: Stored) -> Item:
    return Item(Kind.INDEX, index, state.id, routing=state.routing, if_seq_no=state.seq, if_primary_term=1)


def _context(index: str, state: Stored, op: str) -> dict[str, Any]:
    return {
        "_source": embedded.source(state.source or b"{}"),
        "op": op,
        "_index": index,
        "_id": state.id,
        "_routing": state.routing,
        "_version": state.version,
        "_now": now(),
    }


def _wanted(item: Item, context: Mapping[str, Any]) -> Item | None:
    """What the script has said is to be done."""
    wanted = context.get("op")
    if wanted == "noop":
        return None
    if wanted == "delete":
        return item.made(kind=Kind.DELETE, source=None)
    if wanted not in ("index", "create"):
        raise IllegalArgument(f"Operation type [{wanted}] not allowed, only [noop, index, delete] are allowed")
    return item.made(source=context["_source"])


def _routing(state: Stored, how: str) -> str | None:
    if how == "discard":
        return None
    return how[1:] if how.startswith("=") else state.routing
