"""The terms of single documents."""

import math
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some

TEXTS = {"1": "test test test", "2": "Another 😀 test ...", "3": "nothing else"}
FIELDS = {
    "text": {"type": "text", "term_vector": "with_positions_offsets", "fields": {"raw": {"type": "keyword"}}},
    "tags": {"type": "keyword"},
    "plain": {"type": "text"},
    "n": {"type": "integer"},
}


@pytest.fixture
def texts(indices: httpx.Client) -> httpx.Client:
    assert indices.put("/texts", json={"mappings": {"properties": FIELDS}}).is_success
    for id, text in TEXTS.items():
        body = {"text": text, "plain": text, "tags": ["b", "a"], "n": 1}
        assert indices.put(f"/texts/_doc/{id}?refresh=true", json=body).is_success
    return indices


def vectors(http: httpx.Client, path: str, **body: object) -> dict[str, Any]:
    reply = http.post(path, json=body)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_terms_are_told_with_their_places_and_how_often_they_stand(texts: httpx.Client) -> None:
    told = vectors(texts, "/texts/_termvectors/2", term_statistics=True)
    assert {name: told[name] for name in ("_index", "_id", "_version", "found")} == {
        "_index": "texts",
        "_id": "2",
        "_version": 1,
        "found": True,
    }
    assert told["term_vectors"] == {
        "text": {
            "field_statistics": {"sum_doc_freq": 6, "doc_count": 3, "sum_ttf": 8},
            "terms": {
                "another": {
                    "doc_freq": 1,
                    "ttf": 1,
                    "term_freq": 1,
                    "tokens": [{"position": 0, "start_offset": 0, "end_offset": 7}],
                },
                "test": {
                    "doc_freq": 2,
                    "ttf": 4,
                    "term_freq": 1,
                    "tokens": [{"position": 2, "start_offset": 11, "end_offset": 15}],
                },
                "😀": {
                    "doc_freq": 1,
                    "ttf": 1,
                    "term_freq": 1,
                    "tokens": [{"position": 1, "start_offset": 8, "end_offset": 10}],
                },
            },
        }
    }


def test_what_is_told_can_be_chosen(texts: httpx.Client) -> None:
    params = {"fields": "pl*,tags,n,text.raw", "positions": "false", "field_statistics": "false"}
    told = texts.get("/texts/_termvectors/1", params=params).json()["term_vectors"]
    offsets = [{"start_offset": 5 * n, "end_offset": 5 * n + 4} for n in range(3)]
    assert told["plain"] == {"terms": {"test": {"term_freq": 3, "tokens": offsets}}}
    assert list(told["tags"]["terms"]) == ["a", "b"]
    assert list(told["text.raw"]["terms"]) == ["test test test"]
    assert "n" not in told
    neither = vectors(texts, "/texts/_termvectors/1", positions=False, offsets=False)
    assert neither["term_vectors"]["text"]["terms"] == {"test": {"term_freq": 3}}
    other = vectors(texts, "/texts/_termvectors/2", fields=["text"], per_field_analyzer={"text": "whitespace"})
    assert "Another" in other["term_vectors"]["text"]["terms"]


def test_an_artificial_document_is_told_of_as_if_it_were_there(texts: httpx.Client) -> None:
    told = vectors(texts, "/texts/_termvectors", doc={"text": "one more test", "unmapped": "a"}, term_statistics=True)
    assert "_id" not in told
    terms = told["term_vectors"]["text"]["terms"]
    assert (terms["test"]["doc_freq"], "doc_freq" in terms["more"]) == (2, False)
    assert list(told["term_vectors"]) == ["text", "text.raw"]


def test_the_most_telling_terms_are_chosen_by_the_classic_tf_idf(texts: httpx.Client) -> None:
    told = vectors(texts, "/texts/_termvectors/2", filter={"max_num_terms": 2, "min_word_length": 2})
    terms = told["term_vectors"]["text"]["terms"]
    scores = {term: each["score"] for term, each in terms.items()}
    assert scores == {"another": pytest.approx(1 + math.log(4 / 2)), "test": pytest.approx(1 + math.log(4 / 3))}
    rare = vectors(texts, "/texts/_termvectors/2", filter={"max_num_terms": 1})
    assert list(rare["term_vectors"]["text"]["terms"]) == ["another"]
    often = vectors(texts, "/texts/_termvectors/1", filter={"min_term_freq": 4})
    assert often["term_vectors"]["text"]["terms"] == {}


def test_so_many_tokens_are_told_of_and_no_more(texts: httpx.Client) -> None:
    doc = {"text": "a b c d e " * 40_000}
    told = vectors(texts, "/texts/_mtermvectors", docs=[{}] * 4, parameters={"doc": doc, "positions": False})["docs"]
    assert ["term_vectors" in each for each in told] == [True, True, False, False]
    assert told[2]["error"]["reason"].startswith("more than [500000] tokens would be told of")
    one = texts.post("/texts/_termvectors", json={"doc": {"text": "a " * 500_001}})
    assert one.status_code == 400


def test_several_documents_at_once(texts: httpx.Client) -> None:
    docs: list[dict[str, Any]] = [{"_id": "1", "fields": ["tags"]}, {"_id": "9"}, {"_index": "no", "_id": "1"}]
    found = vectors(texts, "/texts/_mtermvectors", docs=[*docs, {"_id": "1", "fields": 1}])["docs"]
    assert list(found[0]["term_vectors"]) == ["tags"]
    assert found[1]["found"] is False
    assert found[2]["error"]["type"] == "index_not_found_exception"
    assert "[fields] must be an array" in found[3]["error"]["reason"]
    by_ids = vectors(texts, "/texts/_mtermvectors", ids=["1", "2"], parameters={"fields": ["plain"]})["docs"]
    assert [list(each["term_vectors"]) for each in by_ids] == [["plain"], ["plain"]]
    assert vectors(texts, "/_mtermvectors", docs=[{"_index": "texts", "_id": "3"}])["docs"][0]["found"]


_JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-3, 3) | some.text(max_size=3),
    lambda each: some.lists(each, max_size=2) | some.dictionaries(some.text(max_size=3), each, max_size=2),
    max_leaves=4,
)
_NAMES = some.sampled_from(["fields", "doc", "filter", "per_field_analyzer", "offsets", "docs", "ids", "parameters"])


@given(
    body=some.dictionaries(_NAMES, _JSON), path=some.sampled_from(["_termvectors", "_termvectors/1", "_mtermvectors"])
)
def test_no_request_is_a_fault_of_ours(http: httpx.Client, body: dict[str, Any], path: str) -> None:
    http.put("/strange-texts/_doc/1", json={"a": "b"})
    assert http.post(f"/strange-texts/{path}", json=body).status_code < 500
