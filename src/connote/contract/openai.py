"""OpenAI's protocol as connote speaks it to clients: https://platform.openai.com/docs/api-reference.

What is asked for and cannot be passed on is refused, never silently left out.
"""

import base64
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from connote.contract import chat, sse
from connote.contract.body import about, meant, read
from connote.contract.chat import Chat, ChatRequest, ChatUsage, Chunk
from connote.contract.errors import (
    ConnoteError,
    IllegalArgument,
    NotFound,
    OverBudget,
    Overloaded,
    Refused,
    Unauthorized,
)
from connote.contract.results import Dense

# Accepted and left out: they say who asks, or how OpenAI should keep its own books and caches.
IGNORED = frozenset(
    {
        "metadata",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "user",
    }
)
# Not passed on, so that only values are accepted that ask for nothing, beside null.
NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "audio": (),
    "frequency_penalty": (0,),
    "function_call": (),
    "functions": (),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "moderation": (),
    "n": (1,),
    "parallel_tool_calls": (True,),
    "prediction": (),
    "presence_penalty": (0,),
    "response_format": ({"type": "text"},),
    "seed": (),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "top_logprobs": (0,),
    "verbosity": ("medium",),
    "web_search_options": (),
}
# What an assistant's message has when a client sends it back, and what of it asks for nothing.
_SENT_BACK = ("annotations", "audio", "function_call", "refusal")


class EmbeddingsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked of `/v1/embeddings`. `input_type` is connote's own; without `model` the default model answers."""

    input: Any
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    user: str | None = None
    input_type: Literal["ingest", "search", "classification", "clustering"] | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "EmbeddingsRequest":
        """The request in a JSON body. Raises Unparsable."""
        return read(body, cls, "embeddings")


def embeddings(result: Dense, asked: EmbeddingsRequest, model: str) -> dict[str, Any]:
    """The answer of `/v1/embeddings`. Raises IllegalArgument if other vectors are wished for than there are."""
    result.check(asked.dimensions, "dimensions")
    if result.element == "bit":
        raise about("model", IllegalArgument(f"The vectors of [{model}] are bits, for which this protocol has no form"))
    rows: Iterable[Any] = result.vectors
    if asked.encoding_format == "base64":
        rows = (base64.b64encode(row.astype("<f4").tobytes()).decode() for row in result.vectors)
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)],
        "model": model,
        "usage": {"prompt_tokens": result.usage.read, "total_tokens": result.usage.read},
    }


class StreamOptions(msgspec.Struct, forbid_unknown_fields=True):
    """`include_usage` asks for a last chunk with the tokens; `include_obfuscation` is about padding, which none has."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class _Frame(msgspec.Struct):
    """What of a chat's body is not the chat's own; `messages` must be there."""

    model: str
    messages: list[dict[str, Any]]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    reasoning_effort: str | None = None
    stop: str | list[str] | None = None


@dataclass(frozen=True)
class ChatAsked:
    """What is asked of `/v1/chat/completions`: of which endpoint, and how the answer is wanted."""

    model: str
    request: ChatRequest
    stream: bool
    include_usage: bool

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "ChatAsked":
        """The request in a JSON body. Raises Unparsable, InvalidRequest, IllegalArgument for what is not passed on."""
        frame = read(body, _Frame, "chat")
        rest = {name: value for name, value in body.items() if name not in _Frame.__struct_fields__}
        kept = meant(rest, IGNORED, NEUTRAL)
        most, older = frame.max_completion_tokens, frame.max_tokens
        if None not in (most, older) and most != older:
            raise about("max_tokens", IllegalArgument("[max_tokens] and [max_completion_tokens] differ: give one"))
        own = {
            "messages": [_message(message) for message in frame.messages],
            "max_completion_tokens": older if most is None else most,
            "stop": [frame.stop] if isinstance(frame.stop, str) else frame.stop,
            "reasoning": frame.reasoning_effort and {"effort": frame.reasoning_effort},
        }
        request = chat.parse(kept | {name: value for name, value in own.items() if value is not None})
        options = frame.stream_options
        return cls(frame.model, request, bool(frame.stream), bool(options and options.include_usage))


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message without the empty members that an answer has when it is sent back."""
    return {
        name: value
        for name, value in message.items()
        if value is not None and not (name in _SENT_BACK and value in ([], "", {}))
    }


def completion(result: Chat, model: str) -> dict[str, Any]:
    """The answer of `/v1/chat/completions` at once."""
    shown = result.wire()
    for choice in shown["choices"]:
        choice["message"] = {"role": "assistant", "content": None, "refusal": None} | choice["message"]
        choice["logprobs"] = None
    return shown | {"id": shown["id"] or _id(), "created": int(time.time()), "model": shown["model"] or model}


def _id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"


@dataclass
class Chunks:
    """The chunks of a streamed chat: without event names, and with the usage in a chunk of its own, if it is wanted."""

    asked: ChatAsked
    created: int = field(default_factory=lambda: int(time.time()))
    id: str = field(default_factory=_id)
    usage: ChatUsage | None = None

    def chunk(self, chunk: Chunk) -> Iterable[bytes]:
        """The chunk, unless it has nothing but the usage."""
        self.id, self.usage = chunk.id or self.id, chunk.usage or self.usage
        choices = [
            {"index": choice.index or 0, "delta": _delta(choice.delta), "finish_reason": choice.finish_reason}
            for choice in chunk.choices
        ]
        if choices:
            yield sse.event(self._shown(chunk.model, choices) | ({"usage": None} if self.asked.include_usage else {}))

    def end(self) -> Iterable[bytes]:
        """The usage, and the mark of the end."""
        if self.asked.include_usage and self.usage:
            yield sse.event(self._shown(None, []) | {"usage": self.usage})
        yield sse.event(sse.DONE)

    def failure(self, told: ConnoteError) -> Iterable[bytes]:
        """The error in place of a chunk, and no mark of the end."""
        yield sse.event(error(told))

    def _shown(self, model: str | None, choices: list[dict[str, Any]]) -> dict[str, Any]:
        head = {"id": self.id, "object": "chat.completion.chunk", "created": self.created}
        return head | {"model": model or self.asked.model, "choices": choices}


def _delta(delta: chat.Delta) -> chat.Delta:
    """Services that answer at once do not number their calls, but chunks must."""
    for at, call in enumerate(delta.tool_calls or ()):
        call.index = at if call.index is None else call.index
    return delta


def model(id: str, service: str, task: str) -> dict[str, Any]:
    """An endpoint as `/v1/models` lists it. When it was made is not known; its task is connote's own."""
    return {"id": id, "object": "model", "created": 0, "owned_by": service, "task_type": task}


def error(told: ConnoteError) -> dict[str, Any]:
    """A failure as OpenAI tells it. What a service has called its own failure stays."""
    kind, code = "invalid_request_error" if told.status < 500 else "server_error", None
    match told:
        case Refused():
            kind = told.kind or ("rate_limit_error" if told.status == 429 else kind)
        case Unauthorized():
            code = "invalid_api_key"
        case NotFound():
            code = "model_not_found"
        case OverBudget():
            kind = code = "insufficient_quota"
        case Overloaded():
            kind, code = "rate_limit_error", "rate_limit_exceeded"
    return {"error": {"message": told.reason, "type": kind, "param": told.param, "code": code}}
