"""Redaction: what fits a pattern is hidden; and documents that go to the index of their date."""

from typing import Any

import pytest

from connote.contract.errors import ParseFailed
from piped import failure, pipeline, through


@pytest.mark.parametrize(
    ("options", "text", "wanted"),
    [
        ({"patterns": ["%{IP:client}"]}, "10.0.0.7 asked 10.0.0.8 twice", "<client> asked <client> twice"),
        (
            {"patterns": ["%{IP:HIDDEN}", "%{EMAILADDRESS:HIDDEN}"], "prefix": "*", "suffix": "*"},
            "ann@example.org from 10.0.0.7",
            "*HIDDEN* from *HIDDEN*",
        ),
        ({"patterns": ["%{FLAT:FLAT}"], "pattern_definitions": {"FLAT": "flat %{INT}"}}, "in flat 12", "in <FLAT>"),
        ({"patterns": ["(?<A>[b-d]+)", "(?<B>cd)", "(?<C>de+)"]}, "abcdeeeee!", "a<C>!"),
        ({"patterns": ["%{INT:n} %{WORD:w}"]}, "1 a, 2 b", "<n> <w>, <n> <w>"),
        ({"patterns": ["%{IP:client}"]}, "nothing here", "nothing here"),
    ],
)
def test_what_fits_a_pattern_is_hidden(options: dict[str, object], text: str, wanted: str) -> None:
    assert through({"m": text}, {"redact": {"field": "m", **options}})["m"] == wanted


def test_a_field_that_is_missing_stays_so() -> None:
    one = {"field": "m", "patterns": ["%{IP:client}"], "skip_if_unlicensed": True}
    assert through({}, {"redact": one}) == {}
    assert "not present" in failure({}, {"redact": {**one, "ignore_missing": False}})
    assert "is null or of type" in failure({"m": 1}, {"redact": one})
    wrongs: list[dict[str, Any]] = [
        {"patterns": []},
        {"patterns": ["%{NONE:x}"]},
        {"patterns": ["%{IP:x}"], "prefix": 1},
    ]
    for wrong in wrongs:
        with pytest.raises(ParseFailed):
            pipeline({"redact": {"field": "m", **wrong}})


def test_whether_anything_was_hidden_may_be_told() -> None:
    traced = {"field": "m", "patterns": ["%{IP:client}"], "trace_redact": True}
    seen = {"set": {"field": "told", "copy_from": "_ingest._redact._is_redacted", "ignore_failure": True}}
    assert through({"m": "to 10.0.0.7"}, {"redact": traced}, seen)["told"] is True
    assert "told" not in through({"m": "to nobody"}, {"redact": traced}, seen)


def test_a_text_that_becomes_too_long_is_refused() -> None:
    long = {"field": "m", "patterns": ["%{WORD:w}"], "prefix": "x" * 100_000}
    assert "at most 10000000 characters" in failure({"m": "a " * 101}, {"redact": long})
