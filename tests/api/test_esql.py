"""ES|QL over indices, through HTTP."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider import Asked, Provider, Reply
from tables import answer, fill, reason, rows

BOOKS: dict[str, dict[str, Any]] = {
    "1": {
        "title": "The Hobbit", "author": "Tolkien", "year": 1937, "rating": 4.3, "published": "1937-09-21",
        "tags": ["fantasy", "classic"], "in_print": True, "address": "10.0.0.1", "place": "48.5,2.5", "vector": [1, 0],
        "about": "A hobbit wins back the treasure of dwarves from a dragon", "by": {"name": "Allen"},
    },
    "2": {
        "title": "The Lord of the Rings", "author": "Tolkien", "year": 1954, "rating": 4.5, "published": "1954-07-29",
        "tags": "fantasy", "in_print": True, "address": "10.0.0.2", "place": "51.5,-0.5", "vector": [0.6, 0.8],
        "about": "A ring of power has to be destroyed", "by": {"name": "Allen"},
    },
    "3": {
        "title": "Dune", "author": "Herbert", "year": 1965, "rating": 4.0, "published": "1965-08-01",
        "tags": ["scifi", "classic"], "in_print": False, "address": "::1", "place": {"lat": 40, "lon": -74},
        "vector": [0, 1], "about": "A desert planet is the only source of a precious spice", "by": {"name": "Chilton"},
    },
    "4": {"title": "Nothing", "author": "Nobody"},
}  # fmt: skip
MAPPING: dict[str, Any] = {
    "properties": {
        "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}}, "author": {"type": "keyword"},
        "year": {"type": "integer"}, "rating": {"type": "double"}, "published": {"type": "date"},
        "tags": {"type": "keyword"}, "in_print": {"type": "boolean"}, "address": {"type": "ip"},
        "place": {"type": "geo_point"}, "vector": {"type": "dense_vector", "dims": 2}, "about": {"type": "text"},
        "shape": {"type": "geo_shape"}, "by": {"properties": {"name": {"type": "text"}}},
    }
}  # fmt: skip


@pytest.fixture(scope="module")
def books(http: httpx.Client) -> Iterator[httpx.Client]:
    """Four books, one of which has hardly a field, and where their authors were born."""
    aliases = {"shelf": {}, "old": {"filter": {"range": {"year": {"lt": 1960}}}}}
    assert http.put("/books", json={"mappings": MAPPING, "aliases": aliases}).is_success
    lookup = {"settings": {"index": {"mode": "lookup"}}, "mappings": {"properties": {"author": {"type": "keyword"}}}}
    assert http.put("/authors", json=lookup).is_success
    fill(http, "books", BOOKS)
    fill(http, "authors", {"1": {"author": "Tolkien", "born": 1892}, "2": {"author": "Herbert", "born": 1920}})
    yield http
    assert http.delete("/books,authors").is_success


def test_all_fields_are_columns_in_the_order_of_their_names(books: httpx.Client) -> None:
    found = answer(books, 'FROM books METADATA _id, _index, _version | WHERE _id == "1"')
    assert {each["name"]: each["type"] for each in found["columns"]} == {
        "about": "text", "address": "ip", "author": "keyword", "by.name": "text", "in_print": "boolean",
        "place": "geo_point", "published": "date", "rating": "double", "shape": "unsupported", "tags": "keyword",
        "title": "text", "title.raw": "keyword", "vector": "dense_vector", "year": "integer", "_id": "keyword",
        "_index": "keyword", "_version": "long",
    }  # fmt: skip
    assert found["values"] == [
        ["A hobbit wins back the treasure of dwarves from a dragon", "10.0.0.1", "Tolkien", "Allen", True,
         "POINT (2.5 48.5)", "1937-09-21T00:00:00.000Z", 4.3, None, ["classic", "fantasy"], "The Hobbit", "The Hobbit",
         [1.0, 0.0], 1937, "1", "books", 1]
    ]  # fmt: skip
    assert (found["is_partial"], found["documents_found"]) == (False, 4)


def test_a_missing_limit_is_told(books: httpx.Client) -> None:
    reply = books.post("/_query", json={"query": "FROM books"})
    assert reply.headers["Warning"].startswith("299 Elasticsearch-")
    assert reply.headers["Warning"].endswith('"No limit defined, adding default limit of [1000]"')
    assert "Warning" not in books.post("/_query", json={"query": "FROM books | LIMIT 5"}).headers


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("year > 1950", "23"), ("year > 1950 AND in_print", "2"), ("NOT year > 1950", "1"), ("year IS NULL", "4"),
        ('author IN ("Herbert", "Nobody")', "34"), ('author LIKE "T*n"', "12"), ('author RLIKE "[HN].*"', "34"),
        ('published < "1950-01-01"', "1"), ('address == "::1"', "3"), ('CIDR_MATCH(address, "10.0.0.0/24")', "12"),
        ('title == "Dune"', "3"), ("rating BETWEEN", ""), ('MATCH(title, "hobbit dune")', "13"), ('title:"lord"', "2"),
        ('MATCH(title, "lord nothing", {"operator": "AND"})', ""), ('MATCH_PHRASE(title, "of the rings")', "2"),
        ('QSTR("title:hobbit OR author:Herbert")', "13"), ('KQL("title: hobbit or year >= 1960")', "13"),
        ('title:"hobbit" OR year > 1960', "13"), ('NOT title:"hobbit" AND year < 1960', "2"),
        ('KNN(vector, [0.9, 0.1], {"k": 1}) AND year > 1950', "2"),
        ('KNN(vector, [0.9, 0.1], {"k": 2})', "12"), ('MULTI_MATCH("dragon nothing", title, about)', "14"),
        ('MATCH(author, "Herbert")', "3"), ('ST_DISTANCE(place, "POINT(2.5 48.5)") < 1000', "1"),
        ('ST_WITHIN(place, TO_GEOSHAPE("POLYGON((2 48, 3 48, 3 49, 2 49, 2 48))"))', "1"),
        ('ST_DISJOINT(place, "BBOX (2, 3, 49, 48)")', "23"),
        ('MV_CONTAINS(tags, "classic")', "13"), ('tags == "fantasy"', "2"), ("null", ""),
    ],
)  # fmt: skip
def test_a_condition_finds(books: httpx.Client, condition: str, found: str) -> None:
    query = f"FROM books METADATA _id | WHERE {condition} | SORT _id | KEEP _id"
    if condition == "rating BETWEEN":
        assert "mismatched input" in reason(books, query)
        return
    assert "".join(row[0] for row in rows(books, query)) == found


def test_scores_are_those_of_search(books: httpx.Client) -> None:
    query: dict[str, Any] = {"match": {"about": "ring of power dragon"}}
    hits = books.post("/books/_search", json={"query": query}).json()["hits"]["hits"]
    expected = [[hit["_id"], pytest.approx(hit["_score"])] for hit in hits]
    text = 'FROM books METADATA _id, _score | WHERE MATCH(about, "ring of power dragon") '
    assert rows(books, text + "| SORT _score DESC | KEEP _id, _score") == expected
    assert rows(books, text + "| SORT _score DESC | LIMIT 1 | KEEP _id, _score") == expected[:1]
    assert rows(books, text + "| KEEP _id, _score | SORT _score DESC | LIMIT 2") == expected[:2]
    scored = (
        'FROM books METADATA _id | EVAL s = SCORE(MATCH(about, "ring of power dragon")) | SORT s DESC | KEEP _id, s'
    )
    assert rows(books, scored + " | LIMIT 2") == expected[:2]


def test_conditions_that_search_add_up(books: httpx.Client) -> None:
    both = {"bool": {"must": [{"match": {"title": "lord"}}, {"match": {"about": "ring"}}]}}
    (hit,) = books.post("/books/_search", json={"query": both}).json()["hits"]["hits"]
    query = 'FROM books METADATA _score | WHERE title:"lord" AND about:"ring" AND year > 1900'
    assert rows(books, f"{query} | SORT _score DESC | LIMIT 10 | KEEP _score") == [[pytest.approx(hit["_score"])]]
    assert rows(books, f"{query} | KEEP _score") == [[pytest.approx(hit["_score"])]]


def test_figures_by_group(books: httpx.Client) -> None:
    query = (
        "FROM books | STATS n = COUNT(*), top = MAX(year), mean = AVG(rating), printed = COUNT(*) WHERE in_print "
        "BY author | SORT author"
    )
    assert rows(books, query) == [
        [1, 1965, 4.0, 0, "Herbert"], [1, None, None, 0, "Nobody"], [2, 1954, pytest.approx(4.4), 2, "Tolkien"],
    ]  # fmt: skip
    by_tag = "FROM books | STATS n = COUNT(*) BY tags | SORT tags NULLS FIRST"
    assert rows(books, by_tag) == [[1, None], [2, "classic"], [2, "fantasy"], [1, "scifi"]]
    decades = "FROM books | WHERE year IS NOT NULL | STATS COUNT(*) BY b = BUCKET(published, 10 years) | SORT b"
    assert rows(books, decades) == [
        [1, "1931-01-01T00:00:00.000Z"], [1, "1951-01-01T00:00:00.000Z"], [1, "1961-01-01T00:00:00.000Z"],
    ]  # fmt: skip


def test_columns_of_another_index_are_joined(books: httpx.Client) -> None:
    query = "FROM books | LOOKUP JOIN authors ON author | SORT title | KEEP title, author, born"
    assert rows(books, query) == [
        ["Dune", "Herbert", 1920], ["Nothing", "Nobody", None], ["The Hobbit", "Tolkien", 1892],
        ["The Lord of the Rings", "Tolkien", 1892],
    ]  # fmt: skip
    assert "Unknown column [nope]" in reason(books, "FROM books | LOOKUP JOIN authors ON nope")


def test_indices_may_be_named_by_aliases_patterns_and_filters(books: httpx.Client) -> None:
    assert rows(books, "FROM shelf | STATS COUNT(*)") == [[4]]
    assert rows(books, "FROM old | STATS COUNT(*)") == [[2]]
    assert rows(books, "FROM boo*, authors | STATS COUNT(*)") == [[6]]
    only = {"term": {"author": "Tolkien"}}
    assert rows(books, "FROM books | STATS COUNT(*)", filter=only) == [[2]]
    assert reason(books, "FROM nowhere") == "Found 1 problem\nline 1:1: Unknown index [nowhere]"


def test_a_field_of_different_types_cannot_be_used(books: httpx.Client) -> None:
    assert books.put("/clash", json={"mappings": {"properties": {"year": {"type": "keyword"}}}}).is_success
    try:
        found = answer(books, "FROM books, clash | KEEP year | LIMIT 1")
        assert found["columns"] == [{"name": "year", "type": "unsupported", "original_types": ["conflict"]}]
        told = reason(books, "FROM books, clash | WHERE year > 1")
        assert "Cannot use field [year] due to ambiguities being mapped as [2] incompatible types" in told
    finally:
        books.delete("/clash")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("FROM books | WHERE shape IS NULL", "line 1:20: Cannot use field [shape] with unsupported type [geo_shape]"),
        ("FROM books | LIMIT 1 | WHERE title:\"a\"", "line 1:30: [:] operator cannot be used after LIMIT"),
        ("FROM books | EVAL a = MATCH(title, \"a\")", "line 1:23: [MATCH] function is only supported in WHERE"),
        ("FROM books | EVAL t = title | WHERE MATCH(t, \"a\")", "[MATCH] function cannot operate on [t], which is not"),
        ("FROM books METADATA _nope", "line 1:26: unresolved metadata pattern [_nope]"),
        ("FROM books | WHERE KNN(vector, [1, 2, 3])", "dim"),
        ("FROM books | SORT vector", "line 1:19: cannot sort on dense_vector"),
    ],
)  # fmt: skip
def test_problems_name_their_place(books: httpx.Client, query: str, error: str) -> None:
    assert error in reason(books, query)


def test_answers_may_be_by_column_and_without_nulls(books: httpx.Client) -> None:
    query = "FROM books METADATA _id | SORT _id | KEEP _id, year, shape"
    found = answer(books, query, columnar=True)
    assert found["values"] == [["1", "2", "3", "4"], [1937, 1954, 1965, None], [None] * 4]
    reply = books.post("/_query?drop_null_columns=true", json={"query": query}).json()
    assert [each["name"] for each in reply["columns"]] == ["_id", "year"]
    assert [each["name"] for each in reply["all_columns"]] == ["_id", "year", "shape"]


def test_answers_may_be_texts(books: httpx.Client) -> None:
    body = {"query": "FROM books METADATA _id | SORT _id | KEEP _id, tags, rating | LIMIT 2"}
    reply = books.post("/_query?format=csv", json=body)
    assert reply.headers["content-type"].startswith("text/csv")
    assert reply.text == '_id,tags,rating\r\n1,"[classic,fantasy]",4.3\r\n2,fantasy,4.5\r\n'
    assert books.post("/_query?format=csv&delimiter=;", json=body).text.startswith("_id;tags;rating\r\n1;[classic,fa")
    assert books.post("/_query", json=body, headers={"Accept": "text/tab-separated-values"}).text.startswith(
        "_id\ttags"
    )
    assert books.post("/_query?format=txt", json=body).text.splitlines()[1].startswith("---------------+---")
    absent = books.post("/_query", json=body, headers={"Accept": "text/csv; header=absent"})
    assert absent.text.startswith("1,")
    refused = books.post("/_query?format=cbor", json=body)
    assert (refused.status_code, "Invalid format [cbor]" in refused.text) == (400, True)


def test_what_is_asked_must_be_known(books: httpx.Client) -> None:
    assert books.post("/_query", json={"query": "ROW a = 1", "nope": 1}).status_code == 400
    assert books.post("/_query", json={"query": ""}).status_code == 400
    assert books.post("/_query", json={"query": "ROW a = 1", "columnar": "x"}).status_code == 400
    assert books.post("/_query", json={"query": "ROW a = ?", "params": {"a": 1}}).status_code == 400


def test_a_filter_is_an_object(books: httpx.Client) -> None:
    wrongs: list[Any] = [[], 0, "", False]
    for wrong in wrongs:
        assert books.post("/_query", json={"query": "FROM books", "filter": wrong}).status_code == 400
    nothing: list[Any] = [None, {}]
    for empty in nothing:
        assert books.post("/_query", json={"query": "ROW a = 1", "filter": empty}).json()["values"] == [[1]]


def test_a_query_may_run_on(books: httpx.Client) -> None:
    query = {
        "query": "FROM books | STATS n = COUNT(*)",
        "keep_on_completion": True,
        "wait_for_completion_timeout": "10s",
    }
    begun = books.post("/_query/async", json=query).json()
    assert (begun["is_running"], begun["values"]) == (False, [[4]])
    again = books.get(f"/_query/async/{begun['id']}")
    assert (again.json()["values"], again.headers["X-Elasticsearch-Async-Is-Running"]) == ([[4]], "?0")
    assert books.post(f"/_query/async/{begun['id']}/stop").json()["values"] == [[4]]
    assert books.delete(f"/_query/async/{begun['id']}").json() == {"acknowledged": True}
    assert books.get(f"/_query/async/{begun['id']}").status_code == 404
    unkept = books.post("/_query/async", json={"query": "ROW a = 1", "wait_for_completion_timeout": "10s"}).json()
    assert ("id" in unkept, unkept["values"]) == (False, [[1]])
    csv = books.post("/_query/async?format=csv", json={"query": "ROW a = 1"})
    assert (csv.status_code, "Invalid format [csv] of an async query" in csv.text) == (400, True)
    wrong = books.post("/_query/async", json={"query": "FROM nowhere", "wait_for_completion_timeout": "10s"})
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "verification_exception")


def test_a_model_writes_to_every_row(remote: httpx.Client, provider: Provider) -> None:
    def reply(asked: Asked) -> Reply:
        said = asked.json["messages"][-1]["content"]
        return Reply({"choices": [{"message": {"content": f"{said}!"}, "index": 0}]})

    provider.tell("/openai/v1/chat/completions", reply)
    body = {"service": "openai", "service_settings": {"api_key": "sk", "model_id": "m"}}
    assert remote.put("/_inference/completion/writer", json=body).is_success
    query = 'ROW q = ["a", "b", "a"] | MV_EXPAND q | COMPLETION said = q WITH {"inference_id": "writer"}'
    assert rows(remote, query) == [["a", "a!"], ["b", "b!"], ["a", "a!"]]
    said = [each.json["messages"][-1]["content"] for each in provider.asked if "chat" in each.path]
    assert [each for each in said if each in ("a", "b")] == ["a", "b"]  # each prompt once
    assert "does [completion]" in reason(
        remote, 'ROW q = "a" | COMPLETION q WITH {"inference_id": ".rerank-v1-elasticsearch"}'
    )


def test_a_semantic_field_is_searched_and_a_reranker_orders(http: httpx.Client) -> None:
    mapping = {"properties": {"s": {"type": "semantic_text", "inference_id": ".elser-2-elasticsearch"}}}
    assert http.put("/meant", json={"mappings": mapping}).is_success
    try:
        fill(http, "meant", {"1": {"s": "a dragon guards its gold"}, "2": {"s": "how to bake bread"}})
        query = 'FROM meant METADATA _id, _score | WHERE s:"baking a loaf" | SORT _score DESC | LIMIT 1 | KEEP _id, s'
        assert rows(http, query) == [["2", "how to bake bread"]]
        ranked = 'FROM meant METADATA _id, _score | RERANK "treasure" ON s | KEEP _id, _score'
        found = rows(http, ranked)
        assert [each[0] for each in found] == ["1", "2"]
        assert found[0][1] > found[1][1]
        fused = (
            'FROM meant METADATA _id, _index, _score | FORK (WHERE s:"gold" | SORT _score DESC | LIMIT 2) '
            '(WHERE s:"dragon" | SORT _score DESC | LIMIT 2) | FUSE | SORT _score DESC | LIMIT 1 | KEEP _id, _score'
        )
        assert rows(http, fused) == [["1", pytest.approx(2 / 61)]]
    finally:
        http.delete("/meant")


def test_figures_of_many_documents_are_those_of_plain_sums(http: httpx.Client) -> None:
    mapping = {"properties": {"k": {"type": "keyword"}, "n": {"type": "long"}}}
    assert http.put("/many", json={"mappings": mapping}).is_success
    try:
        fill(http, "many", {str(n): {"k": f"k{n % 7}", "n": n} for n in range(3000)})
        fill(http, "many", {str(n): {"k": f"k{n % 7}", "n": n} for n in range(3000, 5000)})
        found = rows(http, "FROM many | STATS COUNT(*), SUM(n), MIN(n), MAX(n) BY k | SORT k")
        groups = [[n for n in range(5000) if n % 7 == key] for key in range(7)]
        assert found == [[len(g), sum(g), min(g), max(g), f"k{key}"] for key, g in enumerate(groups)]
        began = time.monotonic()
        assert rows(http, "FROM many | WHERE n >= 4990 | SORT n DESC | LIMIT 3 | KEEP n") == [[4999], [4998], [4997]]
        assert time.monotonic() - began < 5
    finally:
        http.delete("/many")


def test_a_query_ends_when_its_client_leaves(http: httpx.Client) -> None:
    numbers = ", ".join(map(str, range(1000)))
    slow = "".join(f' | EVAL x{at} = REPLACE(CONCAT(t, b::string), "(a+)+$", "b")' for at in range(40))
    query = f'ROW a = [{numbers}], b = [{numbers}] | MV_EXPAND a | MV_EXPAND b | EVAL t = "aaaaaaaa"{slow}'
    with pytest.raises(httpx.ReadTimeout):
        http.post("/_query", json={"query": query}, timeout=1)
    began = time.monotonic()
    assert rows(http, "ROW a = 1") == [[1]]
    assert time.monotonic() - began < 2


fields = st.sampled_from(["title", "author", "year", "rating", "published", "tags", "address", "place", "vector",
                          "shape", "about", "by.name", "_id", "_score", "nope"])  # fmt: skip
parts = st.sampled_from(
    [
        'WHERE {0}:"dune"',
        "WHERE MATCH({0}, 1)",
        "WHERE {0} == {1}",
        "WHERE KNN({0}, [1, 2])",
        "STATS COUNT({0}) BY {1}",
        "STATS VALUES({0}), TOP({1}, 1)",
        "SORT {0} DESC",
        "KEEP {0}, {1}",
        "EVAL x = {0}",
        "MV_EXPAND {0}",
        "LIMIT 2",
        "LOOKUP JOIN authors ON {0}",
        "RENAME {0} AS x",
        "INLINE STATS MAX({0}) BY {1}",
        "FUSE",
        'WHERE QSTR("{0}:a")',
        'WHERE KQL("{0}:a*")',
        "FORK (WHERE {0} IS NULL) (SORT {1})",
        'WHERE NOT (MATCH({0}, "a") OR {1} IS NULL)',
        'WHERE {0} LIKE "a*"',
        "DROP {0}",
        "CHANGE_POINT {0} ON {1}",
        "CHANGE_POINT {0} ON {1} BY {0}",
        "MMR ON {0} LIMIT 2",
        "WHERE {0} IN (FROM books METADATA _id | KEEP {1})",
        "STATS n = COUNT(*), ST_EXTENT_AGG({1}) BY CATEGORIZE({0})",
        'EVAL x = TOP_SNIPPETS({0}, "dune planet", {{"highlight": true}}), y = CHUNK({1})',
        "EVAL x = DECAY({0}, 5, 10), y = DECAY({1}, NOW(), 3 days)",
    ]
)
sources = st.sampled_from(
    [
        "FROM books METADATA _id, _score, _index, _source",
        "FROM books, (FROM authors | EVAL year = 1) METADATA _id, _score, _index",
        'FROM (FROM books METADATA _id, _score, _index | WHERE MATCH(title, "the") | LIMIT 3), (ROW year = 2)',
    ]
)


@given(sources, st.lists(st.tuples(parts, fields, fields), max_size=4), st.sampled_from(["json", "csv", "arrow"]))
@settings(max_examples=150)
def test_whatever_is_asked_there_is_an_answer_in_the_wires_form(
    books: httpx.Client, source: str, asked: list[tuple[str, str, str]], form: str
) -> None:
    query = " | ".join([source, *(each.format(*names) for each, *names in asked)])
    reply = books.post("/_query", json={"query": query}, params={"format": form})
    assert reply.status_code in (200, 400), (query, reply.text)
    if form == "json" or reply.status_code == 400:
        assert ("columns" in reply.json()) == (reply.status_code == 200)
