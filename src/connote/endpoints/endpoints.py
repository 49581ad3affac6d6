"""The endpoints of this server: found, listed, created, changed and deleted."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from connote.contract import chunks, policy
from connote.contract.errors import (
    AlreadyExists,
    Conflict,
    ConnoteError,
    Invalid,
    InvalidRequest,
    NotFound,
    Rejected,
    TimedOut,
    Unavailable,
)
from connote.contract.policy import Policy
from connote.contract.settings import SERVICE_SETTINGS, TASK_SETTINGS, Settings, java, refuse_unknown
from connote.contract.tasks import TaskType
from connote.endpoints import budget, fallback, shadow
from connote.endpoints.preconfigured import ENDPOINTS as PRECONFIGURED
from connote.endpoints.price import Prices
from connote.endpoints.runner import Runner
from connote.runtime.fleet import Deployment, Fleet
from connote.services import registry
from connote.services.service import Endpoint, Service, Task
from connote.store.endpoints import EndpointStore, Record
from connote.upstream.sender import Terms

log = logging.getLogger("connote.endpoints")

S = TypeVar("S", bound=Settings)

# Seconds that a trial may take if the request sets no limit.
_MOST_TRIAL = 600.0
_VALID_ID = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?", re.ASCII)


@dataclass(frozen=True)
class Created:
    """A new endpoint, the service name it was asked for with, and what its owner should be warned of."""

    endpoint: Endpoint
    service: str
    warnings: tuple[str, ...] = ()


class Endpoints:
    """Preconfigured and stored endpoints; a stored one stands before a preconfigured one of the same id."""

    def __init__(self, store: EndpointStore, fleet: Fleet, runner: Runner, prices: Prices) -> None:
        self._store, self._fleet, self._runner, self._prices = store, fleet, runner, prices
        self.on_delete: list[Callable[[str], None]] = []
        self.pipelines: Callable[[str], Sequence[str]] = lambda _: ()  # the ids of those that use an endpoint
        self.indices: Callable[[str], Sequence[str]] = lambda _: ()  # likewise, the names
        fleet.current = self._current
        self._writing = asyncio.Lock()
        self._stored: dict[str, Endpoint] = {}
        self._unreadable: dict[str, str] = {}
        for record in store.all():
            try:
                self._stored[record.inference_id] = _from_record(record)
            except ConnoteError as error:
                log.warning("endpoint [%s] cannot be read: %s", record.inference_id, error)
                self._unreadable[record.inference_id] = f"{error.reason} for model [{record.inference_id}]. "

    def find(self, id: str) -> Endpoint:
        """The endpoint of that id. Raises NotFound, or Rejected if its service is not there any more."""
        if id in self._unreadable:
            raise Rejected(self._unreadable[id])
        endpoint = self._stored.get(id) or PRECONFIGURED.get(id)
        if endpoint is None:
            raise NotFound(f"Inference endpoint not found [{id}]")
        return endpoint

    def get(self, id: str, task: TaskType = TaskType.ANY) -> Endpoint:
        """The endpoint of that id and task type. Raises NotFound, or Rejected if it does another task."""
        endpoint = self.find(id)
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
        _check_id(id)
        rest = dict(body)
        type = resolve_task(task, rest.pop("task_type", None))
        name, service = _service(rest.pop("service", None))
        implied = service.aliases[name].implied if name in service.aliases else {}
        endpoint = _parse(id, type, service, rest, implied)
        self._check_free(id)
        endpoint = await self._tried(endpoint, seconds)
        async with self._writing:
            self._check_free(id)
            self._check_policy(endpoint)
            await asyncio.to_thread(self._store.add, _to_record(endpoint))
            self._stored[id] = endpoint
        warnings = (service.aliases[name].warning,) if name in service.aliases else ()
        return Created(endpoint, name, warnings)

    async def update(self, id: str, task: TaskType, body: Mapping[str, Any], seconds: float | None = None) -> Endpoint:
        """Change what of an endpoint can be changed, after a trial. A loaded deployment is scaled at once."""
        current = self.find(id)
        changed = _changed(current, task, body)
        if changed.service.site is not None and _asks_otherwise(changed, current):
            changed = await self._tried(changed, seconds)
        async with self._writing:
            if self.find(id) is not current:
                raise Conflict(f"Inference endpoint [{id}] was changed by another request in the meantime; try again")
            if changed.policy != current.policy:
                self._check_policy(changed)
            await asyncio.to_thread(self._store.replace, _to_record(changed))
            self._stored[id] = changed
        if changed.deployment is not None:
            self._fleet.scale(changed.deployment)
        return changed

    def _current(self, wish: Deployment) -> Deployment | None:
        """The deployment of an endpoint as it is now; others than those of endpoints are what they are."""
        if not _VALID_ID.fullmatch(wish.id) and wish.id not in PRECONFIGURED:
            return wish
        endpoint = self._stored.get(wish.id) or PRECONFIGURED.get(wish.id)
        return endpoint.deployment if endpoint else None

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

    async def delete(self, id: str, task: TaskType, *, dry_run: bool, force: bool) -> dict[str, Any]:
        """Delete an endpoint, or only say what uses it. A preconfigured one is stopped and set back to its defaults."""
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


def resolve_task(url: TaskType, body: object) -> TaskType:
    """The task type that URL and body name together. Raises Rejected if neither does, or if they differ."""
    if body is None:
        if url is TaskType.ANY:
            raise Rejected("model is missing required setting [task_type]")
        return url
    if not isinstance(body, str):
        raise Rejected(f"Unknown task_type [{java(body)}]")
    named = TaskType.parse(body)
    if named is TaskType.ANY:
        raise Rejected("task_type [any] is not valid type for inference")
    if url not in (TaskType.ANY, named):
        raise Rejected(
            f"Cannot resolve conflicting task_type parameter in the request URL [{url}] and the request body [{named}]"
        )
    return named


def _check_id(id: str) -> None:
    if not _VALID_ID.fullmatch(id):
        problem = (
            f"Invalid inference_id; '{id}' can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; "
            "must start and end with alphanumeric"
        )
        raise InvalidRequest([problem])


def _service(name: object) -> tuple[str, Service]:
    if name is None:
        raise Rejected("Inference endpoint configuration is missing the [service] setting")
    service = registry.find(name) if isinstance(name, str) else None
    if service is None or not isinstance(name, str):
        raise Rejected(f"Unknown service [{java(name)}]")
    return name, service


def _task(service: Service, type: TaskType) -> Task:
    if type not in service.tasks:
        raise Rejected(f"The [{service.name}] service does not support task type [{type}]")
    return service.tasks[type]


def _parse(
    id: str,
    type: TaskType,
    service: Service,
    rest: dict[str, Any],
    implied: Mapping[str, Any],
    *,
    kept: bool = False,
) -> Endpoint:
    task = _task(service, type)
    raw_settings, raw_options = _object(rest, SERVICE_SETTINGS), _object(rest, TASK_SETTINGS)
    raw_chunking = _object(rest, chunks.SCOPE)
    if raw_settings is None:
        raise Rejected("Missing required field [service_settings]")
    chunking = chunks.parse(raw_chunking) if type.embeds else None
    if chunking is None and raw_chunking is not None:
        rest[chunks.SCOPE] = raw_chunking
    policies = _policy(rest)
    settings = task.settings.parse({**implied, **raw_settings}, SERVICE_SETTINGS, owner=service.name, kept=kept)
    options = task.options.parse(raw_options or {}, TASK_SETTINGS, owner=service.name, kept=kept)
    refuse_unknown(rest, service.name)
    return Endpoint(id, task, service, settings, options, chunking, policy=policies)


def _policy(rest: dict[str, Any]) -> Policy:
    problems = list[str]()
    found = Policy.take(rest, problems, policy.SCOPE)
    if found is None:
        raise Invalid(problems)
    return found


def _object(rest: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = rest.pop(name, None)
    if value is not None and not isinstance(value, dict):
        raise Invalid(
            [f"field [{name}] is not of the expected type. The value [{java(value)}] cannot be converted to a [Map]"]
        )
    return value


def _merge(current: S, given: Mapping[str, Any] | None, scope: str, service: Service) -> S:
    """`current` with the given settings in place of its own; those that cannot be changed may only be repeated."""
    if not given:
        return current
    before = current.plain() | current.secrets()
    fixed = {field.name for field in current.fields() if not field.about.updatable}
    if problems := [
        f"[{scope}] the setting [{name}] cannot be updated{_difference(current, name, before.get(name), value)}"
        for name, value in given.items()
        if name in fixed and value != before.get(name)
    ]:
        raise Invalid(problems)
    _check_secrets(current, before, given, scope)
    # The two ways to say how many allocations replace each other.
    ways = {"num_allocations", "adaptive_allocations"}
    kept = {name: value for name, value in before.items() if not (name in ways and ways & given.keys())}
    return type(current).parse({**kept, **given}, scope, owner=service.name, kept=True)


def _check_secrets(current: Settings, before: Mapping[str, Any], given: Mapping[str, Any], scope: str) -> None:
    """Raise Invalid if secrets would be sent to another address by somebody who need not know them."""
    moved = [field.name for field in current.fields() if field.about.url and field.name in given]
    moved = [name for name in moved if given[name] != before.get(name)]
    if missing := sorted(current.secrets().keys() - given.keys()) if moved else []:
        raise Invalid([f"[{scope}] to update the setting [{moved[0]}], give [{', '.join(missing)}] as well"])


def _difference(settings: Settings, name: str, before: object, after: object) -> str:
    is_secret = any(field.name == name and field.is_secret for field in settings.fields())
    return "" if is_secret else f" from [{java(before)}] to [{java(after)}]"


def _changed(current: Endpoint, task: TaskType, body: Mapping[str, Any]) -> Endpoint:
    rest = dict(body)
    if resolve_task(task, rest.pop("task_type", None)) is not current.task.kind:
        raise Rejected("Task type must match the task type of the existing endpoint")
    # Clients send the whole endpoint, as the specification types it.
    named = rest.pop("service", None)
    if named not in (None, current.service.name, *current.service.aliases):
        raise Rejected(f"[service] cannot be updated from [{current.service.name}] to [{java(named)}]")
    if chunks.SCOPE in rest:
        raise Rejected(f"[{chunks.SCOPE}] cannot be updated; create another inference endpoint")
    settings = _merge(current.settings, _object(rest, SERVICE_SETTINGS), SERVICE_SETTINGS, current.service)
    options = _merge(current.options, _object(rest, TASK_SETTINGS), TASK_SETTINGS, current.service)
    given = {field.name: rest.pop(field.name) for field in Policy.fields() if field.name in rest}
    policies = _merge(current.policy, given, policy.SCOPE, current.service)
    refuse_unknown(rest, current.service.name)
    return replace(current, settings=settings, options=options, policy=policies)


def _asks_otherwise(one: Endpoint, other: Endpoint) -> bool:
    return (one.settings, one.options) != (other.settings, other.options)


def _to_record(endpoint: Endpoint) -> Record:
    return Record(
        endpoint.id,
        endpoint.task.kind.value,
        endpoint.service.name,
        endpoint.settings.plain(),
        endpoint.options.plain(),
        None if endpoint.chunking is None else chunks.wire(endpoint.chunking),
        {
            scope: secrets
            for scope, settings in ((SERVICE_SETTINGS, endpoint.settings), (TASK_SETTINGS, endpoint.options))
            if (secrets := settings.secrets())
        },
        endpoint.policy.plain() or None,
    )


def _from_record(record: Record) -> Endpoint:
    if record.problem:
        raise Unavailable(f"{record.problem}: bring the key back, or delete the endpoint and make it again,")
    _, service = _service(record.service)
    type = TaskType.parse(record.task_type)
    parts = {
        SERVICE_SETTINGS: {**record.service_settings, **record.secrets.get(SERVICE_SETTINGS, {})},
        TASK_SETTINGS: {**record.task_settings, **record.secrets.get(TASK_SETTINGS, {})},
        chunks.SCOPE: record.chunking_settings,
        **(record.policy or {}),
    }
    endpoint = _parse(record.inference_id, type, service, parts, {}, kept=True)
    return replace(endpoint, preconfigured=record.inference_id in PRECONFIGURED)
