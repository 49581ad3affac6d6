"""The order of versions: by their numbers, those with a word behind them (`1.0.0-beta`) before those without.

What is no version comes last, as a word. https://semver.org/#spec-item-11, of which any count of numbers is taken, and
digits within words are numbers too: https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/version
"""

import re
from typing import Any

_NUMBER = r"(?:0|[1-9][0-9]*)"
_WORD = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(
    rf"({_NUMBER}(?:\.{_NUMBER})*)(?:-({_WORD}(?:\.{_WORD})*))?(\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?", re.ASCII
)
_PART = re.compile(r"([0-9]+)|(.)", re.DOTALL)
_MOST_DIGITS = 1000  # more are compared as words, as Python makes no numbers of them


def rank(text: str) -> tuple[Any, ...]:
    """What versions are ordered by."""
    found = _VERSION.fullmatch(text) if len(text) <= _MOST_DIGITS else None
    if found is None:
        return (1, text)
    numbers = tuple(int(each) for each in found[1].split("."))
    parts = [(0, int(digits)) if digits else (1, letter) for digits, letter in _PART.findall(found[2] or "")]
    # A build does not count for semver; Elasticsearch puts it behind, as text.
    build = [(1, letter) for letter in found[3] or ""]
    return (0, numbers, 1 if found[2] is None else 0, *parts, *build)
