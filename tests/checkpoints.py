"""Toy checkpoints: every family with random weights, made and also run by transformers, which is the reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from connote.runtime.backends.backend import Output, Precision, Terms
from connote.runtime.catalog import Head, Model
from connote.runtime.local import LocalModel
from connote.runtime.sources import Folder

FAMILIES = ("bert", "distilbert", "roberta", "xlm-roberta")
TOKENS = 24
WORDS = ["the", "cat", "sat", "on", "mat", "dog", "ran", "##s", "##ning", "a", "b", ".", "__", "?"]
TEXTS = ["the cat sat on the mat.", "a dog", "dogs ran. the cats sat on a mat?", "unheard words"]
# Rows beyond the tokenizer's last id, as the published XLM-R checkpoints have them.
SPARE_ROWS = 3
VOCABULARY = 512  # no toy has more


def tokenizer(family: str) -> Tokenizer:
    """The kind of tokenizer that the family has: WordPiece, byte-level BPE or Unigram."""
    if family in ("bert", "distilbert"):
        return _wordpiece()
    beginning, padding, end, unknown, mask = specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    if family == "roberta":
        pieces = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())]
        raw = Tokenizer(models.BPE({piece: id for id, piece in enumerate(pieces)}, []))
        raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        raw.post_processor = processors.RobertaProcessing((end, 2), (beginning, 0))
    else:
        words = ["▁", *(f"▁{word}" for word in WORDS), "s", "."]
        raw = Tokenizer(models.Unigram([(piece, -float(i)) for i, piece in enumerate([*specials, *words])], unk_id=3))
        raw.pre_tokenizer = pre_tokenizers.Metaspace()
        raw.post_processor = _template(beginning, end, f"{beginning} $A {end} {end} $B {end}", (0, 2))
    raw.add_special_tokens([beginning, padding, end, unknown, mask])
    return raw


def _wordpiece() -> Tokenizer:
    _, unknown, *_ = specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    raw = Tokenizer(models.WordPiece({piece: id for id, piece in enumerate([*specials, *WORDS])}, unk_token=unknown))
    raw.normalizer = normalizers.BertNormalizer()
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.post_processor = _template("[CLS]", "[SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", (2, 3))
    raw.add_special_tokens(specials)
    return raw


def _template(beginning: str, end: str, pair: str, ids: tuple[int, int]) -> processors.TemplateProcessing:
    special = list(zip((beginning, end), ids, strict=True))
    return processors.TemplateProcessing(single=f"{beginning} $A {end}", pair=pair, special_tokens=special)


@dataclass(frozen=True)
class Toy:
    """One checkpoint in a folder, and the network that it was saved from."""

    family: str
    head: Head
    folder: Path
    network: Any  # a transformers model
    raw: Tokenizer

    @classmethod
    def write(cls, folder: Path, family: str, head: Head, **config: object) -> "Toy":
        """Save config.json, tokenizer.json and model.safetensors; `config` overrides the toy's."""
        raw = tokenizer(family)
        torch.manual_seed(7)
        network = _auto(head).from_config(_config(family, raw, config)).eval()
        with torch.no_grad():
            for parameter in network.parameters():  # norms and biases too: as they start, most would not show
                parameter.normal_(std=0.3)
        network.save_pretrained(folder)
        raw.save(str(folder / "tokenizer.json"))
        return cls(family, head, folder, network, raw)

    def load(self, max_tokens: int = 512, precision: Precision = Precision.FLOAT32, threads: int = 1) -> LocalModel:
        """The checkpoint as connote runs it."""
        row = Model("toy", self.head, (Folder(self.folder),), "none", max_tokens=max_tokens)
        return LocalModel.load(row, self.folder, threads, precision)

    def inputs(self, texts: Sequence[str], query: str | None = None, max_tokens: int = TOKENS) -> Any:  # noqa: ANN401
        """What transformers' own tokenizer makes of the texts, cut and padded."""
        beginning, padding = ("[CLS]", "[PAD]") if "[CLS]" in self.raw.get_vocab() else ("<s>", "<pad>")
        kind: Any = transformers.PreTrainedTokenizerFast
        wrapped = kind(tokenizer_object=Tokenizer.from_str(self.raw.to_str()), cls_token=beginning, pad_token=padding)
        pairs = ([query] * len(texts), list(texts)) if query is not None else (list(texts),)
        cut = {"truncation": "longest_first" if query is None else "only_second", "max_length": max_tokens}
        types = self.family == "bert"
        return wrapped(*pairs, padding=True, return_tensors="pt", return_token_type_ids=types, **cut)

    def reference(self, texts: Sequence[str], query: str | None = None) -> NDArray[np.float32]:
        """The head's output by transformers and torch, with one row an input; LATE has one array of tokens an input."""
        inputs = self.inputs(texts, query)
        with torch.no_grad():
            output = self.network(**inputs)
        real = inputs["attention_mask"].unsqueeze(-1)
        if self.head is Head.CROSS:
            return _array(output.logits.squeeze(-1))
        if self.head is Head.SPARSE:
            logits = output.logits.masked_fill(real == 0, -torch.inf)
            return _array(torch.log1p(torch.relu(logits)).amax(1))
        hidden = output.last_hidden_state
        pooled = {
            Head.MEAN: (hidden * real).sum(1) / real.sum(1),
            Head.CLS: hidden[:, 0],
            Head.LATE: hidden,
        }[self.head]
        return _array(torch.nn.functional.normalize(pooled, dim=-1))


def spread(output: Output, vocabulary: int) -> NDArray[np.float32]:
    """A model's output as an array: terms become a row over the vocabulary."""
    if not isinstance(output, Terms):
        return output
    row = np.zeros(vocabulary, dtype=np.float32)
    row[output.ids] = output.weights
    return row


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.numpy()
    return array


def _auto(head: Head) -> Any:  # noqa: ANN401
    if head is Head.SPARSE:
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModelForSequenceClassification if head is Head.CROSS else transformers.AutoModel


def _config(family: str, raw: Tokenizer, changes: dict[str, object]) -> Any:  # noqa: ANN401
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    if family == "distilbert":
        sizes = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48}
    offset = 2 if "roberta" in family else 0  # their positions count from padding_idx + 1
    types = {} if family == "distilbert" else {"type_vocab_size": 1 if offset else 2}
    common = {
        "vocab_size": raw.get_vocab_size() + SPARE_ROWS,
        "max_position_embeddings": TOKENS + offset,
        "num_labels": 1,
    }
    return transformers.AutoConfig.for_model(family, **{**sizes, **types, **common, **changes})
