"""Filters that drop tokens."""

from collections.abc import Collection

from connote.search.analysis.component import TermFilter
from connote.search.analysis.text import lower
from connote.search.analysis.token import Token


class Stop(TermFilter):
    """Drops words; those after them keep their positions."""

    def __init__(self, words: Collection[str], *, ignore_case: bool = False) -> None:
        self.words = frozenset(map(lower, words)) if ignore_case else frozenset(words)
        self.ignore_case = ignore_case

    def keep(self, token: Token) -> bool:
        """Whether it is none of the words."""
        return (lower(token.term) if self.ignore_case else token.term) not in self.words
