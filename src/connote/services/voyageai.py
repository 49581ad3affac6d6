"""Voyage AI: https://docs.voyageai.com/reference."""

from typing import Annotated, Any, cast

from connote.contract.content import Content
from connote.contract.results import Element
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, remote, shape
from connote.services.remote import DenseSettings, Key, Limited, ModelId, ReturnDocuments, per_minute, probe
from connote.services.service import Call, Flow, Post, Service, Site

# What an embedding type is called at Voyage AI, and what it is here.
_TYPES: dict[str, tuple[str, Element]] = {
    "float": ("float", "float"),
    "int8": ("int8", "byte"),
    "bit": ("binary", "bit"),
}
_PURPOSES = {"ingest": "document", "search": "query"}

Truncation = Annotated[bool, About("Truncation", "Whether texts that are too long are cut.", updatable=True)]


class VoyageSettings(Settings):
    """Settings of all tasks."""

    api_key: Key
    model_id: ModelId
    rate_limit: Limited = per_minute(2000)


class EmbeddingSettings(VoyageSettings, DenseSettings):
    """Settings of text_embedding and embedding."""

    embedding_type: Annotated[
        str, About("Embedding Type", "The type of the vectors' elements.", choices=tuple(_TYPES))
    ] = "float"


class EmbeddingOptions(Settings):
    """Task settings of text_embedding and embedding."""

    input_type: Annotated[
        str | None,
        About(
            "Input Type", "What the input is for, if a request does not say.", choices=tuple(_PURPOSES), updatable=True
        ),
    ] = None
    truncation: Truncation = True


class RerankOptions(Settings):
    """Task settings of rerank."""

    return_documents: ReturnDocuments = None
    top_k: Annotated[int | None, About("Top K", "The most documents to return.", positive=True, updatable=True)] = None
    truncation: Truncation = True


class Ranking(shape.Ranking, rename={"results": "data"}):
    """An answer of `/v1/rerank`."""

    results: list[shape.Score]


voyageai = Service("voyageai", "Voyage AI", Site("https://api.voyageai.com", auth.bearer()))


@voyageai.task(
    TaskType.TEXT_EMBEDDING,
    settings=EmbeddingSettings,
    options=EmbeddingOptions,
    check=probe("dot_product"),
    batch=128,
)
def embed(call: Call) -> Flow:
    """One vector an input."""
    dtype, element = _TYPES[cast("EmbeddingSettings", call.settings).embedding_type]
    return (yield from shape.embed(call, "/v1/embeddings", _asked(call) | {"output_dtype": dtype}, element=element))


# An input has at most 32,000 tokens, and a call 320,000.
@voyageai.task(
    TaskType.EMBEDDING,
    settings=EmbeddingSettings,
    options=EmbeddingOptions,
    check=probe("dot_product"),
    batch=10,
)
def embed_all(call: Call) -> Flow:
    """One vector an input, of texts, images and videos, also several together; by the models for several media."""
    dtype, element = _TYPES[cast("EmbeddingSettings", call.settings).embedding_type]
    body = {"inputs": [{"content": _pieces(items)} for items in call.contents], **_asked(call)}
    if element != "float":
        body["output_dtype"] = dtype
    reply: shape.Embeddings = yield Post("/v1/multimodalembeddings", body, shape.Embeddings)
    return shape.vectors(call, reply, element)


@voyageai.task(TaskType.RERANK, settings=VoyageSettings, options=RerankOptions, check=probe())
def rerank(call: Call) -> Flow:
    """The documents by relevance to the query."""
    settings, options = cast("VoyageSettings", call.settings), cast("RerankOptions", call.options)
    return (
        yield from shape.rerank(
            call,
            "/v1/rerank",
            {"model": settings.model_id, "truncation": options.truncation},
            returns=options.return_documents,
            top_n=options.top_k,
            names=("documents", "top_k"),
            answer=Ranking,
        )
    )


def _asked(call: Call) -> dict[str, Any]:
    settings, options = cast("EmbeddingSettings", call.settings), cast("EmbeddingOptions", call.options)
    body: dict[str, Any] = {"model": settings.model_id, "truncation": options.truncation}
    if purpose := remote.purpose(call, _PURPOSES):
        body["input_type"] = purpose
    if settings.dimensions_set_by_user:
        body["output_dimension"] = settings.dimensions
    return body


def _pieces(items: Content) -> list[dict[str, str]]:
    remote.refuse_types(items, ("text", "image", "video"), "Voyage AI")
    return [
        {"type": "text", "text": item.value}
        if item.is_text
        else {"type": f"{item.type}_base64", f"{item.type}_base64": item.url()}
        for item in items
    ]
