"""Trained models that tests bring: small modules of torch, uploaded as eland does it."""

import base64
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import torch
from torch import Tensor

from uploads import scripted

MODELS = "/_ml/trained_models"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "on", "mat", "dog", "ran", "slow", "bad"]
DIMENSIONS = 4


class Bag(torch.nn.Module):
    """A vector a text: the mean of its tokens', which are known. The word `slow` takes its time, `bad` fails."""

    def __init__(self) -> None:
        super().__init__()
        self.table: Tensor
        self.register_buffer("table", torch.arange(len(WORDS) * DIMENSIONS).reshape(-1, DIMENSIONS) / 10)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        if bool((ids == 13).any()):
            raise ValueError("a bad word")
        table = self.table
        if bool((ids == 12).any()):
            waste = torch.ones(200, 200)
            for _ in range(20000):
                waste = torch.matmul(waste, waste) * 0.0
            table = table + waste[0, 0]
        weights = mask.unsqueeze(-1).float()
        return (table[ids] * weights).sum(1) / weights.sum(1)


class Votes(torch.nn.Module):
    """Three numbers a text, which tell classes apart."""

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        total = (ids * mask).sum(1).float()
        return torch.stack([torch.sin(total), torch.cos(total), torch.zeros_like(total)], 1)


@cache
def bag() -> bytes:
    """The archive of a Bag."""
    with TemporaryDirectory() as folder:
        return scripted(Path(folder) / "bag.pt", Bag()).read_bytes()


@cache
def votes() -> bytes:
    """The archive of a Votes."""
    with TemporaryDirectory() as folder:
        return scripted(Path(folder) / "votes.pt", Votes()).read_bytes()


def expected(*words: str) -> list[float]:
    """What a Bag gives for these words, between the special tokens."""
    ids = [2, *(WORDS.index(word) for word in words), 3]
    vector: list[float] = Bag().table[ids].mean(0).tolist()
    return vector


def upload(
    http: httpx.Client,
    id: str,
    definition: bytes | None = None,
    config: dict[str, Any] | None = None,
    words: list[str] | None = None,
    **more: Any,  # noqa: ANN401 (of the body)
) -> None:
    """Put a model, its definition in two parts, and its vocabulary."""
    content = bag() if definition is None else definition
    inference = config or {"text_embedding": {"embedding_size": DIMENSIONS}}
    ok(http.put(f"{MODELS}/{id}", json={"model_type": "pytorch", "inference_config": inference, **more}))
    middle = len(content) // 2
    for number, part in enumerate((content[:middle], content[middle:])):
        encoded = base64.b64encode(part).decode()
        body = {"definition": encoded, "total_definition_length": len(content), "total_parts": 2}
        ok(http.put(f"{MODELS}/{id}/definition/{number}", json=body))
    ok(http.put(f"{MODELS}/{id}/vocabulary", json={"vocabulary": words or WORDS}))


def start(http: httpx.Client, id: str, body: dict[str, Any] | None = None, **params: str | int) -> dict[str, Any]:
    """Start a deployment, and give its assignment."""
    given: dict[str, str | int] = {"timeout": "60s", **params}
    answer = ok(http.post(f"{MODELS}/{id}/deployment/_start", params=given, json=body))
    assignment: dict[str, Any] = answer["assignment"]
    return assignment


def infer(http: httpx.Client, id: str, *texts: str, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (of the body)
    """The results for texts."""
    body = {"docs": [{"text_field": text} for text in texts], **more}
    answer = ok(http.post(f"{MODELS}/{id}/_infer?timeout=60s", json=body))
    results: list[dict[str, Any]] = answer["inference_results"]
    return results


def ok(reply: httpx.Response) -> Any:  # noqa: ANN401 (JSON)
    """The body of an answer that is a success."""
    assert reply.status_code == 200, reply.text
    return reply.json()


def refused(reply: httpx.Response, status: int, reason: str, type: str = "status_exception") -> None:
    """The answer is that error, and its reason holds that text."""
    body = reply.json()
    assert (reply.status_code, body["status"]) == (status, status), body
    assert body["error"]["type"] == type, body
    assert reason in body["error"]["reason"]
    assert body["error"]["root_cause"][0]["reason"] == body["error"]["reason"]
