"""Columns of runtime fields, as several searches over one point in time may make them together."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from connote.search import columns
from search.query.small import Small

RUNTIME = {
    "twice": {"type": "long", "script": "emit(doc['n'].value * 2)"},
    "more": {"type": "long", "script": "emit(doc['twice'].value + 1)"},
}


def test_threads_may_make_the_same_column_at_once() -> None:
    small, threads = Small({"n": {"type": "long"}}, [{"n": n} for n in range(400)], segments=2), 8
    reader = columns.over(small.reader, small.reader.mapping.searched(RUNTIME))
    together = Barrier(threads)

    def made(_: int) -> list[list[int]]:
        together.wait()
        return [columns.shown(each, "more", 3) for each in reader.snapshot.segments]

    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(made, range(threads))) == [[[7], [407]]] * threads


def test_what_is_made_once_stays() -> None:
    small = Small({"n": {"type": "long"}}, [{"n": 1}])
    reader = columns.over(small.reader, small.reader.mapping.searched(RUNTIME))
    (segment,) = reader.snapshot.segments
    assert segment.numbers("twice") is segment.numbers("twice")
    assert segment.words("twice") is None
    assert small.segments[0].numbers("twice") is None


def test_all_other_fields_are_those_of_the_segment_itself() -> None:
    """So what a field remembers for searches is not made anew for each of them."""
    small = Small({"n": {"type": "long"}, "look": {"type": "dense_vector", "dims": 2}}, [{"n": 1, "look": [1, 2]}])
    (segment,) = columns.over(small.reader, small.reader.mapping.searched(RUNTIME)).snapshot.segments
    (again,) = columns.over(small.reader, small.reader.mapping.searched(RUNTIME)).snapshot.segments
    assert segment.dense("look") is again.dense("look") is small.segments[0].dense("look") is not None
    assert segment.numbers("twice") is not again.numbers("twice")
