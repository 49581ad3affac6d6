"""Upper and lower case."""

from collections.abc import Mapping

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


class GreekLowercase(TermFilter):
    """Lower case without Greek accents, and with one sigma."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        token.term = lower(token.term.translate(_GREEK))
        return True


_GREEK = str.maketrans("άΆέΈήΉίΊϊΪΐόΌύΎϋΫΰώΏς", "ααεεηηιιιιιοουυυυυωωσ")


class IrishLowercase(TermFilter):
    """Lower case, with a hyphen where n or t stands before a capital vowel."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        term = token.term
        if len(term) > 1 and term[0] in "nt" and term[1] in "AEIOUÁÉÍÓÚ":
            term = f"{term[0]}-{term[1:]}"
        token.term = lower(term)
        return True


class TurkishLowercase(TermFilter):
    """Lower case, where I is the capital of the dotless one."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        token.term = lower(token.term.replace("I\u0307", "i").replace("\u0130", "i").replace("I", "\u0131"))
        return True


LANGUAGES: Mapping[str, type[TermFilter]] = {
    "greek": GreekLowercase,
    "irish": IrishLowercase,
    "turkish": TurkishLowercase,
}
