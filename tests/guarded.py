"""A server that asks everybody who they are, with documents of which roles hold some back."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from conftest import Server

SECRET = "heron"  # noqa: S105 (a word that only documents that are held back have)
DOCUMENTS = {
    "1": {"text": "the open meadow", "team": "birds", "word": "meadow", "rank": 1, "vector": [1.0, 0.0]},
    "2": {"text": f"the {SECRET} of the meadow", "team": "fish", "word": SECRET, "rank": 2, "vector": [0.0, 1.0]},
    "3": {"text": "a meadow in spring", "team": "birds", "word": "spring", "rank": 3, "vector": [0.6, 0.8]},
}
MAPPING = {
    "properties": {
        "text": {"type": "text"},
        "team": {"type": "keyword"},
        "word": {"type": "keyword"},
        "rank": {"type": "integer"},
        "vector": {"type": "dense_vector", "dims": 2},
        "parts": {"type": "nested"},
    }
}
ROLE = {"indices": [{"names": ["notes*"], "privileges": ["read"], "query": {"term": {"team": "birds"}}}]}


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def apikey(told: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"ApiKey {told['encoded']}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server that asks everybody who they are, and what its owner sends."""
    server = Server(tmp_path_factory.mktemp("guarded") / "data", environment={"CONNOTE_API_KEY": "owner's key"})
    yield server, {"Authorization": "ApiKey owner's key"}
    assert server.stop() == 0


@pytest.fixture(scope="module")
def owner(guarded: tuple[Server, dict[str, str]]) -> Iterator[httpx.Client]:
    server, headers = guarded
    with httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client:
        for index in ("notes", "other"):
            client.put(f"/{index}", json={"mappings": MAPPING}).raise_for_status()
        for id, body in DOCUMENTS.items():
            client.put(f"/notes/_doc/{id}", params={"refresh": "true"}, json=body).raise_for_status()
        client.put("/other/_doc/1", params={"refresh": "true"}, json={"word": "other"}).raise_for_status()
        client.put("/_security/role/birds", json=ROLE).raise_for_status()
        yield client


def with_key(owner: httpx.Client, roles: dict[str, Any]) -> httpx.Client:
    """A client with a new key of these roles."""
    made = owner.post("/_security/api_key", json={"name": "key", "role_descriptors": roles}).json()
    return httpx.Client(base_url=owner.base_url, headers=apikey(made), timeout=60, trust_env=False)
