"""What is surely not in the cache's file, known without reading it."""

from collections.abc import Iterable

# One bit for so many bytes of the file. At 1 KB a value, 1.6 % of the absent keys are taken for present ones.
_BYTES_A_BIT = 16
# 64 MB: a file of more than 8 GB is read in vain a little more often.
_MOST_BITS = 1 << 29


class Presence:
    """A Bloom filter of one hash: keys are uniformly distributed, so their first bytes are one."""

    def __init__(self, limit: int, keys: Iterable[bytes] = ()) -> None:
        self._size = min(max(limit // _BYTES_A_BIT, 4096), _MOST_BITS)
        self._bits = bytearray(self._size // 8 + 1)
        for key in keys:
            self.add(key)

    def add(self, key: bytes) -> None:
        """The key is in the file."""
        bit = int.from_bytes(key[:8]) % self._size
        self._bits[bit >> 3] |= 1 << (bit & 7)

    def __contains__(self, key: bytes) -> bool:
        """Whether the key may be in the file."""
        bit = int.from_bytes(key[:8]) % self._size
        return bool(self._bits[bit >> 3] >> (bit & 7) & 1)
