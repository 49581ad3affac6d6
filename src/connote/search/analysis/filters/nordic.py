"""Light stemmers of Finnish, Norwegian and Swedish, as Lucene has them.

The Finnish one is Jacques Savoy's ("Report on CLEF-2003 monolingual tracks"; members.unine.ch/jacques.savoy/clef/); the
others are like his Swedish one.
"""

import re
from collections.abc import Callable, Sequence

from connote.search.analysis.filters.endings import Endings, cut, endings

_VOWELS = "aeiouy"
_FINNISH = str.maketrans("äåö", "aao")
_ADJECTIVES = (endings(12, "dellinen"), endings(12, "dellisuus"))
_FINNISH_ADVERBS = (endings(6, "lla tse sti"), endings(6, "ni"), endings(6, "aa", 1))
_LONG_CASES = (
    endings(9, "nnen", 4, "s"), endings(9, "ntena", 5, "s"), endings(9, "tten"), endings(9, "eiden"),
    endings(7, "neen niin seen teen inen"),
)  # fmt: skip
_CASES = (
    *(endings(7, f"h{vowel}n") for vowel in _VOWELS),
    endings(7, "den", 3, "s"), endings(7, "ksen", 4, "s"), endings(7, "ssa sta lla lta tta ksi lle"),
    endings(6, "na ne"), endings(6, "nei"), endings(5, "ja ta"), endings(5, "a"),
    *(endings(5, f"{vowel}n") for vowel in _VOWELS),
    endings(5, "n"),
)  # fmt: skip
_FINNISH_REST = (endings(5, "ei at"), endings(4, "t s j e a i"))
_DOUBLED = re.compile(r"([kpt])\1+")


def finnish(word: str) -> str:
    """The light stem of a Finnish word."""
    if len(word) < 4:
        return word
    word = _without_clitics(word.translate(_FINNISH))
    word = cut(cut(cut(word, _ADJECTIVES), _FINNISH_ADVERBS), _LONG_CASES + _CASES)
    if len(word) > 5 and word.endswith("hde"):
        word = f"{word[:-3]}ksi"
    word = cut(word, _FINNISH_REST)
    if len(word) > 8 and word[-1] in "eou":
        word = word[:-1]
    if len(word) > 4:
        word = word.removesuffix("i")
    return _DOUBLED.sub(r"\1", word) if len(word) > 4 else word


def _without_clitics(word: str) -> str:
    end = len(word)
    while end > 8 and word.endswith(("kin", "ko"), 0, end):
        end -= 3 if word.endswith("kin", 0, end) else 2
    return word[:end]


def _stems(rules: Sequence[Endings]) -> Callable[[str], str]:
    """A stemmer that takes off the s of the genitive, and one ending."""

    def stem(word: str) -> str:
        return cut(word.removesuffix("s") if len(word) > 4 else word, rules)

    return stem


light_norwegian = _stems((
    endings(8, "heter heten"), endings(6, "dom het"), endings(8, "elser elsen"), endings(7, "ende else este eren"),
    endings(6, "ere est ene"), endings(5, "er en et st te"), endings(4, "a e n"),
))  # fmt: skip
light_nynorsk = _stems((
    endings(8, "heita"), endings(9, "heiter leiken leikar"), endings(6, "dom"), endings(7, "heit semd leik"),
    endings(8, "elser elsen"), endings(7, "ande else aste aren"), endings(6, "are ast ene ane"),
    endings(5, "er en et ar te"), endings(4, "a e n"),
))  # fmt: skip
minimal_norwegian = _stems((endings(6, "ene"), endings(5, "er en et"), endings(4, "a e")))
minimal_nynorsk = _stems((endings(6, "ene ane"), endings(5, "er en et ar"), endings(4, "a e")))
minimal_swedish = _stems((
    endings(7, "arne erna arna orna aren"), endings(6, "are"), endings(5, "ar at er et or en"), endings(4, "a e n"),
))  # fmt: skip
