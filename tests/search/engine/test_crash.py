"""Whenever the process is killed, the last commit is there, whole."""

import random
import subprocess
import sys
import time
from pathlib import Path

import writer
from connote.search.engine.index import Index
from rows import documents, expected

ROUNDS = 50


def test_a_commit_outlives_the_process_at_whatever_moment_it_is_killed(tmp_path: Path) -> None:
    chosen, merged = random.Random(6), 0  # noqa: S311
    for _ in range(ROUNDS):
        acknowledged = killed(tmp_path, chosen.uniform(0, 0.1))
        left = len(list(tmp_path.glob("*.segment")))
        index = Index.open(tmp_path)
        assert index.seq >= acknowledged
        assert documents(index.snapshot) == expected(writer.state(index.seq))
        segments = index.snapshot.segments
        merged += left > len(segments)  # it was killed with more on the disk than the commit names
        assert {file.name for file in tmp_path.iterdir()} == {"commit", *(f"{s.number}.segment" for s in segments)}
    assert merged > ROUNDS / 10


def killed(folder: Path, after: float) -> int:
    """Let it write and kill it some seconds after its first commit; the last one of which it told."""
    command = [sys.executable, writer.__file__, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after)
        process.kill()
        told = [first, *process.stdout]
    return int([line for line in told if line.endswith("\n")][-1])
