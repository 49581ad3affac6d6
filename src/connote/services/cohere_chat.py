"""Chats as Cohere's Chat API is asked for them: https://docs.cohere.com/reference/chat."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from connote.contract.chat import (
    ChatRequest,
    File,
    Message,
    Part,
    Reasoning,
    Tool,
    ToolChoice,
)
from connote.contract.errors import IllegalArgument

_ROLES = {"assistant": "assistant", "developer": "system", "system": "system", "tool": "tool", "user": "user"}
# What Cohere takes; 1, which means no limit elsewhere, is beyond it.
_LEAST_P, _MOST_P = 0.01, 0.99
_CHOICES = {None: None, "auto": None, "none": "NONE", "required": "REQUIRED"}


def body(chat: ChatRequest, model: str) -> dict[str, Any]:
    """The body of a request. Raises IllegalArgument for what cannot be told to these models."""
    asked = {
        "max_tokens": chat.max_completion_tokens,
        "stop_sequences": chat.stop,
        "temperature": chat.temperature,
        "p": None if chat.top_p is None else min(max(chat.top_p, _LEAST_P), _MOST_P),
        "thinking": _thinking(chat.reasoning),
    }
    made: dict[str, Any] = {"model": chat.model or model, "messages": [_message(each) for each in chat.messages]}
    made |= {name: value for name, value in asked.items() if value is not None}
    return made | _tools(chat.tools or (), chat.tool_choice)


def _message(message: Message) -> dict[str, Any]:
    if message.role not in _ROLES:
        raise IllegalArgument(
            f"[messages] Invalid role [{message.role}]; it must be one of [{', '.join(sorted(_ROLES))}]"
        )
    made: dict[str, Any] = {"role": _ROLES[message.role]}
    if message.tool_call_id is not None:
        made["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        made["tool_calls"] = msgspec.to_builtins(message.tool_calls)
    if message.reasoning and message.tool_calls:
        made["tool_plan"] = message.reasoning
    content = _content(message.content)
    if message.reasoning and not message.tool_calls:
        content = [{"type": "thinking", "thinking": message.reasoning}, *_parts(content)]
    return made if content is None else made | {"content": content}


def _content(given: str | Sequence[Part] | None) -> str | list[dict[str, Any]] | None:
    if given is None or isinstance(given, str):
        return given
    if any(isinstance(part, File) for part in given):
        raise IllegalArgument("[messages] Cohere's models take texts and images, no files")
    parts: list[dict[str, Any]] = msgspec.to_builtins(given)
    return parts


def _parts(content: str | list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def _tools(tools: Sequence[Tool], choice: str | ToolChoice | None) -> dict[str, Any]:
    """The tools, and whether one must be called. The only one that may be called is the only one that is sent."""
    if isinstance(choice, ToolChoice):
        tools = [tool for tool in tools if tool.function.name == choice.function.name]
        if not tools:
            raise IllegalArgument(f"[tool_choice] names [{choice.function.name}], which is not in [tools]")
        choice = "required"
    if choice not in _CHOICES:
        raise IllegalArgument(f"[tool_choice] Invalid value [{choice}]; it must be one of [auto, none, required]")
    made: dict[str, Any] = {"tools": [_tool(tool) for tool in tools]} if tools else {}
    if any(tool.function.strict for tool in tools):
        made["strict_tools"] = True
    return made | ({"tool_choice": _CHOICES[choice]} if _CHOICES[choice] else {})


def _tool(tool: Tool) -> dict[str, Any]:
    function = tool.function
    described = {"description": function.description} if function.description is not None else {}
    parameters = function.parameters or {"type": "object", "properties": {}}
    return {"type": "function", "function": {"name": function.name, **described, "parameters": parameters}}


def _thinking(reasoning: Reasoning | None) -> Mapping[str, str] | None:
    if reasoning is None:
        return None
    is_off = reasoning.enabled is False or reasoning.effort == "none"
    return {"type": "disabled" if is_off else "enabled"}
