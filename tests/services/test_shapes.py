"""Chats keep their sense on the way to a vendor's own shape and back."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from connote.contract import chat
from connote.contract.chat import Answer, Chat, Chunk
from connote.services import anthropic_answer, anthropic_chat, cohere_answer, cohere_chat

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.text(), JSON, max_size=3)
TEXTS = st.text(min_size=1)
IDS = st.from_regex("[a-zA-Z0-9_-]{1,12}", fullmatch=True)
Event = dict[str, Any]


def merged(chunks: Iterable[Chunk]) -> dict[str, Any]:
    """The message that a client puts together from chunks."""
    message: dict[str, Any] = {}
    for chunk in chunks:
        for name, piece in msgspec.to_builtins(chunk.choices[0].delta).items():
            if name == "tool_calls":
                for call in piece:
                    _add_call(message.setdefault(name, []), call)
            else:
                message[name] = message[name] + piece if name in message else piece
    return message


def _add_call(calls: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    if piece["index"] == len(calls):
        calls.append({name: value for name, value in piece.items() if name != "index"})
        calls[-1]["function"] = {"arguments": "", **calls[-1]["function"]}
    else:
        calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]


def message(answer: Answer) -> dict[str, Any]:
    """The message that an answer at once has on the wire."""
    shown: dict[str, Any] = Chat(answer).wire()["choices"][0]["message"]
    return shown


def split(draw: st.DrawFn, text: str) -> list[str]:
    """A text in pieces."""
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=3)) | {0, len(text)})
    return [text[a:b] for a, b in pairwise(cuts) if a < b]


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether messages are the same, whatever the order of their members and the spaces in arguments."""

    def plain(message: dict[str, Any]) -> dict[str, Any]:
        calls = json.loads(json.dumps(message.get("tool_calls", [])))
        for call in calls:
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        return message | {"tool_calls": calls}

    return plain(a) == plain(b)


@st.composite
def anthropic(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """The content of an answer of Anthropic's, and the events that it streams as."""
    thoughts = st.builds(lambda text, sign: {"type": "thinking", "thinking": text, "signature": sign}, st.text(), TEXTS)
    hidden = st.builds(lambda data: {"type": "redacted_thinking", "data": data}, TEXTS)
    text = st.builds(lambda text: {"type": "text", "text": text}, TEXTS)
    calls = st.builds(
        lambda id, name, given: {"type": "tool_use", "id": id, "name": name, "input": given}, IDS, IDS, INPUTS
    )
    blocks = [
        *draw(st.lists(thoughts | hidden, max_size=3)),
        *draw(st.lists(text, max_size=1)),
        *draw(st.lists(calls, max_size=3)),
    ]
    return blocks, [event for at, block in enumerate(blocks) for event in _begun_to_stopped(draw, at, block)]


def _begun_to_stopped(draw: st.DrawFn, at: int, block: Event) -> Iterator[Event]:
    deltas: list[Event] = []
    begun = dict(block)
    if block["type"] == "text":
        begun["text"] = ""
        deltas += [{"type": "text_delta", "text": piece} for piece in split(draw, block["text"])]
    elif block["type"] == "thinking":
        begun |= {"thinking": "", "signature": ""}
        deltas += [{"type": "thinking_delta", "thinking": piece} for piece in split(draw, block["thinking"])]
        deltas += [{"type": "signature_delta", "signature": block["signature"]}]
    elif block["type"] == "tool_use":
        begun["input"] = {}
        told = json.dumps(block["input"]) if block["input"] or draw(st.booleans()) else ""
        deltas += [{"type": "input_json_delta", "partial_json": piece} for piece in split(draw, told)]
    yield {"type": "content_block_start", "index": at, "content_block": begun}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": at, "delta": delta}
    yield {"type": "content_block_stop", "index": at}


def anthropics_answer(blocks: list[Event]) -> Answer:
    reply = {"id": "m", "model": "c", "content": blocks, "stop_reason": "end_turn", "usage": {"input_tokens": 1}}
    return anthropic_answer.answer(msgspec.json.decode(json.dumps(reply), type=anthropic_answer.Reply))


@given(anthropic())
def test_anthropic_tells_the_same_in_a_stream_as_at_once(told: tuple[list[Event], list[Event]]) -> None:
    blocks, events = told
    start = {"type": "message_start", "message": {"id": "m", "model": "c", "content": [], "usage": {"input_tokens": 1}}}
    decode: Callable[[str], Any] = msgspec.json.Decoder(anthropic_answer.Event).decode
    stream = anthropic_answer.Stream()
    chunks = [chunk for event in [start, *events] for chunk in stream.chunk(decode(json.dumps(event)))]
    assert same(merged(chunks), message(anthropics_answer(blocks)))


@given(anthropic())
def test_what_anthropic_says_goes_back_as_it_was(told: tuple[list[Event], list[Event]]) -> None:
    blocks, _ = told
    said = message(anthropics_answer(blocks))
    request = chat.parse({"messages": [{"role": "user", "content": "a"}, said, {"role": "user", "content": "b"}]})
    sent = anthropic_chat.body(request, "c", {"max_tokens": 1})["messages"][1]["content"]
    assert ([{"type": "text", "text": sent}] if isinstance(sent, str) else sent) == blocks


@st.composite
def cohere(draw: st.DrawFn) -> tuple[Event, list[Event]]:
    """The message of an answer of Cohere's, and the events that it streams as."""
    thinking = draw(st.lists(st.builds(lambda text: {"type": "thinking", "thinking": text}, TEXTS), max_size=1))
    text = draw(st.lists(st.builds(lambda text: {"type": "text", "text": text}, TEXTS), max_size=1))
    calls = draw(st.lists(st.builds(_call, IDS, IDS, INPUTS), max_size=3))
    told: Event = {"role": "assistant", "content": thinking + text}
    events: list[Event] = []
    for at, part in enumerate(told["content"]):
        kind = part["type"]
        events.append(_event("content-start", at, {"content": {"type": kind, kind: ""}}))
        events += [_event("content-delta", at, {"content": {kind: piece}}) for piece in split(draw, part[kind])]
        events.append(_event("content-end", at, {}))
    if calls:
        told |= {"tool_calls": calls, "tool_plan": draw(st.text())}
        events += [_event("tool-plan-delta", 0, {"tool_plan": piece}) for piece in split(draw, told["tool_plan"])]
    for at, call in enumerate(calls):
        begun = call | {"function": call["function"] | {"arguments": ""}}
        events.append(_event("tool-call-start", at, {"tool_calls": begun}))
        for piece in split(draw, call["function"]["arguments"]):
            events.append(_event("tool-call-delta", at, {"tool_calls": {"function": {"arguments": piece}}}))
        events.append(_event("tool-call-end", at, {}))
    return told, events


def _call(id: str, name: str, arguments: dict[str, Any]) -> Event:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def _event(type: str, at: int, message: Event) -> Event:
    return {"type": type, "index": at, "delta": {"message": message}}


def coheres_answer(told: Event) -> Answer:
    reply = {"id": "m", "message": told, "finish_reason": "COMPLETE"}
    return cohere_answer.answer(msgspec.json.decode(json.dumps(reply), type=cohere_answer.Reply), "c")


@given(cohere())
def test_cohere_tells_the_same_in_a_stream_as_at_once(told: tuple[Event, list[Event]]) -> None:
    at_once, events = told
    start = {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant", "content": []}}}
    decode: Callable[[str], Any] = msgspec.json.Decoder(cohere_answer.Event).decode
    stream = cohere_answer.Stream("c")
    chunks = [chunk for event in [start, *events] for chunk in stream.chunk(decode(json.dumps(event)))]
    assert same(merged(chunks), message(coheres_answer(at_once)))


@given(cohere())
def test_what_cohere_says_goes_back_with_nothing_lost(told: tuple[Event, list[Event]]) -> None:
    at_once, _ = told
    said = message(coheres_answer(at_once))
    request = chat.parse({"messages": [{"role": "user", "content": "a"}, said, {"role": "user", "content": "b"}]})
    sent = cohere_chat.body(request, "c")["messages"][1]
    assert same(message(coheres_answer(as_said(sent))), said)


def as_said(sent: Event) -> Event:
    """A message that is sent, in the form of one that is answered: its content is a list."""
    content = sent.get("content", [])
    return sent | {"content": [{"type": "text", "text": content}] if isinstance(content, str) else content}
