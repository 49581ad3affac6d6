"""Parts of a text of some lengths, as tokens."""

import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping

from connote.search.analysis.component import Tokenizer
from connote.search.analysis.token import Token, bounded
from connote.search.analysis.tokenizers.simple import is_whitespace

_KINDS: Mapping[str, Callable[[str], bool]] = {
    "letter": str.isalpha,
    "digit": lambda character: unicodedata.category(character) == "Nd",
    "whitespace": is_whitespace,
    "punctuation": lambda character: unicodedata.category(character)[0] == "P",
    "symbol": lambda character: unicodedata.category(character)[0] == "S",
}
KINDS = tuple(sorted(_KINDS))


def belongs(kinds: Collection[str], custom: str = "") -> Callable[[str], bool]:
    """Whether a character is of one of the kinds, or among the `custom` ones; all are if there is neither."""
    if not kinds and not custom:
        return lambda _: True
    tests = [_KINDS[kind] for kind in kinds if kind in _KINDS]
    return lambda character: character in custom or any(test(character) for test in tests)


class NgramTokenizer(Tokenizer):
    """All parts of the runs of characters that belong to a token; only their beginnings, if `edge`."""

    def __init__(self, least: int, most: int, inside: Callable[[str], bool], *, edge: bool = False) -> None:
        self.least, self.most, self.inside, self.edge = least, most, inside, edge

    def tokens(self, text: str) -> list[Token]:
        """Tokens of type `word`, each with a position of its own."""
        spans = (span for start, end in self._runs(text) for span in self._parts(start, end))
        return bounded(Token(text[start:end], start, end, position) for position, (start, end) in enumerate(spans))

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for begin in range(start, start + 1 if self.edge else end):
            for length in range(self.least, min(self.most, end - begin) + 1):
                yield begin, begin + length

    def _runs(self, text: str) -> Iterator[tuple[int, int]]:
        start: int | None = None
        for at, character in enumerate(text):
            if not self.inside(character):
                if start is not None:
                    yield start, at
                start = None
            elif start is None:
                start = at
        if start is not None:
            yield start, len(text)
