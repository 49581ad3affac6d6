"""The texts that are measured with: prose of 8 to 300 tokens, mean about 120, and queries of about 10."""

import json
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

SHORTEST, LONGEST, QUERY = 8, 300, 10
_SPECIAL = 2  # [CLS] and [SEP]


def passages(tokenizer: Tokenizer, count: int, corpus: Path | None) -> list[str]:
    """Texts whose lengths are drawn from a beta distribution, the same at every run."""
    lengths = SHORTEST + (LONGEST - SHORTEST) * np.random.default_rng(7).beta(1.2, 2, count)
    return _cut(tokenizer, _words(tokenizer, corpus, seed=1), [int(length) for length in lengths])


def queries(tokenizer: Tokenizer, count: int, corpus: Path | None) -> list[str]:
    """Short texts, none of which begins a passage."""
    words = _words(tokenizer, corpus, seed=2)
    for _ in range(5000):
        next(words)
    return _cut(tokenizer, words, [QUERY] * count)


def _cut(tokenizer: Tokenizer, words: Iterator[str], lengths: Sequence[int]) -> list[str]:
    """One text a length (in tokens, at least), from words that follow each other."""
    texts = []
    for length in lengths:
        text, tokens = list[str](), _SPECIAL
        while tokens < length:
            text.append(next(words))
            tokens += len(tokenizer.encode(text[-1], add_special_tokens=False).ids)
        texts.append(" ".join(text))
    return texts


def _words(tokenizer: Tokenizer, corpus: Path | None, seed: int) -> Iterator[str]:
    if corpus:
        with corpus.open(encoding="utf-8") as lines:
            return cycle([word for line in lines for word in json.loads(line)["text"].split()])
    return _invented(tokenizer, seed)


def _invented(tokenizer: Tokenizer, seed: int) -> Iterator[str]:
    """Words by Zipf's law; a WordPiece vocabulary stands in the order of how frequent its words are."""
    vocabulary = tokenizer.get_vocab()
    words = [word for word in sorted(vocabulary, key=vocabulary.__getitem__) if word.isalpha() and len(word) > 1]
    random = np.random.default_rng(seed)
    while True:
        for rank in random.zipf(1.2, 1024):
            if rank <= len(words):
                yield words[rank - 1]
