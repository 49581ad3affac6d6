"""The kernels in C++, from `connote-native` (native/src/index.cpp), if it is installed. They run without the GIL."""

import ctypes
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from connote.search.engine.arrays import Bytes, Floats, Ints, Lists, Mask, Ranked
from connote.search.engine.codes import Asked, Codes
from connote.search.engine.strings import Strings

_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int64
# Counts the forms that the functions have had, as index.cpp does: with another's arguments they would crash.
_FORM = 3
_SIGNATURES = {
    "accumulate": (None, *[_POINTER] * 4),
    "bm25": (None, *[_POINTER] * 6),
    "rank": (_COUNT, *[_POINTER] * 2, _COUNT, *[_POINTER] * 2, _COUNT, *[_POINTER] * 3),
    "rank_bm25": (_COUNT, *[_POINTER] * 4, _COUNT, _POINTER, _COUNT, *[_POINTER] * 3),
    "best": (None, _COUNT, *[_POINTER] * 3),
    "near": (_COUNT, *[_POINTER] * 2, _COUNT, *[_POINTER] * 2, _COUNT, _POINTER),
    "top": (_COUNT, _COUNT, _POINTER, _POINTER, _COUNT, _POINTER),
    "distinct": (_COUNT, _COUNT, *[_POINTER] * 4),
}


class _Lists(ctypes.Structure):
    _fields_ = (("terms", _COUNT), *((name, _POINTER) for name in ("starts", "ends", "weights", "docs")))


class _Codes(ctypes.Structure):
    _fields_ = (
        ("rows", _COUNT),
        ("dimensions", _COUNT),
        *((name, _POINTER) for name in ("values", "scales", "errors", "lengths")),
    )


class _Asked(ctypes.Structure):
    _fields_ = (
        ("codes", _POINTER),
        *((name, ctypes.c_double) for name in ("step", "per_error", "per_length", "least", "length", "room")),
        ("similarity", _COUNT),
    )


_SIMILARITIES = ("dot", "cosine", "l2")


@cache
def library() -> ctypes.CDLL | None:
    """The library, or None if it is not there."""
    spec = importlib.util.find_spec("connote_native")
    if spec is None or spec.origin is None:
        return None
    try:
        loaded = ctypes.CDLL(str(Path(spec.origin).with_name("index.so")))
        if loaded.connote_index_form() != _FORM:
            return None
        for name, (result, *arguments) in _SIGNATURES.items():
            function = getattr(loaded, f"connote_{name}")
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError):  # an older version of it
        return None
    return loaded


def accumulate(lists: Lists, values: Floats, scores: Floats, matched: Mask) -> None:
    """As `plain.accumulate`."""
    _loaded().connote_accumulate(_passed(lists), *map(_address, (values, scores, matched)))


def bm25(lists: Lists, freqs: Ints, norms: Bytes, inverse: Floats, scores: Floats, matched: Mask) -> None:
    """As `plain.bm25`."""
    _loaded().connote_bm25(_passed(lists), *map(_address, (freqs, norms, inverse, scores, matched)))


def rank(lists: Lists, values: Floats, owners: Ints | None, mask: Mask, count: int) -> Ranked:
    """As `plain.rank`."""
    found = _Found(mask, count)
    starts = None if owners is None else _address(owners)
    return found.ranked(
        _loaded().connote_rank(_passed(lists), _address(values), len(mask), starts, _address(mask), *found.arguments)
    )


def rank_bm25(lists: Lists, freqs: Ints, norms: Bytes, inverse: Floats, mask: Mask, count: int) -> Ranked:
    """As `plain.rank_bm25`."""
    found = _Found(mask, count)
    arrays = map(_address, (freqs, norms, inverse))
    return found.ranked(
        _loaded().connote_rank_bm25(_passed(lists), *arrays, len(mask), _address(mask), *found.arguments)
    )


class _Found:
    """Room for what is found."""

    def __init__(self, mask: Mask, count: int) -> None:
        # Room for one, at least: a ranking for none still counts all.
        self._count = max(count, 0)
        room = min(max(count, 1), max(len(mask), 1))
        self._docs, self._scores = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.float32)
        self._total = ctypes.c_int64()
        self.arguments = (room, _address(self._docs), _address(self._scores), ctypes.byref(self._total))

    def ranked(self, number: int) -> Ranked:
        kept = slice(min(_enough(number), self._count))
        return Ranked(self._docs[kept], self._scores[kept], self._total.value)


def best(scores: Floats, starts: Ints) -> Floats:
    """As `plain.best`."""
    scores, result = np.ascontiguousarray(scores, dtype=np.float32), np.empty(len(starts) - 1, dtype=np.float32)
    if len(scores) != starts[-1]:
        raise ValueError(f"{len(scores)} scores for {starts[-1]} rows")
    _loaded().connote_best(len(result), *map(_address, (starts, scores, result)))
    return result


def near(codes: Codes, asked: Asked, owners: Ints | None, mask: Mask, count: int) -> Ints:
    """As `plain.near`."""
    if codes.values.shape[1] != len(asked.codes):
        raise ValueError(f"{len(asked.codes)} numbers for {codes.values.shape[1]} dimensions")
    found = np.empty(len(mask), dtype=np.int32)
    *numbers, similarity = asked[1:]
    rows = _Codes(*codes.values.shape, *map(_address, codes))
    query = _Asked(_address(asked.codes), *numbers, _SIMILARITIES.index(similarity))
    starts = None if owners is None else _address(owners)
    arguments = ctypes.byref(rows), ctypes.byref(query), len(mask), starts, _address(mask), count, _address(found)
    return found[: _enough(_loaded().connote_near(*arguments))]


def top(scores: Floats, mask: Mask, count: int) -> Ints:
    """As `plain.top`."""
    scores, mask = np.ascontiguousarray(scores, dtype=np.float32), np.ascontiguousarray(mask, dtype=np.bool_)
    if len(scores) != len(mask):
        raise ValueError(f"{len(scores)} scores for {len(mask)} documents")
    found = np.empty(min(max(count, 0), len(mask)), dtype=np.int32)
    if not len(found):
        return found
    number = _loaded().connote_top(len(mask), _address(scores), _address(mask), len(found), _address(found))
    return found[: _enough(number)]


def distinct(strings: Strings) -> tuple[Ints, Ints]:
    """As `plain.distinct`."""
    firsts, places = np.empty(len(strings), dtype=np.int32), np.empty(len(strings), dtype=np.int32)
    arrays = (strings.starts, strings.data, firsts, places)
    number = _loaded().connote_distinct(len(strings), *map(_address, arrays))
    return firsts[: _enough(number)], places


def _loaded() -> ctypes.CDLL:
    loaded = library()
    assert loaded is not None  # noqa: S101  # kernels.py looks before it chooses
    return loaded


def _passed(lists: Lists) -> Any:  # noqa: ANN401  # a reference, which ctypes has no type for
    addresses = map(_address, (lists.starts, lists.ends, lists.weights, lists.docs))
    return ctypes.byref(_Lists(len(lists.weights), *addresses))


def _address(array: Any) -> int:  # noqa: ANN401  # `map` would not take a narrower one
    return int(array.__array_interface__["data"][0])  # faster than array.ctypes


def _enough(number: int) -> int:
    if number < 0:
        raise MemoryError
    return number
