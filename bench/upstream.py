"""A third party that costs next to nothing, to measure what stands before it: OpenAI's shape, answers made beforehand.

    python -m bench.upstream PORT

The model says what is wanted: `d384` is an embedding of so many dimensions, `n30-500` a chat that streams 30 chunks,
one every 500 ms.
"""

import asyncio
import json
import sys
from functools import cache
from typing import Any

import uvicorn

CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","model":"m",'
    b'"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
)
JSON, STREAM = (b"content-type", b"application/json"), (b"content-type", b"text/event-stream")


@cache
def vectors(count: int, dimensions: int) -> bytes:
    row = [((7919 * i) % 2003 - 1001) / 20017 for i in range(dimensions)]
    return json.dumps({"data": [{"index": i, "embedding": row} for i in range(count)]}).encode()


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 (ASGI)
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message.get("more_body", False)
    asked = json.loads(body)
    if asked.get("stream"):
        await stream(asked["model"], send)
        return
    content = b'{"choices":[{"message":{"content":"x"}}]}'
    if scope["path"] == "/v1/embeddings":
        content = vectors(len(asked["input"]), int(asked["model"][1:]))
    headers = [JSON, (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def stream(model: str, send: Any) -> None:  # noqa: ANN401 (ASGI)
    count, pause = map(int, model[1:].split("-"))
    await send({"type": "http.response.start", "status": 200, "headers": [STREAM]})
    for _ in range(count):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        await asyncio.sleep(pause / 1000)
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="error", lifespan="off")
