"""The lens: what of a document met a query, down to tokens and words."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

INDEX = "lens-homes"
SENTENCES = "The kitchen was made new in spring. " * 20
TEXTS = {
    "sea": "A sunny cottage by the sea 🏖 with a garden for the kids.",
    "bar": "Downtown loft above a noisy bar",
    "long": f"{SENTENCES}From the beach house it is a short walk to the sea.",
}
MAPPING = {
    "properties": {
        "text": {"type": "text", "analyzer": "english", "copy_to": ["meaning", "dense"]},
        "price": {"type": "integer"},
        "tokens": {"type": "sparse_vector"},
        "meaning": {
            "type": "semantic_text",
            "inference_id": ".elser-2-elasticsearch",
            "chunking_settings": {"strategy": "sentence", "max_chunk_size": 40, "sentence_overlap": 0},
        },
        "dense": {"type": "semantic_text", "inference_id": ".multilingual-e5-small-elasticsearch"},
    }
}
Told = dict[str, Any]


@pytest.fixture(scope="module")
def homes(http: httpx.Client) -> Iterator[httpx.Client]:
    assert http.put(f"/{INDEX}", json={"mappings": MAPPING}).status_code == 200
    for at, (id, text) in enumerate(TEXTS.items()):
        body = {"text": text, "price": 100 * at, "tokens": {"house": 1.5, "sea": 0.5 + at}}
        assert http.put(f"/{INDEX}/_doc/{id}?refresh=true", json=body).status_code == 201
    yield http
    http.delete(f"/{INDEX}")


def looked(http: httpx.Client, query: Told, id: str = "sea") -> Told:
    reply = http.post(f"/{INDEX}/_connote/explain", json={"query": query, "id": id})
    assert reply.status_code == 200, reply.text
    told: Told = reply.json()
    return told


def hits(http: httpx.Client, query: Told) -> dict[str, float]:
    found = http.post(f"/{INDEX}/_search", json={"query": query}).json()["hits"]["hits"]
    return {hit["_id"]: hit["_score"] for hit in found}


def test_the_products_of_shared_tokens_add_up_to_the_score_of_the_search(homes: httpx.Client) -> None:
    query = {"match": {"meaning": {"query": "house near the beach", "boost": 1.5}}}
    for rank, (id, score) in enumerate(hits(homes, query).items(), start=1):
        told = looked(homes, query, id)
        assert (told["score"], told["rank"]) == (score, rank)
        (best,) = (chunk for chunk in told["clause"]["chunks"] if chunk["is_best"])
        assert best["score"] == pytest.approx(score, rel=1e-5)
        for token in best["tokens"]:
            assert token["score"] == pytest.approx(1.5 * token["query_weight"] * token["document_weight"])
        assert sum(token["score"] for token in best["tokens"]) == pytest.approx(score, rel=1e-5)


def test_tokens_tell_the_words_that_they_begin_in_and_whether_they_are_suggested(homes: httpx.Client) -> None:
    clause = looked(homes, {"semantic": {"field": "meaning", "query": "house near the beach"}}, "long")["clause"]
    (best,) = (chunk for chunk in clause["chunks"] if chunk["is_best"])
    assert "beach house" in best["text"]
    beach = {token["token"]: token for token in best["tokens"]}["beach"]
    assert beach["suggested"] == []
    assert [word["text"] for word in beach["query_words"]] == ["beach"]
    assert [word["text"] for word in beach["document_words"]] == ["beach"]
    for token in best["tokens"]:
        assert ("query" in token["suggested"]) == (token["query_words"] == [])
        assert ("document" in token["suggested"]) == (token["document_words"] == [])
    assert any(token["suggested"] for token in best["tokens"])


def test_offsets_are_in_the_text_and_count_utf_16_code_units(homes: httpx.Client) -> None:
    clause = looked(homes, {"match": {"text": "gardens"}})["clause"]
    ((word,),) = (term["document_words"] for term in clause["terms"])
    units = TEXTS["sea"].encode("utf-16-le")
    assert units[2 * word["start_offset"] : 2 * word["end_offset"]].decode("utf-16-le") == word["text"] == "garden"


def test_each_chunk_has_its_place_and_its_text(homes: httpx.Client) -> None:
    chunks = looked(homes, {"match": {"meaning": "kitchen"}}, "long")["clause"]["chunks"]
    assert len(chunks) > 2
    for chunk in chunks:
        assert chunk["path"] == "text"
        assert chunk["text"] == TEXTS["long"][chunk["start_offset"] : chunk["end_offset"]]
    assert sum(chunk["is_best"] for chunk in chunks) == 1


def test_dense_chunks_tell_how_near_they_are(homes: httpx.Client) -> None:
    told = looked(homes, {"match": {"dense": "beach house"}})
    (chunk,) = told["clause"]["chunks"]
    assert told["clause"]["similarity"] == "cosine"
    assert chunk["score"] == pytest.approx((1 + chunk["similarity"]) / 2)
    assert chunk["score"] == pytest.approx(told["score"])


def test_a_document_that_is_not_among_the_nearest_still_tells_how_near_it_is(homes: httpx.Client) -> None:
    knn = {"field": "dense", "k": 1, "query_vector_builder": {"text_embedding": {"model_text": "a noisy bar"}}}
    told = looked(homes, {"knn": knn})
    assert (told["matched"], told["score"], told["rank"]) == (False, None, None)
    assert told["clause"]["chunks"][0]["similarity"] > 0


def test_terms_add_up_to_the_bm25_score(homes: httpx.Client) -> None:
    told = looked(homes, {"match": {"text": {"query": "sunny gardens by the sea", "boost": 2}}})
    terms = told["clause"]["terms"]
    assert {term["term"] for term in terms} == {"sunni", "garden", "sea"}
    assert sum(term["score"] for term in terms) == pytest.approx(told["score"], rel=1e-5)


def test_clauses_of_a_hybrid_query_add_up_and_filters_have_no_score(homes: httpx.Client) -> None:
    query = {
        "bool": {
            "must": [{"match": {"meaning": "house near the beach"}}],
            "should": [{"match": {"text": "sea"}}, {"semantic": {"field": "dense", "query": "beach"}}],
            "filter": [{"range": {"price": {"lte": 1000}}}],
            "must_not": [{"match_phrase": {"text": "noisy bar"}}],
        }
    }
    told = looked(homes, query)
    clauses = told["clause"]["clauses"]
    assert [clause["occur"] for clause in clauses] == ["must", "should", "should", "filter", "must_not"]
    assert [clause["kind"] for clause in clauses] == ["match", "match", "semantic", "range", "match_phrase"]
    assert sum(clause["score"] or 0 for clause in clauses) == pytest.approx(hits(homes, query)["sea"], rel=1e-5)
    assert [clause["score"] for clause in clauses[3:]] == [None, None]
    assert [clause["matched"] for clause in clauses] == [True, True, True, True, False]
    assert told["explanation"]["value"] == pytest.approx(told["score"], rel=1e-5)


def test_several_fields_are_told_one_by_one(homes: httpx.Client) -> None:
    told = looked(homes, {"multi_match": {"query": "garden", "fields": ["text^2", "meaning"]}})
    assert {clause["field"] for clause in told["clause"]["clauses"]} == {"text", "meaning"}
    assert max(clause["score"] or 0 for clause in told["clause"]["clauses"]) == pytest.approx(told["score"])


def test_vectors_that_were_given_have_no_text(homes: httpx.Client) -> None:
    told = looked(homes, {"sparse_vector": {"field": "tokens", "query_vector": {"house": 2.0, "mouse": 1.0}}}, "bar")
    (chunk,) = told["clause"]["chunks"]
    (token,) = chunk["tokens"]
    assert (token["token"], token["document_weight"], token["score"], token["suggested"]) == ("house", 1.5, 3.0, [])
    assert "text" not in chunk


def test_a_retriever_tells_the_place_in_each_of_its_queries(homes: httpx.Client) -> None:
    queries = [{"match": {"meaning": "house near the beach"}}, {"match": {"text": "sea"}}]
    retriever = {"rrf": {"retrievers": [{"standard": {"query": query}} for query in queries], "rank_constant": 10}}
    told = homes.post(f"/{INDEX}/_connote/explain", json={"retriever": retriever, "id": "sea"}).json()
    found = homes.post(f"/{INDEX}/_search", json={"retriever": retriever}).json()["hits"]["hits"]
    assert (told["score"], told["clause"]["kind"]) == (pytest.approx(found[told["rank"] - 1]["_score"]), "rrf")
    assert found[told["rank"] - 1]["_id"] == "sea"
    ranks = [list(hits(homes, query)).index("sea") + 1 for query in queries]
    assert [clause["rank"] for clause in told["clause"]["clauses"]] == ranks
    assert told["score"] == pytest.approx(sum(1 / (10 + rank) for rank in ranks))
    assert told["clause"]["clauses"][0]["chunks"][0]["tokens"]


@pytest.mark.parametrize("window", [1, 50, 200])
def test_a_retriever_may_have_a_window_of_its_own(homes: httpx.Client, window: int) -> None:
    inner = {"standard": {"query": {"match": {"meaning": "house near the beach"}}}}
    retriever = {"rrf": {"retrievers": [inner, inner], "rank_window_size": window}}
    found = homes.post(f"/{INDEX}/_search", json={"retriever": retriever, "size": 1}).json()["hits"]["hits"]
    told = homes.post(f"/{INDEX}/_connote/explain", json={"retriever": retriever, "id": found[0]["_id"]}).json()
    assert (told["score"], told["rank"]) == (pytest.approx(found[0]["_score"]), 1)
    wrong = {"rrf": {"retrievers": [inner, inner], "rank_window_size": 0}}
    reply = homes.post(f"/{INDEX}/_connote/explain", json={"retriever": wrong, "id": "sea"})
    assert (reply.status_code, "but was [0]" in reply.text) == (400, True)


def test_a_document_that_no_query_of_a_retriever_found_has_no_score(homes: httpx.Client) -> None:
    retriever = {"standard": {"query": {"match": {"text": "kitchen"}}}}
    told = homes.post(f"/{INDEX}/_connote/explain", json={"retriever": retriever, "id": "bar"}).json()
    assert (told["matched"], told["score"], told["rank"]) == (False, None, None)


def test_get_with_a_body_is_the_same(homes: httpx.Client) -> None:
    body = {"query": {"match": {"meaning": "beach"}}, "id": "sea"}
    content, headers = json.dumps(body), {"Content-Type": "application/json"}
    reply = homes.request("GET", f"/{INDEX}/_connote/explain", content=content, headers=headers)
    assert reply.json() == looked(homes, body["query"])  # type: ignore[arg-type]


def test_a_document_that_is_not_there_is_not_found(homes: httpx.Client) -> None:
    reply = homes.post(f"/{INDEX}/_connote/explain", json={"query": {"match_all": {}}, "id": "none"})
    assert (reply.status_code, reply.json()["found"]) == (404, False)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"id": "sea"}, 400, "[query] is required"),
        ({"query": [], "id": "sea"}, 400, "[query] must be an object"),
        ({"query": {"match_all": {}}, "retriever": {}, "id": "sea"}, 400, "in its place"),
        ({"retriever": {"nonsense": {}}, "id": "sea"}, 400, "unknown retriever [nonsense]"),
        ({"retriever": {}, "id": "sea"}, 400, "one retriever"),
        ({"query": {"match_all": {}}}, 400, "[id] is required"),
        ({"query": {"match_all": {}}, "id": 7}, 400, "[id] is required"),
        ({"query": {"match_all": {}}, "id": "sea", "size": 1}, 400, "[size]"),
        ({"query": {"nonsense": {}}, "id": "sea"}, 400, "unknown query [nonsense]"),
        ({"query": {"semantic": {"field": "text", "query": "a"}}, "id": "sea"}, 400, "does not support semantic"),
    ],
)
def test_bad_requests_say_what_is_wrong(homes: httpx.Client, body: Told, status: int, reason: str) -> None:
    reply = homes.post(f"/{INDEX}/_connote/explain", json=body)
    assert reply.status_code == status
    assert reason in reply.json()["error"]["reason"]


def test_an_index_that_is_not_there_is_not_found(http: httpx.Client) -> None:
    reply = http.post("/nowhere/_connote/explain", json={"query": {"match_all": {}}, "id": "a"})
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "index_not_found_exception")
