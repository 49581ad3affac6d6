"""Models that were added to the catalog: checkpoints and graphs, in a folder or on the hub, for the fast lanes."""

import asyncio
import logging
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from connote.contract.errors import AlreadyExists, IllegalArgument, NotFound, Rejected
from connote.models.config import wrong_id
from connote.models.models import Models
from connote.runtime import survey
from connote.runtime.catalog import Head, Model
from connote.runtime.library import Library
from connote.runtime.sources import Folder, Hub
from connote.store.models import ModelStore

log = logging.getLogger("connote.models")

LICENCE = "its owner's"


class Reference(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where a model's files are, and what its owner says of it."""

    folder: str | None = None
    hub: str | None = None
    revision: str = "main"
    head: Head | None = None
    aliases: list[str] = []

    def source(self) -> Folder | Hub:
        """Where it comes from. Raises IllegalArgument unless there is exactly one of folder and hub."""
        if (self.folder is None) == (self.hub is None):
            raise IllegalArgument("give either [folder] or [hub]")
        if self.folder is not None:
            return Folder(Path(self.folder).absolute())
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", str(self.hub), re.ASCII) or not re.fullmatch(r"[\w.-]+", self.revision):
            raise IllegalArgument(f"[hub] must be such as [owner/name] with a [revision], not [{self.hub}]")
        return Hub(str(self.hub), self.revision)

    def default_id(self) -> str:
        """Its id if its owner gives none, as eland makes it: https://github.com/elastic/eland."""
        name = self.hub or Path(str(self.folder)).absolute().name
        return re.sub(r"[\s\\/]", "__", name).lower()[-64:].removeprefix("__")


class _Row(msgspec.Struct, omit_defaults=True):
    """A row as it is kept."""

    head: Head
    folder: str | None = None
    hub: str | None = None
    revision: str = "main"
    aliases: tuple[str, ...] = ()
    max_tokens: int = 512
    dimensions: int | None = None
    query_prefix: str = ""
    passage_prefix: str = ""
    idf: bool = False
    is_graph: bool = False

    @classmethod
    def of(cls, model: Model) -> "_Row":
        source, fields = model.sources[0], {name: getattr(model, name) for name in _FIELDS}
        if isinstance(source, Folder):
            return cls(folder=str(source.path), **fields)
        return (
            cls(hub=source.repository, revision=source.revision, **fields) if isinstance(source, Hub) else cls(**fields)
        )

    def model(self, id: str) -> Model:
        source = Folder(Path(self.folder)) if self.folder else Hub(str(self.hub), self.revision)
        return Model(id=id, sources=(source,), licence=LICENCE, note="Added.", **{n: getattr(self, n) for n in _FIELDS})


_FIELDS = ("head", "aliases", "max_tokens", "dimensions", "query_prefix", "passage_prefix", "idf", "is_graph")


def rows(store: ModelStore) -> list[Model]:
    """The rows that were added."""
    found = []
    for id, plain in store.catalog().items():
        try:
            found.append(msgspec.convert(plain, _Row).model(id))
        except msgspec.ValidationError as error:
            log.warning("model [%s] of the catalog cannot be read: %s", id, error)
    return found


def examined(id: str, reference: Reference) -> Model:
    """The row of a model, from what its files tell. Raises IllegalArgument, or Unavailable if they cannot be had."""
    source = reference.source()
    if isinstance(source, Folder) and not source.path.is_dir():
        raise IllegalArgument(f"there is no folder {source.path}")
    is_graph = isinstance(source, Folder) and survey.format_of(source.path)
    row = Model(
        id, reference.head or Head.MEAN, (source,), LICENCE, tuple(reference.aliases), is_graph=is_graph, note="Added."
    )
    if isinstance(source, Folder):
        return survey.surveyed(row, survey.in_folder(source.path), reference.head)
    with tempfile.TemporaryDirectory() as folder:
        return survey.surveyed(row, survey.on_hub(source, Path(folder)), reference.head)


@dataclass(frozen=True)
class References:
    """Adds rows to the catalog and removes them."""

    models: Models
    library: Library

    async def add(self, id: str, reference: Reference, *, wait: bool = False) -> Model:
        """Add a model. What comes from the hub is pulled; `wait` until it is here.

        Raises IllegalArgument, Rejected or AlreadyExists for what cannot be added, Unavailable if it cannot be had.
        """
        if problems := [
            problem for name in (id, *reference.aliases) for problem in wrong_id(name.lstrip("."), "model_id")
        ]:
            raise IllegalArgument(problems[0])
        row = await asyncio.to_thread(examined, id, reference)
        async with self.models.writing:
            self._check_free(id)
            for alias in reference.aliases:  # of the catalog's names it may take one, as a configuration may
                self.models.check_free(alias)
            await asyncio.to_thread(self.models.store.add_row, id, msgspec.to_builtins(_Row.of(row)))
            self.library.add(row)
        if not self.models.stock.is_here(row):
            pull = self.models.pull(row)
            if wait:
                await asyncio.shield(pull)
        return row

    async def remove(self, id: str, *, force: bool) -> None:
        """Take a model out of the catalog; its files stay. One that was uploaded is deleted.

        Raises NotFound, or Conflict if it is used.
        """
        if id in self.models.added and self.models.added[id].folder:
            await self.models.delete(id, force=force)
            return
        if id not in self.models.store.catalog():
            raise NotFound(f"no model [{id}] was added; those of connote's own catalog cannot be removed")
        if id in self.models.added:
            await self.models.delete(id, force=force)
        async with self.models.writing:
            if not force:
                self.models.check_unused(id)
            await asyncio.to_thread(self.models.store.remove_row, id)
            self.library.remove(id)

    def _check_free(self, id: str) -> None:
        if id in self.models.store.catalog():
            raise AlreadyExists(f"model [{id}] was added already; remove it first")
        if any(row.id == id for row in self.library.rows()):
            raise Rejected(f"[{id}] is a model already; give another id")
        self.models.check_free(id)
