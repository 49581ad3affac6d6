"""How tests make endpoints of services and ask them, and how services of OpenAI's shape answer."""

import json
from typing import Any

import httpx

from provider import Asked, Reply

KEY = "k3y-that-nobody-sees"
ANSWER = {
    "id": "c1",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3},
}


def create(
    remote: httpx.Client, service: str, task: str, settings: dict[str, Any], options: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The answer of making the endpoint `mine`, which must be made."""
    body = {"service": service, "service_settings": settings} | ({"task_settings": options} if options else {})
    made = remote.put(f"/_inference/{task}/mine", json=body)
    assert made.status_code == 200, made.text
    answer: dict[str, Any] = made.json()
    return answer


def refused(
    remote: httpx.Client, service: str, task: str, settings: dict[str, Any], options: dict[str, Any] | None = None
) -> str:
    """Why the endpoint `mine` is not made."""
    body = {"service": service, "service_settings": settings, "task_settings": options or {}}
    made = remote.put(f"/_inference/{task}/mine", json=body)
    assert made.status_code == 400, made.text
    return str(made.json()["error"]["reason"])


def infer(remote: httpx.Client, task: str, **body: Any) -> Any:  # noqa: ANN401 (JSON)
    """What the endpoint `mine` gives."""
    reply = remote.post(f"/_inference/{task}/mine", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def stream(remote: httpx.Client, task: str, **body: Any) -> list[Any]:  # noqa: ANN401 (JSON)
    """The events of the endpoint `mine`, whose stream ends as it should."""
    reply = remote.post(f"/_inference/{task}/mine/_stream", json=body)
    assert reply.headers["content-type"].startswith("text/event-stream"), reply.text
    told = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    assert told.pop() == "[DONE]"
    return [json.loads(line) for line in told]


def vectors(asked: Asked) -> Reply:
    """A vector of three an input, its length first; the last one comes first."""
    data = [
        {"object": "embedding", "embedding": [len(text), 0.5, 1], "index": at}
        for at, text in enumerate(asked.json["input"])
    ]
    return Reply({"object": "list", "model": "m", "data": data[::-1], "usage": {"prompt_tokens": 4, "total_tokens": 4}})


def chunks(*deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a stream that says these, and its usage at the end."""
    head = {"id": "c1", "model": "m", "object": "chat.completion.chunk"}
    return [
        *({**head, "choices": [{"index": 0, "delta": delta}]} for delta in deltas),
        {**head, "choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}},
    ]
