"""What analysis makes of a text: tokens, each with its place."""

from collections.abc import Iterable
from dataclasses import dataclass

from connote.contract.errors import IllegalArgument

# Bytes that the tokens of a text may take, and about what one takes beside its term.
_MOST_BYTES, _TOKEN = 1 << 30, 200


@dataclass(slots=True)
class Token:
    """One term of a text.

    `start` and `end` are code points of the original text. `position` counts tokens from 0; several may stand at one.
    `length` is how many positions it spans, more than one only in a graph. Stemmers leave a `keyword` as it is.
    """

    term: str
    start: int
    end: int
    position: int
    type: str = "word"
    length: int = 1
    keyword: bool = False

    def copy(self) -> "Token":
        """Another token with the same values."""
        return Token(self.term, self.start, self.end, self.position, self.type, self.length, self.keyword)

    def become(self, term: str) -> "Token":
        """Another token at the same place."""
        return Token(term, self.start, self.end, self.position, self.type, self.length, self.keyword)


@dataclass(slots=True)
class Stream:
    """The tokens of a text, by position, which filters change in place.

    `last` is the last position, of a token that was dropped, too; -1: none. `end` is the length of the text.
    """

    tokens: list[Token]
    last: int
    end: int

    def copy(self) -> "Stream":
        """Another stream with copies of the tokens."""
        return Stream([token.copy() for token in self.tokens], self.last, self.end)


def bounded(tokens: Iterable[Token]) -> list[Token]:
    """The tokens that a text becomes. Raises IllegalArgument before they take more than a gigabyte."""
    made, left = list[Token](), _MOST_BYTES
    for token in tokens:
        left -= _TOKEN + len(token.term)
        if left < 0:
            raise IllegalArgument(
                f"the analyzer makes more than [{len(made)}] tokens of a text, which is more than there is room for; "
                "give it shorter texts, or filters that make fewer"
            )
        made.append(token)
    return made
