"""Commands over rows, by their documentation and by hand.

https://www.elastic.co/docs/reference/query-languages/esql/commands/processing-commands
"""

import statistics
import sys
import threading
from typing import Any

import pytest

from connote.contract.errors import ConnoteError
from connote.search.esql import answer, arrow, queries
from esql import rows, table

# Six rows: n from 1 to 6, the letter of each, and a value that is null for the last.
SIX = (
    "ROW n = [1, 2, 3, 4, 5, 6] | MV_EXPAND n "
    '| EVAL letter = CASE(n % 2 == 0, "even", "odd"), value = CASE(n < 6, n * 10, null) '
)


def test_keep_puts_names_before_patterns() -> None:
    query = "ROW first_name = 1, last_name = 2, height = 3, hired = 4 | KEEP "
    assert list(table(query + "h*, first_name").types) == ["height", "hired", "first_name"]
    assert list(table(query + "*, first_name").types) == ["last_name", "height", "hired", "first_name"]
    assert list(table(query + "*_name, *, h*").types) == ["first_name", "last_name", "height", "hired"]
    assert list(table(query + "hired, h*").types) == ["hired", "height"]


def test_drop_and_rename_change_columns() -> None:
    assert list(table("ROW a = 1, ab = 2, c = 3 | DROP a*").types) == ["c"]
    assert list(table("ROW a = 1, b = 2, c = 3 | RENAME b AS d, e = c").types) == ["a", "d", "e"]
    assert list(table("ROW a = 1, b = 2 | RENAME a AS b").types) == ["b"]
    assert list(table("ROW `a b` = 1, `a*` = 2 | KEEP `a*`").types) == ["a*"]


def test_an_expression_without_a_name_is_called_as_it_stands() -> None:
    assert list(table("ROW height = 2 | EVAL height * 3.281").types) == ["height", "height * 3.281"]
    assert rows("ROW h = 2 | EVAL h * 3 | STATS a = AVG(`h * 3`)") == [[6.0]]


def test_sort_puts_nulls_last_unless_it_descends() -> None:
    assert [row[0] for row in rows(SIX + "| SORT value DESC | KEEP n")] == [6, 5, 4, 3, 2, 1]
    assert [row[0] for row in rows(SIX + "| SORT value | KEEP n")] == [1, 2, 3, 4, 5, 6]
    assert [row[0] for row in rows(SIX + "| SORT value NULLS FIRST | KEEP n")] == [6, 1, 2, 3, 4, 5]
    assert [row[0] for row in rows(SIX + "| SORT letter, value DESC NULLS LAST | KEEP n")] == [4, 2, 6, 5, 3, 1]


def test_figures_are_those_of_each_group() -> None:
    found = rows(
        SIX + "| STATS c = COUNT(*), some = COUNT(value), s = SUM(value), a = AVG(value), low = MIN(n), "
        "high = MAX(letter), v = VALUES(value) BY letter | SORT letter"
    )
    assert found == [
        [3, 2, 60, 30.0, 2, "even", [20, 40], "even"],
        [3, 3, 90, 30.0, 1, "odd", [10, 30, 50], "odd"],
    ]


def test_figures_of_all_rows_are_one_row_even_without_any() -> None:
    assert rows("ROW a = 1 | WHERE a > 1 | STATS COUNT(*), SUM(a), AVG(a)") == [[0, None, None]]
    assert rows("ROW a = 1 | WHERE a > 1 | STATS COUNT(*) BY a") == []


def test_figures_may_have_conditions_and_be_computed_with() -> None:
    found = table(SIX + "| STATS big = COUNT(*) WHERE n > 2, ROUND(AVG(n), 1) + 1, COUNT(n) WHERE n > 5")
    assert list(found.types) == ["big", "ROUND(AVG(n), 1) + 1", "COUNT(n) WHERE n > 5"]
    assert answer.body(found)["values"] == [(4, 4.5, 1)]


def test_spread_and_middle_are_those_of_the_standard_library() -> None:
    numbers = [3, 1, 4, 1, 5, 9, 2, 6]
    found = rows(
        f"ROW n = {numbers} | MV_EXPAND n | STATS MEDIAN(n), STD_DEV(n), VARIANCE(n), PERCENTILE(n, 25), "
        "MEDIAN_ABSOLUTE_DEVIATION(n), COUNT_DISTINCT(n)"
    )[0]
    middle = statistics.median(numbers)
    quarter = statistics.quantiles(numbers, n=4, method="inclusive")[0]
    away = statistics.median(abs(each - middle) for each in numbers)
    expected = [middle, statistics.pstdev(numbers), statistics.pvariance(numbers), quarter, away, 7]
    assert found == pytest.approx(expected)


def test_some_values_are_picked() -> None:
    found = rows(
        SIX + '| STATS TOP(n, 2, "desc"), FIRST(letter, n), LAST(letter, n), WEIGHTED_AVG(n, value), PRESENT(value)'
    )[0]
    assert found == [[6, 5], "odd", "even", pytest.approx((1 * 1 + 2 * 2 + 3 * 3 + 4 * 4 + 5 * 5) / 15), True]


def test_rows_with_several_values_are_in_several_groups() -> None:
    assert rows('ROW i = 1, a = ["a", "b"] | STATS MIN(i) BY a | SORT a') == [[1, "a"], [1, "b"]]


def test_inline_figures_stand_beside_every_row() -> None:
    found = table(SIX + "| KEEP n, letter | INLINE STATS top = MAX(n) BY letter | SORT n")
    assert list(found.types) == ["n", "top", "letter"]
    expected = [(n, 6 if n % 2 == 0 else 5, "even" if n % 2 == 0 else "odd") for n in range(1, 7)]
    assert answer.body(found)["values"] == expected


def test_dissect_takes_a_text_apart() -> None:
    text = "2023-01-23T12:15:00.000Z - some text - 127.0.0.1"
    found = rows(f'ROW a = "{text}" | DISSECT a "%{{date}} - %{{msg}} - %{{ip}}" | KEEP date, msg, ip')
    assert found == [["2023-01-23T12:15:00.000Z", "some text", "127.0.0.1"]]
    assert rows('ROW a = "x" | DISSECT a "%{b}-%{c}" | KEEP b, c') == [[None, None]]
    appended = 'ROW a = "1 2" | DISSECT a "%{+b} %{+b}" APPEND_SEPARATOR="," | KEEP b'
    assert rows(appended) == [["1,2"]]


def test_grok_takes_a_text_apart() -> None:
    pattern = "%{TIMESTAMP_ISO8601:date} %{IP:ip} %{EMAILADDRESS:email} %{NUMBER:num:int}"
    text = "2023-01-23T12:15:00.000Z 127.0.0.1 some.email@foo.com 42"
    found = table(f'ROW a = "{text}" | GROK a "{pattern}" | KEEP date, ip, email, num')
    assert answer.body(found)["values"] == [("2023-01-23T12:15:00.000Z", "127.0.0.1", "some.email@foo.com", 42)]
    assert found.types["num"] == "integer"
    assert rows('ROW z = "a b" | GROK z "%{WORD:p} %{WORD:p}" | KEEP p') == [[["a", "b"]]]
    with pytest.raises(ConnoteError, match="Unable to find pattern"):
        rows('ROW z = "a b" | GROK z "%{NOTHING:p}"')


def test_branches_are_told_apart() -> None:
    found = table(SIX + "| KEEP n | FORK (WHERE n > 5) (WHERE n < 3 | EVAL m = n * 2) | SORT _fork, n")
    assert list(found.types) == ["n", "m", "_fork"]
    assert answer.body(found)["values"] == [(6, None, "fork1"), (1, 2, "fork2"), (2, 4, "fork2")]


FORKED: str = (
    'ROW _id = ["a", "b", "c"] | MV_EXPAND _id | EVAL _index = "i", '
    '_score = CASE(_id == "a", 3.0, _id == "b", 2.0, 1.0) '
    '| FORK (WHERE _id != "c") (WHERE _id != "a") '
)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("FUSE", {"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62}),
        ('FUSE RRF WITH {"rank_constant": 1, "weights": {"fork2": 2}}', {"a": 1 / 2, "b": 1 / 3 + 2 / 2, "c": 2 / 3}),
        ("FUSE LINEAR", {"a": 3.0, "b": 4.0, "c": 1.0}),
        ('FUSE LINEAR WITH {"normalizer": "minmax"}', {"a": 1.0, "b": 0.0 + 1.0, "c": 0.0}),
    ],
)
def test_rankings_are_fused(how: str, expected: dict[str, float]) -> None:
    found: dict[str, Any] = {row[0]: row[1] for row in rows(f"{FORKED} | {how} | KEEP _id, _score")}
    assert found == pytest.approx(expected)


def test_what_is_fused_tells_where_it_was_found() -> None:
    found = rows(f'{FORKED} | FUSE | EVAL f = MV_CONCAT(MV_SORT(_fork), "+") | SORT _id | KEEP _id, f')
    assert found == [["a", "fork1"], ["b", "fork1+fork2"], ["c", "fork2"]]


def test_params_stand_for_values_and_names() -> None:
    assert rows("ROW a = ?, b = ?", params=[1, "x"]) == [[1, "x"]]
    assert rows("ROW a = ?2, b = ?1", params=[1, "x"]) == [["x", 1]]
    assert rows("ROW a = ?n | KEEP ??c", params=[{"n": [1, 2]}, {"c": "a"}]) == [[[1, 2]]]
    named = [{"fn": {"identifier": "abs"}}, {"like": {"pattern": "a*"}}]
    assert rows("ROW ab = ?fn(-1), c = 2 | KEEP ?like", params=named) == [[1]]


def test_comments_are_left_out() -> None:
    assert rows("ROW a = 1 // one\n/* two\nlines */ | EVAL b = a + 1") == [[1, 2]]


def test_answers_may_be_texts() -> None:
    found = table('ROW a = [1, 2], b = "x,\\"y\\"", c = null, d = 1.0')
    assert answer.separated(found, ",") == 'a,b,c,d\r\n"[1,2]","x,""y""",,1.0\r\n'
    assert answer.tabbed(found) == 'a\tb\tc\td\n[1,2]\tx,"y"\t\t1.0\n'
    head, line, row = answer.drawn(table("ROW a = 1, b = 2")).splitlines()
    assert (head, line, row) == (
        "       a       |       b       ", "---------------+---------------", "1              |2              ",
    )  # fmt: skip


def test_columns_without_values_are_dropped_if_that_is_wanted() -> None:
    found = answer.body(table("ROW a = 1, b = null"), drops_nulls=True)
    assert found["all_columns"] == [{"name": "a", "type": "integer"}, {"name": "b", "type": "null"}]
    assert (found["columns"], found["values"]) == ([{"name": "a", "type": "integer"}], [(1,)])


def test_what_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ConnoteError, match=r"line 1:1: \[SET\] is not there: give \[time_zone\] beside the query"):
        rows('SET time_zone = "Europe/Berlin"; ROW a = 1')
    with pytest.raises(ConnoteError, match=r"\[TS\] is not there: there are no time series; use FROM"):
        rows("TS metrics")
    with pytest.raises(ConnoteError, match=r"\[USER_AGENT\] is not there: it is not implemented"):
        rows("ROW a = 1 | USER_AGENT ua = a")


def test_arrow_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    arrow._pyarrow.cache_clear()
    with pytest.raises(ConnoteError, match=r"\[arrow\] needs pyarrow, which is not installed: pip install connote"):
        arrow.stream(table("ROW a = 1"))


@pytest.mark.parametrize(
    "commands",
    [
        "EVAL x = n * 2 | WHERE x > 4 | KEEP x, letter | SORT x",
        'EVAL text = CONCAT(letter, " ", n::string) | DISSECT text "%{a} %{b}" | GROK text "%{WORD:c} %{INT:d:int}"',
        "EVAL several = CASE(n % 2 == 0, [1, 2], null) | MV_EXPAND several | RENAME several AS one | DROP value",
        "WHERE n > 100 | EVAL x = 1",
        "STATS s = SUM(value) BY letter | EVAL x = s + 1 | SORT letter",
        "SORT n DESC | LIMIT 5 | EVAL x = n + 1 | INLINE STATS m = MAX(x) | WHERE x < m",
    ],
)
def test_blocks_come_to_the_same(commands: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(SIX + f"| {commands}")
    monkeypatch.setattr(queries, "BLOCK", 2)
    blocks = table(SIX + f"| {commands}", stopping=threading.Event())
    assert blocks.types == whole.types
    assert answer.body(blocks)["values"] == answer.body(whole)["values"]
    assert answer.body(blocks)["is_partial"] is False


def test_what_is_stopped_has_its_columns_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "BLOCK", 2)
    stopping = threading.Event()
    stopping.set()
    found = answer.body(table(SIX + "| EVAL x = n * 2 | STATS c = COUNT(*), m = MAX(x)", stopping=stopping))
    assert (found["values"], found["is_partial"]) == ([(0, None)], True)


def test_the_first_rows_by_one_column_tell_of_another() -> None:
    found = rows(SIX + '| STATS TOP(n, 2, "desc", letter), t = TOP(n, 3, "asc", value), u = TOP(n, 9, "desc", value)')
    assert found == [[["even", "odd"], [10, 20, 30], [50, 40, 30, 20, 10]]]


def test_a_limit_may_be_of_each_group() -> None:
    query = "ROW a = [3, 1, 2, 5, 4] | MV_EXPAND a | SORT a | EVAL even = a % 2 == 0 | LIMIT {} | KEEP a"
    assert rows(query.format("1 BY even")) == [[1], [2]]
    assert rows(query.format("2 BY a % 2")) == [[1], [2], [3], [4]]
    assert rows(query.format("1 BY even, a > 3")) == [[1], [2], [4], [5]]
    assert rows(query.format("0 BY even")) == []
    with pytest.raises(ConnoteError, match=r"Unknown column \[odd\]"):
        rows(query.format("1 BY odd"))
