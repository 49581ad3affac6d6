"""TorchScript archives as users upload them: traced models, and code that torch would never have written."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from connote.runtime.tokenizer import Encoded

_jit: Any = torch.jit


class Template(torch.nn.Module):
    """Its forward stands in one file and is replaced."""

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return ids * mask


class Wrapped(torch.nn.Module):
    """A transformers model as it is traced for an upload: positional inputs, a tuple out."""

    def __init__(self, network: Any, inputs: Sequence[str]) -> None:  # noqa: ANN401
        super().__init__()
        self.network, self.inputs = network, inputs

    def forward(self, *tensors: Tensor) -> Any:  # noqa: ANN401
        return self.network(**dict(zip(self.inputs, tensors, strict=True)), return_dict=False)


INPUTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids")


def traced(file: Path, network: Any, inputs: int = 2, length: int = 9) -> Path:  # noqa: ANN401
    """The network's archive; traced with two inputs of that length, which end with token 2."""
    ids = torch.arange(5, 5 + length).repeat(2, 1)
    ids[:, -1] = 2
    examples = (ids, torch.ones_like(ids), torch.zeros_like(ids), torch.arange(length).repeat(2, 1))[:inputs]
    with quietly():
        return saved(file, _jit.trace(Wrapped(network, INPUTS[:inputs]).eval(), examples, check_trace=False))


def scripted(file: Path, module: torch.nn.Module) -> Path:
    """The module's archive."""
    with quietly():
        return saved(file, _jit.script(module.eval()))


def saved(file: Path, module: Any) -> Path:  # noqa: ANN401
    """What `torch.jit.save` writes."""
    with quietly():
        _jit.save(module, str(file))
    return file


@contextmanager
def quietly() -> Iterator[None]:
    """Of TorchScript torch warns that it is old, and of traces that they hold for one path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def members(data: bytes) -> dict[str, bytes]:
    """The members of a zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return file.getvalue()


def template() -> bytes:
    """A right archive, of `Template`."""
    with quietly():
        data: bytes = _jit.script(Template().eval()).save_to_buffer()
    return data


def forged(body: str, more: str = "") -> bytes:
    """An archive whose forward(self, ids, mask) -> Tensor has these lines, and the class these further methods."""
    contents = members(template())
    (name,) = (name for name in contents if name.endswith(".py"))
    head, forward, rest = contents[name].decode().partition("  def forward(")
    signature = rest[: rest.index("-> Tensor:") + len("-> Tensor:\n")]
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    own = signature.partition("self: ")[2].partition(",")[0]
    methods = "".join(f"  {line}\n" for line in more.replace("OWN", own).splitlines())
    return packed(contents | {name: (head + forward + signature + lines + methods).encode()})


def encoded(*ids: int) -> Encoded:
    """An input of these tokens."""
    return Encoded(np.array(ids, dtype=np.int64), np.zeros(len(ids), dtype=np.int64), len(ids))
