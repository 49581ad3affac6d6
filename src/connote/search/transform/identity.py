"""The ids of documents that transforms make."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson


def identity(key: Mapping[str, Any]) -> str:
    """The same for the same combination of values, whenever it is met."""
    raw = hashlib.sha256(orjson.dumps(key, option=orjson.OPT_SORT_KEYS)).digest()
    return base64.urlsafe_b64encode(raw[:21]).decode()
