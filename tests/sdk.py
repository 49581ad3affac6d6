"""Official clients, unchanged: each release in a folder of its own, each story in a process of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent


def tell(
    story: Path | str,
    release: str,
    *arguments: str,
    beside: Sequence[str] = (),
    alone: Sequence[str] = (),
    strict: bool = True,
    seconds: float = 120,
) -> str:
    """What a story prints that is told with a release such as `openai==3.54.0`; its text is in a file or given.

    Releases `beside` it are installed too, those `alone` without what they depend on. What is not there comes from the
    environment of the tests, as torch does. Warnings are errors if it is strict.
    """
    folder = ROOT / ".cache" / "clients" / release.replace("==", "-")
    if not folder.is_dir():
        _install(folder, [release, *beside], alone)
    script = [str(story)] if isinstance(story, Path) else ["-c", story]
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error" if strict else "ignore", *script, *arguments],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


def _install(folder: Path, releases: Sequence[str], alone: Sequence[str]) -> None:
    """Make the folder, as a whole or not at all."""
    fresh = folder.with_name(f"{folder.name}.installing")
    shutil.rmtree(fresh, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(fresh)]
    subprocess.run([*pip, *releases], check=True)  # noqa: S603
    if alone:
        subprocess.run([*pip, "--no-deps", *alone], check=True)  # noqa: S603
    fresh.rename(folder)
