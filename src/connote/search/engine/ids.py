"""The ids of documents, and a hash index over them."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from connote.search.engine.arrays import Arrays, Ints, Stream
from connote.search.engine.strings import Strings, encode

Hashes = NDArray[np.uint64]


def hashes(ids: Iterable[str]) -> Hashes:
    """64 bits for each id, the same in every process."""
    digests = b"".join(blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest() for id in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def build(ids: Sequence[str]) -> Stream:
    """The arrays of `Ids`."""
    data, starts = encode(ids)
    yield ("ids", "data"), data
    yield ("ids", "starts"), starts
    yield from index(hashes(ids))


def index(hashed: Hashes) -> Stream:
    """The arrays of the hash index: hashes rising, and whose they are."""
    order = np.argsort(hashed, kind="stable").astype(np.int32)
    yield ("ids", "hashes"), hashed[order]
    yield ("ids", "order"), order


class Ids(Sequence[str]):
    """The id of each document, and the document of each id."""

    def __init__(self, arrays: Arrays) -> None:
        self.strings = Strings(arrays["data",], arrays["starts",])
        self.hashes: Hashes = arrays["hashes",]
        self.order: Ints = arrays["order",]

    def __len__(self) -> int:
        return len(self.strings)

    def __getitem__(self, document: int) -> str:  # type: ignore[override]  # slices are of no use here
        return self.strings[document]

    def __iter__(self) -> Iterator[str]:
        return iter(self.strings)

    def hashed(self) -> Hashes:
        """The hash of each document's id."""
        result = np.empty_like(self.hashes)
        result[self.order] = self.hashes
        return result

    def find(self, ids: Sequence[str], hashed: Hashes | None = None) -> Ints:
        """int32 [ids]: the document of each id, or -1. `hashed` are their hashes, if they are at hand."""
        wanted = hashes(ids) if hashed is None else hashed
        found = np.full(len(ids), -1, dtype=np.int32)
        begins = np.searchsorted(self.hashes, wanted, side="left")
        ends = np.searchsorted(self.hashes, wanted, side="right")
        for number in np.flatnonzero(begins < ends).tolist():  # nearly always one; ids of one hash are told apart here
            for document in self.order[begins[number] : ends[number]].tolist():
                if self.strings[document] == ids[number]:
                    found[number] = document
        return found
