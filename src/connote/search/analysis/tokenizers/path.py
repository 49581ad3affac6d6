"""Paths, and each of the paths above."""

from itertools import accumulate

from connote.search.analysis.component import Tokenizer
from connote.search.analysis.token import Token, bounded


class PathTokenizer(Tokenizer):
    """`/a/b` gives `/a` and `/a/b`; in `reverse`, `a.b` gives `a.b` and `b`. All stand at one position."""

    consecutive = False

    def __init__(
        self, delimiter: str = "/", replacement: str | None = None, *, skip: int = 0, reverse: bool = False
    ) -> None:
        self.delimiter, self.replacement = delimiter, delimiter if replacement is None else replacement
        self.skip, self.reverse = skip, reverse

    def tokens(self, text: str) -> list[Token]:
        """Tokens of type `word`."""
        spans = self._upwards(text) if self.reverse else self._downwards(text)
        return bounded(Token(self._written(text, start, end), start, end, 0) for start, end in spans if start < end)

    def _written(self, text: str, start: int, end: int) -> str:
        return text[start:end].replace(self.delimiter, self.replacement)

    def _downwards(self, text: str) -> list[tuple[int, int]]:
        parts = text.split(self.delimiter)
        ends = list(accumulate(parts, lambda at, part: at + 1 + len(part), initial=-1))[1:]
        if text.startswith(self.delimiter):
            ends, parts = ends[1:], parts[1:]
        start = (ends[self.skip - 1] if self.skip <= len(ends) else len(text)) if self.skip else 0
        return [(start, end) for end in ends[self.skip :]]

    def _upwards(self, text: str) -> list[tuple[int, int]]:
        starts = [0, *(at + 1 for at, character in enumerate(text) if character == self.delimiter)]
        trailing = text.endswith(self.delimiter)
        starts = starts[:-1] if trailing else starts
        end = len(text) if not self.skip else (starts[-self.skip] if self.skip <= len(starts) else 0)
        return [(start, end) for start in (starts[: -self.skip] if self.skip else starts)]
