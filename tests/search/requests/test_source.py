"""Which parts of documents are shown."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import BadQuery
from connote.search.fetch.source import SourceFilter
from homes import HOUSES, Search

NAMES = st.sampled_from(["a", "b", "ab", "c"])
documents = st.dictionaries(
    NAMES,
    st.recursive(
        st.integers() | st.lists(st.integers(), max_size=2),
        lambda inner: (
            st.dictionaries(NAMES, inner, min_size=1, max_size=3)
            | st.lists(st.dictionaries(NAMES, inner, min_size=1, max_size=2), min_size=1, max_size=2)
        ),
        max_leaves=6,
    ),
)
patterns = st.lists(st.sampled_from(["a", "a.b", "a*", "*.c", "*", "a.*", "b.a.c", "x"]), max_size=2)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (JSON)
    """What is in a document that is no object, with its path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


def fits(path: str, patterns: list[str]) -> bool:
    """Whether a pattern means that path, or one that it is in."""
    parts = path.split(".")
    return any(fnmatchcase(".".join(parts[:end]), each) for each in patterns for end in range(1, len(parts) + 1))


@given(document=documents, includes=patterns, excludes=patterns)
def test_what_is_shown_is_included_and_not_excluded(
    document: dict[str, Any], includes: list[str], excludes: list[str]
) -> None:
    shown = SourceFilter.parse({"includes": includes, "excludes": excludes}).apply(document)
    wanted = [
        (path, value)
        for path, value in leaves(document)
        if (not includes or fits(path, includes)) and not fits(path, excludes)
    ]
    assert list(leaves(shown)) == wanted


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (True, set(HOUSES["1"]) - {"look", "words"}),
        ({"exclude_vectors": False}, set(HOUSES["1"])),
        (["look", "title"], {"title", "look"}),
        (["loo*", "title"], {"title"}),
        ({"includes": ["words"], "exclude_vectors": False}, {"words"}),
        ("title", {"title"}),
        (["pri*", "city"], {"price", "city"}),
        ({"excludes": ["*o*", "a*"]}, {"title", "city", "price", "rate", "built"}),
        ({"exclude_vectors": True}, set(HOUSES["1"]) - {"look", "words"}),
    ],
)
def test_sources_of_hits(search: Search, source: object, names: set[str]) -> None:
    (hit,) = search(query={"ids": {"values": ["1"]}}, _source=source)["hits"]["hits"]
    assert set(hit["_source"]) == names


def test_a_source_that_is_not_wanted_is_not_there(search: Search) -> None:
    for body in ({"_source": False}, {"stored_fields": ["_none_"]}):
        assert "_source" not in search(**body)["hits"]["hits"][0]


@pytest.mark.parametrize("source", [1, [1], {"colour": []}, {"includes": [1]}])
def test_what_is_no_filter_is_told(source: object) -> None:
    with pytest.raises(BadQuery):
        SourceFilter.parse(source)


def test_fields_are_lists_of_values_in_their_formats(search: Search) -> None:
    wanted = ["title*", "price", {"field": "built", "format": "yyyy"}, "at", "rooms.size", "words", "look", "nowhere"]
    (hit,) = search(query={"ids": {"values": ["3"]}}, fields=wanted, _source=False)["hits"]["hits"]
    assert hit["fields"] == {
        "title": ["house 3 by the sea"],
        "title.raw": ["house 3 by the sea"],
        "price": [30],
        "built": ["2013"],
        "at": [{"coordinates": [0.0, 3.0], "type": "Point"}],
        "rooms": [{"size": [3]}, {"size": [17]}],
        "words": [{"sea": 4.0, "wood": 0.5}],
        "look": [1, 3],
    }


def test_fields_have_the_type_of_their_mapping_and_nothing_that_it_ignores(search: Search) -> None:
    whole = {"type": "keyword", "ignore_above": 3}
    properties = {
        **{kind: {"type": kind} for kind in ("integer", "unsigned_long", "float", "double", "boolean", "text")},
        "tenth": {"type": "scaled_float", "scaling_factor": 10},
        "word": whole,
        "nest": {"type": "nested", "properties": {"word": whole, "n": {"type": "long", "ignore_malformed": True}}},
    }
    search.http.put("/typed", json={"mappings": {"properties": properties}})
    given = {"integer": "7", "unsigned_long": 2**64 - 1, "float": "1.1", "double": 5, "boolean": "true", "text": 5}
    nest = [{"word": "abcd", "n": "x"}, {"word": "abc", "n": "5"}]
    document = given | {"tenth": "1.26", "word": ["ab", "abcd", 12], "nest": nest}
    assert search.http.put("/typed/_doc/1?refresh=true", json=document).status_code == 201
    (hit,) = search("typed", fields=["*"], _source=False)["hits"]["hits"]
    typed = {"integer": [7], "unsigned_long": [2**64 - 1], "float": [1.1], "double": [5.0], "boolean": [True]}
    words = {"text": ["5"], "word": ["ab", "12"], "nest": [{"word": ["abc"], "n": [5]}]}
    assert hit["fields"] == typed | words | {"tenth": [1.3]}
    assert search.http.delete("/typed").is_success


def test_relations_are_shown_as_they_are_kept(search: Search) -> None:
    search.http.put("/kin", json={"mappings": {"properties": {"kin": {"type": "join", "relations": {"q": "a"}}}}})
    search.http.put("/kin/_doc/1", json={"kin": "q"})
    search.http.put("/kin/_doc/2?refresh=true&routing=1", json={"kin": {"name": "a", "parent": "1"}})
    try:
        hits = search("kin", fields=["*"], docvalue_fields=["kin"], _source=False)["hits"]["hits"]
        assert [hit["fields"]["kin"] for hit in hits] == [["q"], ["a"]]
        hits = search("kin", fields=["*"], _source=False)["hits"]["hits"]
        assert [hit["fields"]["kin"] for hit in hits] == [["q"], [{"name": "a", "parent": "1"}]]
    finally:
        assert search.http.delete("/kin").is_success


def test_the_largest_numbers_of_64_bits_can_be_told(search: Search) -> None:
    mapping = {"properties": {"n": {"type": "unsigned_long"}, "v": {"type": "dense_vector", "dims": 1}}}
    search.http.put("/vast", json={"mappings": mapping})
    search.http.put("/vast/_doc/1?refresh=true", json={"n": 2**64 - 1, "v": [1]})
    try:
        ranked = {"top_metrics": {"metrics": {"field": "n"}, "sort": "n"}}
        found = search("vast", query={"term": {"n": 2**64 - 1}}, aggs={"by": {"terms": {"field": "n"}}, "top": ranked})
        assert found["hits"]["total"]["value"] == 1
        (bucket,) = found["aggregations"]["by"]["buckets"]
        assert bucket["key"] == pytest.approx(2**64)
        for query in ("KEEP n", "STATS MAX(n) BY n", 'EVAL m = TO_UNSIGNED_LONG("18446744073709551615"), o = n + 1'):
            told = search.http.post("/_query", json={"query": f"FROM vast | {query}"})
            assert told.is_success, told.text
        told = search.http.post("/_query", json={"query": "FROM vast | EVAL m = n + n, l = n - n - n | KEEP m, l"})
        assert told.json()["values"] == [[None, None]]
        search.http.put("/vast/_doc/2?refresh=true", json={"n": 5})
        for order, wanted in (("asc", [5, 2**64]), ("desc", [2**64, 5])):
            hits = search("vast", sort=[{"n": order}])["hits"]["hits"]
            assert [hit["sort"][0] for hit in hits] == pytest.approx(wanted)
            (left,) = search("vast", sort=[{"n": order}], search_after=hits[0]["sort"])["hits"]["hits"]
            assert left["_id"] == hits[1]["_id"]
        refused = search.http.post("/_query", json={"query": "FROM vast | LOOKUP JOIN vast ON v"})
        assert "JOIN with right field [v] of type [DENSE_VECTOR] is not supported" in refused.text
    finally:
        assert search.http.delete("/vast").is_success
