"""The trained models of this server: found, listed, put and deleted."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from connote.contract.errors import (
    AlreadyExists,
    Conflict,
    ConnoteError,
    IllegalArgument,
    NotFound,
    Rejected,
    Unavailable,
)
from connote.models import config
from connote.models.selection import select
from connote.models.stock import Stock
from connote.models.trained import Trained, Upload
from connote.runtime.catalog import UPLOADED, Model
from connote.runtime.library import Library
from connote.runtime.progress import logged
from connote.store.definitions import DEFINITION, Definitions
from connote.store.models import ModelRecord, ModelStore

log = logging.getLogger("connote.models")

# Given the names of a model and the ids of deployments, tells who needs them.
Users = Callable[[Sequence[str], Sequence[str]], Sequence[str]]
_, VOCABULARY, DESCRIPTION = UPLOADED


class Models:
    """Models that were added, by upload or from the catalog, and those of the catalog whose files are here.

    `users` are asked who needs a model: `["deployments: [a, b]"]`. `claims` are asked, with the id of a new model, why
    it cannot be that.
    """

    def __init__(self, store: ModelStore, files: Definitions, library: Library) -> None:
        self.store, self.files, self._library = store, files, library
        self.stock = Stock(library)
        self.users: list[Users] = []
        self.claims: list[Callable[[str], str | None]] = []
        # Which ingest pipelines name one of these.
        self.pipelines: Callable[[Sequence[str]], Sequence[str]] = lambda _: ()
        self.on_delete: list[Callable[[str], Any]] = []
        self.writing = asyncio.Lock()
        self.aliases = library.aliases = store.aliases()
        self.added: dict[str, Trained] = {}
        self.unreadable: dict[str, str] = {}  # kept, but not as they should be: why
        self._pulls: dict[tuple[str, bool], asyncio.Task[None]] = {}
        for record in store.models():
            try:
                self.keep(self._restored(record))
            except ConnoteError as error:
                log.warning("trained model [%s] cannot be read: %s", record.model_id, error)
                self.unreadable[record.model_id] = error.reason
        for alias in [alias for alias, id in self.aliases.items() if id not in self.added]:
            del self.aliases[alias]

    def tidy(self) -> None:
        """Remove what the end of the process has left of uploads; for who has the data folder."""
        self.files.tidy(record.folder for record in self.store.models() if record.folder)

    def find(self, name: str) -> Trained:
        """The model of that id or alias, from the catalog if nobody has added it. Raises NotFound."""
        id = self.aliases.get(name, name)
        if id in self.added:
            return self.added[id]
        if id in self.unreadable:
            raise Unavailable(
                f"trained model [{id}] cannot be read: {self.unreadable[id]}; delete it, and put it again"
            )
        row = self.stock.find(name)
        if row is None:
            raise NotFound(f"Could not find trained model [{name}]")
        return self.stock.trained(name, row)

    def names(self, id: str) -> list[str]:
        """The id and its aliases."""
        return [id, *sorted(alias for alias, model in self.aliases.items() if model == id)]

    def get(self, expression: str, tags: Sequence[str] = (), *, allow_no_match: bool = True) -> list[Trained]:
        """The models that are meant and have all the tags, by id. Raises NotFound."""
        here = {name: row for name, row in self.stock.here().items() if name not in self.added}
        found, missing = select(expression, sorted({*self.added, *self.aliases, *here}))
        rows = {name: row for name in missing if (row := self.stock.find(name)) and self.stock.is_here(row)}
        if lost := [name for name in missing if name not in rows]:
            raise NotFound(f"No known trained model with model_id [{','.join(lost)}]")
        ids = sorted({self.aliases.get(name, name) for name in found} | rows.keys())
        models = [self.added.get(id) or self.stock.trained(id, (here | rows)[id]) for id in ids]
        models = [model for model in models if set(tags) <= set(model.config.body.tags or ())]
        if not models and not allow_no_match:
            raise NotFound(f"No known trained model with model_id [{expression}]")
        return models

    def entry(self, model: Trained, include: Iterable[str]) -> dict[str, Any]:
        """Its entry in the answer to GET."""
        entry = model.wire(self.size(model))
        if "definition_status" in include:
            entry["fully_defined"] = self._is_defined(model)
        return entry

    def size(self, model: Trained) -> int:
        """The bytes of its definition."""
        if model.known:
            return self.stock.size(model.known)
        return model.upload.total_length if model.upload.sha256 else model.config.body.model_size_bytes or 0

    async def put(self, id: str, given: Mapping[str, Any], *, wait: bool = False) -> Trained:
        """Add a model: of the catalog, which is then pulled (`wait` until it is here), or one that will be uploaded.

        Raises what is wrong with it, AlreadyExists, or Rejected if the id is another's.
        """
        body = config.read(id, given)
        row = self.stock.find(id)
        if row and body.inference_config is not None and not id.startswith("."):
            raise Rejected(f"[{id}] is a model of connote's catalog; give yours another id")
        if row is None and id.startswith("."):
            raise IllegalArgument(f"[{id}] is no model that connote knows; `connote models list` shows those that are")
        parsed = None if row else config.upload(id, body)
        async with self.writing:
            self.check_free(id)
            model = await asyncio.to_thread(self._created, id, row, parsed, body)
            self.keep(model)
        if row and not self.stock.is_here(row):
            pull = self.pull(row)
            if wait:
                await asyncio.shield(pull)
        return model

    async def adopt(self, model: Trained) -> None:
        """Add a model of the catalog as it is, as `put` would; for those who hold `writing`."""
        assert model.known is not None  # noqa: S101 (only such are not added)
        self.keep(await asyncio.to_thread(self._created, model.id, model.known, None, model.config.body))

    async def delete(self, id: str, *, force: bool) -> None:
        """Forget a model that was added. Raises NotFound, or Conflict that names who uses it, unless it is forced."""
        async with self.writing:
            if id in self.unreadable:
                await asyncio.to_thread(self.store.remove_model, id)
                del self.unreadable[id]
                return
            if id not in self.added:
                raise NotFound(f"Could not find trained model [{id}]")
            if not force:
                self.check_unused(id)
            model, names = self.added.pop(id), self.names(id)  # nobody begins anything with it any more
            try:
                for forget in self.on_delete:
                    await forget(id)
                await asyncio.to_thread(self.store.remove_model, id)
            except BaseException:
                self.added[id] = model
                raise
            for alias in names[1:]:
                del self.aliases[alias]
            if model.folder:
                self._library.remove(id)
                await asyncio.to_thread(self.files.remove, model.folder.name)

    def check_unused(self, id: str) -> None:
        """Raise Conflict that names who uses a model."""
        if used := self.used(id):
            told = f"Cannot delete model [{id}] as it is currently used by {used}"
            raise Conflict(f"{told}; use force to delete the model")

    def used(self, id: str) -> str:
        """Who uses a model; nothing if nobody does."""
        return "; ".join(text for users in self.users for text in users(self.names(id), ()))

    def keep(self, model: Trained) -> None:
        """Let the model be what it is now, here and for the runtime."""
        self.added[model.id] = model
        if row := model.row():
            self._library.add(row)

    def uploaded(self, id: str) -> Trained:
        """The model of that id, whose definition comes from its owner. Raises NotFound, Rejected if it does not."""
        model = self.added.get(id)
        if model is None:
            raise NotFound(f"Could not find trained model [{id}]")
        if model.folder is None:
            raise Rejected(f"model [{id}] is one of the catalog: its definition comes from there")
        return model

    async def close(self) -> None:
        """Wait for nothing any more."""
        for pull in self._pulls.values():
            pull.cancel()
        await asyncio.gather(*self._pulls.values(), return_exceptions=True)

    def _is_defined(self, model: Trained) -> bool:
        if model.known is None:
            return model.is_whole
        if not self.stock.is_here(model.known):
            self.pull(model.known)  # if the last one has failed
            return False
        return True

    def check_free(self, id: str) -> None:
        """Raise AlreadyExists or Rejected if an id is another's."""
        if id in self.added or id in self.unreadable:
            raise AlreadyExists(f"Trained machine learning model [{id}] already exists")
        if id in self.aliases:
            raise Rejected(
                f"requested model_id [{id}] is the same as an existing model_alias. Model model_aliases and ids must "
                "be unique"
            )
        for claim in self.claims:
            if why := claim(id):
                raise Rejected(why)

    def _created(self, id: str, row: Model | None, parsed: config.Config | None, body: config.Body) -> Trained:
        now = time.time_ns() // 1_000_000
        if parsed is None:
            assert row is not None  # noqa: S101 (one of the two is there)
            model = self.stock.trained(id, row, body, now)
            self.store.add_model(ModelRecord(id, model.config.plain(), now))
            return model
        folder = self.files.create()
        model = Trained(id, parsed, now, self.files.path(folder))
        self.store.add_model(ModelRecord(id, parsed.plain(), now, folder, model.upload.plain()))
        return model

    def _restored(self, record: ModelRecord) -> Trained:
        parsed = config.kept(record.config)
        if record.folder is None:
            row = self.stock.find(record.model_id)
            if row is None:
                raise NotFound("it is not in the catalog any more")
            return Trained(record.model_id, parsed, record.created, known=row)
        path = self.files.path(record.folder)
        upload = Upload.kept(record.upload or Upload().plain(), has_vocabulary=(path / VOCABULARY).is_file())
        if upload.sha256 and not (path / DEFINITION).is_file():
            raise NotFound(f"its files in {path} are gone")
        return Trained(record.model_id, parsed, record.created, path, upload)

    def pull(self, row: Model, *, itself: bool = False) -> asyncio.Task[None]:
        """Begin to get a model's files, or join those who do. What stands in for it will do, unless `itself`."""
        get = self._library.pull if itself else self._library.resolve

        async def pull() -> None:
            await asyncio.to_thread(get, row, logged(row.id))

        task = self._pulls.get((row.id, itself))
        if task is None or task.done():
            task = self._pulls[row.id, itself] = asyncio.create_task(pull())
            task.add_done_callback(_log_failure)
        return task


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("a model could not be pulled: %s", error)
