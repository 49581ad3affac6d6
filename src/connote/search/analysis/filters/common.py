"""Common words joined with their neighbours, so that phrases of them are found fast (Lucene's CommonGramsFilter)."""

from collections.abc import Collection, Iterator

from connote.search.analysis.component import Multiplying
from connote.search.analysis.text import lower
from connote.search.analysis.token import Stream, Token, bounded

TYPE, SEPARATOR = "gram", "_"


class CommonGrams(Multiplying):
    """Beside each word, at its place, it with the next one if either is common.

    With `for_queries` words that are in such pairs do not stand alone.
    """

    def __init__(self, words: Collection[str], *, ignore_case: bool = False, for_queries: bool = False) -> None:
        self.words = frozenset(map(lower, words)) if ignore_case else frozenset(words)
        self.ignore_case, self.for_queries = ignore_case, for_queries

    def apply(self, stream: Stream) -> Stream:
        """The words and the pairs."""
        made = bounded(self._paired(stream.tokens))
        if not self.for_queries:
            stream.tokens = made
            return stream
        trailing = stream.last - (stream.tokens[-1].position if stream.tokens else -1)
        stream.tokens = _alone(made)
        stream.last = (stream.tokens[-1].position if stream.tokens else -1) + trailing
        return stream

    def _paired(self, tokens: list[Token]) -> Iterator[Token]:
        before: Token | None = None
        for token in tokens:
            if before is not None and (self._is_common(before) or self._is_common(token)):
                term = f"{before.term}{SEPARATOR}{token.term}"
                yield Token(term, before.start, token.end, before.position, TYPE, 2)
            yield token
            before = token

    def _is_common(self, token: Token) -> bool:
        return (lower(token.term) if self.ignore_case else token.term) in self.words


def _alone(tokens: list[Token]) -> list[Token]:
    """Pairs, each one place after what was before, and the words that are in none."""
    made, position, before = list[Token](), -1, -1
    for at, token in enumerate(tokens):
        step = 1 if token.type == TYPE else token.position - before
        before = token.position
        following = tokens[at + 1].type if at + 1 < len(tokens) else ""
        is_last_of_pair = at + 1 == len(tokens) and bool(made) and made[-1].type == TYPE
        if (following == TYPE and token.type != TYPE) or is_last_of_pair:
            continue
        position += step
        token.position, token.length = position, 1
        made.append(token)
    return made
