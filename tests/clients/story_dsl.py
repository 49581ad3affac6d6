"""What a user of `elasticsearch.dsl` does: documents, searches, aggregations. Takes the server's URL."""

import asyncio
import sys
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import elasticsearch
from elasticsearch import AsyncElasticsearch, Elasticsearch, NotFoundError
from elasticsearch.dsl import (
    A,
    AsyncDocument,
    AsyncSearch,
    Date,
    Document,
    FacetedSearch,
    InnerDoc,
    Integer,
    Keyword,
    MultiSearch,
    Nested,
    Object,
    Q,
    RangeFacet,
    Search,
    SemanticText,
    TermsFacet,
    Text,
    UpdateByQuery,
    analyzer,
    async_connections,
    connections,
    query,
    types,
)

NAME = "story-homes"


class Room(InnerDoc):  # type: ignore[misc]  # the client is not installed where types are checked
    """A nested object."""

    kind = Keyword()
    size = Integer()


class Home(Document):  # type: ignore[misc]  # the client is not installed where types are checked
    """A document with a field that is understood."""

    title = Text(analyzer=analyzer("story", tokenizer="standard", filter=["lowercase", "snowball"]), copy_to="meaning")
    meaning = SemanticText(inference_id=".elser-2-elastic")
    city = Keyword()
    price = Integer()
    listed = Date()
    owner = Object(properties={"name": Keyword()})
    rooms = Nested(Room)

    class Index:
        """Where they are."""

        name = NAME
        settings = {"number_of_replicas": 0}  # noqa: RUF012 (as its manual has it)


class Homes(FacetedSearch):  # type: ignore[misc]  # the client is not installed where types are checked
    """Homes by city and price."""

    index = NAME
    doc_types = [Home]  # noqa: RUF012
    fields = ["title"]  # noqa: RUF012
    facets = {  # noqa: RUF012
        "city": TermsFacet(field="city"),
        "price": RangeFacet(field="price", ranges=[("few", (None, 300)), ("many", (300, None))]),
    }


class AsyncHome(AsyncDocument):  # type: ignore[misc]  # the client is not installed where types are checked
    """The same index, awaited."""

    city = Keyword()

    class Index:
        """Where they are."""

        name = NAME


def main(url: str) -> None:
    warnings.filterwarnings("ignore", "This API is in technical preview")
    es = connections.create_connection(hosts=[url], request_timeout=60)
    es.options(ignore_status=404).indices.delete(index=NAME)
    documents()
    searches()
    aggregations()
    changed(es)
    asyncio.run(asynchronously(url))
    Home._index.delete()
    print(f"elasticsearch-py {elasticsearch.__versionstr__}: all is well")


def home(id: str, title: str, city: str, price: int, *rooms: tuple[str, int]) -> Home:
    made = Home(meta={"id": id}, title=title, city=city, price=price, listed=datetime(2026, 1, int(id), tzinfo=UTC))
    made.owner = {"name": f"owner {id}"}
    for kind, size in rooms:
        made.rooms.append(Room(kind=kind, size=size))
    return made


def documents() -> None:
    Home.init()
    home(
        "1",
        "The beach is four minutes on foot, and on windy nights you fall asleep to the surf.",
        "Brest",
        300,
        ("kitchen", 12),
        ("bath", 5),
    ).save()
    some = [
        home("2", "A loft above the old cinema", "Lyon", 200, ("kitchen", 25)),
        home("3", "Stables, and meadows for horses", "Lyon", 900, ("bath", 12)),
    ]
    assert Home.bulk(some, refresh=True) == (2, [])
    first = Home.get(id="1")
    assert (first.owner.name, first.rooms[1].size, first.listed.day) == ("owner 1", 5, 1)
    assert first.update(price=310) == "updated"
    assert Home.get(id="1").price == 310
    assert [each is not None for each in Home.mget(["2", "nothing"], missing="none")] == [True, False]
    assert Home.exists(id="3")
    assert not Home.exists(id="4")
    try:
        Home.get(id="4")
        raise AssertionError("it is not there")
    except NotFoundError:
        pass
    Home._index.refresh()


def ids(search: Iterable[Any]) -> list[str]:
    return [hit.meta.id for hit in search]


def searches() -> None:
    assert ids(Home.search().query("match", title="horse")) == ["3"], "stemmed"
    assert ids(Home.search().query("semantic", field="meaning", query="waterfront property")[:1]) == ["1"]
    filtered = Home.search().filter("term", city="Lyon").exclude("range", price={"gte": 500})
    assert ids(filtered) == ["2"]
    assert ids(Home.search().query(Q("match", title="loft") | Q("match", title="stables")).sort("-price")) == ["3", "2"]
    positions()
    small = Q("term", rooms__kind="kitchen") & Q("range", rooms__size={"lt": 20})
    (hit,) = Home.search().query("nested", path="rooms", query=small, inner_hits={})
    assert isinstance(hit, Home)
    assert [room.size for room in hit.meta.inner_hits.rooms] == [12]
    (hit,) = Home.search().query("match", title="cinema").highlight("title").source(["city"])
    assert hit.meta.highlight.title == ["A loft above the old <em>cinema</em>"]
    assert hit.to_dict() == {"city": "Lyon"}
    assert sorted(ids(Home.search().params(size=2).scan())) == ["1", "2", "3"]
    first = Home.search().sort("price").extra(size=1)
    assert ids(first) == ["2"]
    assert ids(first.search_after()) == ["1"]
    several = (
        MultiSearch(index=NAME).add(Search().filter("term", city="Brest")).add(Search().filter("term", city="Lyon"))
    )
    assert [len(each) for each in several.execute()] == [1, 2]
    assert Home.search().filter("term", city="Lyon").count() == 2


def positions() -> None:
    old = query.SpanTerm(title="old")
    near = query.SpanNear(clauses=[old, query.SpanMulti(match=query.Prefix(title="cine"))], slop=0, in_order=True)
    first = Home.search().query(near).highlight("title")
    assert [hit.meta.highlight.title for hit in first] == [["A loft above the <em>old</em> <em>cinema</em>"]]
    without = query.SpanNot(include=old, exclude=query.SpanTerm(title="cinema"), post=1)
    assert ids(Home.search().query(without)) == []
    either = query.SpanOr(clauses=[query.SpanFirst(match=query.SpanTerm(title="loft"), end=2), old])
    assert ids(Home.search().query(either)) == ["2"]
    words = {"match": {"query": "beach foot", "max_gaps": 5, "filter": {"before": {"match": {"query": "surf"}}}}}
    assert ids(Home.search().query(query.Intervals(title=words))) == ["1"]
    few = types.IntervalsMatch(query="stables horses", ordered=True, max_gaps=3)
    assert ids(Home.search().query(query.Intervals(title=types.IntervalsQuery(match=few)))) == ["3"]


def aggregations() -> None:
    search = Home.search()[:0]
    search.aggs.bucket("cities", "terms", field="city", order={"most": "desc"}).metric("most", "max", field="price")
    search.aggs["cities"].bucket("dearest", "top_hits", size=1, sort=[{"price": "desc"}])
    search.aggs.bucket("days", "date_histogram", field="listed", calendar_interval="day")
    search.aggs.bucket("rooms", "nested", path="rooms").bucket("kinds", A("terms", field="rooms.kind"))
    found = search.execute().aggregations
    assert [(bucket.key, bucket.most.value) for bucket in found.cities.buckets] == [("Lyon", 900), ("Brest", 310)]
    assert isinstance(found.cities.buckets[0].dearest.hits[0], Home)
    assert [bucket.doc_count for bucket in found.days] == [1, 1, 1]
    assert {bucket.key: bucket.doc_count for bucket in found.rooms.kinds} == {"kitchen": 2, "bath": 2}
    faceted = Homes("", {"city": "Lyon"}).execute()
    assert sorted(faceted.facets.city) == [("Brest", 1, False), ("Lyon", 2, True)]
    assert faceted.facets.price == [("few", 1, False), ("many", 1, False)]


def changed(es: Elasticsearch) -> None:
    update = UpdateByQuery(index=NAME, using=es).query("term", city="Brest")
    update = update.script(source="ctx._source.price -= params.by", params={"by": 10}).params(refresh=True)
    assert update.execute().updated == 1
    assert Home.get(id="1").price == 300
    assert Home.search().filter("term", city="Lyon").params(refresh=True).delete().deleted == 2


async def asynchronously(url: str) -> None:
    es: AsyncElasticsearch = async_connections.create_connection(hosts=[url], request_timeout=60)
    assert [hit.city async for hit in AsyncHome.search()] == ["Brest"]
    assert (await AsyncHome.get(id="1")).city == "Brest"
    assert (await AsyncSearch(index=NAME).query("match", title="beach").execute()).hits.total.value == 1
    await es.close()


main(sys.argv[1])
