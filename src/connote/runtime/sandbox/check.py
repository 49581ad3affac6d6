"""Looking through an upload before anybody runs it."""

from pathlib import Path

from connote.runtime.sandbox.limits import Limits
from connote.runtime.sandbox.process import Worker


def check(definition: Path, limits: Limits) -> None:
    """Read the archive in a confined worker, without loading it: no torch is needed.

    Raises Rejected with what is wrong: it is no TorchScript archive, is damaged, or has operators that are not allowed.
    """
    worker = Worker(definition, limits, load=False)
    try:
        worker.open()
    finally:
        worker.end()
