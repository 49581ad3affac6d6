"""Tokenizers that a user's expression drives."""

from collections.abc import Iterator

from connote.search.analysis.component import Tokenizer
from connote.search.analysis.pattern import Pattern
from connote.search.analysis.token import Token


class PatternTokenizer(Tokenizer):
    """What stands between matches, or, with a `group`, what that group matches. No token is empty."""

    def __init__(self, pattern: Pattern, group: int = -1) -> None:
        self.pattern, self.group = pattern, group

    def tokens(self, text: str) -> list[Token]:
        """Tokens of type `word`."""
        spans = self._between(text) if self.group < 0 else self._of_group(text)
        kept = [(start, end) for start, end in spans if start < end]
        return [Token(text[start:end], start, end, position) for position, (start, end) in enumerate(kept)]

    def _of_group(self, text: str) -> Iterator[tuple[int, int]]:
        for match in self.pattern.finditer(text):
            yield match.span(self.group)

    def _between(self, text: str) -> Iterator[tuple[int, int]]:
        last = 0
        for match in self.pattern.finditer(text):
            yield last, match.start()
            last = match.end()
        yield last, len(text)
