"""Fingerprints of documents. The digests are those that Elasticsearch's own tests of the processor expect."""

from typing import Any

import pytest

from connote.contract.errors import ParseFailed
from piped import failure, pipeline, through


def made(source: dict[str, Any], *fields: str, **options: Any) -> Any:  # noqa: ANN401 (JSON)
    return through(source, {"fingerprint": {"fields": list(fields), **options}}).get("fingerprint")


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("MD5", "b+3QyaPYdnUF1lb5IKE+1g=="),
        ("SHA-1", "SX/93t223OurJvgMUOCtSl9hcpg="),
        ("SHA-256", "zDQYTy34tBlmNedlDdn++N7NN+wBY15mCoPDINmUxXc="),
        ("SHA-512", "xNIpYyJzRmg5R0T44ZORC2tgh8N4tVtTFzD5AdBqxmdOuRUjibQQ64lgefkbuZFl8Hv9ze9U6PAmrlgJPcRPGA=="),
    ],
)
def test_the_digest_is_that_of_the_method(method: str, wanted: str) -> None:
    assert made({"foo": "foo", "bar": "bar"}, "foo", "bar", method=method) == wanted


def test_the_order_of_fields_says_nothing() -> None:
    source = {"foo": "fooValue", "bar": "barValue"}
    assert made(dict(source), "foo", "bar") == made(dict(source), "bar", "foo") == "IgxzmZVknx4+Og/eUpvIlqH9PdI="


def test_what_is_missing_is_left_out_if_it_may_be() -> None:
    one, three = {"foo": "foo"}, {"foo": "foo", "bar": "foo", "baz": "foo"}
    assert made(one, "foo", "bar", "baz", ignore_missing=True) == "WoyqQDn9vALAGmScjA9Z2yg7sos="
    assert made(three, "foo", "bar", "baz", ignore_missing=True) == "2Ozd89kaee2AnbrjU8zB6QGn9Wo="
    assert made({"a": None}, "a", "b", ignore_missing=True) is None
    error = failure({"foo": "foo"}, {"fingerprint": {"fields": ["foo", "bar"]}})
    assert "missing field [bar] when calculating fingerprint" in error


def test_salt_makes_another_digest() -> None:
    assert made({"foo": "foo"}, "foo", salt="salt") == "rWTTCYvRPQAzKXydmKwyC+//dmM="
    assert made({"foo": "foo"}, "foo", salt=" ") == made({"foo": "foo"}, "foo")


def test_objects_count_with_their_keys_in_whatever_order_and_types_are_told_apart() -> None:
    one, other = {"o": {"a": [1, {"x": None}], "b": 2.5}}, {"o": {"b": 2.5, "a": [1, {"x": None}]}}
    assert made(one, "o") == made(other, "o")
    values = [1, 1 << 40, 1.0, "1", True, False, "true", ["1", "2"], {"1": "3"}]
    assert len({made({"v": value}, "v") for value in values}) == len(values)
    assert made({"v": ["a", "b"]}, "v") == made({"v": {"a": "b"}}, "v")  # as in Elasticsearch


def test_numbers_that_java_has_no_bytes_for_are_refused() -> None:
    error = failure({"n": 1 << 70}, {"fingerprint": {"fields": ["n"]}})
    assert "to bytes: it has more than 64 bits" in error


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "[fields] required property is missing"),
        ({"fields": []}, "must specify at least one field"),
        ({"fields": [1]}, "must specify at least one field"),
        ({"fields": ["a"], "method": "SHA-3"}, "must be one of [MD5, SHA-1, SHA-256, SHA-512]"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ParseFailed) as raised:
        pipeline({"fingerprint": options})
    assert told in raised.value.reason
