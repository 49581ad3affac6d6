"""Google Vertex AI: https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest.

Gemini and embeddings are asked at the host of their location, or at aiplatform.googleapis.com if there is none; ranking
at discoveryengine.googleapis.com; the models that others have put into the Model Garden at the `url` that Google shows.
"""

from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import quote

import httpx
import msgspec

from connote.contract.results import Usage
from connote.contract.settings import Settings
from connote.contract.tasks import TaskType
from connote.services import gemini, model_garden, remote
from connote.services.google_account import ServiceAccount
from connote.services.remote import COMPLETIONS, probe
from connote.services.service import Call, Flow, Post, Service, Site
from connote.services.vertex_settings import (
    AccountSettings,
    ChatOptions,
    ChatSettings,
    EmbeddingOptions,
    EmbeddingSettings,
    RerankOptions,
    RerankSettings,
)

# What the ranking takes at most in one call.
_MOST_RECORDS = 200


class Statistics(msgspec.Struct):
    """How many tokens were read."""

    token_count: float = 0


class Values(msgspec.Struct):
    """One vector."""

    values: list[float]
    statistics: Statistics | None = None


class Prediction(msgspec.Struct):
    """What the model made of one input."""

    embeddings: Values


class Predictions(msgspec.Struct):
    """The answer of `predict`."""

    predictions: list[Prediction]


class Record(msgspec.Struct):
    """A document's score; `id` is the one that was sent."""

    id: str
    score: float


class Records(msgspec.Struct):
    """The answer of `rank`."""

    records: list[Record] = []


def sign_in(settings: Settings, token_url: httpx.URL | None) -> httpx.Auth:
    """As the service account."""
    return ServiceAccount(cast("AccountSettings", settings).service_account_json.read(), token_url)


googlevertexai = Service("googlevertexai", "Google Vertex AI", Site("https://{host}", sign_in))


# Vectors that were shortened to `dimensions` are not of length one, so the default is not the dot product.
@googlevertexai.task(
    TaskType.TEXT_EMBEDDING,
    settings=EmbeddingSettings,
    options=EmbeddingOptions,
    check=probe("cosine"),
    batch=lambda settings: cast("EmbeddingSettings", settings).batch,
)
def embed(call: Call) -> Flow:
    """One vector an input."""
    settings, options = cast("EmbeddingSettings", call.settings), cast("EmbeddingOptions", call.options)
    kinds = gemini.TASK_TYPES
    kind = kinds.get(call.input_type or "") or kinds.get(options.input_type or "")
    body: dict[str, Any] = {
        "instances": [{"content": text} | ({"task_type": kind} if kind else {}) for text in call.inputs]
    }
    parameters = {
        "autoTruncate": options.auto_truncate,
        "outputDimensionality": settings.dimensions if settings.dimensions_set_by_user else None,
    }
    if asked := {name: value for name, value in parameters.items() if value is not None}:
        body["parameters"] = asked
    path = f"{_models(settings.project_id, settings.place)}/{quote(settings.model_id, safe='')}:predict"
    reply: Predictions = yield Post(path, body, Predictions)
    made = [prediction.embeddings for prediction in reply.predictions]
    read = sum(int(each.statistics.token_count) for each in made if each.statistics)
    return remote.dense(call, [each.values for each in made], usage=Usage(read))


@googlevertexai.task(TaskType.RERANK, settings=RerankSettings, options=RerankOptions, check=probe())
def rerank(call: Call) -> Flow:
    """The documents by their relevance to the query, by Discovery Engine's ranking; 200 go in one call."""
    settings, top_n = cast("RerankSettings", call.settings), cast("RerankOptions", call.options).top_n
    body: dict[str, Any] = {"query": call.query, "ignoreRecordDetailsInResponse": True}
    if settings.model_id is not None:
        body["model"] = settings.model_id
    if wanted := call.top_n or top_n:
        body["topN"] = wanted
    config = (
        f"/v1/projects/{quote(settings.project_id, safe='')}/locations/global/rankingConfigs/default_ranking_config"
    )

    def ask(documents: Sequence[str]) -> Post:
        records = [{"id": str(at), "content": text} for at, text in enumerate(documents)]
        return Post(f"{config}:rank", body | {"records": records}, Records)

    def read(reply: Records) -> list[tuple[int, float]]:
        return [(int(record.id), record.score) for record in reply.records]

    return (yield from remote.ranked_in_parts(call, _MOST_RECORDS, ask, read, top_n=top_n))


@googlevertexai.task(*COMPLETIONS, settings=ChatSettings, options=ChatOptions, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    settings, options = cast("ChatSettings", call.settings), cast("ChatOptions", call.options)
    if not settings.is_gemini:
        return (yield from model_garden.chat(call, settings, options.max_tokens))
    thinking, models = options.thinking_config, _models(str(settings.project_id), settings.place)
    return (
        yield from gemini.chat(call, models, str(settings.model_id), thinking.thinking_budget if thinking else None)
    )


def _models(project: str, location: str) -> str:
    """The path of Google's models."""
    return f"/v1/projects/{quote(project, safe='')}/locations/{location}/publishers/google/models"
