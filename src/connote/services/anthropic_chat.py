"""Chats as Anthropic's Messages API is asked for them: https://docs.claude.com/en/api/messages."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connote.contract import content
from connote.contract.chat import (
    ChatRequest,
    File,
    FunctionCall,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
)
from connote.contract.errors import IllegalArgument

# Models that are told how many tokens to think; later ones think as they need, and are told how hard to try.
_THINKS_BY_BUDGET = re.compile(r"claude-(3|(opus|sonnet|haiku)-4([-@][0-5])?([-@]\d{8})?$)")
# The share of the tokens to write that goes to thinking.
_SHARES = {"minimal": 0.1, "low": 0.2, "medium": 0.5, "high": 0.8, "xhigh": 0.95}
_LEAST_BUDGET = 1024
# How a part of `reasoning_details` says whose thinking it is.
FORMAT = "anthropic-claude-v1"

Block = dict[str, Any]


def body(chat: ChatRequest, model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request; `options` holds what is sent if the chat does not say otherwise, `max_tokens` at least.

    Raises IllegalArgument for what cannot be told to these models.
    """
    asked = {
        "max_tokens": chat.max_completion_tokens,
        "temperature": chat.temperature,
        "top_p": chat.top_p,
        "stop_sequences": chat.stop,
    }
    system = "\n\n".join(message.text() for message in chat.messages if message.role in ("system", "developer"))
    made: dict[str, Any] = {"model": chat.model or model, "messages": _messages(chat.messages), **options}
    made |= {name: value for name, value in asked.items() if value is not None}
    if system:
        made["system"] = system
    if chat.tools:
        made["tools"] = [_tool(tool) for tool in chat.tools]
    if chat.tool_choice is not None:
        made["tool_choice"] = _choice(chat.tool_choice)
    return made | _thinking(chat.reasoning, made["model"], made["max_tokens"])


def _messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    after_tool = False
    for message in messages:
        if message.role in ("system", "developer"):
            continue
        if message.role not in ("user", "assistant", "tool"):
            raise IllegalArgument(
                f"[messages] Invalid role [{message.role}]; "
                "it must be one of [assistant, developer, system, tool, user]"
            )
        if message.role == "assistant":
            made.append({"role": "assistant", "content": _said(message)})
        elif after_tool:  # the results of all calls, and what the user says to them, are one message
            made[-1]["content"] += _results(message) if message.role == "tool" else _blocks(message.content)
        elif message.role == "tool":
            made.append({"role": "user", "content": _results(message)})
        else:
            made.append({"role": "user", "content": _content(message.content)})
        after_tool = message.role == "tool" or (after_tool and message.role == "user")
    return made


def _said(message: Message) -> str | list[Block]:
    """What the model itself has said: its thinking comes first, signed as it was, then the text, then the calls."""
    thoughts = [block for detail in message.reasoning_details or () if (block := _thought(detail))]
    calls = [_call(call) for call in message.tool_calls or ()]
    if thoughts or calls:
        return [*thoughts, *_blocks(message.content), *calls]
    return _content(message.content)


def _thought(detail: Mapping[str, Any]) -> Block | None:
    """A block of thinking; None for what other models have thought, and for what is not signed."""
    if detail.get("format", FORMAT) != FORMAT:
        return None
    if detail.get("type") == "reasoning.encrypted" and "data" in detail:
        return {"type": "redacted_thinking", "data": detail["data"]}
    if detail.get("type") == "reasoning.text" and detail.get("signature"):
        return {"type": "thinking", "thinking": detail.get("text", ""), "signature": detail["signature"]}
    return None


def _call(call: ToolCall) -> Block:
    function = call.function or FunctionCall()
    try:
        arguments = orjson.loads(function.arguments or "{}")
    except orjson.JSONDecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        raise IllegalArgument(f"[messages] The arguments of the tool call [{call.id}] must be a JSON object")
    return {"type": "tool_use", "id": call.id, "name": function.name, "input": arguments}


def _results(message: Message) -> list[Block]:
    result: Block = {"type": "tool_result", "tool_use_id": message.tool_call_id}
    return [result | ({"content": _content(message.content)} if message.content else {})]


def _content(given: str | Sequence[Part] | None) -> str | list[Block]:
    return given if isinstance(given, str) else _blocks(given)


def _blocks(given: str | Sequence[Part] | None) -> list[Block]:
    parts = [Text(given)] if isinstance(given, str) else given or ()
    return [_block(part) for part in parts if not isinstance(part, Text) or part.text]


def _block(part: Part) -> Block:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, Image):
        return {"type": "image", "source": _source(part.image_url.url, "image_url.url")}
    return _document(part)


def _document(part: File) -> Block:
    title = {"title": part.file.filename} if part.file.filename else {}
    source = _source(part.file.file_data, "file.file_data")
    if source.get("media_type") not in (None, "application/pdf"):
        raise IllegalArgument(f"[file.file_data] has type [{source['media_type']}]; Anthropic takes [application/pdf]")
    return {"type": "document", "source": source, **title}


def _source(url: str, where: str) -> Block:
    if parts := content.unpacked(url):
        return {"type": "base64", "media_type": parts[0], "data": parts[1]}
    if url.startswith(("http://", "https://")):
        return {"type": "url", "url": url}
    raise IllegalArgument(f"[{where}] must be an http or https URL, or a URL such as [data:image/png;base64,…]")


def _tool(tool: Tool) -> dict[str, Any]:
    function = tool.function
    told = {"description": function.description, "strict": function.strict}
    schema = function.parameters or {"type": "object", "properties": {}}
    return {"name": function.name, "input_schema": schema} | {
        name: value for name, value in told.items() if value is not None
    }


def _choice(choice: str | ToolChoice) -> dict[str, Any]:
    if isinstance(choice, ToolChoice):
        return {"type": "tool", "name": choice.function.name}
    kinds = {"auto": "auto", "none": "none", "required": "any"}
    if choice not in kinds:
        raise IllegalArgument(f"[tool_choice] Invalid value [{choice}]; it must be one of [auto, none, required]")
    return {"type": kinds[choice]}


def _thinking(reasoning: Reasoning | None, model: str, most: int) -> dict[str, Any]:
    if reasoning is None:
        return {}
    if reasoning.enabled is False or reasoning.effort == "none":
        return {"thinking": {"type": "disabled"}}
    display = {"display": "omitted"} if reasoning.exclude else {}
    if (tokens := budget(reasoning, model, most)) is not None:
        return {"thinking": {"type": "enabled", "budget_tokens": tokens, **display}}
    thinking = {"thinking": {"type": "adaptive", "display": "summarized", **display}}
    effort = "low" if reasoning.effort == "minimal" else reasoning.effort
    return thinking | ({"output_config": {"effort": effort}} if effort else {})


def budget(reasoning: Reasoning, model: str, most: int, limit: str = "max_tokens") -> int | None:
    """How many of the most tokens to write, the setting `limit`, go to thinking; None if the model sees to it itself.

    Raises IllegalArgument if that leaves too few.
    """
    if not _THINKS_BY_BUDGET.match(model):
        return None
    if most <= _LEAST_BUDGET:
        raise IllegalArgument(f"[{limit}] is [{most}]; with [reasoning] it must be more than [{_LEAST_BUDGET}]")
    return max(_LEAST_BUDGET, min(int(most * _SHARES[reasoning.effort or "medium"]), most - 1))
