"""Endpoints over trained models: one that nobody has made, for a model's id, and what those that were made need."""

from collections.abc import Iterable, Sequence

from connote.contract import chunks
from connote.contract.errors import Conflict, NotFound, Rejected
from connote.contract.settings import NoSettings
from connote.contract.tasks import TaskType
from connote.models.inference import ModelInference
from connote.runtime.catalog import TASKS
from connote.services.elasticsearch import DenseSettings, LocalSettings, RerankSettings, elasticsearch
from connote.services.local import RerankOptions
from connote.services.service import Endpoint

_SETTINGS = {
    TaskType.SPARSE_EMBEDDING: LocalSettings,
    TaskType.TEXT_EMBEDDING: DenseSettings,
    TaskType.RERANK: RerankSettings,
}


def endpoint(trained: ModelInference, id: str, missing: NotFound) -> Endpoint:
    """The endpoint that the id of a model, deployment or alias stands for.

    Raises `missing` if it is none, Rejected if the model has no task of inference's, Conflict if it is not deployed.
    """
    try:
        target = trained.target(id)
    except NotFound:
        raise missing from None
    kind = TASKS.get(target.model.task)
    if kind is None:
        raise Rejected(
            f"Model [{id}] with type [{target.model.task}] does no task of inference endpoints: ask "
            f"[POST _ml/trained_models/{id}/_infer]"
        )
    settings = _SETTINGS[kind](
        num_threads=target.wish.threads,
        num_allocations=target.wish.allocations,
        model_id=target.model.id,
        deployment_id=target.deployed.id if target.deployed else None,
    )
    options = RerankOptions() if kind is TaskType.RERANK else NoSettings()
    chunking = chunks.DEFAULT if kind.embeds else None
    return Endpoint(id, elasticsearch.tasks[kind], elasticsearch, settings, options, chunking, wish=target.wish)


def using(endpoints: Iterable[Endpoint], models: Sequence[str], deployments: Sequence[str]) -> list[str]:
    """Which of the endpoints need one of these, as an error tells it."""
    ids = []
    for each in endpoints:
        settings = each.settings
        if isinstance(settings, LocalSettings) and (
            settings.model_id in models or settings.deployment_id in deployments
        ):
            ids.append(each.id)
    return [f"inference endpoints: [{', '.join(sorted(ids))}]"] if ids else []


def check_unchanged(before: Endpoint, after: Endpoint) -> None:
    """Raise Conflict if allocations are changed that a deployment has, which may serve others too."""
    settings = before.settings
    if isinstance(settings, LocalSettings) and settings.deployment_id is not None and after.settings != settings:
        raise Conflict(
            f"The allocations of endpoint [{before.id}] are those of deployment [{settings.deployment_id}]: change "
            f"them with [POST _ml/trained_models/{settings.deployment_id}/deployment/_update]"
        )
