"""The official Elasticsearch client for Python, releases 8 and 9, unchanged, against a real server.

Both releases are one package, so each is installed in a folder of its own and runs a story in a process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, Server

STORY = Path(__file__).parent / "story.py"


@pytest.mark.parametrize("release", ["8.19.3", "9.5.1"])
def test_the_story_runs_with_the_official_client(server: Server, release: str) -> None:
    folder = ROOT / ".cache" / "clients" / f"elasticsearch-{release}"
    if not folder.is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
        subprocess.run([*install, str(folder), f"elasticsearch=={release}"], check=True)  # noqa: S603
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", str(STORY), server.url],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout == f"elasticsearch-py {release}: all is well\n"
