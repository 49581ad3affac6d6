"""Tokenizers that cut between characters of some kinds."""

import re
from collections.abc import Callable

import regex

from connote.search.analysis.component import Tokenizer
from connote.search.analysis.text import lower
from connote.search.analysis.token import Token

MAX_TOKEN_LENGTH = 255


class KeywordTokenizer(Tokenizer):
    """The whole text as one token, even if it is empty."""

    def tokens(self, text: str) -> list[Token]:
        """One token."""
        return [Token(text, 0, len(text), 0)]


class CharTokenizer(Tokenizer):
    """Runs of characters that belong to a token, cut at `max_token_length`."""

    def __init__(self, belongs: Callable[[str], bool], max_token_length: int = MAX_TOKEN_LENGTH) -> None:
        self.belongs, self.max_token_length = belongs, max_token_length

    def tokens(self, text: str) -> list[Token]:
        """The runs, of type `word`."""
        found: list[Token] = []
        start: int | None = None
        for at, character in enumerate(text):
            if not self.belongs(character):
                start = None
            elif start is None or at - start >= self.max_token_length:
                start = at
                found.append(Token(character, at, at + 1, len(found)))
            else:
                found[-1].end = at + 1
        for token in found:
            token.term = text[token.start : token.end]
        return found


class WhitespaceTokenizer(CharTokenizer):
    """What stands between white space, as Java sees it: no-break spaces are none."""

    def __init__(self, max_token_length: int = MAX_TOKEN_LENGTH) -> None:
        super().__init__(lambda character: not is_whitespace(character), max_token_length)

    def terms(self, text: str) -> list[str]:
        """Terms alone."""
        terms: list[str] = _BETWEEN_WHITESPACE.findall(text)
        return terms if longest(terms) <= self.max_token_length else super().terms(text)


class LetterTokenizer(CharTokenizer):
    """Runs of letters."""

    def __init__(self, max_token_length: int = MAX_TOKEN_LENGTH) -> None:
        super().__init__(lambda character: _LETTERS.match(character) is not None, max_token_length)

    def terms(self, text: str) -> list[str]:
        """Terms alone."""
        terms: list[str] = _LETTERS.findall(text)
        return terms if longest(terms) <= self.max_token_length else super().terms(text)


class LowercaseTokenizer(LetterTokenizer):
    """Runs of letters, in lower case."""

    def tokens(self, text: str) -> list[Token]:
        """The runs, of type `word`."""
        tokens = super().tokens(text)
        for token in tokens:
            token.term = lower(token.term)
        return tokens

    def terms(self, text: str) -> list[str]:
        """Terms alone."""
        return [lower(term) for term in super().terms(text)]


_WHITESPACE = "\t-\r\x1c-\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000"
_BETWEEN_WHITESPACE = re.compile(f"[^{_WHITESPACE}]+")
_ONE_WHITESPACE = re.compile(f"[{_WHITESPACE}]")
_LETTERS = regex.compile(r"\p{L}+")


def is_whitespace(character: str) -> bool:
    """Java's `Character.isWhitespace`: separators but for no-break spaces, and some control characters."""
    return _ONE_WHITESPACE.match(character) is not None


def longest(terms: list[str]) -> int:
    """The length of the longest term; 0: there is none."""
    return len(max(terms, key=len, default=""))
