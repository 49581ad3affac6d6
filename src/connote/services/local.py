"""What the services that run models on this machine have in common: the check of a model and the flows."""

import math
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Annotated, Any, cast

import numpy as np

from connote.chunking import chunk, count_words
from connote.contract.chunks import Sentences
from connote.contract.errors import IllegalArgument, Rejected
from connote.contract.results import Dense, Rank, Ranked, Sparse, SparseVector, Usage
from connote.contract.settings import SERVICE_SETTINGS, About, Settings
from connote.contract.tasks import TaskType
from connote.runtime.catalog import Model
from connote.runtime.fleet import Deployment
from connote.runtime.local import Inputs, Scores
from connote.services.service import Call, Find, Flow, Run

# The reranker's window in tokens, its special tokens, and words a token: they size the chunks of long documents.
WINDOW, SPECIAL, WORDS_PER_TOKEN = 512, 3, 0.75


class RerankOptions(Settings):
    """Task settings of rerank."""

    return_documents: Annotated[
        bool | None, About("Return Documents", "Returns the document instead of only the index.", updatable=True)
    ] = True


def find(model_id: str, task: TaskType) -> Generator[Find, Any, Model]:
    """The catalog row of a model for the task. Raises IllegalArgument if it is unknown, Rejected if it does another."""
    model: Model | None = yield Find(model_id)
    if model is None:
        raise IllegalArgument(
            "Error parsing request config, model id does not match any models available on this platform. "
            f"Was [{model_id}]. You may need to load it into the cluster using eland."
        )
    if model.task is not task:
        does = model.nlp if model.task is TaskType.ANY else model.task
        raise Rejected(
            f"Deployed model [{model_id}] with type [{does}] does not match the requested task type [{task}]"
        )
    return model


def check_dimensions(model_id: str, wished: int | None, has: int | None) -> None:
    """Raise IllegalArgument if the model's vectors have other dimensions than the request says."""
    if wished is not None and has is not None and wished != has:
        raise IllegalArgument(
            f"[{SERVICE_SETTINGS}] Invalid value [{wished}]. [dimensions] must be [{has}], "
            f"the dimensions of the vectors of [{model_id}]"
        )


def sparse(call: Call) -> Generator[Run, Any, Sparse]:
    """Tokens with their weights, highest weight first."""
    outputs = cast("Sparse", (yield Run(_deployment(call), Inputs(call.inputs, search=call.search))))
    return replace(outputs, usage=Usage(sum(outputs.reads)))


def dense(call: Call) -> Flow:
    """One vector a text."""
    outputs = cast("Dense", (yield Run(_deployment(call), Inputs(call.inputs, search=call.search))))
    return replace(outputs, usage=Usage(sum(outputs.reads)))


def rerank(call: Call, *, long_documents: str | None = None, most_chunks: int | None = None) -> Flow:
    """Documents by score, best first; with `chunk`, a long document's score is that of its best chunk."""
    texts, owners = list(call.inputs), np.arange(len(call.inputs))
    if long_documents == "chunk":
        texts, owners = _chunks(call.query or "", call.inputs, most_chunks)
    outputs = yield Run(_deployment(call), Inputs(texts, query=call.query))
    scores = cast("Scores", outputs)
    best = np.full(len(call.inputs), -np.inf, dtype=np.float32)
    np.maximum.at(best, owners, scores.values)
    options = cast("RerankOptions", call.options)
    shown = options.return_documents if call.return_documents is None else call.return_documents
    order = np.argsort(-best, kind="stable")[: call.top_n]
    cuts = [replace(cut, position=int(owners[cut.position])) for cut in scores.cuts]
    ranks = [Rank(int(i), float(best[i]), call.inputs[i] if shown else None) for i in order]
    return Ranked(ranks, cuts, Usage(sum(scores.reads)))


def _deployment(call: Call) -> Deployment:
    return cast("Deployment", call.endpoint.deployment)  # every task of these services has one


def alphabetical(vector: SparseVector) -> SparseVector:
    """The same vector, its tokens in alphabetical order."""
    order = sorted(range(len(vector.tokens)), key=vector.tokens.__getitem__)
    tokens, ids = [vector.tokens[i] for i in order], vector.ids
    return replace(vector, tokens=tokens, weights=vector.weights[order], ids=None if ids is None else ids[order])


def _chunks(
    query: str, documents: Sequence[str], most: int | None
) -> tuple[list[str], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    room = WINDOW - SPECIAL - math.ceil(count_words(query) / WORDS_PER_TOKEN)
    words = math.floor(WORDS_PER_TOKEN * max(room, WINDOW // 2))
    settings = Sentences(max_chunk_size=words, sentence_overlap=1)
    cut = [[document[part.start : part.end] for part in chunk(document, settings)[:most]] for document in documents]
    return [text for parts in cut for text in parts], np.repeat(
        np.arange(len(documents)), [len(parts) for parts in cut]
    )
