"""Grok: the examples of the documentation, what names stand for, and what is refused."""

import ipaddress
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import IllegalArgument, ParseFailed
from connote.ingest.grok import Grok, compiled, library
from piped import failure, pipeline, through

LINE = "55.3.244.1 GET /index.html 15824 0.043"
PATTERN = "%{IP:client} %{WORD:method} %{URIPATHPARAM:request} %{NUMBER:bytes:int} %{NUMBER:duration:double}"
APACHE = (
    '83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /images/kibana-search.png HTTP/1.1" 200 203023 '
    '"http://semicomplete.com/presentations/" "Mozilla/5.0 (Macintosh)"'
)


def test_fields_are_found_with_their_types() -> None:
    found = through({"message": LINE}, {"grok": {"field": "message", "patterns": [PATTERN]}})
    wanted = {"client": "55.3.244.1", "method": "GET", "request": "/index.html", "bytes": 15824, "duration": 0.043}
    assert found == {"message": LINE, **wanted}


def test_own_patterns_and_several_of_which_the_first_that_fits_counts() -> None:
    options = {
        "field": "message",
        "patterns": ["%{FAVORITE_DOG:pet}", "%{FAVORITE_CAT:pet.name}"],
        "pattern_definitions": {"FAVORITE_DOG": "beagle", "FAVORITE_CAT": "burmese"},
        "trace_match": True,
    }
    copy = {"set": {"field": "which", "copy_from": "_ingest._grok_match_index"}}
    found = through({"message": "I love burmese cats!"}, {"grok": options}, copy)
    assert (found["pet"], found["which"]) == ({"name": "burmese"}, "1")


def test_logs_of_a_web_server_in_both_schemes() -> None:
    found = through({"m": APACHE}, {"grok": {"field": "m", "patterns": ["%{COMBINEDAPACHELOG}"]}})
    assert (found["clientip"], found["verb"], found["response"], found["bytes"]) == (
        "83.149.9.216",
        "GET",
        "200",
        "203023",
    )
    assert found["agent"] == '"Mozilla/5.0 (Macintosh)"'
    options = {"field": "m", "patterns": ["%{COMBINEDAPACHELOG}"], "ecs_compatibility": "v1"}
    found = through({"m": APACHE}, {"grok": options})
    assert found["source"] == {"address": "83.149.9.216"}
    assert found["http"]["response"] == {"status_code": 200, "body": {"bytes": 203023}}
    assert found["user_agent"] == {"original": "Mozilla/5.0 (Macintosh)"}
    assert "user" not in found


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        ("%{SYSLOGLINE}", "Mar 16 00:01:25 evita postfix/smtpd[1713]: connect from x",
         {"timestamp": "Mar 16 00:01:25", "logsource": "evita", "program": "postfix/smtpd", "pid": "1713",
          "message": "connect from x"}),
        ("%{TIMESTAMP_ISO8601:at} %{LOGLEVEL:level}", "2026-11-26T03:01:22.123Z WARN x",
         {"at": "2026-11-26T03:01:22.123Z", "level": "WARN"}),
        ("%{EMAILADDRESS:who}", "mail to a.b+c@example.co.uk now", {"who": "a.b+c@example.co.uk"}),
        ("%{URI:url}", "see https://user:pw@example.com:8080/a/b?c=d&e=1 there",
         {"url": "https://user:pw@example.com:8080/a/b?c=d&e=1"}),
        ("%{QS:said}", 'he said "a \\" b" and left', {"said": '"a \\" b"'}),
        ("%{MAC:mac}", "at 00:1A:2b:3C:4d:5E", {"mac": "00:1A:2b:3C:4d:5E"}),
        ("%{UUID:id}", "id=123e4567-e89b-12d3-a456-426614174000;", {"id": "123e4567-e89b-12d3-a456-426614174000"}),
        ("%{HTTPDATE:at}", "[17/May/2015:10:05:03 +0000]", {"at": "17/May/2015:10:05:03 +0000"}),
        ("%{HOSTPORT:at}", "to example.org:9200!", {"at": "example.org:9200"}),
        ("%{WINPATH:path}", "in C:\\Users\\me", {"path": "C:\\Users\\me"}),
        ("(?<first.word>\\w+) (?<@rest>.*)", "one two three", {"first.word": "one", "@rest": "two three"}),
        ("%{WORD:w} %{WORD:w}", "a b", {"w": ["a", "b"]}),
        ("(?:%{INT:n:int}|%{WORD:w})", "word", {"w": "word"}),
        ("%{WORD:yes:boolean}", "TRUE", {"yes": True}),
    ],
)  # fmt: skip
def test_what_names_stand_for(pattern: str, text: str, wanted: dict[str, Any]) -> None:
    assert compiled(pattern).match(text) == wanted


@given(some.ip_addresses())
def test_every_address_is_found_whole(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    for text in {str(address), address.exploded}:
        assert compiled("^from %{IP:ip};").match(f"from {text};") == {"ip": text}


@given(some.floats(allow_nan=False, allow_infinity=False).filter(lambda n: abs(n) < 1e15), some.integers())
def test_numbers_are_found_whole(real: float, whole: int) -> None:
    found = compiled("^%{NUMBER:a:float} %{INT:b:long}$").match(f"{real:.6f} {whole}")
    assert found == {"a": float(f"{real:.6f}"), "b": whole}


@given(some.datetimes(min_value=datetime(1000, 1, 1), timezones=some.just(UTC)))  # noqa: DTZ001 (its time zone is given)
def test_dates_are_found_whole(at: datetime) -> None:
    for name, text in (
        ("TIMESTAMP_ISO8601", at.isoformat()),
        ("HTTPDATE", at.strftime("%d/%b/%Y:%H:%M:%S %z")),
        ("DATESTAMP_RFC2822", at.strftime("%a, %d %b %Y %H:%M:%S +0000")),
    ):
        assert compiled(f"^\\[%{{{name}:at}}\\]$").match(f"[{text}]") == {"at": text}, name


def test_all_names_are_expressions() -> None:
    for ecs in (False, True):
        for name in library(ecs=ecs):
            Grok(f"%{{{name}}}", library(ecs=ecs))


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("%{NOTHING:x}", "Unable to find pattern [NOTHING]"),
        ("%{A}", "circular reference in pattern [A]: A back to B back to A"),
        ("%{IP:x} (", "Invalid regex pattern"),
        ("%{LONG}" * 3, "at most 100000 characters"),
    ],
)
def test_patterns_that_are_none_are_refused(pattern: str, told: str) -> None:
    known = {**library(), "A": "%{B}", "B": "%{A}", "LONG": "x" * 40_000}
    with pytest.raises(IllegalArgument) as wrong:
        Grok(pattern, known)
    assert told in wrong.value.reason


def test_the_processor_says_what_is_wrong() -> None:
    one = {"grok": {"field": "m", "patterns": ["%{IP:ip}"]}}
    assert "Provided Grok expressions do not match field value: [here]" in failure({"m": "here"}, one)
    assert "is null or of type" in failure({"m": 1}, one)
    assert through({}, {"grok": {**one["grok"], "ignore_missing": True}}) == {}
    assert "is not of its type" in failure({"m": "ten"}, {"grok": {"field": "m", "patterns": ["%{WORD:n:int}"]}})
    slow = {"grok": {"field": "m", "patterns": ["^(a|a|a)+$"]}}
    assert "took longer" in failure({"m": "a" * 40 + "b"}, slow)
    wrong: list[dict[str, Any]] = [
        {"patterns": []},
        {"patterns": ["%{NO}"]},
        {"patterns": ["(?R)"]},
        {"patterns": ["(?<a>x|(?&a))"]},
        {"patterns": ["x"], "ecs_compatibility": "v2"},
    ]
    for options in wrong:
        with pytest.raises(ParseFailed):
            pipeline({"grok": {"field": "m", **options}})


@given(some.text(alphabet="%{}():<>?[]\\|*+abIPINT:.", max_size=30), some.text(max_size=30))
def test_whatever_is_a_pattern_finds_or_is_refused(pattern: str, text: str) -> None:
    with suppress(IllegalArgument, TimeoutError):
        Grok(pattern, library()).match(text)
