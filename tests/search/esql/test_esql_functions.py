"""Functions, by what their documentation says and by hand.

https://www.elastic.co/docs/reference/query-languages/esql/esql-functions-operators
"""

import hashlib
import math
from typing import Any

import pytest

from connote.contract.errors import ConnoteError
from esql import kind, rows, table, value

VALUES: list[tuple[str, Any]] = [
    ("ABS(-3)", 3),
    ("ABS(-3.5)", 3.5),
    ("CEIL(1.2)", 2.0),
    ("FLOOR(-1.2)", -2.0),
    ("ROUND(123.456, 1)", 123.5),
    ("ROUND(-2.5)", -3.0),
    ("ROUND(1234, -2)", 1200),
    ("ROUND(5)", 5),
    ("SQRT(16)", 4.0),
    ("CBRT(27.0)", 3.0),
    ("POW(2, 10)", 1024.0),
    ("LOG10(1000)", 3.0),
    ("LOG(2, 8)", 3.0),
    ("EXP(0)", 1.0),
    ("SIGNUM(-7)", -1),
    ("PI()", math.pi),
    ("HYPOT(3, 4)", 5.0),
    ("COPY_SIGN(5.0, -1)", -5.0),
    ("SCALB(3.0, 4)", 48.0),
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 % -4", 3),
    ("-7 % 4", -3),
    ("7.0 / 2", 3.5),
    ("2 + 3 * 4", 14),
    ("-(2 + 3)", -5),
    ("1 - 2 - 3", -4),
    ('LENGTH("été")', 3),
    ('BYTE_LENGTH("été")', 5),
    ('CONCAT("a", "b", "c")', "abc"),
    ('SUBSTRING("elastic", 1, 3)', "ela"),
    ('SUBSTRING("elastic", -3)', "tic"),
    ('LEFT("elastic", 3)', "ela"),
    ('RIGHT("elastic", 3)', "tic"),
    ('TRIM("  a ")', "a"),
    ('LTRIM(" a ")', "a "),
    ('TO_UPPER("aß")', "ASS"),
    ('REVERSE("abc")', "cba"),
    ('REPEAT("ab", 2)', "abab"),
    ("SPACE(2)", "  "),
    ('STARTS_WITH("elastic", "ela")', True),
    ('ENDS_WITH("elastic", "ela")', False),
    ('CONTAINS("elastic", "ast")', True),
    ('LOCATE("a lama", "la")', 3),
    ('LOCATE("abab", "ab", 2)', 3),
    ('LOCATE("abc", "x")', 0),
    ('REPLACE("Hello World", "World", "There")', "Hello There"),
    ('REPLACE("2024-05", "(\\\\d+)-(\\\\d+)", "$2/$1")', "05/2024"),
    ('SPLIT("a;b;c", ";")', ["a", "b", "c"]),
    ('TO_BASE64("elastic")', "ZWxhc3RpYw=="),
    ('FROM_BASE64("ZWxhc3RpYw==")', "elastic"),
    ('URL_ENCODE("a b&c")', "a+b%26c"),
    ('URL_DECODE("a+b%26c")', "a b&c"),
    ('SHA256("abc")', hashlib.sha256(b"abc").hexdigest()),
    ('HASH("SHA-1", "abc")', hashlib.sha1(b"abc").hexdigest()),  # noqa: S324
    ("COALESCE(null, null, 3)", 3),
    ("CASE(false, 1, true, 2, 3)", 2),
    ("CASE(null, 1)", None),
    ("CASE(false, 1, 9)", 9),
    ("GREATEST(1, 5, 3)", 5),
    ('LEAST("b", "a")', "a"),
    ("GREATEST(1, null)", None),
    ("CLAMP(7, 1, 5)", 5),
    ("CLAMP_MIN(1, 3)", 3),
    ("ROUND_TO(7, 0, 5, 10)", 5),
    ("ROUND_TO(-1, 0, 5)", 0),
    ("CLAMP_MAX(7, 5)", 5),
    ("TO_DATE_NANOS(1000000)", "1970-01-01T00:00:00.001Z"),
    ('TO_INTEGER("12")', 12),
    ("TO_INTEGER(2.5)", 3),
    ('"12"::long', 12),
    ("1::string", "1"),
    ("1.5::string", "1.5"),
    ('TO_BOOLEAN("TRUE")', True),
    ("TO_BOOLEAN(0)", False),
    ("TO_DEGREES(PI())", 180.0),
    ('"1.10.0"::version > "1.9.0"', True),
    ('"10.0.0.9"::ip < "10.0.0.10"', True),
    ("TO_STRING([1, 2])", ["1", "2"]),
    ("TO_DATETIME(0)", "1970-01-01T00:00:00.000Z"),
    ("MV_COUNT([1, 2, 3])", 3),
    ("MV_SUM([1, 2, 3])", 6),
    ("MV_AVG([1, 2])", 1.5),
    ("MV_MIN([3, 1])", 1),
    ('MV_MAX(["a", "b"])', "b"),
    ("MV_MEDIAN([1, 5, 2])", 2),
    ("MV_MEDIAN([3, 7, 1, 6])", 4),
    ("MV_FIRST([3, 1])", 3),
    ("MV_LAST([3, 1])", 1),
    ('MV_DEDUPE(["a", "b", "a"])', ["a", "b"]),
    ('MV_SORT([4, 2, -3], "DESC")', [4, 2, -3]),
    ('MV_CONCAT(["foo", "bar"], ", ")', "foo, bar"),
    ("MV_SLICE([1, 2, 2, 3], 1, 2)", [2, 2]),
    ("MV_SLICE([1, 2, 3], -2)", 2),
    ("MV_APPEND([1, 2], 3)", [1, 2, 3]),
    ('MV_ZIP(["x", "y", "z"], ["1", "2"], "-")', ["x-1", "y-2", "z"]),
    ("MV_PERCENTILE([5, 5, 10, 12, 5000], 50)", 10),
    ("MV_CONTAINS([1, 2, 3], [1, 3])", True),
    ("MV_PSERIES_WEIGHTED_SUM([70.0, 45.0], 1)", 92.5),
    ("MV_MEDIAN_ABSOLUTE_DEVIATION([0, 2, 5, 6])", 2),
    ('DATE_TRUNC(1 year, "2023-10-23T12:15:03.360Z")', "2023-01-01T00:00:00.000Z"),
    ('DATE_TRUNC(1 week, "2023-10-26")', "2023-10-23T00:00:00.000Z"),
    ('DATE_TRUNC(3 hours, "2023-10-23T10:15:00Z")', "2023-10-23T09:00:00.000Z"),
    ('DATE_TRUNC(1 quarter, "2023-11-26")', "2023-10-01T00:00:00.000Z"),
    ('DATE_FORMAT("yyyy-MM", "2023-10-23")', "2023-10"),
    ('DATE_PARSE("yyyy-MM-dd", "2022-05-06")', "2022-05-06T00:00:00.000Z"),
    ('DATE_EXTRACT("year", "2022-05-06")', 2022),
    ('DATE_EXTRACT("day_of_week", "2023-10-23")', 1),
    ('DATE_EXTRACT("day_of_year", "2024-12-31")', 366),
    ('DATE_EXTRACT("minute_of_hour", "2024-12-31T05:17:00Z")', 17),
    ('DATE_DIFF("microseconds", "2023-12-02T11:00:00.000Z", "2023-12-02T11:00:00.001Z")', 1000),
    ('DATE_DIFF("year", "2023-12-31T23:59:59.999Z", "2024-01-01")', 0),
    ('DATE_DIFF("month", "2024-03-31", "2024-01-31")', -2),
    ('DATE_DIFF("day", "2024-01-01", "2024-03-01")', 60),
    ('"2024-01-31"::datetime + 1 month', "2024-02-29T00:00:00.000Z"),
    ('"2024-03-01"::datetime - 1 day', "2024-02-29T00:00:00.000Z"),
    ('"2024-03-01"::datetime + 90 minutes', "2024-03-01T01:30:00.000Z"),
    ("BUCKET(99, 20, 0, 2000)", 0.0),
    ("BUCKET(125, 50.)", 100.0),
    ('BUCKET("1985-07-15"::datetime, 20, "1985-01-01T00:00:00Z", "1986-01-01T00:00:00Z")', "1985-07-01T00:00:00.000Z"),
    ('BUCKET("1985-07-17"::datetime, 100, "1985-01-01T00:00:00Z", "1986-01-01T00:00:00Z")', "1985-07-15T00:00:00.000Z"),
    ('MONTH_NAME("2024-05-01")', "May"),
    ('DAY_NAME("2024-05-01")', "Wednesday"),
    ('CIDR_MATCH("127.0.0.2", "127.0.0.0/30", "10.0.0.0/8")', True),
    ('IP_PREFIX("1.2.3.4", 24, 64)', "1.2.3.0"),
    ('ST_X("POINT(12.5 55.5)")', 12.5),
    ('ST_Y("POINT(12.5 55.5)")', 55.5),
    ("V_DOT_PRODUCT([1, 2], [3, 4])", 6.0),
    ("V_L1_NORM([1, 2], [3, 5])", 5.0),
    ("V_L2_NORM([0, 0], [3, 4])", 5.0),
    ("V_COSINE([1, 0], [0, 1])", 0.5),
    ("V_HAMMING([1, 2], [3, 2])", 1.0),
    ("V_MAGNITUDE([3, 4])", 5.0),
    ("x IN (1, 2)", True),
    ("NOT x IN (1, 2)", False),
    ("x IN (2, null)", None),
    ('"foobar" LIKE "foo*"', True),
    ('"foobar" LIKE ("a*", "*bar")', True),
    ('"a*b" LIKE "a\\\\*b"', True),
    ('"axb" LIKE "a\\\\*b"', False),
    ('"foobar" RLIKE "fo+.*"', True),
    ('"foobar" RLIKE "fo"', False),
    ('"Ab" =~ "aB"', True),
    ("null IS NULL", True),
    ("null AND false", False),
    ("null AND true", None),
    ("null OR true", True),
    ("null OR false", None),
    ("NOT null", None),
    ("NOT NOT true", True),
    ("x IS NOT NULL", True),
    ('"""say "hi" \\n"""', 'say "hi" \\n'),
    ('"a\\tb"', "a\tb"),
]


@pytest.mark.parametrize(("expression", "expected"), VALUES, ids=[expression for expression, _ in VALUES])
def test_a_function_gives_what_its_documentation_says(expression: str, expected: Any) -> None:  # noqa: ANN401
    found = value(expression)
    assert found == pytest.approx(expected) if isinstance(expected, float) else found == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 1", "integer"), ("1 + 3000000000", "long"), ("1 + 1.0", "double"), ("LENGTH(\"a\")", "integer"),
        ("TO_LONG(1)", "long"), ("x > 1", "boolean"), ("NOW()", "date"), ("NOW() - 1 day", "date"), ("null", "null"),
        ("TO_IP(\"::1\")", "ip"), ("CASE(true, 1, 2.0)", "double"), ("[1, 2]", "integer"), ("ROUND(1.5)", "double"),
        ("DATE_EXTRACT(\"year\", NOW())", "long"), ("1::string", "keyword"), ("BUCKET(1, 10)", "double"),
    ],
)  # fmt: skip
def test_types_follow_from_those_of_arguments(expression: str, expected: str) -> None:
    assert kind(expression) == expected


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("x / 0", "java.lang.ArithmeticException: / by zero"),
        ("2147483647 + x", "java.lang.ArithmeticException: integer overflow"),
        ("9223372036854775807 + x", "java.lang.ArithmeticException: long overflow"),
        ("[1, 2] + x", "java.lang.IllegalArgumentException: single-value function encountered multi-value"),
        ("TO_INTEGER(\"a\")", "java.lang.IllegalArgumentException: Cannot parse number [a]"),
        ("SQRT(-x)", "java.lang.ArithmeticException: not a finite double number: NaN"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_null_and_a_warning_says_why(expression: str, why: str) -> None:
    found = table(f"ROW x = 1 | EVAL y = {expression}")
    assert found.page["y"].rows() == [()]
    assert found.warnings == [
        f"Line 1:22: evaluation of [{expression}] failed, treating result as null. Only first 20 failures recorded.",
        f"Line 1:22: {why}",
    ]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("ROW a = 1 | EVAL b = LENGTH(a)", "argument of [LENGTH(a)] must be [string], found value [a] type [integer]"),
        (
            'ROW a = 1 | WHERE a == "x"',
            'first argument of [a == "x"] is [numeric] so second argument must also be [numeric] but was [keyword]',
        ),
        ("ROW a = 1 | WHERE a + 1", "line 1:19: Condition expression needs to be boolean, found [INTEGER]"),
        ("ROW fool = 1 | EVAL b = foo", "line 1:25: Unknown column [foo], did you mean [fool]?"),
        ("ROW a = 1 | STATS b = ST_EXTENT_AG(a)", "line 1:23: Unknown function [st_extent_ag], did you"),
        ("ROW a = 1 | STATS b = MAX(FLOR(a)) BY a", "line 1:27: Unknown function [flor], did you mean [floor]?"),
        ("ROW a = 1 | EVAL b = FLOR(a)", "line 1:22: Unknown function [flor], did you mean [floor]?"),
        ("ROW a = 1 | EVAL b = MAX(a)", "line 1:22: aggregate function [MAX(a)] not allowed outside STATS command"),
        ("ROW a = 1 | STATS a", "line 1:19: column [a] must appear in the STATS BY clause or be used in an aggregate"),
        (
            "ROW a = 1 | STATS MAX(MIN(a))",
            "line 1:23: nested aggregations [MIN(a)] not allowed inside other aggregations",
        ),
        ("ROW a = 1 | DROP x*", "line 1:18: No matches found for pattern [x*]"),
        ('ROW a = "2024-13" | EVAL b = DATE_TRUNC(1 day, "2024-13")', "Cannot convert string [2024-13] to [DATETIME]"),
    ],
)
def test_problems_are_told_with_their_place(query: str, error: str) -> None:
    with pytest.raises(ConnoteError, match="Found 1 problem") as raised:
        rows(query)
    assert error in raised.value.reason
    assert raised.value.wire()["error"]["type"] == "verification_exception"
    assert raised.value.status == 400


def test_all_problems_are_told_together() -> None:
    with pytest.raises(ConnoteError) as raised:
        rows("ROW a = 1 | EVAL b = x, c = y | SORT z")
    assert raised.value.reason == (
        "Found 3 problems\nline 1:22: Unknown column [x]\nline 1:29: Unknown column [y]\nline 1:38: Unknown column [z]"
    )


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("ROW", "line 1:4: mismatched input '<EOF>' expecting <expression>"),
        ("ROW a = 1 |", "line 1:12: mismatched input '<EOF>' expecting"),
        ("ROW a = 1\n| WHERE (a", "line 2:11: mismatched input '<EOF>' expecting ')'"),
        ("FOO a", "line 1:1: mismatched input 'FOO' expecting {'from', 'row', 'show'}"),
        ("ROW a = 1 | LIMIT -1", "line 1:19: value of [LIMIT] must be a non negative integer, found value [-1]"),
        ("ROW a = ?", "line 1:9: Not enough actual parameters 0"),
        ("ROW a = ?x", "line 1:9: Unknown query parameter [x]"),
        ("ROW a = 1 | EVAL b = ABS(a, 1)", "line 1:22: error building [abs]: expects exactly one argument"),
    ],
)
def test_what_is_no_query_is_told_with_its_place(query: str, error: str) -> None:
    with pytest.raises(ConnoteError) as raised:
        rows(query)
    assert raised.value.reason.startswith(error)
    assert raised.value.wire()["error"]["type"] == "parsing_exception"
