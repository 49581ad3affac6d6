"""The `elastic` service: what Elastic hosts on its GPUs, served from this machine.

An endpoint of it runs on another connote if the configuration names one, else on this machine's GPU if it has one, else
on its CPU. Which of these is never a secret: `GET _connote/endpoints` tells.
"""

from dataclasses import replace
from typing import Annotated, cast

from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.runtime.autoscale import Adaptive
from connote.runtime.fleet import CORES, Deployment
from connote.runtime.placement import Device
from connote.services import local
from connote.services.service import Call, Check, Endpoint, Flow, Service

elastic = Service("elastic", "Elastic")

# What the service called models in earlier versions; and of those that it hosts, which one serves in their place. GET
# tells the model that serves.
_INSTEAD = {
    "elser": "elser_model_2",
    "elser-v2": "elser_model_2",
    "jina-embeddings-v3": ".multilingual-e5-small",
    "jina-embeddings-v5-text-nano": ".multilingual-e5-small",
    "jina-embeddings-v5-text-small": ".multilingual-e5-small",
    "jina-reranker-v2-base-multilingual": "elastic-rerank-v1",
    "jina-reranker-v3": "elastic-rerank-v1",
    "rerank-v1": "elastic-rerank-v1",
}


class ElasticSettings(Settings):
    """Service settings of every task of this service."""

    model_id: Annotated[str, About("Model ID", "The name of the model to use for the inference task.")]


class ElasticDenseSettings(ElasticSettings):
    """A dense endpoint also says what its vectors are like."""

    similarity: Annotated[
        str | None,
        About("Similarity", "How vectors are compared.", choices=("cosine", "dot_product", "l2_norm")),
    ] = None
    dimensions: Annotated[int | None, About("Dimensions", "The number of dimensions of a vector.", positive=True)] = (
        None
    )


def check(endpoint: Endpoint) -> Check:
    """A new endpoint needs a model that is known and does the task."""
    given = cast("ElasticSettings", endpoint.settings)
    settings = replace(given, model_id=_INSTEAD.get(given.model_id, given.model_id))
    model = yield from local.find(settings.model_id, endpoint.task.kind)
    if isinstance(settings, ElasticDenseSettings):
        local.check_dimensions(settings.model_id, settings.dimensions, model.dimensions)
        return replace(settings, similarity=settings.similarity or "cosine", dimensions=model.dimensions)
    return settings


def deployment(id: str, settings: Settings) -> Deployment:
    """The deployment that an endpoint with these settings wishes for: as much of the machine as it has work for."""
    return Deployment(
        id, cast("ElasticSettings", settings).model_id, adaptive=Adaptive(0, CORES), device=Device.FASTEST
    )


@elastic.task(TaskType.SPARSE_EMBEDDING, settings=ElasticSettings, check=check, deployment=deployment)
def sparse(call: Call) -> Flow:
    """Tokens in alphabetical order."""
    result = yield from local.sparse(call)
    return replace(result, vectors=[local.alphabetical(vector) for vector in result.vectors])


@elastic.task(TaskType.TEXT_EMBEDDING, settings=ElasticDenseSettings, check=check, deployment=deployment)
def dense(call: Call) -> Flow:
    """One vector a text."""
    return (yield from local.dense(call))


@elastic.task(
    TaskType.RERANK, settings=ElasticSettings, options=local.RerankOptions, check=check, deployment=deployment
)
def rerank(call: Call) -> Flow:
    """Documents by score, best first."""
    return (yield from local.rerank(call))
