"""Words cut at marks, changes of case, and between letters and digits: Wi-Fi, PowerShot, SD500."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from connote.search.analysis.component import Multiplying
from connote.search.analysis.token import Stream, Token

LOWER, UPPER, DIGIT, MARK = 1, 2, 4, 8
ALPHA = LOWER | UPPER
ALPHANUM = ALPHA | DIGIT
TYPES = {
    "LOWER": LOWER,
    "UPPER": UPPER,
    "ALPHA": ALPHA,
    "DIGIT": DIGIT,
    "ALPHANUM": ALPHANUM,
    "SUBWORD_DELIM": MARK,
}
_BY_CATEGORY = {
    "Lu": UPPER, "Ll": LOWER, "Lt": ALPHA, "Lm": ALPHA, "Lo": ALPHA, "Mn": ALPHA, "Mc": ALPHA, "Me": ALPHA,
    "Nd": DIGIT, "Nl": DIGIT, "No": DIGIT, "Cs": ALPHANUM,
}  # fmt: skip


@dataclass(frozen=True)
class Delimiting:
    """What is cut, and what comes of it."""

    word_parts: bool = True
    number_parts: bool = True
    catenate_words: bool = False
    catenate_numbers: bool = False
    catenate_all: bool = False
    preserve_original: bool = False
    split_on_case_change: bool = True
    split_on_numerics: bool = True
    english_possessive: bool = True
    ignore_keywords: bool = False
    adjust_offsets: bool = True
    protected: Collection[str] = frozenset()
    types: Mapping[str, int] = field(default_factory=dict)

    def type_of(self, character: str) -> int:
        """Whether that is a letter, a digit or a mark."""
        given = self.types.get(character)
        if given is None and character > "\uffff":
            return ALPHANUM  # Lucene sees its two surrogates
        return given if given is not None else _BY_CATEGORY.get(unicodedata.category(character), MARK)

    def generates(self, type_: int) -> bool:
        """Whether a part of that type becomes a token."""
        return (self.word_parts and bool(type_ & ALPHA)) or (self.number_parts and type_ == DIGIT)

    def catenates(self, type_: int) -> bool:
        """Whether parts of that type are joined."""
        return (self.catenate_words and bool(type_ & ALPHA)) or (self.catenate_numbers and type_ == DIGIT)

    def breaks(self, before: int, after: int) -> bool:
        """Whether a part ends between characters of these types."""
        if before & after:
            return False
        if before & ALPHA and after & ALPHA and not self.split_on_case_change:
            return False
        if before & UPPER and after & ALPHA:
            return False
        letter_and_digit = (before & ALPHA and after & DIGIT) or (before & DIGIT and after & ALPHA)
        return not (letter_and_digit and not self.split_on_numerics)

    def parts(self, term: str) -> Iterator[tuple[int, int, int]]:
        """Start, end and type of each part."""
        types = [self.type_of(character) for character in term]
        at, length = 0, len(term)
        while at < length:
            if types[at] & MARK:
                at += 1
                continue
            end = at + 1
            while end < length and not types[end] & MARK and not self.breaks(types[end - 1], types[end]):
                end += 1
            yield at, end, ALPHA if types[at] in (LOWER, UPPER) else types[at]
            possessive = self.english_possessive and term[end : end + 2] in ("'s", "'S") and types[end - 1] & ALPHA
            at = end + 2 if possessive and (end + 2 == length or types[end + 2] & MARK) else end


@dataclass(frozen=True)
class _Edge:
    first: int
    last: int
    start: int
    end: int
    term: str
    original: bool = False


class WordDelimiterGraph(Multiplying):
    """The parts of each term as a path, with what is joined from them, and the original, as paths beside it."""

    keeps_holes: ClassVar[bool] = True  # where a term had no parts

    def __init__(self, how: Delimiting) -> None:
        self.how = how

    def apply(self, stream: Stream) -> Stream:
        """The graph: positions are its nodes."""
        made, node, end, before = list[Token](), 0, 0, -1
        for token in stream.tokens:
            node += token.position - before - 1
            before = token.position
            edges, length = self._edges(token)
            for edge in edges:
                start, end = self._offsets(token, edge)
                position, span = node + edge.first, edge.last - edge.first
                made.append(Token(edge.term, start, end, position, token.type, span, token.keyword))
            node += length if edges or self.keeps_holes or not made else 0
            end = node if edges else end
        stream.tokens, stream.last = made, end - 1 + stream.last - before
        return stream

    def _edges(self, token: Token) -> tuple[list[_Edge], int]:
        """The edges over a token, and how many positions they span. A dropped token spans one."""
        term, how = token.term, self.how
        parts = list(how.parts(term))
        whole = _Edge(0, 1, 0, len(term), term)
        if term in how.protected or (how.ignore_keywords and token.keyword) or parts == [(0, len(term), _only(parts))]:
            return [whole], 1
        if len(parts) == 1:
            how = replace(how, word_parts=True, number_parts=True)
        path = _Path(how, term)
        for part in parts:
            path.add(*part)
        path.finish(parts)
        length = max(path.length, 1)
        if how.preserve_original:
            path.edges.append(_Edge(0, length, 0, len(term), term, original=True))
        return self._arranged(path.edges), length

    def _arranged(self, edges: list[_Edge]) -> list[_Edge]:
        return sorted(edges, key=lambda edge: (edge.first, -edge.last, not edge.original, edge.start, -edge.end))

    def _offsets(self, token: Token, edge: _Edge) -> tuple[int, int]:
        if not self.how.adjust_offsets or token.end - token.start != len(token.term):
            return token.start, token.end
        return token.start + edge.start, token.start + edge.end


def _only(parts: list[tuple[int, int, int]]) -> int:
    return parts[0][2] if parts else 0


class WordDelimiter(WordDelimiterGraph):
    """The same without a graph: what is joined stands where its first part does."""

    keeps_holes = False

    def apply(self, stream: Stream) -> Stream:
        """The tokens, each with the length 1."""
        stream = super().apply(stream)
        for token in stream.tokens:
            token.length = 1
        return stream

    def _arranged(self, edges: list[_Edge]) -> list[_Edge]:
        return sorted(edges, key=lambda edge: (not edge.original, edge.start, edge.first, edge.last))


class _Path:
    """The edges over one term, as its parts come."""

    def __init__(self, how: Delimiting, term: str) -> None:
        self.how, self.term = how, term
        self.edges: list[_Edge] = []
        self.length = 0  # positions so far
        self._run: list[tuple[int, int]] = []  # what is to be joined
        self._first = self._type = self._joined = 0

    def add(self, start: int, end: int, type_: int) -> None:
        """Take in the next part."""
        if self._run and not self._type & type_:
            self.flush()
        if self.how.catenates(type_):
            if not self._run:
                self._first, self._type = self.length, type_
            self._run.append((start, end))
        if self.how.generates(type_):
            self.edges.append(_Edge(self.length, self.length + 1, start, end, self.term[start:end]))
            self.length += 1

    def flush(self) -> None:
        """Join what is to be joined."""
        if not self._run:
            return
        if self.length == self._first:
            self.length += 1
        if len(self._run) > 1 or not self.how.generates(self._type):
            self._join(self._first, self._run)
        self._joined = len(self._run)
        self._run = []

    def finish(self, parts: list[tuple[int, int, int]]) -> None:
        """Join what is left, and all, if that is more."""
        self.flush()
        alone = len(parts) == 1 and self.how.generates(parts[0][2])
        if self.how.catenate_all and len(parts) > self._joined and not alone:
            self.length = max(self.length, 1)
            self._join(0, [(start, end) for start, end, _ in parts])

    def _join(self, first: int, run: list[tuple[int, int]]) -> None:
        text = "".join(self.term[start:end] for start, end in run)
        self.edges.append(_Edge(first, self.length, run[0][0], run[-1][1], text))
