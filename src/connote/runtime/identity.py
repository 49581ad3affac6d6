"""What a model is to somebody who keeps its results: all that decides them, in one hash."""

import hashlib
import importlib.metadata
import json
from functools import cache
from pathlib import Path

from connote.runtime.catalog import Model
from connote.runtime.library import MANIFEST
from connote.runtime.placement import ARITHMETIC
from connote.runtime.sources import Folder

# The packages that decide which numbers a model gives.
ENGINES = ("connote", "connote-native", "onnxruntime", "tokenizers", "torch")


def identity(row: Model, folder: Path) -> str | None:
    """A sha256 of the model's files, its row in the catalog, and the engines' versions; not of where it will run.

    Files that were pulled count by the hashes in their manifest, those of a folder used in place by size and times.
    None if the files are not as they should be.
    """
    try:
        files = _times(row, folder) if isinstance(row.sources[0], Folder) else _hashes(folder)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    settings: tuple[object, ...] = (
        row.head and row.head.value,
        row.max_tokens,
        row.query_prefix,
        row.passage_prefix,
        row.idf,
        row.logs,
    )
    settings += ("graph",) if row.is_graph else ()
    return hashlib.sha256(ascii((files, settings, ARITHMETIC, _versions())).encode()).hexdigest()


def _hashes(folder: Path) -> list[tuple[str, ...]]:
    listed = json.loads((folder / MANIFEST).read_text())["files"]
    return sorted((name, file["sha256"]) for name, file in listed.items())


def _times(row: Model, folder: Path) -> list[tuple[str, ...]]:
    found = [(folder / name, (folder / name).stat()) for name in row.names]
    return [(str(file), *map(str, (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))) for file, stat in found]


@cache
def _versions() -> tuple[str | None, ...]:
    return tuple(_version(package) for package in ENGINES)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
