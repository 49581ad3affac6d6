"""Learning to rank: a model of trees over the scores of queries, as eland uploads it, orders what a search finds."""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from trained import MODELS, ok, refused

TITLE = {"query_extractor": {"feature_name": "title", "query": {"match": {"title": "{{query}}"}}}}
YEAR = {
    "query_extractor": {
        "feature_name": "year",
        "query": {"script_score": {"query": {"exists": {"field": "year"}}, "script": {"source": "doc['year'].value"}}},
    }
}
CONFIG = {"learning_to_rank": {"feature_extractors": [TITLE, YEAR]}}
# Whose title says it, the newer the better; without a year last.
TREES = [
    {
        "tree": {
            "feature_names": ["title", "year"],
            "tree_structure": [
                {"node_index": 0, "split_feature": 0, "threshold": 0.01, "decision_type": "lt", "left_child": 1,
                 "right_child": 2, "default_left": True},
                {"node_index": 1, "leaf_value": [0.25]},
                {"node_index": 2, "leaf_value": [1.0]},
            ],
        }
    },
    {
        "tree": {
            "feature_names": ["title", "year"],
            "tree_structure": [
                {"node_index": 0, "split_feature": 1, "threshold": 2000.0, "decision_type": "lt", "left_child": 1,
                 "right_child": 2, "default_left": True},
                {"node_index": 1, "leaf_value": [0.0]},
                {"node_index": 2, "leaf_value": [4.0]},
            ],
        }
    },
]  # fmt: skip
ENSEMBLE = {"feature_names": ["title", "year"], "trained_models": TREES, "aggregate_output": {"weighted_sum": {}}}
DEFINITION = {"preprocessors": [], "trained_model": {"ensemble": ENSEMBLE}}
PACKED = base64.b64encode(gzip.compress(json.dumps(DEFINITION).encode())).decode()
BODY = {"inference_config": CONFIG, "input": {"field_names": ["title", "year"]}, "compressed_definition": PACKED}
DOCUMENTS = {
    "old": {"title": "Star wars", "about": "war", "year": 1977},
    "new": {"title": "A new war", "about": "star wars in space", "year": 2015},
    "other": {"title": "Stars at night", "about": "star wars, star wars", "year": 1950},
    "undated": {"title": "War", "about": "wars of a star"},
}
QUERY: dict[str, Any] = {"multi_match": {"query": "star wars", "fields": ["title", "about"]}}
LEARNED = {"model_id": "ranker", "params": {"query": "star wars"}}


@pytest.fixture
def films(indices: httpx.Client) -> Iterator[httpx.Client]:
    for id, each in DOCUMENTS.items():
        indices.put(f"/films/_doc/{id}?refresh=true", json=each)
    ok(indices.put(f"{MODELS}/ranker", json=BODY))
    yield indices
    indices.delete(f"{MODELS}/ranker")


def found(http: httpx.Client, rescore: object, **more: object) -> list[tuple[str, float]]:
    body = ok(http.post("/films/_search", json={"query": QUERY, "rescore": rescore, **more}))
    return [(hit["_id"], hit["_score"]) for hit in body["hits"]["hits"]]


def test_a_model_orders_what_a_query_has_found(films: httpx.Client) -> None:
    wanted = [("new", 4.25), ("old", 1.0), ("other", 0.25), ("undated", 0.25)]
    rescore = {"learning_to_rank": LEARNED, "window_size": 100}
    assert sorted(found(films, rescore)) == sorted(wanted)
    assert [id for id, _ in found(films, rescore)][:2] == ["new", "old"]
    retriever = {"rescorer": {"retriever": {"standard": {"query": QUERY}}, "rescore": rescore}}
    hits = ok(films.post("/films/_search", json={"retriever": retriever}))["hits"]["hits"]
    assert [(hit["_id"], hit["_score"]) for hit in hits][:2] == wanted[:2]


def test_a_feature_whose_params_are_not_given_is_missing(films: httpx.Client) -> None:
    rescore = {"learning_to_rank": {"model_id": "ranker"}, "window_size": 100}
    assert dict(found(films, rescore)) == {"new": 4.25, "old": 0.25, "other": 0.25, "undated": 0.25}


def test_a_query_that_params_make_no_query_of_is_told(films: httpx.Client) -> None:
    quoted = {"query_extractor": {"feature_name": "title", "query": {"match": {"title": "{{{query}}}"}}}}
    config = {"learning_to_rank": {"feature_extractors": [quoted, YEAR]}}
    films.delete(f"{MODELS}/ranker")
    ok(films.put(f"{MODELS}/ranker", json={**BODY, "inference_config": config}))
    rescore = {"learning_to_rank": {"model_id": "ranker", "params": {"query": 'a "quote'}}, "window_size": 10}
    told = films.post("/films/_search", json={"query": QUERY, "rescore": rescore})
    assert (told.status_code, "the query of [title] is not JSON with these [params]" in told.text) == (400, True)


def test_the_window_must_hold_what_is_shown(films: httpx.Client) -> None:
    rescore = {"learning_to_rank": LEARNED, "window_size": 2}
    assert {id for id, _ in found(films, rescore, size=2)} <= set(DOCUMENTS)
    told = films.post("/films/_search", json={"query": QUERY, "rescore": rescore, "size": 3})
    assert (told.status_code, "rescorer [window_size: 2] is too small" in told.text) == (400, True)
    # Without a size, as Elasticsearch.
    assert len(found(films, rescore)) == 2


def test_scores_are_raised_by_what_they_can_be_below_zero(films: httpx.Client) -> None:
    trees = json.loads(json.dumps(TREES))
    for each in trees:
        for node in each["tree"]["tree_structure"]:
            if "leaf_value" in node:
                node["leaf_value"][0] -= 3
    definition = {"trained_model": {"ensemble": {**ENSEMBLE, "trained_models": trees}}}
    films.delete(f"{MODELS}/ranker")
    body = {"inference_config": CONFIG, "definition": definition}
    assert ok(films.put(f"{MODELS}/ranker", json=body))["input"] == {"field_names": []}
    rescore = {"learning_to_rank": LEARNED, "window_size": 100}
    assert dict(found(films, rescore)) == {"new": 4.0, "old": 0.75, "other": 0.0, "undated": 0.0}


def test_it_is_a_trained_model_among_others(films: httpx.Client) -> None:
    (told,) = ok(films.get(f"{MODELS}/ranker"))["trained_model_configs"]
    assert (told["model_id"], told["model_type"], told["inference_config"]) == ("ranker", "tree_ensemble", CONFIG)
    assert "ranker" in {each["model_id"] for each in ok(films.get(MODELS))["trained_model_configs"]}
    again = films.put(f"{MODELS}/ranker", json=BODY)
    refused(again, 400, "Trained machine learning model [ranker] already exists", "resource_already_exists_exception")
    other = films.put(f"{MODELS}/ranker", json={"model_type": "pytorch", "inference_config": {"ner": {}}})
    refused(other, 400, "Trained machine learning model [ranker] already exists")
    ok(films.delete(f"{MODELS}/ranker"))
    assert films.get(f"{MODELS}/ranker").status_code == 404
    told = films.post("/films/_search", json={"query": QUERY, "rescore": {"learning_to_rank": LEARNED}})
    assert (told.status_code, "Could not find trained model [ranker]" in told.text) == (404, True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"compressed_definition": None}, "give either [definition] or [compressed_definition]"),
        ({"compressed_definition": "?"}, "is not base64 of gzip of JSON"),
        ({"inference_config": {"learning_to_rank": {}}}, "needs [feature_extractors]"),
        ({"inference_config": {"learning_to_rank": {"feature_extractors": [{}]}}}, "must be a [query_extractor]"),
        ({"inference_config": {"learning_to_rank": {"feature_extractors": [TITLE]}}}, "[year] of the trees has no"),
        ({"inference_config": {"learning_to_rank": {"feature_extractors": [TITLE, TITLE]}}}, "must be different"),
        ({"vocabulary": []}, "unknown field [vocabulary]"),
        ({"metadata": json.loads("[" * 200 + "]" * 200)}, "must not be nested more than 100 deep"),
    ],
)
def test_what_is_no_model_is_refused(films: httpx.Client, change: dict[str, Any], why: str) -> None:
    told = films.put(f"{MODELS}/wrong", json={**BODY, **change})
    assert told.status_code == 400
    assert why in told.json()["error"]["reason"]


def test_several_fields_are_asked_for_what_they_can_have(indices: httpx.Client) -> None:
    """Without `fields` dates and numbers are among them, as in the examples of Elasticsearch's documentation."""
    mapping = {"text": {"type": "text"}, "year": {"type": "integer"}, "at": {"type": "date"}}
    indices.put("/retrieved", json={"mappings": {"properties": mapping}})
    indices.put("/retrieved/_doc/1?refresh=true", json={"text": "artificial minds", "year": 2024, "at": "2021-01-01"})
    told = indices.post("/retrieved/_search", json={"retriever": {"rrf": {"query": "artificial intelligence"}}})
    assert [hit["_id"] for hit in told.json()["hits"]["hits"]] == ["1"], told.text
