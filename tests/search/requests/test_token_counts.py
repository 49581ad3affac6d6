"""`token_count`: documents by how many words a text has."""

import httpx
import pytest

LENGTH = {"type": "token_count", "analyzer": "stopped"}
NAME = {"type": "text", "fields": {"length": {"type": "token_count", "analyzer": "standard"}}}
STOPPED = {"tokenizer": "standard", "filter": ["lowercase", "stop"]}


@pytest.fixture
def people(indices: httpx.Client) -> httpx.Client:
    fields = {
        "name": NAME,
        "title": LENGTH | {"null_value": 7},
        "words": LENGTH | {"enable_position_increments": False},
    }
    settings = {"analysis": {"analyzer": {"stopped": STOPPED}}}
    assert indices.put("/people", json={"settings": settings, "mappings": {"properties": fields}}).is_success
    title = "the king of the hill"
    indices.put("/people/_doc/1?refresh=true", json={"name": "John Smith", "title": title, "words": title})
    indices.put("/people/_doc/2?refresh=true", json={"name": ["Rachel Alice Williams", "Ray"], "title": None})
    return indices


def ids(http: httpx.Client, **query: object) -> list[str]:
    reply = http.post("/people/_search", json={"query": query, "sort": [{"name.length": "asc"}]})
    assert reply.is_success, reply.text
    return [hit["_id"] for hit in reply.json()["hits"]["hits"]]


def test_names_are_found_and_sorted_by_how_many_words_they_have(people: httpx.Client) -> None:
    assert ids(people, term={"name.length": 3}) == ["2"]
    assert ids(people, range={"name.length": {"lte": 2}}) == ["2", "1"], "of several values the least counts"
    assert ids(people, match={"name": "smith"}) == ["1"]


def test_what_a_filter_took_out_counts_unless_the_mapping_says_no(people: httpx.Client) -> None:
    assert (ids(people, term={"title": 5}), ids(people, term={"words": 2})) == (["1"], ["1"])
    assert ids(people, term={"title": 7}) == ["2"], "a null has the number that the mapping gives it"


def test_counts_are_numbers_to_who_looks_at_them(people: httpx.Client) -> None:
    aggs = {"a": {"stats": {"field": "name.length"}}}
    told = people.post("/people/_search", json={"aggs": aggs, "fields": ["*.length"]}).json()
    assert (told["aggregations"]["a"]["count"], told["aggregations"]["a"]["sum"]) == (3, 6)
    assert {hit["_id"]: hit["fields"] for hit in told["hits"]["hits"]} == {
        "1": {"name.length": [2]},
        "2": {"name.length": [1, 3]},
    }, "in order, as numbers are kept of which the document does not tell"
    assert "integer" in people.get("/people/_field_caps?fields=title").json()["fields"]["title"]


def test_they_are_whole_numbers(people: httpx.Client) -> None:
    aggs = {"top": {"top_metrics": {"metrics": {"field": "title"}, "sort": {"title": "desc"}}}}
    body = {"sort": [{"title": "desc"}], "fields": ["title"], "aggs": aggs}
    told = people.post("/people/_search", json=body).json()
    wanted = {"2": ([7], {"title": [7]}), "1": ([5], {"title": [5]})}
    assert {hit["_id"]: (hit["sort"], hit["fields"]) for hit in told["hits"]["hits"]} == wanted
    texts = [repr(hit["sort"][0]) for hit in told["hits"]["hits"]]
    assert [*texts, *map(repr, told["aggregations"]["top"]["top"][0]["sort"])] == ["7", "5", "7"], "not 7.0"
    assert ids(people, term={"title": 5.5}) == []


def test_esql_has_them_as_integers(people: httpx.Client) -> None:
    query = "FROM people | KEEP title, name.length | SORT title"
    reply = people.post("/_query", json={"query": query})
    assert reply.is_success, reply.text
    assert [each["type"] for each in reply.json()["columns"]] == ["integer", "integer"]
    assert reply.json()["values"] == [[5, 2], [7, [1, 3]]]


@pytest.mark.parametrize(
    ("given", "told"), [({}, "Analyzer must be set for field [n]"), ({"analyzer": "none"}, "analyzer [none] not found")]
)
def test_it_needs_an_analyzer(indices: httpx.Client, given: dict[str, str], told: str) -> None:
    reply = indices.put("/bad", json={"mappings": {"properties": {"n": {"type": "token_count", **given}}}})
    assert (reply.status_code, told in reply.json()["error"]["reason"]) == (400, True)
