"""Homes to search for, in two indices of a real server that share an alias."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from homes import FLATS, HOUSES, MAPPING, Search


@pytest.fixture(scope="module")
def search(http: httpx.Client) -> Iterator[Search]:
    """Searches the houses; the flats are beside them, and both are called `homes`."""
    assert http.put("/houses", json={"mappings": MAPPING, "aliases": {"homes": {}}}).is_success
    assert http.put("/flats", json={"mappings": MAPPING, "aliases": {"homes": {}}}).is_success
    lines: list[dict[str, Any]] = []
    for index, documents in (("houses", HOUSES), ("flats", FLATS)):
        for id, document in documents.items():
            lines += [{"index": {"_index": index, "_id": id}}, document]
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    written = http.post("/_bulk?refresh=true", content=body, headers={"Content-Type": "application/x-ndjson"})
    assert written.json()["errors"] is False
    yield Search(http)
    assert http.delete("/houses,flats").is_success
