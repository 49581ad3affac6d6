"""Official clients, unchanged: each release in a folder of its own, each story in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def tell(story: Path | str, release: str, *arguments: str) -> str:
    """What a story prints that is told with a release such as `openai==3.54.0`; its text is in a file or given."""
    folder = ROOT / ".cache" / "clients" / release.replace("==", "-")
    if not folder.is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
        subprocess.run([*install, str(folder), release], check=True)  # noqa: S603
    script = [str(story)] if isinstance(story, Path) else ["-c", story]
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", *script, *arguments],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout
