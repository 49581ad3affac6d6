"""Endpoints of OpenAI's kind at addresses of a test's own, so that several of them can fail in different ways."""

from collections.abc import Sequence
from typing import Any

import httpx

from provider import Provider, Reply, events

DOWN = Reply({"error": {"message": "out of order"}}, 503)
ASK = {"messages": [{"role": "user", "content": "Hi"}]}


def answer(text: str = "Hi", *, counts: bool = True) -> Reply:
    """Two tokens read, one written."""
    usage = {"usage": {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}} if counts else {}
    return Reply({"id": "c", "model": "m", "choices": [{"message": {"content": text}, "index": 0}], **usage})


def stream(*texts: str, counts: bool = True, cut: bool = False, pause: float = 0.0) -> Reply:
    """The texts in chunks; two tokens read, and one a text written."""
    chunks: list[dict[str, Any]] = [
        {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": text}}]} for text in texts
    ]
    if counts:
        usage = {"prompt_tokens": 2, "completion_tokens": len(texts), "total_tokens": 2 + len(texts)}
        chunks.append({"id": "c", "model": "m", "choices": [], "usage": usage})
    return events(*chunks, done=not cut, cut=cut, pause=pause)


def vectors(*rows: Sequence[float]) -> Reply:
    """These vectors; four tokens read."""
    data = [{"embedding": list(row), "index": at} for at, row in enumerate(rows)]
    return Reply({"data": data, "usage": {"prompt_tokens": 4, "total_tokens": 4}})


def body(url: str, model: str = "gpt", **members: object) -> dict[str, object]:
    return {"service": "openai", "service_settings": {"api_key": "sk", "model_id": model, "url": url}, **members}


class Chats:
    """Makes chat endpoints by id; each is asked at the provider's path of that name."""

    def __init__(self, http: httpx.Client, provider: Provider) -> None:
        self.http, self.provider = http, provider

    def make(self, id: str, *answers: Reply, model: str = "gpt", url: str | None = None, **members: object) -> None:
        """The endpoint, which after its trial gives these answers."""
        self.provider.tell(f"/{id}", answer(), *answers)
        given = body(url or f"{self.provider.url}/{id}", model, **members)
        made = self.http.put(f"/_inference/chat_completion/{id}", json=given)
        assert made.status_code == 200, made.text
        self.provider.asked.clear()

    def ask(self, id: str, **params: str) -> httpx.Response:
        return self.http.post(f"/_inference/chat_completion/{id}", json=ASK, params=params)

    def stream(self, id: str) -> httpx.Response:
        return self.http.post(f"/_inference/chat_completion/{id}/_stream", json=ASK)

    def update(self, id: str, **members: object) -> httpx.Response:
        return self.http.put(f"/_inference/chat_completion/{id}/_update", json=members)

    def usage(self, id: str) -> dict[str, Any]:
        """The endpoint's only row."""
        (row,) = self.http.get("/_connote/usage", params={"endpoint": id}).json()["usage"]
        return dict(row)

    def asked(self, id: str) -> int:
        """How often the provider was asked for that endpoint, its trial apart."""
        return sum(asked.path == f"/{id}" for asked in self.provider.asked)


def text(reply: httpx.Response) -> str:
    """What a chat endpoint has answered."""
    assert reply.status_code == 200, reply.text
    return str(reply.json()["choices"][0]["message"]["content"])
