"""What a user of elasticsearch-py does with analysis and suggestions. Takes the server's URL."""

import sys
from typing import Any

import elasticsearch
from elasticsearch import BadRequestError, Elasticsearch

INDEX = "story-suggest"
ANALYSIS: dict[str, Any] = {
    "filter": {
        "shingle": {"type": "shingle", "min_shingle_size": 2, "max_shingle_size": 3},
        "ways": {"type": "multiplexer", "filters": ["lowercase", "lowercase, porter_stem"]},
        "short": {
            "type": "condition",
            "filter": ["uppercase"],
            "script": {"lang": "painless", "source": "token.term.length() < 4"},
        },
        "long": {"type": "predicate_token_filter", "script": {"source": "token.term.length() > 3"}},
        "common": {"type": "common_grams", "common_words": ["the", "is"]},
        "parts": {"type": "dictionary_decompounder", "word_list": ["donau", "dampf", "meer", "schiff"]},
        "hashes": {"type": "min_hash", "bucket_count": 2},
        "payload": {"type": "delimited_payload", "delimiter": "|"},
    },
    "analyzer": {
        "trigram": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "shingle"]},
        **{
            f"by_{name}": {"type": "custom", "tokenizer": "whitespace", "filter": [name]}
            for name in ("ways", "short", "long", "common", "parts", "hashes", "payload")
        },
    },
}
PROPERTIES: dict[str, Any] = {
    "title": {"type": "text", "fields": {"trigram": {"type": "text", "analyzer": "trigram"}}},
    "suggest": {
        "type": "completion",
        "contexts": [{"name": "kind", "type": "category"}, {"name": "at", "type": "geo", "precision": "10km"}],
    },
    "words": {"type": "text", "analyzer": "by_ways"},
    **{
        f"in_{language}": {"type": "text", "analyzer": language} for language in ("bulgarian", "thai", "hindi", "greek")
    },
}
ANALYSED = {
    "by_ways": ("Going HOME", ["Going", "going", "go", "HOME", "home"]),
    "by_short": ("the Quick fox", ["THE", "Quick", "FOX"]),
    "by_long": ("the quick fox", ["quick"]),
    "by_common": ("the quick fox is brown", ["the", "the_quick", "quick", "fox", "fox_is", "is", "is_brown", "brown"]),
    "by_parts": ("donaudampfschiff", ["donaudampfschiff", "donau", "dampf", "schiff"]),
    "by_payload": ("the|0 brown|10 fox|5 is|0 quick|10", ["the", "brown", "fox", "is", "quick"]),
    "czech": ("Česká republika", ["česk", "republik"]),
    "indonesian": ("membaca buku-bukunya", ["baca", "buku", "buku"]),
}
DOCUMENTS: list[dict[str, Any]] = [
    {"title": "noble warriors", "words": "Going HOME", "in_thai": "ภาษาไทยง่าย"},
    {"title": "nobel prize", "suggest": {"input": ["Prize night"], "weight": 4, "contexts": {"kind": "event"}}},
    {
        "title": "a house by the sea",
        "suggest": {"input": "Pride house", "contexts": {"kind": ["home"], "at": {"lat": 52.37, "lon": 4.9}}},
        "in_bulgarian": "големите градове",
    },
]


def main(url: str) -> None:
    es = Elasticsearch(url)
    es.options(ignore_status=404).indices.delete(index=INDEX)
    es.indices.create(index=INDEX, settings={"analysis": ANALYSIS}, mappings={"properties": PROPERTIES})
    for number, document in enumerate(DOCUMENTS):
        es.index(index=INDEX, id=str(number), document=document, refresh=True)
    analysis(es)
    phrases(es)
    completions(es)
    es.indices.delete(index=INDEX)
    print(f"elasticsearch-py {elasticsearch.__versionstr__}: all is well")


def analysis(es: Elasticsearch) -> None:
    """Analyzers and filters, defined in an index, and with a request."""
    for analyzer, (text, terms) in ANALYSED.items():
        found = es.indices.analyze(index=INDEX, analyzer=analyzer, text=text)["tokens"]
        assert [token["token"] for token in found] == terms, (analyzer, found)
    ways = {"type": "multiplexer", "filters": ["lowercase", "reverse"], "preserve_original": False}
    found = es.indices.analyze(tokenizer="whitespace", filter=[ways], text="Ab")["tokens"]
    assert [token["token"] for token in found] == ["ab", "bA"], found
    assert len(es.indices.analyze(index=INDEX, analyzer="by_hashes", text="a b c")["tokens"]) == 2
    for query, wanted in (({"words": "go"}, "0"), ({"in_bulgarian": "град"}, "2"), ({"in_thai": "ไทย"}, "0")):
        hits = es.search(index=INDEX, query={"match": query})["hits"]["hits"]
        assert [hit["_id"] for hit in hits] == [wanted], (query, hits)


def phrases(es: Elasticsearch) -> None:
    """A phrase is corrected, marked, and only told if it finds something."""
    phrase: dict[str, Any] = {
        "field": "title.trigram",
        "size": 1,
        "gram_size": 3,
        "direct_generator": [{"field": "title.trigram", "suggest_mode": "always"}],
        "highlight": {"pre_tag": "<em>", "post_tag": "</em>"},
        "collate": {
            "query": {"source": {"match_phrase": {"{{field_name}}": "{{suggestion}}"}}},
            "params": {"field_name": "title"},
            "prune": True,
        },
    }
    found = es.search(index=INDEX, suggest={"text": "noble prize", "simple": {"phrase": phrase}})
    (option,) = found["suggest"]["simple"][0]["options"]
    assert option["text"] == "nobel prize", option
    assert option["highlighted"] == "<em>nobel</em> prize", option
    assert option["collate_match"] is True, option
    assert refused(es, {**phrase, "gram_size": 0}) == "illegal_argument_exception"


def refused(es: Elasticsearch, phrase: dict[str, Any]) -> str:
    """The type of the error that a wrong phrase gives."""
    try:
        es.search(index=INDEX, suggest={"simple": {"text": "x", "phrase": phrase}})
    except BadRequestError as error:
        return str(error.body["error"]["root_cause"][0]["type"])
    return "nothing"


def completions(es: Elasticsearch) -> None:
    """What is typed is completed by category, place and expression."""

    def asked(contexts: dict[str, Any], **typed: str) -> list[str]:
        completion = {"field": "suggest", "contexts": contexts}
        found = es.search(index=INDEX, suggest={"mine": {**typed, "completion": completion}})
        return [option["text"] for option in found["suggest"]["mine"][0]["options"]]

    assert asked({"kind": ["event", "home"]}, prefix="pri") == ["Prize night", "Pride house"]
    assert asked({"kind": [{"context": "home", "boost": 9}, {"context": "event"}]}, prefix="pri")[0] == "Pride house"
    assert asked({"at": {"lat": 52.37, "lon": 4.9}}, prefix="pri") == ["Pride house"]
    assert asked({"at": {"lat": 48.85, "lon": 2.35}}, prefix="pri") == []
    assert asked({"kind": ["event", "home"]}, regex="p[r|x]ide") == ["Pride house"]


if __name__ == "__main__":
    main(sys.argv[1])
