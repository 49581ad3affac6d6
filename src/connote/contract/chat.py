"""Chat: the request, the answer at once, and the answer in chunks. The shapes are OpenAI's, taken over by the wire.

Structs are read leniently from services (what is unknown is left out) and strictly from requests; members that are not
set are not written.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from connote.contract.body import read
from connote.contract.errors import InvalidRequest
from connote.contract.results import Completion, Cut, Usage

MOST_MESSAGES = 4096


class Text(msgspec.Struct, tag="text", forbid_unknown_fields=True):
    """A part of a message: text."""

    text: str


class ImageUrl(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """An address, or a `data:` URL that holds the picture."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class Image(msgspec.Struct, tag="image_url", forbid_unknown_fields=True):
    """A part of a message: a picture."""

    image_url: ImageUrl


class FileData(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A file as a `data:` URL."""

    file_data: str
    filename: str | None = None


class File(msgspec.Struct, tag="file", forbid_unknown_fields=True):
    """A part of a message: a file."""

    file: FileData


Part = Text | Image | File


class FunctionCall(msgspec.Struct, omit_defaults=True):
    """Which function is called; `arguments` is JSON in a string, in chunks a piece of it."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct, omit_defaults=True):
    """A tool that the model calls. `index` tells in chunks which call a piece belongs to."""

    index: int | None = None
    id: str | None = None
    function: FunctionCall | None = None
    type: str | None = None


class Message(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """One message of a conversation. Roles: system, developer, user, assistant, tool."""

    role: str
    content: str | list[Part] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None
    reasoning: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None

    def text(self) -> str:
        """Its text alone, parts one below the other."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if isinstance(part, Text))


class Function(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What a tool does; `parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(msgspec.Struct, forbid_unknown_fields=True):
    """A tool that the model may call."""

    type: Literal["function"]
    function: Function


class ChosenFunction(msgspec.Struct, forbid_unknown_fields=True):
    """The name of a function."""

    name: str


class ToolChoice(msgspec.Struct, forbid_unknown_fields=True):
    """The one tool that must be called."""

    type: Literal["function"]
    function: ChosenFunction


class Reasoning(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """How much a model thinks before it answers, and how much of that is shown."""

    effort: Literal["xhigh", "high", "medium", "low", "minimal", "none"] | None = None
    enabled: bool | None = None
    exclude: bool | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


class ChatRequest(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What is asked of a chat model."""

    messages: list[Message]
    model: str | None = None
    max_completion_tokens: int | None = None
    stop: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    tool_choice: str | ToolChoice | None = None
    tools: list[Tool] | None = None
    reasoning: Reasoning | None = None

    @classmethod
    def of(cls, texts: Sequence[str]) -> "ChatRequest":
        """The request that a completion stands for: each text is a message of the user."""
        return cls([Message("user", text) for text in texts])

    def wire(self) -> dict[str, Any]:
        """The request as JSON."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        return body


class PromptDetails(msgspec.Struct, omit_defaults=True):
    """Of the tokens read, those that were cached."""

    cached_tokens: int | None = None


class CompletionDetails(msgspec.Struct, omit_defaults=True):
    """Of the tokens written, those that were thinking."""

    reasoning_tokens: int | None = None


class ChatUsage(msgspec.Struct, omit_defaults=True):
    """How many tokens a chat took."""

    completion_tokens: int
    prompt_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None

    @classmethod
    def of(cls, read: int, written: int, *, cached: int | None = None, thought: int | None = None) -> "ChatUsage":
        """The usage of so many tokens read and written."""
        return cls(
            written,
            read,
            read + written,
            None if cached is None else PromptDetails(cached),
            None if thought is None else CompletionDetails(thought),
        )

    def counted(self) -> Usage:
        """The same for the meter."""
        return Usage(self.prompt_tokens, self.completion_tokens)


class Delta(msgspec.Struct, omit_defaults=True):
    """A message, or in a chunk a piece of one."""

    content: str | None = None
    refusal: str | None = None
    role: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCall] | None = None
    reasoning_details: list[dict[str, Any]] | None = None


class ChunkChoice(msgspec.Struct, omit_defaults=True):
    """One of the answers that a chunk continues."""

    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None
    index: int | None = None


class Chunk(msgspec.Struct, omit_defaults=True):
    """A piece of a streamed answer."""

    id: str | None = None
    choices: list[ChunkChoice] = msgspec.field(default_factory=lambda: [])  # noqa: PIE807 (shown even if empty)
    model: str | None = None
    object: str | None = None
    usage: ChatUsage | None = None

    @classmethod
    def of(cls, delta: Delta, *, id: str, model: str, finish: str | None = None) -> "Chunk":
        """A chunk of the only answer."""
        return cls(id, [ChunkChoice(delta, finish, 0)], model, "chat.completion.chunk")

    @property
    def usage_counted(self) -> Usage:
        """The tokens that it reports, none in most chunks."""
        return self.usage.counted() if self.usage else Usage()

    def text(self) -> str:
        """What it adds to the first answer."""
        return (self.choices[0].delta.content or "") if self.choices else ""


class Choice(msgspec.Struct, omit_defaults=True):
    """One of the answers."""

    message: Delta
    finish_reason: str | None = None
    index: int | None = None


class Answer(msgspec.Struct, omit_defaults=True):
    """An answer at once, as OpenAI-shaped services give it."""

    choices: list[Choice]
    id: str | None = None
    model: str | None = None
    usage: ChatUsage | None = None

    @classmethod
    def of(
        cls, message: Delta, *, id: str, model: str, finish: str | None = None, usage: ChatUsage | None = None
    ) -> "Answer":
        """An answer with one choice."""
        message.role = message.role or "assistant"
        return cls([Choice(message, finish, 0)], id, model, usage)


class Chat:
    """A chat's result: `answer` as the wire shows it."""

    cuts: Sequence[Cut] = ()

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    @property
    def usage(self) -> Usage:
        """The tokens that it took."""
        return self.answer.usage.counted() if self.answer.usage else Usage()

    def completion(self) -> Completion:
        """The texts alone, for the task completion."""
        return Completion([choice.message.content or "" for choice in self.answer.choices], self.usage)

    def wire(self) -> dict[str, Any]:
        """The body of a chat_completion answer that is not streamed."""
        shown: dict[str, Any] = msgspec.to_builtins(self.answer)
        choices = [
            {"index": number, "message": choice["message"], "finish_reason": choice.get("finish_reason")}
            for number, choice in enumerate(shown["choices"])
        ]
        head = {"id": shown.get("id", ""), "object": "chat.completion", "model": shown.get("model", "")}
        return head | {"choices": choices} | ({"usage": shown["usage"]} if "usage" in shown else {})


def parse(body: Mapping[str, Any]) -> ChatRequest:
    """The chat request in a JSON body.

    Raises Unparsable for a field that is unknown or of a wrong type, InvalidRequest for values that cannot be.
    """
    request = read(body, ChatRequest, "unified_chat_completion_request")
    if problems := list(_problems(request)):
        raise InvalidRequest(problems)
    return request


def _problems(request: ChatRequest) -> list[str]:
    found = []
    if not request.messages:
        found.append("Field [messages] cannot be an empty array")
    elif len(request.messages) > MOST_MESSAGES:
        found.append(f"Field [messages] has {len(request.messages)} messages, at most {MOST_MESSAGES} are taken")
    if request.max_completion_tokens is not None and request.max_completion_tokens < 1:
        found.append("Field [max_completion_tokens] must be a positive integer")
    return found
