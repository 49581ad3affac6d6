"""What a user of Haystack does with its Elasticsearch integration. Takes the server's URL."""

import asyncio
import os
import sys

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from elasticsearch import Elasticsearch
from haystack import Document, Pipeline, component
from haystack.document_stores.types import DuplicatePolicy
from haystack_integrations.components.retrievers.elasticsearch import (
    ElasticsearchBM25Retriever,
    ElasticsearchEmbeddingRetriever,
    ElasticsearchHybridRetriever,
    ElasticsearchInferenceHybridRetriever,
    ElasticsearchInferenceSparseRetriever,
)
from haystack_integrations.document_stores.elasticsearch import ElasticsearchDocumentStore

INDEX, DENSE, SPARSE = "story-haystack", ".multilingual-e5-small-elasticsearch", ".elser-2-elastic"
TEXTS = {
    "beach": "The beach is four minutes on foot, and you fall asleep to the surf.",
    "city": "A loft above the old cinema, in the middle of the city.",
    "farm": "A farm with stables, meadows and room for horses.",
}
PRICES = {"beach": 300, "city": 200, "farm": 900}
CHEAP = {"field": "meta.price", "operator": "<", "value": 400}


@component
class Embedder:
    """A text's vector, from the server's own endpoint."""

    def __init__(self, url: str) -> None:
        self.es = Elasticsearch(url, request_timeout=60)

    @component.output_types(embedding=list[float])  # type: ignore[untyped-decorator]
    def run(self, text: str) -> dict[str, list[float]]:
        answer = self.es.inference.inference(inference_id=DENSE, input=text)
        return {"embedding": answer["text_embedding"][0]["embedding"]}


def main(url: str) -> None:
    embedder = Embedder(url)
    embedder.es.options(ignore_status=404).indices.delete(index=INDEX)
    documents(url, embedder)
    pipelines(url, embedder)
    asyncio.run(asynchronously(url))
    embedder.es.indices.delete(index=INDEX)
    inferred(url, embedder.es)
    print("all is well")


def documents(url: str, embedder: Embedder) -> None:
    store = ElasticsearchDocumentStore(hosts=url, index=INDEX)
    made = [
        Document(id=id, content=text, meta={"price": PRICES[id]}, embedding=embedder.run(text)["embedding"])
        for id, text in TEXTS.items()
    ]
    assert store.write_documents(made) == 3
    assert store.write_documents(made[:1], policy=DuplicatePolicy.SKIP) == 0
    assert store.write_documents(made[:1], policy=DuplicatePolicy.OVERWRITE) == 1
    assert store.count_documents() == 3
    both = {"operator": "AND", "conditions": [CHEAP, {"field": "meta.price", "operator": "not in", "value": [200]}]}
    assert [each.id for each in store.filter_documents(both)] == ["beach"]
    assert store.update_by_filter(CHEAP, {"cheap": True}, refresh=True) == 2
    assert store.get_metadata_field_min_max("price") == {"min": 200, "max": 900}
    found = store.filter_documents({"field": "meta.cheap", "operator": "==", "value": True})
    assert {each.id for each in found} == {"beach", "city"}


def pipelines(url: str, embedder: Embedder) -> None:
    store = ElasticsearchDocumentStore(hosts=url, index=INDEX)
    words = ElasticsearchBM25Retriever(document_store=store, top_k=1, fuzziness="AUTO")
    assert words.run("stabels")["documents"][0].id == "farm", "a typo"
    assert (
        words.run("the beach", filters={"field": "meta.price", "operator": "==", "value": 200})["documents"][0].id
        == "city"
    )
    pipeline = Pipeline()
    pipeline.add_component("embedder", embedder)
    pipeline.add_component("retriever", ElasticsearchEmbeddingRetriever(document_store=store, top_k=1))
    pipeline.connect("embedder.embedding", "retriever.query_embedding")
    (found,) = pipeline.run({"embedder": {"text": "somewhere to keep ponies"}})["retriever"]["documents"]
    assert (found.id, found.content) == ("farm", TEXTS["farm"])
    hybrid = ElasticsearchHybridRetriever(document_store=store, embedder=Embedder(url), top_k=2)
    assert hybrid.run(query="a cinema in town")["documents"][0].id == "city"


async def asynchronously(url: str) -> None:
    store = ElasticsearchDocumentStore(hosts=url, index=INDEX)
    assert await store.count_documents_async() == 3
    found = await ElasticsearchBM25Retriever(document_store=store).run_async("surf")
    assert [each.id for each in found["documents"]] == ["beach"]
    await store.delete_documents_async(["farm"])
    assert store.count_documents() == 2
    await store.async_client.close()


def inferred(url: str, es: Elasticsearch) -> None:
    """Vectors that the server makes: as documents come, by a pipeline, and of queries."""
    inference = {"model_id": SPARSE, "input_output": [{"input_field": "content", "output_field": "sparse"}]}
    es.ingest.put_pipeline(id=INDEX, processors=[{"inference": inference}])
    store = ElasticsearchDocumentStore(hosts=url, index=INDEX, sparse_vector_field="sparse", ingest_pipeline=INDEX)
    store.write_documents([Document(id=id, content=text) for id, text in TEXTS.items()])
    for made in (ElasticsearchInferenceSparseRetriever, ElasticsearchInferenceHybridRetriever):
        found = made(document_store=store, inference_id=SPARSE, top_k=1).run(query="horse riding")["documents"]
        assert [each.id for each in found] == ["farm"], made
    es.indices.delete(index=INDEX)
    es.ingest.delete_pipeline(id=INDEX)


main(sys.argv[1])
