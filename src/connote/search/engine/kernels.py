"""The hot loops: in C++ if connote-native is installed, otherwise in numpy, with the same results to the last bit.

Arrays are contiguous and of the types that the signatures say. What each does stands in `plain`.
"""

from connote.search.engine import native, plain

_native = is_native = native.library() is not None

accumulate = native.accumulate if _native else plain.accumulate
bm25 = native.bm25 if _native else plain.bm25
rank = native.rank if _native else plain.rank
rank_bm25 = native.rank_bm25 if _native else plain.rank_bm25
best = native.best if _native else plain.best
near = native.near if _native else plain.near
top = native.top if _native else plain.top
distinct = native.distinct if _native else plain.distinct
