"""CATEGORIZE: texts that are formed alike, such as lines of logs.

https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/grouping-functions/categorize

Each text goes into the category with which it shares most of its words in their order, if these are enough; what all of
a category share, in order, is its pattern. Elasticsearch weighs words by what part of speech they are; here all are
alike.
"""

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.analysis import Analysis, Analyzer
from connote.search.esql.column import Column
from connote.search.esql.functions.registry import Place, columns
from connote.search.esql.running import Running
from connote.search.thread import check

Words = tuple[str, ...]
# Words of a text that count; categories; and how often words are compared in all.
_MOST_WORDS, _MOST_CATEGORIES, _MOST_COMPARED = 100, 1000, 20_000_000
_WORD_BYTES = 64  # about what one takes in memory
# Words begin with a letter: numbers, and what is made of digits, differ from text to text.
_WORD = re.compile(r"(?<![\w.:/-])[^\W\d]\w*(?:[.:/-]+\w+)*")
_HEXADECIMAL = re.compile(r"(?=.*\d)[0-9a-fA-F]+")
_LETTERS = re.compile(r"[^\W\d_]")
_DATES = frozenset(
    name[:size].lower() for name in (*calendar.day_name, *calendar.month_name[1:]) for size in (3, len(name))
)


@dataclass
class _Categories:
    """What all texts of each category share, so far."""

    least: float
    running: Running
    shared: list[Words] = field(default_factory=list)
    known: dict[Words, int] = field(default_factory=dict)
    having: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    compared: int = 0

    def add(self, words: Words) -> int:
        """The number of the category of a text of these words."""
        check()
        if words not in self.known:
            self.running.spend(_WORD_BYTES * len(words))
            self.known[words] = self._add(words)
        return self.known[words]

    def _add(self, words: Words) -> int:
        for number in self._near(words):
            common = self._common(self.shared[number], words)
            if len(common) >= self.least * max(len(words), len(self.shared[number])):
                self.shared[number] = common
                return number
        if len(self.shared) >= _MOST_CATEGORIES:
            raise IllegalArgument(
                f"CATEGORIZE finds more than [{_MOST_CATEGORIES}] categories: lower its [similarity_threshold], or "
                "filter the rows before it"
            )
        self.shared.append(words)
        for word in set(words):
            self.having[word].append(len(self.shared) - 1)
        return len(self.shared) - 1

    def _near(self, words: Words) -> list[int]:
        """The categories that may have enough words in common, those with the most first."""
        found = Counter[int]()
        for word, count in Counter(words).items():
            self._spend(len(self.having[word]))
            for number in self.having[word]:
                found[number] += count
        enough = {
            number: count / max(len(words), len(self.shared[number]))
            for number, count in found.items()
            if count >= self.least * max(len(words), len(self.shared[number]))
        }
        return sorted(enough, key=lambda number: (-enough[number], number))[:10]

    def _common(self, one: Words, other: Words) -> Words:
        """The longest row of words that stands in both, in order: https://en.wikipedia.org/wiki/Longest_common_subsequence."""
        if one == other:
            return one
        self._spend(len(one) * len(other))
        lengths = [[0] * (len(other) + 1)]
        for word in one:
            above, own = lengths[-1], [0]
            for at, each in enumerate(other):
                own.append(above[at] + 1 if word == each else max(above[at + 1], own[at]))
            lengths.append(own)
        found, left, right = list[str](), len(one), len(other)
        while left and right:
            if one[left - 1] == other[right - 1]:
                left, right = left - 1, right - 1
                found.append(one[left])
            elif lengths[left - 1][right] >= lengths[left][right - 1]:
                left -= 1
            else:
                right -= 1
        return tuple(reversed(found))

    def _spend(self, count: int) -> None:
        self.compared += count
        if self.compared > _MOST_COMPARED:
            raise IllegalArgument("CATEGORIZE has too many different texts to compare: filter the rows before it")


@columns("string", gives="keyword", options=("output_format", "similarity_threshold", "analyzer"))
def categorize(place: Place, size: int, value: Column, **options: Any) -> Column:  # noqa: ANN401
    """The category of a text, as a regular expression or its words (`tokens`): only what STATS first groups BY."""
    least, form = options.get("similarity_threshold", 70), str(options.get("output_format", "regex")).lower()
    if isinstance(least, bool) or not isinstance(least, int) or not 1 <= least <= 100:
        raise IllegalArgument(f"[similarity_threshold] of [{place.text}] must be from 1 to 100, not [{least}]")
    if form not in ("regex", "tokens"):
        raise IllegalArgument(f"[output_format] of [{place.text}] must be one of [regex, tokens], not [{form}]")
    analyzer = _analyzer(options.get("analyzer"), place)
    if value.type == "null":
        return Column.nothing("keyword", size)
    categories = _Categories(least / 100, place.running)
    rows = [[categories.add(words) for text in row if (words := _words(text, analyzer))] for row in value.rows()]
    shown = [_shown(words, form) for words in categories.shared]
    return Column.of("keyword", [[shown[number] for number in dict.fromkeys(row)] for row in rows])


def _analyzer(name: Any, place: Place) -> Analyzer | None:  # noqa: ANN401
    found = None if name is None else Analysis().analyzer(str(name))
    if name is not None and found is None:
        raise IllegalArgument(f"[analyzer] of [{place.text}] is [{name}], which is not there")
    return found


def _words(text: str, analyzer: Analyzer | None) -> Words:
    if analyzer is not None:
        return tuple(analyzer.terms(text)[:_MOST_WORDS])
    line = next((each for each in text.splitlines() if _LETTERS.search(each)), "")
    found = list[str]()
    for each in _WORD.finditer(line):
        if not _HEXADECIMAL.fullmatch(each[0]) and each[0].lower() not in _DATES:
            found.append(each[0])
        if len(found) == _MOST_WORDS:
            break
    return tuple(found)


def _shown(words: Sequence[str], form: str) -> str:
    return " ".join(words) if form == "tokens" else f".*?{'.+?'.join(map(re.escape, words))}.*?"
