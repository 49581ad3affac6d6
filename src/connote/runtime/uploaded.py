"""Opens the folder of an uploaded model: definition.pt, vocabulary.json, and model.json, which says what it is for."""

import json
from pathlib import Path
from typing import Any

from connote.contract import nlp
from connote.contract.errors import ConnoteError, Unavailable
from connote.contract.vocabulary import Vocabulary
from connote.runtime.backends.torchscript import TorchScriptBackend
from connote.runtime.catalog import UPLOADED, Model
from connote.runtime.identity import identity
from connote.runtime.nlp.model import NlpModel
from connote.runtime.nlp.pieces import Pieces
from connote.runtime.nlp.tasks import TASKS
from connote.runtime.sandbox.limits import Limits


def load(row: Model, folder: Path, threads: int, limits: Limits) -> NlpModel:
    """Load the model. Raises Rejected if it is not as it should be, Unavailable if it cannot be loaded here and now."""
    definition, vocabulary, description = (folder / name for name in UPLOADED)
    config = nlp.parse(_read(description)["inference_config"], kept=True)
    pieces = Pieces(Vocabulary.parse(_read(vocabulary)), config.tokenization)
    reduction = TASKS[config.task].reduction
    backend = TorchScriptBackend(definition, reduction=reduction, pad=pieces.padding, threads=threads, limits=limits)
    try:
        return NlpModel(row, config, pieces, backend, identity(row, folder))
    except ConnoteError:
        backend.close()
        raise


def _read(file: Path) -> Any:  # noqa: ANN401 (JSON)
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise Unavailable(f"{file} cannot be read: {error}") from None
