"""The kernels in C++ and in numpy give the same, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.search.engine import native, plain
from connote.search.engine.arrays import Lists
from connote.search.engine.strings import Strings

pytestmark = pytest.mark.skipif(native.library() is None, reason="connote-native is not installed")
SEEDS = st.integers(0, 2**32 - 1)


def lists(chosen: np.random.Generator, size: int) -> Lists:
    """Lists of random terms over so many documents, some of them empty; some terms are asked for twice."""
    found = [np.flatnonzero(chosen.random(size) < chosen.random()) for _ in range(chosen.integers(0, 8))]
    bounds = np.cumsum([0, *map(len, found)])
    terms = chosen.integers(0, len(found), size=chosen.integers(0, 12)) if found else np.zeros(0, dtype=np.int64)
    docs = np.concatenate([*found, np.zeros(0)]).astype(np.int32)
    return Lists(docs, bounds[:-1][terms], bounds[1:][terms], chosen.random(len(terms), dtype=np.float32) * 9)


def bits(array: np.ndarray) -> bytes:
    return array.tobytes()


@settings(max_examples=1000, deadline=None)
@given(SEEDS, st.integers(0, 300))
def test_sums_are_the_same(seed: int, size: int) -> None:
    chosen = np.random.default_rng(seed)
    asked = lists(chosen, size)
    values = chosen.normal(size=len(asked.docs)).astype(np.float32)
    freqs = chosen.integers(1, 50, size=len(asked.docs)).astype(np.int32)
    norms = chosen.integers(0, 256, size=size).astype(np.uint8)
    inverse = chosen.random(256, dtype=np.float32)
    began = chosen.normal(size=size).astype(np.float32)
    for kernel, given_ in ((("accumulate"), (values,)), ("bm25", (freqs, norms, inverse))):
        results = []
        for module in (native, plain):
            scores, matched = began.copy(), np.zeros(size, dtype=np.bool_)
            getattr(module, kernel)(asked, *given_, scores, matched)
            results.append((bits(scores), bits(matched)))
        assert results[0] == results[1], kernel


@settings(max_examples=1000, deadline=None)
@given(SEEDS, st.lists(st.integers(0, 3), max_size=200), st.booleans(), st.integers(-1, 200))
def test_the_same_documents_are_ranked(seed: int, counts: list[int], owned: bool, count: int) -> None:
    chosen = np.random.default_rng(seed)
    starts = np.cumsum([0, *counts]).astype(np.int32) if owned else np.arange(len(counts) + 1, dtype=np.int32)
    asked = lists(chosen, int(starts[-1]))
    values = chosen.normal(size=len(asked.docs)).astype(np.float32)
    freqs = chosen.integers(1, 50, size=len(asked.docs)).astype(np.int32)
    norms = chosen.integers(0, 256, size=starts[-1]).astype(np.uint8)
    inverse = chosen.random(256, dtype=np.float32)
    mask = chosen.random(len(counts)) < chosen.random()
    results = []
    for module in (native, plain):
        ranked = [module.rank(asked, values, starts if owned else None, mask, count)]
        if not owned:
            ranked.append(module.rank_bm25(asked, freqs, norms, inverse, mask, count))
        results.append([(docs.tolist(), bits(scores), total) for docs, scores, total in ranked])
    assert results[0] == results[1]


def test_long_lists_are_ranked_in_blocks_as_at_once() -> None:
    chosen = np.random.default_rng(5)
    starts = np.cumsum([0, *chosen.integers(0, 9, size=30_000), 20_000, 3]).astype(np.int32)
    asked = lists(chosen, int(starts[-1]))
    values = chosen.normal(size=len(asked.docs)).astype(np.float32)
    for mask in (np.ones(len(starts) - 1, dtype=np.bool_), chosen.random(len(starts) - 1) < 0.01):
        ours, theirs = (module.rank(asked, values, starts, mask, 1000) for module in (native, plain))
        assert ours.docs.tolist() == theirs.docs.tolist()
        assert (bits(ours.scores), ours.total) == (bits(theirs.scores), theirs.total)


@settings(max_examples=1000, deadline=None)
@given(SEEDS, st.integers(0, 500), st.integers(-1, 600), st.integers(1, 200))
def test_the_same_documents_are_best(seed: int, size: int, count: int, different: int) -> None:
    chosen = np.random.default_rng(seed)
    scores = (chosen.integers(0, different, size=size) - different // 2).astype(np.float32)
    scores[chosen.random(size) < 0.1] = -np.inf
    scores[chosen.random(size) < 0.1] = np.nan  # which is never among them
    mask = chosen.random(size) < chosen.random()
    found = native.top(scores, mask, count).tolist()
    ranked = sorted(np.flatnonzero(mask & ~np.isnan(scores)).tolist(), key=lambda doc: (-scores[doc], doc))
    assert found == plain.top(scores, mask, count).tolist() == ranked[: max(count, 0)]


@settings(max_examples=500, deadline=None)
@given(SEEDS, st.lists(st.integers(0, 4), max_size=60))
def test_the_best_row_of_each_document_is_the_same(seed: int, counts: list[int]) -> None:
    starts = np.cumsum([0, *counts]).astype(np.int32)
    scores = np.random.default_rng(seed).normal(size=starts[-1]).astype(np.float32)
    assert bits(native.best(scores, starts)) == bits(plain.best(scores, starts))


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(st.text(max_size=12) | st.sampled_from(["", "\0", "a", "a\0", "a" * 8, "a" * 9, "\ud800", "\uffff", "😀"]))
)
def test_the_same_strings_are_distinct(strings: list[str]) -> None:
    firsts, places = native.distinct(Strings.of(strings))
    expected = plain.distinct(Strings.of(strings))
    assert (firsts.tolist(), places.tolist()) == (expected[0].tolist(), expected[1].tolist())
    assert [strings[first] for first in firsts] == sorted(set(strings))
    assert [strings[firsts[place]] for place in places] == strings
