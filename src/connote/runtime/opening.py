"""Opens a model's folder, whatever it holds, if memory allows."""

from pathlib import Path

from connote.contract.errors import Unavailable
from connote.runtime import memory, uploaded
from connote.runtime.backends.backend import Precision
from connote.runtime.catalog import GRAPH, UPLOADED, Model
from connote.runtime.local import LocalModel
from connote.runtime.nlp.model import NlpModel
from connote.runtime.placement import Device
from connote.runtime.sandbox.limits import Limits
from connote.runtime.weights import Weights

Served = LocalModel | NlpModel

# Bytes a weight that loading takes at most, as measured: in float32 as read and as run, and once more while another
# precision is compared. The file may be half as large.
ROOM = 11
# The same a byte of a file that is loaded as it is: an ONNX graph, or an uploaded module.
FILE_ROOM = 3


def opened(
    row: Model, folder: Path, threads: int, precision: Precision | None, device: Device, limits: Limits
) -> Served:
    """The model in that folder. Raises Unavailable or Rejected if it cannot be used."""
    if row.is_uploaded:
        return uploaded.load(row, folder, threads, limits)
    return LocalModel.load(row, folder, threads, precision, device)


def check_memory(row: Model, folder: Path) -> None:
    """Raise Unavailable with the numbers if memory cannot hold the model."""
    needed, has = _needed(row, folder), memory.available()
    if has is not None and needed > has:
        raise Unavailable(f"{row.id} needs about {needed >> 20} MB of memory to load, {has >> 20} MB are available")


def _needed(row: Model, folder: Path) -> int:
    """About how many bytes of memory loading takes."""
    if not row.is_uploaded and not row.is_graph:
        return ROOM * Weights(folder / "model.safetensors").count()
    file = folder / (UPLOADED[0] if row.is_uploaded else GRAPH)
    try:
        return FILE_ROOM * file.stat().st_size
    except OSError as error:
        raise Unavailable(f"{file} cannot be read: {error.strerror}") from None
