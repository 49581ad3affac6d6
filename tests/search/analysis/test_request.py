"""`_analyze`: bodies in, bodies out; the examples of Elasticsearch's reference."""

from typing import Any

import pytest

from connote.contract.errors import ConnoteError
from connote.search.analysis import Analysis, analyze

INDEX = Analysis(
    {
        "analysis": {
            "normalizer": {"folded": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
            "analyzer": {"std_folded": {"tokenizer": "standard", "filter": ["lowercase", "asciifolding"]}},
        }
    }
)


def terms(answer: dict[str, Any]) -> list[str]:
    return [token["token"] for token in answer["tokens"]]


def test_a_global_request_names_its_parts() -> None:
    body = {"tokenizer": "standard", "filter": ["lowercase", {"type": "stop", "stopwords": ["a", "is", "this"]}]}
    answer = analyze({**body, "text": "This is a TEST"})
    assert answer == {
        "tokens": [{"token": "test", "start_offset": 10, "end_offset": 14, "type": "<ALPHANUM>", "position": 3}]
    }


def test_texts_go_on_from_one_another_in_utf16() -> None:
    answer = analyze({"analyzer": "standard", "text": ["😀 a", "b"]})
    assert [(t["token"], t["start_offset"], t["end_offset"], t["position"]) for t in answer["tokens"]] == [
        ("😀", 0, 2, 0), ("a", 3, 4, 1), ("b", 5, 6, 102),
    ]  # fmt: skip


def test_filters_alone_are_a_normalizer() -> None:
    body = {"char_filter": ["html_strip"], "filter": ["lowercase"], "text": "BaR</b>"}
    assert terms(analyze(body)) == ["bar"]
    assert terms(analyze({"normalizer": "folded", "text": "Déjà Vu"}, INDEX)) == ["deja vu"]


def test_a_field_has_the_analyzer_that_the_index_says() -> None:
    fields = {"title": INDEX.analyzer("std_folded")}.get
    answer = analyze({"field": "title", "text": "Is this déjà vu?"}, INDEX, fields)
    assert terms(answer) == ["is", "this", "deja", "vu"]
    assert terms(analyze({"field": "other", "text": "déjà"}, INDEX, {"title": None}.get)) == ["déjà"]


def test_explain_shows_each_part_with_the_attributes_asked_for() -> None:
    body = {
        "tokenizer": "standard",
        "filter": ["snowball"],
        "char_filter": ["html_strip"],
        "text": "<b>detailed</b> output",
    }
    detail = analyze({**body, "explain": True, "attributes": ["keyword"]})["detail"]
    token = {"token": "detailed", "start_offset": 3, "end_offset": 15, "type": "<ALPHANUM>", "position": 0}
    assert detail["custom_analyzer"] is True
    assert detail["charfilters"] == [{"name": "html_strip", "filtered_text": ["detailed output"]}]
    assert detail["tokenizer"]["name"] == "standard"
    assert detail["tokenizer"]["tokens"][0] == token
    assert detail["tokenfilters"][0]["name"] == "snowball"
    assert detail["tokenfilters"][0]["tokens"][0] == {**token, "token": "detail", "keyword": False}


def test_explain_of_a_built_in_analyzer_shows_it_as_one() -> None:
    detail = analyze({"text": "Two words", "explain": "true"})["detail"]
    assert detail["analyzer"]["name"] == "standard"
    assert detail["analyzer"]["tokens"][0] == {
        "token": "two", "start_offset": 0, "end_offset": 3, "type": "<ALPHANUM>", "position": 0,
        "bytes": "[74 77 6f]", "positionLength": 1, "termFrequency": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "indexed", "kind", "reason"),
    [
        ({}, False, "action_request_validation_exception", "Validation Failed: 1: text is missing;"),
        ({"text": "x", "normalizer": "a"}, False, "action_request_validation_exception", "index is required"),
        (
            {"text": "x", "analyzer": "a", "filter": ["b"]},
            False,
            "action_request_validation_exception",
            "extra components",
        ),
        ({"text": "x", "analizer": "a"}, False, "x_content_parse_exception", "unknown field [analizer]"),
        ({"text": 5}, False, "x_content_parse_exception", "[text]"),
        ({"text": "x", "analyzer": "a"}, False, "illegal_argument_exception", "failed to find global analyzer [a]"),
        ({"text": "x", "analyzer": "a"}, True, "illegal_argument_exception", "failed to find analyzer [a]"),
        (
            {"text": "x", "tokenizer": "a"},
            False,
            "illegal_argument_exception",
            "failed to find global tokenizer under [a]",
        ),
        ({"text": "x", "tokenizer": "a"}, True, "illegal_argument_exception", "failed to find tokenizer under [a]"),
        ({"text": "x", "filter": ["a"]}, False, "illegal_argument_exception", "failed to find global filter under [a]"),
        (
            {"text": "x", "filter": [{"x": 1}]},
            False,
            "illegal_argument_exception",
            "Missing [type] setting for anonymous filter",
        ),
        (
            {"text": "x", "filter": ["shingle"]},
            False,
            "illegal_argument_exception",
            "normalizer may not use filter [shingle]",
        ),
        ({"text": "x", "normalizer": "a"}, True, "illegal_argument_exception", "failed to find normalizer under [a]"),
        ({"text": "x", "field": "a"}, False, "illegal_argument_exception", "requires an index"),
        ({"text": "a " * 10_001}, False, "illegal_argument_exception", "allowed maximum of [10000]"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(body: dict[str, Any], indexed: bool, kind: str, reason: str) -> None:
    with pytest.raises(ConnoteError) as caught:
        analyze(body, INDEX if indexed else None)
    assert (caught.value.status, caught.value.type) == (400, kind)
    assert reason in caught.value.reason
