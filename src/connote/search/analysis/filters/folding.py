"""Other forms of a character become its plain one."""

import unicodedata
from functools import cache
from importlib.resources import files

import regex

from connote.search.analysis.component import TermFilter, TokenFilter
from connote.search.analysis.token import Stream, Token


class AsciiFolding(TokenFilter):
    """Letters, digits and signs of other blocks become ASCII where there is something like them."""

    normalizes = True

    def in_rules(self) -> TokenFilter:
        """The same, without the original."""
        return AsciiFoldingAlone()

    def apply(self, stream: Stream) -> Stream:
        """Each token folded, and the original after it."""
        tokens = []
        for token in stream.tokens:
            folded = fold(token.term)
            tokens += [token] if folded == token.term else [token.become(folded), token]
        stream.tokens = tokens
        return stream


class AsciiFoldingAlone(TermFilter):
    """The same, without the original."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        token.term = fold(token.term)
        return True


class DecimalDigit(TermFilter):
    """Digits of all scripts become those of ASCII."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        if not token.term.isascii():
            token.term = "".join([str(unicodedata.decimal(letter, letter)) for letter in token.term])
        return True


class CjkWidth(TermFilter):
    """Full-width ASCII becomes ASCII, and half-width katakana full katakana."""

    normalizes = True

    def keep(self, token: Token) -> bool:
        """Change the term."""
        if not token.term.isascii():
            token.term = _OTHER_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), token.term)
        return True


_OTHER_WIDTH = regex.compile("[\uff01-\uff5e]+|[\uff65-\uff9d]+[\uff9e\uff9f]?|[\uff9e\uff9f]")


def fold(text: str) -> str:
    """A text in ASCII, as far as Lucene's table goes."""
    return text if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, str]:
    lines = files("connote.search.analysis").joinpath("data", "folding.txt").read_text(encoding="utf-8").split("\n")
    pairs = (line.split(" ", 1) for line in lines if line)
    return {ord(letter): plain for plain, letters in pairs for letter in letters}
