"""What a user of elasticsearch-py does with ES|QL: queries as texts, by the builder, and of documents. Takes a URL."""

import asyncio
import csv
import sys
import warnings
from io import StringIO

import elasticsearch
import pytest
from elasticsearch import AsyncElasticsearch, BadRequestError, Elasticsearch, NotFoundError
from elasticsearch.dsl import Document, InnerDoc, M
from elasticsearch.dsl.connections import add_connection
from elasticsearch.esql import ESQL, E, functions

NAME = "story-esql"


class Home(InnerDoc):  # type: ignore[misc]
    city: M[str]


class Person(Document):  # type: ignore[misc]
    number: M[int]
    first_name: M[str]
    last_name: M[str]
    height: M[float]
    employed: M[bool]
    home: M[Home]

    class Index:  # noqa: D106 (the DSL's own)
        name = NAME


PEOPLE = [
    (1, "Ada", "Lovelace", 1.65, True, "London"),
    (2, "Alan", "Turing", 1.79, True, "Wilmslow"),
    (3, "Grace", "Hopper", 1.68, False, "Arlington"),
    (4, "Ada", "Yonath", 1.61, False, "Rehovot"),
]


def main(url: str) -> None:
    warnings.filterwarnings("ignore", "No limit defined")
    es = Elasticsearch(url, request_timeout=60)
    add_connection("default", es)
    es.options(ignore_status=404).indices.delete(index=NAME)
    Person.init()
    for number, first, last, height, employed, city in PEOPLE:
        home = Home(city=city)
        Person(number=number, first_name=first, last_name=last, height=height, employed=employed, home=home).save()
    es.indices.refresh(index=NAME)
    texts(es)
    built(es)
    documents()
    enriched(es)
    later(es)
    wrong(es)
    asyncio.run(asynchronously(url))
    es.indices.delete(index=NAME)
    print(f"elasticsearch-py {elasticsearch.__versionstr__}: all is well")


def texts(es: Elasticsearch) -> None:
    query = f"FROM {NAME} | WHERE number > ? | SORT number | KEEP first_name, number"
    found = es.esql.query(query=query, params=[2])
    assert found["columns"] == [{"name": "first_name", "type": "text"}, {"name": "number", "type": "integer"}]
    assert found["values"] == [["Grace", 3], ["Ada", 4]]
    named = es.esql.query(query=f"FROM {NAME} | WHERE last_name == ?who | KEEP number", params=[{"who": "Turing"}])
    assert named["values"] == [[2]]
    assert es.esql.query(query=query, params=[2], columnar=True)["values"] == [["Grace", "Ada"], [3, 4]]
    table = es.esql.query(query=query, params=[2], format="csv")
    assert list(csv.DictReader(StringIO(table.body))) == [
        {"first_name": "Grace", "number": "3"},
        {"first_name": "Ada", "number": "4"},
    ]
    only = {"term": {"employed": True}}
    assert es.esql.query(query=f"FROM {NAME} | STATS n = COUNT(*)", filter=only)["values"] == [[2]]


def built(es: Elasticsearch) -> None:
    names = (
        ESQL.from_(Person)
        .eval(full_name=functions.concat(Person.first_name, " ", Person.last_name))
        .keep("full_name")
        .sort("full_name")
        .limit(2)
    )
    assert es.esql.query(query=str(names))["values"] == [["Ada Lovelace"], ["Ada Yonath"]]
    mean = ESQL.from_(Person).stats(
        mean=functions.round(functions.avg(Person.height), 2).where(Person.employed == True)  # noqa: E712
    )
    assert es.esql.query(query=str(mean))["values"] == [[1.72]]
    given = ESQL.from_(Person).where(Person.first_name == E("?")).sort(Person.number.desc()).keep(Person.number)
    assert es.esql.query(query=str(given), params=["Ada"])["values"] == [[4], [1]]
    grouped = ESQL.from_(NAME).stats(n=functions.count(E("*"))).by("employed").sort("employed")
    assert es.esql.query(query=str(grouped))["values"] == [[2, False], [2, True]]
    matched = ESQL.from_(NAME).metadata("_score").where(functions.match(Person.last_name, "hopper")).keep("number")
    assert es.esql.query(query=str(matched))["values"] == [[3]]
    row = ESQL.row(a=1, b="two", c=[1, 2]).eval(d=E("a + 1"))
    assert es.esql.query(query=str(row))["values"] == [[1, "two", [1, 2], 2]]
    assert es.esql.query(query=str(ESQL.show("INFO")))["columns"][0]["name"] == "version"


def documents() -> None:
    query = Person.esql_from().where(Person.first_name == "Ada").sort("last_name").limit(10)
    found = list(Person.esql_execute(query))
    assert [each.last_name for each in found] == ["Lovelace", "Yonath"]
    assert found[0].home.city == "London"
    assert found[0].meta.id is not None
    more = query.eval(cm=functions.to_integer(Person.height * 100))
    assert [extra for _, extra in Person.esql_execute(more, return_additional=True)] == [{"cm": 165}, {"cm": 161}]
    with pytest.raises(ValueError, match="Not all fields"):
        next(iter(Person.esql_execute(query.drop("home.city"))))
    dropped = list(Person.esql_execute(query.drop("home.city"), ignore_missing_fields=True))
    assert dropped[0].home.city is None


def enriched(es: Elasticsearch) -> None:
    """With a policy over the people, and with where a column changes."""
    policy = {"indices": NAME, "match_field": "number", "enrich_fields": ["last_name", "height"]}
    es.options(ignore_status=404).enrich.delete_policy(name="story-people")
    es.enrich.put_policy(name="story-people", match=policy)
    es.enrich.execute_policy(name="story-people")
    found = es.esql.query(query=str(ESQL.row(a=2).enrich("story-people").on("a").with_(name="last_name")))
    assert (found["columns"][1], found["values"]) == ({"name": "name", "type": "text"}, [[2, "Turing"]])
    es.enrich.delete_policy(name="story-people")
    series = ESQL.row(key=list(range(1, 26))).mv_expand("key").eval(value=E("CASE(key < 13, 0, 42)"))
    changes = series.change_point("value").on("key").where("type IS NOT NULL")
    assert es.esql.query(query=str(changes))["values"] == [[13, 42, "step_change", 0.0]]


def later(es: Elasticsearch) -> None:
    query = f"FROM {NAME} | STATS n = COUNT(*)"
    begun = es.esql.async_query(query=query, keep_on_completion=True, wait_for_completion_timeout="10s")
    assert (begun["is_running"], begun["values"]) == (False, [[4]])
    assert es.esql.async_query_get(id=begun["id"])["values"] == [[4]]
    assert es.esql.async_query_stop(id=begun["id"])["values"] == [[4]]
    assert es.esql.async_query_delete(id=begun["id"])["acknowledged"] is True
    with pytest.raises(NotFoundError):
        es.esql.async_query_get(id=begun["id"])


def wrong(es: Elasticsearch) -> None:
    with pytest.raises(BadRequestError, match=r"Unknown column \[heigt\], did you mean \[height\]"):
        es.esql.query(query=f"FROM {NAME} | SORT heigt")
    with pytest.raises(BadRequestError, match=r"line 1:17: mismatched input"):
        es.esql.query(query=f"FROM {NAME} WHERE")
    with pytest.raises(BadRequestError, match=r"Unknown index \[nowhere\]"):
        es.esql.query(query="FROM nowhere")


async def asynchronously(url: str) -> None:
    async with AsyncElasticsearch(url, request_timeout=60) as es:
        found = await es.esql.query(query=f"FROM {NAME} | STATS MAX(number)")
        assert found["values"] == [[4]]


if __name__ == "__main__":
    main(sys.argv[1])
