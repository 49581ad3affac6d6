"""Areas and cells of the map, and the time of a row, in ES|QL."""

from typing import Any

import pytest

from connote.contract.errors import ConnoteError
from esql import kind, rows, table, value

HERE = 'p = TO_GEOPOINT("POINT (12.5 41.9)")'
AREA = 'TO_GEOSHAPE("POLYGON ((12 41, 13 41, 13 42, 12 42, 12 41))")'
ISLANDS = 'TO_GEOSHAPE("MULTIPOLYGON (((170 0, -170 0, -170 10, 170 10, 170 0)), ((150 -5, 160 -5, 160 5, 150 -5)))")'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"ST_WITHIN(p, {AREA})", True),
        (f"ST_INTERSECTS({AREA}, p)", True),
        (f"ST_CONTAINS({AREA}, p)", True),
        (f"ST_CONTAINS(p, {AREA})", False),
        (f"ST_WITHIN({AREA}, p)", False),
        (f"ST_DISJOINT(p, {AREA})", False),
        ('ST_WITHIN(p, "BBOX (12.5, 13, 42, 41)")', True),
        ('ST_WITHIN(p, "BBOX (13, 14, 42, 41)"::geo_shape)', False),
        ('ST_WITHIN(p, "POINT (12.5 41.9)")', True),
        ('ST_WITHIN(TO_GEOSHAPE("POINT(12.5  41.9)"), p)', True),
        (f"ST_WITHIN(null, {AREA})", None),
        ("TO_GEOSHAPE(p)", "POINT (12.5 41.9)"),
        (f"ST_XMAX({AREA})", 13.0),
        (f"ST_YMIN({AREA})", 41.0),
        ("ST_XMIN(p) + ST_YMAX(p)", 54.4),
        (f"ST_ENVELOPE({AREA})", "BBOX (12.0, 13.0, 42.0, 41.0)"),
        (f"ST_ENVELOPE({ISLANDS})", "BBOX (150.0, -170.0, 10.0, -5.0)"),
        ('ST_ENVELOPE("BBOX (175, -175, 1, 0)")', "BBOX (175.0, -175.0, 1.0, 0.0)"),
        ("ST_GEOHASH(p, 5)", "sr2yk"),
        ("ST_GEOHASH_TO_LONG(ST_GEOHASH(p, 1))", 24 << 4 | 1),
        ("ST_GEOHASH_TO_STRING(ST_GEOHASH(p, 1))", "s"),
        ("ST_GEOTILE(p, 4)", "4/8/5"),
        ("ST_GEOTILE_TO_LONG(ST_GEOTILE(p, 4))", 4 << 58 | 8 << 29 | 5),
        ("ST_GEOHEX(p, 3)", "831e80fffffffff"),
        ("ST_GEOHEX_TO_LONG(ST_GEOHEX(p, 3))", 0x831E80FFFFFFFFF),
    ],
)
def test_a_function_of_places_gives_what_its_documentation_says(expression: str, expected: Any) -> None:  # noqa: ANN401
    assert value(expression, HERE) == expected


def test_each_row_has_an_area_of_its_own() -> None:
    query = (
        'ROW p = "POINT (1 1)"::geo_point, a = ["BBOX (0, 2, 2, 0)", "BBOX (3, 4, 4, 3)", "BBOX (1, 1, 5, 0)"] '
        "| MV_EXPAND a | EVAL has = ST_CONTAINS(a::geo_shape, p) | KEEP a, has"
    )
    assert [row[1] for row in rows(query)] == [True, False, True]


def test_the_box_around_places_is_a_shape() -> None:
    query = (
        'ROW p = ["POINT (1 2)", "POINT (3 -1)"] | MV_EXPAND p | STATS box = ST_EXTENT_AGG(p::geo_point) '
        "| EVAL east = ST_XMAX(box), has = ST_INTERSECTS(box, TO_GEOPOINT(\"POINT (2 0)\"))"
    )  # fmt: skip
    assert rows(query) == [["BBOX (1.0, 3.0, 2.0, -1.0)", 3.0, True]]


def test_what_is_no_area_is_null_and_told() -> None:
    for text in ("LINESTRING (0 0, 1 1)", "POLYGON ((0 0))", "POINT (1)", "x"):
        found = table(f'ROW t = "{text}" | EVAL a = TO_GEOSHAPE(t)')
        assert found.page["a"].rows() == [()]
        assert any("java.lang.IllegalArgumentException" in each for each in found.warnings)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (f"ST_INTERSECTS({AREA}, {AREA})", "of two shapes one must be a geo_point"),
        ("ST_GEOHASH(p, 13)", "[st_geohash] takes a precision from 1 to 12, not [13]"),
        ('ST_WITHIN(p, "LINESTRING (0 0, 1 1)")', "Cannot convert string [LINESTRING (0 0, 1 1)] to [GEO_SHAPE]"),
        ("ST_WITHIN(p, 1)", "second argument of [ST_WITHIN(p, 1)] must be [geo_point or geo_shape]"),
        (f"{AREA} == {AREA}", "argument of"),
    ],
)
def test_what_areas_cannot_do_is_refused(expression: str, why: str) -> None:
    with pytest.raises(ConnoteError) as refused:
        value(expression, HERE)
    assert why in refused.value.reason


def test_a_cell_that_is_none_is_told() -> None:
    for name in ("geohash", "geotile", "geohex"):
        found = table(f'ROW cell = "no cell" | EVAL number = ST_{name}_TO_LONG(cell)')
        assert found.page["number"].rows() == [()]
        assert any("no cell" in each for each in found.warnings)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('TRANGE("2024-05-10T00:17:14.000Z", "2024-05-10T00:17:16.000Z")', True),
        ('TRANGE("2024-05-10T00:17:16.000Z", "2024-05-10T00:18:33.000Z")', False),
        ("TRANGE(1715300234000, 1715300313000)", True),
        ("TRANGE(1 hour)", False),
        ("TRANGE(100 years)", True),
        ("TRANGE(900000000 years)", True),
        ("TBUCKET(1 hour)", "2024-05-10T00:00:00.000Z"),
        ("TBUCKET(1 month)", "2024-05-01T00:00:00.000Z"),
    ],
)
def test_the_time_of_a_row_needs_no_name(expression: str, expected: Any) -> None:  # noqa: ANN401
    assert value(expression, '`@timestamp` = "2024-05-10T00:17:16.000Z"::datetime') == expected


def test_rows_are_counted_by_their_time() -> None:
    times = '["2024-05-10T00:17:16.000Z", "2024-05-10T00:59:59.000Z", "2024-05-10T01:00:00.000Z"]'
    query = f"ROW t = {times} | MV_EXPAND t | EVAL `@timestamp` = t::datetime | STATS c = COUNT(*) BY TBUCKET(1 hour)"
    assert table(query).types == {"c": "long", "TBUCKET(1 hour)": "date"}
    assert rows(query) == [[2, "2024-05-10T00:00:00.000Z"], [1, "2024-05-10T01:00:00.000Z"]]
    assert kind("TRANGE(1 day)", "`@timestamp` = NOW()") == "boolean"


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("TRANGE()", "error building [trange]: expects between 1 and 2 arguments"),
        ("TBUCKET(1 day, 2)", "error building [tbucket]: expects exactly one argument"),
        ("TRANGE(-1 hour)", "must start before it ends"),
        ("TRANGE(-900000000 years)", "must start before it ends"),
        ("TRANGE(5)", "needs a span of time alone, or a start and an end"),
        ("TRANGE(1h, 2h)", "second argument of [TRANGE(1h, 2h)] must be [datetime or integer]"),
        ('TRANGE("x", "y")', "Cannot convert string [x] to [DATETIME]"),
    ],
)
def test_a_time_that_is_none_is_refused(expression: str, why: str) -> None:
    with pytest.raises(ConnoteError) as refused:
        value(expression, "`@timestamp` = NOW()")
    assert why in refused.value.reason


def test_without_a_time_its_functions_cannot_be() -> None:
    with pytest.raises(ConnoteError, match="Unknown column \\[@timestamp\\]"):
        value("TRANGE(1 hour)")
