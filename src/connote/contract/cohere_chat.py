"""Chat in Cohere's protocol, release 2: https://docs.cohere.com/v2/reference/chat."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from connote.contract import chat, cohere, sse
from connote.contract.body import meant, read
from connote.contract.chat import Chat, ChatRequest, Chunk, Delta, ToolCall
from connote.contract.errors import ConnoteError
from connote.contract.results import NO_USAGE, Usage

# Not passed on, so that only values are accepted that ask for nothing, beside null.
NEUTRAL: Mapping[str, Sequence[Any]] = {
    "citation_options": ({"mode": "OFF"},),
    "documents": ([],),
    "frequency_penalty": (0,),
    "k": (0,),
    "logprobs": (False,),
    "presence_penalty": (0,),
    "response_format": ({"type": "text"},),
    "safety_mode": ("OFF",),
    "seed": (),
}
_FINISHES = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL", "content_filter": "ERROR"}


class Thinking(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the model thinks; how long cannot be passed on."""

    type: Literal["enabled", "disabled"]


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """A part of a message: which of its members it has is told by its type."""

    type: Literal["text", "thinking", "image_url", "document"]
    text: str | None = None
    thinking: str | None = None
    image_url: dict[str, Any] | None = None
    document: dict[str, Any] | None = None


class Message(msgspec.Struct, forbid_unknown_fields=True):
    """One message of a conversation."""

    role: Literal["user", "assistant", "system", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None
    tool_plan: str | None = None
    citations: list[Any] | None = None  # what an answer of Cohere's own has; nobody needs it back

    def shown(self) -> dict[str, Any]:
        """The message as a chat request has it."""
        parts = self.content if isinstance(self.content, list) else []
        thoughts = [self.tool_plan, *(part.thinking for part in parts)]
        content = [_part(part) for part in parts if part.type != "thinking"] or None
        members = {
            "role": self.role,
            "content": self.content if isinstance(self.content, str) else content,
            "tool_calls": self.tool_calls or None,
            "tool_call_id": self.tool_call_id,
            "reasoning": "\n".join(thought for thought in thoughts if thought) or None,
        }
        return {name: value for name, value in members.items() if value is not None}


def _part(part: Part) -> dict[str, Any]:
    if part.type == "image_url":
        return {"type": part.type, "image_url": part.image_url}
    if part.type == "document":
        return {"type": "text", "text": msgspec.json.encode(part.document).decode()}
    return {"type": "text", "text": part.text}


class _Frame(msgspec.Struct, forbid_unknown_fields=True):
    model: str
    messages: list[Message]
    stream: bool | None = None
    tools: list[dict[str, Any]] | None = None
    strict_tools: bool | None = None
    tool_choice: Literal["REQUIRED", "NONE"] | None = None
    max_tokens: int | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    p: float | None = None
    thinking: Thinking | None = None


@dataclass(frozen=True)
class ChatAsked:
    """What is asked of `/v2/chat`: of which endpoint, and whether the answer is streamed."""

    model: str
    request: ChatRequest
    stream: bool

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "ChatAsked":
        """The request in a JSON body. Raises Unparsable, InvalidRequest, IllegalArgument for what is not passed on."""
        frame = read(meant(body, cohere.IGNORED, NEUTRAL), _Frame, "chat")
        asked = {
            "messages": [message.shown() for message in frame.messages],
            "tools": frame.tools and [_tool(tool, strict=frame.strict_tools) for tool in frame.tools],
            "tool_choice": frame.tool_choice and frame.tool_choice.lower(),
            "max_completion_tokens": frame.max_tokens,
            "stop": frame.stop_sequences,
            "temperature": frame.temperature,
            "top_p": frame.p,
            "reasoning": {"effort": "none"} if frame.thinking and frame.thinking.type == "disabled" else None,
        }
        request = chat.parse({name: value for name, value in asked.items() if value is not None})
        return cls(frame.model, request, bool(frame.stream))


def _tool(tool: dict[str, Any], *, strict: bool | None) -> dict[str, Any]:
    function = tool.get("function")
    return tool | {"function": function | {"strict": True}} if strict and isinstance(function, dict) else tool


def answer(result: Chat) -> dict[str, Any]:
    """The answer of `/v2/chat` at once."""
    choice = next(iter(result.answer.choices), chat.Choice(Delta()))
    message = choice.message
    content = [
        {"type": kind, kind: text}
        for kind, text in (("thinking", message.reasoning), ("text", message.content))
        if text is not None
    ]
    calls = [_call(call) for call in message.tool_calls or ()]
    return {
        "id": result.answer.id or str(uuid.uuid4()),
        "finish_reason": _finish(choice.finish_reason),
        "message": {"role": "assistant", "content": content} | ({"tool_calls": calls} if calls else {}),
        "usage": cohere.usage(result.usage),
    }


def _call(call: ToolCall, arguments: str | None = None) -> dict[str, Any]:
    function = call.function or chat.FunctionCall()
    told = (function.arguments or "") if arguments is None else arguments
    return {"id": call.id or "", "type": "function", "function": {"name": function.name or "", "arguments": told}}


def _finish(reason: str | None) -> str:
    return _FINISHES.get(reason or "stop", "COMPLETE")


@dataclass
class Chunks:
    """The events of a streamed chat: a message that begins and ends, and in it parts and calls that do."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    began: bool = False
    open: tuple[str, int | None] | None = None  # what is being sent: text, thinking, or which of the service's calls
    contents: int = 0
    calls: int = 0
    finish: str | None = None
    usage: Usage = NO_USAGE

    def chunk(self, chunk: Chunk) -> Iterable[bytes]:
        """The events for a chunk."""
        if not self.began:
            yield from self._begin(chunk)
        if chunk.usage:
            self.usage = chunk.usage.counted()
        for choice in chunk.choices[:1]:
            self.finish = choice.finish_reason or self.finish
            for kind, text in (("thinking", choice.delta.reasoning), ("text", choice.delta.content)):
                if text:
                    yield from self._content(kind, text)
            for at, call in enumerate(choice.delta.tool_calls or ()):
                yield from self._called(call, at if call.index is None else call.index)

    def end(self) -> Iterable[bytes]:
        """The end of what is open, and of the message."""
        yield from self._close()
        delta = {"finish_reason": _finish(self.finish), "usage": cohere.usage(self.usage)}
        yield _event("message-end", id=self.id, delta=delta)
        yield sse.event(sse.DONE)

    def failure(self, told: ConnoteError) -> Iterable[bytes]:
        """The end of the message, with the error."""
        yield _event("message-end", id=self.id, delta={"finish_reason": "ERROR", "error": told.reason})

    def _begin(self, chunk: Chunk) -> Iterable[bytes]:
        self.began, self.id = True, chunk.id or self.id
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        yield _event("message-start", id=self.id, delta={"message": message})

    def _content(self, kind: str, text: str) -> Iterable[bytes]:
        if self.open != (kind, None):
            yield from self._close()
            self.open = (kind, None)
            first = {"message": {"content": {"type": kind, kind: ""}}}
            yield _event("content-start", index=self.contents, delta=first)
        yield _event("content-delta", index=self.contents, delta={"message": {"content": {kind: text}}})

    def _called(self, call: ToolCall, index: int) -> Iterable[bytes]:
        if self.open != ("call", index):
            yield from self._close()
            self.open = ("call", index)
            first = {"message": {"tool_calls": _call(call, "")}}
            yield _event("tool-call-start", index=self.calls, delta=first)
        if call.function and call.function.arguments:
            piece = {"function": {"arguments": call.function.arguments}}
            yield _event("tool-call-delta", index=self.calls, delta={"message": {"tool_calls": piece}})

    def _close(self) -> Iterable[bytes]:
        if self.open is None:
            return
        is_call, self.open = self.open[0] == "call", None
        if is_call:
            yield _event("tool-call-end", index=self.calls)
            self.calls += 1
        else:
            yield _event("content-end", index=self.contents)
            self.contents += 1


def _event(type: str, **members: object) -> bytes:
    return sse.event({"type": type, **members}, type)
