"""From what a request asks for to operations on indices: names are resolved, pipelines run, indices made."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from connote.contract.errors import ConnoteError, IllegalArgument, NoIndex
from connote.endpoints import asking
from connote.ingest.document import Document
from connote.ingest.pipelines import Pipelines
from connote.ingest.run import Failed, Left
from connote.search import dated
from connote.search.indices import Indices
from connote.search.settings import IndexSettings
from connote.search.thread import aside
from connote.search.write.item import Item
from connote.search.write.operation import Kind, Operation, Outcome, VersionType
from connote.security.rights import Right

_NONE = "_none"
# What each kind of write needs of an index.
RIGHTS = {
    Kind.CREATE: Right("indices:data/write/index", ("create_doc",)),
    Kind.INDEX: Right("indices:data/write/index", ("create",)),
    Kind.UPDATE: Right("indices:data/write/update", ("index",)),
    Kind.DELETE: Right("indices:data/write/delete", ("delete",)),
}
# How many indices one document may be sent on to by the pipelines of those before.
_MOST_REROUTES = 10


class Prepare:
    """Makes operations of items."""

    def __init__(
        self, indices: Indices, pipelines: Pipelines, upcoming: Callable[[str], IndexSettings] | None = None
    ) -> None:
        """`upcoming` are the settings of the index of a name, which may not be there yet; else as they are kept."""
        self._indices, self._pipelines, self._upcoming = indices, pipelines, upcoming or indices.upcoming

    async def all(self, items: Sequence[Item], pipeline: str | None) -> list[Operation | Outcome]:
        """For each an operation, or the outcome of one that nothing is to be done for."""
        made = await aside(len(items), lambda: {at: self._checked(item) for at, item in enumerate(items)})
        ran = await self._piped(made, pipeline)
        named = {wanted: await self._named(*wanted) for wanted in await aside(len(made), _wanted, made.values())}
        return await aside(
            len(made), lambda: [_operation(each, ran.get(at, ()), named) for at, each in sorted(made.items())]
        )

    async def tried(self, items: Sequence[Item], pipeline: str | None) -> list[tuple[Item | Outcome, Sequence[str]]]:
        """What pipelines make of each, and which it has met. No index is made."""
        made = {at: self._checked(item) for at, item in enumerate(items)}
        ran = await self._piped(made, pipeline)
        return [(each, ran.get(at, ())) for at, each in sorted(made.items())]

    def _checked(self, item: Item) -> Item | Outcome:
        try:
            if item.problem is not None:
                raise item.problem
            item.check()
            if (visit := asking.visit()) is not None:
                visit.check(item.index, RIGHTS[item.kind])
            if item.require_alias and item.index not in self._indices.aliases():
                told = f"[require_alias] request flag is [true] and [{item.index}] is not an alias"
                raise NoIndex(item.index, told)
            if item.require_stream or item.routing is not None:
                self._check_stream(item)
        except ConnoteError as error:
            return _failed(item, error)
        return item

    def _check_stream(self, item: Item) -> None:
        """Raise NoIndex, IllegalArgument."""
        stream = self._indices.stream(item.index)
        if stream is None and item.require_stream:
            told = f"[require_data_stream] request flag is [true] and [{item.index}] is not a data stream"
            raise NoIndex(item.index, told)
        if stream is not None and item.routing is not None and not stream.allow_custom_routing:
            raise IllegalArgument(
                f"index request targeting data stream [{item.index}] specifies a custom routing but the "
                "[allow_custom_routing] setting was not enabled in the data stream's template."
            )

    async def _piped(self, made: dict[int, Item | Outcome], pipeline: str | None) -> dict[int, list[str]]:
        """Put documents through their pipelines, all of one pipeline together. The pipelines that each has met."""
        ran = defaultdict[int, list[str]](list)
        waiting, asked = await aside(len(made), _with_source, made), pipeline
        upcoming = cache(self._upcoming)  # asked for once an index, not once a document
        for _ in range(_MOST_REROUTES):
            await self._stage(made, ran, waiting, partial(_default, asked, upcoming))
            await self._stage(made, ran, waiting, partial(_final, upcoming))
            waiting = await aside(len(waiting), _rerouted, made, waiting) if ran else {}
            if not waiting:
                return ran
            asked = None
        for at in waiting:
            if isinstance(each := made[at], Item):
                told = f"pipelines have sent the document on from index to index more than {_MOST_REROUTES} times"
                made[at] = _failed(each, IllegalArgument(told))
        return ran

    async def _stage(
        self,
        made: dict[int, Item | Outcome],
        ran: dict[int, list[str]],
        waiting: Iterable[int],
        chosen: Callable[[Item], str | None],
    ) -> None:
        groups = await aside(len(made), _by_pipeline, made, waiting, chosen)
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

    async def _named(self, name: str, kind: Kind) -> str | ConnoteError:
        """The index that writes of that name go to. Only what is deleted may not be there."""
        try:
            if (visit := asking.visit()) is not None:  # a pipeline may have sent it on
                visit.check(name, RIGHTS[kind])
            if kind is not Kind.CREATE and self._indices.stream(name) is not None:
                return IllegalArgument("only write ops with an op_type of create are allowed in data streams")
            if kind is Kind.DELETE:
                return self._indices.written(name, RIGHTS[kind])
            return await self._indices.ensure(name, RIGHTS[kind])
        except ConnoteError as error:
            return error


def _wanted(made: Iterable[Item | Outcome]) -> dict[tuple[str, Kind], None]:
    """The names that are written to, in their order, and what is done there."""
    return dict.fromkeys((each.index, each.kind) for each in made if isinstance(each, Item))


def _operation(
    item: Item | Outcome, ran: Sequence[str], named: Mapping[tuple[str, Kind], str | ConnoteError]
) -> Operation | Outcome:
    if isinstance(item, Outcome):
        return item
    name = named[item.index, item.kind]
    if isinstance(name, ConnoteError):
        return _failed(item, name)
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
        templates=item.templates,
    )


def _with_source(made: Mapping[int, Item | Outcome]) -> dict[int, str]:
    """The documents that pipelines are for, and the index that each is for now."""
    return {at: each.index for at, each in made.items() if isinstance(each, Item) and each.source is not None}


def _rerouted(made: Mapping[int, Item | Outcome], waiting: Mapping[int, str]) -> dict[int, str]:
    """Those that pipelines have sent on to another index."""
    found = ((at, each.index) for at in waiting if isinstance(each := made[at], Item))
    return {at: index for at, index in found if index != waiting[at]}


def _by_pipeline(
    made: Mapping[int, Item | Outcome], waiting: Iterable[int], chosen: Callable[[Item], str | None]
) -> dict[str, list[int]]:
    groups = defaultdict[str, list[int]](list)
    for at in waiting:
        if isinstance(each := made[at], Item) and (id := chosen(each)) not in (None, _NONE):
            groups[str(id)].append(at)
    return groups


def _default(asked: str | None, upcoming: Callable[[str], IndexSettings], item: Item) -> str | None:
    """The pipeline that comes first: the item's, the request's or the index's."""
    wanted = item.pipeline or asked
    return upcoming(item.index).default_pipeline if wanted is None else wanted


def _final(upcoming: Callable[[str], IndexSettings], item: Item) -> str | None:
    return upcoming(item.index).final_pipeline


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
        index = dated.resolved(str(index))
        version_type = VersionType(told.get("_version_type") or item.version_type)
    except ConnoteError as error:
        return _failed(item, error)
    except ValueError:
        return _failed(item, IllegalArgument(f"No version type match [{told['_version_type']}]"))
    changed = item.made(
        source=document.source,
        index=index,
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
