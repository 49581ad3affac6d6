"""What a worker and its parent say to each other, and what either may send instead."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from connote.runtime.backends.backend import Reduction
from connote.runtime.sandbox import frames
from connote.runtime.sandbox.frames import Batch, BrokenFrame, Fault, Result


@contextlib.contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, other = socket.socketpair()
    with ours, other:
        yield ours, other


def frame(message: dict[str, object], arrays: list[object], size: int, data: bytes) -> bytes:
    header = msgspec.msgpack.encode([message, arrays])
    return struct.pack("<IQ", len(header), size) + header + data


RESULT: dict[str, object] = {"type": "Result"}
BROKEN = {
    "a header too large": struct.pack("<IQ", 1 << 30, 0),
    "more than is allowed": frame(RESULT, [["<f4", [1 << 20]]], 1 << 22, b""),
    "arrays larger than they say": frame(RESULT, [["<f4", [1 << 20]]], 4, b"\0\0\0\0"),
    "arrays smaller than they say": frame(RESULT, [], 4, b"\0\0\0\0"),
    "a product that overflows": frame(RESULT, [["<f4", [1 << 40, 1 << 40]]], 4, b""),
    "a shape without numbers that no array can have": frame(RESULT, [["<f4", [0, 1 << 47, 1 << 47]]], 0, b""),
    "a negative size": frame(RESULT, [["<f4", [-1]]], 4, b"\0\0\0\0"),
    "objects": frame(RESULT, [["|O", [1]]], 8, bytes(8)),
    "another message": frame({"type": "Ready"}, [], 0, b""),
    "no message": frame({"type": "Surprise"}, [], 0, b""),
    "a long text": frame({"type": "Fault", "kind": "refused", "text": "a" * 3000}, [], 0, b""),
    "half a frame": frame(RESULT, [["<f4", [2]]], 8, bytes(4)),
    "nothing": b"",
}


def test_arrays_arrive_as_they_were_sent() -> None:
    table = np.arange(6, dtype=np.int64).reshape(2, 3)
    sent: list[NDArray[Any]] = [table, table.T, np.array(0.5, dtype=np.float32), np.zeros((0, 4), np.float32)]
    with pair() as (ours, other):
        frames.send(ours, Batch(1, Reduction.TERMS), sent)
        message, arrays = frames.receive(other, (Batch,), 1 << 10)
    assert message == Batch(1, Reduction.TERMS)
    for array, expected in zip(arrays, sent, strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_frame_is_refused_before_it_takes_memory(name: str) -> None:
    with pair() as (ours, other):
        ours.sendall(BROKEN[name])
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(BrokenFrame):
            frames.receive(other, (Result, Fault), 1 << 10)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_frame_or_refused(data: bytes, is_framed: bool) -> None:
    with pair() as (ours, other):
        ours.sendall(struct.pack("<IQ", len(data), 0) + data if is_framed else data)
        ours.shutdown(socket.SHUT_WR)
        with contextlib.suppress(BrokenFrame):
            message, _ = frames.receive(other, (Result, Fault), 1 << 10)
            assert isinstance(message, Result | Fault)


def test_who_sends_slowly_runs_out_of_time() -> None:
    with pair() as (ours, other):
        ours.sendall(struct.pack("<IQ", 10, 0))
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            frames.receive(other, (Result,), 0, began + 0.2)
        assert time.monotonic() - began < 5
