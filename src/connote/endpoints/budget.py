"""Budgets: an endpoint that has spent what a month may cost is stopped until the next."""

import math
from datetime import UTC, datetime

from connote.contract.errors import OverBudget, Unavailable
from connote.endpoints import price
from connote.endpoints.price import Price, Prices
from connote.services.service import Endpoint


def problems(endpoint: Endpoint, prices: Prices) -> list[str]:
    """What is wrong with an endpoint's budget: a cost is nothing without a price."""
    budget = endpoint.policy.budget
    if budget is None or budget.monthly is None or prices.of(endpoint):
        return []
    needs = f"[monthly] needs a price for the task [{endpoint.task.kind}]: {_fix(endpoint)}, or use [monthly_tokens]"
    return [f"[budget] Invalid value [{budget.monthly}]. {needs}"]


def check(endpoint: Endpoint, known: Price | None, cost: float, tokens: int, now: datetime) -> None:
    """Raise OverBudget if so much is what the budget allows, Unavailable if what was priced once is not any more."""
    budget = endpoint.policy.budget
    if budget is None:
        return
    if budget.monthly is not None:
        if known is None:
            raise Unavailable(
                f"Inference endpoint [{endpoint.id}] has a budget in cost, and its price is not known any more: "
                f"{_fix(endpoint)}, or change the budget with {_update(endpoint)}"
            )
        if cost >= budget.monthly:
            raise _over(endpoint, f"[{cost:.6g}] of [{budget.monthly:g}] {known.currency}".rstrip(), now)
    if budget.monthly_tokens is not None and tokens >= budget.monthly_tokens:
        raise _over(endpoint, f"[{tokens}] of [{budget.monthly_tokens}] tokens", now)


def _over(endpoint: Endpoint, spent: str, now: datetime) -> OverBudget:
    ends = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    error = OverBudget(
        f"Inference endpoint [{endpoint.id}] has spent {spent}, its budget of the month {now:%Y-%m}. It answers again "
        f"from {ends:%Y-%m-%d} (UTC) on, or when the budget is raised with {_update(endpoint)}"
    )
    error.headers = {"Retry-After": str(math.ceil((ends - now).total_seconds()))}
    return error


def _fix(endpoint: Endpoint) -> str:
    return f'add [prices."{price.name(endpoint)}"] to the configuration'


def _update(endpoint: Endpoint) -> str:
    return f"[PUT _inference/{endpoint.task.kind}/{endpoint.id}/_update]"
