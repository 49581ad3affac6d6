"""A checkpoint's tensors have the same names in every family, and are what they are said to be."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

from connote.contract.errors import Unavailable
from connote.runtime.weights import Weights

ONES = np.ones((2, 3), dtype=np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("prefix", ["", "bert.", "distilbert.", "roberta."])
def test_the_familys_prefix_is_left_out(file: Path, prefix: str) -> None:
    save_file({f"{prefix}pooler.dense.weight": ONES}, file)
    weights = Weights(file)
    assert "pooler.dense.weight" in weights
    assert weights.shape("pooler.dense.weight") == (2, 3)
    assert weights.get("pooler.dense.weight", (2, 3)).tolist() == ONES.tolist()


def test_the_old_names_of_norms_are_understood(file: Path) -> None:
    save_file({"bert.embeddings.LayerNorm.gamma": ONES, "bert.embeddings.LayerNorm.beta": 2 * ONES}, file)
    weights = Weights(file)
    assert weights.get("embeddings.LayerNorm.weight", (2, 3))[0, 0] == 1
    assert weights.get("embeddings.LayerNorm.bias", (2, 3))[0, 0] == 2


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16])
def test_other_floats_are_read_as_float32(file: Path, kind: torch.dtype) -> None:
    save_torch({"x": torch.tensor([[0.5, -2.0]], dtype=kind)}, file)
    tensor = Weights(file).get("x", (1, 2))
    assert tensor.dtype == np.float32
    assert tensor.tolist() == [[0.5, -2.0]]


def test_a_missing_tensor_is_named(file: Path) -> None:
    save_file({"x": ONES}, file)
    weights = Weights(file)
    assert "y" not in weights
    with pytest.raises(Unavailable, match=r"has no tensor \[y\]"):
        weights.get("y", (2, 3))


def test_another_shape_is_named(file: Path) -> None:
    save_file({"x": ONES}, file)
    with pytest.raises(Unavailable, match=r"tensor \[x\] has shape \[2, 3\], not \[3, 2\]"):
        Weights(file).get("x", (3, 2))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 8,
        b"not a checkpoint at all",
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 62) + b'{"x":{"dtype":"F32","shape":[9999999],"data_offsets":[0,4]}}  ' + b"\x00" * 4,
    ],
)
def test_what_is_not_safetensors_is_unavailable(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(Unavailable, match="is not a safetensors file"):
        Weights(file)


def test_a_missing_file_or_a_folder_is_unavailable(file: Path) -> None:
    for path in (file, file.parent):
        with pytest.raises(Unavailable, match="is not a safetensors file"):
            Weights(path)
