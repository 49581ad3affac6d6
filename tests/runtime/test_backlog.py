"""The backlog: every item is computed once, no batch is larger than its budget, and nothing waits for ever."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.runtime.backlog import TURNS, Backlog
from connote.runtime.job import Item, Job
from connote.runtime.tokenizer import Encoded

BUDGET = 64


def item(tokens: int, *, is_urgent: bool = False) -> Item:
    ids = np.zeros(tokens, dtype=np.int64)
    return Item(Encoded(ids, ids, tokens), is_urgent, [(Job(1), 0)])


def cost(batch: list[Item], *, pads: bool) -> int:
    lengths = [one.tokens for one in batch]
    return max(lengths) * len(lengths) if pads else sum(lengths)


@given(st.lists(st.tuples(st.integers(1, 100), st.booleans(), st.booleans())), st.booleans())
def test_every_wanted_item_is_in_one_batch_within_the_budget(
    arrivals: list[tuple[int, bool, bool]], pads: bool
) -> None:
    backlog, wanted = Backlog(budget=BUDGET, pads=pads), []
    for tokens, is_urgent, has_left in arrivals:
        added = item(tokens, is_urgent=is_urgent)
        backlog.add(added)
        if has_left:
            added.waiting[0][0].done.cancel()
        else:
            wanted.append(added)
    seen: list[Item] = []
    while batch := backlog.take():
        assert len(batch) == 1 or cost(batch, pads=pads) <= BUDGET
        assert len({one.is_urgent for one in batch}) == 1
        seen += batch
    assert sorted(map(id, seen)) == sorted(map(id, wanted))
    assert (backlog.items, backlog.tokens) == (0, 0)


@given(st.lists(st.integers(1, 100), min_size=1), st.booleans())
def test_the_oldest_is_always_in_the_next_batch(lengths: list[int], pads: bool) -> None:
    backlog = Backlog(budget=BUDGET, pads=pads)
    left = [item(tokens) for tokens in lengths]
    for one in left:
        backlog.add(one)
    while left:
        batch = backlog.take()
        assert batch[0] is left[0]
        left = [one for one in left if one not in batch]


def test_where_padding_counts_a_batch_is_of_like_lengths() -> None:
    backlog = Backlog(budget=BUDGET, pads=True)
    items = [item(tokens) for tokens in (10, 60, 11, 9, 50, 12)]
    for one in items:
        backlog.add(one)
    assert [one.tokens for one in backlog.take()] == [10, 11, 9, 12]
    assert [one.tokens for one in backlog.take()] == [60]


@pytest.mark.parametrize("pads", [True, False])
def test_neither_line_starves(pads: bool) -> None:
    backlog = Backlog(budget=1, pads=pads)
    for _ in range(20):
        backlog.add(item(1, is_urgent=True))
        backlog.add(item(1))
    kinds = [backlog.take()[0].is_urgent for _ in range(20)]
    assert kinds.count(False) == 20 // TURNS
