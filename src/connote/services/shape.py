"""The flows of services that speak as OpenAI does: https://platform.openai.com/docs/api-reference."""

from collections.abc import Generator, Mapping
from typing import Any

import msgspec

from connote.contract.chat import Answer, Chat, Chunk
from connote.contract.results import Dense, Usage
from connote.services import remote
from connote.services.service import Call, Emit, Flow, Open, Post


class Item(msgspec.Struct):
    """One vector, and which input it is of."""

    embedding: list[float]
    index: int | None = None


class TokenCount(msgspec.Struct):
    """How many tokens were read."""

    prompt_tokens: int = 0


class Embeddings(msgspec.Struct):
    """The answer of `/embeddings`."""

    data: list[Item]
    usage: TokenCount | None = None


def embed(
    call: Call, url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Generator[Post, Any, Dense]:
    """One vector an input; `body` is what is sent beside the input."""
    reply: Embeddings = yield Post(url, {"input": list(call.inputs), **body}, Embeddings, headers or {})
    items = reply.data
    if all(item.index is not None for item in items):
        items = sorted(items, key=lambda item: item.index or 0)
    usage = Usage(reply.usage.prompt_tokens) if reply.usage else Usage()
    return remote.dense(call, [item.embedding for item in items], usage=usage)


def chat(
    call: Call,
    url: str,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    limit: str = "max_completion_tokens",
    counts: bool = True,
) -> Flow:
    """A chat or a completion, at once or streamed.

    `extra` is sent unless the request says otherwise, `limit` is what the service calls the most tokens to write, and
    `counts` whether it tells the usage of a stream if it is asked for it.
    """
    body = body_of(call, extra or {}, limit)
    if call.stream:
        body |= {"stream": True} | ({"stream_options": {"include_usage": True}} if counts else {})
        event = yield Open(Post(url, body, Chunk, headers or {}))
        while event is not None:
            event = yield Emit([event])
        return None
    answer: Answer = yield Post(url, body, Answer, headers or {})
    return Chat(answer)


def body_of(call: Call, extra: Mapping[str, Any], limit: str) -> dict[str, Any]:
    """The body of a chat request. Raises IllegalArgument if there is no chat."""
    assert call.chat is not None  # noqa: S101 (the corridor sees to it)
    asked = call.chat.wire()
    if "max_completion_tokens" in asked:
        asked[limit] = asked.pop("max_completion_tokens")
    return {**extra, **asked}
