"""Jina AI: https://api.jina.ai/docs."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

from connote.contract.content import Content, Item
from connote.contract.errors import IllegalArgument
from connote.contract.results import Element
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, remote, shape
from connote.services.remote import (
    DenseSettings,
    InputType,
    Key,
    Limited,
    ModelId,
    RerankOptions,
    per_minute,
    probe,
)
from connote.services.service import Call, Flow, Post, Service, Site

# What an embedding type is called at Jina AI, and what it is here.
_TYPES: dict[str, tuple[str, Element]] = {
    "float": ("float", "float"),
    "bit": ("binary", "bit"),
    "binary": ("binary", "bit"),
}
_PURPOSES = {
    "ingest": "retrieval.passage",
    "search": "retrieval.query",
    "classification": "classification",
    "clustering": "separation",
}
# A model takes 8,192 tokens for all that is chunked late together.
_MOST_WORDS_CHUNKED_LATE = 5500


class JinaSettings(Settings):
    """Settings of all tasks."""

    api_key: Key
    model_id: ModelId
    rate_limit: Limited = per_minute(2000)


class EmbeddingSettings(JinaSettings, DenseSettings):
    """Settings of text_embedding."""

    embedding_type: Annotated[
        str, About("Embedding Type", "The type of the vectors' elements.", choices=tuple(_TYPES))
    ] = "float"


class MediaSettings(EmbeddingSettings):
    """Settings of embedding."""

    multimodal_model: Annotated[bool, About("Multimodal Model", "Whether the model takes images too.")] = True


class EmbeddingOptions(Settings):
    """Task settings of text_embedding and embedding."""

    input_type: InputType = None
    late_chunking: Annotated[
        bool | None,
        About(
            "Late Chunking",
            "Whether the texts of a call are read together before each gets its vector.",
            updatable=True,
        ),
    ] = None


jinaai = Service("jinaai", "Jina AI", Site("https://api.jina.ai", auth.bearer()))


@jinaai.task(
    TaskType.TEXT_EMBEDDING,
    settings=EmbeddingSettings,
    options=EmbeddingOptions,
    check=probe("cosine"),
    batch=2048,
)
def embed(call: Call) -> Flow:
    """One vector an input."""
    return (yield from _embed(call, list(call.inputs), call.inputs))


@jinaai.task(TaskType.EMBEDDING, settings=MediaSettings, options=EmbeddingOptions, check=probe("cosine"), batch=64)
def embed_all(call: Call) -> Flow:
    """One vector an input, of texts and images."""
    is_multimodal = cast("MediaSettings", call.settings).multimodal_model
    items = [_only(items, ("text", "image") if is_multimodal else ("text",)) for items in call.contents]
    pieces = [{item.type: item.value if item.is_text else item.encoded()} for item in items]
    texts = [item.value for item in items if item.is_text]
    return (yield from _embed(call, pieces if is_multimodal else texts, texts))


@jinaai.task(TaskType.RERANK, settings=JinaSettings, options=RerankOptions, check=probe())
def rerank(call: Call) -> Flow:
    """The documents by relevance to the query."""
    settings, options = cast("JinaSettings", call.settings), cast("RerankOptions", call.options)
    body = {"model": settings.model_id, "return_documents": False}
    return (yield from shape.rerank(call, "/v1/rerank", body, returns=options.return_documents, top_n=options.top_n))


def _embed(call: Call, pieces: Sequence[Any], texts: Sequence[str]) -> Flow:
    settings, options = cast("EmbeddingSettings", call.settings), cast("EmbeddingOptions", call.options)
    type, element = _TYPES[settings.embedding_type]
    body: dict[str, Any] = {"input": pieces, "model": settings.model_id, "embedding_type": type}
    if task := _task(call, settings.model_id):
        body["task"] = task
    if options.late_chunking is not None:
        words = sum(len(text.split()) for text in texts)
        can = len(texts) == len(pieces) and words <= _MOST_WORDS_CHUNKED_LATE
        body["late_chunking"] = options.late_chunking and can
    if settings.dimensions_set_by_user:
        body["dimensions"] = settings.dimensions
    reply: shape.Embeddings = yield Post("/v1/embeddings", body, shape.Embeddings)
    return shape.vectors(call, reply, element)


def _task(call: Call, model: str) -> str | None:
    task = remote.purpose(call, _PURPOSES)
    if model == "jina-clip-v2" and task != "retrieval.query":
        return None  # it knows no other
    return "clustering" if task == "separation" and "-v5-" in model else task


def _only(items: Content, types: Sequence[str]) -> Item:
    remote.refuse_types(items, types, "Jina AI")
    if len(items) > 1:
        raise IllegalArgument("Jina AI makes a vector of one item, not of several")
    return items[0]
