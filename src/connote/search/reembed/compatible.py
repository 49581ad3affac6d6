"""Whether two endpoints give the same vectors."""

from typing import Any

from connote.contract.errors import NotFound
from connote.runtime.library import Library
from connote.services.service import Endpoint

# Settings that say how a service is asked, not what it answers.
_MANNERS = ("rate_limit", "num_allocations", "num_threads", "adaptive_allocations")


def same_model(library: Library, one: Endpoint, other: Endpoint) -> bool:
    """Whether the same model is behind both: only then are vectors of the one as good as those of the other."""
    return one.task.kind is other.task.kind and _model(library, one) == _model(library, other)


def _model(library: Library, endpoint: Endpoint) -> Any:  # noqa: ANN401 (compared, not looked at)
    deployment = endpoint.deployment
    if deployment is not None:
        try:
            return library.served(library.find(deployment.model)).id
        except NotFound:
            return deployment.model
    settings = {name: value for name, value in endpoint.settings.wire().items() if name not in _MANNERS}
    return endpoint.service.name, settings
