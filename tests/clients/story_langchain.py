"""What a user of LangChain does with its Elasticsearch integration. Takes the server's URL."""

import asyncio
import sys
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_elasticsearch import (
    AsyncElasticsearchStore,
    AsyncSparseVectorStrategy,
    BM25Strategy,
    DenseVectorScriptScoreStrategy,
    DenseVectorStrategy,
    ElasticsearchChatMessageHistory,
    ElasticsearchEmbeddings,
    ElasticsearchEmbeddingsCache,
    ElasticsearchRetriever,
    ElasticsearchStore,
    SparseVectorStrategy,
)

INDEX, MODEL = "story-langchain", "all-MiniLM-L6-v2"
DOCUMENTS = [
    Document("The beach is four minutes on foot, and you fall asleep to the surf.", metadata={"price": 300}),
    Document("A loft above the old cinema, in the middle of the city.", metadata={"price": 200}),
    Document("A farm with stables, meadows and room for horses.", metadata={"price": 900}),
]
CHEAP = [{"term": {"metadata.price": 200}}]


def main(url: str) -> None:
    embeddings = ElasticsearchEmbeddings(MODEL, es_url=url)
    embedded(embeddings)
    # Of the last one, which LangChain's own documentation has, the model is `.elser_model_1`.
    sparse = (SparseVectorStrategy(model_id=".elser_model_2"), ElasticsearchStore.SparseVectorRetrievalStrategy())
    for strategy in (BM25Strategy(), *sparse):
        store(url, strategy, "horses" if isinstance(strategy, BM25Strategy) else "horse riding")
    dense = (DenseVectorStrategy(), DenseVectorStrategy(hybrid=True, rrf=True), DenseVectorScriptScoreStrategy())
    for each in dense:
        store(url, each, "keeping ponies", embeddings)
    retriever(url)
    remembered(url)
    asyncio.run(asynchronously(url))
    print("all is well")


def embedded(embeddings: ElasticsearchEmbeddings) -> None:
    house, home, market = embeddings.embed_documents(["a house", "a home", "the stock market"])
    query = embeddings.embed_query("a house")
    near, far = (sum(a * b for a, b in zip(query, other, strict=True)) for other in (home, market))
    assert query == house
    assert len(query) == 384
    assert near > far


def store(url: str, strategy: object, query: str, embeddings: ElasticsearchEmbeddings | None = None) -> None:
    own = ElasticsearchStore(index_name=INDEX, es_url=url, strategy=strategy, embedding=embeddings)
    ids = own.add_documents(DOCUMENTS, ids=["beach", "city", "farm"])
    assert own.similarity_search(query, k=1) == [Document(DOCUMENTS[2].page_content, metadata={"price": 900})]
    filtered = own.similarity_search("the beach or the city", k=3, filter=CHEAP)
    assert [found.metadata["price"] for found in filtered] == [200], strategy
    if embeddings is not None and not getattr(strategy, "hybrid", False):
        vector = embeddings.embed_query("the surf at night")
        (found, _) = own.similarity_search_by_vector_with_relevance_scores(vector, k=1)[0]
        assert found.metadata["price"] == 300
        diverse = own.max_marginal_relevance_search("a home", k=2, fetch_k=3)
        assert len({each.page_content for each in diverse}) == 2
    assert own.as_retriever(search_kwargs={"k": 1}).invoke(query)[0].metadata["price"] == 900
    assert own.delete(ids)
    own.client.indices.delete(index=INDEX)


def retriever(url: str) -> None:
    """With a query of one's own: what is understood, in a field that embeds itself."""
    own = ElasticsearchStore(index_name=INDEX, es_url=url, strategy=BM25Strategy())
    fields = {"text": {"type": "text", "copy_to": "meaning"}, "meaning": {"type": "semantic_text"}}
    own.client.indices.create(index=INDEX, mappings={"properties": fields})
    own.add_documents(DOCUMENTS)

    def body(query: str) -> dict[str, Any]:
        return {"query": {"semantic": {"field": "meaning", "query": query}}, "size": 1}

    found = ElasticsearchRetriever(index_name=INDEX, body_func=body, content_field="text", client=own.client)
    assert found.invoke("horse riding")[0].page_content == DOCUMENTS[2].page_content
    own.client.indices.delete(index=INDEX)


def remembered(url: str) -> None:
    history = ElasticsearchChatMessageHistory(index=INDEX, session_id="1", es_url=url)
    history.add_messages([HumanMessage("Is it near the sea?"), AIMessage("Four minutes on foot.")])
    assert [each.content for each in history.messages] == ["Is it near the sea?", "Four minutes on foot."]
    history.clear()
    assert history.messages == []
    history.client.indices.delete(index=INDEX)
    cache = ElasticsearchEmbeddingsCache(index_name=INDEX, es_url=url)
    cache.mset([("a house", b"vector"), ("a home", b"other")])
    assert cache.mget(["a home", "nothing", "a house"]) == [b"other", None, b"vector"]
    history.client.indices.delete(index=INDEX)


async def asynchronously(url: str) -> None:
    strategy = AsyncSparseVectorStrategy(model_id=".elser_model_2")
    own = AsyncElasticsearchStore(index_name=INDEX, es_url=url, strategy=strategy)
    await own.aadd_documents(DOCUMENTS)
    assert (await own.asimilarity_search("horse riding", k=1))[0].metadata["price"] == 900
    await own.client.indices.delete(index=INDEX)
    await own.aclose()


main(sys.argv[1])
