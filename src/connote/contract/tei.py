"""The protocol of Text Embeddings Inference: https://huggingface.github.io/text-embeddings-inference.

What is asked for and cannot be passed on is refused, never silently left out.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import numpy as np

from connote.contract.body import about
from connote.contract.errors import ConnoteError, IllegalArgument, Overloaded, Refused, Rejected, TimedOut, Unavailable
from connote.contract.requests import MOST_INPUTS
from connote.contract.results import Dense, Ranked, Sparse, SparseVector
from connote.version import VERSION

# Usual names of prompts, by connote's input types.
_PROMPTS = {"query": "search", "passage": "ingest", "document": "ingest"}
# How far from 1 the length of a vector may be that counts as normalised.
_TOLERANCE = 1e-3


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What all routes take. `model`, the id of an endpoint, is connote's own: a server of TEI has one model."""

    model: str | None = None
    truncate: bool | None = None
    truncation_direction: Literal["right", "Right"] = "right"

    @property
    def whole(self) -> str | None:
        """How the request says that no input may be cut; None if it may be, which is the default."""
        return "truncate=false" if self.truncate is False else None


class SparseRequest(Asked, forbid_unknown_fields=True, kw_only=True):
    """What is asked of `/embed_sparse`."""

    inputs: Any
    prompt_name: Literal["query", "passage", "document"] | None = None

    @property
    def input_type(self) -> str | None:
        """What the prompt says that the input is for."""
        return _PROMPTS[self.prompt_name] if self.prompt_name else None


class DenseRequest(SparseRequest, forbid_unknown_fields=True, kw_only=True):
    """What is asked of `/embed`."""

    normalize: bool = True
    dimensions: int | None = None


class RerankRequest(Asked, forbid_unknown_fields=True, kw_only=True):
    """What is asked of `/rerank`. `raw_scores` changes nothing: scores are the endpoint's own."""

    query: str
    texts: list[str]
    raw_scores: bool = False
    return_text: bool = False


class Empty(Rejected):
    """There is nothing to work on."""


def embedded(result: Dense, asked: DenseRequest) -> list[Any]:
    """The answer of `/embed`: vectors of length 1. Raises IllegalArgument for other dimensions than there are."""
    result.check(asked.dimensions, "dimensions")
    if result.element != "float" or not asked.normalize:
        return list(result.vectors)
    lengths = np.linalg.norm(result.vectors, axis=1, keepdims=True)
    if np.allclose(lengths, 1, atol=_TOLERANCE):
        return list(result.vectors)
    return list((result.vectors / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32))


def weighed(result: Sparse) -> list[list[dict[str, Any]]]:
    """The answer of `/embed_sparse`. Raises IllegalArgument if the endpoint tells no ids of tokens."""
    return [
        [{"index": index, "value": value} for index, value in zip(_ids(vector), vector.weights, strict=True)]
        for vector in result.vectors
    ]


def _ids(vector: SparseVector) -> list[int]:
    if vector.ids is not None:
        return [int(id) for id in vector.ids]
    if all(token.isascii() and token.isdigit() and len(token) < 10 for token in vector.tokens):
        return [int(token) for token in vector.tokens]
    raise about("model", IllegalArgument("the endpoint's service gives tokens without ids, and this route tells ids"))


def ranked(result: Ranked, asked: RerankRequest) -> list[dict[str, Any]]:
    """The answer of `/rerank`, best first."""
    return [
        {"index": rank.index, "score": np.float32(rank.score)}
        | ({"text": asked.texts[rank.index]} if asked.return_text else {})
        for rank in result.ranks
    ]


def info(
    id: str, model: str, kind: Mapping[str, Any], *, dtype: object = None, most_tokens: int | None = None
) -> dict[str, Any]:
    """The answer of `/info`. What is not known, or has no counterpart here, is null."""
    return {
        "model_id": model,
        "model_sha": None,
        "model_dtype": dtype,
        "served_model_name": id,
        "model_type": kind,
        "max_concurrent_requests": None,
        "max_input_length": most_tokens,
        "max_batch_tokens": None,
        "max_batch_requests": None,
        "max_client_batch_size": MOST_INPUTS,
        "auto_truncate": True,
        "tokenization_workers": None,
        "version": VERSION,
        "sha": None,
        "docker_label": None,
    }


def error(told: ConnoteError) -> tuple[dict[str, Any], int]:
    """A failure as TEI tells it, and its status: 422 where others say 400, and 424 if a service has failed."""
    kind, status = "Validation", told.status
    match told:
        case Empty():
            kind = "Empty"
        case Rejected():
            status = 422
        case Overloaded():
            kind = "Overloaded"
        case Refused():
            kind, status = ("Overloaded", 429) if told.status == 429 else ("Backend", 424)
        case Unavailable():
            kind = "Unhealthy"
        case TimedOut():
            kind = "Backend"
        case _ if told.status >= 500:
            kind = "Backend"
    return {"error": told.reason, "error_type": kind}, status
