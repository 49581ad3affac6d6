"""The routes of Text Embeddings Inference. It has one model; here `model`, in the body or the query, is an endpoint."""

from collections.abc import Sequence
from typing import Any, cast

from starlette.responses import Response

from connote.api import cohere, run
from connote.api.exchange import Answer, Ask, Route
from connote.api.run import Inferred
from connote.contract import requests, tei
from connote.contract.body import about, read
from connote.contract.errors import ConnoteError, IllegalArgument
from connote.contract.requests import InferenceRequest
from connote.contract.results import Dense, Ranked, Sparse
from connote.contract.tasks import TaskType
from connote.runtime.catalog import Head
from connote.services.service import Endpoint

_LABELS = {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}


async def embed(ask: Ask) -> Answer:
    """Text Embeddings Inference: vectors of texts."""
    asked = read(await ask.json(), tei.DenseRequest, "embed")
    found = _endpoint(ask, asked.model, TaskType.TEXT_EMBEDDING, TaskType.EMBEDDING)
    if not asked.normalize and found.service.site is None:
        told = "[normalize] cannot be [false]: this endpoint's model gives vectors of length 1 only"
        raise about("normalize", IllegalArgument(told))
    done = await _embedded(ask, asked, found)
    return _answer(done, tei.embedded(cast("Dense", done.result), asked))


async def embed_sparse(ask: Ask) -> Answer:
    """Text Embeddings Inference: weights of tokens, by their ids."""
    asked = read(await ask.json(), tei.SparseRequest, "embed_sparse")
    done = await _embedded(ask, asked, _endpoint(ask, asked.model, TaskType.SPARSE_EMBEDDING))
    return _answer(done, tei.weighed(cast("Sparse", done.result)))


async def rerank(ask: Ask) -> Answer:
    """Text Embeddings Inference: `texts` by score, best first; with `documents` Cohere's."""
    body = await ask.json()
    if _is_coheres(body):
        return await cohere.rerank_v1(ask)
    asked = read(body, tei.RerankRequest, "rerank")
    found = _endpoint(ask, asked.model, TaskType.RERANK)
    _check_filled("texts", asked.texts)
    request = InferenceRequest.of(
        TaskType.RERANK,
        requests.contents(asked.texts),
        "texts",
        query=asked.query,
        return_documents=False,
        timeout=ask.text("timeout"),
    )
    done = await run.infer(ask, found.id, request, whole=asked.whole)
    return _answer(done, tei.ranked(cast("Ranked", done.result), asked))


async def info(ask: Ask) -> Answer:
    """Text Embeddings Inference: what the endpoint's model is."""
    found = _endpoint(
        ask, None, TaskType.TEXT_EMBEDDING, TaskType.EMBEDDING, TaskType.SPARSE_EMBEDDING, TaskType.RERANK
    )
    kind = {"reranker": _LABELS} if found.task.kind is TaskType.RERANK else {"embedding": {"pooling": "unknown"}}
    if found.deployment is None:
        return Answer(tei.info(found.id, str(getattr(found.settings, "model_id", found.id)), kind))
    library = ask.connote.library
    row = library.served(library.find(found.deployment.model))
    if row.head and (pooling := {Head.SPARSE: "splade", Head.MEAN: "mean", Head.CLS: "cls"}.get(row.head)):
        kind = {"embedding": {"pooling": pooling}}
    dtype = ask.connote.fleet.diagnostics().get(found.id, {}).get("precision")
    return Answer(tei.info(found.id, row.id, kind, dtype=dtype, most_tokens=row.max_tokens))


async def health(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """Text Embeddings Inference: the server answers."""
    return Answer(response=Response(status_code=200))


async def _embedded(ask: Ask, asked: tei.SparseRequest, found: Endpoint) -> Inferred:
    texts = requests.texts(asked.inputs, "inputs")
    _check_filled("inputs", texts)
    request = InferenceRequest.of(
        found.task.kind,
        requests.contents(texts),
        "inputs",
        input_type=asked.input_type,
        timeout=ask.text("timeout"),
    )
    return await run.infer(ask, found.id, request, whole=asked.whole)


def _endpoint(ask: Ask, named: str | None, *tasks: TaskType) -> Endpoint:
    return run.endpoint(ask, named or ask.text("model"), *tasks)


def _check_filled(field: str, texts: Sequence[str]) -> None:
    if not texts:
        raise about(field, tei.Empty(f"[{field}] cannot be empty"))


def _answer(done: Inferred, body: list[Any]) -> Answer:
    read_tokens = str(done.result.usage.read)
    return Answer(body, warnings=done.warnings, headers={"x-compute-tokens": read_tokens})


def _is_coheres(body: dict[str, Any] | None) -> bool:
    """Cohere's rerank has `documents` where TEI's has `texts`."""
    return body is not None and "documents" in body and "texts" not in body


def told(_: Ask, error: ConnoteError) -> Answer:
    """A failure as TEI tells it."""
    body, status = tei.error(error)
    return Answer(body, status, headers=error.headers)


def _told_either(ask: Ask, error: ConnoteError) -> Answer:
    return cohere.told(ask, error) if _is_coheres(ask.body) else told(ask, error)


_MODEL = {"model": "The inference endpoint, if the body does not name it; else the preconfigured one of the task."}
_PARAMS = _MODEL | run.TIMEOUT

ROUTES = (
    Route("POST", "/embed", embed, _PARAMS, told=told),
    Route("POST", "/embed_sparse", embed_sparse, _PARAMS, told=told),
    Route("POST", "/rerank", rerank, _PARAMS, told=_told_either),
    Route("GET", "/info", info, _MODEL, told=told),
    Route("GET", "/health", health, told=told),
)
