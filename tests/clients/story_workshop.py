"""What the learners of a workshop on search do: from raw listings to a hybrid search behind a template.

Takes the server's URL; prints a line if all went well.
"""

import itertools
import math
import random
import sys
import time
import warnings
from typing import Any

import elasticsearch
from elasticsearch import Elasticsearch, helpers

SPARSE, DENSE, RERANK = "workshop-sparse", "workshop-dense", ".rerank-v1-elasticsearch"
RAW, TEMPLATE, SYNONYMS = "workshop-raw", "workshop-homes", "workshop-words"
QUANTIZED = {"flat": 0, "int8_hnsw": 2, "int4_flat": 0, "bbq_flat": 3}
CITY = {"lat": 41.9, "lon": -87.6}
SAID = (
    "A canoe hangs by the jetty, and the lake starts where the lawn ends.",
    "The tram stops at the corner, so nobody here owns a car.",
    "Solar panels and thick walls keep the bills close to nothing.",
    "A fenced paddock and two stables wait for horses.",
    "The cellar has a bar, a projector and room for forty guests.",
)
# Filters as a learner writes them: each is there only if its parameters are.
SOURCE = """{
  "size": {{#size}}{{size}}{{/size}}{{^size}}5{{/size}},
  "_source": false,
  "fields": ["title", "price", "bedrooms", "costs.monthly"],
  "retriever": {"{{how}}": {{#weighted}}{"retrievers": [
      {"weight": 2, "normalizer": "minmax", "retriever": {"standard": {"query": {"match": {"sparse": "{{query}}"}}}}},
      {"weight": 1, "normalizer": "minmax", "retriever": {"standard": {"query": {"match": {"dense": "{{query}}"}}}}}],
    {{/weighted}}{{^weighted}}{"retrievers": [
      {"standard": {"query": {"semantic": {"field": "sparse", "query": "{{query}}"}}}},
      {"standard": {"query": {"match": {"text": {"query": "{{query}}"}}}}}],
    {{/weighted}}"rank_window_size": 50, "filter": [
      {"match_all": {}}
      {{#distance}},{"geo_distance": {"distance": "{{distance}}", "location": {{#toJson}}near{{/toJson}}}}{{/distance}}
      {{#bedrooms}},{"range": {"bedrooms": {"gte": {{bedrooms}}}}}{{/bedrooms}}
      {{#most}},{"range": {"price": {"gte": {{#least}}{{least}}{{/least}}{{^least}}0{{/least}}, "lte": {{most}}}}}
      {{/most}}
      {{#states.0}},{"terms": {"state": {{#toJson}}states{{/toJson}}}}{{/states.0}}
  ]}}
}"""
CHOICES: tuple[dict[str, Any], ...] = (
    {"distance": "6km", "near": CITY},
    {"bedrooms": 3},
    {"most": 600_000},
    {"least": 200_000},
    {"states": ["for sale", "new"]},
)


def main(url: str) -> None:
    warnings.filterwarnings("ignore", "This API is in technical preview")
    es = Elasticsearch(url, request_timeout=120, api_key="ignored-while-authentication-is-off")
    forget(es)
    homes = {str(n): home(n) for n in range(60)}
    endpoints(es)
    ingest(es, homes)
    indices = prepared(es)
    reindexed(es, indices, len(homes))
    synonyms(es, indices[0])
    templates(es, indices[0], homes)
    reranked(es, indices[0], homes)
    quantized(es, indices)
    forget(es)
    print(f"elasticsearch-py {elasticsearch.__versionstr__}: all is well")


def forget(es: Elasticsearch) -> None:
    missing = es.options(ignore_status=404)
    for index in (RAW, *(f"workshop-{kind}" for kind in QUANTIZED)):
        missing.indices.delete(index=index)
    missing.synonyms.delete_synonym(id=SYNONYMS)
    missing.delete_script(id=TEMPLATE)
    for endpoint in (SPARSE, DENSE):
        missing.inference.delete(inference_id=endpoint)


def home(number: int) -> dict[str, Any]:
    """A listing; the same one for the same number."""
    chance = random.Random(number)  # noqa: S311 (nothing secret)
    text = f"{SAID[number % 5]} {chance.choice(SAID)}"
    return {
        "title": f"{number} Elm Street",
        "text": text,
        "price": chance.randrange(100_000, 1_000_000),
        "bedrooms": chance.randrange(1, 6),
        "state": chance.choice(("new", "for sale", "sold")),
        "costs": {"monthly": chance.randrange(500), "for": ["water", "heating"]},
        "location": {"lat": CITY["lat"] + chance.gauss(0, 0.05), "lon": CITY["lon"] + chance.gauss(0, 0.05)},
    }


def endpoints(es: Elasticsearch) -> None:
    """An endpoint for either kind of vector, with chunks of its own; both answer."""
    chunks = {"strategy": "sentence", "max_chunk_size": 100, "sentence_overlap": 1}
    models = ((SPARSE, "sparse_embedding", ".elser_model_2"), (DENSE, "text_embedding", ".multilingual-e5-small"))
    for endpoint, task, model in models:
        settings = {"num_allocations": 1, "num_threads": 1, "model_id": f"{model}_linux-x86_64"}
        config = {"service": "elasticsearch", "service_settings": settings, "chunking_settings": chunks}
        made = es.inference.put(task_type=task, inference_id=endpoint, inference_config=config)
        assert made["chunking_settings"] == chunks
        assert es.inference.inference(inference_id=endpoint, input=["vectors are fun"])[task]


def ingest(es: Elasticsearch, homes: dict[str, Any]) -> None:
    """The listings as they are, into an index without vectors."""
    es.indices.create(index=RAW, mappings={"dynamic": False, "properties": {"title": {"type": "text"}}})
    actions = ({"_index": RAW, "_id": id, "_source": home} for id, home in homes.items())
    assert helpers.bulk(es, actions, chunk_size=25) == (len(homes), [])


def prepared(es: Elasticsearch) -> list[str]:
    """Indices whose texts become vectors, which are kept in another way in each. Their synonyms come later."""
    analysis = {
        "filter": {"words": {"type": "synonym_graph", "synonyms_set": SYNONYMS, "updateable": True}},
        "analyzer": {"searched": {"tokenizer": "standard", "filter": ["lowercase", "words"]}},
    }
    for kind in QUANTIZED:
        options = {"dense_vector": {"type": kind}}
        fields = {
            "title": {"type": "text"},
            "text": {"type": "text", "search_analyzer": "searched", "copy_to": ["sparse", "dense"]},
            "sparse": {"type": "semantic_text", "inference_id": SPARSE},
            "dense": {"type": "semantic_text", "inference_id": DENSE, "index_options": options},
            "price": {"type": "integer"},
            "bedrooms": {"type": "integer"},
            "state": {"type": "keyword"},
            "costs": {"type": "flattened"},
            "location": {"type": "geo_point"},
        }
        index = f"workshop-{kind}"
        es.indices.create(
            index=index, settings={"analysis": analysis}, mappings={"dynamic": False, "properties": fields}
        )
    return [f"workshop-{kind}" for kind in QUANTIZED]


def reindexed(es: Elasticsearch, indices: list[str], count: int) -> None:
    """All at once and in the background, from an index that nobody has refreshed or searched."""
    tasks = []
    for index in indices:
        source, dest = {"index": RAW, "size": 20}, {"index": index}
        tasks.append(es.reindex(source=source, dest=dest, wait_for_completion=False)["task"])
    for index, task in zip(indices, tasks, strict=True):
        until = time.monotonic() + 120
        while not (told := es.tasks.get(task_id=task))["completed"]:
            assert time.monotonic() < until
            time.sleep(0.1)
        response = told["response"]
        assert (response["total"], response["created"], response["failures"]) == (count, count, [])
        es.indices.refresh(index=index)
        assert es.count(index=index)["count"] == count


def synonyms(es: Elasticsearch, index: str) -> None:
    query = {"match": {"text": "streetcar"}}
    assert es.count(index=index, query=query)["count"] == 0
    told = es.synonyms.put_synonym(id=SYNONYMS, synonyms_set=[{"synonyms": "streetcar, tram"}])
    assert index in {each["index"] for each in told["reload_analyzers_details"]["reload_details"]}
    assert (
        es.count(index=index, query=query)["count"] == es.count(index=index, query={"match": {"text": "tram"}})["count"]
    )


def templates(es: Elasticsearch, index: str, homes: dict[str, Any]) -> None:
    """Every choice of filters, rendered and run: what is found is what the filters leave, best first."""
    es.put_script(id=TEMPLATE, script={"lang": "mustache", "source": SOURCE})
    for how, some in itertools.product(("rrf", "linear"), range(len(CHOICES) + 1)):
        for chosen in itertools.combinations(CHOICES, some):
            params: dict[str, Any] = {"query": 'a place "on the water"', "how": how, "weighted": how == "linear"}
            for each in chosen:
                params |= each
            rendered = es.render_search_template(id=TEMPLATE, params=params)["template_output"]
            assert rendered["size"] == 5
            assert len(rendered["retriever"][how]["filter"]) == 1 + sum("least" not in each for each in chosen)
            found = es.search_template(index=index, id=TEMPLATE, params={**params, "size": 50})
            left = {id for id, each in homes.items() if passes(each, params)}
            hits = found["hits"]["hits"]
            # Dense vectors are near to any text, words are not: so rrf finds a part of what is left.
            assert {hit["_id"] for hit in hits} <= left
            if how == "linear":
                assert len(hits) == min(50, len(left))
            scores = [hit["_score"] for hit in hits]
            assert scores == sorted(scores, reverse=True)
            for hit in hits:
                listed = homes[hit["_id"]]
                assert hit["fields"]["price"] == [listed["price"]]
                assert hit["fields"]["costs.monthly"] == [listed["costs"]["monthly"]]
    best = es.search_template(index=index, id=TEMPLATE, params={"query": "boats", "how": "linear", "weighted": True})
    assert all("canoe" in homes[hit["_id"]]["text"] for hit in best["hits"]["hits"][:3])


def passes(listed: dict[str, Any], params: dict[str, Any]) -> bool:
    return (
        ("distance" not in params or kilometres(listed["location"], CITY) <= 6)
        and listed["bedrooms"] >= params.get("bedrooms", 0)
        and ("most" not in params or params.get("least", 0) <= listed["price"] <= params["most"])
        and listed["state"] in params.get("states", [listed["state"]])
    )


def kilometres(a: dict[str, float], b: dict[str, float]) -> float:
    """By the haversine formula: https://en.wikipedia.org/wiki/Haversine_formula."""
    lat, lon = math.radians(b["lat"] - a["lat"]), math.radians(b["lon"] - a["lon"])
    inner = math.sin(lat / 2) ** 2 + math.cos(math.radians(a["lat"])) * math.cos(math.radians(b["lat"])) * (
        math.sin(lon / 2) ** 2
    )
    return 2 * 6371.0087714 * math.asin(math.sqrt(inner))


def reranked(es: Elasticsearch, index: str, homes: dict[str, Any]) -> None:
    query = "somewhere to keep horses"
    inner = {"standard": {"query": {"semantic": {"field": "dense", "query": query}}}}
    rerank = {"retriever": inner, "field": "text", "inference_id": RERANK, "inference_text": query}
    highlight = {"fields": {"sparse": {"type": "semantic", "number_of_fragments": 1, "order": "score"}}}
    found = es.search(
        index=index,
        body={"retriever": {"text_similarity_reranker": {**rerank, "rank_window_size": 20}}, "highlight": highlight},
    )
    assert "stables" in homes[found["hits"]["hits"][0]["_id"]]["text"]
    within = {hit["_id"] for hit in es.search(index=index, retriever=inner, size=20)["hits"]["hits"]}
    assert {hit["_id"] for hit in found["hits"]["hits"]} <= within


def quantized(es: Elasticsearch, indices: list[str]) -> None:
    """However vectors are kept, and however many are scored again, the nearest are the same."""
    nearest = []
    for index, oversample in zip(indices, QUANTIZED.values(), strict=True):
        builder = {"text_embedding": {"model_id": DENSE, "model_text": "cheap to heat"}}
        geo = {"geo_distance": {"distance": "25mi", "location": CITY}}
        knn = {"field": "dense", "k": 10, "num_candidates": 100, "filter": geo, "query_vector_builder": builder}
        query = {"knn": {**knn, "rescore_vector": {"oversample": oversample}}}
        nearest.append([(hit["_id"], hit["_score"]) for hit in es.search(index=index, query=query)["hits"]["hits"]])
    assert len(nearest[0]) == 10
    assert all(sorted(each) == sorted(nearest[0]) for each in nearest)


if __name__ == "__main__":
    main(sys.argv[1])
