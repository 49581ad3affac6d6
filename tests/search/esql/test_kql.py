"""Kibana's query language, by its documentation.

https://www.elastic.co/docs/reference/query-languages/kql
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import BadQuery, ConnoteError
from connote.search.esql.kql import query
from connote.search.query.parse import parse

GET: dict[str, Any] = {"match": {"method": "GET"}}
LARGE: dict[str, Any] = {"range": {"bytes": {"gte": "1000"}}}


def either(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def both(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"must": list(queries)}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"match_all": {}}),
        ("method: GET", GET),
        ('message: "quick fox"', {"match_phrase": {"message": "quick fox"}}),
        ("message: quick fox", {"match": {"message": "quick fox"}}),
        ("bytes >= 1000", LARGE),
        ("method: *", {"exists": {"field": "method"}}),
        ("method: GET and bytes >= 1000", both(GET, LARGE)),
        ("method: GET OR bytes >= 1000", either(GET, LARGE)),
        ("not method: GET", {"bool": {"must_not": [GET]}}),
        ("method: GET or method: PUT and bytes >= 1000", either(GET, both({"match": {"method": "PUT"}}, LARGE))),
        ("(method: GET or bytes >= 1000) and not a: b",
         both(either(GET, LARGE), {"bool": {"must_not": [{"match": {"a": "b"}}]}})),
        ("method: (GET or PUT)", either(GET, {"match": {"method": "PUT"}})),
        ("user: { name: Ada }", {"nested": {"path": "user", "query": {"match": {"user.name": "Ada"}}}}),
        ("hello world", {"multi_match": {"query": "hello world", "lenient": True}}),
        (r"a\:b: c", {"match": {"a:b": "c"}}),
        ("name: el*", {"query_string": {"fields": ["name"], "query": "el*"}}),
    ],
)  # fmt: skip
def test_a_text_is_a_query(text: str, expected: dict[str, Any]) -> None:
    assert query(text, {}) == expected


@pytest.mark.parametrize("text", ["a: (b", "a >", "and", "a: b or", "a: (b or c and d)", "(" * 100, "{", '"a'])
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        query(text, {})


@given(st.lists(st.sampled_from(["a", "b*", ":", "and", "or", "not", "(", ")", "{", "}", '"x y"', "<", ">=", "\\", "*"])
                .map(str), max_size=12).map(" ".join) | st.text(max_size=30))  # fmt: skip
def test_any_text_is_a_query_that_can_be_parsed_or_an_error(text: str) -> None:
    try:
        parse(query(text, {}))
    except ConnoteError as error:
        assert error.status == 400  # noqa: PT017 (either may come)
