"""The peers, each from text to tokens with weights, on the same checkpoint as connote.

None of them needs to be there: one that is not installed raises ImportError when it is made, and is left out.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from bench.graphs import INPUTS, Pooling, exported, network, quantised
from bench.systems import Pairs, System
from numpy.typing import NDArray
from tokenizers import Tokenizer

from connote.runtime.backends.backend import Precision

FLOAT32, BFLOAT16, INT8 = (precision.value for precision in Precision)
Ids = NDArray[np.int64]
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """What a peer is made from: a checkpoint's folder (its graphs lie beside it), threads, texts to calibrate on."""

    folder: Path
    threads: int
    sample: Sequence[str]

    def tokenizer(self) -> Tokenizer:
        """Cuts at 512 tokens, and pads to the longest of a batch."""
        raw = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        raw.enable_truncation(512)
        raw.enable_padding()
        return raw


class Vocabulary:
    """Turns rows over the vocabulary into pairs in the fastest way known, for peers that have none of their own."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokens = np.array([tokenizer.id_to_token(id) for id in range(tokenizer.get_vocab_size())], dtype=object)

    def pairs(self, rows: Rows) -> list[Pairs]:
        """The non-zeros of each row."""
        return [self.pair(ids, row[ids]) for row in rows for ids in [np.flatnonzero(row > 0)]]

    def pair(self, ids: Ids, weights: Rows) -> Pairs:
        """Tokens for ids."""
        return self._tokens[ids].tolist(), weights


class SentenceTransformers:
    """SparseEncoder; as shipped with its own batch size and decoding."""

    def __init__(self, place: Place, precision: str, *, as_shipped: bool = False) -> None:
        import torch
        from sentence_transformers import SparseEncoder

        torch.set_num_threads(place.threads)
        self.precision = self.head_precision = precision
        self.batch: int | None = None if as_shipped else 4
        options = {"dtype": getattr(torch, precision)}
        self._model: Any = SparseEncoder(str(place.folder), device="cpu", local_files_only=True, model_kwargs=options)
        self._vocabulary = Vocabulary(place.tokenizer())

    def encode(self, texts: Sequence[str]) -> list[Pairs]:
        """Its own `encode`, which sorts by length."""
        if self.batch is None:
            decoded = self._model.decode(self._model.encode(list(texts)))
            return [([token for token, _ in one], np.array([weight for _, weight in one])) for one in decoded]
        rows = self._model.encode(list(texts), batch_size=self.batch, convert_to_sparse_tensor=False)
        return self._vocabulary.pairs(rows.float().numpy())


class _Sorted:
    """Batches of `batch` neighbours in length; a subclass computes one padded batch."""

    def __init__(self, place: Place, precision: str) -> None:
        self.precision = self.head_precision = precision
        self.batch: int | None = 4
        self._tokenizer = place.tokenizer()
        self._vocabulary = Vocabulary(self._tokenizer)

    def encode(self, texts: Sequence[str]) -> list[Pairs]:
        """Sorted by characters, and put back in order."""
        size = self.batch or len(texts)
        order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
        found: dict[int, Pairs] = {}
        for first in range(0, len(order), size):
            positions = order[first : first + size]
            rows = self._weights(self._inputs([texts[position] for position in positions]))
            found |= zip(positions, self._vocabulary.pairs(rows), strict=True)
        return [found[position] for position in range(len(texts))]

    def _weights(self, inputs: Mapping[str, Ids]) -> Rows:
        """Texts × vocabulary."""
        raise NotImplementedError

    def _inputs(self, texts: list[str]) -> dict[str, Ids]:
        encodings = self._tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encodings], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encodings], dtype=np.int64)
        return dict(zip(INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))


class Transformers(_Sorted):
    """AutoModelForMaskedLM, pooled as SPLADE's authors do."""

    def __init__(self, place: Place, precision: str, pooling: Pooling = Pooling.USUAL) -> None:
        import torch
        from transformers import AutoModelForMaskedLM

        super().__init__(place, precision)
        torch.set_num_threads(place.threads)
        model = AutoModelForMaskedLM.from_pretrained(place.folder, dtype=getattr(torch, precision))
        self._network = network(model.eval(), pooling)

    def _weights(self, inputs: Mapping[str, Ids]) -> Rows:
        import torch

        with torch.inference_mode():
            rows: Rows = self._network(*map(torch.from_numpy, inputs.values())).float().numpy()
        return rows


class OnnxRuntime(_Sorted):
    """A graph as torch exports it; int8 by ONNX Runtime's own dynamic quantisation."""

    def __init__(self, place: Place, precision: str, pooling: Pooling = Pooling.USUAL) -> None:
        import onnxruntime as ort

        super().__init__(place, precision)
        file = exported(place.folder, pooling)
        options = ort.SessionOptions()
        options.intra_op_num_threads = place.threads
        options.log_severity_level = 3
        file = quantised(file) if precision == INT8 else file
        self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def _weights(self, inputs: Mapping[str, Ids]) -> Rows:
        rows: Rows = self._session.run(None, dict(inputs))[0]
        return rows


class OpenVINO(_Sorted):
    """The same graph; int8 by NNCF's static quantisation, calibrated on the texts that are measured."""

    def __init__(self, place: Place, precision: str, pooling: Pooling = Pooling.USUAL) -> None:
        import openvino

        super().__init__(place, precision)
        core = openvino.Core()
        model = core.read_model(exported(place.folder, pooling))
        if precision == INT8:
            model = self._quantised(model, place.sample)
        hints = {
            "INFERENCE_NUM_THREADS": place.threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "bf16" if precision == BFLOAT16 else "f32",
        }
        self._request: Any = core.compile_model(model, "CPU", hints).create_infer_request()

    def _weights(self, inputs: Mapping[str, Ids]) -> Rows:
        rows: Rows = self._request.infer(dict(inputs), share_inputs=True, share_outputs=True)[0]
        return rows

    def _quantised(self, model: Any, sample: Sequence[str]) -> Any:  # noqa: ANN401 (OpenVINO's)
        import nncf

        nncf.set_log_level(logging.ERROR)
        items = [self._inputs([text]) for text in sample]
        kind = nncf.ModelType.TRANSFORMER
        return nncf.quantize(model, nncf.Dataset(items), model_type=kind, subset_size=len(items))


class FastEmbed:
    """SparseTextEmbedding with this checkpoint in the place of its own SPLADE."""

    def __init__(self, place: Place) -> None:
        import fastembed

        self.precision = self.head_precision = FLOAT32
        self.batch: int | None = 4
        folder = place.folder / "fastembed"
        if not folder.exists():
            folder.mkdir()
            os.link(exported(place.folder, Pooling.NONE), folder / "model.onnx")
            for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
                os.link(place.folder / name, folder / name)
        self._vocabulary = Vocabulary(place.tokenizer())
        self._model: Any = fastembed.SparseTextEmbedding(
            "prithivida/Splade_PP_en_v1", specific_model_path=str(folder), threads=place.threads
        )

    def encode(self, texts: Sequence[str]) -> list[Pairs]:
        """Its own `embed`; that keeps the order, so texts are sorted for it as for the others."""
        order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
        found = self._model.embed([texts[position] for position in order], batch_size=self.batch)
        pairs = [self._vocabulary.pair(one.indices, one.values) for one in found]
        return [pairs[rank] for rank in np.argsort(order)]


Make = Callable[[Place], System]
_USUAL, _FIRST = Pooling.USUAL, Pooling.MAX_FIRST

PEERS: dict[str, Make] = {
    "sentence-transformers as shipped": partial(SentenceTransformers, precision=FLOAT32, as_shipped=True),
    "sentence-transformers float32": partial(SentenceTransformers, precision=FLOAT32),
    "sentence-transformers bfloat16": partial(SentenceTransformers, precision=BFLOAT16),
    "transformers float32": partial(Transformers, precision=FLOAT32),
    "transformers bfloat16": partial(Transformers, precision=BFLOAT16),
    "transformers bfloat16 max first": partial(Transformers, precision=BFLOAT16, pooling=_FIRST),
    "onnxruntime float32": partial(OnnxRuntime, precision=FLOAT32),
    "onnxruntime int8": partial(OnnxRuntime, precision=INT8),
    "onnxruntime int8 max first": partial(OnnxRuntime, precision=INT8, pooling=_FIRST),
    "openvino float32": partial(OpenVINO, precision=FLOAT32),
    "openvino bfloat16": partial(OpenVINO, precision=BFLOAT16),
    "openvino bfloat16 max first": partial(OpenVINO, precision=BFLOAT16, pooling=_FIRST),
    "openvino int8": partial(OpenVINO, precision=INT8),
    "openvino int8 max first": partial(OpenVINO, precision=INT8, pooling=_FIRST),
    "fastembed": FastEmbed,
}
# Those that come near, and are quick to make.
QUICK = ("onnxruntime int8", "onnxruntime int8 max first", "openvino bfloat16 max first")
