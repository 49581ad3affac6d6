"""AWS's event streams, however the bytes are cut and whatever is wrong with them."""

import json
import struct
from binascii import crc32
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import EventStreamError
from hypothesis import given
from hypothesis import strategies as st

from aws import bedrock, frame, raw_frame, read
from connote.contract.errors import Malformed
from connote.services.service import Framing
from connote.upstream.events import MOST_BYTES
from connote.upstream.frames import Event, parser

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(texts | st.integers() | st.none(), lambda inner: st.dictionaries(texts, inner, max_size=3))
payloads = st.dictionaries(texts, values, max_size=3).filter(lambda payload: set(payload) != {"Bytes"})
written = st.lists(st.tuples(texts, payloads), max_size=5)


def parsed(framing: Framing, *pieces: bytes) -> list[Event]:
    reader = parser(framing)
    return [event for piece in pieces for event in reader.feed(piece)] + list(reader.close())


def cut(whole: bytes, where: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(place % (len(whole) + 1) for place in where), len(whole)]
    return [whole[start:end] for start, end in pairwise(places)]


def part(text: bytes) -> bytes:
    return frame("PayloadPart", {"Bytes": text})


@given(written, st.lists(st.integers(0, 10**6), max_size=8))
def test_events_come_whole_however_they_are_cut(told: list[tuple[str, Any]], where: list[int]) -> None:
    pieces = cut(b"".join(frame(type, payload) for type, payload in told), where)
    events = parsed("aws", *pieces)
    assert [json.loads(event.data) for event in events] == [{type: payload} for type, payload in told]
    assert {event.name for event in events} <= {"message"}


def test_every_single_cut_and_byte_by_byte() -> None:
    whole = frame("a", {"b": "é"}) + frame("c", {}) + frame("d", {"message": "no"}, kind="exception")
    wanted = parsed("aws", whole)
    assert [event.name for event in wanted] == ["message", "message", "error"]
    for at in range(len(whole)):
        assert parsed("aws", whole[:at], whole[at:]) == wanted
    assert parsed("aws", *(whole[at : at + 1] for at in range(len(whole)))) == wanted


@given(written.filter(bool), st.integers(0, 10**6))
def test_a_stream_that_breaks_off_is_malformed(told: list[tuple[str, Any]], at: int) -> None:
    frames = [frame(type, payload) for type, payload in told]
    whole, ends = b"".join(frames), {sum(map(len, frames[:count])) for count in range(len(frames) + 1)}
    at %= len(whole)
    if at in ends:
        assert len(parsed("aws", whole[:at])) < len(frames)
    else:
        with pytest.raises(Malformed):
            parsed("aws", whole[:at])


@given(written.filter(bool), st.integers(0, 10**6), st.integers(1, 255))
def test_a_flipped_byte_is_malformed(told: list[tuple[str, Any]], at: int, flip: int) -> None:
    whole = bytearray(b"".join(frame(type, payload) for type, payload in told))
    whole[at % len(whole)] ^= flip
    with pytest.raises(Malformed):
        parsed("aws", bytes(whole))


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_rubbish_is_malformed_or_nothing(pieces: list[bytes]) -> None:
    for framing in ("aws", "aws-payload"):
        try:
            assert parsed(framing, *pieces) == []
        except Malformed:
            continue
        assert not any(pieces)


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(-40, 40), st.integers(-40, 40))
def test_a_frame_that_lies_with_right_checksums_is_no_trap(
    headers: bytes, body: bytes, longer: int, more_headers: int
) -> None:
    """Lengths and headers that cannot be, under checksums that hold."""
    whole = lying_frame(headers, body, longer, more_headers)
    for framing in ("aws", "aws-payload"):
        try:
            events = parsed(framing, whole)
        except Malformed:
            continue
        assert len(events) <= len(whole)


def lying_frame(headers: bytes, body: bytes, longer: int, more_headers: int) -> bytes:
    total = max(0, 16 + len(headers) + len(body) + longer)
    start = struct.pack("!II", total, max(0, len(headers) + more_headers))
    start += struct.pack("!I", crc32(start))
    whole = start + headers + body
    return whole + struct.pack("!I", crc32(whole))


@pytest.mark.parametrize(
    "rubbish",
    [
        raw_frame({":message-type": "event", ":event-type": "a"}, b"\xff"),
        raw_frame({":message-type": "event", ":event-type": "a"}, b"x" * (MOST_BYTES + 1))[:-1],
        frame("a", {})[:8] + bytes(4) + frame("a", {})[12:],
    ],
)
def test_no_text_too_much_and_a_wrong_checksum_are_malformed(rubbish: bytes) -> None:
    with pytest.raises(Malformed):
        parsed("aws", rubbish)


def test_botocore_takes_our_exceptions_for_such() -> None:
    shape = bedrock.service.operation_model("ConverseStream").output_shape
    with pytest.raises(EventStreamError, match=r"\(throttlingException\).*slow"):
        read(frame("throttlingException", {"message": "slow"}, kind="exception"), shape, "ConverseStream")


def test_an_exception_is_an_error_with_its_type() -> None:
    told = [
        frame("throttlingException", {"message": "slow"}, kind="exception"),
        raw_frame({":message-type": "exception", ":exception-type": "a"}, b"no JSON"),
        raw_frame({":message-type": "error", ":error-code": "b", ":error-message": "bad"}, b""),
    ]
    assert [(event.name, json.loads(event.data)["error"]) for event in parsed("aws", *told)] == [
        ("error", {"message": "slow", "type": "throttlingException"}),
        ("error", {"message": "a", "type": "a"}),
        ("error", {"message": "bad", "type": "b"}),
    ]
    assert [event.name for event in parsed("aws-payload", *told)] == ["error"] * 3


@given(
    st.lists(payloads, max_size=4), st.lists(st.integers(0, 10**6), max_size=6), st.sampled_from(["", "\n", " \r\n"])
)
def test_objects_in_parts_come_whole_however_they_are_cut(told: list[Any], where: list[int], between: str) -> None:
    whole = between + between.join(json.dumps(each, ensure_ascii=False) for each in told) + between
    events = parsed("aws-payload", *(part(piece) for piece in cut(whole.encode(), where)))
    assert [json.loads(event.data) for event in events] == told


@given(st.lists(payloads, max_size=4), st.lists(st.integers(0, 10**6), max_size=6))
def test_server_sent_events_in_parts_come_whole_however_they_are_cut(told: list[Any], where: list[int]) -> None:
    whole = "".join(f"event: message\ndata: {json.dumps(each, ensure_ascii=False)}\n\n" for each in told)
    events = parsed("aws-payload", *(part(piece) for piece in cut(whole.encode(), where)))
    assert [json.loads(event.data) for event in events] == told


def test_an_object_that_breaks_off_is_left_for_the_decoder() -> None:
    assert parsed("aws-payload", part(b'{"a": 1}{"b": {}'), part(b" ")) == [
        Event("message", '{"a": 1}'),
        Event("message", '{"b": {} '),
    ]


@pytest.mark.parametrize("inner", [b'{"a": "' + b"x" * MOST_BYTES, b'{"a":' * 100_000 + b"}", b'{"a": "\xff"}'])
def test_objects_that_are_too_large_too_deep_or_no_text_are_malformed(inner: bytes) -> None:
    step = 1024 * 1024
    with pytest.raises(Malformed):
        parsed("aws-payload", *(part(inner[at : at + step]) for at in range(0, len(inner), step)))
