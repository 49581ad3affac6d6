"""What the Converse API answers, at once and in events: see `converse_chat`."""

import json
from typing import Any
from uuid import uuid4

import msgspec

from connote.contract.chat import Answer, ChatUsage, Chunk, Delta, FunctionCall, ToolCall
from connote.services.converse_chat import FORMAT

_FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


class Used(msgspec.Struct, rename="camel"):
    """Tokens; those read do not count what the cache held."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None

    def usage(self) -> ChatUsage:
        """The same, where all that is read counts."""
        cached = self.cache_read_input_tokens
        read = self.input_tokens + (cached or 0) + (self.cache_write_input_tokens or 0)
        return ChatUsage.of(read, self.output_tokens, cached=cached)


class Called(msgspec.Struct, rename="camel"):
    """A tool is called; `input` comes in pieces if the answer is streamed."""

    tool_use_id: str
    name: str
    input: Any = None


class ThoughtText(msgspec.Struct):
    """A thought with its signature."""

    text: str
    signature: str | None = None


class Thought(msgspec.Struct, rename="camel"):
    """A thought: whole, a piece of its text, its signature, or what is encrypted."""

    reasoning_text: ThoughtText | None = None
    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None

    def detail(self, index: int) -> dict[str, Any]:
        """As it is shown, and taken back."""
        shown: dict[str, Any] = {"format": FORMAT, "index": index}
        if self.redacted_content is not None:
            return {"type": "reasoning.encrypted", "data": self.redacted_content} | shown
        whole = self.reasoning_text
        text, signature = (whole.text, whole.signature) if whole else (self.text, self.signature)
        told = {"type": "reasoning.text", "text": text, "signature": signature}
        return {name: value for name, value in told.items() if value is not None} | shown


class Part(msgspec.Struct):
    """A piece of text."""

    text: str | None = None


class Cited(msgspec.Struct):
    """Text that tells its sources, which are left out."""

    content: list[Part] = []


class Said(msgspec.Struct, rename="camel"):
    """One block of an answer."""

    text: str | None = None
    tool_use: Called | None = None
    reasoning_content: Thought | None = None
    citations_content: Cited | None = None

    def words(self) -> str:
        """Its text."""
        cited = self.citations_content.content if self.citations_content else []
        return (self.text or "") + "".join(part.text or "" for part in cited)


class Turn(msgspec.Struct):
    """What the model says in its turn."""

    content: list[Said]


class Output(msgspec.Struct):
    """It is always a message."""

    message: Turn


class Reply(msgspec.Struct, rename="camel"):
    """The answer of `converse`."""

    output: Output
    stop_reason: str
    usage: Used


class Argument(msgspec.Struct):
    """A piece of what a tool is called with: JSON."""

    input: str


class Piece(msgspec.Struct, rename="camel"):
    """A piece of a block."""

    text: str | None = None
    tool_use: Argument | None = None
    reasoning_content: Thought | None = None


class Begun(msgspec.Struct, rename="camel"):
    """How a block begins, if it is more than text."""

    tool_use: Called | None = None


class BlockStart(msgspec.Struct, rename="camel"):
    """A block begins."""

    start: Begun
    content_block_index: int


class BlockDelta(msgspec.Struct, rename="camel"):
    """A block goes on."""

    delta: Piece
    content_block_index: int


class BlockStop(msgspec.Struct, rename="camel"):
    """A block ends."""

    content_block_index: int


class Stop(msgspec.Struct, rename="camel"):
    """Why the answer ends."""

    stop_reason: str


class Metadata(msgspec.Struct):
    """What it took."""

    usage: Used


class Event(msgspec.Struct, rename="camel"):
    """One event of `converse-stream`; one member is set."""

    message_start: dict[str, Any] | None = None
    content_block_start: BlockStart | None = None
    content_block_delta: BlockDelta | None = None
    content_block_stop: BlockStop | None = None
    message_stop: Stop | None = None
    metadata: Metadata | None = None


class Reader:
    """Reads one answer of that model, at once or event by event; `shows` says whether thoughts are shown."""

    def __init__(self, model: str, *, shows: bool) -> None:
        self._model, self._shows = model, shows
        # Converse gives its answers no id.
        self._id, self._calls = f"chatcmpl-{uuid4().hex}", dict[int, int]()
        self._bare = set[int]()  # the calls that have no arguments yet

    def answer(self, reply: Reply) -> Answer:
        """The answer in one reply."""
        said = reply.output.message.content
        thoughts = [(at, block.reasoning_content) for at, block in enumerate(said) if block.reasoning_content]
        delta = Delta(
            content="".join(block.words() for block in said) or None,
            tool_calls=[_call(block.tool_use) for block in said if block.tool_use] or None,
        )
        if thoughts and self._shows:
            texts = [thought.reasoning_text.text for _, thought in thoughts if thought.reasoning_text]
            delta.reasoning = "".join(texts) or None
            delta.reasoning_details = [thought.detail(at) for at, thought in thoughts]
        finish, usage = _finish(reply.stop_reason), reply.usage.usage()
        return Answer.of(delta, id=self._id, model=self._model, finish=finish, usage=usage)

    def chunks(self, event: Event) -> list[Chunk]:
        """What an event adds."""
        if event.metadata:
            return [Chunk(self._id, [], self._model, "chat.completion.chunk", event.metadata.usage.usage())]
        delta, stop = self._delta(event), event.message_stop
        if delta == Delta() and stop is None:
            return []
        finish = _finish(stop.stop_reason) if stop else None
        return [Chunk.of(delta, id=self._id, model=self._model, finish=finish)]

    def _delta(self, event: Event) -> Delta:
        if event.message_start is not None:
            return Delta(role="assistant")
        if event.content_block_start and (called := event.content_block_start.start.tool_use):
            return self._called(event.content_block_start.content_block_index, called)
        if event.content_block_stop and (at := event.content_block_stop.content_block_index) in self._bare:
            return self._argued(at, "{}")
        return self._added(event.content_block_delta) if event.content_block_delta else Delta()

    def _added(self, block: BlockDelta) -> Delta:
        at, piece = block.content_block_index, block.delta
        if piece.tool_use:
            return self._argued(at, piece.tool_use.input) if piece.tool_use.input else Delta()
        thought = piece.reasoning_content
        if thought and self._shows:
            return Delta(reasoning=thought.text, reasoning_details=[thought.detail(at)])
        return Delta(content=piece.text)

    def _called(self, at: int, called: Called) -> Delta:
        self._bare.add(at)
        index = self._calls.setdefault(at, len(self._calls))
        return Delta(tool_calls=[ToolCall(index, called.tool_use_id, FunctionCall(called.name, ""), "function")])

    def _argued(self, at: int, arguments: str) -> Delta:
        self._bare.discard(at)
        return Delta(tool_calls=[ToolCall(self._calls[at], function=FunctionCall(arguments=arguments))])


def _finish(reason: str) -> str:
    return _FINISHES.get(reason, reason)


def _call(called: Called) -> ToolCall:
    arguments = json.dumps({} if called.input is None else called.input, ensure_ascii=False)
    return ToolCall(id=called.tool_use_id, function=FunctionCall(called.name, arguments), type="function")
