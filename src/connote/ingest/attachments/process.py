"""Reading a file in a process of its own, which ends with it: what is in it may be hostile, and slow."""

import json
import subprocess
import sys

from connote.contract.errors import IllegalArgument
from connote.ingest.attachments.reading import SECONDS, Reading


def read(data: bytes, most: int) -> Reading:
    """Its text, at most so many characters of it, and what it says of itself. Raises IllegalArgument."""
    try:
        done = subprocess.run(  # noqa: S603 (our own module)
            [sys.executable, "-I", "-m", "connote.ingest.attachments.worker", str(most)],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=True,
            env={},
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        raise IllegalArgument(f"reading it takes longer than {SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        raise IllegalArgument(f"reading it ended with {error.returncode}") from None
    found = json.loads(done.stdout)
    if "why" in found:
        raise IllegalArgument(found["why"])
    return Reading(**found)
