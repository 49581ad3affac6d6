"""Portuguese and Galician stems by RSLP: steps of rules that files list.

V. M. Orengo and C. Huyck, "A stemming algorithm for the Portuguese language", SPIRE 2001; the Galician rules are those
of the Biblioteca Virtual Galega (bvg.udc.es). The files are those of Lucene, see data/SOURCES.md.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_STEP = re.compile(r'\{\s*"([^"]*)",\s*(\d+),\s*([01]),\s*\{(.*)\},$')
_RULE = re.compile(r'\{\s*"([^"]*)",\s*(\d+)(?:,\s*"([^"]*)")?(?:,\s*\{(.*)\})?\s*\}\s*(?:,|\}\s*;)$')
_MOST_TURNS = 100  # endings of one kind that are taken off, more than any word has
_PORTUGUESE = str.maketrans("àáâãäåçèéêëìíîïñòóôõöùúûüýÿ", "aaaaaaceeeeiiiinooooouuuuyy")
_GALICIAN = str.maketrans("áéêíóú", "aeeiou")


@dataclass(frozen=True)
class Rule:
    """An ending that becomes another if enough of the word is left, and it is no exception."""

    ending: str
    least: int
    instead: str
    exceptions: tuple[str, ...]

    def fits(self, word: str, *, whole: bool) -> bool:
        """Whether it is to be used; exceptions are `whole` words, or endings."""
        if len(word) - len(self.ending) < self.least or not word.endswith(self.ending):
            return False
        return word not in self.exceptions if whole else not word.endswith(self.exceptions or ("\0",))


@dataclass(frozen=True)
class Step:
    """Rules of which the first that fits is used, for words long enough with one of these endings, if there are any."""

    least: int
    whole: bool
    endings: tuple[str, ...]
    rules: list[Rule] = field(default_factory=list)

    def __call__(self, word: str) -> str:
        """The word after the step."""
        if len(word) < self.least or (self.endings and not word.endswith(self.endings)):
            return word
        for rule in self.rules:
            if rule.fits(word, whole=self.whole):
                return word[: len(word) - len(rule.ending)] + rule.instead
        return word


@cache
def _steps(language: str) -> dict[str, Step]:
    text = files("connote.search.analysis").joinpath("data", f"{language}.rslp").read_text(encoding="utf-8")
    steps: dict[str, Step] = {}
    for line in text.splitlines():
        if found := _STEP.match(line.strip()):
            step = steps[found[1]] = Step(int(found[2]), found[3] == "1", _listed(found[4]))
        elif found := _RULE.match(line.strip()):
            step.rules.append(Rule(found[1], int(found[2]), found[3] or "", _listed(found[4] or "")))
    return steps


def _listed(text: str) -> tuple[str, ...]:
    return tuple(re.findall('"([^"]*)"', text))


def portuguese(word: str) -> str:
    """The stem of a Portuguese word."""
    steps = _steps("portuguese")
    for name in ("Plural", "Adverb", "Feminine", "Augmentative"):
        word = steps[name](word)
    for name in ("Noun", "Verb", "Vowel"):
        stem = steps[name](word)
        if len(stem) != len(word):
            word = stem
            break
        word = stem
    return word.translate(_PORTUGUESE)


def minimal_portuguese(word: str) -> str:
    """A Portuguese word without the plural."""
    return _steps("portuguese")["Plural"](word)


def galician(word: str) -> str:
    """The stem of a Galician word."""
    steps = _steps("galician")
    for name in ("Plural", "Unification", "Adverb"):
        word = steps[name](word)
    for _ in range(_MOST_TURNS):
        before = len(word)
        word = steps["Augmentative"](word)
        if len(word) == before:
            break
    stem = steps["Noun"](word)
    if len(stem) == len(word):
        stem = steps["Verb"](stem)
    return steps["Vowel"](stem).translate(_GALICIAN)


def minimal_galician(word: str) -> str:
    """A Galician word without the plural."""
    return _steps("galician")["Plural"](word)
