"""`regex` of completions: a regular expression that the beginning of an input fits.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters#regex
"""

import time
from collections.abc import Callable

import regex

from connote.contract.errors import IllegalArgument
from connote.search.query.regexps import expression

_LETTERS = regex.compile(r"\w*")
# Seconds that one may take for a segment; how long it may be.
_PATIENCE, _MOST_LENGTH = 2.0, 1000


class Expression:
    """In Lucene's syntax. Raises IllegalArgument for one that cannot be read."""

    def __init__(self, text: str, flags: str) -> None:
        if len(text) > _MOST_LENGTH:
            raise IllegalArgument(f"[regex] has [{len(text)}] characters, and at most [{_MOST_LENGTH}] are taken")
        self._text, translated = text, expression(text, flags)
        try:
            self._pattern = regex.compile(translated, regex.DOTALL)
        except (regex.error, RecursionError, OverflowError, ValueError) as error:
            raise IllegalArgument(f"failed to parse regular expression [{text}]: {error}") from None

    @property
    def start(self) -> str:
        """What all inputs that it fits begin with: its letters before anything that means something else."""
        found = _LETTERS.match(self._text)
        letters = found[0] if found and not set("|~&") & set(self._text) else ""
        return letters if len(letters) == len(self._text) else letters[:-1]

    def begins(self) -> Callable[[str], bool]:
        """A test of inputs; all that it tests may take two seconds together, else it raises IllegalArgument."""
        end = time.monotonic() + _PATIENCE

        def test(key: str) -> bool:
            try:
                return self._pattern.match(key, timeout=max(end - time.monotonic(), 1e-6)) is not None
            except TimeoutError:
                raise IllegalArgument(f"the regular expression [{self._text}] takes too long") from None

        return test
