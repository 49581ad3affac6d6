"""The house, wired: what a server, a command line or a test needs of it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connote.config import Config
from connote.endpoints.cache import Cache
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.endpoints.memory import Memory
from connote.endpoints.meter import Meter
from connote.endpoints.remote import Remote
from connote.endpoints.runner import Runner
from connote.endpoints.shadow import Shadows
from connote.ingest.infer import EndpointInference
from connote.ingest.pipelines import Pipelines
from connote.runtime.fleet import Fleet
from connote.runtime.library import Library
from connote.runtime.placement import Device, has_gpu
from connote.search.byquery import ByQuery
from connote.search.documents import Documents
from connote.search.indices import Indices
from connote.search.lens.lens import Lens
from connote.search.matching import Matching
from connote.search.reembed.reembeds import Reembeds
from connote.search.searches import Searches
from connote.search.synonyms import Synonyms
from connote.search.tasks import Tasks
from connote.search.templates import Templates
from connote.search.write.change import Change
from connote.search.write.embed import Embedder
from connote.search.write.script import scripted
from connote.search.write.writer import Writer
from connote.services.service import Endpoint
from connote.store import database
from connote.store.bodies import BodyStore
from connote.store.cache import CacheStore
from connote.store.endpoints import EndpointStore
from connote.store.folder import DataFolder
from connote.store.indices import IndexStore
from connote.store.pipelines import PipelineStore
from connote.store.seal import Seal
from connote.store.usage import UsageStore
from connote.store.values import ValueStore
from connote.upstream.sender import Sender


@dataclass(frozen=True)
class Connote:
    """The rooms that answer requests."""

    config: Config
    folder: DataFolder
    library: Library
    fleet: Fleet
    cache: Cache
    endpoints: Endpoints
    inference: Inference
    pipelines: Pipelines
    indices: Indices
    templates: Templates
    synonyms: Synonyms
    documents: Documents
    searches: Searches
    lens: Lens
    reembeds: Reembeds
    by_query: ByQuery
    tasks: Tasks
    meter: Meter
    shadows: Shadows
    remote: Remote | None
    sender: Sender
    values: ValueStore
    uuid: str

    def placements(self) -> list[dict[str, Any]]:
        """Each endpoint: which model serves it, on which device, in which state, and what the cache saved it."""
        return [
            {
                "inference_id": endpoint.id,
                "task_type": endpoint.task.kind.value,
                "service": endpoint.service.name,
                "preconfigured": endpoint.preconfigured,
                **self._place(endpoint),
            }
            for endpoint in self.endpoints.all()
        ] + [
            {"inference_id": id, "state": "cannot be used", "reason": reason.strip()}
            for id, reason in self.endpoints.unreadable().items()
        ]

    def _place(self, endpoint: Endpoint) -> dict[str, Any]:
        deployment = endpoint.deployment
        if deployment is None:
            model = getattr(endpoint.settings, "model_id", None)
            return {"requested_model": model, "device": f"service {endpoint.service.name}", "state": "remote"}
        return {
            "requested_model": deployment.model,
            "device": self._device(deployment.device),
            "cache": self.cache.counts(endpoint.id),
            **self.fleet.diagnostics().get(endpoint.id, {"state": "not loaded"}),
        }

    def _device(self, device: Device) -> str:
        if self.remote and device is Device.FASTEST:
            return f"remote {self.remote.url}"
        return "cuda:0" if device is Device.FASTEST and has_gpu() else "cpu"


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Connote]:
    """Take the data folder and open the rooms; at the end models are dropped and the folder is let go.

    Raises Conflict if another process has the folder, Unavailable if it cannot be used.
    """
    with DataFolder(Path(config.data)) as folder:
        async with AsyncExitStack() as closing:
            house = _wired(config, folder, closing)
            await house.reembeds.resume()
            yield house


def _wired(config: Config, folder: DataFolder, closing: AsyncExitStack) -> Connote:
    """The rooms; each leaves in `closing` what is to be done at the end, the last one first."""
    engine = database.connect(folder.path)
    closing.callback(engine.dispose)
    values, prices = ValueStore(engine), config.pricing()
    uuid = values.get("cluster_uuid") or secrets.token_urlsafe(16)
    values.put("cluster_uuid", uuid)
    meter = Meter(UsageStore(engine), prices)
    closing.push_async_callback(meter.close)
    library, fleet, cache = _models(config, folder, closing)
    remote, sender = _others(config, closing)
    runner = Runner(library, cache, sender, remote)
    endpoints = Endpoints(EndpointStore(engine, Seal(Path(config.secret_key_file))), fleet, runner, prices)
    shadows = Shadows(endpoints.find, runner, meter)
    closing.push_async_callback(shadows.close)
    endpoints.on_delete.append(shadows.forget)
    inference = Inference(endpoints, runner, meter, shadows)
    pipelines = Pipelines(PipelineStore(engine), EndpointInference(endpoints, inference))
    endpoints.pipelines = pipelines.using
    synonyms = Synonyms(BodyStore(engine, database.synonyms))
    templates = Templates([BodyStore(engine, each) for each in database.templates], synonyms.find)
    indices = Indices(folder.path / "indices", IndexStore(engine), templates, synonyms)
    endpoints.indices = indices.users
    closing.push_async_callback(indices.close)
    embedder = Embedder(endpoints, inference)
    documents = Documents(indices, Writer(embedder, Change(scripted)), pipelines)
    searches = Searches(indices, endpoints, inference)
    lens = Lens(indices, endpoints, inference, library)
    by_query = ByQuery(indices, documents, Matching(indices, endpoints, inference))
    tasks = Tasks(BodyStore(engine, database.tasks), uuid)
    closing.push_async_callback(tasks.close)
    reembeds = Reembeds(indices, endpoints, library, embedder, tasks, BodyStore(engine, database.reembeds))
    closing.push_async_callback(reembeds.close)
    models = (library, fleet, cache, endpoints, inference, pipelines)
    rooms = (*models, indices, templates, synonyms, documents, searches, lens, reembeds, by_query, tasks)
    return Connote(config, folder, *rooms, meter, shadows, remote, sender, values, uuid)


def _models(config: Config, folder: DataFolder, closing: AsyncExitStack) -> tuple[Library, Fleet, Cache]:
    library = Library(config.models_path(), config.catalog())
    fleet = Fleet(library, precision=config.runtime.precision, idle_after=config.runtime.seconds())
    disk = config.cache.disk_bytes()
    store = CacheStore(folder.path / "cache.db", disk) if disk else None
    cache = Cache(fleet, Memory(config.cache.memory_bytes()), store)
    closing.push_async_callback(cache.close)
    closing.push_async_callback(fleet.close)
    return library, fleet, cache


def _others(config: Config, closing: AsyncExitStack) -> tuple[Remote | None, Sender]:
    other, sender = config.elastic.remote(), Sender(config.sending())
    closing.push_async_callback(sender.close)
    remote = Remote(*other) if other else None
    if remote:
        closing.push_async_callback(remote.close)
    return remote, sender
