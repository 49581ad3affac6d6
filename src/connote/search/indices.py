"""The indices of this server: made, opened, changed, deleted, and found by name or alias."""

import asyncio
import logging
import secrets
import shutil
import time
from collections.abc import Mapping as Object
from pathlib import Path
from typing import Any

from connote.contract.errors import AlreadyExists, ConnoteError, IllegalArgument, NoIndex, Unavailable
from connote.search import names
from connote.search.index import Index
from connote.search.mapping.mapping import Mapping
from connote.search.settings import IndexSettings
from connote.store.indices import IndexRecord, IndexStore

# The version that an index is of, as Elasticsearch 9 counts them.
CREATED = 9_039_000

log = logging.getLogger("connote.search")


class Indices:
    """All indices, each opened when it is first needed.

    `writing` is held while indices are made, changed or deleted: what a request does is done as a whole.
    """

    def __init__(self, folder: Path, store: IndexStore) -> None:
        self._folder, self._store = folder, store
        self._records = {record.name: record for record in store.all()}
        self._open: dict[str, Index] = {}
        self._opening: dict[str, asyncio.Task[Index]] = {}
        self.writing = asyncio.Lock()
        self._remove_leftovers()

    # Finding.

    @property
    def records(self) -> Object[str, IndexRecord]:
        """What is kept of every index, by name."""
        return self._records

    def settings(self, name: str) -> IndexSettings:
        """The settings of an index, with what it was made as."""
        record = self._records[name]
        own = {"creation_date": record.created, "uuid": record.uuid, "provided_name": name, "version.created": CREATED}
        return IndexSettings({**record.settings, **own})

    def aliases(self) -> dict[str, list[str]]:
        """The indices of every alias."""
        found: dict[str, list[str]] = {}
        for name, record in sorted(self._records.items()):
            for alias in record.aliases:
                found.setdefault(alias, []).append(name)
        return found

    def resolve(self, expression: str | None, *, ignore_missing: bool = False, allow_none: bool = True) -> list[str]:
        """The names of the indices that an expression means. Raises NoIndex."""
        return names.resolve(
            expression, self._records, self.aliases(), ignore_missing=ignore_missing, allow_none=allow_none
        )

    def written(self, name: str) -> str:
        """The one index that writes to that name go to. Raises NoIndex, IllegalArgument for an alias of several."""
        if name in self._records:
            return name
        found = self.aliases().get(name, [])
        if not found:
            raise NoIndex(name)
        writers = [each for each in found if self._records[each].aliases[name].get("is_write_index")]
        if len(writers) == 1:
            return writers[0]
        if len(found) > 1:
            raise IllegalArgument(
                f"no write index is defined for alias [{name}]. The write index may be explicitly disabled using "
                "is_write_index=false or the alias points to multiple indices without one being designated as a "
                "write index"
            )
        return found[0]

    def single(self, name: str) -> str:
        """The one index that reads by id of that name go to. Raises NoIndex, IllegalArgument for an alias of several."""
        if name in self._records:
            return name
        found = self.aliases().get(name, [])
        if not found:
            raise NoIndex(name)
        if len(found) > 1:
            raise IllegalArgument(
                f"alias [{name}] has more than one index associated with it [{', '.join(found)}], can't execute a single "
                "index op"
            )
        return found[0]

    def upcoming(self, name: str) -> IndexSettings:
        """The settings of the index that writes to that name go to, or would, if there is none yet."""
        try:
            return IndexSettings(self._records[self.written(name)].settings)
        except (NoIndex, IllegalArgument):
            return IndexSettings({})

    async def open(self, name: str) -> Index:
        """The index of that name, opened. Raises NoIndex, Unavailable if its files cannot be read."""
        if name in self._open:
            return self._open[name]
        if name not in self._records:
            raise NoIndex(name)
        task = self._opening.get(name)
        if task is None:
            task = self._opening[name] = asyncio.create_task(self._opened(name))
            task.add_done_callback(lambda _: self._opening.pop(name, None))
        return await asyncio.shield(task)

    # Changing.

    async def create(self, name: str, body: Object[str, Any]) -> None:
        """Make an index of `{"settings", "mappings", "aliases"}`. Raises the contract's errors; all or nothing."""
        async with self.writing:
            await self._create(name, body)

    async def ensure(self, name: str) -> str:
        """The index that writes to that name go to, made if there is none."""
        try:
            return self.written(name)
        except NoIndex:
            async with self.writing:
                if name not in self._records:
                    await self._create(name, {})
            return name

    async def delete(self, found: list[str]) -> None:
        """Delete indices with all that is in them."""
        async with self.writing:
            indices = [self._open.pop(name) for name in found if name in self._open]
            await asyncio.to_thread(self._store.remove, *found)
            gone = [self._records.pop(name) for name in found]
            for index in indices:
                async with index.lock:
                    await asyncio.to_thread(index.close)
            for record in gone:
                await asyncio.to_thread(shutil.rmtree, self._folder / record.uuid, ignore_errors=True)

    async def change(self, *records: IndexRecord) -> None:
        """Keep changed records, all or none. Only who holds `writing` may."""
        await asyncio.to_thread(self._store.put, *records)
        self._records |= {record.name: record for record in records}

    async def close(self) -> None:
        """Close every index."""
        for index in self._open.values():
            async with index.lock:
                await asyncio.to_thread(index.close)
        self._open.clear()

    async def _create(self, name: str, body: Object[str, Any]) -> None:
        names.check(name)
        if name in self._records:
            error = AlreadyExists(f"index [{name}/{self._records[name].uuid}] already exists")
            error.details = {"index_uuid": self._records[name].uuid, "index": name}
            raise error
        if name in self.aliases():
            error = AlreadyExists(f"alias [{name}] already exists")
            raise error
        if unknown := body.keys() - {"settings", "mappings", "aliases"}:
            raise IllegalArgument(f"unknown key [{sorted(unknown)[0]}] for create index")
        settings = IndexSettings.read(body.get("settings") or {})
        mapping = await asyncio.to_thread(
            Mapping.read, body.get("mappings") or {}, settings.analysis, settings.most_fields
        )
        aliases = {alias: dict(given or {}) for alias, given in (body.get("aliases") or {}).items()}
        for alias in aliases:
            names.check(alias)
            if alias in self._records or alias == name:
                raise IllegalArgument(
                    f"Invalid alias name [{alias}]: an index or data stream exists with the same name as the alias"
                )
        record = IndexRecord(
            name, secrets.token_urlsafe(16), int(time.time() * 1000), dict(settings.values), mapping.wire(), aliases
        )
        await self.change(record)

    async def _opened(self, name: str) -> Index:
        record = self._records[name]
        try:
            index = await asyncio.to_thread(self._load, record)
        except OSError as error:
            raise Unavailable(f"index [{name}] cannot be opened: {error.strerror or error}") from None
        if self._records.get(name) is None or self._records[name].uuid != record.uuid:  # deleted in the meantime
            await asyncio.to_thread(index.close)
            raise NoIndex(name)
        self._open[name] = index
        return index

    def _load(self, record: IndexRecord) -> Index:
        settings = IndexSettings(record.settings)
        mapping = Mapping.read(record.mapping, settings.analysis, settings.most_fields)
        return Index(record.name, record.uuid, self._folder / record.uuid, settings, mapping, self._keep_mapping)

    def _keep_mapping(self, index: Index) -> None:
        """A document has added to the mapping. Called from threads, one at a time for an index."""
        before = self._records[index.name]
        record = IndexRecord(
            before.name, before.uuid, before.created, before.settings, index.mapping.wire(), before.aliases
        )
        self._store.put(record)
        self._records[index.name] = record

    def _remove_leftovers(self) -> None:
        """Folders of indices that were deleted while the server was stopped in the middle of it."""
        if not self._folder.is_dir():
            return
        known = {record.uuid for record in self._records.values()}
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name not in known:
                log.info("removing what is left of a deleted index: %s", folder.name)
                shutil.rmtree(folder, ignore_errors=True)


__all__ = ["ConnoteError", "Indices"]
