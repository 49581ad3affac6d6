"""Places in areas, held against the angles at which a place sees the corners."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, IllegalArgument
from search.query.houses import MAPPING, houses
from search.query.slow import chosen, listed, same
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]
Corners = list[list[float]]


@some.composite
def stars(draw: some.DrawFn) -> Corners:
    """A closed line around a place, counterclockwise, that does not cross itself."""
    middle = draw(some.tuples(some.floats(-70, 70), some.floats(-40, 40)))
    count = draw(some.integers(3, 9))
    reach = draw(some.lists(some.floats(5, 45), min_size=count, max_size=count))
    turns = [2 * math.pi * n / count for n in range(count)]
    line = [[middle[0] + r * math.cos(a), middle[1] + r * math.sin(a)] for r, a in zip(reach, turns, strict=True)]
    return [*line, line[0]]


def turned(line: Corners, lon: float, lat: float) -> float:
    """How often the line goes around a place."""
    angles = [math.atan2(y - lat, x - lon) for x, y in line]
    steps = [(after - before + math.pi) % (2 * math.pi) - math.pi for before, after in pairwise(angles)]
    return sum(steps) / (2 * math.pi)


def around(line: Corners, place: dict[str, float]) -> bool:
    times = turned(line, place["lon"], place["lat"])
    assume(abs(times - round(times)) < 1e-6)
    return round(times) != 0


@given(houses(), stars(), some.booleans())
def test_places_in_a_polygon_are_those_that_it_goes_around(index: Houses, line: Corners, is_text: bool) -> None:
    small, documents = index
    inside = [[around(line, place) for place in listed(each.get("place"))] for each in documents]
    text = f"POLYGON (({', '.join(f'{x!r} {y!r}' for x, y in line)}))"
    shape: Any = text if is_text else {"type": "Polygon", "coordinates": [line]}
    for relation, fits in (("intersects", any), ("within", all), ("disjoint", lambda found: not any(found))):
        wanted = {at: 1.0 for at, found in enumerate(inside) if found and fits(found)}
        wanted = {at: score for at, score in wanted.items() if at in chosen(documents, lambda _: True)}
        same(small.search({"geo_shape": {"place": {"shape": shape, "relation": relation}}}), wanted)
    opened = [{"lat": y, "lon": x} for x, y in line[:-1]]
    anywhere = chosen(documents, lambda each: any(around(line, place) for place in listed(each.get("place"))))
    same(small.search({"geo_polygon": {"place": {"points": opened}}}), anywhere)


def found(places: list[Any], shape: Any, **more: object) -> list[int]:  # noqa: ANN401 (JSON)
    small = Small(MAPPING, [{"place": each} for each in places])
    return sorted(small.search({"geo_shape": {"place": {"shape": shape, **more}}}))


SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[4, 4], [4, 6], [6, 6], [6, 4], [4, 4]]


def test_a_hole_is_outside_and_edges_are_inside() -> None:
    places = [[5, 5], [2, 2], [4, 5], [10, 5], [0, 0], [10.001, 5], [-1, 5]]
    assert found(places, {"type": "polygon", "coordinates": [SQUARE, HOLE]}) == [1, 2, 3, 4]
    text = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 4 6, 6 6, 6 4, 4 4))"
    assert found(places, text) == [1, 2, 3, 4]


def test_several_shapes_are_one() -> None:
    far = [[x + 50, y] for x, y in SQUARE]
    places = [[5, 5], [55, 5], [30, 5]]
    several = {"type": "MultiPolygon", "coordinates": [[SQUARE], [far]]}
    assert found(places, several) == [0, 1]
    assert found(places, "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 0)), ((50 0, 60 0, 60 10, 50 0)))") == [0, 1]
    envelope = {"type": "envelope", "coordinates": [[25, 10], [35, 0]]}
    assert found(places, {"type": "GeometryCollection", "geometries": [several, envelope]}) == [0, 1, 2]
    assert found(places, "BBOX (25, 35, 10, 0)") == [2]


def test_a_wide_polygon_that_goes_the_other_way_round_crosses_the_date_line() -> None:
    line = [[170, 0], [-170, 0], [-170, 10], [170, 10], [170, 0]]
    places = [[175, 5], [-175, 5], [0, 5]]
    crossing = {"type": "polygon", "coordinates": [line]}
    assert found(places, crossing) == [0, 1]
    assert found(places, {**crossing, "orientation": "left"}) == [2]
    assert found(places, {"type": "polygon", "coordinates": [line[::-1]]}) == [2]


def test_a_shape_may_stand_in_a_document() -> None:
    shape = {"type": "polygon", "coordinates": [SQUARE]}
    documents = {("shapes", "square"): {"deep": {"shape": shape}}, ("shapes", "none"): {}}
    small = Small(MAPPING, [{"place": [5, 5]}, {"place": [15, 5]}], elsewhere=documents)
    wanted = {"indexed_shape": {"index": "shapes", "id": "square", "path": "deep.shape"}}
    assert sorted(small.search({"geo_shape": {"place": wanted}})) == [0]
    for id, reason in (("none", "found but missing deep.shape field"), ("nobody", "not found")):
        with pytest.raises(IllegalArgument, match=reason):
            small.search({"geo_shape": {"place": {"indexed_shape": {**wanted["indexed_shape"], "id": id}}}})


def test_the_older_form_has_no_more_corners_either() -> None:
    points = [[n % 170, n % 80] for n in range(10_001)]
    with pytest.raises(BadQuery, match="may have 10000 corners"):
        Small(MAPPING, []).search({"geo_polygon": {"place": {"points": points}}})


def polygon(*line: object) -> dict[str, Any]:
    return {"shape": {"type": "polygon", "coordinates": [list(line)]}}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"place": {}}, "either shape or indexedShapeId is required"),
        ({"place": {"shape": {"type": "point", "coordinates": [1, 2]}}}, "shapes of type [point] are not supported"),
        ({"place": {"shape": "LINESTRING (1 2, 3 4)"}}, "are not supported here"),
        ({"place": {"shape": "POLYGON ((1 2, 3 4"}}, "are not supported here"),
        ({"place": {"shape": "POLYGON ((1 2)))"}}, "brackets that do not match"),
        ({"place": {"shape": f"POLYGON {'(' * 50}{')' * 50}"}}, "too many brackets"),
        ({"place": {"shape": 5}}, "a shape must be an object"),
        ({"place": polygon([0, 0], [1, 0], [0, 0])}, "at least 4 corners"),
        ({"place": polygon([0, 0], [1, 0], [1, 1], [0, 1])}, "coordinates are not closed"),
        ({"place": polygon([0, 0], [1, 0], [1, 91], [0, 0])}, "illegal latitude value [91"),
        ({"place": polygon(*[[0, 0]] * 10_001)}, "may have 10000 corners"),
        ({"place": {**polygon(*SQUARE), "relation": "contains"}}, "[relation] must be one of"),
        ({"body": polygon(*SQUARE)}, "Field [body] is of unsupported type [text]"),
        ({"missing": polygon(*SQUARE)}, "failed to find geo field [missing]"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    with pytest.raises((BadQuery, IllegalArgument)) as caught:
        Small(MAPPING, []).search({"geo_shape": query})
    assert reason in caught.value.reason
