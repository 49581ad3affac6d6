"""Phrases score as Lucene scores them, sloppy ones and those with a word twice too."""

import json
from pathlib import Path

from search.query.slow import same
from search.query.small import Small

# k1 + 1: these scores are of BM25Similarity, Elasticsearch's of LegacyBM25Similarity.
FACTOR = 2.2
MAPPING = {"text": {"type": "text", "analyzer": "whitespace"}}


def test_phrases_score_as_in_lucene() -> None:
    golden = json.loads(Path(__file__).with_name("lucene.json").read_text())
    small = Small(MAPPING, [{"text": text} for text in golden["texts"]], segments=3)
    for case in golden["cases"]:
        found = small.search({"match_phrase": {"text": {"query": case["phrase"], "slop": case["slop"]}}})
        same(found, {int(number): FACTOR * score for number, score in case["scores"].items()})
