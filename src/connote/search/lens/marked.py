"""A text whose words can be pointed at."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from connote.chunking.words import Text, to_utf16

# Of a token that stands everywhere no more places are told.
MOST_PLACES = 100
Span = dict[str, Any]


class Marked:
    """Places are told as `_inference_fields` tells them: in UTF-16 code units, from the text's beginning."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._places = to_utf16(text)
        self._words = Text(text).words() if text else []

    def span(self, start: int, end: int) -> Span:
        """The part [start, end), in code points of the text."""
        last = len(self.text)
        start, end = min(start, last), min(end, last)
        offsets = {"start_offset": int(self._places[start]), "end_offset": int(self._places[end])}
        return {**offsets, "text": self.text[start:end]}

    def words(self, places: Iterable[tuple[int, int]]) -> list[Span]:
        """The words in which these parts begin, each once; a part outside of any word stands for itself."""
        found = dict.fromkeys(self._word(*place) for place in places)
        return [self.span(*place) for place in list(found)[:MOST_PLACES]]

    def _word(self, start: int, end: int) -> tuple[int, int]:
        at = bisect_right(self._words, start, key=lambda word: word[0]) - 1
        return self._words[at] if at >= 0 and start < self._words[at][1] else (start, end)
