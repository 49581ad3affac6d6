"""Google AI Studio: https://ai.google.dev/api.

The key travels in a header, so that no URL in an error text or a proxy's log gives it away.
"""

from typing import Any, cast
from urllib.parse import quote

import msgspec

from connote.contract.results import Usage
from connote.contract.settings import Settings
from connote.contract.tasks import TaskType
from connote.services import auth, gemini, remote
from connote.services.remote import (
    COMPLETIONS,
    DenseSettings,
    Key,
    Limited,
    MaxInputTokens,
    ModelId,
    per_minute,
    probe,
)
from connote.services.service import Call, Flow, Post, Service, Site

# What Google's discovery document describes; v1 long went without system instructions, tools and thinking.
_MODELS = "/v1beta/models"


class AiStudioSettings(Settings):
    """An account and a model."""

    api_key: Key
    model_id: ModelId
    rate_limit: Limited = per_minute(360)


class EmbeddingSettings(AiStudioSettings, DenseSettings):
    """Settings of text_embedding."""

    max_input_tokens: MaxInputTokens = None


class Vector(msgspec.Struct):
    """One vector."""

    values: list[float]


class Counted(msgspec.Struct, rename="camel"):
    """How many tokens were read."""

    prompt_token_count: int = 0


class Embeddings(msgspec.Struct, rename="camel"):
    """The answer of `batchEmbedContents`."""

    embeddings: list[Vector]
    usage_metadata: Counted | None = None


googleaistudio = Service(
    "googleaistudio",
    "Google AI Studio",
    Site("https://generativelanguage.googleapis.com", auth.header("x-goog-api-key")),
)


# Vectors that were shortened to `dimensions` are not of length one, so the default is not the dot product.
@googleaistudio.task(TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, check=probe("cosine"), batch=100)
def embed(call: Call) -> Flow:
    """One vector an input."""
    settings = cast("EmbeddingSettings", call.settings)
    common: dict[str, Any] = {"model": f"models/{settings.model_id}"}
    if settings.dimensions_set_by_user:
        common["outputDimensionality"] = settings.dimensions
    if kind := gemini.TASK_TYPES.get(call.input_type or ""):
        common["taskType"] = kind
    body = {"requests": [common | {"content": {"parts": [{"text": text}]}} for text in call.inputs]}
    reply: Embeddings = yield Post(
        f"{_MODELS}/{quote(settings.model_id, safe='')}:batchEmbedContents", body, Embeddings
    )
    usage = Usage(reply.usage_metadata.prompt_token_count if reply.usage_metadata else 0)
    return remote.dense(call, [vector.values for vector in reply.embeddings], usage=usage)


@googleaistudio.task(*COMPLETIONS, settings=AiStudioSettings, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    return (yield from gemini.chat(call, _MODELS, cast("AiStudioSettings", call.settings).model_id))
