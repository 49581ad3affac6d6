"""Upper and lower case."""

from connote.search.analysis.component import TermFilter
from connote.search.analysis.text import lower, upper
from connote.search.analysis.token import Token


class Lowercase(TermFilter):
    """Lower case."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        token.term = lower(token.term)
        return True


class Uppercase(TermFilter):
    """Upper case."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        token.term = upper(token.term)
        return True
