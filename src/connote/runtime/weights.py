"""Weights: a checkpoint's tensors under one set of names, whatever its family calls them."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from connote.contract.errors import Unavailable
from connote.runtime.architecture import FAMILIES

Tensor = NDArray[np.float32]
_RENAMED = ((".gamma", ".weight"), (".beta", ".bias"))


class Weights:
    """The tensors of a model.safetensors, read when they are asked for."""

    def __init__(self, file: Path) -> None:
        try:
            self._file = cast("Any", safe_open(str(file), framework="numpy"))  # ships no types
            self._names = {_plain(name): name for name in self._file.keys()}  # noqa: SIM118 (not a dict)
        except (SafetensorError, OSError) as error:
            raise Unavailable(
                f"{file} is not a safetensors file: {error}; `connote models pull` gets damaged files again"
            ) from None
        self._path = file

    def __contains__(self, name: str) -> bool:
        """Whether there is a tensor of that name, without its family's prefix."""
        return name in self._names

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor. Raises Unavailable if it is missing."""
        if name not in self._names:
            raise Unavailable(f"{self._path} has no tensor [{name}]")
        return tuple(self._file.get_slice(self._names[name]).get_shape())

    def count(self) -> int:
        """How many numbers there are in all."""
        return sum(math.prod(self.shape(name)) for name in self._names)

    def get(self, name: str, shape: Sequence[int]) -> Tensor:
        """The tensor as float32. Raises Unavailable if it is missing or has another shape."""
        if self.shape(name) != tuple(shape):
            raise Unavailable(f"{self._path}: tensor [{name}] has shape {list(self.shape(name))}, not {list(shape)}")
        try:
            tensor = self._file.get_tensor(self._names[name])
        except (SafetensorError, TypeError, ValueError) as error:
            raise Unavailable(f"{self._path}: tensor [{name}] cannot be read: {error}") from None
        return np.ascontiguousarray(tensor, dtype=np.float32)

    def decoder(self) -> str:
        """The name of the decoder: its own if the checkpoint has one, else it is tied to the word embeddings."""
        own = ("cls.predictions.decoder.weight", "lm_head.decoder.weight", "vocab_projector.weight")
        return next((name for name in own if name in self), "embeddings.word_embeddings.weight")

    def decoder_bias(self, usual: str) -> str:
        """The name of the decoder's bias: its own if the checkpoint has one, as a decoder that is not tied has."""
        own = usual.removesuffix("bias") + "decoder.bias"
        return own if own in self else usual

    def labels(self, bias: str) -> int:
        """How many labels a reranker has, 1 or 2. Raises Unavailable for other numbers."""
        shape = self.shape(bias)
        if shape not in ((1,), (2,)):
            raise Unavailable(f"a reranker has one or two labels; this checkpoint's [{bias}] has shape {shape}")
        return shape[0]


def _plain(name: str) -> str:
    for family in FAMILIES.values():
        name = name.removeprefix(family.prefix)
    for old, new in _RENAMED:
        name = name.removesuffix(old) + new if name.endswith(old) else name
    return name
