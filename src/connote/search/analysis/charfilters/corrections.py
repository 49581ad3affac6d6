"""A text in the making, with where its characters come from."""

from connote.search.analysis.component import Filtered


class Rewriting:
    """Collects what a char filter writes: pieces of the text as they are, and others in their place."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._corrections: list[tuple[int, int]] = []
        self._shift = 0

    def keep(self, piece: str) -> None:
        """Write a piece of the text as it is."""
        self._pieces.append(piece)
        self._length += len(piece)

    def replace(self, length: int, piece: str) -> None:
        """Write `piece` in the place of the next `length` characters.

        What follows a shorter piece is moved back; the characters by which a longer one exceeds all come from the last.
        """
        start = self._length
        self.keep(piece)
        if len(piece) < length:
            self._shift += length - len(piece)
            self._corrections.append((self._length, self._shift))
        for extra in range(length, len(piece)):
            self._shift -= 1
            self._corrections.append((start + extra, self._shift))

    def done(self) -> Filtered:
        """The text as it is written."""
        return Filtered("".join(self._pieces), self._corrections)
