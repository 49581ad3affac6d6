"""Arithmetic at the ends of its types, and dates in zones whose clocks change: by Python's own numbers and zones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connote.contract.errors import ConnoteError
from connote.search.ranked import RANKS
from esql import kind, rows, table, value

LEAST, MOST = -(2**63), 2**63 - 1


def test_whole_numbers_reach_their_ends() -> None:
    assert value("x - 1", f"x = {-(2**31) + 1}") == -(2**31)
    assert value("x - 2", f"x = {-(2**31) + 1}") is None
    assert value("x - 1", f"x = {LEAST + 1}") == LEAST
    assert value("x - 2", f"x = {LEAST + 1}") is None
    assert value("(x - 1) / 2", f"x = {LEAST + 1}") == LEAST // 2
    assert value("(x - 1) / 3", f"x = {LEAST + 1}") == -(-LEAST // 3)
    assert [value(f"{a} / {b}") for a, b in ((7, 2), (-7, 2), (7, -2), (-7, -2))] == [3, -3, -3, 3]


def test_sums_are_refused_only_when_they_do_not_fit() -> None:
    assert rows(f"ROW a = {MOST} | STATS SUM(a)") == [[MOST]]
    assert rows(f"ROW a = [{MOST}, {MOST}, {-MOST}] | STATS SUM(a)") == [[MOST]]
    assert rows(f"ROW a = [{2**62}, {2**62 - 1}] | STATS SUM(a)") == [[MOST]]
    with pytest.raises(ConnoteError, match="long overflow"):
        rows(f"ROW a = [{2**62}, {2**62}] | STATS SUM(a)")


def test_large_numbers_keep_their_order() -> None:
    large = [2**53 + 1, 2**53, 2**53 + 2, LEAST + 1]
    assert rows(f'ROW a = {large} | STATS TOP(a, 3, "desc")') == [[sorted(large, reverse=True)[:3]]]
    assert rows(f'ROW a = {large} | STATS TOP(a, 2, "asc")') == [[sorted(large)[:2]]]
    assert [row[0] for row in rows(f"ROW a = {large} | MV_EXPAND a | SORT a DESC")] == sorted(large, reverse=True)
    assert rows(f"ROW a = {large} | MV_EXPAND a | EVAL a = a - 1 | SORT a | LIMIT 1") == [[LEAST]]


def test_halves_alone_are_rounded_up() -> None:
    assert value("ROUND(x)", "x = 0.49999999999999994") == 0.0
    assert value("x::integer", "x = 0.49999999999999994") == 0
    assert value("x::long", f"x = {2.0**52 + 1}") == 2**52 + 1
    assert [value(f"({x})::long") for x in (2.5, -2.5, -2.6, 1.4)] == [3, -2, -3, 1]


def test_only_what_goes_together_is_added() -> None:
    for wrong in ("NOW() - NOW()", "NOW() + 1", "1 + NOW()", "1 day - NOW()", "NOW() + (1 day + 1 hour)", "NOW() * 2"):
        with pytest.raises(ConnoteError, match=r"incompatible types|must be"):
            value(wrong)
    day = 'x = "2024-01-31"::date'
    assert value("x + (1 month + 1 month)", day) == "2024-03-31T00:00:00.000Z"
    assert value("1 day + x - 1 hour", day) == "2024-01-31T23:00:00.000Z"
    assert value("x + null", day) is None
    assert kind("x + null", day) == "date"


@pytest.mark.parametrize("span", ["1000000000000 hours", "1000000000000 years", "1000000000000 days"])
def test_dates_that_leave_their_type_are_null(span: str) -> None:
    assert value(f"NOW() + ({' + '.join([span] * 4)})") is None
    assert value(f"NOW() - ({' + '.join([span] * 4)})") is None


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "UTC"])
@pytest.mark.parametrize("text", ["2024-03-31T12:00:00Z", "2024-10-27T12:00:00Z", "2024-11-03T18:30:00Z"])
def test_spans_of_a_zone_begin_where_its_clock_says(name: str, text: str) -> None:
    zone, moment = ZoneInfo(name), datetime.fromisoformat(text)
    local = moment.astimezone(zone)
    day = local.replace(hour=0, minute=0, second=0)
    wanted = [day, day.replace(day=1), day.replace(month=1, day=1)]
    query = f'ROW d = "{text}"::date | EVAL a = DATE_TRUNC(1 day, d), b = DATE_TRUNC(1 month, d), c = BUCKET(d, 1 year)'
    found = rows(query + " | KEEP a, b, c", zone=zone)[0]
    assert found == [each.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") for each in wanted]


def test_among_values_is_the_same_as_equal_to_one() -> None:
    numbers = "ROW a = [1, 2, 3, 4, 5] | MV_EXPAND a | EVAL b = CASE(a < 5, a, null), c = a + 0.0, t = a::string "
    for given in ("b IN (1, 3)", "b IN (3, 1, null)", "c IN (1, 3)", 't IN ("1", "3")', "b IN (1, c)", "NOT b IN (1)"):
        name, _, listed = given.removeprefix("NOT ").partition(" IN ")
        equal = " OR ".join(f"{name} == {each}" for each in listed.strip("()").split(", "))
        other = f"NOT ({equal})" if given.startswith("NOT") else equal
        assert rows(f"{numbers} | EVAL z = {given} | KEEP z") == rows(f"{numbers} | EVAL z = {other} | KEEP z")


def test_the_greatest_of_many_is_that_of_two_and_the_rest() -> None:
    assert value("GREATEST(x, 2, 7.5, 3)") == 7.5
    assert value("LEAST(x, 2, 7)") == 1
    assert value('GREATEST("a", x, "b")', 'x = ["c", "a"]') == "c"
    assert value("GREATEST(x)", "x = [3, 9, 4]") == 9
    assert value("GREATEST(x, null)") is None
    assert value('LEAST(x, "1.10.0"::version)', 'x = "1.9.0"::version') == "1.9.0"


def test_versions_and_addresses_have_one_order_everywhere() -> None:
    versions = ["1.0.0", "1.0.0-alpha", "1.0.0-alpha10", "1.0.0-alpha9", "1.0.0+b", "1.0.0.1", "word", "10.1"]
    listed = ", ".join(f'"{each}"' for each in versions)
    found = table(f"ROW v = [{listed}] | MV_EXPAND v | EVAL v = v::version | SORT v").page["v"].values.tolist()
    assert found == sorted(versions, key=RANKS["version"])


def test_grok_reads_types_as_they_are() -> None:
    assert rows('ROW t = "x" | GROK t "%{WORD:a:int}" | KEEP a') == [[None]]
    assert table('ROW t = "5" | GROK t "%{NUMBER:a:thing}"').types["a"] == "keyword"
    assert rows('ROW t = "b 7" | GROK t "%{INT:n:int}$", "%{WORD:w} %{INT:n:int}" | KEEP n, w') == [[7, None]]
    with pytest.raises(ConnoteError, match="different types"):
        table('ROW t = "5" | GROK t "%{NUMBER:a:int} %{NUMBER:a}"')
