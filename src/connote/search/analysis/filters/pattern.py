"""Filters that a user's expression drives."""

from collections.abc import Iterator, Sequence

import regex

from connote.search.analysis.component import Multiplying, TermFilter
from connote.search.analysis.pattern import Pattern, Replacement
from connote.search.analysis.token import Stream, Token, bounded


class PatternReplace(TermFilter):
    """Replaces what an expression matches in a term: all of it, or the first."""

    normalizes = True

    def __init__(self, pattern: Pattern, replacement: Replacement, *, all_matches: bool = True) -> None:
        self.pattern, self.replacement, self.all_matches = pattern, replacement, all_matches

    def keep(self, token: Token) -> bool:
        """Change the term."""
        term, written, last = token.term, "", 0
        for found in self.pattern.finditer(term):
            written += term[last : found.start()] + self.replacement.of(found)
            last = found.end()
            if not self.all_matches:
                break
        token.term = written + term[last:]
        return True


class PatternCapture(Multiplying):
    """What the groups of some expressions match, each as a token at its place."""

    def __init__(self, patterns: Sequence[Pattern], *, preserve_original: bool = True) -> None:
        self.patterns, self.preserve_original = patterns, preserve_original

    def apply(self, stream: Stream) -> Stream:
        """The tokens and what is found in them."""
        stream.tokens = bounded(token.become(part) for token in stream.tokens for part in self._parts(token.term))
        return stream

    def _parts(self, term: str) -> Iterator[str]:
        """What is found; with the whole term it is there once."""
        found = [span for pattern in self.patterns for match in pattern.finditer(term) for span in _groups(match)]
        spans = sorted((span for span in found if span[0] < span[1]), key=lambda span: span[0])
        has_whole = self.preserve_original or not spans
        if has_whole:
            yield term
        yield from (term[start:end] for start, end in spans if not (has_whole and (start, end) == (0, len(term))))


def _groups(match: "regex.Match[str]") -> Iterator[tuple[int, int]]:
    groups = range(1, match.re.groups + 1) if match.re.groups else range(1)
    return (match.span(group) for group in groups)
