"""Char filters that replace strings, or what an expression matches."""

import re
from collections.abc import Mapping

from connote.search.analysis.charfilters.corrections import Rewriting
from connote.search.analysis.component import CharFilter, Filtered
from connote.search.analysis.pattern import Pattern, Replacement


class MappingCharFilter(CharFilter):
    """Replaces strings, the longest that fits first."""

    def __init__(self, mappings: Mapping[str, str]) -> None:
        self.mappings = mappings
        self._longest_first = re.compile("|".join(map(re.escape, sorted(mappings, key=len, reverse=True))))

    def apply(self, text: str) -> Filtered:
        """The text with all strings replaced."""
        written, last = Rewriting(), 0
        for found in self._longest_first.finditer(text) if self.mappings else ():
            written.keep(text[last : found.start()])
            written.replace(len(found[0]), self.mappings[found[0]])
            last = found.end()
        written.keep(text[last:])
        return written.done()


class PatternCharFilter(CharFilter):
    """Replaces what an expression matches."""

    def __init__(self, pattern: Pattern, replacement: Replacement) -> None:
        self.pattern, self.replacement = pattern, replacement

    def apply(self, text: str) -> Filtered:
        """The text with all matches replaced."""
        written, last = Rewriting(), 0
        for found in self.pattern.finditer(text):
            written.keep(text[last : found.start()])
            written.replace(found.end() - found.start(), self.replacement.of(found))
            last = found.end()
        written.keep(text[last:])
        return written.done()
