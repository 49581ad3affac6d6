"""The checkpoints that are measured: the real SPLADE-tiny, and two larger shapes with random weights.

Random weights cost what trained ones do, but say nothing about quality: their logits are spread as no trained head's
are. `quality.py` measures quality, on a trained model.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connote.config import load
from connote.runtime.library import Library

VOCABULARY = 30_522
TERMS = 200  # non-zeros a text, about what trained models give
# What transformers, sentence-transformers and fastembed want beside a checkpoint.
_TOKENIZER_CONFIG = {"tokenizer_class": "BertTokenizer", "model_max_length": 512, "pad_token": "[PAD]"}


@dataclass(frozen=True)
class Shape:
    """A BERT with a masked language head, tied to its word embeddings."""

    name: str
    layers: int
    hidden: int
    heads: int
    is_real: bool = False

    @property
    def inner(self) -> int:
        """The width of the feed-forward layers."""
        return 4 * self.hidden

    @property
    def encoder_flops(self) -> int:
        """Operations a token in its linear layers (attention, 1 to 4 % of them at these lengths, is not counted)."""
        h = self.hidden
        return self.layers * 2 * (4 * h * h + 2 * h * self.inner) + 2 * h * h

    @property
    def head_flops(self) -> int:
        """Operations a token in the projection to the vocabulary."""
        return 2 * self.hidden * VOCABULARY

    def write(self, into: Path, texts: Sequence[str]) -> Path:
        """Write the checkpoint as transformers would; a random head's bias is set so that texts get TERMS terms."""
        folder = into / self.name
        source = original()
        folder.mkdir()
        shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
        (folder / "tokenizer_config.json").write_text(json.dumps(_TOKENIZER_CONFIG))
        if self.is_real:
            for name in ("config.json", "model.safetensors"):
                shutil.copyfile(source / name, folder / name)
        else:
            self._write_random(folder, texts)
        return folder

    def _write_random(self, folder: Path, texts: Sequence[str]) -> None:
        import torch
        from transformers import AutoTokenizer, BertConfig, BertForMaskedLM
        from transformers.utils import logging

        progress: Any = logging
        progress.disable_progress_bar()

        torch.manual_seed(7)
        config = BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=self.hidden,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=self.inner,
        )
        model: Any = BertForMaskedLM(config)
        model.eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        with torch.no_grad():
            tops = [model(**tokenizer(text, return_tensors="pt")).logits[0].amax(0) for text in texts]
            threshold = torch.stack([top.topk(TERMS).values[-1] for top in tops]).mean()
            model.cls.predictions.bias.fill_(-threshold)
        model.save_pretrained(folder)


def original() -> Path:
    """The folder of the real SPLADE-tiny; it is pulled if it is not here. All shapes have its tokenizer."""
    library = Library(load(None).models_path())
    return library.resolve(library.find("rasyosef/splade-tiny"), lambda *_: None)[1]


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("tiny", layers=2, hidden=128, heads=2, is_real=True),
        Shape("mini", layers=6, hidden=384, heads=12),
        Shape("base", layers=12, hidden=768, heads=12),
    )
}
