"""Deployments: models that were started, and are served until they are stopped, over restarts too."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from connote.contract.errors import Conflict, ConnoteError, NotFound, Overloaded, Rejected, TimedOut
from connote.models.config import wrong_id
from connote.models.models import Models
from connote.models.parameters import Parameters
from connote.models.selection import select
from connote.models.trained import Trained
from connote.runtime.fleet import Deployment, Fleet
from connote.store.models import DeploymentRecord

log = logging.getLogger("connote.models")

MOST = 100


@dataclass
class Counts:
    """What `_infer` has seen of a deployment since the server started."""

    errors: int = 0
    timeouts: int = 0
    last: int | None = None  # the last request, in milliseconds of the epoch


@dataclass(frozen=True)
class Deployed:
    """A model that was started; `started` is in milliseconds of the epoch."""

    id: str
    model: str
    parameters: Parameters
    started: int
    counts: Counts = field(default_factory=Counts, compare=False)

    @property
    def wish(self) -> Deployment:
        """What the runtime is asked for."""
        return self.parameters.deployment(self.id, self.model)

    def record(self) -> DeploymentRecord:
        """As it is kept."""
        return DeploymentRecord(self.id, self.model, self.parameters.plain(), self.started)


class Deployments:
    """Starts, changes and stops deployments. `claims` are asked, with a new id, why it cannot be that.

    `stopped` are the models whose last deployment somebody has stopped, until they are started again.
    """

    def __init__(self, models: Models, fleet: Fleet) -> None:
        self._models, self._fleet = models, fleet
        self.claims: list[Callable[[str], str | None]] = []
        self.on_stop: list[Callable[[str], None]] = []
        self.running: dict[str, Deployed] = {}
        self.stopped = models.store.stopped()
        for record in models.store.deployments():
            try:
                parameters = msgspec.convert(record.parameters, Parameters)
                self.running[record.deployment_id] = Deployed(
                    record.deployment_id, models.find(record.model_id).id, parameters, record.started
                )
            except (ConnoteError, msgspec.ValidationError) as error:
                log.warning("deployment [%s] cannot be served: %s", record.deployment_id, error)
        models.users.append(self._using)
        models.claims.append(self._claim)
        models.on_delete.append(self._stop_all_of)

    def current(self, id: str) -> Deployment | None:
        """What is wished for under that id now."""
        deployed = self.running.get(id)
        return deployed.wish if deployed else None

    def of(self, model: str) -> list[Deployed]:
        """The deployments of a model, the one with its own id first."""
        found = [each for each in self.running.values() if each.model == model]
        return sorted(found, key=lambda each: (each.id != model, each.id))

    def find(self, name: str) -> Deployed | None:
        """The deployment of that id, or one of the model of that id or alias."""
        return self.running.get(name) or next(iter(self.of(self._models.aliases.get(name, name))), None)

    def resume(self) -> None:
        """Begin to load what was started before the server was."""
        for deployed in self.running.values():
            self._fleet.start(deployed.wish)

    async def start(self, name: str, id: str | None, parameters: Parameters) -> Deployed:
        """Begin to serve a model under that id, its own if there is none. Raises NotFound, Rejected for a taken id."""
        async with self._models.writing:
            model = self._models.find(name)
            deployed = Deployed(id or model.id, model.id, parameters, time.time_ns() // 1_000_000)
            self._check(deployed, model)
            if model.known and model.created is None:
                await self._models.adopt(model)  # so that it can be stopped and deleted like others
            await asyncio.to_thread(self._models.store.put_deployment, deployed.record())
            self.running[deployed.id] = deployed
            await self._mark(model.id, is_stopped=False)
            self._fleet.start(deployed.wish)
        return deployed

    async def update(self, id: str, change: Callable[[Parameters], Parameters]) -> Deployed:
        """Change a deployment's allocations, at once if it is loaded. Raises NotFound, and what `change` raises."""
        async with self._models.writing:
            before = self.running.get(id)
            if before is None and self._is_claimed(id):
                raise Conflict(
                    f"Cannot update deployment [{id}] as it was created by inference endpoint [{id}]. This model "
                    "deployment must be updated through the inference API."
                )
            if before is None:
                raise NotFound(f"deployment with id [{id}] not found")
            deployed = replace(before, parameters=change(before.parameters))
            await asyncio.to_thread(self._models.store.put_deployment, deployed.record())
            self.running[id] = deployed
        self._fleet.scale(deployed.wish)
        return deployed

    async def stop(self, expression: str, *, allow_no_match: bool = True, force: bool = False) -> None:
        """Stop the deployments that are meant, by their ids or those of their models.

        Raises NotFound if there is no such model, Conflict that names who uses one, unless it is forced. Those of
        endpoints end with these.
        """
        async with self._models.writing:
            found = self._meant(expression, allow_no_match=allow_no_match, force=force)
            if not force:
                self._check_unused(found)
            for deployed in found:
                await self._stop(deployed.id)
            for model in {deployed.model for deployed in found}:
                if not self.of(model):
                    await self._mark(model, is_stopped=True)

    async def started(self, deployed: Deployed, seconds: float | None) -> None:
        """Wait until it serves.

        Raises TimedOut if it takes longer (it then goes on starting), and what loading the model comes to: it is then
        stopped.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._fleet.ready(deployed.wish)
        except TimeoutError:
            raise TimedOut(
                f"Timed out after [{seconds:g}s] waiting for model deployment [{deployed.id}] to start. Use the "
                "trained model stats API to track the state of the deployment and try again once it has started."
            ) from None
        except ConnoteError:
            # A start that has failed is none. One that is not waited for stays, and tells why in its statistics.
            await asyncio.shield(asyncio.ensure_future(self._give_up(deployed)))
            raise

    async def _give_up(self, deployed: Deployed) -> None:
        async with self._models.writing:
            if self.running.get(deployed.id) is deployed:
                await self._stop(deployed.id)

    def _check(self, deployed: Deployed, model: Trained) -> None:
        if model.folder and not model.upload.sha256:
            raise NotFound(f"Could not find trained model definition [{model.id}]")
        if model.folder and not model.upload.has_vocabulary:
            raise NotFound(f"Could not find vocabulary document [{model.id}_vocabulary] for trained model [{model.id}]")
        if deployed.id in self.running:
            raise Rejected(
                "Could not start model deployment because an existing deployment with the same id "
                f"[{deployed.id}] exist"
            )
        if deployed.id != model.id:
            self._check_id(deployed.id)
        if why := next((why for claim in self.claims if (why := claim(deployed.id))), None):
            raise Rejected(why)
        if len(self.running) >= MOST:
            raise Overloaded(f"Could not start model deployment because {MOST} deployments run already; stop one first")

    def _check_id(self, id: str) -> None:
        if problems := wrong_id(id, "deployment_id"):
            raise Rejected(problems[0])
        if id in self._models.added or id in self._models.aliases or self._models.stock.find(id):
            raise Rejected(
                f"Deployment id [{id}] is the same as an another model which is not the model being deployed"
            )

    def _is_claimed(self, id: str) -> bool:
        return any(claim(id) for claim in self.claims)

    def _meant(self, expression: str, *, allow_no_match: bool, force: bool) -> list[Deployed]:
        models = {name for deployed in self.running.values() for name in self._models.names(deployed.model)}
        names, missing = select(expression, sorted({*self.running, *models}))
        for name in missing:
            if not self._is_claimed(name):
                self._models.find(name)  # one that is not deployed is stopped already
            elif not force:
                raise Conflict(f"Cannot stop deployment [{name}] as it was created by inference endpoint [{name}]")
        if not names and not missing and not allow_no_match:
            raise NotFound(f"No known trained model deployment with id [{expression}]")
        meant = {self._models.aliases.get(name, name) for name in names}
        return [each for each in self.running.values() if each.id in meant or each.model in meant]

    def _check_unused(self, found: Iterable[Deployed]) -> None:
        for deployed in found:
            is_last = len(self.of(deployed.model)) == 1
            ids = [deployed.id, *(self._models.names(deployed.model) if is_last else ())]
            others = [users for users in self._models.users if users != self._using]
            if used := [text for users in others for text in users((), ids)]:
                raise Conflict(
                    f"Cannot stop deployment [{deployed.id}] as it is used by {'; '.join(used)}; "
                    "use force to force the stop"
                )

    async def _mark(self, model: str, *, is_stopped: bool) -> None:
        if is_stopped != (model in self.stopped):
            await asyncio.to_thread(self._models.store.keep_stopped, model, is_stopped=is_stopped)
            (self.stopped.add if is_stopped else self.stopped.discard)(model)

    async def _stop(self, id: str) -> None:
        del self.running[id]
        await asyncio.to_thread(self._models.store.remove_deployment, id)
        await self._fleet.stop(id)
        for forget in self.on_stop:
            forget(id)

    async def _stop_all_of(self, model: str) -> None:
        for deployed in self.of(model):
            await self._stop(deployed.id)
        self.stopped.discard(model)  # the store forgets it with the model

    def _using(self, names: Sequence[str], _: Sequence[str]) -> list[str]:
        ids = [deployed.id for deployed in self.running.values() if deployed.model in names]
        return [f"deployments: [{', '.join(ids)}]"] if ids else []

    def _claim(self, id: str) -> str | None:
        if id not in self.running:
            return None
        return f"Cannot create model [{id}] the id is the same as an current model deployment"


def told(deployed: Deployed, fleet: Fleet) -> tuple[str, str | None]:
    """Its state (starting, started or failed), and why it is that."""
    if reason := fleet.failure(deployed.id):
        return "failed", reason
    if fleet.lane(deployed.id) or _sleeps(deployed, fleet):
        return "started", None
    return "starting", None


def _sleeps(deployed: Deployed, fleet: Fleet) -> bool:
    """Whether it is unloaded until it is used, which it may be."""
    return deployed.id not in fleet.diagnostics()
