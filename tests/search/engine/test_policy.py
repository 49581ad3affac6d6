"""However segments come, few are left, and nothing is written often."""

from math import log10
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connote.search.engine import policy


def segment(documents: int, deleted: int = 0) -> Any:  # noqa: ANN401  # what the policy looks at
    return SimpleNamespace(documents=documents, size=documents + deleted, bytes=documents * 1000)


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=400))
def test_few_segments_are_left_and_each_document_is_written_a_few_times(sizes: list[int]) -> None:
    segments, written = [], 0
    for size in sizes:
        segments.append(segment(size))
        while span := policy.choose(segments):
            begin, end = span
            assert end - begin == policy.FACTOR
            merged = sum(one.documents for one in segments[begin:end])
            written += merged
            segments[begin:end] = [segment(merged)]
    levels = int(log10(max(sum(sizes), policy.FLOOR) / policy.FLOOR)) + 1
    assert len(segments) < policy.FACTOR * (levels + 1)
    assert written <= sum(sizes) * (levels + 1) + policy.FLOOR * len(sizes)


def test_what_is_mostly_deleted_is_written_again_and_the_largest_are_left_alone() -> None:
    assert policy.choose([segment(50, 10), segment(50, 30)]) == (1, 2)
    huge = [segment(policy.LARGEST // 5000) for _ in range(policy.FACTOR)]
    assert policy.choose(huge) is None
    assert policy.choose([]) is None
