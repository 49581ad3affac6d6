"""What an analyzer is made of, by what each part does to a text or its tokens."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar

from connote.search.analysis.token import Stream, Token


class Filtered:
    """A text that a char filter has changed, and where its characters come from."""

    def __init__(self, text: str, corrections: Sequence[tuple[int, int]] = ()) -> None:
        """`corrections`, by position in `text`: from there on, what to add to a position to have the original's."""
        self.text = text
        self._starts = [start for start, _ in corrections]
        self._shifts = [shift for _, shift in corrections]

    def original(self, position: int) -> int:
        """The position in the text before the filter that corresponds to `position`."""
        found = bisect_right(self._starts, position)
        return position + self._shifts[found - 1] if found else position


class CharFilter(ABC):
    """Changes a text before it is cut into tokens."""

    @abstractmethod
    def apply(self, text: str) -> Filtered:
        """The changed text."""


class Tokenizer(ABC):
    """Cuts a text into tokens."""

    consecutive: ClassVar[bool] = True  # whether the positions are 0, 1, 2, …

    @abstractmethod
    def tokens(self, text: str) -> list[Token]:
        """The tokens of a text, in the order of their positions."""

    def terms(self, text: str) -> list[str]:
        """Their terms alone, which may be faster to have."""
        return [token.term for token in self.tokens(text)]


class ReadsNoRules(Exception):
    """Rules of synonyms cannot be read through this filter."""


class TokenFilter(ABC):
    """Changes, drops or adds tokens."""

    normalizes: ClassVar[bool] = False  # whether a normalizer may use it
    heeds_keywords: ClassVar[bool] = False  # whether it marks tokens as keywords, or leaves these alone

    @abstractmethod
    def apply(self, stream: Stream) -> Stream:
        """The stream, changed in place."""

    def in_rules(self) -> "TokenFilter | None":
        """The filter through which rules of synonyms are read that come after it; None: without it.

        Raises ReadsNoRules if it makes several tokens of one.
        """
        return self


class Multiplying(TokenFilter):
    """A filter that makes several tokens of one."""

    def in_rules(self) -> None:
        """Refuse."""
        raise ReadsNoRules


class TermFilter(TokenFilter):
    """A filter that looks at each token's term (and whether it is a keyword) alone."""

    @abstractmethod
    def keep(self, token: Token) -> bool:
        """Change the token in place; False drops it."""

    def apply(self, stream: Stream) -> Stream:
        """The stream without the dropped tokens; the others keep their positions."""
        stream.tokens = [token for token in stream.tokens if self.keep(token)]
        return stream
