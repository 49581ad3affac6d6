"""English: the possessive."""

from connote.search.analysis.component import TermFilter
from connote.search.analysis.token import Token

_APOSTROPHES = "'\u2019\uff07"


class PossessiveEnglish(TermFilter):
    """Takes 's off the end."""

    def keep(self, token: Token) -> bool:
        """Change the term."""
        term = token.term
        if len(term) >= 2 and term[-1] in "sS" and term[-2] in _APOSTROPHES:
            token.term = term[:-2]
        return True
