"""What a worker and its parent say to each other: frames of a header and raw arrays, checked on both sides.

A frame is two little-endian lengths (uint32 of the header, uint64 of the arrays), the header (an envelope in msgpack),
and the arrays one after another in C order.
"""

import math
import socket
import struct
import time
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from connote.runtime.backends.backend import Reduction

_LENGTHS = struct.Struct("<IQ")
_LONGEST_HEADER = 1 << 20


class Start(msgspec.Struct, tag=True, frozen=True):
    """The first thing that a worker is told. Without `load` it only checks the archive."""

    parent: int  # its process id
    memory: int
    output: int
    threads: int
    load: bool
    confined: bool


class Ready(msgspec.Struct, tag=True, frozen=True):
    """The archive is right. A quantized model computes in int8; in a dynamic one the items of a batch share a scale."""

    quantized: bool = False
    dynamic: bool = False


class Batch(msgspec.Struct, tag=True, frozen=True):
    """Compute; with it come the lengths of the items, and the ids and types of all, one after another (int64)."""

    pad: int
    reduction: Reduction


class Result(msgspec.Struct, tag=True, frozen=True):
    """With it comes an array an item (float32), of terms two: ids (int64) and weights."""


class Fault(msgspec.Struct, tag=True, frozen=True):
    """It cannot be done: the archive or the input is refused, or it lacks memory, torch, or a system that confines."""

    kind: Literal["refused", "memory", "missing", "system"]
    text: Annotated[str, Meta(max_length=2000)]


Message = Start | Ready | Batch | Result | Fault
_M = TypeVar("_M", bound=Message)


class _Array(msgspec.Struct, array_like=True, frozen=True):
    dtype: Literal["<f4", "<i8"]
    shape: Annotated[list[Annotated[int, Meta(ge=0, lt=1 << 48)]], Meta(max_length=16)]

    @property
    def size(self) -> int:
        """In bytes."""
        return math.prod(self.shape) * int(self.dtype[-1])


class _Envelope(msgspec.Struct, array_like=True, frozen=True):
    message: Message
    arrays: list[_Array]


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(_Envelope)


class BrokenFrame(Exception):
    """The other side sent what is no frame, or too much, or has gone."""


def send(
    connection: socket.socket,
    message: Message,
    arrays: Sequence[NDArray[Any]] = (),
    deadline: float | None = None,
) -> None:
    """Send a frame by that time of the monotonic clock. Raises OSError, of it TimeoutError if it is over."""
    specs = [_Array("<i8" if array.dtype.kind == "i" else "<f4", list(array.shape)) for array in arrays]
    header = _ENCODER.encode(_Envelope(message, specs))
    _limit(connection, deadline)
    connection.sendall(_LENGTHS.pack(len(header), sum(spec.size for spec in specs)) + header)
    for array, spec in zip(arrays, specs, strict=True):
        _limit(connection, deadline)
        connection.sendall(np.ascontiguousarray(array, dtype=spec.dtype).data.cast("B") if array.size else b"")


def receive(
    connection: socket.socket,
    kinds: tuple[type[_M], ...],
    most: int,
    deadline: float | None = None,
) -> tuple[_M, list[NDArray[Any]]]:
    """The next frame, which must be one of these messages with at most so many bytes of arrays.

    Raises BrokenFrame, or OSError, of it TimeoutError if the time is over.
    """
    length, size = _LENGTHS.unpack(_bytes(connection, _LENGTHS.size, deadline))
    if length > _LONGEST_HEADER or size > most:
        raise BrokenFrame(f"a frame of {length} and {size} bytes is too large")
    try:
        envelope = _DECODER.decode(_bytes(connection, length, deadline))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenFrame(f"a frame has a wrong header: {error}") from None
    if not isinstance(envelope.message, kinds) or sum(array.size for array in envelope.arrays) != size:
        raise BrokenFrame("a frame is not the one that is due")
    try:
        arrays = [np.empty(array.shape, dtype=array.dtype) for array in envelope.arrays]
    except ValueError:  # of no bytes, since one axis is 0, but with others that no array can have
        raise BrokenFrame("a frame has an array of a shape that cannot be") from None
    for array in arrays:
        if array.size:
            _fill(connection, array.data.cast("B"), deadline)
    return envelope.message, arrays


def _bytes(connection: socket.socket, size: int, deadline: float | None) -> bytearray:
    data = bytearray(size)
    _fill(connection, memoryview(data), deadline)
    return data


def _fill(connection: socket.socket, view: memoryview, deadline: float | None) -> None:
    while view:
        _limit(connection, deadline)
        got = connection.recv_into(view)
        if not got:
            raise BrokenFrame("the connection was closed")
        view = view[got:]


def _limit(connection: socket.socket, deadline: float | None) -> None:
    """The next call may take what is left of the time. A worker has no deadline, and may not set one."""
    if deadline is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is over")
    connection.settimeout(left)
