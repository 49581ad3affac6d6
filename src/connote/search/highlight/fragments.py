"""From the marked places of a text to the fragments that are shown."""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from connote.chunking.words import Text
from connote.search.analysis import Token
from connote.search.highlight.marks import Span
from connote.search.highlight.options import FieldOptions

# Of Lucene's PassageScorer (https://lucene.apache.org/core/9_12_0/highlighter/org/apache/lucene/search/uhighlight/PassageScorer.html).
_K1, _B, _PIVOT = 1.2, 0.75, 87.0
_ESCAPES = str.maketrans({'"': "&quot;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#x27;", "/": "&#x2F;"})


@dataclass
class Passage:
    """A part of one value; `at` is where the value begins among all of them."""

    text: str
    start: int
    end: int
    at: int = 0
    spans: list[Span] = field(default_factory=list)
    score: float = 0.0

    def shown(self, options: FieldOptions) -> str:
        """The part with its marks between tags; what overlaps is one."""
        pieces, place = list[str](), self.start
        for start, end in _joined(self.spans):
            pieces += [
                self._plain(place, start, options),
                options.before,
                self._plain(start, end, options),
                options.after,
            ]
            place = end
        shown = "".join([*pieces, self._plain(place, self.end, options)])
        return shown if options.type == "plain" else shown.strip()

    def _plain(self, start: int, end: int, options: FieldOptions) -> str:
        part = self.text[start:end]
        return part.translate(_ESCAPES) if options.is_html else part


def _joined(spans: Iterable[Span]) -> list[tuple[int, int]]:
    found = list[tuple[int, int]]()
    for span in sorted(spans):
        if found and span.start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], span.end))
        else:
            found.append((span.start, span.end))
    return found


def chosen(passages: list[Passage], most: int, options: FieldOptions, length: int) -> list[Passage]:
    """The best passages, in their order or the best first. `length` is of all the text."""
    totals = Counter(span.term for each in passages for span in each.spans)
    for each in passages:
        each.score = _score(each, totals, length)
    best = sorted(passages, key=lambda each: (-each.score, each.at + each.start))[:most]
    return best if options.by_score else sorted(best, key=lambda each: each.at + each.start)


def _score(passage: Passage, totals: Counter[str], length: int) -> float:
    """BM25 with the passages as documents; those at the beginning count for more."""
    own = Counter(span.term for span in passage.spans)
    size = passage.end - passage.start
    score = 0.0
    for term, frequency in own.items():
        documents = 1 + length / _PIVOT
        weight = (_K1 + 1) * math.log(1 + (documents + 0.5) / (totals[term] + 0.5))
        score += weight * frequency / (frequency + _K1 * ((1 - _B) + _B * size / _PIVOT))
    return score * (1 + 1 / math.log(_PIVOT + passage.at + passage.start))


def passages(text: str, spans: Sequence[Span], tokens: Sequence[Token], options: FieldOptions) -> list[Passage]:
    """The parts of a value that have marks."""
    if not spans:
        return []
    if options.most == 0:
        return [Passage(text, 0, len(text), spans=list(spans))]
    if options.type == "plain":
        return _filled(_by_size(text, tokens, options.size), spans)
    return _by_sentence(text, spans, options)


def _filled(parts: Iterable[Passage], spans: Sequence[Span]) -> list[Passage]:
    found, starts = list[Passage](), [span.start for span in spans]
    for part in parts:
        part.spans = list(spans[bisect_left(starts, part.start) : bisect_left(starts, part.end)])
        if part.spans:
            part.end = max(part.end, *(span.end for span in part.spans))
            found.append(part)
    return found


def _by_size(text: str, tokens: Sequence[Token], size: int) -> Iterator[Passage]:
    """As the plain highlighter cuts: a part ends before the token that would reach its size."""
    start, before, number = 0, 0, 1
    for token in tokens:
        if size and token.end >= size * number and before > start:
            yield Passage(text, start, before)
            start = before
            number += 1
        before = max(before, token.end)
    yield Passage(text, start, len(text))


class _Cutter:
    """Sentences, as many as fit the size; one that does not is cut between words."""

    def __init__(self, text: str, options: FieldOptions) -> None:
        parts = Text(text)
        self._size, self._length = options.size, len(text)
        self._words = parts.boundaries()
        self._main = self._words if options.scanner == "word" else [0, *(end for _, end in parts.sentences())]
        self._window = (-1, -1)
        self._last = 0

    def around(self, place: int) -> tuple[int, int]:
        """The part that a mark is in. Places must rise."""
        begin, end = self._window
        if begin <= place < end:
            start = self._last
        else:
            start = self._main[bisect_right(self._main, place) - 1]
            end = self._end(start, place)
        self._window = (start, end)
        size = self._size
        if size and end - start > size:
            if place - size > start:
                start = max(start, self._words[bisect_left(self._words, place - size) - 1])
            stop = place + 1 + max(0, size - (place + 1 - start))
            if stop < end:
                end = min(end, self._after(self._words, stop))
        self._last = end
        return start, end

    def _end(self, start: int, place: int) -> int:
        if not self._size:
            return self._after(self._main, place)
        target = place + 1 + max(0, self._size - (place + 1 - start))
        if target >= self._length:
            return self._length
        end = self._main[bisect_right(self._main, target) - 1]
        return end if end > start else self._after(self._main, target)

    def _after(self, bounds: Sequence[int], place: int) -> int:
        at = bisect_right(bounds, place)
        return bounds[at] if at < len(bounds) else self._length


def _by_sentence(text: str, spans: Sequence[Span], options: FieldOptions) -> list[Passage]:
    cutter, found = _Cutter(text, options), list[Passage]()
    for span in spans:
        if not found or span.start >= found[-1].end:
            start, end = cutter.around(span.start)
            found.append(Passage(text, max(start, found[-1].end) if found else start, end))
        found[-1].spans.append(span)
        found[-1].end = max(found[-1].end, span.end)
    return found


def beginning(text: str, size: int) -> str:
    """The first words of a text without marks."""
    if len(text) <= size:
        return text.strip()
    bounds = Text(text).boundaries()
    return text[: bounds[bisect_right(bounds, size) - 1]].strip()
