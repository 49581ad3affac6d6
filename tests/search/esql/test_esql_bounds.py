"""Queries that would take all memory, or all time, are refused before they do."""

import asyncio
import time
import tracemalloc
from types import SimpleNamespace
from typing import Any, cast

import pytest

from connote.contract.errors import ConnoteError
from connote.ingest.enrich import Policies, Policy
from connote.search.esql import answer, running
from connote.search.esql.queries import EsqlRequest, Queries
from esql import rows, table

THOUSAND = "[" + ", ".join(map(str, range(1000))) + "]"
LONG = 'REPEAT("x", 1000000)'


def test_values_that_double_have_an_end() -> None:
    with pytest.raises(ConnoteError, match="rows or values"):
        table("ROW a = [1, 2]" + " | EVAL a = MV_APPEND(a, a)" * 40)
    with pytest.raises(ConnoteError, match="rows or values"):
        table(f'ROW a = {THOUSAND} | MV_EXPAND a | EVAL t = REPEAT("a,", 10000) | EVAL b = SPLIT(t, ",")')


def test_columns_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_HELD", 10**6)
    made = ", ".join(f"a{number} = a + {number}" for number in range(500))
    with pytest.raises(ConnoteError, match="bytes for the columns"):
        table(f"ROW a = {THOUSAND} | MV_EXPAND a | EVAL {made}")
    with pytest.raises(ConnoteError, match="bytes for the columns"):
        table(f"ROW a = {THOUSAND} | MV_EXPAND a | EVAL b = COALESCE({', '.join(['a + 1'] * 500)})")


@pytest.mark.parametrize(
    "expression", [f"MV_CONCAT(a::string, {LONG})", f"MV_ZIP(a::string, a::string, {LONG})"], ids=["concat", "zip"]
)
def test_texts_that_are_joined_are_counted_before(expression: str) -> None:
    with pytest.raises(ConnoteError, match="bytes for the texts"):
        table(f"ROW a = {THOUSAND} | EVAL b = {expression}")


def test_values_of_a_policy_are_counted_before_they_are_there() -> None:
    store: Any = SimpleNamespace(all=dict, put=lambda *_: None)
    policies, nobody = Policies(store), cast("Any", None)
    body = {"match": {"indices": "names", "match_field": "k", "enrich_fields": ["v"]}}
    policies.put(Policy.parse("names", body))
    keyword = {"type": "keyword"}
    document = {"k": "a", "v": [str(number) for number in range(20_000)]}
    policies.fill("names", [(["a"], document)], {"k": keyword, "v": keyword})
    queries = Queries(nobody, nobody, nobody, nobody, policies)
    query = f'ROW a = {THOUSAND} | MV_EXPAND a | EVAL k = "a" | ENRICH names ON k | STATS COUNT(v)'
    tracemalloc.start()
    try:
        with pytest.raises(ConnoteError, match="rows or values"):
            asyncio.run(queries.run(EsqlRequest(query)))
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()


def test_replacing_makes_no_text_without_end() -> None:
    began = time.monotonic()
    assert rows(f'ROW a = {LONG} | EVAL b = REPLACE(a, "x", {LONG}) | KEEP b') == [[None]]
    assert time.monotonic() - began < 1.5


def test_formats_of_dates_have_an_end() -> None:
    with pytest.raises(ConnoteError, match="1000"):
        table(f'ROW a = DATE_FORMAT("{"y" * 2000}", NOW())')


def test_answers_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MOST_ANSWERED", 10**6)
    found = table(f'ROW a = {THOUSAND} | MV_EXPAND a | EVAL t = "{"x" * 2000}"')
    for show in (answer.body, answer.tabbed, answer.drawn):
        with pytest.raises(ConnoteError, match="the answer is larger"):
            show(found)


def test_long_lists_are_looked_through_once() -> None:
    listed = ", ".join(map(str, range(20_000)))
    began = time.monotonic()
    assert rows(f"ROW a = {THOUSAND} | MV_EXPAND a | WHERE a IN ({listed}) | STATS COUNT(*)") == [[1000]]
    assert rows(f"ROW a = [{listed}] | EVAL b = MV_COUNT(MV_INTERSECTION(a, a)) | KEEP b") == [[20_000]]
    assert time.monotonic() - began < 5


def test_many_names_that_are_not_there_are_told_soon() -> None:
    made = ", ".join(f"a{number} = quite{number}" for number in range(3000))
    began = time.monotonic()
    with pytest.raises(ConnoteError, match="Found 100 problems"):
        table(f"ROW a = 1 | EVAL {made}")
    assert time.monotonic() - began < 5


def test_patterns_of_grok_have_an_end() -> None:
    log = "%{HTTPD_COMBINEDLOG}"
    with pytest.raises(ConnoteError, match="characters"):
        table(f'ROW a = "x" | GROK a "{log * 400}"')
    with pytest.raises(ConnoteError, match="at most"):
        table(f'ROW a = "x" | GROK a {", ".join([f"{chr(34)}{log}{chr(34)}"] * 100)}')
