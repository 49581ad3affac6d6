"""Words of a list that are found inside longer ones, as Lucene's DictionaryCompoundWordTokenFilter finds them."""

from collections.abc import Collection, Iterator

from connote.search.analysis.component import Multiplying
from connote.search.analysis.text import lower
from connote.search.analysis.token import Stream, Token, bounded


class DictionaryDecompounder(Multiplying):
    """A word, and after it at its place those parts of it that are in the list."""

    def __init__(
        self,
        words: Collection[str],
        *,
        least_word: int = 5,
        least: int = 2,
        most: int = 15,
        only_longest: bool = False,
        ignore_case: bool = False,
    ) -> None:
        """`least_word`: characters of words that are looked into; `least` and `most`: of parts."""
        self.words = frozenset(map(lower, words)) if ignore_case else frozenset(words)
        self.least_word = least_word
        self.lengths = sorted({len(word) for word in self.words if least <= len(word) <= most})
        self.only_longest, self.ignore_case = only_longest, ignore_case

    def apply(self, stream: Stream) -> Stream:
        """The tokens with their parts."""
        stream.tokens = bounded(each for token in stream.tokens for each in self._with_parts(token))
        return stream

    def _with_parts(self, token: Token) -> Iterator[Token]:
        yield token
        if len(token.term) >= self.least_word:
            yield from (token.become(part) for part in self._parts(token.term))

    def _parts(self, term: str) -> Iterator[str]:
        known = lower(term) if self.ignore_case else term
        for start in range(len(term)):
            ends = [start + length for length in self.lengths if start + length <= len(term)]
            found = [term[start:end] for end in ends if known[start:end] in self.words]
            yield from found[-1:] if self.only_longest else found
