"""Chat with Gemini, which AI Studio and Vertex AI take in the same form: https://ai.google.dev/api/generate-content.

Gemini signs what it has thought, and some models want their signatures back beside the calls that they made. They
travel in `reasoning_details`, as `{"type": "reasoning.encrypted", "id": the call's, "data": the signature}`.
"""

import json
import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from connote.contract import content
from connote.contract.chat import (
    Answer,
    Chat,
    ChatRequest,
    ChatUsage,
    Chunk,
    Delta,
    File,
    Function,
    FunctionCall,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolChoice,
)
from connote.contract.errors import IllegalArgument, Refused
from connote.services.service import Call, Emit, Flow, Open, Post

# What embeddings are for, by the wire's input type.
TASK_TYPES = {
    "ingest": "RETRIEVAL_DOCUMENT",
    "search": "RETRIEVAL_QUERY",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
}

_INSTRUCTIONS = ("system", "developer")
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
# Thinking tokens for an effort, as in Google's own translation: https://ai.google.dev/gemini-api/docs/openai.
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576}
_SIGNED, _FORMAT = "reasoning.encrypted", "google-gemini-v1"
# What Google says to send for a call that has no signature, because another model made it or the client lost it:
# https://ai.google.dev/gemini-api/docs/thought-signatures.
_UNSIGNED = "skip_thought_signature_validator"
_FINISHES = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(
        ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR"),
        "content_filter",
    ),
}


class FunctionCalled(msgspec.Struct):
    """A function that the model calls; only AI Studio gives calls an id."""

    name: str
    args: dict[str, Any] | None = None
    id: str | None = None


class Said(msgspec.Struct, rename="camel"):
    """A part of what the model says."""

    text: str | None = None
    thought: bool = False
    function_call: FunctionCalled | None = None
    thought_signature: str | None = None


class Content(msgspec.Struct):
    """What the model says."""

    parts: list[Said] = []


class Candidate(msgspec.Struct, rename="camel"):
    """One answer."""

    content: Content | None = None
    finish_reason: str | None = None


class Feedback(msgspec.Struct, rename="camel"):
    """Why there is no answer."""

    block_reason: str | None = None


class Counted(msgspec.Struct, rename="camel"):
    """Tokens read and written; `candidates` are those of the answer without its thoughts."""

    prompt_token_count: int = 0
    tool_use_prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None

    def usage(self) -> ChatUsage:
        """The same in the words of the wire."""
        read = self.prompt_token_count + self.tool_use_prompt_token_count
        written = self.candidates_token_count + (self.thoughts_token_count or 0)
        return ChatUsage.of(read, written, cached=self.cached_content_token_count, thought=self.thoughts_token_count)


class Reply(msgspec.Struct, rename="camel"):
    """An answer, or a piece of a streamed one."""

    candidates: list[Candidate] = []
    prompt_feedback: Feedback | None = None
    usage_metadata: Counted | None = None
    model_version: str = ""
    response_id: str = ""


def chat(call: Call, models: str, model: str, budget: int | None = None) -> Flow:
    """A chat or a completion, at once or streamed.

    `models` is the path of the models, `model` the endpoint's one, and `budget` how many tokens it thinks for.
    """
    assert call.chat is not None  # noqa: S101 (the corridor sees to it)
    model = call.chat.model or model
    path, body = f"{models}/{quote(model, safe='')}", body_of(call.chat, model, budget)
    reader = Reader(call.endpoint.id)
    if call.stream:
        event = yield Open(Post(f"{path}:streamGenerateContent", body, Reply, params={"alt": "sse"}))
        while event is not None:
            event = yield Emit(reader.chunks(event))
        yield Emit(reader.rest())
        return None
    reply: Reply = yield Post(f"{path}:generateContent", body, Reply)
    return Chat(reader.answer(reply))


def body_of(asked: ChatRequest, model: str, budget: int | None = None) -> dict[str, Any]:
    """The body of a request. Raises IllegalArgument for what Gemini cannot be asked."""
    body: dict[str, Any] = {"contents": _contents(asked.messages, signs=_signs(model))}
    told = [part for message in asked.messages if message.role in _INSTRUCTIONS for part in _parts(message)]
    if told:
        body["systemInstruction"] = {"parts": told}
    if asked.tools:
        body["tools"] = [{"functionDeclarations": [_declared(tool.function) for tool in asked.tools]}]
    if asked.tool_choice is not None:
        body["toolConfig"] = {"functionCallingConfig": _chosen(asked.tool_choice)}
    if config := _config(asked, budget):
        body["generationConfig"] = config
    return body


def _signs(model: str) -> bool:
    """Whether it refuses calls without a signature: Gemini 3 and later do."""
    version = re.match(r"gemini-(\d+)", model)
    return version is not None and int(version[1]) >= 3


def _contents(messages: Sequence[Message], *, signs: bool) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = []
    names: dict[str | None, str] = {}  # of the functions, by the id of their call
    before = ""
    for message in messages:
        if message.role == "tool":
            parts = [_response(message, names)]
        elif message.role == "assistant":
            parts = [*_signed(message), *_calls(message, names, signs=signs)]
        elif message.role in ("user", *_INSTRUCTIONS):
            parts = _parts(message) if message.role == "user" else []
        else:
            raise IllegalArgument(
                f"[messages] Invalid role [{message.role}]; "
                "it must be one of [assistant, developer, system, tool, user]"
            )
        if message.role == before == "tool":
            contents[-1]["parts"] += parts  # the results of one turn belong together
        elif parts:
            contents.append({"role": "model" if message.role == "assistant" else "user", "parts": parts})
        before = message.role
    return contents


def _parts(message: Message) -> list[dict[str, Any]]:
    if isinstance(message.content, str):
        return [{"text": message.content}]
    return [_part(part) for part in message.content or ()]


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Text():
            return {"text": part.text}
        case Image():
            return _media(part.image_url.url)
        case File():
            return _media(part.file.file_data)


def _media(url: str) -> dict[str, Any]:
    if parts := content.unpacked(url):
        return {"inlineData": {"mimeType": parts[0], "data": parts[1]}}
    if url.startswith("data:"):
        raise IllegalArgument("[messages] a data URL must begin as in [data:image/png;base64,]")
    type, _ = mimetypes.guess_type(urlsplit(url).path)
    return {"fileData": ({"mimeType": type} if type else {}) | {"fileUri": url}}


def _signatures(message: Message) -> dict[str | None, str]:
    """The signatures by the id of the call that they are of; that of the text has none."""
    found: dict[str | None, str] = {}
    for detail in message.reasoning_details or ():
        id, data = detail.get("id"), detail.get("data")
        is_ours = detail.get("type") == _SIGNED and detail.get("format") == _FORMAT
        if is_ours and isinstance(data, str) and (id is None or isinstance(id, str)):
            found[id] = data
    return found


def _signed(message: Message) -> list[dict[str, Any]]:
    """What an answer said, with its signature."""
    parts = [part for part in _parts(message) if part != {"text": ""}]
    if parts and (signature := _signatures(message).get(None)):
        parts[-1]["thoughtSignature"] = signature
    return parts


def _calls(message: Message, names: dict[str | None, str], *, signs: bool) -> Iterator[dict[str, Any]]:
    """What an answer called; the names of the functions are noted."""
    signatures = _signatures(message)
    for position, call in enumerate(message.tool_calls or ()):
        if call.function is None or call.function.name is None:
            raise IllegalArgument("[messages] a tool call must have a [function] with a [name]")
        names[call.id] = call.function.name
        part: dict[str, Any] = {"functionCall": {"name": call.function.name, "args": _arguments(call.function)}}
        signature = signatures.get(call.id) if call.id else None
        if signature or (signs and position == 0):
            part["thoughtSignature"] = signature or _UNSIGNED
        yield part


def _arguments(function: FunctionCall) -> dict[str, Any]:
    try:
        arguments = json.loads(function.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise IllegalArgument(f"[messages] the arguments of the call of [{function.name}] must be a JSON object")
    return arguments


def _response(message: Message, names: Mapping[str | None, str]) -> dict[str, Any]:
    """What a function gave; Gemini knows functions by name, and takes objects only."""
    name = names.get(message.tool_call_id) or message.name
    if name is None:
        raise IllegalArgument(f"[messages] no tool call has the [tool_call_id] [{message.tool_call_id}]")
    text = message.text()
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    return {"functionResponse": {"name": name, "response": given if isinstance(given, dict) else {"output": text}}}


def _declared(function: Function) -> dict[str, Any]:
    shown = {
        "name": function.name,
        "description": function.description,
        # Not `parameters`, which takes but a part of JSON schema.
        "parametersJsonSchema": function.parameters,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _chosen(choice: str | ToolChoice) -> dict[str, Any]:
    if isinstance(choice, ToolChoice):
        return {"mode": "ANY", "allowedFunctionNames": [choice.function.name]}
    if choice not in _MODES:
        raise IllegalArgument(f"Invalid value [{choice}]. [tool_choice] must be one of [{', '.join(_MODES)}]")
    return {"mode": _MODES[choice]}


def _config(asked: ChatRequest, budget: int | None) -> dict[str, Any]:
    config = {
        "maxOutputTokens": asked.max_completion_tokens,
        "stopSequences": asked.stop,
        "temperature": asked.temperature,
        "topP": asked.top_p,
        "thinkingConfig": _thinking(asked.reasoning, budget),
    }
    return {name: value for name, value in config.items() if value is not None}


def _thinking(reasoning: Reasoning | None, budget: int | None) -> dict[str, Any] | None:
    """How much is thought, and whether it is shown; thoughts are shown to those who ask for reasoning."""
    if reasoning is not None:
        effort = "none" if reasoning.enabled is False else reasoning.effort
        budget = _BUDGETS[effort] if effort else budget
    thinking: dict[str, Any] = {} if budget is None else {"thinkingBudget": budget}
    if reasoning is not None and not reasoning.exclude and budget != 0:
        thinking["includeThoughts"] = True
    return thinking or None


class Reader:
    """Reads what Gemini answers to one request of that endpoint: one reply, or the pieces of a stream."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._begun, self._calls = False, 0
        self._last = Reply()

    def answer(self, reply: Reply) -> Answer:
        """The answer in one reply."""
        delta, finish = self._read(reply)
        for call in delta.tool_calls or ():
            call.index = None  # of chunks only
        usage = reply.usage_metadata.usage() if reply.usage_metadata else None
        return Answer.of(delta, id=reply.response_id, model=reply.model_version, finish=finish, usage=usage)

    def chunks(self, reply: Reply) -> list[Chunk]:
        """What a piece adds: at most one chunk."""
        delta, finish = self._read(reply)
        self._last = reply if reply.usage_metadata else self._last
        if delta == Delta() and finish is None:
            return []
        if not self._begun:
            delta.role, self._begun = "assistant", True
        return [Chunk.of(delta, id=reply.response_id, model=reply.model_version, finish=finish)]

    def rest(self) -> list[Chunk]:
        """The usage, which every piece has told for all before it."""
        last = self._last
        if last.usage_metadata is None:
            return []
        return [Chunk(last.response_id, [], last.model_version, "chat.completion.chunk", last.usage_metadata.usage())]

    def _read(self, reply: Reply) -> tuple[Delta, str | None]:
        """Raises Refused if the question was."""
        if reply.prompt_feedback and reply.prompt_feedback.block_reason and not reply.candidates:
            raise Refused(
                f"Received an error response for request from inference entity id [{self._endpoint}] status [200]. "
                f"Error message: [the prompt was blocked: {reply.prompt_feedback.block_reason}]",
                status=400,
            )
        candidate = reply.candidates[0] if reply.candidates else Candidate()
        said = candidate.content.parts if candidate.content else []
        delta = Delta(
            content="".join(part.text or "" for part in said if not part.thought) or None,
            reasoning="".join(part.text or "" for part in said if part.thought) or None,
        )
        calls, details = [], []
        for part in said:
            id = None
            if part.function_call is not None:
                calls.append(self._called(part.function_call, reply.response_id))
                id = calls[-1].id
            if part.thought_signature is not None:
                details.append({"type": _SIGNED, "format": _FORMAT, "data": part.thought_signature, "id": id})
        delta.tool_calls = calls or None
        delta.reasoning_details = [{name: value for name, value in each.items() if value} for each in details] or None
        return delta, self._finish(candidate.finish_reason)

    def _called(self, called: FunctionCalled, response: str) -> ToolCall:
        index = self._calls
        self._calls += 1
        function = FunctionCall(called.name, json.dumps(called.args or {}, ensure_ascii=False))
        return ToolCall(index, called.id or f"call_{response}_{index}", function, "function")

    def _finish(self, reason: str | None) -> str | None:
        if reason is None:
            return None
        finish = _FINISHES.get(reason, reason.lower())
        return "tool_calls" if self._calls and finish not in ("length", "content_filter") else finish
