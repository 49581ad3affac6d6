"""What Anthropic's Messages API answers, as chats' answers and chunks: https://docs.claude.com/en/api/messages."""

from collections.abc import Sequence
from typing import Any

import msgspec

from connote.contract.chat import Answer, ChatUsage, Chunk, Delta, FunctionCall, ToolCall
from connote.services.anthropic_chat import FORMAT

_FINISH = {
    "end_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "tool_use": "tool_calls",
}


class Thought(msgspec.Struct):
    """Of the tokens written, those that were thinking."""

    thinking_tokens: int = 0


class Count(msgspec.Struct):
    """Tokens; what was read from the cache and written to it is not in `input_tokens`."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens_details: Thought | None = None

    def updated(self, later: "Count") -> "Count":
        """What a later event says, and where it says nothing, this."""
        told = {name: value for name in self.__struct_fields__ if (value := getattr(later, name)) is not None}
        return msgspec.structs.replace(self, **told)

    def usage(self) -> ChatUsage:
        """The same, counted as OpenAI does."""
        parts = (self.input_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens)
        thought = self.output_tokens_details.thinking_tokens if self.output_tokens_details else None
        read, written = sum(part or 0 for part in parts), self.output_tokens or 0
        return ChatUsage.of(read, written, cached=self.cache_read_input_tokens, thought=thought)


class Stopped(msgspec.Struct):
    """Why the model does not go on."""

    explanation: str | None = None


class Block(msgspec.Struct):
    """A piece of what the model writes: text, thinking, redacted_thinking or tool_use; others are left out."""

    type: str
    text: str = ""
    thinking: str = ""
    signature: str = ""
    data: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")  # its JSON stays as it is


class Reply(msgspec.Struct):
    """An answer at once; of a stream, what its first event tells."""

    id: str
    model: str
    content: list[Block] = []
    stop_reason: str | None = None
    stop_details: Stopped | None = None
    usage: Count = msgspec.field(default_factory=Count)


class Change(msgspec.Struct):
    """What an event adds: to a block, or to the message."""

    text: str = ""
    thinking: str = ""
    signature: str = ""
    partial_json: str = ""
    stop_reason: str | None = None
    stop_details: Stopped | None = None


class Event(msgspec.Struct):
    """An event of a stream, by its type."""

    type: str
    message: Reply | None = None
    content_block: Block | None = None
    delta: Change | None = None
    usage: Count | None = None


def answer(reply: Reply) -> Answer:
    """The answer of a chat."""
    blocks = reply.content
    calls = [_call(block, at, bytes(block.input).decode()) for at, block in enumerate(_of(blocks, "tool_use"))]
    message = Delta(
        content="".join(block.text for block in _of(blocks, "text")) or None,
        refusal=_refusal(reply.stop_details),
        reasoning="".join(block.thinking for block in _of(blocks, "thinking")) or None,
        tool_calls=[msgspec.structs.replace(call, index=None) for call in calls] or None,
        reasoning_details=details(blocks) or None,
    )
    finish = _finish(reply.stop_reason)
    return Answer.of(message, id=reply.id, model=reply.model, finish=finish, usage=reply.usage.usage())


def details(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """The thinking as it must be sent back when the chat goes on: with its signatures."""
    made: list[dict[str, Any]] = []
    for block in blocks:
        if block.type == "thinking":
            told = {"text": block.thinking, "signature": block.signature}
            made.append({"type": "reasoning.text", **told, "format": FORMAT})
        elif block.type == "redacted_thinking":
            made.append({"type": "reasoning.encrypted", "data": block.data, "format": FORMAT})
    return made


class Stream:
    """Makes chunks of the events of one stream. Thinking comes as it is written, and signed when it is whole.

    A tool that takes nothing is called without a word; its arguments are an empty object then, as in an answer at once.
    """

    def __init__(self) -> None:
        self._head, self._count = Reply("", ""), Count()
        self._block = Block("none")
        self._calls, self._is_bare = -1, False

    def chunk(self, event: Event) -> list[Chunk]:
        """What an event adds; nothing, for many."""
        if event.message is not None:
            self._head, self._count = event.message, event.message.usage
            return [self._chunk(Delta(role="assistant"))]
        if event.content_block is not None:
            return self._begun(event.content_block)
        if event.type == "content_block_stop":
            return self._stopped()
        if event.delta is None:
            return []
        return self._added(event.delta) if event.type == "content_block_delta" else self._ended(event)

    def _begun(self, block: Block) -> list[Chunk]:
        self._block = block
        if block.type == "tool_use":
            self._calls, self._is_bare = self._calls + 1, True
            return [self._chunk(Delta(tool_calls=[_call(block, self._calls, "")]))]
        return self._pieces(block.text, block.thinking)

    def _added(self, change: Change) -> list[Chunk]:
        self._block.thinking += change.thinking
        self._block.signature += change.signature
        if change.partial_json:
            return self._argued(change.partial_json)
        return self._pieces(change.text, change.thinking)

    def _argued(self, arguments: str) -> list[Chunk]:
        self._is_bare = False
        return [self._chunk(Delta(tool_calls=[ToolCall(self._calls, function=FunctionCall(arguments=arguments))]))]

    def _stopped(self) -> list[Chunk]:
        block, self._block = self._block, Block("none")
        if block.type == "tool_use" and self._is_bare:
            return self._argued("{}")
        return [self._chunk(Delta(reasoning_details=held))] if (held := details([block])) else []

    def _pieces(self, text: str, thinking: str) -> list[Chunk]:
        return [self._chunk(Delta(content=text or None, reasoning=thinking or None))] if text or thinking else []

    def _ended(self, event: Event) -> list[Chunk]:
        self._count = self._count.updated(event.usage or Count())
        change = event.delta or Change()
        ended = self._chunk(Delta(refusal=_refusal(change.stop_details)), _finish(change.stop_reason))
        ended.usage = self._count.usage()
        return [ended]

    def _chunk(self, delta: Delta, finish: str | None = None) -> Chunk:
        return Chunk.of(delta, id=self._head.id, model=self._head.model, finish=finish)


def _of(blocks: Sequence[Block], type: str) -> list[Block]:
    return [block for block in blocks if block.type == type]


def _call(block: Block, index: int, arguments: str) -> ToolCall:
    return ToolCall(index, block.id, FunctionCall(block.name, arguments), "function")


def _finish(reason: str | None) -> str:
    return _FINISH.get(reason or "", "stop")


def _refusal(stopped: Stopped | None) -> str | None:
    return stopped.explanation if stopped else None
