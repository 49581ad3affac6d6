"""Mixedbread: https://www.mixedbread.com/api-reference."""

from typing import Annotated, Any, cast

from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, shape
from connote.services.remote import (
    DenseSettings,
    Key,
    Limited,
    MaxInputTokens,
    ModelId,
    OptionalUrl,
    RerankOptions,
    per_minute,
    probe,
)
from connote.services.service import Call, Flow, Service, Site


class MixedbreadSettings(Settings):
    """Settings of all tasks."""

    api_key: Key
    model_id: ModelId
    url: OptionalUrl = None
    max_input_tokens: MaxInputTokens = None
    rate_limit: Limited = per_minute(100)


class EmbeddingSettings(MixedbreadSettings, DenseSettings):
    """Settings of text_embedding."""


class EmbeddingOptions(Settings):
    """Task settings of text_embedding."""

    prompt: Annotated[str | None, About("Prompt", "What is put before each text.", updatable=True)] = None
    normalized: Annotated[bool | None, About("Normalized", "Whether vectors get the length 1.", updatable=True)] = None


class Score(shape.Score, rename={"relevance_score": "score"}):
    """A score, under Mixedbread's name."""

    relevance_score: float


class Ranking(shape.Ranking, rename={"results": "data"}):
    """An answer of `/v1/reranking`."""

    results: list[Score]  # type: ignore[assignment]


mixedbread = Service("mixedbread", "Mixedbread", Site("https://api.mixedbread.com", auth.bearer()))


@mixedbread.task(
    TaskType.TEXT_EMBEDDING,
    settings=EmbeddingSettings,
    options=EmbeddingOptions,
    check=probe("cosine"),
    batch=256,
)
def embed(call: Call) -> Flow:
    """One vector an input."""
    settings = cast("EmbeddingSettings", call.settings)
    body: dict[str, Any] = {"model": settings.model_id, "encoding_format": "float", **call.options.plain()}
    if settings.dimensions_set_by_user:
        body["dimensions"] = settings.dimensions
    return (yield from shape.embed(call, settings.url or "/v1/embeddings", body))


@mixedbread.task(TaskType.RERANK, settings=MixedbreadSettings, options=RerankOptions, check=probe())
def rerank(call: Call) -> Flow:
    """The documents by relevance to the query."""
    settings, options = cast("MixedbreadSettings", call.settings), cast("RerankOptions", call.options)
    return (
        yield from shape.rerank(
            call,
            settings.url or "/v1/reranking",
            {"model": settings.model_id, "return_input": False},
            returns=options.return_documents,
            top_n=options.top_n,
            names=("input", "top_k"),
            answer=Ranking,
        )
    )
