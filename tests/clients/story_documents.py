"""What a user of elasticsearch-py does with indices and documents. Takes the server's URL; prints a line at the end."""

import asyncio
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any

import elasticsearch
import pytest
from elasticsearch import AsyncElasticsearch, ConflictError, Elasticsearch, NotFoundError, helpers

NAME = "story-books"


def main(url: str) -> None:
    warnings.filterwarnings("ignore", "This API is in technical preview")
    es = Elasticsearch(url, request_timeout=60)
    for name in (NAME, "story-copy", "story-async"):
        es.options(ignore_status=404).indices.delete(index=name)
    indices(es)
    documents(es)
    in_bulk(es)
    copied(es)
    told(es)
    asyncio.run(asynchronously(url))
    for name in (NAME, "story-copy", "story-async"):
        es.indices.delete(index=name)
    print(f"elasticsearch-py {elasticsearch.__versionstr__}: all is well")


def indices(es: Elasticsearch) -> None:
    fields = {"title": {"type": "text"}, "year": {"type": "integer"}, "meaning": {"type": "semantic_text"}}
    made = es.indices.create(index=NAME, mappings={"properties": fields}, settings={"number_of_replicas": 0})
    assert (made["acknowledged"], made["index"]) == (True, NAME)
    assert es.indices.exists(index=NAME)
    assert not es.indices.exists(index="story-nothing")
    es.indices.put_mapping(index=NAME, properties={"tags": {"type": "keyword"}})
    assert es.indices.get_mapping(index=NAME)[NAME]["mappings"]["properties"]["tags"] == {"type": "keyword"}
    es.indices.put_settings(index=NAME, settings={"refresh_interval": "30s"})
    assert es.indices.get_settings(index=NAME)[NAME]["settings"]["index"]["refresh_interval"] == "30s"
    es.indices.put_alias(index=NAME, name="story-alias")
    assert es.indices.exists_alias(name="story-alias")
    assert list(es.indices.get_alias(name="story-alias")) == [NAME]
    es.indices.put_index_template(name="story", index_patterns=["story-*"], template={"settings": {"priority": 3}})
    assert es.indices.exists_index_template(name="story")
    es.indices.delete_index_template(name="story")
    tokens = es.indices.analyze(index=NAME, field="title", text="Two Words")["tokens"]
    assert [token["token"] for token in tokens] == ["two", "words"]


def documents(es: Elasticsearch) -> None:
    assert es.index(index=NAME, id="1", document={"title": "Dune", "year": 1965})["result"] == "created"
    assert es.create(index=NAME, id="2", document={"title": "Emma", "meaning": "a match-maker"})["result"] == "created"
    with pytest.raises(ConflictError):
        es.create(index=NAME, id="2", document={})
    assert es.update(index=NAME, id="1", doc={"year": 1966})["result"] == "updated"
    es.update(index=NAME, id="1", script={"source": "ctx._source.year -= params.by", "params": {"by": 1}})
    assert es.get(index=NAME, id="1")["_source"] == {"title": "Dune", "year": 1965}
    assert es.get_source(index=NAME, id="1")["year"] == 1965
    assert es.exists(index="story-alias", id="1")
    assert [doc["found"] for doc in es.mget(index=NAME, ids=["1", "nothing"])["docs"]] == [True, False]
    made = es.index(index=NAME, document={"title": "a/b"}, refresh="wait_for")
    assert es.delete(index=NAME, id=made["_id"])["result"] == "deleted"
    with pytest.raises(NotFoundError):
        es.get(index=NAME, id=made["_id"])


def actions(count: int, index: str = NAME) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"_index": index, "_id": f"b{number}", "title": f"book {number}", "year": 1900 + number}


def in_bulk(es: Elasticsearch) -> None:
    assert helpers.bulk(es, actions(250), chunk_size=60, refresh=True) == (250, [])
    mixed: list[dict[str, Any]] = [
        {"_op_type": "create", "_index": NAME, "_id": "b1", "title": "there already"},
        {"_op_type": "update", "_index": NAME, "_id": "b2", "doc": {"tags": ["new"]}},
        {"_op_type": "delete", "_index": NAME, "_id": "b3"},
        {"_op_type": "index", "_index": NAME, "_id": "b4", "year": "no year"},
    ]
    results = list(helpers.streaming_bulk(es, mixed, raise_on_error=False))
    assert [ok for ok, _ in results] == [False, True, True, False]
    with pytest.raises(helpers.BulkIndexError, match="1 document"):
        helpers.bulk(es, mixed[:1])
    assert all(ok for ok, _ in helpers.parallel_bulk(es, actions(300), thread_count=3, chunk_size=50))
    es.indices.refresh(index=NAME)
    assert len(list(helpers.scan(es, index=NAME, query={"query": {"prefix": {"title": "book"}}}, size=70))) == 300
    assert helpers.reindex(es, NAME, "story-copy", query={"query": {"range": {"year": {"lt": 1905}}}}) == (5, 0)
    es.indices.delete(index="story-copy")
    answer = es.bulk(index=NAME, operations=[{"index": {"_id": "b5"}}, {"title": "by hand"}], refresh=True)
    assert (answer["errors"], answer["items"][0]["index"]["status"]) == (False, 200)


def copied(es: Elasticsearch) -> None:
    answer = es.reindex(
        source={"index": NAME, "query": {"range": {"year": {"lt": 1910}}}}, dest={"index": "story-copy"}, refresh=True
    )
    assert answer["created"] == 9, answer
    task = es.options(request_timeout=60).reindex(
        source={"index": NAME},
        dest={"index": "story-copy", "op_type": "create"},
        conflicts="proceed",
        wait_for_completion=False,
    )["task"]
    while not (found := es.tasks.get(task_id=task))["completed"]:
        time.sleep(0.05)
    assert found["response"]["version_conflicts"] == 9
    es.indices.refresh(index="story-copy")
    assert (
        es.update_by_query(index="story-copy", script={"source": "ctx._source.seen = true"}, refresh=True)["updated"]
        > 9
    )
    assert es.delete_by_query(index="story-copy", query={"term": {"year": 1901}})["deleted"] == 1
    assert es.tasks.list(actions="*reindex")["nodes"] == {}


def told(es: Elasticsearch) -> None:
    es.indices.refresh(index=NAME)
    assert "story-books" in es.cat.indices(index="story-*", h="index").body
    assert (
        es.cat.indices(index=NAME, format="json")[0]["docs.count"]
        == es.cat.count(index=NAME, format="json")[0]["count"]
    )
    assert es.indices.stats(index=NAME)["indices"][NAME]["primaries"]["docs"]["count"] > 250
    assert es.cluster.health(index=NAME, wait_for_status="yellow")["status"] == "green"
    assert es.indices.resolve_index(name="story-*")["aliases"][0]["name"] == "story-alias"
    assert es.nodes.info()["_nodes"]["total"] == 1
    es.indices.forcemerge(index=NAME, max_num_segments=1)
    es.indices.flush(index=NAME)
    es.synonyms.put_synonym(id="story", synonyms_set=[{"synonyms": "a, b"}])
    assert es.synonyms.get_synonym(id="story")["count"] == 1
    es.synonyms.delete_synonym(id="story")


async def asynchronously(url: str) -> None:
    async with AsyncElasticsearch(url, request_timeout=60) as es:
        assert await helpers.async_bulk(es, actions(120, "story-async"), chunk_size=50) == (120, [])
        async for ok, _ in helpers.async_streaming_bulk(es, actions(30, "story-async")):
            assert ok
        assert (await es.get(index="story-async", id="b7"))["_source"]["year"] == 1907
        await es.indices.refresh(index="story-async")
        assert len([hit async for hit in helpers.async_scan(es, index="story-async", size=50)]) == 120
        assert await helpers.async_reindex(es, "story-async", "story-copy", chunk_size=50) == (120, 0)


main(sys.argv[1])
