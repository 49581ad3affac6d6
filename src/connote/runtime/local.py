"""A model on this machine: tokenizer, backend and head."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from connote.contract.nlp import InferenceConfig
from connote.contract.predictions import Predictions
from connote.contract.results import Cut, Dense, Sparse, SparseVector
from connote.runtime import heads, idf
from connote.runtime.backends.backend import Output, Precision, Terms
from connote.runtime.backends.session import SessionBackend
from connote.runtime.catalog import Head, Model
from connote.runtime.display import Display
from connote.runtime.identity import identity
from connote.runtime.idf import Idf
from connote.runtime.placement import Checkpoint, Device, Placed, place
from connote.runtime.quality import SAMPLE
from connote.runtime.tokenizer import Encoded, Tokenizer


@dataclass(frozen=True)
class Inputs:
    """What one request wants done: texts to embed, or with a query texts to score against it."""

    texts: Sequence[str]
    query: str | None = None
    search: bool = False  # the texts are queries, not passages
    is_bare: bool = False  # they get no prefix
    config: InferenceConfig | None = None  # of a trained model, if it is not its own


@dataclass(frozen=True)
class Scores:
    """One score a text (float32). `reads` counts a query with each text, as if each were scored alone."""

    values: NDArray[np.float32]
    cuts: Sequence[Cut] = ()
    reads: Sequence[int] = ()


Vector = NDArray[np.float32]
# About how many of a text a token has; of some scripts it is one or two.
CHARACTERS = 4
Outputs = Sparse | Dense | Scores | Predictions


class LocalModel:
    """Loaded, and safe to use from many threads: encode, run in batches of any items, finish."""

    def __init__(self, row: Model, folder: Path, tokenizer: Tokenizer, table: Idf | None, placed: Placed) -> None:
        self._idf = table
        self._most = tokenizer.most
        self.identity = identity(row, folder)
        self.row, self.backend, self.quality, self._tokenizer = row, placed.backend, placed.quality, tokenizer
        self._display = Display(tokenizer.display(), tokenizer.hidden())

    @classmethod
    def load(
        cls, row: Model, folder: Path, threads: int, precision: Precision | None = None, device: Device = Device.CPU
    ) -> "LocalModel":
        """Load from config.json, tokenizer.json and model.safetensors, or a graph. Raises Unavailable if not right.

        Without a precision it is the fastest that the quality gate lets pass.
        """
        if row.head is None:
            raise _headless(row)
        if row.is_graph:
            backend = SessionBackend(folder, row.head, threads)
            tokenizer = Tokenizer(folder / "tokenizer.json", row.max_tokens, backend.vocabulary)
            return cls(row, folder, tokenizer, None, Placed(backend))
        checkpoint = Checkpoint.read(folder, row.head)
        most = min(row.max_tokens, checkpoint.architecture.max_tokens)
        tokenizer = Tokenizer(folder / "tokenizer.json", most, checkpoint.architecture.vocabulary)
        encode = tokenizer.encode if row.head is not Head.CROSS else partial(tokenizer.encode_pairs, SAMPLE[0])
        # Before the weights: nobody would give these back if the table were not right.
        table = Idf(folder / idf.FILE, tokenizer.ids()) if row.idf else None
        return cls(row, folder, tokenizer, table, place(checkpoint, threads, precision, encode(SAMPLE), device))

    @property
    def device(self) -> str:
        """Where it computes."""
        return self.backend.device

    def look_up(self, inputs: Inputs) -> Outputs | None:
        """The answer, if it needs no inference: that to queries of a model that has a table for them."""
        if self._idf is None or not inputs.search:
            return None
        encoded = self.encode(inputs)
        vectors = [self._display.vector(self._idf.terms(item), item.is_truncated) for item in encoded]
        return Sparse(vectors, _cuts(encoded), reads=_reads(encoded))

    def size(self, inputs: Inputs) -> int:
        """About how many tokens the model will see; nothing is tokenised for that."""
        each = len(inputs.query or "") if self.row.head is Head.CROSS else 0
        return sum(min((each + len(text)) // CHARACTERS + 2, self._most) for text in inputs.texts)

    def encode(self, inputs: Inputs) -> list[Encoded]:
        """The items that the model is to see for a request."""
        if self.row.head is Head.CROSS:
            return self._tokenizer.encode_pairs(inputs.query or "", inputs.texts)
        if self.row.head is Head.LATE:
            return self._tokenizer.encode([inputs.query or "", *inputs.texts])
        prefix = self.row.prefix(inputs.search, inputs.is_bare)
        return self._tokenizer.encode([prefix + text for text in inputs.texts] if prefix else inputs.texts)

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item, in order; what an item's is does not depend on the others in the batch."""
        return self.backend.run(batch)

    def finish(self, encoded: Sequence[Encoded], outputs: Sequence[Output]) -> Sparse | Dense | Scores:
        """The answer to a request, from its items' outputs."""
        cuts, reads = _cuts(encoded), _reads(encoded)
        match self.row.head:
            case Head.SPARSE:
                pairs = zip(cast("Sequence[Terms]", outputs), encoded, strict=True)
                return Sparse([self._sparse(terms, item.is_truncated) for terms, item in pairs], cuts, reads=reads)
            case Head.MEAN | Head.CLS:
                return Dense(np.stack(cast("Sequence[Vector]", outputs)), cuts, reads=reads)
            case Head.CROSS:
                return Scores(np.array(outputs, dtype=np.float32), cuts, reads)
            case Head.LATE:
                query, *documents = cast("Sequence[Vector]", outputs)
                scores = [heads.late_interaction(query, document) for document in documents]
                told = _pair_cuts(*encoded)
                return Scores(np.array(scores, dtype=np.float32), told, [reads[0] + read for read in reads[1:]])
            case None:
                raise _headless(self.row)

    def _sparse(self, terms: Terms, is_truncated: bool) -> SparseVector:
        for _ in range(self.row.logs - 1):
            terms = replace(terms, weights=np.log1p(terms.weights))
        return self._display.vector(terms, is_truncated)

    def close(self) -> None:
        """Give back the memory."""
        self.backend.close()


def _headless(row: Model) -> TypeError:
    return TypeError(f"{row.id} was uploaded: it is none of these models")


def _reads(encoded: Sequence[Encoded]) -> list[int]:
    return [item.used for item in encoded]


def _cuts(encoded: Sequence[Encoded]) -> list[Cut]:
    return [Cut(i, item.tokens, item.used) for i, item in enumerate(encoded) if item.is_truncated]


def _pair_cuts(query: Encoded, *documents: Encoded) -> list[Cut]:
    """Those of documents; where the query was cut, those of every pair, as a cross-encoder counts them."""
    if not query.is_truncated:
        return _cuts(documents)
    return [Cut(i, query.tokens + item.tokens, query.used + item.used) for i, item in enumerate(documents)]
