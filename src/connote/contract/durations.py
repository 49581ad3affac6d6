"""Durations as Elasticsearch writes them: `30s`, `500ms`, `1.5m`."""

import re

from connote.contract.errors import IllegalArgument

SECONDS = {"nanos": 1e-9, "micros": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"\s*(\d{1,12}(?:\.\d{1,9})?)\s*(nanos|micros|ms|s|m|h|d)\s*", re.ASCII | re.IGNORECASE)


def seconds(text: str, setting: str = "timeout") -> float | None:
    """The duration in seconds; None for `-1`, which means no limit. Raises IllegalArgument for anything else."""
    if text.strip() == "-1":
        return None
    if text.strip() == "0":
        return 0.0
    match = _DURATION.fullmatch(text)
    if match is None:
        raise IllegalArgument(
            f"failed to parse setting [{setting}] with value [{text}] as a time value: unit is missing or unrecognized"
        )
    return float(match[1]) * SECONDS[match[2].lower()]
