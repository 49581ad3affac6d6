"""Words cut at marks, changes of case, and between letters and digits: Wi-Fi, PowerShot, SD500."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

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
            yield at, end, _kind(types[at:end])
            possessive = self.english_possessive and term[end : end + 2] in ("'s", "'S") and types[end - 1] & ALPHA
            at = end + 2 if possessive and (end + 2 == length or types[end + 2] & MARK) else end


def _kind(types: list[int]) -> int:
    return types[-1] if types[0] == UPPER and len(types) > 1 else types[0]


@dataclass(frozen=True)
class _Edge:
    first: int
    last: int
    start: int
    end: int
    term: str


class WordDelimiterGraph(Multiplying):
    """The parts of each term as a path, with what is joined from them, and the original, as paths beside it."""

    def __init__(self, how: Delimiting) -> None:
        self.how = how

    def apply(self, stream: Stream) -> Stream:
        """The graph: positions are its nodes."""
        made, node, before = list[Token](), 0, -1
        for token in stream.tokens:
            node += token.position - before - 1
            before = token.position
            edges, length = self._edges(token)
            for edge in edges:
                start, end = self._offsets(token, edge)
                position, span = node + edge.first, edge.last - edge.first
                made.append(Token(edge.term, start, end, position, token.type, span, token.keyword))
            node += length
        return Stream(made, node - 1 + stream.last - before)

    def _edges(self, token: Token) -> tuple[list[_Edge], int]:
        """The edges over a token, and how many positions they span. A dropped token spans one."""
        term, how = token.term, self.how
        parts = list(how.parts(term))
        whole = _Edge(0, 1, 0, len(term), term)
        if term in how.protected or (how.ignore_keywords and token.keyword) or parts == [(0, len(term), _only(parts))]:
            return [whole], 1
        edges, length = _joined(how, term, parts)
        if how.preserve_original:
            length = max(length, 1)
            edges.append(_Edge(0, length, 0, len(term), term))
        edges.sort(key=lambda edge: (edge.first, -edge.last))
        return edges, length or 1

    def _offsets(self, token: Token, edge: _Edge) -> tuple[int, int]:
        if not self.how.adjust_offsets or token.end - token.start != len(token.term):
            return token.start, token.end
        return token.start + edge.start, token.start + edge.end


def _only(parts: list[tuple[int, int, int]]) -> int:
    return parts[0][2] if parts else 0


def _joined(how: Delimiting, term: str, parts: list[tuple[int, int, int]]) -> tuple[list[_Edge], int]:
    """The parts that become tokens and what is joined from them; how many positions they span."""
    edges: list[_Edge] = []
    run: list[tuple[int, int]] = []
    run_first = run_type = length = joined = 0

    def flush() -> None:
        nonlocal length, joined
        if length == run_first:
            length += 1
        text = "".join(term[start:end] for start, end in run)
        if len(run) > 1 or not how.generates(run_type):
            edges.append(_Edge(run_first, length, run[0][0], run[-1][1], text))
        joined = len(run)
        run.clear()

    for start, end, type_ in parts:
        if run and not run_type & type_:
            flush()
        if how.catenates(type_):
            if not run:
                run_first, run_type = length, type_
            run.append((start, end))
        if how.generates(type_):
            edges.append(_Edge(length, length + 1, start, end, term[start:end]))
            length += 1
    if run:
        flush()
    if how.catenate_all and parts and len(parts) > joined and not (len(parts) == 1 and how.generates(parts[0][2])):
        length = max(length, 1)
        text = "".join(term[start:end] for start, end, _ in parts)
        edges.append(_Edge(0, length, parts[0][0], parts[-1][1], text))
    return edges, length
