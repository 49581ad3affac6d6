"""What a stream of ours says."""

import json
from typing import Any

import httpx


def told(reply: httpx.Response) -> list[Any]:
    """The data of its events, of which the last one ends it."""
    assert reply.headers["content-type"].startswith("text/event-stream")
    data = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    assert data.pop() == "[DONE]"
    return [json.loads(each) for each in data]
