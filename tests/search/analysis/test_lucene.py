"""What Lucene 9.9.1 makes of texts, connote makes of them too: golden/generate.py asked it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from connote.chunking.words import to_utf16
from connote.search.analysis import Analysis, Analyzer
from lucene import ANALYZERS, CASES, STEMMERS, TEXTS, Case

FILE = Path(__file__).parent / "golden" / "lucene.json.gz"
STEMS = json.loads(gzip.decompress(FILE.with_name("stems.json.gz").read_bytes()))
GOLDEN = json.loads(gzip.decompress(FILE.read_bytes()).decode("utf-8", "surrogatepass"))
ANALYSIS = Analysis({"index": {"max_ngram_diff": 9, "max_shingle_diff": 9}})


def made(analyzer: Analyzer, text: str) -> dict[str, Any]:
    stream, units = analyzer.stream(text), to_utf16(text).tolist()
    tokens = [[t.term, units[t.start], units[t.end], t.position, t.type, t.length] for t in stream.tokens]
    return {"tokens": tokens, "last": stream.last}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_chain_gives_lucenes_tokens(case: Case) -> None:
    parts = case.settings
    analyzer = ANALYSIS.custom(parts["tokenizer"], parts["filter"], parts["char_filter"])
    for text, expected in zip(case.texts, GOLDEN["cases"][case.name], strict=True):
        assert made(analyzer, text) == expected, text


@pytest.mark.parametrize("name", ANALYZERS)
def test_a_built_in_analyzer_gives_lucenes_tokens(name: str) -> None:
    analyzer = ANALYSIS.analyzer(name)
    assert analyzer is not None
    for text, expected in zip(TEXTS, GOLDEN["analyzers"][name], strict=True):
        assert made(analyzer, text) == expected, text
        terms = [token[0] for token in expected["tokens"]], [token[3] for token in expected["tokens"]]
        assert analyzer.positioned([text]) == terms, text


@pytest.mark.parametrize("name", STEMMERS)
def test_a_filter_makes_lucenes_stem_of_each_word(name: str) -> None:
    analyzer = ANALYSIS.custom("whitespace", [STEMMERS[name][0]])
    assert {word: analyzer.terms(word)[0] for word in STEMS[name]} == STEMS[name]
