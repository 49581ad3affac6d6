"""Functions that take long texts apart.

https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/string-functions/chunk
https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/search-functions/top-snippets
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from connote.chunking import Chunk, chunk
from connote.contract import chunks
from connote.contract.chunks import ChunkingSettings, Sentences, Whole
from connote.contract.errors import IllegalArgument
from connote.search.analysis import Analysis, Analyzer, Token
from connote.search.esql.column import Column
from connote.search.esql.functions.registry import Place, columns
from connote.search.thread import check

_SENTENCES = Sentences(max_chunk_size=300, sentence_overlap=0)
# Snippets of a row, if it is not said.
_SNIPPETS = 5
# Of BM25, as Lucene has it.
_K1, _B = 1.2, 0.75


@columns("string", gives="keyword", options=("strategy", "max_chunk_size", "overlap", "sentence_overlap",
                                             "separator_group", "separators"), names=["chunk"])  # fmt: skip
def chunk_(place: Place, size: int, value: Column, **options: Any) -> Column:  # noqa: ANN401
    """The parts of a text by chunking settings; without any, whole sentences of up to 300 words."""
    if value.type == "null":
        return Column.nothing("keyword", size)
    settings = chunks.parse(options) if options else _SENTENCES
    return Column.of(
        "keyword", [[part for text in row for part in _parts(text, settings, place)] for row in value.rows()]
    )


def _parts(text: str, settings: ChunkingSettings, place: Place) -> list[str]:
    place.running.spend(len(text))
    found = [text[each.start : each.end].strip() for each in chunk(text, settings)]
    place.running.spend(sum(map(len, found)))
    return [each for each in found if each]


@lru_cache(1)
def _analyzer() -> Analyzer:
    found = Analysis().analyzer("standard")
    assert found is not None  # noqa: S101 (it is built in)
    return found


@columns("string", "string!", gives="keyword",
         options=("num_snippets", "num_words", "highlight", "pre_tag", "post_tag"))  # fmt: skip
def top_snippets(place: Place, size: int, value: Column, query: str, **options: Any) -> Column:  # noqa: ANN401
    """The parts of each text that fit a query best, by BM25 among its parts: null if none has a word of it."""
    if value.type == "null":
        return Column.nothing("keyword", size)
    most, words = (
        _whole(place, options, name, given) for name, given in (("num_snippets", _SNIPPETS), ("num_words", 300))
    )
    if most < 1:
        raise IllegalArgument(f"[num_snippets] of [{place.text}] must be at least 1, not [{most}]")
    wanted = set(_analyzer().terms(query))
    settings: ChunkingSettings = Sentences(max_chunk_size=words, sentence_overlap=0) if words else Whole()
    marks = (str(options.get("pre_tag", "<em>")), str(options.get("post_tag", "</em>")))
    tags = marks if options.get("highlight") is True else ("", "")
    rows = [
        [each for text in row for each in _snippets(text, wanted, settings, tags, place)[:most]] for row in value.rows()
    ]
    return Column.of("keyword", rows)


def _snippets(
    text: str, wanted: AbstractSet[str], settings: ChunkingSettings, tags: tuple[str, str], place: Place
) -> list[str]:
    """The parts that have some of the words, the best first."""
    place.running.spend(len(text))
    if wanted.isdisjoint(_analyzer().terms(text)):  # which is faster than to ask where they stand
        return []
    tokens = _analyzer().analyze(text)
    starts, parts = [each.start for each in tokens], list[tuple[Chunk, list[Token], int]]()
    for part in chunk(text, settings):
        own = tokens[bisect_left(starts, part.start) : bisect_left(starts, part.end)]
        parts.append((part, [each for each in own if each.term in wanted], len(own)))
    counts = [Counter(each.term for each in met) for _, met, _ in parts]
    best = _best(counts, [size for _, _, size in parts])
    place.running.spend(sum(parts[at][0].end - parts[at][0].start for at in best))
    return [_marked(text, parts[at][0], parts[at][1], tags, place) for at in best]


def _whole(place: Place, options: dict[str, Any], name: str, default: int) -> int:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise IllegalArgument(f"[{name}] of [{place.text}] must be a non negative integer, not [{value}]")
    return value


def _best(counts: Sequence[Counter[str]], sizes: Sequence[int]) -> list[int]:
    """Which parts have some of the words, the best first. `sizes` say how many words each has in all."""
    check()
    found, mean = Counter(term for each in counts for term in each), max(sum(sizes), 1) / max(len(sizes), 1)
    rarity = {term: math.log(1 + (len(counts) - count + 0.5) / (count + 0.5)) for term, count in found.items()}
    scores = [
        sum(rarity[term] * times / (times + _K1 * (1 - _B + _B * size / mean)) for term, times in each.items())
        for each, size in zip(counts, sizes, strict=True)
    ]
    return sorted((at for at, score in enumerate(scores) if score > 0), key=lambda at: -scores[at])


def _marked(text: str, part: Chunk, tokens: Sequence[Token], tags: tuple[str, str], place: Place) -> str:
    """A part of a text, with some of its words between tags."""
    pieces, last = list[str](), part.start
    place.running.spend(len(tokens) * sum(map(len, tags)))
    for each in tokens:
        if each.start >= last:
            pieces += [text[last : each.start], tags[0], text[each.start : each.end], tags[1]]
            last = each.end
    return "".join([*pieces, text[last : part.end]]).strip()
