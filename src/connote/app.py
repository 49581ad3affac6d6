"""The house, wired: what a server, a command line or a test needs of it."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Container, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from connote.config import Config
from connote.contract.errors import NotFound
from connote.endpoints.activity import Activity
from connote.endpoints.cache import Cache
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.endpoints.memory import Memory
from connote.endpoints.meter import Meter
from connote.endpoints.remote import Remote
from connote.endpoints.runner import Runner
from connote.endpoints.shadow import Shadows
from connote.ingest.enrich import Policies
from connote.ingest.infer import AnyInference
from connote.ingest.pipelines import Pipelines
from connote.models import references as added
from connote.models.alias import Aliases
from connote.models.deployments import Deployments
from connote.models.inference import ModelInference
from connote.models.models import Models
from connote.models.references import References
from connote.models.statistics import Statistics
from connote.models.trees import Trees
from connote.models.upload import Uploads
from connote.runtime.fleet import Deployment, Fleet
from connote.runtime.library import Library
from connote.runtime.placement import Device, has_gpu
from connote.search import users, withheld
from connote.search.applications import Applications
from connote.search.asks import Asked
from connote.search.asyncsearches import LARGEST, LARGEST_BYTES, AsyncSearches
from connote.search.byquery import ByQuery
from connote.search.documents import Documents
from connote.search.enriching import Enriching
from connote.search.esql.queries import Queries
from connote.search.health import Health
from connote.search.ilm import management
from connote.search.ilm.management import Management
from connote.search.indices import Indices
from connote.search.lens.lens import Lens
from connote.search.lifecycles import INTERVAL, USUAL_INTERVAL, Lifecycles, interval
from connote.search.matching import Matching
from connote.search.reembed.reembeds import Reembeds
from connote.search.rulesets import Rulesets
from connote.search.scripts import Scripts
from connote.search.searches import Searches
from connote.search.synonyms import Synonyms
from connote.search.tasks import Tasks
from connote.search.templates import Templates
from connote.search.transform.transforms import Transforms
from connote.search.write.change import Change
from connote.search.write.embed import Embedder
from connote.search.write.script import scripted
from connote.search.write.writer import Writer
from connote.security.authentication import Authentication
from connote.security.keys import ApiKeys
from connote.security.roles import Roles
from connote.security.users import Users
from connote.services.service import Endpoint
from connote.store import database
from connote.store.asyncsearches import AsyncSearchStore
from connote.store.bodies import BodyStore
from connote.store.cache import CacheStore
from connote.store.definitions import Definitions
from connote.store.endpoints import EndpointStore
from connote.store.folder import DataFolder
from connote.store.indices import IndexStore
from connote.store.models import ModelStore
from connote.store.seal import Seal
from connote.store.usage import UsageStore
from connote.store.values import ValueStore
from connote.upstream.sender import Sender

# The folder of uploads in the data folder.
UPLOADS = "uploads"


@dataclass(frozen=True)
class TrainedModels:
    """The room of trained models."""

    models: Models
    uploads: Uploads
    aliases: Aliases
    deployments: Deployments
    inference: ModelInference
    statistics: Statistics
    references: References


@dataclass(frozen=True)
class Connote:
    """The rooms that answer requests."""

    config: Config
    folder: DataFolder
    library: Library
    fleet: Fleet
    cache: Cache
    trained: TrainedModels
    endpoints: Endpoints
    inference: Inference
    pipelines: Pipelines
    trees: Trees
    indices: Indices
    templates: Templates
    synonyms: Synonyms
    documents: Documents
    searches: Searches
    async_searches: AsyncSearches
    esql: Queries
    scripts: Scripts
    rulesets: Rulesets
    applications: Applications
    lens: Lens
    reembeds: Reembeds
    by_query: ByQuery
    enriching: Enriching
    tasks: Tasks
    transforms: Transforms
    ilm: Management
    lifecycles: Lifecycles
    health: Health
    meter: Meter
    activity: Activity
    shadows: Shadows
    remote: Remote | None
    sender: Sender
    values: ValueStore
    uuid: str
    authentication: Authentication
    privileges: BodyStore
    asked: Counter[str] = field(default_factory=Counter)  # how often each route was asked since the start

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
        running = self.fleet.diagnostics().get(deployment.id)
        return {
            "requested_model": deployment.model,
            "device": self._device(deployment.device),
            "cache": self.cache.counts(endpoint.id),
            **(running or {"state": "not loaded", **self._promised(deployment)}),
        }

    def _promised(self, deployment: Deployment) -> dict[str, Any]:
        """The model that would be loaded here; another connote may have another one."""
        if self.remote and deployment.device is Device.FASTEST:
            return {}
        with suppress(NotFound):
            return {"model_id": self.library.served(self.library.find(deployment.model)).id}
        return {}

    def _device(self, device: Device) -> str:
        if self.remote and device is Device.FASTEST:
            return f"remote {self.remote.url}"
        return "cuda:0" if device is Device.FASTEST and has_gpu() else "cpu"


def stock(library: Library, data: Path) -> None:
    """Give the library what was added and uploaded, for those who do not open the rooms."""
    if not (data / "connote.db").is_file():
        return
    engine = database.connect(data)
    try:
        store = ModelStore(engine)
        for row in added.rows(store):
            library.add(row)
        Models(store, Definitions(data / UPLOADS), library)
    finally:
        engine.dispose()


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Connote]:
    """Take the data folder and open the rooms; at the end models are dropped and the folder is let go.

    Raises Conflict if another process has the folder, Unavailable if it cannot be used.
    """
    with DataFolder(Path(config.data)) as folder:
        async with AsyncExitStack() as closing:
            house = _wired(config, folder, closing)
            await house.reembeds.resume()
            await house.async_searches.resume()
            await house.transforms.resume()
            house.lifecycles.start()
            yield house


def _wired(config: Config, folder: DataFolder, closing: AsyncExitStack) -> Connote:
    """The rooms; each leaves in `closing` what is to be done at the end, the last one first."""
    engine = database.connect(folder.path)
    closing.callback(engine.dispose)
    values, prices = ValueStore(engine), config.pricing()
    uuid = _uuid(values)
    meter = Meter(UsageStore(engine), prices)
    closing.push_async_callback(meter.close)
    library, fleet, cache = _models(config, folder, ModelStore(engine), closing)
    remote, sender = _others(config, closing)
    trained = _trained(config, folder, engine, uuid, (library, fleet, cache), closing)
    runner = Runner(library, cache, sender, remote, trained.deployments.current)
    store = EndpointStore(engine, Seal(Path(config.secret_key_file)))
    endpoints = Endpoints(store, fleet, runner, prices, trained.inference, config.names())
    _connect(trained, endpoints, fleet)
    shadows = Shadows(endpoints.find, runner, meter)
    closing.push_async_callback(shadows.close)
    activity = Activity(cache.counts)
    meter.on_count.append(activity.count)
    endpoints.on_delete += [shadows.forget, activity.forget]
    inference = Inference(endpoints, runner, meter, shadows)
    trees = _trees(engine, trained, endpoints)
    policies = Policies(BodyStore(engine, database.enrich_policies))
    answering = AnyInference(endpoints, inference, trained.inference, trees)
    pipelines = Pipelines(BodyStore(engine, database.pipelines), answering, policies.lookup)
    synonyms = Synonyms(BodyStore(engine, database.synonyms))
    templates = Templates([BodyStore(engine, each) for each in database.templates], synonyms.find)
    indices = Indices(folder.path / "indices", IndexStore(engine), templates, synonyms)
    endpoints.pipelines, endpoints.indices = pipelines.using, partial(users.of_endpoint, indices)
    _connect_users(trained, trees, pipelines, indices)
    pipelines.users.append(partial(users.of_pipeline, indices))
    closing.push_async_callback(indices.close)
    embedder = Embedder(endpoints, inference)
    stored = _, rulesets, _ = _stored(engine, indices)
    asked = (indices, endpoints, inference, rulesets)
    asks = partial(Asked, endpoints, inference, indices, rulesets)
    documents = Documents(indices, Writer(embedder, Change(scripted)), pipelines, asks)
    searches, esql = Searches(*asked, trees), Queries(*asked, policies)
    closing.callback(searches.contexts.clear)
    asyncs = _async_searches(engine, values, closing)
    lens, matching = Lens(*asked, library), Matching(*asked)
    by_query, enriching = ByQuery(indices, documents, matching), Enriching(policies, indices, matching, pipelines)
    tasks = Tasks(BodyStore(engine, database.tasks), uuid)
    closing.push_async_callback(tasks.close)
    reembeds = Reembeds(indices, endpoints, library, embedder, tasks, BodyStore(engine, database.reembeds))
    closing.push_async_callback(reembeds.close)
    inferring = (library, fleet, cache, trained, endpoints, inference, pipelines)
    searching = (trees, indices, templates, synonyms, documents, searches, asyncs, esql, *stored, lens)
    transforms = _transforms(engine, indices, searches, (documents, by_query), pipelines, closing)
    running = (tasks, transforms, *_watched(engine, (indices, templates, values), folder.path, uuid, closing))
    rooms = (*inferring, *searching, reembeds, by_query, enriching, *running, meter, activity, shadows, remote, sender)
    return Connote(config, folder, *rooms, values, uuid, *_allowed(config, engine))


def _uuid(values: ValueStore) -> str:
    """What this cluster of one is known by; made once."""
    found: str = values.get("cluster_uuid") or secrets.token_urlsafe(16)
    values.put("cluster_uuid", found)
    return found


def _allowed(config: Config, engine: Engine) -> tuple[Authentication, BodyStore]:
    """Who may ask, and what applications call privileges."""
    roles = Roles(BodyStore(engine, database.roles), withheld.check)
    users, keys = Users(BodyStore(engine, database.users)), ApiKeys(BodyStore(engine, database.api_keys), roles)
    return Authentication(config.keys(), roles, users, keys), BodyStore(engine, database.privileges)


def _stored(engine: Engine, indices: Indices) -> tuple[Scripts, Rulesets, Applications]:
    scripts = Scripts(BodyStore(engine, database.scripts))
    applications = Applications(BodyStore(engine, database.applications), indices, scripts)
    return scripts, Rulesets(BodyStore(engine, database.rulesets)), applications


def _async_searches(engine: Engine, values: ValueStore, closing: AsyncExitStack) -> AsyncSearches:
    made = AsyncSearches(AsyncSearchStore(engine), lambda: values.get(LARGEST) or LARGEST_BYTES)
    closing.push_async_callback(made.close)
    return made


def _transforms(
    engine: Engine,
    indices: Indices,
    searches: Searches,
    writing: tuple[Documents, ByQuery],
    pipelines: Pipelines,
    closing: AsyncExitStack,
) -> Transforms:
    made = Transforms(BodyStore(engine, database.transforms), indices, searches, writing, pipelines.has)
    closing.push_async_callback(made.close)
    return made


def _watched(
    engine: Engine, rooms: tuple[Indices, Templates, ValueStore], data: Path, node: str, closing: AsyncExitStack
) -> tuple[Management, Lifecycles, Health]:
    indices, _, values = rooms
    policies, lives = (BodyStore(engine, each) for each in database.ilm)
    ilm = Management((policies, lives), *rooms)
    settings = {INTERVAL: USUAL_INTERVAL, management.INTERVAL: management.USUAL_INTERVAL}

    def often() -> float:
        return min(interval(values.get(name) or usual) for name, usual in settings.items())

    lifecycles = Lifecycles(indices, often, ilm.run)
    closing.push_async_callback(lifecycles.close)
    return ilm, lifecycles, Health(indices, lifecycles, ilm, data, node)


def _models(
    config: Config, folder: DataFolder, kept: ModelStore, closing: AsyncExitStack
) -> tuple[Library, Fleet, Cache]:
    library = Library(config.models_path(), config.catalog())
    for row in added.rows(kept):
        library.add(row)
    fleet = Fleet(
        library, precision=config.runtime.precision, idle_after=config.runtime.seconds(), limits=config.runtime.limits()
    )
    disk = config.cache.disk_bytes()
    store = CacheStore(folder.path / "cache.db", disk) if disk else None
    cache = Cache(fleet, Memory(config.cache.memory_bytes()), store)
    closing.push_async_callback(cache.close)
    closing.push_async_callback(fleet.close)
    return library, fleet, cache


def _trained(
    config: Config,
    folder: DataFolder,
    engine: Engine,
    node: str,
    rooms: tuple[Library, Fleet, Cache],
    closing: AsyncExitStack,
) -> TrainedModels:
    library, fleet, cache = rooms
    models = Models(ModelStore(engine), Definitions(folder.path / UPLOADS), library)
    closing.push_async_callback(models.close)
    uploads = Uploads(models, config.server.model_bytes())
    deployments = Deployments(models, fleet)
    statistics = Statistics(models, deployments, fleet, node)
    statistics.hits = lambda id: cache.hits[id]
    deployments.on_stop.append(cache.forget)
    inference = ModelInference(models, deployments, cache.run)
    references = References(models, library)
    return TrainedModels(models, uploads, Aliases(models), deployments, inference, statistics, references)


def _connect(trained: TrainedModels, endpoints: Endpoints, fleet: Fleet) -> None:
    """Tell those who know only what is below them of those above."""

    def current(wish: Deployment) -> Deployment | None:
        if wish.id.startswith("_"):  # connote's own: nobody's wish changes it
            return wish
        return trained.deployments.current(wish.id) or endpoints.current(wish.id)

    async def stop_over(names: Container[str]) -> None:
        for wish in trained.statistics.endpoints():
            if wish.model in names:
                await fleet.stop(wish.id)

    async def stop_endpoints(model: str) -> None:
        """Those over an upload end with it; of a model of the catalog only its deployments do."""
        if not trained.models.stock.find(model):
            await stop_over(trained.models.names(model))

    async def follow(alias: str) -> None:
        """Endpoints over an alias serve what it names now, from their next request on."""
        await stop_over((alias,))

    fleet.current = current
    trained.models.on_delete.append(stop_endpoints)
    trained.aliases.on_reassign.append(follow)
    trained.statistics.endpoints = lambda: [wish for each in endpoints.all() if (wish := each.deployment)]
    trained.models.users.append(endpoints.using)
    trained.models.claims.append(endpoints.claim)
    trained.deployments.claims.append(endpoints.claim)


def _trees(engine: Engine, trained: TrainedModels, endpoints: Endpoints) -> Trees:
    """Models of trees; no other model or endpoint has the id of one."""
    trees = Trees(BodyStore(engine, database.rankers))
    trained.models.claims.append(trees.claim)
    trees.claims += [trained.inference.claim, endpoints.claim]
    return trees


def _connect_users(trained: TrainedModels, trees: Trees, pipelines: Pipelines, indices: Indices) -> None:
    """Models are kept as long as pipelines or indices name them."""

    def using(names: Sequence[str], used: Callable[[str], Sequence[str]]) -> list[str]:
        return sorted({user for name in names for user in used(name)})

    def told(models: Sequence[str], deployments: Sequence[str]) -> list[str]:
        kinds: dict[str, Callable[[str], Sequence[str]]] = {
            "ingest pipelines": pipelines.using,
            "indices": partial(users.of_endpoint, indices),
        }
        found = {kind: using([*models, *deployments], used) for kind, used in kinds.items()}
        return [f"{kind}: [{', '.join(users)}]" for kind, users in found.items() if users]

    trees.pipelines = trained.models.pipelines = lambda names: using(names, pipelines.using)
    trained.models.users.append(told)


def _others(config: Config, closing: AsyncExitStack) -> tuple[Remote | None, Sender]:
    other, sender = config.elastic.remote(), Sender(config.sending())
    closing.push_async_callback(sender.close)
    remote = Remote(*other) if other else None
    if remote:
        closing.push_async_callback(remote.close)
    return remote, sender
