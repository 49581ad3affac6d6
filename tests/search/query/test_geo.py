"""Places, held against geometry on the sphere."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, IllegalArgument
from search.query.houses import MAPPING, houses
from search.query.slow import chosen, listed, metres, same
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]


@given(houses(), some.floats(-80, 80), some.floats(-179, 179), some.integers(1, 19_000))
def test_a_distance_is_along_the_sphere(index: Houses, lat: float, lon: float, far: int) -> None:
    small, documents = index
    near = chosen(
        documents, lambda each: any(metres(place, lat, lon) <= far * 1000 for place in listed(each.get("place")))
    )
    query = {"distance": f"{far}km", "place": {"lat": lat, "lon": lon}}
    same(small.search({"geo_distance": query}), near)
    same(small.search({"geo_distance": {**query, "distance": far, "unit": "km", "boost": 2}}), dict.fromkeys(near, 2.0))


@given(houses(), some.floats(-80, 80), some.floats(0, 80), some.floats(-179, 179), some.floats(-179, 179))
def test_a_box_may_cross_the_date_line(index: Houses, low: float, tall: float, left: float, right: float) -> None:
    small, documents = index
    high = min(low + tall, 90)

    def inside(place: dict[str, float]) -> bool:
        across = left <= place["lon"] <= right if left <= right else place["lon"] >= left or place["lon"] <= right
        return low <= place["lat"] <= high and bool(across)

    wanted = chosen(documents, lambda each: any(map(inside, listed(each.get("place")))))
    corners = {"top_left": {"lat": high, "lon": left}, "bottom_right": [right, low]}
    others = {"top_right": {"lat": high, "lon": right}, "bottom_left": f"{low!r},{left!r}"}
    sides = {"top": high, "left": left, "bottom": low, "right": right}
    for box in (corners, others, sides, {"wkt": f"BBOX ({left!r}, {right!r}, {high!r}, {low!r})"}):
        same(small.search({"geo_bounding_box": {"place": box}}), wanted)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"geo_distance": {"place": [0, 0]}}, "geo_distance requires 'distance' to be specified"),
        ({"geo_distance": {"distance": "far", "place": [0, 0]}}, "failed to parse distance [far]"),
        ({"geo_distance": {"distance": "1km", "place": [0, 91]}}, "illegal latitude value [91"),
        ({"geo_distance": {"distance": "1km", "body": [0, 0]}}, "Field [body] is of unsupported type [text]"),
        ({"geo_distance": {"distance": "1km", "missing": [0, 0]}}, "failed to find geo field [missing]"),
        ({"geo_distance": {"distance": "1km"}}, "needs exactly one field"),
        ({"geo_bounding_box": {"place": {"top": 1}}}, "failed to parse bounding box"),
        ({"geo_bounding_box": {"place": {"top": 1, "bottom": 2, "left": 0, "right": 1}}}, "top is below bottom"),
        ({"geo_bounding_box": {"place": {"top": "x", "bottom": 2, "left": 0, "right": 1}}}, "must be a number"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    with pytest.raises((BadQuery, IllegalArgument)) as caught:
        Small(MAPPING, [{}]).search(query)
    assert reason in str(caught.value.reason)


def test_a_field_that_is_not_mapped_may_be_passed_over() -> None:
    small = Small(MAPPING, [{"place": [0, 0]}])
    assert small.ids({"geo_distance": {"distance": "1km", "missing": [0, 0], "ignore_unmapped": True}}) == []
