"""Views of fields, as several threads look at them."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from connote.search.engine.arrays import Floats
from connote.search.engine.build import build
from connote.search.engine.codes import Codes
from connote.search.engine.row import Row
from connote.search.engine.segment import Segment


class Forgotten(dict[str, int]):
    """What another thread forgets in the very moment in which one has seen that it is there."""

    def __contains__(self, term: object) -> bool:
        is_here = super().__contains__(term)
        self.clear()
        return is_here


def test_terms_are_found_though_another_thread_forgets_them() -> None:
    view = Segment(dict(build([Row(id="1", seq=0, version=1, words={"tag": ["new", "old"]})]))).words("tag")
    assert view is not None
    view._found = Forgotten(new=0)
    assert view.find_all(["new", "old", "odd"]) == [0, 1, -1]


def test_documents_with_one_of_some_terms_in_a_row_are_found() -> None:
    rows = [Row(id=str(n), seq=n, version=1, words={"tag": [f"w{n % 7}", f"w{n % 5}"]}) for n in range(20)]
    view = Segment(dict(build(rows))).words("tag")
    assert view is not None
    for first in range(8):
        for last in range(8):
            ordinals = range(first, min(last, len(view.terms)))
            assert np.array_equal(view.having(ordinals, 20), view.having(list(ordinals), 20))


def test_of_several_threads_one_makes_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.ones((1, 2), dtype=np.float32)
    view = Segment(dict(build([Row(id="1", seq=0, version=1, dense={"look": vectors})]))).dense("look")
    assert view is not None
    threads, made, make = 4, list[Codes](), Codes.of

    def slowly(matrix: Floats, lengths: Floats) -> Codes:
        time.sleep(0.05)
        made.append(make(matrix, lengths))
        return made[-1]

    monkeypatch.setattr(Codes, "of", slowly)
    together = Barrier(threads)

    def look(_: int) -> Codes:
        together.wait()
        return view.codes

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(look, range(threads)))
    assert len(made) == 1
    assert all(each is made[0] for each in found)
