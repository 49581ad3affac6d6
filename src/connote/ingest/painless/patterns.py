"""Regular expressions: Java's syntax is near enough to that of the `regex` library, which has a timeout."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import regex

from connote.contract import expressions
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import MOST_TEXT, Value, class_cast, too_long

T = TypeVar("T")
Method = Callable[..., Any]


class Pattern:
    """A compiled pattern. Raises Fault if it is none."""

    def __init__(self, pattern: str, flags: str = "") -> None:
        try:
            self.compiled = expressions.compiled(pattern, flags)
        except ValueError as error:
            raise Fault(f"Error compiling regex: {error}", "pattern_syntax_exception") from None

    @classmethod
    def of(cls, given: Value) -> "Pattern":
        """The pattern, or that of a text."""
        if isinstance(given, Pattern):
            return given
        if not isinstance(given, str):
            raise class_cast(given, "Pattern")
        return cls(given)

    def matcher(self, text: Value) -> "Matcher":
        """What finds the pattern in a text."""
        if not isinstance(text, str):
            raise class_cast(text, "CharSequence")
        return Matcher(self, text)

    def split(self, text: Value, most: Value = 0) -> list[str]:
        """The parts between matches, as Java has them: empty ones at the end are left out, unless `most` is set."""
        if not isinstance(text, str):
            raise class_cast(text, "CharSequence")
        return _timed(lambda: expressions.split(self.compiled, text, most if isinstance(most, int) else 0))

    def replace(self, text: str, by: Value, *, most: int = 0) -> str:
        """The text with other text in the place of matches; `by` may be a lambda that takes the matcher."""
        if isinstance(by, str):
            return _timed(lambda: expressions.replace(self.compiled, text, by, MOST_TEXT, most))
        if not callable(by):
            raise class_cast(by, "String")
        replaced = _timed(lambda: self.compiled.sub(
            lambda match: str(by(Matcher(self, text, match))), text, count=most, timeout=expressions.TIMEOUT
        ))  # fmt: skip
        if len(replaced) > MOST_TEXT:
            raise too_long()
        return str(replaced)


class Matcher:
    """A text, and where the pattern was found last."""

    def __init__(self, pattern: Pattern, text: str, match: "regex.Match[str] | None" = None) -> None:
        self.pattern, self.text, self.match = pattern, text, match

    def matches(self) -> bool:
        """Whether the whole text matches."""
        compiled = self.pattern.compiled
        self.match = _timed(lambda: compiled.fullmatch(self.text, timeout=expressions.TIMEOUT))
        return self.match is not None

    def find(self) -> bool:
        """Whether there is a (next) match."""
        compiled, start = self.pattern.compiled, 0
        if self.match is not None:
            start = self.match.end() + (self.match.end() == self.match.start())
        self.match = _timed(lambda: compiled.search(self.text, start, timeout=expressions.TIMEOUT))
        return self.match is not None

    def group(self, which: Value = 0) -> str | None:
        """A group of the match, by number or name."""
        try:
            found = self._found().group(which)
        except (IndexError, TypeError):
            raise Fault(f"No group {which}", "index_out_of_bounds_exception") from None
        return found if found is None else str(found)

    def start(self) -> int:
        """Where the match begins."""
        return self._found().start()

    def end(self) -> int:
        """Where the match ends."""
        return self._found().end()

    def _found(self) -> "regex.Match[str]":
        if self.match is None:
            raise Fault("No match found", "illegal_state_exception")
        return self.match


def _timed(act: Callable[[], T]) -> T:
    try:
        return act()
    except TimeoutError:
        raise Fault(f"a regular expression took longer than {expressions.TIMEOUT:g} s", final=True) from None
    except OverflowError:
        raise too_long() from None


OF_PATTERNS: Mapping[str, Method] = {
    "matcher": Pattern.matcher,
    "split": Pattern.split,
    "pattern": lambda self: self.compiled.pattern,
}
OF_MATCHERS: Mapping[str, Method] = {
    "matches": Matcher.matches,
    "find": Matcher.find,
    "group": Matcher.group,
    "groupCount": lambda self: self.pattern.compiled.groups,
    "start": Matcher.start,
    "end": Matcher.end,
    "replaceAll": lambda self, by: self.pattern.replace(self.text, by),
    "replaceFirst": lambda self, by: self.pattern.replace(self.text, by, most=1),
}
