"""Conversations for property tests: as varied as the wire allows, and in an order that makes sense."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from connote.contract.chat import (
    ChatRequest,
    ChosenFunction,
    File,
    FileData,
    Function,
    FunctionCall,
    Image,
    ImageUrl,
    Message,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
)

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
PAPER = "data:application/pdf;base64,JVBERi0xLjQKJcOkw7zDtsOfCg=="

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
images = st.builds(
    Image, st.builds(ImageUrl, st.sampled_from([PIXEL, "https://example.org/a.png"]), st.sampled_from([None, "low"]))
)
files = st.builds(File, st.builds(FileData, st.just(PAPER), st.sampled_from([None, "paper.pdf"])))
TOOL = Tool(
    "function",
    Function("weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}}),
)


def asking(*kinds: st.SearchStrategy[Part]) -> st.SearchStrategy[Message]:
    """A message of the user with texts and these kinds of parts."""
    parts = st.lists(st.one_of(st.builds(Text, words), *kinds), min_size=1, max_size=3)
    return st.builds(Message, st.just("user"), words | parts)


@st.composite
def exchanges(draw: st.DrawFn, asks: st.SearchStrategy[Message], *, with_tools: bool) -> Sequence[Message]:
    """The user asks, and the model answers: perhaps with a call of the tool, whose result it then has."""
    messages = [draw(asks)]
    if with_tools and draw(st.booleans()):
        call = ToolCall(id="call_1", type="function", function=FunctionCall("weather", '{"city": "Bern"}'))
        messages.append(Message("assistant", draw(st.none() | words), tool_calls=[call]))
        messages.append(Message("tool", draw(words), tool_call_id="call_1"))
    messages.append(Message("assistant", draw(words)))
    return messages


@st.composite
def chats(
    draw: st.DrawFn, *, kinds: Sequence[st.SearchStrategy[Part]] = (images,), efforts: Sequence[str] = ()
) -> ChatRequest:
    """A request: perhaps a system message, earlier exchanges, a last question, and options."""
    with_tools = draw(st.booleans())
    asks = asking(*kinds)
    earlier = draw(st.lists(exchanges(asks, with_tools=with_tools), max_size=2))
    system = [Message("system", draw(words))] if draw(st.booleans()) else []
    options: dict[str, st.SearchStrategy[Any]] = {
        "max_completion_tokens": st.integers(1, 4096),
        "stop": st.lists(words, min_size=1, max_size=2),
        "temperature": st.floats(0, 1),
        "top_p": st.floats(0.125, 1),
    }
    if efforts:
        options["reasoning"] = st.builds(Reasoning, effort=st.sampled_from(efforts))
    chosen: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=options))
    if with_tools:
        choices = st.sampled_from([None, "auto", "none", "required", ToolChoice("function", ChosenFunction("weather"))])
        chosen |= {"tools": [TOOL], "tool_choice": draw(choices)}
    messages = [*system, *(message for exchange in earlier for message in exchange), draw(asks)]
    return ChatRequest(messages, **chosen)
