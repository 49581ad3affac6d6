"""Sizes as Elasticsearch writes them: `512kb`, `64mb`, `1.5gb`; each unit is 1024 of the one before."""

import re

from connote.contract.errors import IllegalArgument

BYTES = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}
_SIZE = re.compile(r"\s*(\d{1,12}(?:\.\d{1,9})?)\s*(b|kb|mb|gb|tb)\s*", re.ASCII | re.IGNORECASE)


def parse(size: int | str, setting: str) -> int:
    """The size in bytes. Raises IllegalArgument that names the setting."""
    if isinstance(size, str) and size.strip() == "0":
        return 0
    if isinstance(size, int) and size >= 0:
        return size
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is None:
        raise IllegalArgument(f"{setting} must be a number of bytes or a size such as [64mb] or [1gb], not [{size}]")
    return int(float(match[1]) * BYTES[match[2].lower()])
