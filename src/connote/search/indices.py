"""The indices of this server: made, opened, changed, deleted, and found by name or alias."""

import asyncio
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Collection, Sequence
from collections.abc import Mapping as Object
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from connote.contract.errors import AlreadyExists, IllegalArgument, NoIndex, Unavailable
from connote.endpoints import asking
from connote.search import aliases, dated, names, permitted, targets
from connote.search.aliases import Action
from connote.search.analysis import Analysis
from connote.search.index import Index, closed
from connote.search.mapping.mapping import Mapping
from connote.search.pace import Crowd
from connote.search.settings import IndexSettings
from connote.search.streams import Changes, DataStream, marked, stamped
from connote.search.synonyms import Synonyms
from connote.search.templates import Templates
from connote.search.thread import finished
from connote.search.view import Filters
from connote.security.rights import Right
from connote.store.indices import IndexRecord, IndexStore, Records

log = logging.getLogger("connote.search")

# The version that indices are of, as Elasticsearch 9 counts them.
CREATED = 9_039_000
Change = Callable[[IndexRecord], IndexRecord]


class Indices:
    """All indices, each opened when it is first needed.

    `writing` is held while indices are made, changed or deleted: what a request does is done as a whole.
    """

    def __init__(
        self, folder: Path, store: IndexStore, templates: Templates | None = None, synonyms: Synonyms | None = None
    ) -> None:
        self._folder, self._store, self._templates, self._synonyms = folder, store, templates, synonyms
        self._records = Records({record.name: record for record in store.all()})
        self._streams = {name: DataStream.read(name, body) for name, body in store.streams().items()}
        self._aliased: tuple[object, Object[str, Sequence[str]]] = (None, {})  # of which records
        self._open: dict[str, Index] = {}
        self._opening: dict[str, asyncio.Task[Index]] = {}
        self.writing, self.crowd = asyncio.Lock(), Crowd()
        self._changing = threading.Lock()  # documents change mappings in threads
        self._remove_leftovers()

    # Finding.

    @property
    def records(self) -> Object[str, IndexRecord]:
        """What is kept of every index, by name. Raises NoIndex for one that is not there."""
        return self._records

    def settings(self, name: str) -> IndexSettings:
        """The settings of an index, with what it was made as."""
        record = self._records[name]
        own = {"creation_date": record.created, "uuid": record.uuid, "provided_name": name, "version.created": CREATED}
        return IndexSettings({**record.settings, **own})

    def copies(self, name: str) -> int:
        """How many copies of an index are asked for, itself too."""
        return IndexSettings.of(self._records[name]).copies if name in self._records else 1

    def aliases(self) -> Object[str, Sequence[str]]:
        """The indices of every alias."""
        records = self._records
        if self._aliased[0] is not records:  # every item of a bulk asks for it
            self._aliased = records, aliases.grouped(records)
        return self._aliased[1]

    @property
    def streams(self) -> Object[str, DataStream]:
        """The data streams by name."""
        return self._streams

    def _named(self) -> Object[str, Sequence[str]]:
        """The indices of every alias and data stream."""
        return {**self.aliases(), **{name: each.indices for name, each in self._streams.items()}}

    def is_closed(self, name: str) -> bool:
        """Whether an index is closed."""
        return IndexSettings.of(self._records[name]).is_closed

    def check_open(self, name: str) -> None:
        """Raise NoIndex, or ClosedIndex if the index is closed."""
        if name not in self._records:
            raise NoIndex(name)
        if self.is_closed(name):
            raise closed(name, self._records[name].uuid)

    def resolve(
        self,
        expression: str | None,
        *,
        ignore_missing: bool = False,
        allow_none: bool = True,
        expand: Collection[str] = ("open",),
    ) -> list[str]:
        """The names of the indices that an expression means.

        `expand`: those that patterns may mean, `open`, `closed`; without `hidden` of these none that are hidden.
        With `ignore_missing` closed ones are left out as well, unless they may be meant. Raises NoIndex, BadIndexName.
        """
        visit = asking.visit()
        if expression in self._records and visit is None:
            found = [str(expression)]
        else:
            able = [name for name in self._records if ("closed" if self.is_closed(name) else "open") in expand]
            hidden = () if "hidden" in expand else [name for name in able if self._is_hidden(name)]
            manner: dict[str, Any] = {"ignore_missing": ignore_missing, "allow_none": allow_none, "matchable": able}
            if visit is None:
                found = names.resolve(expression, self._records, self._named(), **manner, hidden=hidden)
            else:
                found = permitted.resolve(expression, visit, self._records, self._named(), **manner, hidden=hidden)
        if ignore_missing and "closed" not in expand:
            return [name for name in found if not self.is_closed(name)]
        return found

    def _is_hidden(self, name: str) -> bool:
        return name.startswith(".") or self._records[name].settings.get("hidden") in (True, "true")

    def filters(self, expression: str | None, found: Sequence[str]) -> Filters:
        """Of the indices that an expression means, those which it means by aliases with filters."""
        own = [(name, aliases.passing(expression, self._records[name])) for name in found if name in self._records]
        return {name: query for name, query in own if query is not None}

    def written(self, name: str, right: Right | None = None) -> str:
        """The one index that writes to that name go to. Raises NoIndex, IllegalArgument for an alias of several.

        Raises Forbidden for who may not do that, or what the route needs, to the name.
        """
        if (visit := asking.visit()) is not None:
            visit.check(name, right)
        found = targets.written(name, self._records, self.aliases(), self._streams)
        if visit is not None:
            permitted.let(visit, self._records[found], name, right)
        return found

    def single(self, name: str, right: Right | None = None) -> str:
        """The one index that reads by id of that name go to. Raises NoIndex, IllegalArgument if there are several.

        Raises Forbidden as `written` does.
        """
        if (visit := asking.visit()) is not None:
            visit.check(name, right)
        found = targets.single(name, self._records, self._named())
        if visit is not None:
            permitted.let(visit, self._records[found], name, right)
        return found

    def stream(self, name: str) -> DataStream | None:
        """The data stream that writes to that name go to, or would go to; None if it is of none."""
        found = targets.behind(name, self.aliases(), self._streams)
        if found is None and name not in self._records and name not in self.aliases():
            return self.upcoming_stream(name)
        return found

    def upcoming(self, name: str) -> IndexSettings:
        """The settings of the index that writes to that name go to, or would go to: it may not be there yet."""
        try:
            return IndexSettings.of(self._records[self.written(name)])
        except NoIndex:
            return IndexSettings.read(self.composed(name, {}).get("settings") or {})
        except IllegalArgument:
            return IndexSettings()

    async def open(self, name: str, *, in_part: bool = False) -> Index:
        """The index of that name, opened. Raises NoIndex, ClosedIndex, Unavailable if its files cannot be read.

        Raises Forbidden if who asks may not see all of it, unless what they may not see is held back: `in_part`.
        """
        if (visit := asking.visit()) is not None and not in_part:
            visit.check_whole(name)
        if name in self._open and name in self._records:  # it may be about to be deleted
            return self._open[name]
        self.check_open(name)
        task = self._opening.get(name)
        if task is None:
            task = self._opening[name] = asyncio.create_task(self._opened(name))
            task.add_done_callback(lambda _: self._opening.pop(name, None))
        return await asyncio.shield(task)

    # Changing.

    async def create(self, name: str, body: Object[str, Any]) -> None:
        """Make an index of `{"settings", "mappings", "aliases"}`, and of templates. All or nothing.

        Raises AlreadyExists, BadIndexName, and what the body has wrong.
        """
        if (visit := asking.visit()) is not None:
            for each in (name, *(body.get("aliases") or {})):
                visit.check(each)
        async with self.writing:
            await self._create(name, body)

    async def succeed(self, alias: str, old: str, name: str, body: Object[str, Any]) -> None:
        """Make an index that is written to by an alias in place of an old one. All or nothing; raises as `create`."""
        if (visit := asking.visit()) is not None:
            for each in body.get("aliases") or {}:
                visit.check(each)
        async with self.writing:
            made = await self._made(name, body)
            await self.replace(aliases.handed(alias, self._records[old], made))

    async def ensure(self, name: str, right: Right | None = None) -> str:
        """The index that writes to that name go to, made if there is none. Raises Forbidden for who may not."""
        try:
            return self.written(name, right)
        except NoIndex:
            if (visit := asking.visit()) is not None:
                visit.check(name, permitted.MAKE)
            async with self.writing:
                if name not in self._records and name not in self._named():
                    stream = self.upcoming_stream(name)
                    await (self._create(name, {}) if stream is None else self.begin(stream))
            return self.written(name, right)

    async def delete(self, found: Sequence[str]) -> None:
        """Delete indices with all that is in them. Raises IllegalArgument for one that a data stream is written to."""
        async with self.writing:
            gone = [name for name in found if name in self._records]
            await self.replace((), gone, Changes.without(self._streams, gone))

    async def begin(self, stream: DataStream, settings: Object[str, Any] | None = None) -> None:
        """Make the index that a data stream is written to, and keep the stream. Only who holds `writing` may.

        Of aliases it has those of the index before it. Raises as `create`.
        """
        given = {"settings": {**stream.settings, **(settings or {})}, "mappings": stream.mappings}
        made = await self._made(stream.writer, given, stream.name)
        if len(stream.indices) > 1:
            made = replace(made, aliases=self._records[stream.indices[-2]].aliases)
        await self.replace([made], streams=Changes([stream]))

    def upcoming_stream(self, name: str) -> DataStream | None:
        """The data stream that a template makes of that name."""
        return None if self._templates is None else self._templates.stream(name)

    async def map(self, found: Sequence[str], body: Object[str, Any]) -> None:
        """Add to the mappings of these indices, or change them: all, or none if it fails for one. Raises BadMapping."""
        async with self.writing:
            for name in found:
                (await asyncio.to_thread(self._mapped, name, body)).check_scripts()
            for name in found:
                if name in self._open:
                    await asyncio.to_thread(self._open[name].extend, body)
                else:
                    mapped = await asyncio.to_thread(self._mapped, name, body)
                    await asyncio.to_thread(self._change, {name: partial(_with_mapping, mapped)})

    async def set(self, found: Sequence[str], body: Object[str, Any], *, keeps: bool = False) -> None:
        """Change settings of these indices; with `keeps` only those that they do not have. Raises IllegalArgument."""
        async with self.writing:
            made = {}
            for name in found:
                own = IndexSettings.of(self._records[name])
                made[name] = own.updated(body, keeps=keeps, is_closed=self.is_closed(name))
                if self.is_closed(name):
                    await asyncio.to_thread(self._read_mapping, self._records[name], made[name])
            await self._keep_settings(made)

    async def close_all(self, found: Sequence[str], *, closed: bool) -> None:
        """Close indices, or open them again."""
        async with self.writing:
            made = {name: IndexSettings.of(self._records[name]).closed(closed) for name in found}
            await self._keep_settings(made)
            if closed:
                await self._shut(found)

    async def alias(self, actions: Sequence[Action]) -> None:
        """Change aliases: all that the actions say, or nothing. Raises NoIndex, NoAlias, IllegalArgument."""
        if (visit := asking.visit()) is not None:
            for name in (name for each in actions for name in each.aliases):
                visit.check(name)
        async with self.writing:
            aliases.check_free(actions, self._streams)
            changed = aliases.applied(actions, self._records, partial(self.resolve, expand=("open", "closed")))
            left = Changes.without(self._streams, changed.gone)
            await self.replace(list(changed.records.values()), changed.gone, left)

    async def reanalyse(self, found: Sequence[str], synonyms_set: str | None = None) -> dict[str, list[str]]:
        """Make the analyzers of indices anew; by index those that read the set of synonyms that changed, or any."""
        async with self.writing:
            return {name: await asyncio.to_thread(self._reanalysed, name, synonyms_set) for name in found}

    async def close(self) -> None:
        """Close every index."""
        await self._shut({*self._opening, *self._open})

    # How it is done.

    async def _create(self, name: str, given: Object[str, Any]) -> None:
        await self.replace([await self._made(name, given)])

    async def _made(self, name: str, given: Object[str, Any], stream: str | None = None) -> IndexRecord:
        """With `stream` as a backing index of a data stream of that name."""
        names.check(name if stream is None else stream)
        self._check_free(name)
        if stream is None and (other := self.upcoming_stream(name)) is not None:
            raise IllegalArgument(
                f"cannot create index with name [{name}], because it matches with template [{other.template}] that "
                "creates data streams only, use create data stream api instead"
            )
        body = self.composed(name, given) if stream is None else marked(self.composed(stream, given))
        settings = IndexSettings.read(body.get("settings") or {}).created()
        given = body.get("mappings") or {}
        given = stamped(given) if settings.mode == "logsdb" else given
        record = IndexRecord(name, secrets.token_urlsafe(16), int(time.time() * 1000), dict(settings.values), given)
        mapping = await asyncio.to_thread(self._read_mapping, record, settings)
        mapping.check_scripts()
        named = ((dated.resolved(alias), each) for alias, each in (body.get("aliases") or {}).items())
        wanted = {alias: aliases.options(each, alias) for alias, each in named}
        for alias in wanted:
            aliases.check(alias, {**self._records, **self._streams, name: record, stream or name: record})
        return replace(record, mapping=mapping.wire(), aliases=wanted)

    def _check_free(self, name: str) -> None:
        if name in self._records:
            error = AlreadyExists(f"index [{name}/{self._records[name].uuid}] already exists")
            error.details = {"index_uuid": self._records[name].uuid, "index": name}
            raise error
        if name in self.aliases():
            raise names.bad(name, "already exists as alias")
        if name in self._streams:
            raise AlreadyExists(f"data_stream [{name}] already exists")

    def composed(self, name: str, body: Object[str, Any]) -> Object[str, Any]:
        """The body of an index, or of those of a data stream, with what templates for that name say below it."""
        return self._templates.compose(name, body) if self._templates else body

    def analysis(self, settings: IndexSettings) -> Analysis:
        """The analyzers of an index of these settings. Raises IllegalArgument."""
        return settings.analysis(self._synonyms.find if self._synonyms else lambda _: None)

    def _reanalysed(self, name: str, synonyms_set: str | None) -> list[str]:
        analysis = self.analysis(self.settings(name))
        if name in self._open:
            self._open[name].reanalyse(analysis)
        return analysis.reloadable(synonyms_set)

    def _read_mapping(self, record: IndexRecord, settings: IndexSettings) -> Mapping:
        return Mapping.read(record.mapping, self.analysis(settings), settings.most_fields, settings.defaults)

    def _mapped(self, name: str, body: Object[str, Any]) -> Mapping:
        record = self._records[name]
        settings = IndexSettings.of(record)
        mapping = self._open[name].mapping if name in self._open else self._read_mapping(record, settings)
        return mapping.merged(body, settings.most_fields)

    async def _keep_settings(self, made: Object[str, IndexSettings]) -> None:
        await asyncio.to_thread(self._change, {name: partial(_with_settings, own) for name, own in made.items()})
        for name, own in made.items():
            if name in self._open:
                self._open[name].settings = own

    async def replace(
        self, records: Sequence[IndexRecord], gone: Sequence[str] = (), streams: Changes | None = None
    ) -> None:
        """Keep records and forget indices, all or none, then remove what these had. Only who holds `writing` may."""
        uuids = [self._records[name].uuid for name in gone]
        await asyncio.to_thread(self._put, records, gone, streams or Changes())
        await self._shut(gone, keeps=False)
        for uuid in uuids:
            await asyncio.to_thread(shutil.rmtree, self._folder / uuid, ignore_errors=True)

    def _put(self, records: Sequence[IndexRecord], gone: Sequence[str], streams: Changes) -> None:
        with self._changing:
            # Of what there is already only the aliases change here; the mapping may have grown in the meantime.
            kept = [
                replace(self._records[each.name], aliases=each.aliases) if each.name in self._records else each
                for each in records
            ]
            self._store.put(*kept, gone=gone, streams=streams.bodies())
            left = {name: record for name, record in self._records.items() if name not in gone}
            self._records = Records(left | {record.name: record for record in kept})
            self._streams = streams.over(self._streams)

    def _change(self, changes: Object[str, Change]) -> None:
        with self._changing:
            records = [change(self._records[name]) for name, change in changes.items() if name in self._records]
            self._store.put(*records)
            self._records = Records(self._records | {record.name: record for record in records})

    def _keep_mapping(self, index: Index) -> None:
        """A document has added to the mapping. Called from threads, one at a time for an index."""
        if index.name not in self._records or self._records[index.name].uuid != index.uuid:
            raise NoIndex(index.name)
        self._change({index.name: partial(_with_mapping, index.mapping)})

    async def _opened(self, name: str) -> Index:
        record = self._records[name]
        try:
            index = await asyncio.to_thread(self._load, record)
        except (OSError, Unavailable) as error:
            told = error.strerror or error if isinstance(error, OSError) else error.reason
            raise Unavailable(f"index [{name}] cannot be opened: {told}") from None
        now = self._records.get(name)
        if now is None or now.uuid != record.uuid or self.is_closed(name):  # in the meantime
            await asyncio.to_thread(index.close)
            raise closed(name, record.uuid) if now and now.uuid == record.uuid else NoIndex(name)
        self._open[name] = index
        return index

    def _load(self, record: IndexRecord) -> Index:
        settings = IndexSettings.of(record)
        mapping = self._read_mapping(record, settings)
        return Index(record.name, record.uuid, self._folder / record.uuid, settings, mapping, self._keep_mapping)

    async def _shut(self, names: Collection[str], *, keeps: bool = True) -> None:
        """Close those of these indices that are open, or are being opened."""
        if opening := [self._opening[name] for name in names if name in self._opening]:
            await asyncio.wait(opening)
        for index in [self._open.pop(name) for name in names if name in self._open]:
            async with index.lock:
                await finished(partial(index.close, keeps=keeps))

    def _remove_leftovers(self) -> None:
        """Folders of indices that were deleted while the server was stopped in the middle of it."""
        if not self._folder.is_dir():
            return
        known = {record.uuid for record in self._records.values()}
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name not in known:
                log.info("removing what is left of a deleted index: %s", folder.name)
                shutil.rmtree(folder, ignore_errors=True)


def _with_mapping(mapping: Mapping, record: IndexRecord) -> IndexRecord:
    return replace(record, mapping=mapping.wire())


def _with_settings(settings: IndexSettings, record: IndexRecord) -> IndexRecord:
    return replace(record, settings=dict(settings.values))
