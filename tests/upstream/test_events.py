"""Server-sent events, however the bytes are cut: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import Malformed
from connote.upstream import events as reader
from connote.upstream.events import MOST_BYTES, Event, EventParser


def parsed(*pieces: bytes) -> list[Event]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)] + list(parser.close())


def test_what_the_specification_shows() -> None:
    stream = b"\xef\xbb\xbf: a comment\n\nevent: add\ndata: 73857293\n\ndata\n\n"
    stream += b"data:  first\r\ndata: second\rid: 1\r\rdata: x"
    assert parsed(stream) == [
        Event("add", "73857293"),
        Event("message", ""),
        Event("message", " first\nsecond"),
        Event("message", "x"),
    ]


lines = st.text(st.characters(exclude_characters="\r\n\ufeff", exclude_categories=["Cs"]), max_size=8)
written = st.lists(st.tuples(lines.filter(bool), st.lists(lines, min_size=1, max_size=3)), max_size=5)


@given(written, st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_events_are_the_same_wherever_the_bytes_are_cut(
    events: list[tuple[str, list[str]]], newline: str, data: st.DataObject
) -> None:
    stream = "".join(
        newline.join([f"event: {name}", *(f"data: {line}" for line in held), "", ""]) for name, held in events
    ).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert parsed(*pieces) == [Event(name, "\n".join(held)) for name, held in events]


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_read(pieces: list[bytes]) -> None:
    parsed(*pieces)


def test_an_event_that_does_not_end_is_refused() -> None:
    parser = EventParser()
    with pytest.raises(Malformed):
        list(parser.feed(b"data: " + b"x" * MOST_BYTES))


def test_lines_without_data_are_not_held_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_BYTES", 100)
    with pytest.raises(Malformed):
        parsed(*[b"data:\n"] * 200)
