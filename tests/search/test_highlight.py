"""Highlighting, by examples."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

INDEX = "highlights"
SEA = "A quiet home by the sea. It has a garden with roses and old trees. The neighbours live far away."
FOXES = {"span_multi": {"match": {"wildcard": {"title": "fox*"}}}}
JUMPING = [{"prefix": {"prefix": "ju"}}, {"fuzzy": {"term": "rum"}}]
LONG = (
    "The first sentence says nothing of note. The second one has a Fox in it. Then comes a third that is dull. "
    "Another fox runs here, and a fox sleeps. The last sentence ends the text."
)


@pytest.fixture(scope="module")
def texts(http: httpx.Client) -> httpx.Client:
    http.delete(f"/{INDEX}")
    english = {"type": "text", "analyzer": "english"}
    properties: dict[str, Any] = {
        "title": {"type": "text", "fields": {"raw": {"type": "keyword"}, "english": english}},
        "body": {"type": "text", "copy_to": ["meaning", "all"]},
        "all": {"type": "text"},
        "meaning": {
            "type": "semantic_text",
            "chunking_settings": {"strategy": "sentence", "max_chunk_size": 20, "sentence_overlap": 0},
        },
        "number": {"type": "integer"},
    }
    assert http.put(f"/{INDEX}", json={"mappings": {"properties": properties}}).is_success
    sources: list[dict[str, Any]] = [
        {"title": "The quick brown fox", "body": SEA, "number": 1},
        {"title": ["Lazy dogs sleep", "Quick foxes jump & run"], "body": LONG, "number": 2},
        {"title": "Nothing", "body": ["Roses are red. " * 8 + "Cars are fast and loud.", "Trees grow slowly. " * 8]},
    ]
    for number, source in enumerate(sources):
        assert http.put(f"/{INDEX}/_doc/{number}?refresh=true", json=source).is_success
    return http


def shown(texts: httpx.Client, query: dict[str, Any], fields: Any, **common: Any) -> dict[str, dict[str, list[str]]]:  # noqa: ANN401
    """The fragments by id and field."""
    body = {"query": query, "highlight": {"fields": fields, **common}}
    reply = texts.post(f"/{INDEX}/_search", json=body)
    assert reply.is_success, reply.text
    return {hit["_id"]: hit["highlight"] for hit in reply.json()["hits"]["hits"] if "highlight" in hit}


def test_the_words_of_a_match_are_marked(texts: httpx.Client) -> None:
    got = shown(texts, {"match": {"title": "quick fox"}}, {"title": {}})
    assert got == {
        "0": {"title": ["The <em>quick</em> brown <em>fox</em>"]},
        "1": {"title": ["<em>Quick</em> foxes jump & run"]},
    }


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        (
            {"intervals": {"title": {"match": {"query": "quick fox", "ordered": True}}}},
            {"0": "The <em>quick</em> brown <em>fox</em>"},
        ),
        (
            {
                "intervals": {
                    "title": {"all_of": {"intervals": [{"prefix": {"prefix": "ju"}}, {"fuzzy": {"term": "rum"}}]}}
                }
            },
            {"1": "Quick foxes <em>jump</em> & <em>run</em>"},
        ),
        (
            {"span_near": {"clauses": [{"span_term": {"title": "quick"}}, FOXES]}},
            {"1": "<em>Quick</em> <em>foxes</em> jump & run"},
        ),
        (
            {"span_not": {"include": {"span_term": {"title": "quick"}}, "exclude": {"span_term": {"title": "brown"}}}},
            {"0": "The <em>quick</em> brown fox", "1": "<em>Quick</em> foxes jump & run"},
        ),
    ],
)
def test_words_are_marked_where_they_stand_as_asked_for(
    texts: httpx.Client, query: dict[str, Any], marked: dict[str, str]
) -> None:
    assert shown(texts, query, {"title": {}}) == {id: {"title": [text]} for id, text in marked.items()}


def test_words_that_stand_elsewhere_are_not_marked(texts: httpx.Client) -> None:
    near = {"match": {"query": "second fox", "max_gaps": 5, "ordered": True}}
    got = shown(texts, {"intervals": {"body": near}}, {"body": {"number_of_fragments": 0}})
    assert got["1"]["body"][0].count("<em>") == 2
    clauses = [{"span_term": {"body": word}} for word in ("fox", "sleeps")]
    got = shown(texts, {"span_near": {"clauses": clauses, "slop": 0}}, {"body": {}})
    assert got == {
        "1": {"body": ["Another fox runs here, and a <em>fox</em> <em>sleeps</em>. The last sentence ends the text."]}
    }


def test_stems_mark_the_words_as_they_stand(texts: httpx.Client) -> None:
    got = shown(texts, {"match": {"title.english": "jumping fox"}}, {"title.english": {}})
    assert got["1"] == {"title.english": ["Quick <em>foxes</em> <em>jump</em> & run"]}


def test_a_phrase_is_marked_as_one_and_nowhere_else(texts: httpx.Client) -> None:
    query = {"match_phrase": {"body": "a fox"}}
    got = shown(texts, query, {"body": {"number_of_fragments": 0}})["1"]["body"]
    assert got == [LONG.replace("a Fox", "<em>a Fox</em>").replace("a fox", "<em>a fox</em>")]
    assert "<em>a</em> <em>fox</em>" in "".join(shown(texts, query, {"body": {"type": "plain"}})["1"]["body"])


@pytest.mark.parametrize(
    "query",
    [
        {"prefix": {"title": "qui"}},
        {"wildcard": {"title": "q*ck"}},
        {"regexp": {"title": "qu.ck"}},
        {"fuzzy": {"title": "quikc"}},
        {"match": {"title": {"query": "quikc", "fuzziness": "AUTO"}}},
        {"match_phrase_prefix": {"title": "qui"}},
        {"match_bool_prefix": {"title": "qui"}},
        {"term": {"title": "quick"}},
        {"terms": {"title": ["quick", "slow"]}},
        {"multi_match": {"query": "quick", "fields": ["title", "body"]}},
        {"multi_match": {"query": "quick", "type": "cross_fields", "fields": ["title", "body"]}},
        {"combined_fields": {"query": "quick", "fields": ["title", "body"]}},
        {"query_string": {"query": "title:quick"}},
        {"simple_query_string": {"query": "quick", "fields": ["title"]}},
        {"bool": {"filter": [{"match": {"title": "quick"}}], "must_not": [{"match": {"title": "slow"}}]}},
        {"constant_score": {"filter": {"match": {"title": "quick"}}}},
        {"dis_max": {"queries": [{"match": {"title": "quick"}}]}},
        {"function_score": {"query": {"match": {"title": "quick"}}}},
        {
            "boosting": {
                "positive": {"match": {"title": "quick"}},
                "negative": {"match": {"title": "brown"}},
                "negative_boost": 0.5,
            }
        },
    ],
)
def test_every_query_tells_what_to_mark(texts: httpx.Client, query: dict[str, Any]) -> None:
    assert shown(texts, query, {"title": {}})["0"] == {"title": ["The <em>quick</em> brown fox"]}


def test_what_must_not_match_is_not_marked(texts: httpx.Client) -> None:
    query = {"bool": {"must": [{"match": {"title": "fox"}}], "must_not": [{"match": {"body": "cars"}}]}}
    assert "body" not in shown(texts, query, {"title": {}, "body": {}})["0"]


def test_fragments_are_sentences_as_many_as_fit(texts: httpx.Client) -> None:
    query = {"match": {"body": "fox"}}
    got = shown(texts, query, {"body": {"fragment_size": 40}})["1"]["body"]
    assert got == [
        "The second one has a <em>Fox</em> in it.",
        "Another <em>fox</em> runs here, and a <em>fox</em> sleeps.",
    ]
    wide = shown(texts, query, {"body": {"fragment_size": 80}})["1"]["body"]
    assert wide[0] == "The second one has a <em>Fox</em> in it. Then comes a third that is dull."
    unsplit = shown(texts, query, {"body": {"fragment_size": 0}})["1"]["body"]
    assert unsplit == got


def test_a_long_sentence_is_cut_between_words(texts: httpx.Client) -> None:
    got = shown(texts, {"match": {"body": "garden"}}, {"body": {"fragment_size": 12}})["0"]["body"]
    assert len(got) == 1
    assert "<em>garden</em>" in got[0]
    plain = got[0].replace("<em>", "").replace("</em>", "")
    assert plain in SEA
    assert set(plain.split()) <= set(SEA.split())


def test_the_best_fragments_come_first_if_that_is_asked_for(texts: httpx.Client) -> None:
    query = {"match": {"body": "fox"}}
    got = shown(texts, query, {"body": {"fragment_size": 40, "order": "score"}})["1"]["body"]
    assert got[0].count("<em>") == 2
    one = shown(texts, query, {"body": {"fragment_size": 40, "number_of_fragments": 1}})["1"]["body"]
    assert one == got[:1]


def test_tags_encoders_and_schemes(texts: httpx.Client) -> None:
    query = {"match": {"title": "jump"}}
    tagged = shown(texts, query, {"title": {}}, pre_tags=["<b>"], post_tags=["</b>"], encoder="html")
    assert tagged["1"]["title"] == ["Quick foxes <b>jump</b> &amp; run"]
    styled = shown(texts, query, {"title": {}}, tags_schema="styled")
    assert styled["1"]["title"] == ['Quick foxes <em class="hlt1">jump</em> & run']


@pytest.mark.parametrize("kind", ["unified", "plain"])
def test_a_word_that_stands_many_times_takes_no_long_time(texts: httpx.Client, kind: str) -> None:
    texts.delete("/repeated")
    assert texts.put("/repeated/_doc/1?refresh=true", json={"body": "sea " * 20_000}).is_success
    highlight = {"type": kind, "fields": {"body": {"fragment_size": 10, "number_of_fragments": 1}}}
    body = {"query": {"match_phrase": {"body": {"query": "sea sea", "slop": 1}}}, "highlight": highlight}
    (hit,) = texts.post("/repeated/_search", json=body).json()["hits"]["hits"]
    assert "<em>sea" in hit["highlight"]["body"][0]
    texts.delete("/repeated")


def test_other_fields_are_marked_only_on_demand(texts: httpx.Client) -> None:
    query = {"match": {"title": "sea fox"}}
    assert shown(texts, query, {"body": {}}) == {}
    assert "<em>sea</em>" in shown(texts, query, {"body": {"require_field_match": False}})["0"]["body"][0]


def test_matched_fields_mark_by_their_own_terms(texts: httpx.Client) -> None:
    query = {"match": {"title.english": "running foxes"}}
    assert "1" not in shown(texts, query, {"title": {}})
    got = shown(texts, query, {"title": {"matched_fields": ["title", "title.english"]}})
    assert got["1"]["title"] == ["Quick <em>foxes</em> jump & <em>run</em>"]


def test_a_highlight_may_have_a_query_of_its_own(texts: httpx.Client) -> None:
    own = {"multi_match": {"query": "garden", "fields": ["body"]}}
    got = shown(texts, {"match": {"title": "fox"}}, {"body": {"highlight_query": own, "number_of_fragments": 0}})
    assert got["0"]["body"] == [SEA.replace("garden", "<em>garden</em>")]


def test_without_a_match_the_beginning_is_shown_on_demand(texts: httpx.Client) -> None:
    got = shown(texts, {"match": {"title": "fox"}}, {"body": {"no_match_size": 14}})
    assert got["0"]["body"] == ["A quiet home"]


def test_keywords_are_marked_as_a_whole_and_patterns_name_fields(texts: httpx.Client) -> None:
    assert shown(texts, {"term": {"title.raw": "Nothing"}}, {"title.raw": {}})["2"] == {
        "title.raw": ["<em>Nothing</em>"]
    }
    got = shown(texts, {"match": {"title": "fox"}}, {"ti*": {"require_field_match": False}})["0"]
    assert set(got) == {"title", "title.english"}


def test_copies_show_the_text_that_they_come_from(texts: httpx.Client) -> None:
    assert shown(texts, {"match": {"all": "roses"}}, {"all": {}})["0"]["all"][0].count("<em>roses</em>") == 1


def test_semantic_fields_show_their_best_chunks(texts: httpx.Client) -> None:
    query = {"semantic": {"field": "meaning", "query": "fast loud automobiles, cars"}}
    best = shown(texts, query, {"meaning": {"order": "score", "number_of_fragments": 1}})["2"]["meaning"]
    assert len(best) == 1
    assert "Cars are fast and loud." in best[0]
    placed = shown(texts, query, {"meaning": {"number_of_fragments": 20}})["2"]["meaning"]
    ranked = shown(texts, query, {"meaning": {"number_of_fragments": 20, "order": "score"}})["2"]["meaning"]
    assert ranked[0] == best[0]
    assert sorted(placed) == sorted(ranked)
    assert "".join(placed).replace(" ", "") in (
        "Roses are red." * 8 + "Cars are fast and loud." + "Trees grow slowly." * 8
    ).replace(" ", "")


def test_any_query_shows_chunks_where_all_match_and_none_where_it_is_of_words(texts: httpx.Client) -> None:
    got = shown(texts, {"match_all": {}}, {"meaning": {"number_of_fragments": 1}})
    assert got["2"]["meaning"][0].startswith("Roses are red.")
    assert shown(texts, {"match": {"title": "fox"}}, {"meaning": {}}) == {}
    assert shown(texts, {"match": {"title": "fox"}}, {"title": {"type": "semantic"}}) == {}


def test_retrievers_highlight_what_their_queries_look_for(texts: httpx.Client) -> None:
    words = {"standard": {"query": {"match": {"title": "fox"}}}}
    meaning = {"standard": {"query": {"match": {"meaning": "flowers in a garden"}}}}
    body = {
        "retriever": {"rrf": {"retrievers": [words, meaning]}},
        "highlight": {"fields": {"title": {}, "meaning": {"number_of_fragments": 1}}},
    }
    hits = texts.post(f"/{INDEX}/_search", json=body).json()["hits"]["hits"]
    first = next(hit for hit in hits if hit["_id"] == "0")
    assert first["highlight"]["title"] == ["The quick brown <em>fox</em>"]
    assert len(first["highlight"]["meaning"]) == 1


def test_chunks_are_the_inner_hits_of_nested_queries_on_them(texts: httpx.Client) -> None:
    path = "meaning.inference.chunks"
    inner = {
        "sparse_vector": {"field": f"{path}.embeddings", "inference_id": ".elser-2-elasticsearch", "query": "cars"}
    }
    query = {"nested": {"path": path, "query": inner, "inner_hits": {"size": 1, "name": "best"}}}
    hit = texts.post(f"/{INDEX}/_search", json={"query": query}).json()["hits"]["hits"][0]
    found = hit["inner_hits"]["best"]["hits"]
    assert found["hits"][0]["_nested"]["field"] == path
    assert "Cars are fast" in found["hits"][0]["_source"]["text"]
    assert found["max_score"] == pytest.approx(hit["_score"], rel=1e-3)


@pytest.mark.parametrize(
    ("highlight", "told"),
    [
        ({"fields": {"title": {"type": "nope"}}}, "unknown highlighter type [nope] for the field [title]"),
        ({"fields": {"title": {"nope": 1}}}, "[highlight] unknown field [nope]"),
        ({"fields": "title"}, "[highlight] [fields] must be an object"),
        ({"fields": {"title": {"fragment_size": -1}}}, "[fragment_size] must not be negative"),
    ],
)
def test_what_is_wrong_is_told(texts: httpx.Client, highlight: dict[str, Any], told: str) -> None:
    reply = texts.post(f"/{INDEX}/_search", json={"highlight": highlight})
    assert reply.status_code == 400
    assert told in reply.json()["error"]["reason"]


words = some.lists(
    some.sampled_from(["fox", "the", "sea", "Straße", "\U0001f98a", "e\u0301", ".", "\n", "x" * 50, "日本語"]),
    max_size=40,
)


@settings(max_examples=30, deadline=None)
@given(
    some.lists(words, min_size=1, max_size=3),
    some.integers(0, 60),
    some.integers(0, 4),
    some.sampled_from(["unified", "plain"]),
)
def test_fragments_are_parts_of_the_text(
    texts: httpx.Client, values: list[list[str]], size: int, most: int, kind: str
) -> None:
    every = [" ".join(each) for each in values]
    texts.put("/highlights-any/_doc/1?refresh=true", json={"body": every})
    body = {
        "query": {"match_all": {}},
        "highlight": {
            "fields": {
                "body": {
                    "fragment_size": size,
                    "number_of_fragments": most,
                    "type": kind,
                    "highlight_query": {"match": {"body": "fox"}},
                }
            },
        },
    }
    reply = texts.post("/highlights-any/_search", json=body)
    assert reply.is_success, reply.text
    fragments = reply.json()["hits"]["hits"][0].get("highlight", {}).get("body", [])
    assert bool(fragments) == any("fox" in each for each in values)
    for each in fragments:
        assert "<em>fox</em>" in each
        assert any(each.replace("<em>", "").replace("</em>", "") in value for value in every)
