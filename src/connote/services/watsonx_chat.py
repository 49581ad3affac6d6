"""Chat with watsonx.ai: OpenAI's in most, but stricter. https://cloud.ibm.com/apidocs/watsonx-ai#text-chat."""

from typing import Any

import msgspec

from connote.contract.chat import (
    Answer,
    ChatRequest,
    ChatUsage,
    Choice,
    Chunk,
    ChunkChoice,
    Delta,
    File,
    Message,
    Reasoning,
    ToolCall,
)
from connote.contract.errors import IllegalArgument

_SAME = ("max_completion_tokens", "stop", "temperature", "top_p", "tools")
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high"}


class Said(msgspec.Struct):
    """A message, or in a stream a piece of one."""

    content: str | None = None
    refusal: str | None = None
    role: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] | None = None

    def delta(self) -> Delta:
        """The same in the words of the wire."""
        return Delta(self.content, self.refusal, self.role, self.reasoning_content, self.tool_calls)


class Option(msgspec.Struct):
    """One of the answers, whole or in a stream a piece of it."""

    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None
    index: int = 0


class Counted(msgspec.Struct):
    """How many tokens a chat took."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Reply(msgspec.Struct):
    """An answer, or a piece of a streamed one."""

    id: str = ""
    model_id: str = ""
    choices: list[Option] = []
    usage: Counted | None = None

    def counted(self) -> ChatUsage | None:
        """The usage, if it is told."""
        return ChatUsage.of(self.usage.prompt_tokens, self.usage.completion_tokens) if self.usage else None

    def chunk(self) -> Chunk:
        """The piece in the words of the wire."""
        choices = [
            ChunkChoice((each.delta or Said()).delta(), each.finish_reason or None, each.index) for each in self.choices
        ]
        return Chunk(self.id, choices, self.model_id, "chat.completion.chunk", self.counted())

    def answer(self) -> Answer:
        """The answer in the words of the wire."""
        choices = [Choice((each.message or Said()).delta(), each.finish_reason, each.index) for each in self.choices]
        return Answer(choices, self.id, self.model_id, self.counted())


def body_of(chat: ChatRequest) -> dict[str, Any]:
    """The body of a request. Raises IllegalArgument for what cannot be asked."""
    asked = chat.wire()
    body: dict[str, Any] = {name: asked[name] for name in _SAME if name in asked}
    for tool in body.get("tools", ()):
        tool["function"].pop("strict", None)
    if chat.model is not None:
        body["model_id"] = chat.model
    if chat.tool_choice is not None:
        name = "tool_choice_option" if isinstance(chat.tool_choice, str) else "tool_choice"
        body[name] = asked["tool_choice"]
    return body | {"messages": [_message(message) for message in chat.messages]} | _thinking(chat.reasoning)


def _message(message: Message) -> dict[str, Any]:
    """Only users send anything but text."""
    if isinstance(message.content, list) and any(isinstance(part, File) for part in message.content):
        raise IllegalArgument("[messages] the service [watsonxai] takes no parts of type [file]")
    plain: dict[str, Any] = msgspec.to_builtins(message)
    shown: dict[str, Any] = {
        name: plain[name] for name in ("role", "content", "name", "tool_call_id", "tool_calls") if name in plain
    }
    if message.role == "developer":
        shown["role"] = "system"
    if message.role != "user" and message.content is not None:
        shown["content"] = message.text()
    return shown


def _thinking(reasoning: Reasoning | None) -> dict[str, Any]:
    """The efforts that it knows are three."""
    if reasoning is None:
        return {}
    effort = _EFFORTS.get(reasoning.effort or "")
    shown = {} if reasoning.exclude is None else {"include_reasoning": not reasoning.exclude}
    return shown if effort is None else shown | {"reasoning_effort": effort}
