"""What tests of indices share."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

Bulk = Callable[..., httpx.Response]


@pytest.fixture
def indices(http: httpx.Client) -> Iterator[httpx.Client]:
    """Plain HTTP to the shared server; what a test makes of indices and templates is deleted after it."""
    yield http
    clean(http)


def clean(http: httpx.Client) -> None:
    for name in http.get("/_all?expand_wildcards=all").json():
        http.delete(f"/{name}")
    for kind, key in (("index", "index_templates"), ("component", "component_templates")):
        for each in http.get(f"/_{kind}_template").json()[key]:
            http.delete(f"/_{kind}_template/{each['name']}")
    for name in http.get("/_template").json():
        http.delete(f"/_template/{name}")
    for each in http.get("/_synonyms?size=1000").json()["results"]:
        http.delete(f"/_synonyms/{each['synonyms_set']}")


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
