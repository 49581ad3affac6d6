"""Buckets by cells of grids. Numbers of the museums are those of Elasticsearch's own reference of geotile_grid."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.search.mapping.cells import Geohash, Tiles
from connote.search.mapping.hexagons import Hexagons

MUSEUMS = {
    "nemo": (52.374081, 4.912350),
    "rembrandt": (52.369219, 4.901618),
    "scheepvaart": (52.371667, 4.914722),
    "letterenhuis": (51.222900, 4.405200),
    "louvre": (48.861111, 2.336389),
    "orsay": (48.860000, 2.327000),
}


@pytest.fixture(scope="module")
def museums(http: httpx.Client) -> Iterator[httpx.Client]:
    assert http.put("/museums", json={"mappings": {"properties": {"at": {"type": "geo_point"}}}}).is_success
    lines: list[Any] = []
    for id, (lat, lon) in MUSEUMS.items():
        lines += [{"index": {"_id": id}}, {"at": {"lat": lat, "lon": lon}, "name": id}]
    body = "".join(f"{json.dumps(line)}\n" for line in [*lines, {"index": {"_id": "nowhere"}}, {"name": "nowhere"}])
    http.post("/museums/_bulk?refresh=true", content=body, headers={"Content-Type": "application/x-ndjson"})
    yield http
    http.delete("/museums")


def cells(http: httpx.Client, kind: str, **options: object) -> list[tuple[str, int]]:
    reply = http.post("/museums/_search", json={"size": 0, "aggs": {"a": {kind: {"field": "at", **options}}}})
    assert reply.is_success, reply.text
    return [(each["key"], each["doc_count"]) for each in reply.json()["aggregations"]["a"]["buckets"]]


def test_cells_are_those_of_elasticsearch(museums: httpx.Client) -> None:
    assert cells(museums, "geohash_grid", precision=3) == [("u17", 3), ("u09", 2), ("u15", 1)]
    assert cells(museums, "geotile_grid", precision=8) == [("8/131/84", 3), ("8/129/88", 2), ("8/131/85", 1)]


def test_cells_of_a_box_alone(museums: httpx.Client) -> None:
    box = {"top_left": "POINT (4.9 52.4)", "bottom_right": "POINT (5.0 52.3)"}
    assert cells(museums, "geohash_grid", precision=8, bounds=box) == [
        ("u173zy3j", 1),
        ("u173zvfz", 1),
        ("u173zt90", 1),
    ]
    assert cells(museums, "geotile_grid", precision=22, bounds=box) == [
        ("22/2154412/1378379", 1),
        ("22/2154385/1378332", 1),
        ("22/2154259/1378425", 1),
    ]


def test_hexagons_are_those_of_elasticsearch(museums: httpx.Client) -> None:
    wanted = [("841969dffffffff", 3), ("841fb47ffffffff", 2), ("841fa4dffffffff", 1)]
    assert cells(museums, "geohex_grid", precision=4) == wanted
    box = {"top_left": "POINT (4.9 52.4)", "bottom_right": "POINT (5.0 52.3)"}
    wanted = [("8c1969c9b2617ff", 1), ("8c1969526d753ff", 1), ("8c1969526d26dff", 1)]
    assert cells(museums, "geohex_grid", precision=12, bounds=box) == wanted


@given(
    some.floats(-90, 90),
    some.floats(-180, 180),
    some.integers(0, 15),
    some.tuples(some.floats(0, 1), some.floats(0, 1), some.floats(0, 1), some.floats(0, 1)),
)
def test_the_hexagon_of_a_place_in_a_box_meets_the_box(
    lat: float, lon: float, precision: int, beyond: tuple[float, float, float, float]
) -> None:
    """Over the poles and the date line, too."""
    up, down, west, east = (each * 60 for each in beyond)
    box = (min(lat + up, 90), (lon - west + 180) % 360 - 180, max(lat - down, -90), (lon + east + 180) % 360 - 180)
    grid = Hexagons(precision)
    found = grid.of(np.array([lat]), np.array([lon]))
    assert grid.meets(found, box).all()
    assert Hexagons.read(grid.named(found[0])) == (grid, found[0])
    if abs(lat) < 80 and precision > 4:
        far = ((lon + 90) % 360 - 180, (lon + 120) % 360 - 180)
        assert not grid.meets(found, (90, far[0], -90, far[1])).any()


def test_the_first_cells_with_aggregations_of_their_own(museums: httpx.Client) -> None:
    tree = {"a": {"geotile_grid": {"field": "at", "size": 1}, "aggs": {"middle": {"geo_centroid": {"field": "at"}}}}}
    reply = museums.post("/museums/_search?typed_keys=true", json={"size": 0, "aggs": tree})
    (bucket,) = reply.json()["aggregations"]["geotile_grid#a"]["buckets"]
    assert (bucket["doc_count"], bucket["geo_centroid#middle"]["count"]) == (4, 4)


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("geohash_grid", {"precision": 13}, "Must be between 1 and 12"),
        ("geotile_grid", {"precision": 30}, "Must be between 0 and 29"),
        ("geohex_grid", {"precision": 16}, "Must be between 0 and 15"),
        ("geohex_grid", {"precision": -1}, "Must be between 0 and 15"),
        ("geotile_grid", {"bounds": {"top": 1}}, "It needs two corners or four sides"),
        ("geohash_grid", {"field": "name"}, "is not supported for aggregation [geohash_grid]"),
    ],
)
def test_what_cannot_be_is_refused(museums: httpx.Client, kind: str, options: dict[str, Any], reason: str) -> None:
    reply = museums.post("/museums/_search", json={"aggs": {"a": {kind: {"field": "at", **options}}}})
    assert (reply.status_code, reason in reply.text) == (400, True)


@given(lat=some.floats(-90, 90), lon=some.floats(-180, 180), precision=some.integers(1, 12))
def test_a_longer_hash_begins_with_the_shorter_one(lat: float, lon: float, precision: int) -> None:
    def of(letters: int) -> str:
        grid = Geohash(letters)
        column = min(int((lon + 180) / 360 * grid.columns), grid.columns - 1)
        return grid.name(column, min(int(grid.row(np.array([lat]))[0]), grid.rows - 1))

    assert len(of(precision)) == precision
    assert of(12).startswith(of(precision))


@given(row=some.integers(0, 2**29 - 1))
def test_a_row_of_tiles_begins_where_it_does(row: int) -> None:
    grid = Tiles(29)
    assert grid.row(grid.latitude(np.array([row], dtype=np.float64)))[0] == pytest.approx(row, abs=0.5)


@pytest.mark.parametrize(
    ("cell", "ids"),
    [
        ({"geotile": "8/131/84"}, {"nemo", "rembrandt", "scheepvaart"}),
        ({"geotile": "8/129/88"}, {"louvre", "orsay"}),
        ({"geotile": "0/0/0"}, set(MUSEUMS)),
        ({"geohash": "u15"}, {"letterenhuis"}),
        ({"geohash": "u"}, {"nemo", "rembrandt", "scheepvaart", "letterenhuis", "louvre", "orsay"}),
        ({"geohash": "zzz"}, set()),
        ({"geohex": "811fbffffffffff"}, {"louvre", "orsay"}),
        ({"geohex": "841969dffffffff"}, {"nemo", "rembrandt", "scheepvaart"}),
    ],
)
def test_places_of_one_cell_are_found(museums: httpx.Client, cell: dict[str, str], ids: set[str]) -> None:
    reply = museums.post("/museums/_search", json={"query": {"geo_grid": {"at": cell}}})
    assert {hit["_id"] for hit in reply.json()["hits"]["hits"]} == ids


@given(lat=some.floats(-85, 85), lon=some.floats(-180, 180), precision=some.integers(1, 12))
def test_a_cell_is_known_by_its_name(lat: float, lon: float, precision: int) -> None:
    for grid in (Geohash(precision), Tiles(precision * 2)):
        (cell,) = grid.of(np.array([lat]), np.array([lon])).tolist()
        assert type(grid).read(grid.named(cell)) == (grid, cell)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"at": {"geotile": "8/256/0"}}, "is no tile"),
        ({"at": {"geohash": "a"}}, "is no geohash"),
        ({"at": {"square": "u"}}, "must be one of [geohash, geotile, geohex]"),
        ({"at": {"geohex": "u"}}, "[u] is no cell of hexagons"),
        ({"at": {"geohex": "f" * 16}}, "is no cell of hexagons"),
        ({"at": {"geohex": "f" * 99}}, "is no cell of hexagons"),
        ({"at": {"geohex": "-811fbfffffffff"}}, "is no cell of hexagons"),
        ({"at": "u"}, "must name one cell"),
        ({"name": {"geohash": "u"}}, "is of unsupported type"),
        ({"nothing": {"geohash": "u"}}, "failed to find geo field [nothing]"),
    ],
)
def test_what_is_no_cell_is_told(museums: httpx.Client, query: dict[str, Any], reason: str) -> None:
    reply = museums.post("/museums/_search", json={"query": {"geo_grid": query}})
    assert (reply.status_code, reason in reply.text) == (400, True), reply.text


def test_tiles_are_combined_page_by_page(museums: httpx.Client) -> None:
    composite: dict[str, Any] = {"sources": [{"tile": {"geotile_grid": {"field": "at", "precision": 8}}}], "size": 1}
    pages = list[Any]()
    while True:
        reply = museums.post("/museums/_search", json={"size": 0, "aggs": {"a": {"composite": composite}}})
        found = reply.json()["aggregations"]["a"]
        if not found["buckets"]:
            break
        pages += found["buckets"]
        composite["after"] = found["after_key"]
    assert [(each["key"]["tile"], each["doc_count"]) for each in pages] == [
        ("8/129/88", 2),
        ("8/131/84", 3),
        ("8/131/85", 1),
    ]
    composite["after"] = {"tile": "7/1/1"}
    wrong = museums.post("/museums/_search", json={"aggs": {"a": {"composite": composite}}})
    assert "of another precision" in wrong.json()["error"]["root_cause"][0]["reason"]


def test_places_are_counted(museums: httpx.Client) -> None:
    kinds = ("value_count", "cardinality")
    aggs = {kind: {kind: {"field": "at"}} for kind in kinds}
    found = museums.post("/museums/_search", json={"size": 0, "aggs": aggs}).json()["aggregations"]
    assert {kind: found[kind]["value"] for kind in kinds} == dict.fromkeys(kinds, len(MUSEUMS))


def test_places_make_a_line_in_the_order_of_another_field(museums: httpx.Client) -> None:
    def line(**options: object) -> Any:  # noqa: ANN401 (JSON)
        agg = {"geo_line": {"point": {"field": "at"}, "sort": {"field": "name.keyword"}, **options}}
        reply = museums.post("/museums/_search", json={"size": 0, "aggs": {"a": agg}})
        assert reply.is_success, reply.text
        return reply.json()["aggregations"]["a"]

    ordered = [[MUSEUMS[name][1], MUSEUMS[name][0]] for name in sorted(MUSEUMS)]
    found = line(include_sort=True)
    assert found["type"] == "Feature"
    assert found["geometry"] == {"type": "LineString", "coordinates": [pytest.approx(each) for each in ordered]}
    assert found["properties"] == {"complete": True, "sort_values": sorted(MUSEUMS)}
    few = line(size=2, sort_order="DESC")
    assert few["geometry"]["coordinates"] == [pytest.approx(each) for each in reversed(ordered[-2:])]
    assert few["properties"] == {"complete": False}


def test_combinations_of_tiles_in_a_box_alone(museums: httpx.Client) -> None:
    box = {"top_left": "POINT (4.9 52.4)", "bottom_right": "POINT (5.0 52.3)"}
    source = {"tile": {"geotile_grid": {"field": "at", "precision": 22, "bounds": box}}}
    reply = museums.post("/museums/_search", json={"size": 0, "aggs": {"a": {"composite": {"sources": [source]}}}})
    tiles = {each["key"]["tile"] for each in reply.json()["aggregations"]["a"]["buckets"]}
    assert tiles == {key for key, _ in cells(museums, "geotile_grid", precision=22, bounds=box)}
