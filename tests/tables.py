"""ES|QL through HTTP."""

import json
from typing import Any

import httpx

NDJSON = {"Content-Type": "application/x-ndjson"}


def fill(http: httpx.Client, index: str, documents: dict[str, dict[str, Any]]) -> None:
    lines = [line for id, each in documents.items() for line in ({"index": {"_index": index, "_id": id}}, each)]
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    assert http.post("/_bulk?refresh=true", content=body, headers=NDJSON).json()["errors"] is False


def answer(http: httpx.Client, query: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    reply = http.post("/_query", json={"query": query, **body})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def rows(http: httpx.Client, query: str, **body: Any) -> list[list[Any]]:  # noqa: ANN401
    values: list[list[Any]] = answer(http, query, **body)["values"]
    return values


def reason(http: httpx.Client, query: str, **body: Any) -> str:  # noqa: ANN401
    reply = http.post("/_query", json={"query": query, **body})
    assert reply.status_code == 400, reply.text
    told: str = reply.json()["error"]["reason"]
    return told
