"""Shapes in documents, and how they stand to those of queries.

`shapes.json` holds pairs of shapes, and what shapely 2.1 says of them: whether they meet, and whether the second covers
the first.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadDocument, BadQuery, ConnoteError, IllegalArgument
from connote.search.mapping.shape import Shape, parse
from connote.search.query.shapes import is_within, meets
from search.query.small import Small

PAIRS = json.loads((Path(__file__).parent / "shapes.json").read_text())
MAPPING = {"area": {"type": "geo_shape"}, "place": {"type": "geo_point"}}
SQUARE = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"
AREAS: list[Any] = [
    SQUARE,
    "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))",
    {"type": "LineString", "coordinates": [[2, 2], [20, 2]]},
    {"type": "Point", "coordinates": [5, 5]},
    ["POINT (1 1)", "POINT (30 30)"],
    {"type": "envelope", "coordinates": [[170, 5], [-170, -5]]},
    {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [50, 50]}]},
]


@pytest.mark.parametrize(("one", "other", "do_meet", "covers"), PAIRS)
def test_shapes_stand_to_each_other_as_a_reference_says(one: Any, other: Any, do_meet: bool, covers: bool) -> None:  # noqa: ANN401
    first, second = Shape.of_word(parse(one).word), parse(other)
    assert meets(first, second) == meets(second, first) == do_meet
    assert is_within(first, second) == covers


@given(some.sampled_from(PAIRS), some.sampled_from([-360.0, 360.0]))
def test_the_way_round_the_earth_changes_nothing(pair: Any, turn: float) -> None:  # noqa: ANN401
    one, other, do_meet, covers = pair
    assert meets(parse(one).moved(turn), parse(other)) == do_meet
    assert is_within(parse(one), parse(other).moved(turn)) == covers


def found(query: dict[str, Any]) -> list[int]:
    return sorted(Small(MAPPING, [{"area": each} for each in AREAS] + [{}], segments=2).search(query))


@pytest.mark.parametrize(
    ("shape", "relation", "wanted"),
    [
        ("POINT (5 5)", "intersects", [0, 3]),
        ("POINT (5 5)", "contains", [0, 3]),
        ("POINT (2 2)", "contains", [0, 1, 2]),
        ("LINESTRING (4.5 4.5, 5.5 5.5)", "intersects", [0, 3]),
        (SQUARE, "within", [0, 1, 3]),
        (SQUARE, "disjoint", [5, 6]),
        ("BBOX (-175, -174, 1, 0)", "intersects", [5]),
        ("BBOX (0, 50, 50, 0)", "within", [0, 1, 2, 3, 4, 6]),
        ("MULTIPOINT ((1 1), (2 2))", "contains", [0, 1]),
        ("GEOMETRYCOLLECTION (POINT (50 50), LINESTRING (172 0, 175 0))", "intersects", [5, 6]),
    ],
)
def test_documents_are_found_by_their_shapes(shape: str, relation: str, wanted: list[int]) -> None:
    assert found({"geo_shape": {"area": {"shape": shape, "relation": relation}}}) == wanted


def test_boxes_and_distances_are_for_shapes_too() -> None:
    box = {"top_left": {"lat": 3, "lon": 15}, "bottom_right": {"lat": 1, "lon": 25}}
    assert found({"geo_bounding_box": {"area": box}}) == [2]
    assert found({"geo_distance": {"distance": "150km", "area": {"lat": 3, "lon": 15}}}) == [2]
    assert found({"geo_distance": {"distance": "100km", "area": {"lat": 3, "lon": 15}}}) == []
    assert found({"exists": {"field": "area"}}) == list(range(len(AREAS)))


def test_a_polygon_may_go_the_other_way_round_or_be_left_open() -> None:
    line = [[170, 0], [-170, 0], [-170, 10], [170, 10]]
    opened = {"type": "polygon", "coordinates": [line]}
    small = Small({"area": {"type": "geo_shape", "coerce": True}}, [{"area": opened}])
    assert sorted(small.search({"geo_shape": {"area": {"shape": "POINT (180 5)"}}})) == [0]
    left = Small({"area": {"type": "geo_shape", "coerce": True, "orientation": "left"}}, [{"area": opened}])
    assert sorted(left.search({"geo_shape": {"area": {"shape": "POINT (180 5)"}}})) == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (5, "a shape is an object"),
        ({"type": "circle", "coordinates": [0, 0], "radius": "5m"}, "shapes of type [circle] are not supported"),
        ({"type": "polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, "must be the same"),
        ({"type": "polygon", "coordinates": [[[0, 0], [1, 0], [0, 0]]]}, "at least 4 corners"),
        ({"type": "point", "coordinates": [0, 91]}, "latitudes -90 to 90"),
        ({"type": "point", "coordinates": "here"}, "must be arrays of longitude and latitude"),
        ({"type": "linestring", "coordinates": [[0, 0]]}, "needs at least 2 places"),
        ({"type": "linestring", "coordinates": [[0, n % 90] for n in range(20_001)]}, "20000 corners"),
        ({"type": "point", "coordinates": [0, 0], "orientation": "up"}, "Unknown orientation [up]"),
        ({"type": "geometrycollection", "geometries": []}, "an array that is not empty"),
        ("POINT (1 2", "failed to parse well-known text"),
        ("POINT (a b)", "failed to parse well-known text"),
        (f"POLYGON ({'(' * 5000}", "failed to parse well-known text"),
        ("GEOMETRYCOLLECTION (" * 11 + "POINT (1 1)" + ")" * 11, "too deep"),
    ],
)
def test_what_is_no_shape_is_told(value: Any, told: str) -> None:  # noqa: ANN401
    with pytest.raises(BadDocument) as caught:
        Small(MAPPING, [{"area": value}])
    assert told in str(caught.value.details or caught.value.reason) + str(caught.value.caused_by)
    Small({"area": {"type": "geo_shape", "ignore_malformed": True}}, [{"area": value}])


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"area": {"shape": "LINESTRING (0 0, 1 1)", "relation": "within"}}, "not supported for lines"),
        ({"area": {"shape": SQUARE, "relation": "touches"}}, "[relation] must be one of"),
        ({"place": {"shape": SQUARE, "relation": "contains"}}, "of places, not [contains]"),
        ({"area": {"shape": "NOWHERE (1 1)"}}, "not supported"),
    ],
)
def test_what_a_query_cannot_ask_is_told(query: dict[str, Any], told: str) -> None:
    with pytest.raises((BadQuery, IllegalArgument)) as caught:
        found({"geo_shape": query})
    assert told in caught.value.reason
    with pytest.raises(IllegalArgument, match="unsupported type"):
        found({"geo_grid": {"area": {"geotile": "0/0/0"}}})


KINDS = ("point", "multipoint", "linestring", "polygon", "multipolygon", "envelope", "geometrycollection")


@given(
    some.recursive(
        some.floats(-400, 400) | some.text(max_size=3) | some.none(),
        lambda inner: some.lists(inner, max_size=4) | some.fixed_dictionaries(
            {"type": some.sampled_from(KINDS), "coordinates": inner, "geometries": inner}
        ),
        max_leaves=12,
    )
    | some.text(alphabet="POINTLYG()0123,. -e", max_size=40)
)  # fmt: skip
def test_whatever_a_stranger_gives_is_a_shape_or_refused(given_: Any) -> None:  # noqa: ANN401
    try:
        made = parse(given_)
    except ConnoteError:
        return
    assert meets(made, made)


@pytest.mark.parametrize(
    ("corners", "is_inside"),
    [
        ([[1, 10], [9, 10]], False),
        ([[3, 10], [10, 10]], False),
        ([[1, 10], [7, 10], [9, 10]], False),
        ([[0, 10], [4, 10]], True),
        ([[6, 4], [6, 10]], True),
        ([[4, 2], [4, 10]], True),
        ([[1, 2], [9, 2]], True),
    ],
)
def test_a_line_over_a_bay_is_not_within_though_it_meets_only_corners(
    corners: list[list[float]], is_inside: bool
) -> None:
    bay = [[0, 0], [10, 0], [10, 10], [6, 10], [6, 4], [4, 4], [4, 10], [0, 10], [0, 0]]
    line = parse({"type": "linestring", "coordinates": corners})
    assert is_within(line, parse({"type": "polygon", "coordinates": [bay]})) is is_inside


def test_what_crosses_the_date_line_is_within_a_box_around_the_earth() -> None:
    over = parse({"type": "envelope", "coordinates": [[170, 10], [-170, -10]]})
    for (top, bottom), is_inside in {(90, -90): True, (10, -10): True, (5, -90): False}.items():
        belt = parse({"type": "envelope", "coordinates": [[-180, top], [180, bottom]]})
        assert is_within(over, belt) is is_inside
