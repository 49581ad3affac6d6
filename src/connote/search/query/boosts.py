"""Fields with boosts: `title^3`."""

from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument


def boosted(given: Any, kind: str) -> list[tuple[str, float]]:  # noqa: ANN401 (JSON)
    """Fields with their boosts, of `title^3`. Raises BadQuery."""
    found = []
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, str):
            raise BadQuery(f"[{kind}] query: field name must be a text")
        name, _, boost = each.partition("^")
        try:
            found.append((name, float(boost) if boost else 1.0))
        except ValueError:
            raise BadQuery(f"[{kind}] boost of [{each}] must be a number") from None
        if not 0 <= found[-1][1] < float("inf"):
            raise IllegalArgument(f"[{kind}] boost of [{each}] must not be negative")
    return found
