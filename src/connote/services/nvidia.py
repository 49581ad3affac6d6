"""NVIDIA, hosted or as NIM of your own: https://docs.nvidia.com/nim."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

import msgspec

from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import shape
from connote.services.auth import bearer
from connote.services.remote import (
    DenseSettings,
    Key,
    Limited,
    MaxInputTokens,
    ModelId,
    OptionalUrl,
    per_minute,
    probe,
    purpose,
    ranked_in_parts,
)
from connote.services.row import Chats, RowSettings, row
from connote.services.service import Call, Flow, Post, Service, Site

# Reranking is done elsewhere, and takes so many passages a call.
RERANKING, MOST_PASSAGES = "https://ai.api.nvidia.com", 512
_KINDS = {"ingest": "passage", "search": "query"}


class NvidiaSettings(RowSettings):
    """Settings of completion, chat_completion and rerank."""

    api_key: Key
    model_id: ModelId
    url: OptionalUrl = None
    rate_limit: Limited = per_minute(3000)


class EmbeddingSettings(NvidiaSettings, DenseSettings):
    """Settings of text_embedding."""

    max_input_tokens: MaxInputTokens = None


class EmbeddingOptions(Settings):
    """Task settings of text_embedding."""

    input_type: Annotated[
        str | None,
        About(
            "Input Type",
            "What the input is for, if a request does not say; a query, if nothing does.",
            choices=("ingest", "search"),
            updatable=True,
        ),
    ] = None
    truncate: Annotated[
        str | None,
        About(
            "Truncate",
            "Which end of a text that is too long for the model is cut off; with NONE it is refused.",
            choices=("NONE", "START", "END", "none", "start", "end"),
            updatable=True,
        ),
    ] = None


class Rank(msgspec.Struct):
    """How well one passage fits."""

    index: int
    logit: float


class Rankings(msgspec.Struct):
    """The answer of reranking."""

    rankings: list[Rank]


nvidia = Service("nvidia", "NVIDIA", Site("https://integrate.api.nvidia.com", bearer()))


# As many inputs a call as NVIDIA's own client sends.
@nvidia.task(TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, options=EmbeddingOptions, check=probe(), batch=50)
def embed(call: Call) -> Flow:
    """One vector an input. What is neither to be stored nor a query is embedded as a query."""
    settings, options = cast("EmbeddingSettings", call.settings), cast("EmbeddingOptions", call.options)
    kind = purpose(call, _KINDS) or "query"
    body: dict[str, Any] = {**settings.named(), "input_type": kind}
    if options.truncate is not None:
        body["truncate"] = options.truncate.upper()
    if settings.dimensions_set_by_user:
        body["dimensions"] = settings.dimensions
    return (yield from shape.embed(call, settings.at("/v1/embeddings"), body))


row(nvidia, Chats("/v1/chat/completions", NvidiaSettings, limit="max_tokens"))


@nvidia.task(TaskType.RERANK, settings=NvidiaSettings, check=probe())
def rerank(call: Call) -> Flow:
    """Documents by how well they fit the query, scored by logits; more than 512 are sent in several calls."""
    settings = cast("NvidiaSettings", call.settings)

    def ask(part: Sequence[str]) -> Post:
        body = {**settings.named(), "query": {"text": call.query}, "passages": [{"text": text} for text in part]}
        return Post(settings.at("/v1/retrieval/nvidia/reranking"), body, Rankings, above=RERANKING)

    return (
        yield from ranked_in_parts(
            call, MOST_PASSAGES, ask, lambda reply: [(each.index, each.logit) for each in reply.rankings]
        )
    )
