"""Endings that stemmers take off, in the order in which they are tried."""

from collections.abc import Sequence
from typing import NamedTuple


class Endings(NamedTuple):
    """Endings of words of at least so many characters, what is taken off them, and what takes its place."""

    shortest: int
    endings: tuple[str, ...]
    off: int
    instead: str = ""


def listed(text: str) -> tuple[str, ...]:
    """Words with spaces between."""
    return tuple(text.split())


def endings(shortest: int, spaced: str, off: int | None = None, instead: str = "") -> Endings:
    """Of endings of one length, with spaces between, of which the last `off` characters are taken off, or all."""
    found = listed(spaced)
    return Endings(shortest, found, len(found[0]) if off is None else off, instead)


def fits(word: str, each: Endings) -> bool:
    """Whether the word has one of the endings."""
    return len(word) >= each.shortest and word.endswith(each.endings)


def cut(word: str, rules: Sequence[Endings]) -> str:
    """The word without the first ending that fits."""
    for each in rules:
        if fits(word, each):
            return word[: len(word) - each.off] + each.instead
    return word
