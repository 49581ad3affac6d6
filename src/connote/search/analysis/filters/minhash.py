"""The smallest hashes of all terms, by which texts that are nearly the same are found (Lucene's MinHashFilter).

A. Broder, "On the resemblance and containment of documents", 1997. The hash is MurmurHash3's for 128 bits
(https://github.com/aappleby/smhasher/wiki/MurmurHash3).
"""

import struct
from bisect import bisect_left
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from connote.search.analysis.component import Multiplying
from connote.search.analysis.patience import patiently
from connote.search.analysis.token import Stream, Token

TYPE = "MIN_HASH"
_MASK = 2**64 - 1
_ONE, _TWO = 0x87C37B91114253D5, 0x4CF5AD432745937F
Hash = tuple[int, int]  # the upper half first, as they are ordered


class MinHash(Multiplying):
    """Of each of `hashes` functions, and each of `buckets` ranges of values, the `kept` smallest hashes of terms."""

    def __init__(self, hashes: int = 1, buckets: int = 512, kept: int = 1, *, rotates: bool = True) -> None:
        """`rotates`: whether an empty bucket has the hash of the next one that is not."""
        self.hashes, self.buckets, self.kept, self.rotates = hashes, buckets, kept, rotates
        self._size = -(-(2**32) // buckets)
        self._seeds = [murmur(struct.pack(">I", number)) for number in range(hashes)]

    def apply(self, stream: Stream) -> Stream:
        """The hashes as terms, all at one position."""
        if not stream.tokens:
            return stream
        stream.last -= stream.tokens[-1].position
        known = {token.term: murmur(token.term.encode("utf-16-le", "surrogatepass")) for token in stream.tokens}
        given = np.array([known[token.term] for token in stream.tokens], dtype=np.uint64)
        end = stream.tokens[-1].end
        functions = patiently(range(self.hashes), len(stream.tokens))
        found = [term for number in functions for term in self._terms(number, given)]
        stream.tokens = [Token(term, 0, end, 0, TYPE) for term in found]
        return stream

    def _terms(self, number: int, given: NDArray[np.uint64]) -> Iterator[str]:
        """The smallest hashes by one function, made of the first by multiplication as Lucene makes them."""
        made = given * np.uint64(37) + np.array(self._seeds[number], dtype=np.uint64)
        places = (made[:, 0] >> np.uint64(32)) // np.uint64(self._size)
        buckets: dict[int, list[Hash]] = {}
        if self.kept == 1:
            order = np.lexsort((made[:, 1], made[:, 0], places))
            full, first = np.unique(places[order], return_index=True)
            smallest = made[order[first]].tolist()
            buckets = {bucket: [(high, low)] for bucket, (high, low) in zip(full.tolist(), smallest, strict=True)}
        else:
            for bucket, (high, low) in zip(places.tolist(), made.tolist(), strict=True):
                self._keep((high, low), buckets.setdefault(bucket, []))
        for bucket in self._rotated(sorted(buckets)):
            for each in buckets[bucket]:
                yield self._written(number, each)

    def _keep(self, made: Hash, bucket: list[Hash]) -> None:
        """Put a hash among the smallest. A greater one makes room even for one that is there, as in Lucene."""
        if len(bucket) >= self.kept:
            if made >= bucket[-1]:
                return
            del bucket[-1]
        at = bisect_left(bucket, made)
        if bucket[at : at + 1] != [made]:
            bucket.insert(at, made)

    def _rotated(self, full: list[int]) -> Iterator[int]:
        """The buckets of hashes; if it rotates, for every bucket the next that is not empty."""
        if not (self.rotates and self.kept == 1):
            yield from full
            return
        before = -1
        for bucket in full:
            yield from [bucket] * (bucket - before)
            before = bucket
        yield from [full[0]] * (self.buckets - 1 - before)

    def _written(self, number: int, found: Hash) -> str:
        """Code units of UTF-16, as Lucene writes them: the half of the function's number, then the hash."""
        units = struct.pack(">QQ", *found)
        if self.hashes > 1:
            units = struct.pack(">I", number) + units[:12]
        return units.decode("utf-16-be", "replace")


def murmur(data: bytes) -> Hash:
    """MurmurHash3 x64 128 with seed 0."""
    one = two = 0
    blocks, rest = divmod(len(data), 16)
    for left, right in struct.iter_unpack("<QQ", data[: blocks * 16]):
        one = (_turned(one ^ _first(left), 27) + two) & _MASK
        one = (one * 5 + 0x52DCE729) & _MASK
        two = (_turned(two ^ _second(right), 31) + one) & _MASK
        two = (two * 5 + 0x38495AB5) & _MASK
    left, right = struct.unpack("<QQ", data[blocks * 16 :].ljust(16, b"\0"))
    if rest:
        one, two = one ^ _first(left), two ^ _second(right)
    return _finished(one ^ len(data), two ^ len(data))


def _finished(one: int, two: int) -> Hash:
    one = (one + two) & _MASK
    two = (two + one) & _MASK
    one, two = _mixed(one), _mixed(two)
    one = (one + two) & _MASK
    return (two + one) & _MASK, one


def _first(value: int) -> int:
    return _turned(value * _ONE & _MASK, 31) * _TWO & _MASK


def _second(value: int) -> int:
    return _turned(value * _TWO & _MASK, 33) * _ONE & _MASK


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK


def _mixed(value: int) -> int:
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ value >> 33
