"""What Cohere's Chat API answers, as chats' answers and chunks: https://docs.cohere.com/reference/chat."""

from typing import Any

import msgspec

from connote.contract.chat import Answer, ChatUsage, Chunk, Delta, ToolCall
from connote.contract.errors import Refused

_FINISH = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}
_FAILED = ("ERROR", "TIMEOUT")


class Tokens(msgspec.Struct):
    """How many tokens; Cohere tells them as numbers that need not be whole."""

    input_tokens: float = 0
    output_tokens: float = 0


class Count(msgspec.Struct):
    """What a chat took."""

    tokens: Tokens = msgspec.field(default_factory=Tokens)
    cached_tokens: float | None = None

    def usage(self) -> ChatUsage:
        """The same as OpenAI tells it."""
        cached = None if self.cached_tokens is None else int(self.cached_tokens)
        return ChatUsage.of(int(self.tokens.input_tokens), int(self.tokens.output_tokens), cached=cached)


class Piece(msgspec.Struct):
    """A piece of what the model writes: text or thinking."""

    text: str = ""
    thinking: str = ""


class Said(msgspec.Struct):
    """The message of an answer."""

    content: list[Piece] = []
    tool_plan: str = ""
    tool_calls: list[ToolCall] = []


class Reply(msgspec.Struct):
    """An answer at once."""

    id: str
    message: Said
    finish_reason: str | None = None
    usage: Count = msgspec.field(default_factory=Count)


class SaidMore(msgspec.Struct):
    """What an event adds to the message; empty lists, where it has only begun."""

    content: Piece | list[Any] | None = None
    tool_plan: str = ""
    tool_calls: ToolCall | list[Any] | None = None


class Change(msgspec.Struct):
    """What an event adds."""

    message: SaidMore | None = None
    finish_reason: str | None = None
    error: str | None = None
    usage: Count | None = None


class Event(msgspec.Struct):
    """An event of a stream, by its type."""

    type: str
    id: str | None = None
    index: int | None = None
    delta: Change | None = None


def answer(reply: Reply, model: str, *, shows: bool = True) -> Answer:
    """The answer of a chat; `shows` says whether thoughts are shown. Raises Refused if the model broke off."""
    said = reply.message
    thoughts = [*(piece.thinking for piece in said.content), said.tool_plan] if shows else []
    message = Delta(
        content="".join(piece.text for piece in said.content) or None,
        reasoning="".join(thoughts) or None,
        tool_calls=said.tool_calls or None,
    )
    finish = _finish(reply.finish_reason)
    return Answer.of(message, id=reply.id, model=model, finish=finish, usage=reply.usage.usage())


class Stream:
    """Makes chunks of the events of one stream; `shows` says whether thoughts are shown."""

    def __init__(self, model: str, *, shows: bool = True) -> None:
        self._model, self._id, self._shows = model, "", shows

    def chunk(self, event: Event) -> list[Chunk]:
        """What an event adds; nothing, for some. Raises Refused if the model broke off."""
        if event.type == "message-start":
            self._id = event.id or ""
            return [self._chunk(Delta(role="assistant"))]
        change = event.delta
        if change is None:
            return []
        if event.type == "message-end":
            ended = self._chunk(Delta(), _finish(change.finish_reason, change.error))
            ended.usage = (change.usage or Count()).usage()
            return [ended]
        return self._added(change.message or SaidMore(), event.index)

    def _added(self, more: SaidMore, index: int | None) -> list[Chunk]:
        piece = more.content if isinstance(more.content, Piece) else Piece()
        text, thinking = piece.text, piece.thinking + more.tool_plan if self._shows else ""
        if isinstance(more.tool_calls, ToolCall):
            call = msgspec.structs.replace(more.tool_calls, index=index or 0)
            return [self._chunk(Delta(tool_calls=[call]))]
        return [self._chunk(Delta(content=text or None, reasoning=thinking or None))] if text or thinking else []

    def _chunk(self, delta: Delta, finish: str | None = None) -> Chunk:
        return Chunk.of(delta, id=self._id, model=self._model, finish=finish)


def _finish(reason: str | None, error: str | None = None) -> str:
    if error or reason in _FAILED:
        raise Refused(f"Received an error response: the model broke off with [{error or reason}]", status=400)
    return _FINISH.get(reason or "", "stop")
