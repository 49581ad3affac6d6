"""What a model is to somebody who keeps its results: all that decides them, in one hash."""

import hashlib
import importlib.metadata
import json
from functools import cache
from pathlib import Path

from connote.runtime.catalog import Model
from connote.runtime.library import MANIFEST
from connote.runtime.sources import REQUIRED, Folder

# The packages that decide which numbers a model gives.
ENGINES = ("connote", "connote-native", "onnxruntime", "tokenizers", "torch")


def identity(row: Model, folder: Path) -> str:
    """A sha256 of the model's files, its row in the catalog, and the engines' versions; not of where it will run.

    Files that were pulled count by the hashes in their manifest, those of a folder used in place by size and times.
    Raises OSError if they are not there.
    """
    files = _times(folder) if isinstance(row.sources[0], Folder) else _hashes(folder)
    settings = (row.head.value, row.max_tokens, row.query_prefix, row.passage_prefix)
    return hashlib.sha256(ascii((files, settings, _versions())).encode()).hexdigest()


def _hashes(folder: Path) -> list[tuple[str, str]]:
    try:
        listed = json.loads((folder / MANIFEST).read_text())["files"]
        return sorted((name, file["sha256"]) for name, file in listed.items())
    except (ValueError, LookupError, TypeError):
        raise OSError(f"{folder / MANIFEST} is damaged") from None


def _times(folder: Path) -> list[tuple[str, int, int, int]]:
    found = [folder / name for name in REQUIRED]
    return [(str(file), (s := file.stat()).st_size, s.st_mtime_ns, s.st_ctime_ns) for file in found]


@cache
def _versions() -> tuple[str | None, ...]:
    return tuple(_version(package) for package in ENGINES)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
