"""A connote server to measure."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from connote.config import load

# What was computed before is computed again.
UNCACHED = {"Cache-Control": "no-store"}


@contextmanager
def serving(*arguments: str) -> Iterator[httpx.Client]:
    """A client of a fresh server with an empty data folder and the models that are here."""
    with running(*arguments) as (client, _):
        yield client


@contextmanager
def running(*arguments: str) -> Iterator[tuple[httpx.Client, int]]:
    """The same with the number of the server's process."""
    environment = os.environ | {"CONNOTE_MODELS": str(load(None).models_path()), "HF_HUB_OFFLINE": "1"}
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "connote.cli", "serve", "--port", "0", "--data", data, *arguments]
        server = subprocess.Popen(  # noqa: S603 (our own command)
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        try:
            assert server.stdout is not None
            url = re.search(r"http://\S+", server.stdout.readline())
            assert url is not None
            with httpx.Client(base_url=url[0], headers=UNCACHED, timeout=120, trust_env=False) as client:
                yield client, server.pid
        finally:
            server.terminate()
            server.wait()
