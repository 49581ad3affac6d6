"""What the texts of a semantic field became: chunks with their vectors, as they are kept beside a document."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from connote.search.engine.row import Vector


class Chunk(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The part [start, end) of a field's joined texts, in code points. Sparse vectors have tokens, dense ones none.

    `numbers` are float32 in this machine's byte order: weights of the tokens, or a vector.
    """

    start: int
    end: int
    numbers: bytes
    tokens: list[str] | None = None

    @property
    def vector(self) -> NDArray[np.float32]:
        """Float32: the weights, or the dense vector."""
        return np.frombuffer(self.numbers, dtype=np.float32)

    @property
    def sparse(self) -> Vector:
        """The sparse vector."""
        return Vector(self.tokens or [], self.vector)


class Part(msgspec.Struct, frozen=True):
    """What the texts at one path of the document became. `digest` is of these texts and of how they were cut."""

    digest: bytes
    chunks: list[Chunk]


class Embedded(msgspec.Struct, frozen=True):
    """One semantic field of a document: `parts` by the path that the texts stand at, and what the endpoint is like."""

    inference_id: str
    model: dict[str, Any]
    parts: dict[str, Part]
    is_given: bool = False  # it came with the document, so its texts decide nothing

    @property
    def chunks(self) -> list[Chunk]:
        """All chunks, in the order of the paths."""
        return [chunk for part in self.parts.values() for chunk in part.chunks]

    @property
    def is_sparse(self) -> bool:
        """Whether its vectors have tokens."""
        return self.model.get("task_type") == "sparse_embedding"


Fields = dict[str, Embedded]
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Fields).decode


def dump(fields: Mapping[str, Embedded]) -> bytes | None:
    """As it is stored; None if there is nothing."""
    return _encode(dict(fields)) if fields else None


def load(raw: bytes | None) -> Fields:
    """As it was stored."""
    return _decode(raw) if raw else {}


def source(raw: bytes) -> dict[str, Any]:
    """A document as it was stored."""
    found: dict[str, Any] = orjson.loads(raw)
    return found


def join(texts: Sequence[str]) -> str:
    """The texts of one path as chunks count them: a character lies between two."""
    return " ".join(texts)


def digest(texts: Sequence[str], endpoint: str, chunking: object) -> bytes:
    """Equal for equal texts that are cut and embedded alike."""
    return hashlib.blake2b(msgspec.json.encode([texts, endpoint, repr(chunking)]), digest_size=16).digest()
