"""Parts of terms, and terms joined."""

from collections.abc import Iterator

from connote.search.analysis.component import Multiplying
from connote.search.analysis.token import Stream, Token, bounded


class Ngram(Multiplying):
    """All parts of a term of some lengths, at its place."""

    def __init__(self, least: int, most: int, *, preserve_original: bool = False) -> None:
        self.least, self.most, self.preserve_original = least, most, preserve_original

    def apply(self, stream: Stream) -> Stream:
        """The parts of each token."""
        stream.tokens = bounded(token.become(part) for token in stream.tokens for part in self._parts(token.term))
        return stream

    def _parts(self, term: str) -> Iterator[str]:
        for start in range(len(term) - self.least + 1):
            for length in range(self.least, min(self.most, len(term) - start) + 1):
                yield term[start : start + length]
        if self.preserve_original and not self.least <= len(term) <= self.most:
            yield term


class EdgeNgram(Multiplying):
    """The beginnings of a term, at its place; its ends, if `from_back`."""

    def __init__(self, least: int, most: int, *, preserve_original: bool = False, from_back: bool = False) -> None:
        self.least, self.most = least, most
        self.preserve_original, self.from_back = preserve_original, from_back

    def apply(self, stream: Stream) -> Stream:
        """The beginnings of each token."""
        stream.tokens = bounded(token.become(part) for token in stream.tokens for part in self._parts(token.term))
        return stream

    def _parts(self, term: str) -> Iterator[str]:
        for length in range(self.least, min(self.most, len(term)) + 1):
            yield term[len(term) - length :] if self.from_back else term[:length]
        if self.preserve_original and not self.least <= len(term) <= self.most:
            yield term


class Shingle(Multiplying):
    """Terms joined with those after them; `filler` stands for a token that was dropped."""

    def __init__(
        self,
        least: int = 2,
        most: int = 2,
        *,
        unigrams: bool = True,
        unigrams_if_alone: bool = False,
        separator: str = " ",
        filler: str = "_",
    ) -> None:
        self.least, self.most, self.separator, self.filler = least, most, separator, filler
        self.unigrams, self.unigrams_if_alone = unigrams, unigrams_if_alone

    def apply(self, stream: Stream) -> Stream:
        """The shingles, in the order of where they start."""
        row = self._filled(stream)
        made = bounded(token for at in range(len(row)) for token in self._from(row, at))
        stream.tokens = made or ([token for token, real in row if real] if self.unigrams_if_alone else [])
        if not self.unigrams and any(real for _, real in row):
            stream.last = stream.tokens[-1].position if stream.tokens else -1
        else:
            stream.last = len(row) - 1
        return stream

    def _from(self, row: list[tuple[Token, bool]], at: int) -> Iterator[Token]:
        first, real = row[at]
        if self.unigrams and real:
            yield first
        for size in range(self.least, min(self.most, len(row) - at) + 1):
            members = row[at : at + size]
            if any(real for _, real in members):
                term = self.separator.join(token.term for token, _ in members)
                length = size if self.unigrams else size - self.least + 1
                yield Token(term, first.start, members[-1][0].end, first.position, "shingle", length)

    def _filled(self, stream: Stream) -> list[tuple[Token, bool]]:
        """The tokens and fillers in a row, with whether each is real; no more fillers together than can matter."""
        row: list[tuple[Token, bool]] = []
        before = -1
        for token in stream.tokens:
            holes = min(token.position - before - 1, self.most - 1)
            before = token.position
            row += [(self._fill(token.start), False) for _ in range(holes)]
            row.append((token, True))
        row += [(self._fill(stream.end), False) for _ in range(min(stream.last - before, self.most - 1))]
        for position, (token, _) in enumerate(row):
            token.position = position
        return row

    def _fill(self, at: int) -> Token:
        return Token(self.filler, at, at, 0)
