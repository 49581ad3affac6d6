"""The models that are there without an upload: those of the catalog, under the names that `_ml` may know them by."""

import json
from pathlib import Path
from typing import Any

from connote.contract.errors import NotFound
from connote.models.config import Body, Config, kept
from connote.models.trained import Trained
from connote.runtime.catalog import Model
from connote.runtime.library import Library

# The tokenisation of a family, where it is not that of BERT.
_TOKENIZATIONS = {"mpnet": "mpnet", "roberta": "roberta", "xlm-roberta": "xlm_roberta", "deberta-v2": "deberta_v2"}

_PLATFORM = "_linux-x86_64"


class Stock:
    """Reads the library: a model is here if its files are."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._families: dict[Path, str] = {}  # that were read

    def find(self, name: str) -> Model | None:
        """The row of that name, unless it is one of an upload."""
        try:
            row = self._library.find(name)
        except NotFound:
            return None
        return None if row.is_uploaded else row

    def here(self) -> dict[str, Model]:
        """Those whose files are here, by the names that they are listed under.

        That is the first that a URL may hold, and Elastic's name for the platform, which endpoints have and clients
        look for.
        """
        found = dict[str, Model]()
        for row in self._library.rows():
            if not row.is_uploaded and self.is_here(row):
                names = [name for name in (*row.aliases, row.id) if "/" not in name and self.find(name) is row]
                found |= {name: row for name in names if name == names[0] or name.endswith(_PLATFORM)}
        return found

    def is_here(self, row: Model) -> bool:
        """Whether it can serve without being pulled first."""
        return self._library.path(self._library.served(row)) is not None

    def size(self, row: Model) -> int:
        """The bytes of the files that serve it; 0 if they are not here."""
        served = self._library.served(row)
        path = self._library.path(served)
        return sum((path / name).stat().st_size for name in served.names) if path else 0

    def trained(self, id: str, row: Model, body: Body | None = None, created: int | None = None) -> Trained:
        """The row as a trained model of that id."""
        plain: dict[str, Any] = {"inference_config": {row.nlp: self._inference(row)}}
        config = kept(plain)
        return Trained(id, Config(config.inference, body or config.body), created, known=row)

    def _inference(self, row: Model) -> dict[str, Any]:
        tokens = {"max_sequence_length": row.max_tokens}
        size = {"embedding_size": row.dimensions} if row.nlp == "text_embedding" and row.dimensions else {}
        return {"tokenization": {self._tokenization(row): tokens}, **size}

    def _tokenization(self, row: Model) -> str:
        path = self._library.path(self._library.served(row))
        if path is None:
            return "bert"
        if path not in self._families:
            try:
                self._families[path] = str(json.loads((path / "config.json").read_text())["model_type"])
            except (OSError, ValueError, LookupError, TypeError):
                return "bert"
        return _TOKENIZATIONS.get(self._families[path], "bert")
