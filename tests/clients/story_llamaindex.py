"""What a user of LlamaIndex does with its vector store for Elasticsearch. Takes the server's URL."""

import asyncio
import sys

from elasticsearch import AsyncElasticsearch
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    ExactMatchFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from llama_index.vector_stores.elasticsearch import (
    AsyncBM25Strategy,
    AsyncDenseVectorStrategy,
    AsyncSparseVectorStrategy,
    ElasticsearchStore,
)

INDEX, DENSE = "story-llamaindex", ".multilingual-e5-small-elasticsearch"
TEXTS = {
    "beach": "The beach is four minutes on foot, and you fall asleep to the surf.",
    "city": "A loft above the old cinema, in the middle of the city.",
    "farm": "A farm with stables, meadows and room for horses.",
}
PRICES = {"beach": 300, "city": 200, "farm": 900}


async def main(url: str) -> None:
    async with AsyncElasticsearch(url, request_timeout=60) as es:
        await dense(es)
        await hybrid(es)
        await words(es)
        await sparse(es)
    print("all is well")


async def embed(es: AsyncElasticsearch, text: str) -> list[float]:
    answer = await es.inference.inference(inference_id=DENSE, input=text)
    found: list[float] = answer["text_embedding"][0]["embedding"]
    return found


async def nodes(es: AsyncElasticsearch) -> list[TextNode]:
    return [
        TextNode(
            text=text,
            id_=id,
            metadata={"price": PRICES[id], "kind": id},
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"source-{id}")},
            embedding=await embed(es, text),
        )
        for id, text in TEXTS.items()
    ]


async def dense(es: AsyncElasticsearch) -> None:
    store = ElasticsearchStore(index_name=INDEX, es_client=es)
    assert await store.async_add(await nodes(es)) == list(TEXTS)
    vector = await embed(es, "somewhere to keep ponies")
    found = await store.aquery(VectorStoreQuery(query_embedding=vector, similarity_top_k=1))
    assert found.ids == ["farm"]
    filters = MetadataFilters(filters=[ExactMatchFilter(key="kind", value="city")])
    found = await store.aquery(VectorStoreQuery(query_embedding=vector, similarity_top_k=3, filters=filters))
    assert found.ids == ["city"]
    wild = [{"wildcard": {"metadata.kind": {"value": "bea*"}}}]
    found = await store.aquery(VectorStoreQuery(query_embedding=vector, similarity_top_k=3), es_filter=wild)
    assert found.ids == ["beach"]
    assert [each.node_id for each in await store.aget_nodes(node_ids=["city"])] == ["city"]
    await store.adelete("source-farm")
    assert (await store.aquery(VectorStoreQuery(query_embedding=vector, similarity_top_k=3))).ids != []
    await store.aclear()


async def hybrid(es: AsyncElasticsearch) -> None:
    strategy = AsyncDenseVectorStrategy(hybrid=True, rrf={"window_size": 50})
    store = ElasticsearchStore(index_name=INDEX, es_client=es, retrieval_strategy=strategy)
    await store.async_add(await nodes(es))
    query = VectorStoreQuery(
        query_str="cinema",
        query_embedding=await embed(es, "a cinema"),
        mode=VectorStoreQueryMode.HYBRID,
        similarity_top_k=2,
    )
    assert (await store.aquery(query)).ids[0] == "city"
    await store.aclear()


async def words(es: AsyncElasticsearch) -> None:
    store = ElasticsearchStore(index_name=INDEX, es_client=es, retrieval_strategy=AsyncBM25Strategy())
    await store.async_add(await nodes(es))
    query = VectorStoreQuery(query_str="stables", mode=VectorStoreQueryMode.TEXT_SEARCH, similarity_top_k=1)
    assert (await store.aquery(query)).ids == ["farm"]
    await store.aclear()


async def sparse(es: AsyncElasticsearch) -> None:
    strategy = AsyncSparseVectorStrategy(model_id=".elser_model_2")
    store = ElasticsearchStore(index_name=INDEX, es_client=es, retrieval_strategy=strategy)
    await store.async_add([TextNode(text=text, id_=id) for id, text in TEXTS.items()])
    query = VectorStoreQuery(query_str="horse riding", mode=VectorStoreQueryMode.SPARSE, similarity_top_k=1)
    assert (await store.aquery(query)).ids == ["farm"]
    await store.aclear()


asyncio.run(main(sys.argv[1]))
