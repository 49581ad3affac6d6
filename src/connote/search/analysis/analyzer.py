"""An analyzer: char filters, a tokenizer, token filters."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from connote.search.analysis.component import CharFilter, Filtered, TermFilter, TokenFilter, Tokenizer
from connote.search.analysis.token import Stream, Token

POSITION_GAP = 100  # between two values of a field, so that no phrase is found across them
_REMEMBERED = 1 << 16  # terms
_LONGEST_REMEMBERED = 64  # characters; longer ones hardly come twice


Part_co = TypeVar("Part_co", covariant=True)


@dataclass(frozen=True)
class Named(Generic[Part_co]):
    """A part with the name that `_analyze` shows."""

    name: str
    part: Part_co


class Analyzer:
    """Makes terms of texts.

    Most chains only have filters that look at one term at a time. What such a chain makes of a term is remembered,
    so that indexing a text costs little more than cutting it.
    """

    def __init__(
        self,
        name: str,
        tokenizer: Named[Tokenizer],
        filters: Sequence[Named[TokenFilter]] = (),
        char_filters: Sequence[Named[CharFilter]] = (),
        *,
        gap: int = POSITION_GAP,
        custom: bool = False,
        search_only: Sequence[str] = (),
    ) -> None:
        """`custom`: whether `explain` shows its parts, which it does not of the built-in ones.

        `search_only`: the names of filters, with updateable synonyms, for which no field may be indexed with it.
        """
        self.name, self.gap, self.custom, self.search_only = name, gap, custom, tuple(search_only)
        self.tokenizer, self.filters, self.char_filters = tokenizer, tuple(filters), tuple(char_filters)
        self._by_term = [named.part for named in filters if isinstance(named.part, TermFilter)]
        self._is_fast = len(self._by_term) == len(filters) and tokenizer.part.consecutive
        self._made: dict[str, str | None] = {}

    def analyze(self, text: str) -> list[Token]:
        """The tokens of a text, with offsets in code points of it."""
        return self.stream(text).tokens

    def analyze_all(self, texts: Iterable[str]) -> list[Token]:
        """The tokens of a field's values. Positions and offsets go on from one value to the next, as in Lucene."""
        tokens: list[Token] = []
        position = offset = 0
        for text in texts:
            stream = self.stream(text)
            for token in stream.tokens:
                token.position += position
                token.start += offset
                token.end += offset
            tokens += stream.tokens
            position += stream.last + 1 + self.gap
            offset += len(text) + 1
        return tokens

    def terms(self, text: str) -> list[str]:
        """The terms of a text alone."""
        return self.positioned([text])[0]

    def positioned(self, texts: Iterable[str]) -> tuple[list[str], list[int]]:
        """The terms of a field's values and their positions: what an index needs, and faster than `analyze_all`."""
        terms: list[str] = []
        positions: list[int] = []
        position = 0
        for text in texts:
            position += self._add(text, position, terms, positions) + 1 + self.gap
        return terms, positions

    def normalize(self, term: str) -> str:
        """A term as it is looked for: through the filters that a normalizer may have, uncut.

        What prefix, wildcard, fuzzy and range queries do to their text.
        """
        text = self._filtered(term)[0]
        stream = Stream([Token(text, 0, len(text), 0)], 0, len(text))
        for named in self.filters:
            if named.part.normalizes:
                stream = named.part.apply(stream)
        return stream.tokens[0].term if stream.tokens else ""

    def stream(self, text: str) -> Stream:
        """The tokens of a text, and the last position in it."""
        stream = self._cut(text)
        for named in self.filters:
            stream = named.part.apply(stream)
        return stream

    def stages(self, text: str) -> Iterator[Stream]:
        """The tokens as the tokenizer leaves them, and then each filter."""
        stream = self._cut(text)
        yield stream.copy()
        for named in self.filters:
            stream = named.part.apply(stream)
            yield stream.copy()

    def filtered(self, text: str) -> list[str]:
        """The text as each char filter leaves it."""
        return [change.text for change in self._filtered(text)[1]]

    def _cut(self, text: str) -> Stream:
        filtered, changes = self._filtered(text)
        tokens = self.tokenizer.part.tokens(filtered)
        for token in tokens if changes else ():
            token.start, token.end = original(token.start, changes), original(token.end, changes)
        return Stream(tokens, tokens[-1].position if tokens else -1, len(text))

    def _filtered(self, text: str) -> tuple[str, list[Filtered]]:
        changes = []
        for named in self.char_filters:
            changes.append(named.part.apply(text))
            text = changes[-1].text
        return text, changes

    def _add(self, text: str, position: int, terms: list[str], positions: list[int]) -> int:
        """Append a text's terms and positions; the last position in it."""
        if not self._is_fast:
            stream = self.stream(text)
            terms += [token.term for token in stream.tokens]
            positions += [token.position + position for token in stream.tokens]
            return stream.last
        last = -1
        made = self._made
        for last, term in enumerate(self.tokenizer.part.terms(self._filtered(text)[0])):
            try:
                result = made[term]
            except KeyError:
                result = self._make(term)
            if result is not None:
                terms.append(result)
                positions.append(position + last)
        return last

    def _make(self, term: str) -> str | None:
        token = Token(term, 0, len(term), 0)
        result = token.term if all(part.keep(token) for part in self._by_term) else None
        if len(term) <= _LONGEST_REMEMBERED:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            self._made[term] = result
        return result


def original(position: int, changes: Sequence[Filtered]) -> int:
    """Where a position of the changed text was before all changes."""
    for change in reversed(changes):
        position = change.original(position)
    return position
