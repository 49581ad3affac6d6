"""Hits in another order than that of their scores."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homes import FLATS, HOUSES, Search

NAMES = ("price", "rate", "city", "built", "sold", "title.raw", "_score", "_doc")


def test_numbers_are_told_apart_beyond_what_floats_can(search: Search) -> None:
    hits = search(sort=[{"price": "desc"}], size=2)["hits"]["hits"]
    assert [(hit["_id"], hit["sort"]) for hit in hits] == [("1", [2**53 + 1]), ("0", [2**53])]
    assert [hit["_score"] for hit in hits] == [None, None]


def test_what_has_no_value_comes_last_or_first(search: Search) -> None:
    assert search(sort=["price"], size=20)["hits"]["hits"][-1]["sort"] == [2**63 - 1]
    assert search(sort=[{"price": "desc"}], size=20)["hits"]["hits"][-1]["sort"] == [-(2**63)]
    assert search(sort=[{"city": {"missing": "_first"}}])["hits"]["hits"][0]["sort"] == [None]
    assert search.ids(sort=[{"price": {"missing": 35}}], size=4) == ["2", "3", "5", "4"]


def test_dates_are_milliseconds_or_as_their_format_says(search: Search) -> None:
    (hit,) = search(sort=["built"], size=1)["hits"]["hits"]
    assert hit["sort"] == [1262304000000]
    (hit,) = search(sort=[{"built": {"format": "yyyy-MM"}}], size=1)["hits"]["hits"]
    assert hit["sort"] == ["2010-01"]


def test_distances(search: Search) -> None:
    hits = search(sort=[{"_geo_distance": {"at": {"lat": 3.1, "lon": 0}, "unit": "km"}}], size=20)["hits"]["hits"]
    assert [hit["_id"] for hit in hits[:3]] == ["3", "4", "2"]
    assert hits[1]["sort"] == pytest.approx([100.08], abs=0.01)
    assert hits[-1]["sort"] == ["Infinity"]


def test_nested_objects_count_if_their_filter_says_so(search: Search) -> None:
    bath = {"path": "rooms", "filter": {"term": {"rooms.kind": "bath"}}}
    for _ in range(2):  # and the search leaves the index as it was
        hits = search(sort=[{"rooms.size": {"order": "asc", "nested": bath}}], size=3)["hits"]["hits"]
        assert [(hit["_id"], hit["sort"]) for hit in hits] == [("11", [9]), ("10", [10]), ("9", [11])]
    nested = {"path": "rooms"}
    (hit,) = search(sort=[{"rooms.size": {"order": "asc", "nested": nested, "mode": "sum"}}], size=1)["hits"]["hits"]
    assert hit["sort"] == [20]


def test_scores_are_there_if_they_are_tracked(search: Search) -> None:
    found = search(sort=["price"], query={"match": {"title": "sea"}}, track_scores=True)["hits"]
    assert found["max_score"] > 0
    assert all(hit["_score"] > 0 for hit in found["hits"])


@pytest.mark.parametrize(
    ("sort", "reason"),
    [
        ("title", "Fielddata is disabled on [title] in [houses]"),
        ("nowhere", "No mapping found for [nowhere] in order to sort on"),
        ("look", "Fielddata is not supported on field [look] of type [dense_vector]"),
        ({"price": {"order": "up"}}, "Unknown SortOrder [up]"),
        ({"price": {"mode": "most"}}, "Unknown SortMode [most]"),
        ({"price": {"colour": 1}}, "[field_sort] unknown field [colour]"),
        ({"rooms.size": {"nested": {"path": "cellar"}}}, "[nested] failed to find nested object under path [cellar]"),
    ],
)
def test_what_cannot_be_sorted_by_is_told(search: Search, sort: object, reason: str) -> None:
    assert reason in search.error(sort=[sort])["reason"]


def test_a_field_that_is_not_mapped_may_be_sorted_by_if_that_is_said(search: Search) -> None:
    assert len(search.ids(sort=[{"nowhere": {"unmapped_type": "long"}}], size=20)) == len(HOUSES)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sort=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["asc", "desc"])), min_size=1, max_size=3),
    size=st.integers(1, 7),
)
def test_pages_one_behind_the_other_have_every_document_once(
    search: Search, sort: list[tuple[str, str]], size: int
) -> None:
    clauses = [*({name: order} for name, order in sort), "_doc"]
    query = {"bool": {"must": {"match_all": {}}, "should": {"match": {"title": "sea"}}}}
    pages = search.pages("homes", size, sort=clauses, query=query)
    paged = [hit["_id"] for page in pages for hit in page]
    assert paged == search.ids("homes", sort=clauses, query=query, size=100)
    assert sorted(paged) == sorted([*HOUSES, *FLATS])


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_hits_of_several_indices_are_sorted_by_their_index(search: Search, order: str) -> None:
    by_index = sorted(["flats"] * len(FLATS) + ["houses"] * len(HOUSES), reverse=order == "desc")
    pages = search.pages("houses,flats", query={"match_all": {}}, sort=[{"_index": order}, "price", "_doc"])
    hits = [hit for page in pages for hit in page]
    assert [hit["_index"] for hit in hits] == [hit["sort"][0] for hit in hits] == by_index
    assert len({hit["_id"] for hit in hits}) == len(HOUSES) + len(FLATS)
    script = {"script": "doc['_index'].value"}
    assert search("flats", script_fields={"i": script})["hits"]["hits"][0]["fields"] == {"i": ["flats"]}
