"""BM25 is Lucene's: lucene.json holds what Lucene computed (golden_lucene.py made it)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connote.search.engine import norms, scores
from connote.search.engine.index import Index
from connote.search.engine.row import Row, Tokens

LUCENE = json.loads(Path(__file__).with_name("lucene.json").read_text())


def test_lengths_are_rounded_as_lucene_rounds_them() -> None:
    lengths = np.array([int(length) for length in LUCENE["norms"]])
    assert norms.encode(lengths).tolist() == list(LUCENE["norms"].values())


@pytest.mark.parametrize("case", LUCENE["cases"], ids=lambda case: f"k1={case['k1']} b={case['b']} {case['deleted']}")
def test_scores_are_lucenes(case: dict[str, Any], tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    for number, text in enumerate(LUCENE["texts"]):
        words = text.split()
        terms = {"text": Tokens(words, range(len(words)))}
        index.add([Row(id=str(number), seq=number, version=1, terms=terms, words={"word": words[:3]})])
        if number in {4, 9}:
            index.refresh()  # several segments have the statistics in common
    index.refresh()
    index.delete(str(number) for number in case["deleted"])
    snapshot = index.refresh()
    for query in case["queries"]:
        model = scores.Bm25.of(snapshot.segments, query["field"], case["k1"], case["b"])
        weights: dict[str, float] = {}
        for term in query["terms"]:
            idf = float(model.idf(scores.frequency(snapshot.segments, query["field"], term)))
            weights[term] = weights.get(term, 0) + idf
        parts = [scores.bm25(segment, query["field"], weights, model) for segment in snapshot.segments]
        hits = scores.top(snapshot, parts, 100)
        if query["field"] == "text":
            assert scores.top_bm25(snapshot, "text", weights, model, 100) == hits
        found = {snapshot.segments[s].ids[d]: score for s, d, score in hits.found}
        assert hits.total == len(query["scores"])
        assert found == pytest.approx(query["scores"], rel=2e-6), query
