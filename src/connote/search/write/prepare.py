"""From what a request asks for to operations on indices: names are resolved, pipelines run, indices made."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from connote.contract.errors import ConnoteError, IllegalArgument, NoIndex
from connote.ingest.document import Document
from connote.ingest.pipelines import Pipelines
from connote.ingest.run import Failed, Left
from connote.search.indices import Indices
from connote.search.settings import IndexSettings
from connote.search.write.item import Item
from connote.search.write.operation import Kind, Operation, Outcome, VersionType

_NONE = "_none"
# How many indices one document may be sent on to by the pipelines of those before.
_MOST_REROUTES = 10


class Prepare:
    """Makes operations of items."""

    def __init__(self, indices: Indices, pipelines: Pipelines) -> None:
        self._indices, self._pipelines = indices, pipelines

    async def all(self, items: Sequence[Item], pipeline: str | None) -> list[Operation | Outcome]:
        """For each an operation, or the outcome of one that nothing is to be done for."""
        made: dict[int, Item | Outcome] = {at: self._checked(item) for at, item in enumerate(items)}
        ran = await self._piped(made, pipeline)
        return [await self._operation(each, ran.get(at, ())) for at, each in sorted(made.items())]

    def _checked(self, item: Item) -> Item | Outcome:
        try:
            if item.problem is not None:
                raise item.problem
            item.check()
            if item.require_alias and item.index not in self._indices.aliases():
                told = f"[require_alias] request flag is [true] and [{item.index}] is not an alias"
                raise NoIndex(item.index, told)
        except ConnoteError as error:
            return _failed(item, error)
        return item

    async def _piped(self, made: dict[int, Item | Outcome], pipeline: str | None) -> dict[int, list[str]]:
        """Put documents through their pipelines, all of one pipeline together. The pipelines that each has met."""
        ran = defaultdict[int, list[str]](list)
        waiting = {at: None for at, each in made.items() if isinstance(each, Item) and each.source is not None}
        asked = dict.fromkeys(waiting, pipeline)
        upcoming = cache(self._indices.upcoming)  # asked for once an index, not once a document
        for _ in range(_MOST_REROUTES):
            before = {at: each.index for at in waiting if isinstance(each := made[at], Item)}
            await self._stage(made, ran, {at: _default(made[at], asked[at], upcoming) for at in waiting})
            await self._stage(made, ran, {at: _final(made[at], upcoming) for at in waiting})
            waiting = {at: None for at in waiting if isinstance(each := made[at], Item) and each.index != before[at]}
            if not waiting:
                return ran
            asked = dict.fromkeys(waiting)
        for at in waiting:
            if isinstance(each := made[at], Item):
                told = f"pipelines have sent the document on from index to index more than {_MOST_REROUTES} times"
                made[at] = _failed(each, IllegalArgument(told))
        return ran

    async def _stage(
        self, made: dict[int, Item | Outcome], ran: dict[int, list[str]], wanted: Mapping[int, str | None]
    ) -> None:
        groups = defaultdict[str, list[int]](list)
        for at, id in wanted.items():
            if id not in (None, _NONE):
                groups[str(id)].append(at)
        for id, places in groups.items():
            found = [(at, each) for at in places if isinstance(each := made[at], Item)]
            for at, after in zip(
                [at for at, _ in found], await self._run(id, [each for _, each in found]), strict=True
            ):
                made[at] = after
                ran[at].append(id)

    async def _run(self, id: str, items: Sequence[Item]) -> list[Item | Outcome]:
        try:
            outcomes = await self._pipelines.run(id, [_document(item) for item in items])
        except ConnoteError as error:
            return [_failed(item, error) for item in items]
        made = list[Item | Outcome]()
        for item, outcome in zip(items, outcomes, strict=True):
            if isinstance(outcome, Failed):
                made.append(_failed(item, outcome.error))
            elif isinstance(outcome, Left):
                made.append(Outcome(Operation(item.kind, item.index, item.id or ""), "noop", -3, -2))
            else:
                made.append(_after(item, outcome))
        return made

    async def _operation(self, item: Item | Outcome, ran: Sequence[str]) -> Operation | Outcome:
        if isinstance(item, Outcome):
            return item
        try:
            name = (
                self._indices.written(item.index)
                if item.kind is Kind.DELETE
                else await self._indices.ensure(item.index)
            )
        except ConnoteError as error:
            return _failed(item, error)
        return Operation(
            item.kind,
            name,
            secrets.token_urlsafe(15) if item.id is None else item.id,
            source=item.source,
            change=item.change,
            routing=item.routing,
            if_seq_no=item.if_seq_no,
            if_primary_term=item.if_primary_term,
            version=item.version,
            version_type=item.version_type,
            retries=item.retries,
            is_generated=item.id is None,
            pipelines=tuple(ran) if item.shows_pipelines else None,
            shown=item.shown,
        )


def _default(item: Item | Outcome, asked: str | None, upcoming: Callable[[str], IndexSettings]) -> str | None:
    """The pipeline that comes first: the item's, the request's or the index's."""
    if isinstance(item, Outcome):
        return None
    wanted = item.pipeline or asked
    return upcoming(item.index).default_pipeline if wanted is None else wanted


def _final(item: Item | Outcome, upcoming: Callable[[str], IndexSettings]) -> str | None:
    return None if isinstance(item, Outcome) else upcoming(item.index).final_pipeline


def _failed(item: Item, error: ConnoteError) -> Outcome:
    return Outcome(Operation(item.kind, item.index, item.id or ""), error=error)


def _document(item: Item) -> Document:
    given = {
        "_index": item.index,
        "_id": item.id,
        "_routing": item.routing,
        "_version": item.version,
        "_version_type": None if item.version is None else item.version_type.value,
        "_if_seq_no": item.if_seq_no,
        "_if_primary_term": item.if_primary_term,
        "_op_type": item.kind.value,
    }
    return Document(dict(item.source or {}), {name: value for name, value in given.items() if value is not None})


def _after(item: Item, document: Document) -> Item | Outcome:
    """The item as the pipeline has left it. Where it may go, and what may be said of its version, may be changed."""
    told: dict[str, Any] = document.metadata
    index = told.get("_index") or item.index
    try:
        version_type = VersionType(told.get("_version_type") or item.version_type)
    except ValueError:
        return _failed(item, IllegalArgument(f"No version type match [{told['_version_type']}]"))
    changed = item.made(
        source=document.source,
        index=str(index),
        id=told.get("_id"),
        routing=told.get("_routing"),
        version=told.get("_version"),
        version_type=version_type,
        if_seq_no=told.get("_if_seq_no"),
        if_primary_term=told.get("_if_primary_term"),
        pipeline=None if index != item.index else item.pipeline,
    )
    try:
        changed.check()
    except ConnoteError as error:
        return _failed(item, error)
    return changed
