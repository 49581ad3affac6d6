"""Stemmers and normal forms of Persian and Sorani, as Lucene has them."""
# ruff: noqa: RUF001 (Persian letters)

import re

_PERSIAN = str.maketrans("\u06cc\u06d2\u06a9\u06c0\u06c1", "\u064a\u064a\u0643\u0647\u0647", "\u0654")
_PERSIAN_ENDINGS = ("ات", "ان", "ترين", "تر", "يي", "ي", "ها", "\u200c")


def normal_persian(word: str) -> str:
    """A Persian word with one form of yeh, kaf and heh: the Arabic ones."""
    return word.translate(_PERSIAN)


def persian(word: str) -> str:
    """The stem of a Persian word in its normal form: without endings of plural, comparison and possession."""
    for ending in _PERSIAN_ENDINGS:
        if len(word) >= len(ending) + 2:
            word = word.removesuffix(ending)
    return word


# Yeh, kaf, ae, heh and rreh in one form.
_SORANI = str.maketrans("\u064a\u0649\u0643\u0629\u06be\u0692", "\u06cc\u06cc\u06a9\u06d5\u0647\u0695")
_LAST_HEH, _JOINED_HEH, _FIRST_REH = re.compile("\u0647\\Z"), re.compile("\u0647\u200c"), re.compile("\\A\u0631")
# The stretching line, vowel signs, and what only formats, but for the mark that says that letters are not joined.
_MARKS = re.compile(
    "[\u0640\u064b-\u0652\u00ad\u0600-\u0605\u061c\u06dd\u070f\u200b\u200d-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)


def normal_sorani(word: str) -> str:
    """A Sorani word with one form of each letter, and without marks."""
    word = _MARKS.sub("", _LAST_HEH.sub("\u06d5", word)).translate(_SORANI)
    return _FIRST_REH.sub("\u0695", _JOINED_HEH.sub("\u06d5", word).replace("\u200c", ""))


# Shortest word, ending, characters to take off.
_POSTPOSITIONS = ((6, "دا", 2), (5, "نا", 1), (7, "ەوە", 3))
_SORANI_ENDINGS = (
    (7, "ێکی", 3), (8, "یەکی", 4), (6, "ێک", 2), (7, "یەک", 3), (7, "ەکە", 3), (6, "کە", 2), (8, "ەکان", 4),
    (7, "کان", 3), (8, "یانی", 4), (7, "انی", 3), (7, "یان", 3), (6, "ان", 2), (8, "یانە", 4), (7, "انە", 3),
    (6, "ایە", 2), (6, "ەیە", 2), (5, "ە", 1), (5, "ی", 1),
)  # fmt: skip


def sorani(word: str) -> str:
    """The light stem of a Sorani word."""
    word = _shorter(word, _POSTPOSITIONS)
    if len(word) > 6 and word.endswith(("مان", "یان", "تان")):
        word = word[:-3]
    return _shorter(word, _SORANI_ENDINGS)


def _shorter(word: str, rules: tuple[tuple[int, str, int], ...]) -> str:
    for shortest, ending, off in rules:
        if len(word) >= shortest and word.endswith(ending):
            return word[:-off]
    return word
