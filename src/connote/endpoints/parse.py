"""What bodies say of endpoints: read, checked, and brought to what is kept."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from connote.contract import chunks, policy
from connote.contract.errors import Invalid, InvalidRequest, Rejected, Unavailable
from connote.contract.policy import Policy
from connote.contract.settings import SERVICE_SETTINGS, TASK_SETTINGS, Settings, java, refuse_unknown
from connote.contract.tasks import TaskType
from connote.endpoints.preconfigured import ENDPOINTS as PRECONFIGURED
from connote.services import registry
from connote.services.service import Endpoint, Service, Task
from connote.store.endpoints import Record

S = TypeVar("S", bound=Settings)

_VALID_ID = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?", re.ASCII)


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


def check_id(id: str) -> None:
    """Raise InvalidRequest for what cannot be an endpoint's id."""
    if not _VALID_ID.fullmatch(id):
        problem = (
            f"Invalid inference_id; '{id}' can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; "
            "must start and end with alphanumeric"
        )
        raise InvalidRequest([problem])


def named_service(name: object) -> tuple[str, Service]:
    """The service that a body names, and the name. Raises Rejected."""
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


def parse(
    id: str,
    type: TaskType,
    service: Service,
    rest: dict[str, Any],
    implied: Mapping[str, Any],
    *,
    kept: bool = False,
) -> Endpoint:
    """The endpoint that a body describes; `kept` is what connote has kept itself. Raises what is wrong with it."""
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


def changed(current: Endpoint, task: TaskType, body: Mapping[str, Any]) -> Endpoint:
    """The endpoint with what the body changes. Raises what cannot be changed, or not so."""
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


def asks_otherwise(one: Endpoint, other: Endpoint) -> bool:
    """Whether one sends other requests than the other."""
    return (one.settings, one.options) != (other.settings, other.options)


def to_record(endpoint: Endpoint) -> Record:
    """The endpoint as it is kept."""
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


def from_record(record: Record) -> Endpoint:
    """The endpoint that `to_record` gave. Raises Unavailable if its secrets cannot be opened."""
    if record.problem:
        raise Unavailable(f"{record.problem}: bring the key back, or delete the endpoint and make it again,")
    _, service = named_service(record.service)
    type = TaskType.parse(record.task_type)
    parts = {
        SERVICE_SETTINGS: {**record.service_settings, **record.secrets.get(SERVICE_SETTINGS, {})},
        TASK_SETTINGS: {**record.task_settings, **record.secrets.get(TASK_SETTINGS, {})},
        chunks.SCOPE: record.chunking_settings,
        **(record.policy or {}),
    }
    endpoint = parse(record.inference_id, type, service, parts, {}, kept=True)
    return replace(endpoint, preconfigured=record.inference_id in PRECONFIGURED)
