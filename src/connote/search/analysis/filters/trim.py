"""Filters that shorten, turn or measure a term."""

from collections.abc import Collection

from connote.search.analysis.component import TermFilter
from connote.search.analysis.text import lower, utf16_length
from connote.search.analysis.token import Token
from connote.search.analysis.tokenizers.simple import is_whitespace


class Trim(TermFilter):
    """Without the white space around it."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        term, start, end = token.term, 0, len(token.term)
        while start < end and is_whitespace(term[start]):
            start += 1
        while end > start and is_whitespace(term[end - 1]):
            end -= 1
        token.term = term[start:end]
        return True


class Truncate(TermFilter):
    """At most so many characters."""

    def __init__(self, length: int) -> None:
        self.length = length

    def keep(self, token: Token) -> bool:
        """Change the term."""
        if not token.keyword:
            token.term = token.term[: self.length]
        return True


class Reverse(TermFilter):
    """From the last character to the first."""

    def keep(self, token: Token) -> bool:
        """Change the term."""
        token.term = token.term[::-1]
        return True


class Length(TermFilter):
    """Drops terms that are shorter or longer, in UTF-16 code units."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def keep(self, token: Token) -> bool:
        """Whether it is within the bounds."""
        return self.least <= utf16_length(token.term) <= self.most


class Apostrophe(TermFilter):
    """Without the first apostrophe and what follows it, as in Turkish."""

    def keep(self, token: Token) -> bool:
        """Change the term."""
        token.term = token.term.replace("\u2019", "'").split("'", 1)[0] if _has_apostrophe(token.term) else token.term
        return True


class Elision(TermFilter):
    """Without an article that ends in an apostrophe: l'avion."""

    normalizes = True

    def __init__(self, articles: Collection[str], *, ignore_case: bool = False) -> None:
        self.articles = frozenset(map(lower, articles)) if ignore_case else frozenset(articles)
        self.ignore_case = ignore_case

    def keep(self, token: Token) -> bool:
        """Change the term."""
        at = min((at for at in map(token.term.find, "'\u2019") if at >= 0), default=-1)
        article = token.term[: max(at, 0)]
        if at >= 0 and (lower(article) if self.ignore_case else article) in self.articles:
            token.term = token.term[at + 1 :]
        return True


def _has_apostrophe(term: str) -> bool:
    return "'" in term or "\u2019" in term
