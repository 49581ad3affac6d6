"""One inference, as all routes ask for it: who answers, what the cache may do, and what becomes of cut input."""

from dataclasses import dataclass

from connote.api.exchange import Ask
from connote.contract.body import about
from connote.contract.errors import IllegalArgument
from connote.contract.requests import InferenceRequest
from connote.contract.results import Result
from connote.contract.tasks import TaskType
from connote.endpoints.cache import Caching
from connote.endpoints.inference import describe, refuse_cut
from connote.services.service import Endpoint

TIMEOUT = {"timeout": "How long to wait, such as `30s`; default `30s`, for completion and chat `120s`."}
PARAMS = TIMEOUT | {"truncate": "`end` (default) cuts long input and warns; `none` refuses it. connote's own."}


@dataclass(frozen=True)
class Inferred:
    """What an endpoint gave, and what its caller should be warned of."""

    endpoint: Endpoint
    result: Result
    warnings: tuple[str, ...]


async def infer(ask: Ask, id: str, request: InferenceRequest, *, whole: str | None = None) -> Inferred:
    """Run the request. Raises what the endpoint raises.

    `whole` is how the caller has said that no input may be cut; None if it may be.
    """
    endpoint, result = await ask.attended(ask.connote.inference.infer(id, request, _caching(ask)))
    if whole:
        refuse_cut(result.cuts, whole)
    warnings = (f"{describe(result.cuts)}; the rest was left out (truncate)",) if result.cuts else ()
    return Inferred(endpoint, result, warnings)


def whole(ask: Ask) -> str | None:
    """Whether the query parameter `truncate` says that no input may be cut, as `infer` takes it."""
    truncate = ask.text("truncate")
    if truncate not in (None, "end", "none"):
        raise IllegalArgument(f"[truncate] must be [end] or [none], not [{truncate}]")
    return "truncate=none" if truncate == "none" else None


def endpoint(ask: Ask, id: str | None, *tasks: TaskType) -> Endpoint:
    """The endpoint of that id; without one the first that is preconfigured for the (first) task.

    Raises NotFound, IllegalArgument if it does another task.
    """
    endpoints = ask.connote.endpoints
    if id is None:
        return next(each for each in endpoints.all(tasks[0]) if each.preconfigured)
    found = endpoints.find(id)
    if found.task.kind not in tasks:
        raise about(
            "model",
            IllegalArgument(
                f"The endpoint [{id}] does [{found.task.kind}]; this route is for endpoints that do "
                f"[{', '.join(tasks)}]"
            ),
        )
    return found


def _caching(ask: Ask) -> Caching:
    """What the request wants of the cache: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1."""
    given = ",".join(ask.request.headers.getlist("cache-control"))
    directives = {directive.partition("=")[0].strip().lower() for directive in given.split(",")}
    if "no-store" in directives:
        return Caching.BYPASS
    return Caching.REFRESH if "no-cache" in directives else Caching.USE
