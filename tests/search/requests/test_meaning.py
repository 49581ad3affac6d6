"""Semantic fields beside fields of words: in retrievers that take a text and some fields, and reranked."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from homes import Search

TEXTS = ["a quiet cottage near the ocean", "a loud flat above a bar", "an office with parking", "a cabin in the woods"]
ASKED = "house by the sea"


@pytest.fixture(scope="module")
def homes(http: httpx.Client) -> Iterator[Search]:
    title, body = {"type": "text", "copy_to": ["meaning", "dense"]}, {"type": "semantic_text"}
    dense = {"type": "semantic_text", "inference_id": ".multilingual-e5-small-elasticsearch"}
    mapping = {"properties": {"title": title, "meaning": body, "dense": dense}}
    http.put("/meanings", json={"mappings": mapping})
    for id, text in enumerate(TEXTS):
        http.put(f"/meanings/_doc/{id}?refresh=true", json={"title": text})
    yield Search(http)
    http.delete("/meanings")


def ranked(homes: Search, tree: dict[str, Any]) -> list[tuple[str, float]]:
    return [(hit["_id"], hit["_score"]) for hit in homes("meanings", retriever=tree)["hits"]["hits"]]


def standard(query: dict[str, Any]) -> dict[str, Any]:
    return {"standard": {"query": query}}


def test_a_text_in_some_fields_is_one_retriever_of_words_and_one_of_the_semantic_fields(homes: Search) -> None:
    words = standard({"multi_match": {"query": ASKED, "fields": ["title^2"], "type": "most_fields"}})
    semantic = [standard({"match": {name: ASKED}}) for name in ("dense", "meaning")]
    for kind, more in (("rrf", {}), ("linear", {"normalizer": "minmax"})):
        whole = {kind: {"retrievers": [words, {kind: {"retrievers": semantic, **more}}], **more}}
        short = {kind: {"query": ASKED, "fields": ["title^2", "dense", "meaning"], **more}}
        assert ranked(homes, short) == ranked(homes, whole)


def test_without_fields_all_are_searched(homes: Search) -> None:
    named = {"rrf": {"query": ASKED, "fields": ["title", "dense", "meaning"]}}
    assert ranked(homes, {"rrf": {"query": ASKED}}) == ranked(homes, named)


def test_a_reranker_decides_the_order(homes: Search) -> None:
    rerank = {"retriever": standard({"match": {"title": "a"}}), "field": "title", "inference_text": ASKED}
    found = ranked(homes, {"text_similarity_reranker": rerank})
    assert found[0][0] == "0"
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert ranked(homes, {"text_similarity_reranker": {**rerank, "min_score": found[0][1]}}) == found[:1]
    assert ranked(homes, {"text_similarity_reranker": {**rerank, "chunk_rescorer": {"size": 1}}}) == found


def test_a_reranker_that_is_not_there_fails_the_search_unless_that_is_allowed(homes: Search) -> None:
    rerank = {"retriever": standard({"match": {"title": "a"}}), "field": "title", "inference_text": ASKED}
    rerank["inference_id"] = "nothing"
    error = homes.error("meanings", 404, retriever={"text_similarity_reranker": rerank})
    assert "Inference endpoint not found" in error["reason"]
    allowed = {"text_similarity_reranker": {**rerank, "allow_rerank_failures": True}}
    assert ranked(homes, allowed) == ranked(homes, standard({"match": {"title": "a"}}))


def test_what_texts_became_is_shown_if_it_is_asked_for(homes: Search) -> None:
    (hit,) = homes("meanings", size=1, fields=["_inference_fields", "title"])["hits"]["hits"]
    assert hit["fields"] == {"title": [TEXTS[0]]}
    shown = hit["_source"]["_inference_fields"]
    assert shown["meaning"]["inference"]["inference_id"] == ".elser-2-elasticsearch"
    ((chunk,),) = shown["dense"]["inference"]["chunks"].values()
    assert len(chunk["embeddings"]) == 384
    (with_vectors,) = homes("meanings", size=1, _source={"exclude_vectors": False})["hits"]["hits"]
    assert with_vectors["_source"] == hit["_source"]
    (only,) = homes("meanings", size=1, _source={"includes": ["*.meaning"], "exclude_vectors": False})["hits"]["hits"]
    assert only["_source"] == {"_inference_fields": {"meaning": shown["meaning"]}}
    url = "/meanings/_search?size=1&_source_exclude_vectors=false"
    assert homes.http.get(url).json()["hits"]["hits"][0]["_source"] == hit["_source"]


def test_a_profile_says_where_the_time_went(homes: Search) -> None:
    query = {"semantic": {"field": "meaning", "query": "a text that was not embedded before"}}
    spent = homes("meanings", query=query, profile=True)["profile"]
    assert spent["connote"]["total_nanos"] > spent["connote"]["inference_nanos"] > 0
    assert spent["shards"][0]["searches"][0]["query"][0]["time_in_nanos"] > 0
