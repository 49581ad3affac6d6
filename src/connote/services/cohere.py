"""Cohere: https://docs.cohere.com/reference/about, version 2 of its API."""

from typing import Annotated, Any, cast

import msgspec

from connote.contract.chat import Chat
from connote.contract.results import Element, Usage
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, cohere_chat, remote, shape
from connote.services.cohere_answer import Event, Reply, Stream, answer
from connote.services.remote import (
    COMPLETIONS,
    DenseSettings,
    InputType,
    Key,
    Limited,
    ModelId,
    RerankOptions,
    per_minute,
    probe,
)
from connote.services.service import Call, Emit, Flow, Open, Post, Service, Site

# What an embedding type is called at Cohere, and what it is here.
_TYPES: dict[str, tuple[str, Element]] = {
    "float": ("float", "float"),
    "byte": ("int8", "byte"),
    "int8": ("int8", "byte"),
    "bit": ("binary", "bit"),
    "binary": ("binary", "bit"),
}
_PURPOSES = {
    "ingest": "search_document",
    "search": "search_query",
    "classification": "classification",
    "clustering": "clustering",
}


class CohereSettings(Settings):
    """Settings of all tasks."""

    api_key: Key
    model_id: ModelId
    rate_limit: Limited = per_minute(10000)


class EmbeddingSettings(CohereSettings, DenseSettings):
    """Settings of text_embedding."""

    embedding_type: Annotated[
        str, About("Embedding Type", "The type of the vectors' elements.", choices=tuple(_TYPES))
    ] = "float"


class EmbeddingOptions(Settings):
    """Task settings of text_embedding."""

    input_type: InputType = None
    truncate: Annotated[
        str | None,
        About(
            "Truncate", "Which end of a text that is too long is cut.", choices=("NONE", "START", "END"), updatable=True
        ),
    ] = None


class Meta(msgspec.Struct):
    """What Cohere says of a call: what is paid for."""

    billed_units: dict[str, float] = {}


class Embeddings(msgspec.Struct):
    """The answer of `/v2/embed`: vectors by their type."""

    embeddings: dict[str, list[list[float]] | None]
    meta: Meta = msgspec.field(default_factory=Meta)


cohere = Service("cohere", "Cohere", Site("https://api.cohere.com", auth.bearer()))


@cohere.task(
    TaskType.TEXT_EMBEDDING,
    settings=EmbeddingSettings,
    options=EmbeddingOptions,
    check=probe("dot_product"),
    batch=96,
)
def embed(call: Call) -> Flow:
    """One vector an input; if neither the request nor the endpoint says what it is for, it is a query."""
    settings, options = cast("EmbeddingSettings", call.settings), cast("EmbeddingOptions", call.options)
    type, element = _TYPES[settings.embedding_type]
    body: dict[str, Any] = {
        "texts": list(call.inputs),
        "model": settings.model_id,
        "input_type": remote.purpose(call, _PURPOSES, "search_query"),
        "embedding_types": [type],
    }
    if options.truncate is not None:
        body["truncate"] = options.truncate
    if settings.dimensions_set_by_user:
        body["output_dimension"] = settings.dimensions
    reply: Embeddings = yield Post("/v2/embed", body, Embeddings)
    usage = Usage(int(reply.meta.billed_units.get("input_tokens", 0)))
    return remote.dense(call, reply.embeddings.get(type) or [], element=element, usage=usage)


@cohere.task(TaskType.RERANK, settings=CohereSettings, options=RerankOptions, check=probe())
def rerank(call: Call) -> Flow:
    """The documents by relevance to the query."""
    settings, options = cast("CohereSettings", call.settings), cast("RerankOptions", call.options)
    body = {"model": settings.model_id}
    return (yield from shape.rerank(call, "/v2/rerank", body, returns=options.return_documents, top_n=options.top_n))


@cohere.task(*COMPLETIONS, settings=CohereSettings, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    assert call.chat is not None  # noqa: S101 (the corridor sees to it)
    body = cohere_chat.body(call.chat, cast("CohereSettings", call.settings).model_id)
    shows = not (call.chat.reasoning and call.chat.reasoning.exclude)
    if not call.stream:
        reply: Reply = yield Post("/v2/chat", body, Reply)
        return Chat(answer(reply, body["model"], shows=shows))
    stream = Stream(body["model"], shows=shows)
    event = yield Open(Post("/v2/chat", body | {"stream": True}, Event))
    while event is not None:
        event = yield Emit(stream.chunk(event))
    return None
