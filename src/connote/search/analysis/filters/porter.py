"""The Porter stemmer of English, with the departures of its author's own program, which Lucene took over.

The algorithm: M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980). The departures
(https://tartarus.org/martin/PorterStemmer/): `bli` for `abli`, `logi`, and words of two letters stay as they are.
"""

import re
from collections.abc import Iterable

from connote.search.analysis.component import TermFilter
from connote.search.analysis.token import Token

_STEP_2 = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "bli": "ble", "alli": "al",
    "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate", "ator": "ate", "alism": "al",
    "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble", "logi": "log",
}  # fmt: skip
_STEP_3 = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_STEP_4 = (
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti",
    "ous", "ive", "ize",
)  # fmt: skip


def _longest_first(suffixes: Iterable[str]) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(sorted(suffixes, key=len, reverse=True))})$")


_ENDS_2, _ENDS_3, _ENDS_4 = map(_longest_first, (_STEP_2, _STEP_3, _STEP_4))


class PorterStem(TermFilter):
    """Stems English words in lower case."""

    def keep(self, token: Token) -> bool:
        """Stem the term."""
        if not token.keyword:
            token.term = stem(token.term)
        return True


def stem(word: str) -> str:
    """The stem of a word."""
    if len(word) <= 2:
        return word
    word = _derivations(_past(_plural(word)))
    return _final(word)


def _plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _past(word: str) -> str:
    if word.endswith("eed"):
        word = word[:-1] if _measure(word[:-3]) > 0 else word
    else:
        for suffix in ("ed", "ing"):
            if word.endswith(suffix) and _has_vowel(word[: -len(suffix)]):
                word = _mend(word[: -len(suffix)])
                break
    return word[:-1] + "i" if word.endswith("y") and _has_vowel(word[:-1]) else word


def _mend(word: str) -> str:
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if _ends_double(word):
        return word if word[-1] in "lsz" else word[:-1]
    return word + "e" if _measure(word) == 1 and _is_short(word) else word


def _derivations(word: str) -> str:
    for ends, becomes in ((_ENDS_2, _STEP_2), (_ENDS_3, _STEP_3)):
        if (found := ends.search(word)) and _measure(word[: found.start()]) > 0:
            word = word[: found.start()] + becomes[found[0]]
    found = _ENDS_4.search(word)
    if found and _measure(rest := word[: found.start()]) > 1 and (found[0] != "ion" or rest.endswith(("s", "t"))):
        word = rest
    return word


def _final(word: str) -> str:
    if word.endswith("e"):
        measure = _measure(word[:-1])
        if measure > 1 or (measure == 1 and not _is_short(word[:-1])):
            word = word[:-1]
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word


def _shape(word: str) -> str:
    """`v` for each vowel, `c` for each consonant; y is a vowel after a consonant."""
    shape = ""
    for letter in word:
        vowel = letter in "aeiou" or (letter == "y" and shape[-1:] == "c")
        shape += "v" if vowel else "c"
    return shape


def _measure(word: str) -> int:
    return _shape(word).count("vc")


def _has_vowel(word: str) -> bool:
    return "v" in _shape(word)


def _ends_double(word: str) -> bool:
    return len(word) >= 2 and word[-1] == word[-2] and _shape(word)[-1] == "c"


def _is_short(word: str) -> bool:
    return _shape(word)[-3:] == "cvc" and word[-1] not in "wxy"
