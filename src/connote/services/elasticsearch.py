"""The `elasticsearch` service: models on this machine, with allocations and threads as Elasticsearch names them."""

import platform
from collections.abc import Generator
from dataclasses import replace
from typing import Annotated, Any, cast

from connote.contract.errors import IllegalArgument, NotFound, Rejected
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.runtime.autoscale import Adaptive
from connote.runtime.fleet import CORES, Deployment
from connote.services import local
from connote.services.service import Alias, Call, Check, Deployed, Endpoint, Flow, Service

# Which name of the model is the default: Elasticsearch has a build of its own for this platform.
_ON_LINUX = platform.system() == "Linux" and platform.machine() == "x86_64"
ELSER = ".elser_model_2_linux-x86_64" if _ON_LINUX else ".elser_model_2"
E5 = ".multilingual-e5-small_linux-x86_64" if _ON_LINUX else ".multilingual-e5-small"
RERANK = ".rerank-v1"

# Threads of one deployment. More than there are cores are accepted, as they are in a cluster that may grow, but no more
# than this: such a number is a mistake.
MOST_WORKERS = 1024

elasticsearch = Service(
    "elasticsearch",
    "Elasticsearch",
    aliases={
        "elser": Alias(
            "The [elser] service is deprecated and will be removed in a future release. Use the [elasticsearch] "
            "service instead, with [model_id] set to [.elser_model_2] in the [service_settings]",
            {"model_id": ELSER},
        )
    },
)


class AdaptiveAllocations(Settings):
    """How many allocations serve a deployment, by its load."""

    enabled: Annotated[bool, About("Enabled", "Whether the number of allocations follows the load.")]
    min_number_of_allocations: Annotated[int | None, About("Minimum", "The fewest allocations.", at_least=0)] = None
    max_number_of_allocations: Annotated[int | None, About("Maximum", "The most allocations.", at_least=1)] = None

    def problems(self, scope: str) -> list[str]:
        """The maximum is not below the minimum."""
        least, most = self.min_number_of_allocations, self.max_number_of_allocations
        if least is None or most is None or least <= most:
            return []
        name = "max_number_of_allocations"
        return [f"[{scope}] Invalid value [{most:.1f}]. [{name}] must be a greater than or equal to [{least:.1f}]"]


class LocalSettings(Settings):
    """Service settings of every task of this service."""

    num_allocations: Annotated[
        int | None,
        About(
            "Number Allocations",
            "The total number of allocations this model is assigned across machine learning nodes.",
            positive=True,
            updatable=True,
        ),
    ] = None
    num_threads: Annotated[
        int | None,
        About(
            "Number Threads",
            "Sets the number of threads used by each model allocation during inference.",
            positive=True,
            at_most=32,
            unless="deployment_id",
        ),
    ]
    model_id: Annotated[str | None, About("Model ID", "The name of the model to use for the inference task.")] = None
    adaptive_allocations: Annotated[
        AdaptiveAllocations | None,
        About("Adaptive Allocations", "Lets the number of allocations follow the load.", updatable=True),
    ] = None
    deployment_id: Annotated[str | None, About("Deployment ID", "The id of a running model deployment.")] = None

    def problems(self, scope: str) -> list[str]:
        """One of the two ways to say how many allocations is given; threads are a power of two."""
        found, threads = [], self.num_threads or 1
        if self.num_allocations is None and self.adaptive_allocations is None and self.deployment_id is None:
            found.append(
                f"[{scope}] does not contain one of the required settings [num_allocations, adaptive_allocations]"
            )
        workers = (self.num_allocations or 1) * threads
        if workers > MOST_WORKERS:
            found.append(
                f"[{scope}] Invalid value [{self.num_allocations}]. [num_allocations] times [num_threads] is {workers} "
                f"threads; at most {MOST_WORKERS} are taken, and this machine has {CORES} cores"
            )
        if threads & (threads - 1):
            found.append(f"[{scope}] Invalid value [{self.num_threads}]. [num_threads] must be a power of 2")
        return found


class DenseSettings(LocalSettings):
    """A dense endpoint also says what its vectors are like."""

    dimensions: Annotated[int | None, About("Dimensions", "The number of dimensions of a vector.", positive=True)] = (
        None
    )
    similarity: Annotated[
        str | None,
        About("Similarity", "How vectors are compared.", choices=("cosine", "dot_product", "l2_norm")),
    ] = None
    element_type: Annotated[
        str | None, About("Element type", "The type of a vector's elements.", choices=("float",))
    ] = None


class RerankSettings(LocalSettings):
    """A rerank endpoint also says what happens to documents that are longer than the model's window."""

    long_document_strategy: Annotated[
        str | None,
        About("Long document strategy", "Cut a long document off, or score its chunks.", choices=("truncate", "chunk")),
    ] = None
    max_chunks_per_doc: Annotated[
        int | None, About("Chunks a document", "The most chunks of a document that are scored.", positive=True)
    ] = None


def deployment(id: str, wished: Settings) -> Deployment:
    """The deployment that an endpoint with these settings wishes for."""
    settings = cast("LocalSettings", wished)
    id = settings.deployment_id or id  # whose own numbers are those that count
    wanted, adaptive = settings.adaptive_allocations, None
    if wanted and wanted.enabled:
        adaptive = Adaptive(wanted.min_number_of_allocations or 0, wanted.max_number_of_allocations or CORES)
    allocations = settings.num_allocations or 1
    return Deployment(id, str(settings.model_id), allocations, settings.num_threads or 1, adaptive)


def check(endpoint: Endpoint) -> Check:
    """A new endpoint needs a model that is known and does the task."""
    settings = cast("LocalSettings", endpoint.settings)
    if settings.deployment_id is not None:
        settings = yield from _deployed(settings, settings.deployment_id)
    if settings.model_id is None:
        raise IllegalArgument("Error parsing service settings, model_id must be provided")
    model = yield from local.find(settings.model_id, endpoint.task.kind)
    if isinstance(settings, DenseSettings) and settings.model_id not in (".multilingual-e5-small", E5):
        local.check_dimensions(settings.model_id, settings.dimensions, model.dimensions)
        return replace(
            settings,
            dimensions=settings.dimensions or model.dimensions,
            similarity=settings.similarity or "cosine",
            element_type="float",
        )
    return settings


def _deployed(settings: LocalSettings, id: str) -> Generator[Deployed, Any, LocalSettings]:
    """The settings with the model, threads and allocations of the deployment. Raises NotFound, Rejected."""
    found: Deployment | None = yield Deployed(id)
    if found is None:
        raise NotFound(f"Cannot find deployment [{id}]")
    if settings.model_id not in (None, found.model):
        raise Rejected(
            f"Deployment [{id}] uses model [{found.model}] which does not match the model [{settings.model_id}]"
        )
    limits, adaptive = found.adaptive, None
    if limits:
        adaptive = AdaptiveAllocations(
            enabled=True, min_number_of_allocations=limits.least, max_number_of_allocations=limits.most
        )
    return replace(
        settings,
        model_id=found.model,
        num_threads=found.threads,
        num_allocations=None if adaptive else found.allocations,
        adaptive_allocations=adaptive,
    )


@elasticsearch.task(TaskType.SPARSE_EMBEDDING, settings=LocalSettings, check=check, deployment=deployment)
def sparse(call: Call) -> Flow:
    """Tokens by weight, highest first."""
    return (yield from local.sparse(call))


@elasticsearch.task(TaskType.TEXT_EMBEDDING, settings=DenseSettings, check=check, deployment=deployment)
def dense(call: Call) -> Flow:
    """One vector a text; search input gets the model's prefix for queries, all other that for passages."""
    return (yield from local.dense(call))


@elasticsearch.task(
    TaskType.RERANK, settings=RerankSettings, options=local.RerankOptions, check=check, deployment=deployment
)
def rerank(call: Call) -> Flow:
    """Documents by score, best first."""
    settings = cast("RerankSettings", call.endpoint.settings)
    return (
        yield from local.rerank(
            call,
            long_documents=settings.long_document_strategy,
            most_chunks=settings.max_chunks_per_doc,
        )
    )
