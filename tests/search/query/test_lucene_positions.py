"""Intervals and spans find and score what Lucene does, however they are nested."""

import json
from pathlib import Path
from typing import Any

import pytest

from search.query.slow import same
from search.query.small import Small

OWN = {"type": "text", "analyzer": "whitespace"}
GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("positions.json").read_text())


@pytest.mark.parametrize("kind", ["intervals", "span"])
def test_positions_score_as_in_lucene(kind: str) -> None:
    """The texts stand in `text`, and with their words the other way round in `back`."""
    documents = [{"text": text, "back": " ".join(reversed(text.split()))} for text in GOLDEN["texts"]]
    leaving = {"analysis": {"analyzer": {"leaving": {"type": "stop", "stopwords": ["x"]}}}}
    small = Small({"text": OWN, "back": OWN}, documents, segments=3, settings=leaving)
    cases = [case for case in GOLDEN["cases"] if kind in next(iter(case["query"]))]
    assert len(cases) > 100
    factor = 2.2 if kind == "span" else 1  # k1 + 1: of LegacyBM25Similarity, and these scores are of BM25Similarity
    for case in cases:
        same(small.search(case["query"]), {int(number): factor * score for number, score in case["scores"].items()})
