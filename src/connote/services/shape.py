"""The flows of services that speak as OpenAI does: https://platform.openai.com/docs/api-reference.

Their answers are read leniently: thoughts go by two names, and content may come in parts, thoughts among them.
"""

from collections.abc import Generator, Mapping
from typing import Any

import msgspec

from connote.contract.chat import Answer, Chat, ChatUsage, Choice, Chunk, ChunkChoice, Delta, ToolCall
from connote.contract.errors import IllegalArgument
from connote.contract.results import Dense, Element, Ranked, Usage
from connote.services import remote
from connote.services.service import Call, Emit, Flow, Framing, Open, Post

# What turns thinking off.
SILENT = {"reasoning_effort": "none"}


class Item(msgspec.Struct):
    """One vector, and which input it is of."""

    embedding: list[float]
    index: int | None = None


class TokenCount(msgspec.Struct):
    """How many tokens were read; some services tell only the total."""

    prompt_tokens: int = 0
    total_tokens: int = 0

    def counted(self) -> Usage:
        """The same for the meter."""
        return Usage(self.prompt_tokens or self.total_tokens)


class Embeddings(msgspec.Struct):
    """The answer of `/embeddings`."""

    data: list[Item]
    usage: TokenCount | None = None


class Score(msgspec.Struct):
    """How well one document fits."""

    index: int
    relevance_score: float


class Ranking(msgspec.Struct):
    """The answer of `/rerank`, which OpenAI itself does not have: as Cohere and Jina do."""

    results: list[Score]
    usage: TokenCount | None = None


class Words(msgspec.Struct):
    """A part of content: a text, or thoughts."""

    text: str = ""
    thinking: list["Words"] = []


class Said(msgspec.Struct):
    """A message, or in an event a piece of one."""

    content: str | list[Words] | None = None
    refusal: str | None = None
    role: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] | None = None
    reasoning_details: list[dict[str, Any]] | None = None

    def delta(self, *, thoughts: bool) -> Delta:
        """The same as the wire shows it, with its thoughts or without."""
        content, reasoning = self.content, self.reasoning or self.reasoning_content
        if isinstance(content, list):
            reasoning = reasoning or "".join(words.text for part in content for words in part.thinking) or None
            content = "".join(part.text for part in content) or None
        if thoughts:
            return Delta(content, self.refusal, self.role, reasoning, self.tool_calls, self.reasoning_details)
        return Delta(content, self.refusal, self.role, None, self.tool_calls)


class Whole(msgspec.Struct):
    """One of the answers."""

    message: Said
    finish_reason: str | None = None
    index: int | None = None


class Reply(msgspec.Struct):
    """The answer of `/chat/completions`, at once."""

    choices: list[Whole]
    id: str | None = None
    model: str | None = None
    usage: ChatUsage | None = None

    def answer(self, *, thoughts: bool) -> Answer:
        """The same as the wire shows it."""
        choices = [
            Choice(each.message.delta(thoughts=thoughts), each.finish_reason, each.index) for each in self.choices
        ]
        return Answer(choices, self.id, self.model, self.usage)


class Piece(msgspec.Struct):
    """What continues one of the answers."""

    delta: Said = msgspec.field(default_factory=Said)
    finish_reason: str | None = None
    index: int | None = None


class Event(msgspec.Struct):
    """An event of its stream."""

    choices: list[Piece] = []
    id: str | None = None
    model: str | None = None
    object: str | None = None
    usage: ChatUsage | None = None

    def chunk(self, *, thoughts: bool) -> Chunk:
        """The same as the wire shows it."""
        choices = [
            ChunkChoice(each.delta.delta(thoughts=thoughts), each.finish_reason, each.index) for each in self.choices
        ]
        return Chunk(self.id, choices, self.model, self.object, self.usage)


def embed(
    call: Call,
    url: str,
    body: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    *,
    element: Element = "float",
) -> Generator[Post, Any, Dense]:
    """One vector an input, which must be texts; `body` is what is sent beside the input."""
    reply: Embeddings = yield Post(url, {"input": remote.texts(call), **body}, Embeddings, headers or {})
    return vectors(call, reply, element)


def vectors(call: Call, reply: Embeddings, element: Element = "float") -> Dense:
    """The vectors in an answer, in the order of the inputs."""
    items = reply.data
    if all(item.index is not None for item in items):
        items = sorted(items, key=lambda item: item.index or 0)
    usage = reply.usage.counted() if reply.usage else Usage()
    return remote.dense(call, [item.embedding for item in items], element=element, usage=usage)


def rerank(
    call: Call,
    url: str,
    body: Mapping[str, Any],
    *,
    returns: bool | None = None,
    top_n: int | None = None,
    names: tuple[str, str] = ("documents", "top_n"),
    answer: type[Ranking] = Ranking,
) -> Generator[Post, Any, Ranked]:
    """Documents by score. Their texts are at hand, so they are not asked for.

    `names` are what the service calls the documents, and the most of them that it shall return.
    """
    documents, limit = names
    asked = {**body, "query": call.query, documents: list(call.inputs)}
    if most := call.top_n or top_n:
        asked[limit] = most
    reply: Ranking = yield Post(url, asked, answer)
    usage = reply.usage.counted() if reply.usage else Usage()
    scores = [(each.index, each.relevance_score) for each in reply.results]
    return remote.ranked(call, scores, returns=returns, top_n=top_n, usage=usage)


def chat(
    call: Call,
    url: str,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    limit: str = "max_completion_tokens",
    counts: bool = True,
    thoughts: str | None = None,
    silent: Mapping[str, Any] = SILENT,
    developers: bool = False,
    framing: Framing = "sse",
) -> Flow:
    """A chat or a completion, at once or streamed.

    `extra` is sent unless the request says otherwise, `limit` is what the service calls the most tokens to write, and
    `counts` whether it tells the usage of a stream if it is asked for it. For `thoughts`, `silent` and `developers` see
    `body_of`.
    """
    body = body_of(call, extra or {}, limit, thoughts=thoughts, silent=silent, developers=developers)
    asked = call.chat.reasoning if call.chat else None
    shows = not (asked and asked.exclude)
    if call.stream:
        body |= {"stream": True} | ({"stream_options": {"include_usage": True}} if counts else {})
        event: Event | None = yield Open(Post(url, body, Event, headers or {}), framing)
        while event is not None:
            event = yield Emit([event.chunk(thoughts=shows)])
        return None
    reply: Reply = yield Post(url, body, Reply, headers or {})
    return Chat(reply.answer(thoughts=shows))


def body_of(
    call: Call,
    extra: Mapping[str, Any],
    limit: str,
    *,
    thoughts: str | None = None,
    silent: Mapping[str, Any] = SILENT,
    developers: bool = False,
) -> dict[str, Any]:
    """The body of a chat request.

    `thoughts` is what the service calls the thoughts of earlier messages; without it they are not sent back. `silent`
    is what turns thinking off. `developers` says whether it knows that role, which is OpenAI's own; at others it is the
    system that speaks. Raises IllegalArgument for what of [reasoning] the service cannot do.
    """
    assert call.chat is not None  # noqa: S101 (the corridor sees to it)
    asked = call.chat.wire()
    for message in asked["messages"]:
        said, _ = message.pop("reasoning", None), message.pop("reasoning_details", None)
        if thoughts and said is not None:
            message[thoughts] = said
        if message["role"] == "developer" and not developers:
            message["role"] = "system"
    if "max_completion_tokens" in asked:
        asked[limit] = asked.pop("max_completion_tokens")
    effort = _effort(call, asked.pop("reasoning", {}), silent)
    return {**extra, **asked, **effort}


def _effort(call: Call, reasoning: Mapping[str, Any], silent: Mapping[str, Any]) -> dict[str, Any]:
    if "summary" in reasoning:
        raise IllegalArgument(
            "Field [reasoning.summary] cannot be specified: "
            f"the service [{call.endpoint.service.name}] does not sum up what its models think"
        )
    if reasoning.get("enabled") is False or reasoning.get("effort") == "none":
        return dict(silent)
    return {"reasoning_effort": reasoning["effort"]} if "effort" in reasoning else {}
