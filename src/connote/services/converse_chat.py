"""Chats as the Converse API of Amazon Bedrock is asked for them.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html

Thoughts travel in `reasoning_details` too, so that a client can send them back with their signatures: as
`{"type": "reasoning.text", "text": …, "signature": …}`, or encrypted as `{"type": "reasoning.encrypted", "data": …}`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from connote.contract import chat, content
from connote.contract.chat import ChatRequest, Message
from connote.contract.errors import IllegalArgument

Block = dict[str, Any]

# How a part of `reasoning_details` says whose thinking it is.
FORMAT = "amazon-converse-v1"

_SYSTEM = ("system", "developer")
_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_CHOICES: Mapping[str, Block] = {"auto": {"auto": {}}, "required": {"any": {}}}


def body(
    asked: ChatRequest, usual: Mapping[str, Any], additional: Mapping[str, Any], effort: str | None = None
) -> Block:
    """The body of a request.

    `usual` is the configuration where the request does not say, None where that does not; `additional` is what only
    some models know, `effort` how hard they think. Raises IllegalArgument for what Converse has no place for.
    """
    if asked.reasoning and asked.reasoning.summary:
        raise IllegalArgument("Field [reasoning.summary] cannot be specified: Converse does not sum up thoughts")
    system, turns = _turns(asked.messages)
    own = {
        "maxTokens": asked.max_completion_tokens,
        "temperature": asked.temperature,
        "topP": asked.top_p,
        "stopSequences": asked.stop,
    }
    config = _set(usual) | _set(own)
    parts: Block = {
        "system": system,
        "inferenceConfig": config,
        "toolConfig": _tools(asked),
        "additionalModelRequestFields": additional,
        "outputConfig": {"effort": effort} if effort else {},
    }
    return {"messages": turns} | {name: part for name, part in parts.items() if part}


def _set(values: Mapping[str, Any]) -> Block:
    return {name: value for name, value in values.items() if value is not None}


def _turns(messages: Sequence[Message]) -> tuple[list[Block], list[Block]]:
    """What the system says, and the turns of user and assistant, which must alternate: messages in a row are one."""
    system, turns, names = list[Block](), list[Block](), set[str]()
    for message in messages:
        if message.role in _SYSTEM:
            system += [{"text": message.text()}] if message.text().strip() else []
            continue
        role = "user" if message.role == "tool" else message.role
        content = _content(message, names)
        if not content:
            continue  # it would be refused
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        else:
            turns.append({"role": role, "content": content})
    return system, turns


def _content(message: Message, names: set[str]) -> list[Block]:
    parts = _parts(message, names)
    if message.role == "user":
        return parts
    if message.role == "tool":
        if message.tool_call_id is None:
            raise IllegalArgument("[messages] a message of the role [tool] must have a [tool_call_id]")
        return [{"toolResult": {"toolUseId": message.tool_call_id, "content": parts}}]
    if message.role == "assistant":
        return [*_thoughts(message), *parts, *_calls(message)]
    raise IllegalArgument(
        f"[messages] Invalid value [{message.role}]. [role] must be one of [assistant, developer, system, tool, user]"
    )


def _parts(message: Message, names: set[str]) -> list[Block]:
    """Texts, pictures and files. Blank texts are left out, for they are refused."""
    if isinstance(message.content, str):
        return [{"text": message.content}] if message.content.strip() else []
    blocks = list[Block]()
    for part in message.content or ():
        if isinstance(part, chat.Image):
            kind, data = _data(part.image_url.url, _IMAGES, "image_url")
            blocks.append({"image": {"format": kind, "source": {"bytes": data}}})
        elif isinstance(part, chat.File):
            kind, data = _data(part.file.file_data, _DOCUMENTS, "file_data")
            name = _named(part.file.filename, names)
            blocks.append({"document": {"format": kind, "name": name, "source": {"bytes": data}}})
        elif part.text.strip():
            blocks.append({"text": part.text})
    return blocks


def _data(url: str, formats: Mapping[str, str], field: str) -> tuple[str, str]:
    """The format and the base64 of a `data:` URL; Bedrock fetches nothing from elsewhere."""
    type, data = content.unpacked(url) or ("", "")
    if type not in formats:
        raise IllegalArgument(
            f"[messages] [{field}] must be a URL such as data:{next(iter(formats))};base64,… with one of the types "
            f"[{', '.join(formats)}]"
        )
    return formats[type], data


def _named(filename: str | None, names: set[str]) -> str:
    """A name that no other document has, of the characters that names may have."""
    plain = re.sub(r"[^A-Za-z0-9()\[\]-]+", " ", filename or "").strip()[:190] or "document"
    name = next(name for n in count(1) if (name := plain if n == 1 else f"{plain} {n}") not in names)
    names.add(name)
    return name


def _thoughts(message: Message) -> list[Block]:
    """What the model thought, put together from the pieces of a stream. Thoughts of other services are left out."""
    blocks = dict[Any, Block]()
    for at, detail in enumerate(message.reasoning_details or ()):
        if detail.get("format") != FORMAT:
            continue
        thought = blocks.setdefault(str(detail.get("index", f"+{at}")), {})
        for name, member in (("text", "text"), ("signature", "signature"), ("data", "redactedContent")):
            if isinstance(detail.get(name), str):
                thought[member] = thought.get(member, "") + detail[name]
    return [{"reasoningContent": _thought(thought)} for thought in blocks.values() if thought]


def _thought(thought: Block) -> Block:
    return thought if "redactedContent" in thought else {"reasoningText": {"text": "", **thought}}


def _calls(message: Message) -> Iterator[Block]:
    for call in message.tool_calls or ():
        if call.id is None or call.function is None or call.function.name is None:
            raise IllegalArgument("[messages] a tool call must have an [id], and a [function] with a [name]")
        try:
            arguments = json.loads(call.function.arguments or "{}")
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            raise IllegalArgument(
                f"[messages] the arguments of the call of [{call.function.name}] must be a JSON object"
            )
        yield {"toolUse": {"toolUseId": call.id, "name": call.function.name, "input": arguments}}


def _tools(asked: ChatRequest) -> Block:
    """The tools that may be called. Converse cannot forbid to call them: they are left out where that is asked.

    Unless they were called before: then Converse wants to be told of them.
    """
    choice = asked.tool_choice
    if isinstance(choice, str) and choice not in ("none", *_CHOICES):
        raise IllegalArgument(f"Invalid value [{choice}]. [tool_choice] must be one of [auto, none, required]")
    was_called = any(message.tool_calls for message in asked.messages)
    if not asked.tools or (choice == "none" and not was_called):
        return {}
    config: Block = {"tools": [{"toolSpec": _tool(tool.function)} for tool in asked.tools]}
    if isinstance(choice, str) and choice != "none":
        config["toolChoice"] = _CHOICES[choice]
    elif isinstance(choice, chat.ToolChoice):
        config["toolChoice"] = {"tool": {"name": choice.function.name}}
    return config


def _tool(function: chat.Function) -> Block:
    schema = {"json": function.parameters or {"type": "object", "properties": {}}}
    told = {"name": function.name, "description": function.description, "strict": function.strict}
    return _set(told) | {"inputSchema": schema}
