"""The endpoints of this server: found, listed, created, changed and deleted."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connote.contract.errors import (
    AlreadyExists,
    Conflict,
    ConnoteError,
    Invalid,
    NotFound,
    Rejected,
    TimedOut,
)
from connote.contract.settings import SERVICE_SETTINGS
from connote.contract.tasks import TaskType
from connote.endpoints import budget, fallback, over, parse, shadow
from connote.endpoints.preconfigured import ALIASES
from connote.endpoints.preconfigured import ENDPOINTS as PRECONFIGURED
from connote.endpoints.price import Prices
from connote.endpoints.runner import Runner
from connote.models.inference import ModelInference
from connote.runtime.fleet import Deployment, Fleet
from connote.services.service import Endpoint
from connote.store.endpoints import EndpointStore
from connote.upstream.sender import Terms

log = logging.getLogger("connote.endpoints")

# Seconds that a trial may take if the request sets no limit.
_MOST_TRIAL = 600.0


@dataclass(frozen=True)
class Created:
    """A new endpoint, the service name it was asked for with, and what its owner should be warned of."""

    endpoint: Endpoint
    service: str
    warnings: tuple[str, ...] = ()


class Endpoints:
    """Preconfigured and stored endpoints; a stored one stands before a preconfigured one of the same id."""

    def __init__(
        self,
        store: EndpointStore,
        fleet: Fleet,
        runner: Runner,
        prices: Prices,
        trained: ModelInference,
        names: Mapping[str, str],
    ) -> None:
        """`names` are further names of endpoints, with the ids of these."""
        self._store, self._fleet, self._runner, self._prices, self._trained = store, fleet, runner, prices, trained
        self.on_delete: list[Callable[[str], None]] = []
        self.pipelines: Callable[[str], Sequence[str]] = lambda _: ()  # the ids of those that use an endpoint
        self.indices: Callable[[str], Sequence[str]] = lambda _: ()  # likewise, the names
        self._names = {**ALIASES, **names}
        self._writing = asyncio.Lock()
        self._stored: dict[str, Endpoint] = {}
        self._unreadable: dict[str, str] = {}
        for record in store.all():
            try:
                self._stored[record.inference_id] = parse.from_record(record)
            except ConnoteError as error:
                log.warning("endpoint [%s] cannot be read: %s", record.inference_id, error)
                self._unreadable[record.inference_id] = f"{error.reason} for model [{record.inference_id}]. "

    def find(self, id: str) -> Endpoint:
        """The endpoint of that id, or one over the model or deployment of that id.

        Raises NotFound, Rejected if its service is not there any more, or if the model has no task of inference's, and
        Conflict if the model is not deployed.
        """
        try:
            return self._own(id)
        except NotFound as error:
            return over.endpoint(self._trained, id, error)

    def _own(self, id: str) -> Endpoint:
        id = self._names.get(id, id)
        if id in self._unreadable:
            raise Rejected(self._unreadable[id])
        endpoint = self._stored.get(id) or PRECONFIGURED.get(id)
        if endpoint is None:
            raise NotFound(f"Inference endpoint not found [{id}]")
        return endpoint

    def get(self, id: str, task: TaskType = TaskType.ANY) -> Endpoint:
        """The endpoint of that id and task type. Raises NotFound, or Rejected if it does another task."""
        endpoint = self._own(id)
        if task not in (TaskType.ANY, endpoint.task.kind):
            raise Rejected(
                f"Requested task type [{task}] does not match the inference endpoint's task type [{endpoint.task.kind}]"
            )
        return endpoint

    def all(self, task: TaskType = TaskType.ANY) -> list[Endpoint]:
        """All endpoints of a task type, by id."""
        found = {**PRECONFIGURED, **self._stored}
        return [found[id] for id in sorted(found) if task in (TaskType.ANY, found[id].task.kind)]

    def unreadable(self) -> Mapping[str, str]:
        """Endpoints that are kept and cannot be used, and why."""
        return self._unreadable

    def chain(self, endpoint: Endpoint) -> list[Endpoint]:
        """The endpoint, and those that may answer in its place, in the order in which they are asked."""
        return fallback.chain(endpoint, self.find, self._fleet.library)

    def wire(self, endpoint: Endpoint) -> dict[str, Any]:
        """The endpoint as GET lists it: while allocations follow the load, with their present number."""
        shown = endpoint.wire()
        settings, live = shown[SERVICE_SETTINGS], self._fleet.allocations().get(endpoint.id)
        if live is not None and "adaptive_allocations" in settings:
            shown[SERVICE_SETTINGS] = {"num_allocations": live, **settings}
        return shown

    async def create(self, id: str, task: TaskType, body: Mapping[str, Any], seconds: float | None = None) -> Created:
        """Make an endpoint from a PUT body, after a trial of what it asks. `seconds` is the time for that.

        Raises the contract's errors, in its order, and what the trial comes to; keeps all or nothing.
        """
        if id in PRECONFIGURED:
            raise Rejected(
                f"[{id}] is a reserved inference ID. Cannot create a new inference endpoint with a reserved ID."
            )
        parse.check_id(id)
        rest = dict(body)
        type = parse.resolve_task(task, rest.pop("task_type", None))
        name, service = parse.named_service(rest.pop("service", None))
        implied = service.aliases[name].implied if name in service.aliases else {}
        endpoint = parse.parse(id, type, service, rest, implied)
        self._check_free(id)
        endpoint = await self._tried(endpoint, seconds)
        async with self._writing:
            self._check_free(id)
            self._check_policy(endpoint)
            await asyncio.to_thread(self._store.add, parse.to_record(endpoint))
            self._stored[id] = endpoint
        warnings = (service.aliases[name].warning,) if name in service.aliases else ()
        return Created(endpoint, name, warnings)

    async def update(self, id: str, task: TaskType, body: Mapping[str, Any], seconds: float | None = None) -> Endpoint:
        """Change what of an endpoint can be changed, after a trial. A loaded deployment is scaled at once."""
        current = self._own(id)
        id = current.id
        changed = parse.changed(current, task, body)
        over.check_unchanged(current, changed)
        if changed.service.site is not None and parse.asks_otherwise(changed, current):
            changed = await self._tried(changed, seconds)
        async with self._writing:
            if self._own(id) is not current:
                raise Conflict(f"Inference endpoint [{id}] was changed by another request in the meantime; try again")
            if changed.policy != current.policy:
                self._check_policy(changed)
            await asyncio.to_thread(self._store.replace, parse.to_record(changed))
            self._stored[id] = changed
        if changed.deployment is not None:
            self._fleet.scale(changed.deployment)
        return changed

    def current(self, id: str) -> Deployment | None:
        """The deployment that an endpoint wishes for now."""
        endpoint = self._stored.get(id) or PRECONFIGURED.get(id)
        return endpoint.deployment if endpoint else None

    def has(self, id: str) -> bool:
        """Whether there is an endpoint of that id: one that was made, or a preconfigured one."""
        id = self._names.get(id, id)
        return id in self._stored or id in self._unreadable or id in PRECONFIGURED

    def using(self, models: Sequence[str], deployments: Sequence[str]) -> list[str]:
        """Which endpoints need one of these models or deployments, as an error tells it."""
        return over.using(self._stored.values(), models, deployments)

    def claim(self, id: str) -> str | None:
        """Why a model or a deployment cannot have that id."""
        if not self.has(id):
            return None
        return (
            f"Model IDs must be unique. Requested model ID [{id}] matches existing inference endpoint IDs but must not."
        )

    async def _tried(self, endpoint: Endpoint, seconds: float | None) -> Endpoint:
        # Without a limit a service that says nothing would be tried for ever, by nobody's wish.
        seconds = _MOST_TRIAL if seconds is None else seconds
        try:
            async with asyncio.timeout(seconds):
                settings = await self._runner.check(endpoint, Terms(asyncio.get_running_loop().time() + seconds))
        except BaseException as error:
            self._runner.forget(endpoint.id)
            if isinstance(error, TimeoutError):
                told = f"timeout [{seconds:g}s] waiting for the trial of endpoint [{endpoint.id}]"
                raise TimedOut(told) from None
            raise
        return replace(endpoint, settings=settings)

    def _check_policy(self, endpoint: Endpoint) -> None:
        """Raise Invalid for a policy that other endpoints, or prices, do not go with."""

        def find(id: str) -> Endpoint:
            return endpoint if id == endpoint.id else self.find(id)  # others may name what is only being made

        if found := [
            *budget.problems(endpoint, self._prices),
            *fallback.problems(endpoint, find, self._fleet.library),
            *shadow.problems(endpoint, find),
        ]:
            raise Invalid(found)

    def _check_free(self, id: str) -> None:
        if id in self._stored or id in self._unreadable:
            raise AlreadyExists(f"Inference endpoint [{id}] already exists")
        if self._trained.has(id):
            raise Rejected(
                f"Inference endpoint IDs must be unique. Requested inference endpoint ID [{id}] matches existing "
                "trained model ID(s) but must not."
            )

    async def delete(self, id: str, task: TaskType, *, dry_run: bool, force: bool) -> dict[str, Any]:
        """Delete an endpoint, or only say what uses it. A preconfigured one is stopped and set back to its defaults."""
        id = self._names.get(id, id)
        preconfigured = id not in self._unreadable and self.get(id, task).preconfigured
        used, users = self._used(id), {"pipelines": list(self.pipelines(id)), "indexes": list(self.indices(id))}
        if dry_run:
            return {"acknowledged": False, **users, "error_message": used}
        if preconfigured and not force:
            raise Rejected(
                f"[{id}] is a reserved inference endpoint. "
                "Use the force=true query parameter to delete the inference endpoint."
            )
        async with self._writing:
            if (used := self._used(id)) and not force:
                raise Conflict(used)
            await asyncio.to_thread(self._store.remove, id)
            self._stored.pop(id, None)
            self._unreadable.pop(id, None)
            self._runner.forget(id)
        await self._fleet.stop(id)
        for forget in self.on_delete:
            forget(id)
        return {"acknowledged": True, **users}

    def _used(self, id: str) -> str:
        """Who would miss the endpoint; empty if nobody."""
        return " ".join(
            f"Inference endpoint {id} is {how}: [{', '.join(users)}]. Ensure that no {kind} are using this inference "
            "endpoint, or use force to ignore this warning and delete the inference endpoint."
            for how, kind, users in (
                ("referenced by pipelines", "pipelines", self.pipelines(id)),
                ("being used in the mapping for indexes", "index mappings", self.indices(id)),
                (
                    "the fallback or shadow of inference endpoints",
                    "endpoints",
                    [each.id for each in self.all() if each.id != id and id in each.policy.others()],
                ),
            )
            if users
        )
