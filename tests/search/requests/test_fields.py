"""Values of fields beside the source: as the field keeps them, not as they were written."""

from typing import Any

import httpx
import pytest

from homes import Search

MAPPING = {
    "properties": {
        "title": {"type": "text"},
        "code": {"type": "keyword", "normalizer": "lowercase", "ignore_above": 5},
        "count": {"type": "integer"},
        "rate": {"type": "double"},
        "share": {"type": "float"},
        "cents": {"type": "scaled_float", "scaling_factor": 100},
        "sold": {"type": "boolean"},
        "day": {"type": "date"},
        "at": {"type": "geo_point"},
        "kind": {"type": "constant_keyword", "value": "house"},
        "release": {"type": "version"},
        "rooms": {
            "type": "nested",
            "properties": {"kind": {"type": "keyword"}, "size": {"type": "integer"}, "at": {"type": "geo_point"}},
        },
    }
}
WRITTEN = {
    "title": 7,
    "code": ["b", "A", "a", "much too long"],
    "count": ["3", 1, 2],
    "rate": "2.50",
    "share": 0.1,
    "cents": 0.123,
    "sold": "false",
    "day": 1704067200000,
    "at": [[2.35, 48.85], [13.4, 52.5]],
    "rooms": [
        {"kind": "bed", "size": "9", "at": [2.35, 48.85]},
        {"kind": "bath", "size": 3, "at": "48.86,2.35"},
    ],
}


@pytest.fixture(scope="module")
def odd(http: httpx.Client) -> Search:
    http.delete("/oddments")
    assert http.put("/oddments", json={"mappings": MAPPING}).is_success
    assert http.put("/oddments/_doc/1?refresh=true", json=WRITTEN).is_success
    assert http.put("/oddments/_doc/2?refresh=true", json={"share": 0.2, "at": "0,0"}).is_success
    return Search(http)


def hit(odd: Search, **body: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    found: dict[str, Any] = odd("oddments", query={"ids": {"values": ["1"]}}, _source=False, **body)["hits"]["hits"][0]
    return found


def test_fields_have_the_type_of_their_mapping(odd: Search) -> None:
    assert hit(odd, fields=["*"])["fields"] == {
        "title": ["7"],
        "kind": ["house"],
        "code": ["b", "a", "a"],
        "count": [3, 1, 2],
        "rate": [2.5],
        "share": [0.1],
        "cents": [0.12],
        "sold": [False],
        "day": ["2024-01-01T00:00:00.000Z"],
        "at": [
            {"coordinates": [2.35, 48.85], "type": "Point"},
            {"coordinates": [13.4, 52.5], "type": "Point"},
        ],
        "rooms": [
            {"kind": ["bed"], "size": [9], "at": [{"coordinates": [2.35, 48.85], "type": "Point"}]},
            {"kind": ["bath"], "size": [3], "at": [{"coordinates": [2.35, 48.86], "type": "Point"}]},
        ],
    }


def test_columns_are_in_order_and_have_words_once(odd: Search) -> None:
    wanted = [
        "code",
        "count",
        "share",
        "sold",
        {"field": "rate", "format": "0.000"},
        {"field": "day", "format": "yyyy"},
    ]
    assert hit(odd, docvalue_fields=wanted)["fields"] == {
        "code": ["a", "b"],
        "count": [1, 2, 3],
        "share": [0.10000000149011612],  # float32 has no 0.1
        "sold": [False],
        "rate": ["2.500"],
        "day": ["2024"],
    }
    assert "Fielddata is disabled on [title]" in odd.error("oddments", docvalue_fields=["title"])["reason"]
    assert "title" not in hit(odd, docvalue_fields=["*"])["fields"]


def test_columns_of_inner_hits_have_their_whole_names(odd: Search) -> None:
    nested = {"path": "rooms", "query": {"range": {"rooms.size": {"gte": 5}}}}
    query = {"nested": {**nested, "inner_hits": {"docvalue_fields": ["rooms.size"], "fields": ["rooms.kind"]}}}
    (inner,) = odd("oddments", query=query)["hits"]["hits"][0]["inner_hits"]["rooms"]["hits"]["hits"]
    assert inner["fields"] == {"rooms.size": [9], "rooms": [{"kind": ["bed"]}]}


def test_inner_hits_tell_what_hits_tell(odd: Search) -> None:
    asked = {
        "sort": [{"rooms.size": "desc"}],
        "explain": True,
        "version": True,
        "seq_no_primary_term": True,
        "highlight": {"fields": {"rooms.kind": {}}},
    }
    query = {"nested": {"path": "rooms", "query": {"terms": {"rooms.kind": ["bed", "bath"]}}, "inner_hits": asked}}
    found = odd("oddments", query=query)["hits"]["hits"][0]["inner_hits"]["rooms"]["hits"]["hits"]
    assert [each["sort"] for each in found] == [[9], [3]]
    assert [each["highlight"]["rooms.kind"] for each in found] == [["<em>bed</em>"], ["<em>bath</em>"]]
    for each in found:
        assert (each["_version"], each["_primary_term"], each["_explanation"]["value"]) == (1, 1, 1.0)
        assert each["_seq_no"] >= 0


def test_without_stored_fields_there_is_no_source(odd: Search) -> None:
    listed: tuple[Any, ...] = ([], "title")
    for stored in listed:
        assert "_source" not in odd("oddments", stored_fields=stored)["hits"]["hits"][0]
        assert "_source" in odd("oddments", stored_fields=stored, _source=True)["hits"]["hits"][0]


def test_floats_are_sorted_by_as_many_digits_as_they_have(odd: Search) -> None:
    hits = odd("oddments", sort=["share"])["hits"]["hits"]
    assert [each["sort"] for each in hits] == [[0.1], [0.2]]
    assert odd.ids("oddments", sort=["share"], search_after=[0.1]) == ["2"]


def test_distances_from_several_points_and_within_nested_objects(odd: Search) -> None:
    def distances(**options: Any) -> list[Any]:  # noqa: ANN401
        hits = odd("oddments", sort=[{"_geo_distance": {"unit": "km", **options}}])["hits"]["hits"]
        found = [(each["_id"], each["sort"][0]) for each in hits]
        return [(id, away if away == "Infinity" else round(away)) for id, away in found]

    berlin, null = [13.4, 52.5], {"lat": 0, "lon": 0}
    assert distances(at=[berlin, null]) == [("1", 0), ("2", 0)]
    assert distances(at=[berlin, null], order="desc") == [("1", 5970), ("2", 5970)]
    assert distances(at=[berlin]) == distances(at=berlin) == [("1", 0), ("2", 5970)]
    bath = {"path": "rooms", "filter": {"term": {"rooms.kind": "bath"}}}
    assert distances(**{"rooms.at": "48.85,2.35", "nested": bath}) == [("1", 1), ("2", "Infinity")]


def test_scores_of_queries_with_names_are_told_if_they_are_asked_for(odd: Search) -> None:
    should = [
        {"term": {"code": {"value": "a", "_name": "a", "boost": 0}}},
        {"constant_score": {"filter": {"exists": {"field": "day"}}, "boost": 3, "_name": "day"}},
    ]
    body = {"query": {"bool": {"should": should}}}
    reply = odd.http.post("/oddments/_search?include_named_queries_score=true", json=body).json()
    assert reply["hits"]["hits"][0]["matched_queries"] == {"a": 0, "day": 3}
    assert odd("oddments", **body)["hits"]["hits"][0]["matched_queries"] == ["a", "day"]


def test_ids_and_names_of_indices_are_asked_for_as_fields_are(odd: Search) -> None:
    everything = ["1", "2"]
    for query, ids in (
        ({"match": {"_id": "2"}}, ["2"]),
        ({"query_string": {"query": "_id:2"}}, ["2"]),
        ({"match": {"_index": "oddments"}}, everything),
        ({"prefix": {"_index": "od"}}, everything),
        ({"wildcard": {"_index": "o?dments"}}, everything),
        ({"wildcard": {"_index": "e*"}}, []),
        ({"prefix": {"kind": "ho"}}, everything),
        ({"regexp": {"release": "1.*"}}, []),
    ):
        assert odd.ids("oddments", query=query) == ids
    assert (
        "[_version] cannot be asked for" in odd.error("oddments", query={"range": {"_version": {"gte": 1}}})["reason"]
    )
    assert (
        "[regexp] queries are not supported on [_index]"
        in odd.error("oddments", query={"regexp": {"_index": "o.*"}})["reason"]
    )


def test_sequence_numbers_are_a_field_of_numbers(search: Search) -> None:
    told = search(size=20, seq_no_primary_term=True, sort=[{"_seq_no": "desc"}])
    numbers = [hit["_seq_no"] for hit in told["hits"]["hits"]]
    assert [hit["sort"] for hit in told["hits"]["hits"]] == [[number] for number in numbers]
    assert numbers == sorted(numbers, reverse=True)
    middle = numbers[4]
    for query, count in (
        ({"range": {"_seq_no": {"gte": middle}}}, 5),
        ({"term": {"_seq_no": middle}}, 1),
        ({"exists": {"field": "_seq_no"}}, len(numbers)),
    ):
        assert len(search.ids(query=query, size=20)) == count
    tree = {"last": {"max": {"field": "_seq_no"}}}
    assert search(size=0, aggs=tree)["aggregations"]["last"]["value"] == numbers[0]
    behind = search(size=20, sort=["_seq_no"], search_after=[middle])["hits"]["hits"]
    assert len(behind) == 4


def test_paths_of_a_flattened_object_are_fields_that_are_told_by_their_full_names(search: Search) -> None:
    http = search.http
    http.delete("/fees")
    assert http.put("/fees", json={"mappings": {"properties": {"fee": {"type": "flattened"}}}}).is_success
    fee = {"month": 250, "pays": ["pool", ["gym", None]], "by": {"whom": "owner", "late": True}}
    assert http.put("/fees/_doc/1?refresh=true", json={"fee": fee}).is_success

    def told(*wanted: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        hits = search("fees", _source=False, fields=list(wanted))["hits"]["hits"]
        fields: dict[str, Any] = hits[0].get("fields", {})
        return fields

    assert told("fee.month", "fee.pays", "fee.by.late") == {
        "fee.month": [250],
        "fee.pays": ["pool", "gym"],
        "fee.by.late": [True],
    }
    assert told("fee.by") == {"fee.by": [fee["by"]]}
    assert told("fee.*", "fee.none", "fee.month.more", "other.month") == {}
    assert told("fee*") == {"fee": [fee]}
    assert told({"field": "fee.*", "format": "0"}) == {}
    error = search.error("fees", fields=[{"field": "fee.month", "format": "0"}])
    assert error["reason"] == "Field [fee.month] of type [flattened] doesn't support formats."
    columns = search("fees", docvalue_fields=["fee.month", "fee.pays", "fee"])["hits"]["hits"][0]["fields"]
    assert columns == {
        "fee": ["250", "gym", "owner", "pool", "true"],
        "fee.month": ["250"],
        "fee.pays": ["gym", "pool"],
    }


def test_names_that_are_not_mapped_are_told_if_they_are_asked_for(search: Search) -> None:
    http = search.http
    http.delete("/notes")
    fields = {
        "title": {"type": "text"},
        "at": {"type": "geo_point"},
        "any": {"type": "flattened"},
        "rooms": {"type": "nested", "dynamic": False, "properties": {"size": {"type": "integer"}}},
    }
    assert http.put("/notes", json={"mappings": {"dynamic": False, "properties": fields}}).is_success
    written = {
        "title": "a house",
        "at": {"lat": 1, "lon": 2},
        "any": {"thing": 1},
        "owner": {"name": "Ann", "pets": ["cat", None, {"kind": "dog"}], "age": None},
        "rooms": [{"size": "9", "floor": {"of": "oak"}}, {"floor": "tiles"}],
        "sold.on": [[1], 2],
    }
    assert http.put("/notes/_doc/1?refresh=true", json=written).is_success

    def told(field: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        hits = search("notes", _source=False, fields=[{"field": field, **more}])["hits"]["hits"]
        found: dict[str, Any] = hits[0].get("fields", {})
        return found

    everything = {
        "title": ["a house"],
        "at": [{"coordinates": [2.0, 1.0], "type": "Point"}],
        "any": [{"thing": 1}],
        "owner.name": ["Ann"],
        "owner.pets": ["cat"],
        "owner.pets.kind": ["dog"],
        "sold.on": [1, 2],
        "rooms": [{"size": [9], "floor.of": ["oak"]}, {"floor": ["tiles"]}],
    }
    assert told("*", include_unmapped=True) == everything
    assert told("owner.*", include_unmapped=True) == {
        name: values for name, values in everything.items() if name.startswith("owner.")
    }
    assert told("rooms.floor*", include_unmapped=True) == {"rooms": [{"floor.of": ["oak"]}, {"floor": ["tiles"]}]}
    assert told("owner", include_unmapped=True) == told("owner.*") == told("owner.*", include_unmapped=False) == {}
    error = search.error("notes", fields=[{"field": "*", "include_unmapped": 1}])
    assert error["reason"] == "[fields] [include_unmapped] must be true or false, not [1]"


def test_what_is_copied_to_a_field_is_its_own(search: Search, http: httpx.Client) -> None:
    copied = {"type": "keyword", "copy_to": ["places"]}
    inner = {"properties": {"to": copied}}
    properties = {"from": copied, "way": inner, "places": {"type": "text", "fields": {"raw": {"type": "keyword"}}}}
    http.delete("/journeys")
    assert http.put("/journeys", json={"mappings": {"properties": properties}}).is_success
    document = {"from": "Rome", "way": {"to": ["Bari", "Bern"]}, "places": "Paris"}
    assert http.put("/journeys/_doc/1?refresh=true", json=document).is_success
    (found,) = search("journeys", fields=["places*", "from"], _source=["way.t*"])["hits"]["hits"]
    assert {name: sorted(values) for name, values in found["fields"].items()} == {
        "places": ["Bari", "Bern", "Paris", "Rome"],
        "places.raw": ["Bari", "Bern", "Paris", "Rome"],
        "from": ["Rome"],
    }
    assert found["_source"] == {"way": {"to": ["Bari", "Bern"]}}
    http.delete("/journeys")
