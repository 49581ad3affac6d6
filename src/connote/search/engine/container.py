"""One file of named arrays, with checksums, that can be mapped.

Layout: the arrays, each from a multiple of 64 bytes; a footer, JSON, which lists [key, type, shape, offset, CRC-32] of
each; and 24 bytes: the footer's length (u64) and CRC-32 (u32), the version of the format (u32), 8 bytes of magic. All
numbers are little-endian. The footer stands last so that arrays can be written as they are made.
"""

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from connote.search.engine.arrays import Array, Key

VERSION = 1
_MAGIC = b"connote\n"
_TAIL = struct.Struct("<QII8s")
_ALIGNED = 64
# A mapped file costs a file descriptor, so small ones are read.
_SMALL = 1 << 20


class Corrupt(Exception):
    """A file is not what was written; what it held must be made again from the documents."""


def write(path: Path, arrays: Iterable[tuple[Key, Array]]) -> None:
    """Make the file. It is not safe from a power loss until `sync`; after an error there is none."""
    listed = []
    try:
        with path.open("wb") as file:
            for key, array in arrays:
                file.write(bytes(-file.tell() % _ALIGNED))
                flat = np.ascontiguousarray(array)
                listed.append((key, flat.dtype.str, flat.shape, file.tell(), zlib.crc32(flat.data)))
                file.write(flat.data)
            footer = json.dumps(listed, separators=(",", ":")).encode()
            file.write(footer)
            file.write(_TAIL.pack(len(footer), zlib.crc32(footer), VERSION, _MAGIC))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read(path: Path, *, verify: bool) -> dict[Key, Array]:
    """The arrays, which cannot be written to. `Corrupt` if the file is; with `verify`, all of it is looked at."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            whole = file.read() if size < _SMALL else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError as e:
        raise Corrupt(f"{path.name} is missing") from e
    arrays = {}
    for key, type_, shape, offset, checksum in _footer(path, memoryview(whole)):
        array = np.frombuffer(whole, dtype=type_, count=int(np.prod(shape, dtype=np.int64)), offset=offset)
        if verify and zlib.crc32(array.data) != checksum:
            raise Corrupt(f"{path.name} has been damaged: the checksum of {'/'.join(key)} is wrong")
        arrays[tuple(key)] = array.reshape(shape)
    return arrays


def sync(path: Path) -> None:
    """Wait until the file, or the names in the folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _footer(path: Path, whole: memoryview) -> list[tuple[list[str], str, list[int], int, int]]:
    if len(whole) < _TAIL.size:
        raise Corrupt(f"{path.name} has been cut short")
    length, checksum, version, magic = _TAIL.unpack(whole[-_TAIL.size :])
    footer = whole[max(len(whole) - _TAIL.size - length, 0) : len(whole) - _TAIL.size]
    if magic != _MAGIC or version != VERSION:
        raise Corrupt(f"{path.name} has been cut short, or another version of connote wrote it")
    if len(footer) != length or zlib.crc32(footer) != checksum:
        raise Corrupt(f"{path.name} has been damaged: the checksum of its footer is wrong")
    listed: list[tuple[list[str], str, list[int], int, int]] = json.loads(bytes(footer))
    return listed
