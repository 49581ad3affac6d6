"""What a user of elasticsearch-py does with its vector stores: every strategy, also awaited. Takes the server's URL."""

import asyncio
import sys
from typing import Any

import elasticsearch
from elasticsearch import AsyncElasticsearch, Elasticsearch
from elasticsearch.helpers import vectorstore as stores

INDEX, MODEL, SPARSE = "story-store", "all-MiniLM-L6-v2", ".elser_model_2"
TEXTS = [
    "The beach is four minutes on foot, and on windy nights you fall asleep to the surf.",
    "A loft above the old cinema, in the middle of the city.",
    "A farm with stables, meadows and room for horses.",
]
METADATA: list[dict[str, Any]] = [{"price": 300}, {"price": 200}, {"price": 900}]
# By word, by expanded words, and by vectors.
SAID = {"the old cinema": 1}
MEANT = {"waterfront property": 0, "movie theater": 1, "riding and animals": 2}
NEAR = {"seaside holiday": 0, "movie theater": 1, "somewhere ponies can live": 2}
CHEAP = [{"term": {"metadata.price": 200}}]


def main(url: str) -> None:
    sync(url)
    asyncio.run(asynchronously(url))
    print(f"elasticsearch-py {elasticsearch.__versionstr__}: all is well")


def strategies(prefix: str) -> list[tuple[Any, dict[str, int]]]:
    """Each with what it is asked: only those that understand find what no text says."""
    found = {name: getattr(stores, prefix + name) for name in ("BM25Strategy", "SparseVectorStrategy")}
    dense, script = (
        getattr(stores, f"{prefix}DenseVectorStrategy"),
        getattr(stores, f"{prefix}DenseVectorScriptScoreStrategy"),
    )
    metrics = stores.DistanceMetric
    return [
        (found["BM25Strategy"](), SAID),
        (found["BM25Strategy"](k1=2.0, b=0.5), SAID),
        (found["SparseVectorStrategy"](model_id=SPARSE), MEANT),
        *((dense(distance=each), NEAR) for each in (metrics.COSINE, metrics.EUCLIDEAN_DISTANCE)),
        *((dense(distance=each), NEAR) for each in (metrics.DOT_PRODUCT, metrics.MAX_INNER_PRODUCT)),
        (dense(hybrid=True, rrf=False, text_field="text_field"), NEAR | SAID),
        (dense(hybrid=True, rrf={"rank_constant": 20, "window_size": 10}, text_field="text_field"), SAID),
        *((script(distance=each), NEAR) for each in (metrics.COSINE, metrics.EUCLIDEAN_DISTANCE, metrics.DOT_PRODUCT)),
    ]


def embeds(strategy: object) -> bool:
    return "Dense" in type(strategy).__name__


def sync(url: str) -> None:
    es = Elasticsearch(url, request_timeout=60)
    es.options(ignore_status=404).indices.delete(index=INDEX)
    service = stores.ElasticsearchEmbeddings(client=es, model_id=MODEL)
    for strategy, asked in strategies(""):
        own = service if embeds(strategy) else None
        store = stores.VectorStore(es, index=INDEX, retrieval_strategy=strategy, embedding_service=own)
        ids = store.add_texts(TEXTS, metadatas=METADATA)
        assert len(ids) == 3
        for query, place in asked.items():
            hits = store.search(query=query, k=2, num_candidates=10)
            assert hits[0]["_source"]["text_field"] == TEXTS[place], (strategy, query, hits)
        filtered = store.search(query="the beach or the cinema", k=3, filter=CHEAP)
        assert [hit["_source"]["metadata"] for hit in filtered] == [METADATA[1]], strategy
        if own is not None and not getattr(strategy, "hybrid", False):
            store.add_texts([TEXTS[0]])
            found = store.max_marginal_relevance_search(
                embedding_service=service, query="by the sea", vector_field="vector_field", k=2, num_candidates=4
            )
            assert len({hit["_source"]["text_field"] for hit in found}) == 2, "two that differ"
        assert store.delete(ids=ids[:1])
        es.indices.delete(index=INDEX)


async def asynchronously(url: str) -> None:
    async with AsyncElasticsearch(url, request_timeout=60) as es:
        service = stores.AsyncElasticsearchEmbeddings(client=es, model_id=MODEL)
        for strategy, asked in strategies("Async"):
            own = service if embeds(strategy) else None
            store = stores.AsyncVectorStore(es, index=INDEX, retrieval_strategy=strategy, embedding_service=own)
            ids = await store.add_texts(TEXTS, metadatas=METADATA)
            for query, place in asked.items():
                hits = await store.search(query=query, k=2, num_candidates=10)
                assert hits[0]["_source"]["text_field"] == TEXTS[place], (strategy, query, hits)
            assert await store.delete(ids=ids)
            assert (await es.count(index=INDEX))["count"] == 0
            await es.indices.delete(index=INDEX)


main(sys.argv[1])
