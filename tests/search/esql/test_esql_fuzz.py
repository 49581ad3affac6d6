"""Whatever a stranger writes: a table, or an error that says what is wrong with it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.contract.errors import ConnoteError
from connote.search.esql import answer, arrow
from connote.search.esql.aggregates import AGGREGATES
from connote.search.esql.commands import COMMANDS
from connote.search.esql.functions import FUNCTIONS
from esql import table

ROW = (
    'ROW i = 3, l = 9223372036854775807, d = 1.5, s = "some text 12", m = [1, 2, 3], w = ["b", "a"], n = null, '
    'b = true, t = "2024-05-01T10:00:00Z"::datetime, ip = "10.0.0.1"::ip, v = "1.2.3"::version, z = 0, '
    'p = "POINT(1 2)"::geo_point, e = [1.0, 2.0]::dense_vector, h = [1.7e308, 1.7e308, -1.0], '
    'tt = ["2024-05-01", "2023-05-01"]::datetime, far = 9e15::long::datetime, u = 5::unsigned_long, '
    'ips = ["::1", "1.2.3.4"]::ip, vs = ["1.0", "x"]::version, bb = [true, false], pp = ["POINT(1 2)"]::geo_point'
)
names = st.sampled_from(
    [
        "i",
        "l",
        "d",
        "s",
        "m",
        "w",
        "n",
        "b",
        "t",
        "ip",
        "v",
        "z",
        "p",
        "e",
        "h",
        "tt",
        "far",
        "u",
        "ips",
        "vs",
        "bb",
        "pp",
        "missing",
    ]
)
literals = st.sampled_from(
    ["1", "-7", "0", "1.5", "9223372036854775807", "1e308", '"text"', '"a*"', '"["', '"2024-01-01"', "null", "true",
     "1 day", "3 months", "1 hour", '["a","b"]', "[1,2]", '"desc"', '"%{WORD:x}"', '"yyyy"', "?", "4000000 years"]
)  # fmt: skip
signs = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "and", "or", "like", "rlike", "::", ":", "in"])
functions = st.sampled_from([name for name in (*FUNCTIONS, *AGGREGATES) if name.replace("_", "").isalnum()])


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    calls = st.builds(lambda name, given: f"{name}({', '.join(given)})", functions, st.lists(inner, max_size=4))
    chosen = st.builds(
        lambda name, given, option, value: f'{name}({", ".join(given)}, {{"{option}": {value}}})',
        st.sampled_from([name for name, each in FUNCTIONS.items() if each.options]),
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from([option for each in FUNCTIONS.values() for option in each.options]),
        literals,
    )
    pairs = st.builds(lambda left, sign, right: f"({left} {sign} {right})", inner, signs, inner)
    among = st.builds(lambda left, right: f"({left} IN (ROW x = {right}))", inner, inner)
    return (
        calls
        | chosen
        | pairs
        | among
        | st.builds(lambda each: f"NOT {each}", inner)
        | st.builds(lambda e: f"{e} IS NULL", inner)
    )


expressions = st.recursive(names | literals, _deeper, max_leaves=6)
commands = st.one_of(
    st.builds(lambda each: f"WHERE {each}", expressions),
    st.builds(lambda each: f"EVAL x = {each}", expressions),
    st.builds(lambda each, by: f"STATS {each} BY {by}", expressions, expressions),
    st.builds(lambda each, by: f"INLINE STATS {each} BY {by}", expressions, expressions),
    st.builds(lambda each: f"SORT {each} DESC NULLS FIRST", expressions),
    st.builds(lambda each: f"MV_EXPAND {each}", names),
    st.builds(lambda each: f'DISSECT {each} "%{{x}} %{{y}}"', names),
    st.builds(lambda each: f'GROK {each} "%{{WORD:x}} %{{WORD:x}}"', names),
    st.builds(lambda one, other: f"RENAME {one} AS {other}", names, names),
    st.builds(lambda each: f"KEEP {each}*, i", names),
    st.builds(lambda each: f"DROP {each}", names),
    st.builds(lambda each: f"FORK (WHERE {each}) (LIMIT 1)", expressions),
    st.builds(lambda one, other: f"CHANGE_POINT {one} ON {other}", names, names),
    st.builds(lambda one, other: f"CHANGE_POINT {one} ON {other} BY {one} AS {other}, x", names, names),
    st.builds(lambda each, near: f"MMR {near} ON {each} LIMIT 2", names, expressions),
    st.builds(lambda each: f"ENRICH nothing ON {each}", names),
    st.just("LIMIT 2"),
    st.just("SAMPLE 0.5"),
)


def _survives(query: str) -> None:
    try:
        found = table(query, params=[1, "x", None])
        answer.body(found)
        answer.drawn(found)
        answer.separated(found, ",")
        arrow.stream(found)
    except ConnoteError as error:
        assert error.status in (400, 404), error  # noqa: PT017 (either may come)


@given(expressions)
@settings(max_examples=300)
def test_any_expression_has_a_value_or_an_error(expression: str) -> None:
    _survives(f"{ROW} | EVAL x = {expression}")


@given(expressions, names)
@settings(max_examples=200)
def test_any_figure_has_a_value_or_an_error(expression: str, by: str) -> None:
    _survives(f"{ROW} | MV_EXPAND h | STATS x = {expression} BY {by}")


@given(st.lists(commands, max_size=4))
@settings(max_examples=200)
def test_any_commands_have_a_table_or_an_error(given: list[str]) -> None:
    _survives(" | ".join([ROW, *given]))


@given(expressions, expressions)
@settings(max_examples=100)
def test_any_subqueries_have_a_table_or_an_error(one: str, other: str) -> None:
    _survives(f"FROM ({ROW} | EVAL x = {one}), (ROW a = 1 | EVAL x = {other}) | SORT x")


words = st.sampled_from([*COMMANDS, "row", "show", "by", "with", "as", "on", "not", "in", "is", "null", "where"])
pieces = (
    words | names | literals | signs | functions | st.sampled_from(["|", "(", ")", ",", "=", "[", "]", "{", "}", '"'])
)


@given(st.lists(pieces, max_size=20).map(" ".join) | st.text(max_size=40))
@settings(max_examples=400)
def test_any_text_is_a_query_or_an_error(text: str) -> None:
    _survives(text)
    _survives(f"ROW a = 1 | {text}")


@pytest.mark.parametrize(
    "query",
    [
        "ROW a = " + "(" * 50_000,
        "ROW a = " + "NOT " * 50_000 + "true",
        "ROW a = " + "-" * 100_000 + "1",
        "ROW a = 1" + " + 1" * 50_000,
        "ROW a = 1" + "::long" * 50_000,
        "ROW a = " + "ABS(" * 5_000,
        "ROW a = " + "[" * 50_000,
        "ROW a = 1 | WHERE a == 1 " + "OR a == 2 " * 20_000,
        "ROW a = 1" + " | EVAL a = a + 1" * 5_000,
        "ROW a = 1 | FORK " + "(FORK " * 1_000,
        'ROW a = 1 | RERANK "x" ON a WITH ' + '{"a": ' * 10_000,
        "ROW a = 1 /* " + "*" * 100_000,
        "ROW a = `" + "x" * 100_000,
        "ROW a = 1" + "0" * 100_000,
        'ROW a = "' + "\\n" * 100_000,
        "x" * 1_000_001,
    ],
    ids=lambda query: query[:24],
)
def test_long_and_deep_queries_end_soon(query: str) -> None:
    _survives(query)


@pytest.mark.parametrize("expression", ['a RLIKE "(a|aa)+b"', 'REPLACE(a, "(a|aa)+$", "b")', 'a LIKE "*a*a*a*a*a*b"'])
def test_patterns_that_take_for_ever_have_an_end(expression: str) -> None:
    began = time.monotonic()
    _survives(f'ROW a = CONCAT(REPEAT("a", 5000), "c") | EVAL x = {expression}')
    assert time.monotonic() - began < 15


def test_rows_that_are_multiplied_have_an_end() -> None:
    numbers = ", ".join(map(str, range(1000)))
    query = f"ROW a = [{numbers}], b = [{numbers}], c = [{numbers}] | MV_EXPAND a | "
    for last in ("MV_EXPAND b | MV_EXPAND c", "MV_EXPAND b | STATS SUM(c)", f"MV_EXPAND b | EVAL d = [{numbers}]"):
        with pytest.raises(ConnoteError, match="rows or values"):
            table(query + last)


def test_texts_that_grow_have_an_end() -> None:
    grow = " | EVAL a = CONCAT(a, a)"
    _survives(f'ROW a = REPEAT("x", 100000){grow * 20}')
    numbers = ", ".join(map(str, range(10_000)))
    with pytest.raises(ConnoteError, match="bytes"):
        table(f'ROW a = REPEAT("x", 500000), b = [{numbers}] | MV_EXPAND b | EVAL c = CONCAT(a, b::string) | LIMIT 1')
