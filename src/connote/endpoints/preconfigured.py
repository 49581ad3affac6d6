"""The endpoints that are there from the start. Nothing of them is loaded before its first use."""

from connote.contract import chunks
from connote.contract.settings import NoSettings, Settings
from connote.contract.tasks import TaskType
from connote.services.elastic import ElasticSettings, elastic
from connote.services.elasticsearch import (
    E5,
    ELSER,
    RERANK,
    AdaptiveAllocations,
    DenseSettings,
    LocalSettings,
    RerankSettings,
    elasticsearch,
)
from connote.services.local import RerankOptions
from connote.services.service import Endpoint, Service

_ADAPTIVE = AdaptiveAllocations(enabled=True, min_number_of_allocations=0, max_number_of_allocations=32)


def _endpoint(
    id: str, service: Service, type: TaskType, settings: Settings, options: Settings | None = None
) -> Endpoint:
    chunking = chunks.DEFAULT if type.embeds else None
    return Endpoint(id, service.tasks[type], service, settings, options or NoSettings(), chunking, preconfigured=True)


ENDPOINTS = {
    endpoint.id: endpoint
    for endpoint in (
        _endpoint(
            ".elser-2-elasticsearch",
            elasticsearch,
            TaskType.SPARSE_EMBEDDING,
            LocalSettings(num_threads=1, model_id=ELSER, adaptive_allocations=_ADAPTIVE),
        ),
        _endpoint(
            ".multilingual-e5-small-elasticsearch",
            elasticsearch,
            TaskType.TEXT_EMBEDDING,
            DenseSettings(num_threads=1, model_id=E5, adaptive_allocations=_ADAPTIVE),
        ),
        _endpoint(
            ".rerank-v1-elasticsearch",
            elasticsearch,
            TaskType.RERANK,
            RerankSettings(num_threads=1, model_id=RERANK, adaptive_allocations=_ADAPTIVE),
            RerankOptions(),
        ),
        _endpoint(".elser-2-elastic", elastic, TaskType.SPARSE_EMBEDDING, ElasticSettings(model_id="elser_model_2")),
    )
}

# By their other names: those of earlier versions of Elasticsearch, whose notebooks are still about, and those of models
# that Elastic hosts, in whose place one of this machine serves.
ALIASES = {
    ".elastic-rerank-v1": ".rerank-v1-elasticsearch",
    ".elser-v2-elastic": ".elser-2-elastic",
    ".jina-embeddings-v3": ".multilingual-e5-small-elasticsearch",
    ".jina-embeddings-v5-text-nano": ".multilingual-e5-small-elasticsearch",
    ".jina-embeddings-v5-text-small": ".multilingual-e5-small-elasticsearch",
    ".jina-reranker-v2-base-multilingual": ".rerank-v1-elasticsearch",
    ".jina-reranker-v3": ".rerank-v1-elasticsearch",
    ".rerank-v1-elastic": ".rerank-v1-elasticsearch",
}
