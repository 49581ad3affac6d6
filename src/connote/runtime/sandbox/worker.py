"""The worker process: `python -m connote.runtime.sandbox.worker DESCRIPTOR`, with the archive as its standard input.

It reads that, then takes from itself what could harm others, and only then looks at the archive. The descriptor is the
connection to its parent, the only one that it keeps.
"""

import os
import socket
import sys
import warnings
from typing import TYPE_CHECKING

from connote.runtime.sandbox import archive, confinement, frames, source
from connote.runtime.sandbox.errors import BadArchive, BadInput
from connote.runtime.sandbox.frames import Batch, Fault, Ready, Result, Start

if TYPE_CHECKING:
    from connote.runtime.sandbox.module import Module

_MOST_TOKENS = 1 << 24


def main(descriptor: int) -> None:
    """Serve until the parent has gone."""
    warnings.simplefilter("ignore")
    connection = socket.socket(fileno=descriptor)
    start, _ = frames.receive(connection, (Start,), 0)
    confinement.follow(start.parent)
    try:
        module = _open(start)
    except (BadArchive, MemoryError, ImportError, OSError) as error:
        frames.send(connection, _fault(error))
        return
    if module is None:
        frames.send(connection, Ready())
        return
    frames.send(connection, Ready(module.is_quantized, module.is_dynamic))
    while True:
        _answer(connection, module, start.output)


def _open(start: Start) -> "Module | None":
    """All steps up to a module that can be run; none if it is not to be loaded."""
    "".encode("cp437")  # the encoding of names in zip files: once confined, nothing can be imported
    if start.load:
        import torch  # noqa: PLC0415 (an extra, and seconds to import)

        from connote.runtime.sandbox.module import Module, warm  # noqa: PLC0415

        warm()
    data = _read()
    if start.confined:
        confinement.confine(start.memory)
    source.check(archive.code(data))
    if not start.load:
        return None
    torch.set_num_threads(start.threads)
    return Module(data)


def _read() -> bytes:
    """The archive; its descriptor then stands for nothing any more."""
    with os.fdopen(os.dup(0), "rb") as file:
        data = file.read()
    os.dup2(1, 0)
    return data


def _answer(connection: socket.socket, module: "Module", most: int) -> None:
    """Compute one batch."""
    batch, (lengths, ids, types) = frames.receive(connection, (Batch,), 3 * 8 * _MOST_TOKENS)
    try:
        arrays = module.run(lengths, ids, types, batch.pad, batch.reduction, most)
    except (BadInput, MemoryError) as error:
        frames.send(connection, _fault(error))
    else:
        frames.send(connection, Result(), arrays)


def _fault(error: Exception) -> Fault:
    text = str(error)[:2000] or type(error).__name__
    match error:
        case MemoryError():
            return Fault("memory", text)
        case ImportError():
            return Fault("missing", text)
        case OSError():
            return Fault("system", text)
        case _:
            return Fault("refused", text)


if __name__ == "__main__":
    # The parent sees the end of the connection, and reports it.
    try:
        main(int(sys.argv[1]))
    except (frames.BrokenFrame, OSError):
        sys.exit(1)
