"""Completions are told from the heaviest on: the first are those that one gets by looking at all."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from connote.search.engine.fields import Words
from connote.search.fetch.source import SourceFilter
from connote.search.suggest import Suggest
from connote.search.suggest.heaviest import Heaviest
from search.query.small import Small

KINDS = [{"name": "kind", "type": "category"}]
PLAIN, BELONGING = {"s": {"type": "completion"}}, {"s": {"type": "completion", "contexts": KINDS}}
INPUTS = some.lists(some.sampled_from(["a", "ab", "abc", "A", "ac", "b"]), min_size=1, max_size=2, unique=True)
WEIGHTS = some.integers(0, 3)


def options(small: Small, size: int, **own: Any) -> list[tuple[str, str, float]]:  # noqa: ANN401
    completion = {"field": "s", "size": size, **own}
    asked = Suggest.parse({"mine": {"prefix": "a", "completion": completion}})
    (entry,) = asked.entries([small.reader], SourceFilter())["mine"]
    return [(each["_id"], each["text"], float(each["_score"])) for each in entry["options"]]


@given(some.lists(some.tuples(INPUTS, WEIGHTS), max_size=14), some.booleans(), some.integers(1, 3))
def test_few_are_the_first_of_all(given: list[tuple[list[str], int]], is_distinct: bool, segments: int) -> None:
    documents = [{"s": {"input": inputs, "weight": weight}} for inputs, weight in given]
    small = Small(PLAIN, documents, segments=segments, deleted={0, 5} & set(range(len(documents))))
    every = options(small, 10_000, skip_duplicates=is_distinct)
    for size in (1, 2, 5):
        assert options(small, size, skip_duplicates=is_distinct) == every[:size]


KIND = some.lists(some.sampled_from(["x", "y"]), min_size=1, max_size=2, unique=True)
ASKED = some.dictionaries(some.sampled_from(["x", "y"]), some.integers(1, 3), min_size=1)


@given(some.lists(some.tuples(INPUTS, WEIGHTS, KIND), max_size=14), ASKED, some.booleans(), some.integers(1, 3))
@settings(max_examples=200)
def test_few_of_a_context_are_the_first_of_all(
    given: list[tuple[list[str], int, list[str]]], asked: dict[str, int], is_distinct: bool, segments: int
) -> None:  # fmt: skip
    documents = [
        {"s": {"input": inputs, "weight": weight, "contexts": {"kind": kind}}} for inputs, weight, kind in given
    ]
    small = Small(BELONGING, documents, segments=segments)
    contexts = {"kind": [{"context": kind, "boost": boost} for kind, boost in asked.items()]}
    every = options(small, 10_000, skip_duplicates=is_distinct, contexts=contexts)
    for size in (1, 2, 5):
        assert options(small, size, skip_duplicates=is_distinct, contexts=contexts) == every[:size]


def test_many_come_in_their_order() -> None:
    weights = np.random.default_rng(3).integers(0, 50, 3000).tolist()
    documents = [{"s": {"input": f"a{n:04}", "weight": weight}} for n, weight in enumerate(weights)]
    small = Small({"s": {"type": "completion", "analyzer": "standard"}}, documents)
    words = small.reader.snapshot.segments[0].words("s")
    assert words is not None
    ordinals = words.terms.prefixed("a1")
    found = list(Heaviest.of(words).ordered(ordinals))
    wanted = sorted(ordinals, key=lambda at: (-weights[at], at))
    assert found == wanted
    assert len(found) == 1000
    assert Heaviest.of(words) is Heaviest.of(words)


def test_not_all_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Small(PLAIN, [{"s": {"input": f"a{n:04}", "weight": n}} for n in range(2000)])
    options(small, 5)
    read = list[int]()
    monkeypatch.setattr(Words, "span", _counted(Words.span, read))
    assert [text for _, text, _ in options(small, 5)] == ["a1999", "a1998", "a1997", "a1996", "a1995"]
    assert len(read) == 5


def _counted(method: Any, calls: list[int]) -> Any:  # noqa: ANN401
    def call(self: Words, ordinal: int) -> slice:
        calls.append(ordinal)
        found: slice = method(self, ordinal)
        return found

    return call


def test_a_field_that_is_gone_is_forgotten() -> None:
    small = Small(PLAIN, [{"s": "a"}])
    words = small.reader.snapshot.segments[0].words("s")
    assert words is not None
    made = weakref.ref(Heaviest.of(words).ranks)
    del words, small
    gc.collect()
    assert made() is None
