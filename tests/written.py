"""What tests of indices share."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from left import forget, forget_indices

Bulk = Callable[..., httpx.Response]


@pytest.fixture
def indices(http: httpx.Client) -> Iterator[httpx.Client]:
    """Plain HTTP to the shared server; what a test makes of indices and templates is deleted after it."""
    yield http
    clean(http)


def clean(http: httpx.Client) -> None:
    forget_indices(http)
    for kind, key in (("index", "index_templates"), ("component", "component_templates")):
        for each in http.get(f"/_{kind}_template").json()[key]:
            if not each[f"{kind}_template"].get("_meta", {}).get("managed"):  # those are always there
                forget(http, f"/_{kind}_template/{quote(each['name'])}")
    for name in http.get("/_template").json():
        forget(http, f"/_template/{quote(name)}")
    for each in http.get("/_synonyms?size=1000").json()["results"]:
        forget(http, f"/_synonyms/{quote(each['synonyms_set'])}")


@pytest.fixture
def bulk(indices: httpx.Client) -> Bulk:
    """Sends lines to `_bulk`."""

    def send(*lines: dict[str, Any] | str, index: str = "", **params: Any) -> httpx.Response:  # noqa: ANN401
        body = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        path = f"/{index}/_bulk" if index else "/_bulk"
        headers = {"Content-Type": "application/x-ndjson"}
        return indices.post(path, content=body.encode(), params=params, headers=headers)

    return send


@pytest.fixture(scope="module")
def indices_kept(http: httpx.Client) -> Iterator[httpx.Client]:
    """The same for all tests of a file: what they make is deleted after the last."""
    with httpx.Client(
        base_url=http.base_url, timeout=60, trust_env=False, headers={"Content-Type": "application/json"}
    ) as client:
        yield client
    clean(http)
