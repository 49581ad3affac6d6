"""What was used last, in memory."""

from collections import OrderedDict
from collections.abc import Mapping

# Bytes that an entry takes beside its value: its key, two object headers, its place in the dictionary.
OVERHEAD = 240


class Memory:
    """Values by key in at most `limit` bytes; the longest unused go first."""

    def __init__(self, limit: int) -> None:
        self.limit, self.bytes = limit, 0
        self._values: OrderedDict[bytes, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: bytes) -> bytes | None:
        """The value, which now is the one used last; None if it is not here."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep the values; others have to go to stay in the limit."""
        for key, value in values.items():
            before = self._values.pop(key, None)
            self.bytes += len(value) - len(before) if before is not None else len(value) + OVERHEAD
            self._values[key] = value
        while self.bytes > self.limit:
            _, dropped = self._values.popitem(last=False)
            self.bytes -= len(dropped) + OVERHEAD

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self.bytes = 0
