"""Scripts of searches: filters, fields and orders that they make, and runtime fields."""

from collections.abc import Iterator
from typing import Any

import pytest

from homes import HOUSES, Search

EVERY: dict[str, Any] = {"match_all": {}}
PRICED = {id: each for id, each in HOUSES.items() if "price" in each}


def test_a_script_chooses_documents(search: Search) -> None:
    source = "doc['price'].size() > 0 && doc['price'].value < params.most && doc['city'].value == 'oslo'"
    query = {"bool": {"filter": {"script": {"script": {"source": source, "params": {"most": 80}}}}}}
    wanted = [id for id, each in PRICED.items() if each["price"] < 80 and each["city"] == "oslo"]
    assert search.ids(query=query, sort=["_doc"]) == wanted
    wrong = search.error(query={"script": {"script": "doc['price'].size()"}})
    assert "must give a boolean" in wrong["reason"]


def test_script_fields_are_shown_in_place_of_the_document(search: Search) -> None:
    fields = {
        "twice": {"script": {"source": "doc['rate'].value * params.n", "params": {"n": 2}}},
        "from_source": {"script": "params['_source']['title'].toUpperCase()"},
        "all": {"script": "[1, _score]"},
    }
    (hit,) = search(query={"ids": {"values": ["4"]}}, script_fields=fields)["hits"]["hits"]
    assert hit["fields"] == {"twice": [2.0], "from_source": ["HOUSE 4 IN THE WOODS"], "all": [1, 1.0]}
    assert "_source" not in hit
    (hit,) = search(query={"ids": {"values": ["4"]}}, script_fields=fields, _source=["city"])["hits"]["hits"]
    assert hit["_source"] == {"city": HOUSES["4"]["city"]}


def test_a_script_field_that_fails_is_told_or_left_out(search: Search) -> None:
    fields: dict[str, Any] = {"price": {"script": "doc['price'].value"}}
    query = {"ids": {"values": ["5"]}}
    assert search.error(query=query, script_fields=fields)["type"] == "script_exception"
    fields["price"]["ignore_failure"] = True
    assert "fields" not in search(query=query, script_fields=fields)["hits"]["hits"][0]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_hits_are_sorted_by_what_a_script_makes(search: Search, order: str) -> None:
    script = {"source": "Math.abs(doc['rate'].value - params.near)", "params": {"near": 1.1}}
    sort = [{"_script": {"type": "number", "script": script, "order": order}}, "_doc"]
    wanted = sorted(HOUSES, key=lambda id: abs(HOUSES[id]["rate"] - 1.1), reverse=order == "desc")
    assert search.ids(query=EVERY, sort=sort, size=20) == wanted
    texts = {"type": "string", "script": "doc['title.raw'].value.substring(6)", "order": order}
    sort = [{"_script": texts}]
    wanted = sorted(HOUSES, key=lambda id: HOUSES[id]["title"][6:], reverse=order == "desc")
    pages = list(search.pages(query=EVERY, sort=sort, size=5))
    assert [hit["_id"] for page in pages for hit in page] == wanted
    assert pages[0][0]["sort"] == [HOUSES[wanted[0]]["title"][6:]]


def test_a_script_that_sorts_sees_the_score(search: Search) -> None:
    query = {"function_score": {"field_value_factor": {"field": "rate"}}}
    sort = [{"_script": {"type": "number", "script": "-_score", "order": "asc"}}]
    hits = search(query=query, sort=sort, size=3)["hits"]["hits"]
    assert [(hit["_id"], hit["sort"]) for hit in hits] == [("11", [-2.75]), ("10", [-2.5]), ("9", [-2.25])]


PRICE = "doc['price']"
RUNTIME = {
    "band": {"type": "keyword", "script": f"if ({PRICE}.size() > 0) emit({PRICE}.value < 50 ? 'low' : 'high')"},
    "twice": {"type": "long", "script": {"source": "emit(doc['price'].size() == 0 ? -1L : doc['price'].value * 2)"}},
    "half": {"type": "double", "script": "emit(doc['rate'].value / 2)"},
    "next": {"type": "date", "script": "for (d in doc['built']) { emit(d.toInstant().toEpochMilli() + 86400000L) }"},
    "cheap": {"type": "boolean", "script": "emit(doc['band'].size() > 0 && doc['band'].value == 'low')"},
    "spot": {"type": "geo_point", "script": "if (doc['at'].size() > 0) emit(doc['at'].lat, doc['at'].lon + 1)"},
    "title_word": {"type": "keyword", "script": "for (w in params._source.title.splitOnToken(' ')) emit(w)"},
}


def test_runtime_fields_are_searched_sorted_and_counted_like_others(search: Search) -> None:
    low = [id for id, each in PRICED.items() if each["price"] < 50]
    both: dict[str, Any] = {"runtime_mappings": RUNTIME, "sort": ["_doc"], "size": 20}
    assert search.ids(query={"term": {"band": "low"}}, **both) == low
    assert search.ids(query={"term": {"cheap": True}}, **both) == low
    assert search.ids(query={"range": {"twice": {"lt": 0}}}, **both) == ["5"]
    assert search.ids(query={"exists": {"field": "band"}}, **both) == list(PRICED)
    assert search.ids(query={"match": {"title_word": "woods"}}, **both) == [n for n in HOUSES if int(n) % 2 == 0]
    box = {"spot": {"top_left": {"lat": 3.5, "lon": 0.5}, "bottom_right": {"lat": 1.5, "lon": 1.5}}}
    assert search.ids(query={"geo_bounding_box": box}, **both) == ["2", "3"]
    by_half = search.ids(query=EVERY, runtime_mappings=RUNTIME, sort=[{"half": "desc"}], size=20)
    assert by_half == sorted(HOUSES, key=lambda id: -HOUSES[id]["rate"])
    tree = {"bands": {"terms": {"field": "band"}}, "most": {"max": {"field": "half"}}}
    found = search(query=EVERY, runtime_mappings=RUNTIME, aggs=tree, size=0)["aggregations"]
    assert {each["key"]: each["doc_count"] for each in found["bands"]["buckets"]}["low"] == len(low)
    assert found["most"]["value"] == 11 / 8


def test_runtime_fields_are_shown_where_fields_are_asked_for(search: Search) -> None:
    fields = ["band", "half", {"field": "next", "format": "yyyy-MM-dd"}, "spot"]
    query = {"ids": {"values": ["3"]}}
    (hit,) = search(query=query, runtime_mappings=RUNTIME, fields=fields, _source=False)["hits"]["hits"]
    place = {"coordinates": [1.0, 3.0], "type": "Point"}
    assert hit["fields"] == {"band": ["low"], "half": [0.375], "next": ["2013-01-02"], "spot": [place]}


def test_a_runtime_field_hides_an_indexed_one_for_the_search(search: Search) -> None:
    hidden = {"price": {"type": "keyword", "script": "emit('none')"}}
    assert len(search.ids(query={"term": {"price": "none"}}, runtime_mappings=hidden, size=20)) == len(HOUSES)
    assert search.ids(query={"term": {"price": 40}}) == ["4"]


def test_scrolls_and_points_in_time_have_them_too(search: Search) -> None:
    body: dict[str, Any] = {
        "query": {"term": {"band": "low"}},
        "runtime_mappings": RUNTIME,
        "size": 2,
        "sort": ["twice"],
    }
    page = search.http.post("/houses/_search?scroll=1m", json=body).json()
    more = search.http.post("/_search/scroll", json={"scroll_id": page["_scroll_id"]}).json()
    pit = search.http.post("/houses/_pit?keep_alive=1m").json()["id"]
    first = search.ids("", **{**body, "size": 4}, pit={"id": pit})
    assert [hit["_id"] for each in (page, more) for hit in each["hits"]["hits"]] == first
    assert search.http.request("DELETE", "/_pit", json={"id": pit}).is_success


MANY = "for (int i = 0; i < 200; ++i) emit(i)"


@pytest.mark.parametrize(
    ("runtime", "kind", "told"),
    [
        ({"a": {"type": "text"}}, "mapper_parsing_exception", "The mapper type [text] declared on runtime field [a]"),
        ({"a": {"script": "emit(1)"}}, "mapper_parsing_exception", "No type specified for runtime field [a]"),
        ({"a": {"type": "long", "scripts": "1"}}, "mapper_parsing_exception", "unknown parameter [scripts]"),
        ({"a": {"type": "date", "format": "'"}}, "mapper_parsing_exception", "Invalid format"),
        ({"a": {"type": "long", "script": "emit("}}, "script_exception", "compile error"),
        ({"a": {"type": "long", "script": "emit('x')"}}, "illegal_argument_exception", "For input string"),
        ({"a": {"type": "long", "script": "emit(doc['a'].value)"}}, "illegal_argument_exception", "Cyclic dependency"),
        ({"a": {"type": "long", "script": MANY}}, "illegal_argument_exception", "is emitting [200] values"),
    ],
)
def test_what_is_wrong_with_a_runtime_field_is_told(search: Search, runtime: Any, kind: str, told: str) -> None:  # noqa: ANN401
    wrong = search.error(query={"range": {"a": {"gt": 0}}}, runtime_mappings=runtime)
    assert wrong["type"] == kind
    assert told in wrong["reason"]


def test_a_script_that_may_fail_leaves_its_field_empty(search: Search) -> None:
    given = {"type": "long", "script": "emit(doc['price'].value)", "on_script_error": "continue"}
    found = search.ids(query={"exists": {"field": "a"}}, runtime_mappings={"a": given}, size=20)
    assert sorted(found) == sorted(PRICED)


@pytest.fixture
def shops(search: Search) -> Iterator[Search]:
    """An index whose mapping has runtime fields, with and without a script."""
    runtime = {"day": {"type": "date"}, "long": {"type": "boolean", "script": "emit(params._source.name.length() > 3)"}}
    mapping = {"dynamic": False, "runtime": runtime, "properties": {"name": {"type": "keyword"}}}
    assert search.http.put("/shops", json={"mappings": mapping}).is_success
    for number, (name, day) in enumerate((("bar", "2024-01-05"), ("bakery", "2024-02-05"), ("inn", "soon"))):
        search.http.put(f"/shops/_doc/{number}?refresh=true", json={"name": name, "day": day})
    yield search
    assert search.http.delete("/shops").is_success


def test_a_mapping_keeps_runtime_fields(shops: Search) -> None:
    assert shops.ids("shops", query={"range": {"day": {"gte": "2024-02-01"}}}) == ["1"]
    assert shops.ids("shops", query={"term": {"long": True}}, fields=["day"]) == ["1"]
    assert shops.http.get("/shops/_count?q=long:true").json()["count"] == 1
    added = {
        "runtime": {"long": None, "first": {"type": "keyword", "script": "emit(doc['name'].value.substring(0, 1))"}}
    }
    assert shops.http.put("/shops/_mapping", json=added).is_success
    kept = shops.http.get("/shops/_mapping").json()["shops"]["mappings"]["runtime"]
    assert list(kept) == ["day", "first"]
    assert shops.ids("shops", query={"term": {"first": "b"}}, sort=["name"]) == ["1", "0"]
    caps = shops.http.get("/shops/_field_caps?fields=*").json()["fields"]
    assert (caps["first"]["keyword"]["searchable"], caps["day"]["date"]["aggregatable"]) == (True, True)
    gone = shops.http.post("/shops/_delete_by_query?refresh=true", json={"query": {"term": {"first": "b"}}}).json()
    assert gone["deleted"] == 2
    wrong = shops.http.put("/shops/_mapping", json={"runtime": {"x": {"type": "long", "script": "emit("}}})
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "script_exception")


def test_a_type_that_is_no_text_is_told(search: Search) -> None:
    kinds: tuple[object, ...] = ([], {}, 1)
    for kind in kinds:
        told = search.error(runtime_mappings={"a": {"type": kind}})["reason"]
        assert "declared on runtime field [a] does not exist" in told


def test_a_variable_may_have_the_name_of_a_function(search: Search) -> None:
    source = "double dotProduct = dotProduct(params.q, 'look'); return dotProduct > 0 ? dotProduct : 1"
    script = {"source": source, "params": {"q": [1, 0]}}
    query = {"script_score": {"query": {"ids": {"values": ["3"]}}, "script": script}}
    (hit,) = search(query=query)["hits"]["hits"]
    assert hit["_score"] == pytest.approx(1.0)
    again = {"script_score": {"query": {"match_all": {}}, "script": "int doc = 1; return doc"}}
    assert "compile error" in search.error(query=again)["reason"]


def test_numbers_that_json_does_not_have_are_told_as_texts(search: Search) -> None:
    sources = {"large": "Math.exp(1000)", "small": "-Math.exp(1000)", "none": "Math.sqrt(-1)"}
    fields = {name: {"script": source} for name, source in sources.items()}
    (hit,) = search(query={"ids": {"values": ["4"]}}, script_fields=fields)["hits"]["hits"]
    assert hit["fields"] == {"large": ["Infinity"], "small": ["-Infinity"], "none": ["NaN"]}
