"""Prices: what the use of a model costs, as far as it is known."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from connote.contract.results import NO_USAGE, Usage
from connote.contract.tasks import TaskType
from connote.services.service import Endpoint

Amount = Annotated[float, msgspec.Meta(ge=0)]
# What services call their model; the first that is set.
_MODEL = ("model_id", "model", "deployment_id", "service_id", "endpoint_name")


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`input` and `output`: of a million tokens. `search`: of a thousand requests for rerank."""

    input: Amount | None = None
    output: Amount | None = None
    search: Amount | None = None
    currency: str = ""

    def covers(self, task: TaskType) -> bool:
        """Whether the cost of that task can be told."""
        if task is TaskType.RERANK:
            return self.search is not None or self.input is not None
        return self.input is not None and (task.embeds or self.output is not None)

    def cost(self, endpoint: Endpoint, usage: Usage) -> float | None:
        """What one request costs; None if a price is not known, or if the service does not tell tokens."""
        if endpoint.task.kind is TaskType.RERANK and self.search is not None:
            return self.search / 1e3 + (self.input or 0.0) * usage.read / 1e6
        if usage == NO_USAGE and endpoint.service.site is not None:
            return None
        parts = ((usage.read, self.input), (usage.written, self.output))
        if any(tokens and price is None for tokens, price in parts):
            return None
        return sum(tokens * price / 1e6 for tokens, price in parts if price is not None)


class Prices:
    """Prices by `SERVICE/MODEL`."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = prices

    def of(self, endpoint: Endpoint) -> Price | None:
        """The price of what an endpoint runs, if it is known for its task."""
        price = self._prices.get(name(endpoint)) if self._prices else None
        return price if price and price.covers(endpoint.task.kind) else None


def name(endpoint: Endpoint) -> str:
    """What a price for it is listed under; the endpoint's id stands for the model where a service names none."""
    found = (getattr(endpoint.settings, each, None) for each in _MODEL)
    return f"{endpoint.service.name}/{next((each for each in found if each), endpoint.id)}"
