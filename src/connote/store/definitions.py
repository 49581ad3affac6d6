"""The files of uploaded models: a folder for each, in which a definition grows part by part.

A file is written under another name, synced, and renamed: what has its name is whole, whenever the process ends.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from connote.contract.errors import Unavailable

DEFINITION = "definition.pt"
_PART, _UNFINISHED, _BLOCK = "part-", ".unfinished", 1 << 20


class Definitions:
    """Folders below one folder; each has a random name, so that nothing of a deleted model is found by a new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """The folder of that name."""
        return self._folder / name

    def tidy(self, kept: Iterable[str]) -> None:
        """Remove all folders but those, and in them what was not finished."""
        names = set(kept)
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.name not in names:
                shutil.rmtree(path, ignore_errors=True)
                continue
            for unfinished in path.glob(f"*{_UNFINISHED}"):
                unfinished.unlink()

    def create(self) -> str:
        """Make a folder, and give its name. Raises Unavailable if it cannot be."""
        name = secrets.token_hex(12)
        try:
            self.path(name).mkdir(parents=True)
        except OSError as error:
            raise _cannot(self._folder, error) from None
        return name

    def remove(self, name: str) -> None:
        """Remove a folder and all that is in it."""
        shutil.rmtree(self.path(name), ignore_errors=True)

    def write(self, folder: str, name: str, content: bytes) -> None:
        """Write a file, in place of what is there. Raises Unavailable if it cannot be."""
        _write(self.path(folder) / name, [content])

    def read(self, folder: str, name: str) -> bytes:
        """What a file holds."""
        return (self.path(folder) / name).read_bytes()

    def open(self, folder: str) -> BinaryIO:
        """The definition, to be read."""
        return (self.path(folder) / DEFINITION).open("rb")

    def put_part(self, folder: str, number: int, content: bytes) -> None:
        """Keep one part of a definition, in place of one of that number. Raises Unavailable if it cannot be."""
        self.write(folder, f"{_PART}{number}", content)

    def parts(self, folder: str) -> dict[int, int]:
        """The bytes of each part that is here, by number."""
        found = self.path(folder).glob(f"{_PART}*[0-9]")
        return {int(path.name.removeprefix(_PART)): path.stat().st_size for path in found}

    def assemble(self, folder: str, count: int) -> str:
        """Make the definition of its parts, and give its sha256. The parts stay until `drop_parts`."""
        path, digest = self.path(folder), hashlib.sha256()

        def blocks() -> Iterable[bytes]:
            for number in range(count):
                with (path / f"{_PART}{number}").open("rb") as part:
                    while block := part.read(_BLOCK):
                        digest.update(block)
                        yield block

        _write(path / DEFINITION, blocks())
        return digest.hexdigest()

    def drop_parts(self, folder: str) -> None:
        """Remove the parts."""
        for path in self.path(folder).glob(f"{_PART}*"):
            path.unlink()


def _write(path: Path, blocks: Iterable[bytes]) -> None:
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    try:
        with unfinished.open("wb") as file:
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        _sync(path.parent)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise _cannot(path.parent, error) from None


def _sync(folder: Path) -> None:
    """A name that was given is there after a power loss, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(f"the model cannot be kept in {folder}: {error.strerror or error}")
