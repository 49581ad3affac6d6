"""Cohere's routes, over every endpoint: `model` is the id of an inference endpoint."""

from typing import cast

from connote.api import run
from connote.api.events import EventStream
from connote.api.exchange import Answer, Ask, Route
from connote.contract import cohere, cohere_chat, requests
from connote.contract.errors import ConnoteError
from connote.contract.requests import InferenceRequest
from connote.contract.results import Dense, Ranked
from connote.contract.tasks import TaskType


async def embed_v2(ask: Ask) -> Answer:
    """Cohere, release 2: vectors of texts, or of what else the endpoint embeds."""
    return await _embed(ask, "2")


async def embed_v1(ask: Ask) -> Answer:
    """Cohere, release 1: vectors of texts."""
    return await _embed(ask, "1")


async def rerank_v2(ask: Ask) -> Answer:
    """Cohere, release 2: documents by score, best first."""
    return await _rerank(ask, "2")


async def rerank_v1(ask: Ask) -> Answer:
    """Cohere, release 1: documents by score, best first."""
    return await _rerank(ask, "1")


async def chat(ask: Ask) -> Answer:
    """Cohere, release 2: what a chat model answers, at once or streamed."""
    asked, inference, given = cohere_chat.ChatAsked.of(await ask.json()), ask.connote.inference, ask.text("timeout")
    if asked.stream:
        chunks = await ask.attended(inference.stream_chat(asked.model, asked.request, given, TaskType.ANY))
        return Answer(response=EventStream(chunks, cohere_chat.Chunks()))
    result = await ask.attended(inference.chat(asked.model, asked.request, given, TaskType.ANY))
    return Answer(cohere_chat.answer(result))


def told(_: Ask, error: ConnoteError) -> Answer:
    """A failure as Cohere tells it."""
    return Answer(cohere.error(error), error.status, headers=error.headers)


async def _embed(ask: Ask, release: str) -> Answer:
    asked = cohere.EmbedRequest.of(await ask.json())
    found = run.endpoint(ask, asked.model, TaskType.TEXT_EMBEDDING, TaskType.EMBEDDING)
    contents, field = asked.contents()
    request = InferenceRequest.of(
        found.task.kind,
        contents,
        field,
        input_type=cohere.INPUT_TYPES[asked.input_type] if asked.input_type else None,
        timeout=ask.text("timeout"),
    )
    done = await run.infer(ask, found.id, request, whole="truncate=NONE" if asked.truncate == "NONE" else None)
    body = cohere.embedded(cast("Dense", done.result), asked, release, done.warnings)
    return Answer(body, warnings=done.warnings)


async def _rerank(ask: Ask, release: str) -> Answer:
    asked = cohere.RerankRequest.of(await ask.json())
    found = run.endpoint(ask, asked.model, TaskType.RERANK)
    request = InferenceRequest.of(
        TaskType.RERANK,
        requests.contents(asked.texts()),
        "documents",
        query=asked.query,
        return_documents=False,
        top_n=asked.top_n,
        timeout=ask.text("timeout"),
    )
    done = await run.infer(ask, found.id, request)
    body = cohere.reranked(cast("Ranked", done.result), asked, release, done.warnings)
    return Answer(body, warnings=done.warnings)


ROUTES = (
    Route("POST", "/v2/embed", embed_v2, run.TIMEOUT, told=told),
    Route("POST", "/v1/embed", embed_v1, run.TIMEOUT, told=told),
    Route("POST", "/v2/rerank", rerank_v2, run.TIMEOUT, told=told),
    Route("POST", "/v1/rerank", rerank_v1, run.TIMEOUT, told=told),
    Route("POST", "/v2/chat", chat, run.TIMEOUT, told=told),
)
