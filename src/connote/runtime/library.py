"""The library: the models of the catalog, and those of them whose files are on this machine."""

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from connote.contract.errors import ConnoteError, NotFound, Unavailable
from connote.runtime.catalog import CATALOG, Model
from connote.runtime.sources import Folder, Hub, Progress, sha256

log = logging.getLogger("connote.runtime")

MANIFEST = "connote.json"


class Library:
    """Models below one folder, a folder each. An air-gapped machine gets them by copying that folder."""

    def __init__(self, folder: Path, rows: Sequence[Model] = CATALOG) -> None:
        self._folder = folder
        # Later rows win, so that a configuration can give a known name to another model.
        self._rows = {row.id: row for row in rows}
        self._given = dict(self._rows)
        # More names of rows, which come and go.
        self.aliases: Mapping[str, str] = {}
        self._names = _named(self._rows)
        # How far pulls are: of the file that comes now, the bytes that are here, and all. And why the last one failed.
        self._pulling: dict[str, dict[str, Any]] = {}
        self._failed: dict[str, str] = {}

    def find(self, name: str) -> Model:
        """The row of that id or alias. Raises NotFound."""
        name = self.aliases.get(name, name)
        if name not in self._names:
            raise NotFound(f"no model is called [{name}]; `connote models list` shows those that are known")
        return self._names[name]

    def add(self, row: Model) -> None:
        """Take a row in, in place of the one with its id; its names then mean it."""
        self._rows = {id: each for id, each in self._rows.items() if id != row.id} | {row.id: row}
        self._names = _named(self._rows)

    def remove(self, id: str) -> None:
        """Forget a row that was taken in; what it stood before is there again."""
        self._rows = {each: row for each, row in self._rows.items() if each != id}
        if id in self._given:
            self._rows = {id: self._given[id]} | self._rows
        self._names = _named(self._rows)

    def rows(self) -> list[Model]:
        """Every row."""
        return list(self._rows.values())

    def path(self, model: Model) -> Path | None:
        """The folder with the model's files, if they are here."""
        source = model.sources[0]
        if isinstance(source, Folder):
            return source.path if not _missing(source.path, model) else None
        path = self._place(model)
        return path if _manifest(path) and not _missing(path, model) else None

    def pull(self, model: Model, progress: Progress, *, check: bool = False) -> Path:
        """The model's files, from the first source that has them. Raises Unavailable that says why none has.

        Files become visible together, once all are verified; other threads and processes wait for the same pull.
        With `check`, files that are here already are verified too, and pulled again if they have changed.
        """
        source = model.sources[0]
        if isinstance(source, Folder):
            if missing := _missing(source.path, model):
                raise Unavailable(f"{model.id}: {source.path} does not have {', '.join(missing)}")
            return source.path
        place = self._place(model)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{place}.lock"):
                path = self.path(model)
                if path and check and _changed(path):
                    log.warning("%s: %s; pulling it again", model.id, "; ".join(_changed(path)))
                    path = None
                if path:
                    return path
                with self._watched(model, progress) as told:
                    return self._fetch(model, place, told)
        except OSError as error:
            raise Unavailable(f"{model.id} cannot be kept in {self._folder}: {error.strerror or error}") from None

    def resolve(self, model: Model, progress: Progress, *, check: bool = False) -> tuple[Model, Path]:
        """The row that can serve, with its files: the model itself, or with a warning what stands in for it."""
        if model.fallback is None or self.path(model):
            return model, self.pull(model, progress, check=check)
        stand_in = self.find(model.fallback)
        if self.path(stand_in):
            log.warning("%s is not here; %s serves in its place. %s", model.id, stand_in.id, stand_in.note)
            return stand_in, self.pull(stand_in, progress, check=check)
        try:
            return model, self.pull(model, progress)
        except Unavailable as error:
            log.warning("%s; %s serves in its place. %s", error, stand_in.id, stand_in.note)
            return stand_in, self.pull(stand_in, progress)

    def served(self, model: Model) -> Model:
        """The row that serves for this one with what is here: itself, or what stands in for it."""
        return model if self.path(model) or model.fallback is None else self.find(model.fallback)

    def verify(self, model: Model) -> list[str]:
        """What is wrong with the model's files here, compared with the hashes that they had when they were pulled."""
        path = self.path(model)
        if path is None:
            return [f"not here; `connote models pull {model.id}` gets it"]
        if isinstance(model.sources[0], Folder):
            return []
        return [f"{problem}; `connote models pull {model.id}` gets it again" for problem in _changed(path)]

    def states(self) -> list[dict[str, Any]]:
        """Every row of the catalog, and whether its files are here."""
        return [self.state(row) for row in self._rows.values()]

    def state(self, row: Model) -> dict[str, Any]:
        """A row, and whether its files are here."""
        path = self.path(row)
        manifest = _manifest(path) if path and not isinstance(row.sources[0], Folder) else None
        source = manifest["source"] if manifest else str(row.sources[0])
        stand_in = self.find(row.fallback) if row.fallback else None
        state: dict[str, Any] = {
            "id": row.id,
            "aliases": [alias for alias in row.aliases if self._names.get(alias) is row],
            "task_type": row.task.value,
            "head": row.head,
            "licence": row.licence,
            "present": path is not None,
            "bytes": sum((path / name).stat().st_size for name in row.names) if path else None,
            "source": source,
            "max_tokens": row.max_tokens,
            "note": row.note,
        }
        if stand_in and path is None:
            state["served_by"] = stand_in.id
            state["note"] = f"Until its weights can be had, {stand_in.id} serves in its place. {stand_in.note}"
        if pulling := self._pulling.get(row.id):
            state["pulling"] = pulling
        elif path is None and (failed := self._failed.get(row.id)):
            state["pull_failed"] = failed
        return state

    @contextmanager
    def _watched(self, model: Model, progress: Progress) -> Iterator[Progress]:
        """Remember how far a pull is, and why it has failed."""

        def report(file: str, done: int, total: int | None) -> None:
            self._pulling[model.id] = {"file": file, "done": done, "total": total}
            progress(file, done, total)

        self._failed.pop(model.id, None)
        self._pulling[model.id] = {"file": None, "done": 0, "total": None}
        try:
            yield report
        except (ConnoteError, OSError) as error:
            self._failed[model.id] = str(error)
            raise
        finally:
            del self._pulling[model.id]

    def _place(self, model: Model) -> Path:
        # By source and not by id: two rows over the same files share them. Another revision has other files.
        source = model.sources[0]
        name = source.repository if isinstance(source, Hub) else model.id
        other = f"@{source.revision}" if isinstance(source, Hub) and source.revision != "main" else ""
        return self._folder / f"{name}{other}".replace("/", "--")

    def _fetch(self, model: Model, place: Path, progress: Progress) -> Path:
        failures = []
        for source in model.sources:
            fresh = place.with_name(f"{place.name}.pulling")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            try:
                if not isinstance(source, Folder):
                    source.fetch(fresh, model.names, model.files, progress)
            except ConnoteError as error:
                log.info("%s", error)
                failures.append(str(error))
            else:
                _write_manifest(fresh, model, str(source))
                shutil.rmtree(place, ignore_errors=True)
                return fresh.rename(place)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        raise Unavailable(
            f"model {model.id} cannot be had: {'; '.join(failures)}. Without a network, copy the models folder of a "
            "machine that has it"
        )


def _named(rows: Mapping[str, Model]) -> dict[str, Model]:
    names = {alias: row for row in rows.values() for alias in row.aliases}
    return names | dict(rows)


def _missing(folder: Path, model: Model) -> list[str]:
    return [name for name in model.names if not (folder / name).is_file()]


def _changed(folder: Path) -> list[str]:
    manifest = _manifest(folder)
    if manifest is None:
        return [f"{MANIFEST} cannot be read"]
    wanted = manifest["files"].items()
    return [f"{name} has changed" for name, file in wanted if sha256(folder / name) != file["sha256"]]


def _manifest(folder: Path) -> Mapping[str, Any] | None:
    """What was written down when the model was pulled; None if it cannot be read: a folder that was copied by half."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"source", "files"} <= found.keys() else None


def _write_manifest(folder: Path, model: Model, source: str) -> None:
    files: Mapping[str, Any] = {
        name: {"sha256": sha256(folder / name), "bytes": (folder / name).stat().st_size} for name in model.names
    }
    (folder / MANIFEST).write_text(json.dumps({"source": source, "files": files}, indent=2))
