"""The statistics of models and of their deployments, those that endpoints have made among them."""

from collections.abc import Callable, Sequence
from typing import Any

from connote.models.assignment import statistics
from connote.models.deployments import Deployed, Deployments
from connote.models.models import Models
from connote.models.parameters import AdaptiveAllocations, Parameters
from connote.models.trained import Trained
from connote.runtime.fleet import Deployment, Fleet


class Statistics:
    """Tells of models. `endpoints` tells the deployments of endpoints, `hits` what the cache has saved one."""

    def __init__(self, models: Models, deployments: Deployments, fleet: Fleet, node: str) -> None:
        self._models, self._deployments, self._fleet, self._node = models, deployments, fleet, node
        self.endpoints: Callable[[], Sequence[Deployment]] = list
        self.hits: Callable[[str], int] = lambda _: 0

    def meant(self, expression: str, *, allow_no_match: bool) -> list[Trained]:
        """The models of an expression; ids of deployments are meant too. Raises what `Models.get` raises."""
        running = self._deployments.running
        named = (running[part].model if part in running else part for part in expression.split(","))
        return self._models.get(",".join(named), allow_no_match=allow_no_match)

    def all(self, model: Trained) -> list[Deployed]:
        """The deployments of a model, and those of endpoints: of preconfigured ones only what is loaded."""
        loaded = self._fleet.diagnostics().keys()
        told = [each for each in self.endpoints() if each.id in loaded or not each.id.startswith(".")]
        others = [each for each in told if self._serves(model, each)]
        return [*self._deployments.of(model.id), *(_deployed(each, model.id) for each in others)]

    def entries(self, model: Trained) -> list[dict[str, Any]]:
        """Its entries in the answer to `_stats`, one a deployment."""
        size = self._models.size(model)
        entry = {
            "model_id": model.id,
            "model_size_stats": {"model_size_bytes": size, "required_native_memory_bytes": size},
            "pipeline_count": len(self._models.pipelines(self._models.names(model.id))),
        }
        told = (statistics(each, self._fleet, self._node, self.hits(each.id)) for each in self.all(model))
        return [entry | {"deployment_stats": each} for each in told] or [entry]

    def _serves(self, model: Trained, deployment: Deployment) -> bool:
        if deployment.id in self._deployments.running:
            return False  # an endpoint over a deployment that was started
        return deployment.model == model.id or (
            model.known is not None and self._models.stock.find(deployment.model) is model.known
        )


def _deployed(wish: Deployment, model: str) -> Deployed:
    """The deployment of an endpoint, as if it had been started."""
    limits = wish.adaptive
    adaptive = AdaptiveAllocations(True, limits.least, limits.most) if limits else None
    parameters = Parameters(wish.allocations if limits is None else None, wish.threads, adaptive_allocations=adaptive)
    return Deployed(wish.id, model, parameters, 0)
