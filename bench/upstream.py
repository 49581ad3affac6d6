"""A third party that costs next to nothing, to measure what stands before it: OpenAI's shape, answers made beforehand.

    python -m bench.upstream PORT

`/v1/embeddings` gives vectors of as many dimensions as `model` says (`d384`); a streamed chat gives a chunk every 50 ms
for as many seconds as `model` says (`s5`).
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
PAUSE = 0.05
JSON, STREAM = (b"content-type", b"application/json"), (b"content-type", b"text/event-stream")


@cache
def vectors(count: int, dimensions: int) -> bytes:
    row = [((7919 * i) % 2003 - 1001) / 20017 for i in range(dimensions)]
    return json.dumps({"data": [{"index": i, "embedding": row} for i in range(count)]}).encode()


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 (ASGI)
    if scope["type"] != "http":
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    asked = json.loads(body)
    if scope["path"] == "/v1/embeddings":
        content = vectors(len(asked["input"]), int(asked["model"][1:]))
        await send({"type": "http.response.start", "status": 200, "headers": [JSON, length(content)]})
        await send({"type": "http.response.body", "body": content})
    elif asked.get("stream"):
        await send({"type": "http.response.start", "status": 200, "headers": [STREAM]})
        for _ in range(round(float(asked["model"][1:]) / PAUSE)):
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            await asyncio.sleep(PAUSE)
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})
    else:
        content = b'{"choices":[{"message":{"content":"x"}}]}'
        await send({"type": "http.response.start", "status": 200, "headers": [JSON, length(content)]})
        await send({"type": "http.response.body", "body": content})


def length(content: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(content)).encode()


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="error", lifespan="off")
