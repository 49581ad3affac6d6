"""Llama Stack, on a machine of yours: https://llama-stack.readthedocs.io."""

from typing import Any, cast

import msgspec

from connote.contract.tasks import TaskType
from connote.services import shape
from connote.services.auth import bearer
from connote.services.remote import DenseSettings, Limited, MaxInputTokens, ModelId, Url, dense, per_minute, probe
from connote.services.row import Chats, OptionalKey, RowSettings, row
from connote.services.service import Call, Flow, Post, Service, Site

# In the addresses of its first API, which newer releases do not have.
_FIRST = "/inference/"


class LlamaSettings(RowSettings):
    """Settings of completion and chat_completion."""

    url: Url
    model_id: ModelId
    api_key: OptionalKey = None
    rate_limit: Limited = per_minute(3000)


class EmbeddingSettings(LlamaSettings, DenseSettings):
    """Settings of text_embedding."""

    max_input_tokens: MaxInputTokens = None


class Embeddings(msgspec.Struct):
    """The answer of the first API."""

    embeddings: list[list[float]]


llama = Service("llama", "Llama Stack", Site("", bearer()))


@llama.task(TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, check=probe())
def embed(call: Call) -> Flow:
    """One vector an input. `/v1/inference/embeddings` is asked in its own form, any other address in OpenAI's."""
    settings = cast("EmbeddingSettings", call.settings)
    length = settings.dimensions if settings.dimensions_set_by_user else None
    if _FIRST not in settings.url:
        body = settings.named() | ({} if length is None else {"dimensions": length})
        return (yield from shape.embed(call, settings.url, body))
    asked: dict[str, Any] = {"model_id": settings.model_id, "contents": list(call.inputs)}
    if length is not None:
        asked["output_dimension"] = length
    reply: Embeddings = yield Post(settings.url, asked, Embeddings)
    return dense(call, reply.embeddings)


row(llama, Chats("", LlamaSettings))
