"""Vector tiles, by an example of the documentation, whose numbers these are.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/vector-tile-search
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.search.maptile import Place
from connote.search.tile import Feature, Layer, encoded

MUSEUMS = {
    "1": ("52.374081,4.912350", "NEMO Science Museum", 1750, True),
    "2": ("52.369219,4.901618", "Museum Het Rembrandthuis", 1500, False),
    "3": ("52.371667,4.914722", "Nederlands Scheepvaartmuseum", 1650, True),
    "4": ("52.371667,4.914722", "Amsterdam Centre for Architecture", 0, True),
}
TILE = "/museums/_mvt/location/13/4207/2692"
PRICES = {f"{kind}_price": {kind: {"field": "price"}} for kind in ("min", "max", "avg")}
WANTED = {"grid_precision": 2, "fields": ["name", "price"], "query": {"term": {"included": True}}, "aggs": PRICES}
SAID = some.text(max_size=9) | some.integers(-(2**63), 2**63 - 1) | some.booleans() | some.floats(allow_nan=False)
Field = tuple[int, Any]


@pytest.fixture
def museums(indices: httpx.Client) -> httpx.Client:
    kinds = {"location": "geo_point", "name": "keyword", "price": "long", "included": "boolean"}
    indices.put("/museums", json={"mappings": {"properties": {name: {"type": kind} for name, kind in kinds.items()}}})
    for id, values in MUSEUMS.items():
        indices.put(f"/museums/_doc/{id}?refresh=true", json=dict(zip(kinds, values, strict=True)))
    return indices


def varint(raw: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (raw[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if raw[at - 1] < 0x80:
            return value, at


def message(raw: bytes) -> Iterator[Field]:
    at = 0
    while at < len(raw):
        key, at = varint(raw, at)
        match key & 7:
            case 0:
                value: Any
                value, at = varint(raw, at)
            case 1:
                (value,) = struct.unpack("<d", raw[at : at + 8])
                at += 8
            case _:
                size, at = varint(raw, at)
                value, at = raw[at : at + size], at + size
        yield key >> 3, value


def packed(raw: bytes) -> list[int]:
    found, at = list[int](), 0
    while at < len(raw):
        value, at = varint(raw, at)
        found.append(value)
    return found


def signed(value: int) -> int:
    return value >> 1 ^ -(value & 1)


def drawn(commands: list[int]) -> list[tuple[int, int]]:
    """The points that the commands of a geometry go to."""
    found, at, x, y = list[tuple[int, int]](), 0, 0, 0
    while at < len(commands):
        kind, count = commands[at] & 7, commands[at] >> 3
        at += 1
        for _ in range(count if kind != 7 else 0):
            x, y = x + signed(commands[at]), y + signed(commands[at + 1])
            at += 2
            found.append((x, y))
    return found


def decoded(raw: bytes) -> dict[str, list[dict[str, Any]]]:
    """The features of each layer."""
    layers = {}
    for number, body in message(raw):
        assert number == 3
        parts = list(message(body))
        keys = [value.decode() for number, value in parts if number == 3]
        values = [value_of(value) for number, value in parts if number == 4]
        (name,) = (value.decode() for number, value in parts if number == 1)
        assert (15, 2) in parts
        layers[name] = [feature(value, keys, values) for number, value in parts if number == 2]
    return layers


def value_of(raw: bytes) -> Any:  # noqa: ANN401 (what a tile holds)
    ((number, value),) = message(raw)
    read: dict[int, Callable[[Any], Any]] = {1: bytes.decode, 3: float, 6: signed, 7: bool}
    return read[number](value)


def feature(raw: bytes, keys: list[str], values: list[Any]) -> dict[str, Any]:
    parts = dict(message(raw))
    tags = packed(parts[2])
    told = {keys[key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)}
    return {"type": parts[3], "points": drawn(packed(parts[4])), "properties": told}


def test_the_documented_tile(museums: httpx.Client) -> None:
    accept = "application/vnd.elasticsearch+vnd.mapbox-vector-tile; compatible-with=9"  # as elasticsearch-py sends it
    reply = museums.post(TILE, json=WANTED, headers={"Accept": accept})
    assert reply.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert reply.headers["x-elastic-product"] == "Elasticsearch"
    tile = decoded(reply.content)
    hits = {each["properties"]["_id"]: each for each in tile["hits"]}
    # The documentation's y grows upwards.
    assert {id: each["points"] for id, each in hits.items()} == {
        "1": [(3208, 4096 - 3864)],
        "3": [(3429, 4096 - 3496)],
        "4": [(3429, 4096 - 3496)],
    }
    shown = {"_id": "1", "_index": "museums", "name": "NEMO Science Museum", "price": 1750}
    assert (hits["1"]["properties"], hits["1"]["type"]) == (shown, 1)
    (cell,) = tile["aggs"]
    assert (cell["type"], cell["points"]) == (3, [(3072, 0), (4096, 0), (4096, 1024), (3072, 1024)])
    prices = {"max_price.value": 1750.0, "min_price.value": 0.0, "avg_price.value": 1133.3333333333333}
    assert cell["properties"] == {"_count": 3, "_key": "15/16831/10768", **prices}
    (meta,) = tile["meta"]
    assert meta["points"] == [(0, 0), (4096, 0), (4096, 4096), (0, 4096)]
    told = meta["properties"]
    assert told["took"] >= 0
    assert {name: told[name] for name in told if not name.startswith("aggregations") and name != "took"} == {
        "_shards.failed": 0, "_shards.skipped": 0, "_shards.successful": 1, "_shards.total": 1, "hits.max_score": 0.0,
        "hits.total.relation": "eq", "hits.total.value": 3, "timed_out": False,
    }  # fmt: skip
    counts = {"avg": 3.0, "count": 1, "max": 3.0, "min": 3.0, "sum": 3.0}
    assert {name: told[f"aggregations._count.{name}"] for name in counts} == counts
    assert told["aggregations.avg_price.max"] == 1133.3333333333333


def test_layers_are_left_out_and_shaped_as_asked(museums: httpx.Client) -> None:
    assert set(decoded(museums.get(f"{TILE}?size=0&grid_precision=0").content)) == {"meta"}
    tile = decoded(museums.get(f"{TILE}?grid_precision=1&grid_type=point&extent=256").content)
    assert [each["points"] for each in tile["aggs"]] == [[(192, 64)]]
    tile = decoded(museums.get(f"{TILE}?exact_bounds=true&with_labels=true&grid_type=centroid").content)
    (meta,) = tile["meta"]
    west = round(((4.901618 + 180) / 360 * 2**13 - 4207) * 4096)
    assert meta["points"][0] == (west, 232)  # the westernmost and the northernmost place
    labels = [each["properties"].get("_mvt_label_position", False) for each in tile["hits"]]
    assert sorted(labels) == [False] * 4 + [True] * 4
    assert tile["aggs"][0]["points"][0] in [each["points"][0] for each in tile["hits"]]
    assert decoded(museums.get("/museums/_mvt/location/13/0/0").content)["hits"] == []


def test_neighbouring_tiles_share_no_cell(museums: httpx.Client) -> None:
    found = list[str]()
    for x in range(4205, 4210):
        for y in range(2690, 2695):
            raw = museums.get(f"/museums/_mvt/location/13/{x}/{y}?grid_precision=8").content
            found += [each["properties"]["_key"] for each in decoded(raw)["aggs"]]
    assert len(found) == len(set(found)) == 3


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/museums/_mvt/location/-100/0/0", {}, "Invalid geotile_grid precision of -100. Must be between 0 and 29."),
        ("/museums/_mvt/location/1/2/0", {}, "Zoom/X/Y combination is not valid: 1/2/0"),
        ("/museums/_mvt/location/one/2/0", {}, "Failed to parse int parameter [zoom]"),
        (TILE, {"grid_precision": 9}, "[grid_precision] must be between 0 and 8, got [9]"),
        (TILE, {"size": 10_001}, "[size] must be between 0 and 10000"),
        (TILE, {"grid_agg": "geohex"}, "[grid_agg] must be [geotile]"),
        (TILE, {"grid_type": "line"}, "Invalid grid type [line]"),
        (TILE, {"aggs": {"x": {"terms": {"field": "name"}}}}, "aggregation [x] of a tile must be one of"),
        (TILE, {"aggs": {"_mvt_x": PRICES["min_price"]}}, "cannot start with _mvt_"),
        (TILE, {"aggs": {"key": PRICES["min_price"]}}, "Invalid aggregation name [key]"),
        (TILE, {"aggs": {"doc_count": PRICES["min_price"]}}, "Invalid aggregation name [doc_count]"),
        ("/museums/_mvt/location/1_0/2/0", {}, "Failed to parse int parameter [zoom]"),
        (TILE, {"from": 3}, "unknown field [from]"),
        (TILE, {"fields": "name"}, "[fields] must be an array"),
        (TILE, {"fields": 1}, "[fields] must be an array"),
        (TILE, {"query": []}, "malformed"),
        (TILE, {"aggs": [1]}, "[aggs] must be an object"),
        (TILE, {"extent": "wide"}, "[extent] must be between"),
        ("/museums/_mvt/name/13/0/0", {}, "name"),
    ],
)
def test_what_is_no_tile_is_refused_as_json(museums: httpx.Client, path: str, body: object, told: str) -> None:
    reply = museums.post(path, json=body, headers={"Accept": "application/vnd.mapbox-vector-tile"})
    assert reply.status_code == 400, reply.text
    assert told in reply.text


@given(
    some.lists(some.tuples(some.integers(-9999, 9999), some.integers(-9999, 9999)), min_size=1),
    some.dictionaries(some.text(max_size=5), SAID),
)
def test_whatever_is_encoded_is_read_the_same(pixels: list[tuple[int, int]], properties: dict[str, Any]) -> None:
    raw = encoded([Layer("a", 4096, [Feature(pixels, properties), Feature([(0, 0)], {})])])
    first, second = decoded(raw)["a"]
    assert first == {"type": 1, "points": pixels, "properties": properties}
    assert {name: type(each) for name, each in first["properties"].items()} == {
        name: type(each) for name, each in properties.items()
    }
    assert second["properties"] == {}


@given(some.integers(0, 22), some.floats(-85, 85), some.floats(-179.9, 179.9))
def test_a_place_is_in_its_tile_and_in_the_box_of_it(zoom: int, lat: float, lon: float) -> None:
    x, y = Place(zoom, 0, 0, 1).pixel(lat, lon)
    inside = [Place(zoom, a, b) for a in (x - 1, x) for b in (y - 1, y) if min(a, b) >= 0 and max(a, b) < 1 << zoom]
    found = [each for each in inside if all(0 <= at <= 4096 for at in each.pixel(lat, lon))]
    assert found
    box = found[0].box(buffer=1)
    assert box["bottom"] <= lat <= box["top"]
    assert box["left"] <= lon <= box["right"]
