"""Policies of an endpoint: what it may spend, who answers in its place, and who is asked beside it."""

from typing import Annotated, Any

from connote.contract.settings import About, Settings


class Budget(Settings):
    """What a month may cost. When it is reached the endpoint answers 429 until the next month."""

    monthly: Annotated[
        float | None, About("Monthly", "The most that a month may cost, in the currency of [prices].", at_least=0)
    ] = None
    monthly_tokens: Annotated[
        int | None, About("Monthly tokens", "The most tokens that a month may take, read and written.", at_least=0)
    ] = None

    def problems(self, scope: str) -> list[str]:
        """A budget says how much."""
        if self.monthly is not None or self.monthly_tokens is not None:
            return []
        return [f"[{scope}] does not contain one of the required settings [monthly, monthly_tokens]"]


class Shadow(Settings):
    """An endpoint that gets a share of the live requests too, to be compared. Its answers go nowhere."""

    endpoint: Annotated[str, About("Endpoint", "The inference endpoint that is asked beside this one.")]
    sample: Annotated[float, About("Sample", "The share of requests that it is asked.", at_least=0, at_most=1)] = 0.1


class Policy(Settings):
    """Members of an endpoint beside its settings."""

    budget: Annotated[Budget | None, About("Budget", "What a month may cost.", updatable=True)] = None
    fallback: Annotated[
        list[str] | None, About("Fallback", "The endpoints that are asked in turn if this one is down.", updatable=True)
    ] = None
    shadow: Annotated[Shadow | None, About("Shadow", "An endpoint to compare with.", updatable=True)] = None

    def plain(self) -> dict[str, Any]:
        """Those that are set; an empty list of fallbacks says the same as none."""
        return {name: value for name, value in super().plain().items() if value != []}

    def others(self) -> list[str]:
        """The ids of the endpoints that it names."""
        return [*(self.fallback or ()), *([self.shadow.endpoint] if self.shadow else ())]


NO_POLICY = Policy()
# What it is called where its form is wrong.
SCOPE = "policy"
