"""Tiny networks that have learned nothing, small vocabularies, and transformers, which runs both."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from tokenizers import AddedToken

from connote.contract import nlp
from connote.contract.vocabulary import Vocabulary
from connote.runtime.backends.backend import Output, Precision, Reduction, Terms
from connote.runtime.catalog import Head, Model
from connote.runtime.nlp.model import NlpModel
from connote.runtime.nlp.pieces import Pieces
from connote.runtime.nlp.tasks import reduction
from connote.runtime.tokenizer import Encoded

hf: Any = transformers  # whose types do not hold: its own tests pass other things

CORPUS = """The quick brown fox jumps over the lazy dog, and Angela Merkel lives in Berlin near Hugging Face in Paris.
Who lives in Berlin? What is the capital of France? A quiet house near the sea; it was built in 1987 (or 1988).
Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. L'été, le café naïf coûte très cher.
Съешь же ещё этих мягких французских булок. 日本語の文章です。東京は大きい都市です。 안녕하세요 세계
The movie was awesome, the food was terrible; this example is about politics, sports, cooking.
""".splitlines()
BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ROBERTA = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
MPNET = ("<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>")


# By tokenisation, of 400 to 650 tokens: those of `tokenizers`, trained on CORPUS, and of sentencepiece on sample.txt.
VOCABULARIES = {
    kind: Vocabulary.parse(kept)
    for kind, kept in json.loads(Path(__file__).with_name("vocabularies.json").read_text(encoding="utf-8")).items()
}


def tokenizer(kind: str, **settings: Any) -> Any:  # noqa: ANN401 (transformers')
    """That of transformers for a tokenisation, of the same vocabulary."""
    vocabulary = VOCABULARIES[kind]
    ids = {token: id for id, token in enumerate(vocabulary.tokens)}
    if kind == "bert":
        return hf.BertTokenizer(vocab=ids, **settings)
    if kind == "xlm_roberta":
        return hf.XLMRobertaTokenizer(vocab=list(zip(vocabulary.tokens, vocabulary.scores, strict=True)))
    if kind == "deberta_v2":
        return hf.DebertaV2Tokenizer(vocab=list(zip(vocabulary.tokens, vocabulary.scores, strict=True)), unk_id=3)
    if kind == "mpnet":
        return hf.MPNetTokenizer(vocab=ids, **settings)
    pairs = [tuple(merge.split(" ")) for merge in vocabulary.merges]
    # As published: the space before the mask is part of it.
    mask = AddedToken("<mask>", lstrip=True, special=True)
    return hf.RobertaTokenizer(vocab=ids, merges=pairs, mask_token=mask, **settings)


def network(auto: Any, kind: str, **config: Any) -> Any:  # noqa: ANN401 (transformers')
    """A network of two layers for a task, whose weights are numpy's for a seed: the same with every torch."""
    sizes = {
        "vocab_size": len(VOCABULARIES[kind].tokens),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 130,
        **config,
    }
    if kind != "bert":
        sizes |= {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}
    found = auto.from_config(hf.AutoConfig.for_model(kind, **sizes)).eval()
    random = np.random.RandomState(7)  # whose numbers stay what they are
    with torch.no_grad():
        for _, parameter in sorted(found.named_parameters()):
            parameter.copy_(torch.from_numpy(random.normal(0, 0.8, size=tuple(parameter.shape)).astype(np.float32)))
    return found


class TorchBackend:
    """Runs a network as the backend of uploaded models does: padded batches go in, outputs come without padding."""

    device, precision, budget, pads = "cpu", Precision.FLOAT32, 512, True

    def __init__(self, module: Any, reduction: Reduction, padding: int) -> None:  # noqa: ANN401 (transformers')
        self._module, self._reduction, self._padding = module, reduction, padding
        self.rows = 0

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item."""
        self.rows += len(batch)
        longest = max(item.used for item in batch)
        ids, types, mask = (np.full((len(batch), longest), fill, dtype=np.int64) for fill in (self._padding, 0, 0))
        for i, item in enumerate(batch):
            ids[i, : item.used], types[i, : item.used], mask[i, : item.used] = item.ids, item.types, 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        with torch.inference_mode():
            outputs = self._module(**{name: torch.from_numpy(each) for name, each in inputs.items()}).to_tuple()
        found = [output.numpy() for output in outputs if isinstance(output, torch.Tensor)]
        return [self._reduced(found, i, item.used, longest) for i, item in enumerate(batch)]

    def close(self) -> None:
        """Nothing is held."""

    def _reduced(self, outputs: Sequence[NDArray[np.float32]], i: int, used: int, longest: int) -> Output:
        first = outputs[0][i]
        own: NDArray[np.float32] = first[:used] if first.ndim and len(first) == longest else first
        if self._reduction is Reduction.STACK:
            return np.stack([output[i][:used] for output in outputs if output.shape == outputs[0].shape])
        if self._reduction is Reduction.TERMS:
            return Terms.of(np.log1p(np.maximum(own.max(axis=0), 0)))
        return own


def uploaded(config: dict[str, Any], module: Any, **row: Any) -> NlpModel:  # noqa: ANN401 (transformers')
    """A model as a user uploads it; `row` are fields of its row in the catalog."""
    parsed = nlp.parse(config)
    pieces = Pieces(VOCABULARIES[parsed.tokenization.name], parsed.tokenization)
    backend = TorchBackend(module, reduction(parsed.task), pieces.padding)
    return NlpModel(Model(id="uploaded", head=Head.MEAN, sources=(), licence="", **row), parsed, pieces, backend)
