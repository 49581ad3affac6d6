"""Spanish words without the plural, as Lucene's SpanishPluralStemmer has it, by the rules of wikilengua.org."""

from functools import cache
from importlib.resources import files

from connote.search.analysis.filters.endings import listed

_PLAIN = str.maketrans("àáâäòóôöèéêëùúûüìíîï", "aaaaooooeeeeuuuuiiii")
_VOWELS = "aeiou"
# Plurals in -es of words that end in what others do not.
_IN_ES = frozenset(
    listed("yoes noes sies clubes faralaes albalaes itemes albumes sandwiches relojes bojes contrarreloj carcajes")
)


@cache
def _alike() -> frozenset[str]:
    """Words whose plural is as their singular."""
    file = files("connote.search.analysis").joinpath("data", "spanish_alike.txt")
    return frozenset(file.read_text(encoding="utf-8").split())


def singular(word: str) -> str:
    """The singular, without marks."""
    if len(word) < 4:
        return word
    word = word.translate(_PLAIN)
    if word.lower() in _alike():
        return word
    if word.lower() in _IN_ES:
        return word[:-2]
    return _singular(word) if word[-1] == "s" else word


def _singular(word: str) -> str:
    fourth, third, second = word[-4], word[-3], word[-2]
    if second not in _VOWELS or fourth == "q" or (fourth == "g" and third == "u" and second in "ie"):
        return word[:-1]
    if second == "e" and (
        (fourth in _VOWELS and third in "rdlnx") or third in "yus" or (third == "i" and fourth in "ulrtn")
    ):
        return word[:-2]
    if second == "i" and (third in _VOWELS or third == "d"):
        return f"{word[:-2]}y"
    return f"{word[:-3]}z" if second == "e" and third == "c" else word[:-1]
