"""`refresh`: whether what a request writes is to be seen by searches when it is answered."""

from connote.api.exchange import Ask
from connote.contract.errors import IllegalArgument

REFRESH = (
    "`true` or `wait_for`: searches see the result when the request is answered. "
    "Where they cannot, it is kept all the same, and `forced_refresh` is `false`."
)


def refresh(ask: Ask) -> bool:
    """Whether indices are to be refreshed. Waiting for the next refresh is refreshing now."""
    value = ask.text("refresh")
    if value not in (None, "", "true", "false", "wait_for"):
        raise IllegalArgument(f"Unknown value for refresh: [{value}].")
    return value not in (None, "false")
