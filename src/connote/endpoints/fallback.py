"""Fallbacks: endpoints that are asked in turn when the one that was meant is down or over its budget."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from connote.contract.errors import (
    ConnoteError,
    Malformed,
    NotFound,
    OverBudget,
    Overloaded,
    Refused,
    Rejected,
    TimedOut,
    Unavailable,
)
from connote.contract.settings import TASK_SETTINGS
from connote.endpoints import asking
from connote.runtime.library import Library
from connote.services.service import Call, Endpoint
from connote.upstream.sender import Terms

T = TypeVar("T")
Find = Callable[[str], Endpoint]

# So many may be listed; each has fallbacks of its own, too.
MOST = 16
# Of a reason that stands in a header, so many characters.
_MOST_TOLD = 300
_ELEMENTS = {"int8": "byte", "binary": "bit"}


@dataclass(frozen=True)
class Vectors:
    """What vectors must have in common to be compared."""

    dimensions: int | None
    similarity: str | None
    element: str

    @classmethod
    def of(cls, endpoint: Endpoint, library: Library) -> "Vectors | None":
        """Those of an endpoint; None if it gives none of one length."""
        if not hasattr(endpoint.settings, "dimensions"):
            return None
        settings, local = endpoint.settings, endpoint.deployment
        dimensions, similarity = getattr(settings, "dimensions", None), getattr(settings, "similarity", None)
        if local is not None:
            dimensions, similarity = dimensions or _known(library, local.model), similarity or "cosine"
        element = getattr(settings, "embedding_type", None) or getattr(settings, "element_type", None) or "float"
        return cls(dimensions, similarity, _ELEMENTS.get(element, element))

    def __str__(self) -> str:
        return f"{self.dimensions or 'unknown'} dimensions, similarity {self.similarity}, elements {self.element}"


def problems(endpoint: Endpoint, find: Find, library: Library) -> list[str]:
    """What is wrong with an endpoint's fallbacks."""
    ids = endpoint.policy.fallback or []
    if len(ids) > MOST:
        return [f"[fallback] has [{len(ids)}] endpoints; at most {MOST} are allowed"]
    found = {id: _problem(endpoint, id, find, library) for id in ids}
    found |= {id: "It is listed twice" for id in ids if ids.count(id) > 1}
    return [f"[fallback] Invalid value [{id}]. {problem}" for id, problem in found.items() if problem]


def chain(endpoint: Endpoint, find: Find, library: Library) -> list[Endpoint]:
    """The endpoint and its fallbacks, each followed by its own. Those that do not fit any more are left out."""
    if not endpoint.policy.fallback:
        return [endpoint]
    fitting = (each for each in _line(endpoint, find) if not _misfit(endpoint, each, library))
    return list({each.id: each for each in (endpoint, *fitting)}.values())


async def first(
    endpoints: Sequence[Endpoint],
    call: Call,
    limit: float | None,
    given: str | None,
    attempt: Callable[[Call, Terms], Awaitable[T]],
) -> tuple[Endpoint, T]:
    """What the first endpoint gives that is not down.

    Each has an equal share of the time that is left when its turn comes. `limit` are the seconds for all, `given` is
    what the request calls them. Raises the first failure if all are down; one that would be the same elsewhere at once.
    """
    loop = asyncio.get_running_loop()
    end, failures = None if limit is None else loop.time() + limit, dict[str, ConnoteError]()
    for position, endpoint in enumerate(endpoints):
        left = len(endpoints) - position
        share = None if end is None else max(end - loop.time(), 0.0) / left
        terms = Terms(None if share is None else loop.time() + share, _is_urgent(call), spare=left > 1)
        try:
            answer = await attempt(call if endpoint is call.endpoint else for_another(call, endpoint), terms)
        except TimeoutError:
            told = f"{share or 0:.3g}s" if len(endpoints) > 1 else given or f"{limit or 0:.0f}s"
            failures[endpoint.id] = _timed_out(endpoint, told)
        except (Refused, Malformed, Unavailable, TimedOut, Overloaded) as error:
            if isinstance(error, Refused) and not error.transient:
                raise
            failures[endpoint.id] = error
        else:
            _tell(endpoint, failures)
            return endpoint, answer
    raise _worst(failures)


def for_another(call: Call, endpoint: Endpoint) -> Call:
    """The call for another endpoint: with that one's options and model. Of the request's options it takes its own."""
    task, options = endpoint.task, endpoint.options
    known = {field.name for field in task.options.fields()}
    if given := {name: value for name, value in call.task_settings.items() if name in known}:
        try:
            own = {**options.plain(), **options.secrets()}
            options = task.options.parse({**own, **given}, TASK_SETTINGS, owner=endpoint.service.name)
        except Rejected:
            pass  # values that this service does not take
    chat = call.chat and msgspec.structs.replace(call.chat, model=None)
    return replace(call, endpoint=endpoint, options=options, chat=chat, extra={})


def _line(endpoint: Endpoint, find: Find) -> Iterator[Endpoint]:
    """Its fallbacks, each followed by its own. No recursion: a line may be longer than the stack is deep."""
    seen, left = set[str](), list(reversed(endpoint.policy.fallback or ()))
    while left:
        if (id := left.pop()) in seen:
            continue
        seen.add(id)
        try:
            found = find(id)
        except (NotFound, Rejected):
            continue  # it was deleted by force, or its service is gone
        yield found
        left += reversed(found.policy.fallback or ())


def _problem(endpoint: Endpoint, id: str, find: Find, library: Library) -> str | None:
    if id == endpoint.id:
        return "It is the endpoint itself"
    try:
        found = find(id)
    except (NotFound, Rejected) as error:
        return error.reason
    if any(each.id == endpoint.id for each in _line(found, find)):
        return f"It falls back to [{endpoint.id}] itself, so that they would go round in a circle"
    return _misfit(endpoint, found, library)


def _misfit(endpoint: Endpoint, other: Endpoint, library: Library) -> str | None:
    """Why the other cannot answer in an endpoint's place."""
    if other.task.kind is not endpoint.task.kind:
        return f"Its task type is [{other.task.kind}] and must be [{endpoint.task.kind}]"
    wanted, has = Vectors.of(endpoint, library), Vectors.of(other, library)
    if wanted is None or (wanted == has and wanted.dimensions):
        return None
    return f"Its vectors have [{has}] and must have [{wanted}]"


def _known(library: Library, model: str) -> int | None:
    try:
        return library.find(model).dimensions
    except NotFound:
        return None


def _is_urgent(call: Call) -> bool:
    """Whatever somebody waits for passes what is only ingested."""
    return call.search or not call.endpoint.task.kind.embeds


def _timed_out(endpoint: Endpoint, told: str) -> TimedOut:
    fix = "A model that is being loaded or pulled goes on loading: repeat the request, or give it time with ?timeout="
    if endpoint.service.site is not None:
        fix = "Give it more time with ?timeout=; if calls wait for their turn, [rate_limit] says how many go a minute"
    return TimedOut(f"timeout [{told}] waiting for inference result of [{endpoint.id}]. {fix}")


def _tell(endpoint: Endpoint, failures: dict[str, ConnoteError]) -> None:
    request = asking.current()
    request.answered = endpoint.id
    if failures:
        asked = next(iter(failures))
        reason = failures[asked].reason
        told = reason if len(reason) <= _MOST_TOLD else reason[:_MOST_TOLD] + "..."
        request.warnings.append(f"[{endpoint.id}] has answered in place of [{asked}], which did not: {told}")


def _worst(failures: dict[str, ConnoteError]) -> ConnoteError:
    """One error for all: the first that may pass soon, with what the others said."""
    at = next((id for id, error in failures.items() if not isinstance(error, OverBudget)), next(iter(failures)))
    error = failures.pop(at)
    if failures:
        others = "; ".join(f"[{id}]: {other.reason}" for id, other in failures.items())
        error.args = (f"{error.reason}; of the others that were asked, {others}",)
    return error
