"""Filters that say which tokens stemmers leave alone, and what others become."""

from collections.abc import Callable, Collection, Mapping

from connote.search.analysis.component import Multiplying, TermFilter
from connote.search.analysis.text import lower
from connote.search.analysis.token import Stream, Token, bounded


class KeywordMarker(TermFilter):
    """Marks words that no stemmer changes."""

    heeds_keywords = True

    def __init__(self, words: Collection[str], *, ignore_case: bool = False) -> None:
        self.words = frozenset(map(lower, words)) if ignore_case else frozenset(words)
        self.ignore_case = ignore_case

    def keep(self, token: Token) -> bool:
        """Mark the token."""
        token.keyword |= (lower(token.term) if self.ignore_case else token.term) in self.words
        return True


class KeywordPattern(TermFilter):
    """Marks terms that a pattern matches as a whole."""

    heeds_keywords = True

    def __init__(self, matches: Callable[[str], bool]) -> None:
        self.matches = matches

    def keep(self, token: Token) -> bool:
        """Mark the token."""
        token.keyword |= self.matches(token.term)
        return True


class KeywordRepeat(Multiplying):
    """Each token twice: as a keyword, and for the stemmer."""

    heeds_keywords = True

    def apply(self, stream: Stream) -> Stream:
        """Twice as many tokens."""
        stream.tokens = bounded(each for token in stream.tokens for each in _twice(token))
        return stream


def _twice(token: Token) -> tuple[Token, Token]:
    marked, plain = token.copy(), token.copy()
    marked.keyword, plain.keyword = True, False
    return marked, plain


class StemmerOverride(TermFilter):
    """Words become what the rules say, and are keywords then."""

    heeds_keywords = True

    def __init__(self, stems: Mapping[str, str]) -> None:
        self.stems = stems

    def keep(self, token: Token) -> bool:
        """Change and mark the token."""
        if not token.keyword and token.term in self.stems:
            token.term, token.keyword = self.stems[token.term], True
        return True
