"""Light stemmers: number and gender of nouns and adjectives.

The algorithms are Jacques Savoy's ("Light stemming approaches for the French, Portuguese, German and Hungarian
languages", SAC 2006; https://members.unine.ch/jacques.savoy/clef/), in the forms that Lucene has; the minimal
English one is Donna Harman's S stemmer ("How effective is suffixing?", 1991), the Arabic one Leah Larkey's light10.
"""

import re

_PLAIN = str.maketrans("àáâäòóôöèéêëùúûüìíîï", "aaaaooooeeeeuuuuiiii")
_GERMAN = str.maketrans("äàáâöòóôïìíîüùúû", "aaaaooooiiiiuuuu")
_FRENCH = str.maketrans("àáâôèéêùûîç", "aaaoeeeuuic")
_PORTUGUESE = str.maketrans("àáâäãòóôöõèéêëùúûüìíîïç", "aaaaaoooooeeeeuuuuiiiic")
_BEFORE_ST = "bdfghklmnt"


def german(word: str) -> str:
    """The light stem of a German word."""
    word = word.translate(_GERMAN)
    if len(word) > 5 and word.endswith("ern"):
        word = word[:-3]
    elif len(word) > 4 and word.endswith(("em", "en", "er", "es")):
        word = word[:-2]
    elif len(word) > 3 and (word[-1] == "e" or (word[-1] == "s" and word[-2] in _BEFORE_ST)):
        word = word[:-1]
    if len(word) > 5 and word.endswith("est"):
        return word[:-3]
    if len(word) > 4 and (word.endswith(("er", "en")) or (word.endswith("st") and word[-3] in _BEFORE_ST)):
        return word[:-2]
    return word


def minimal_german(word: str) -> str:
    """The minimal stem of a German word: without the plural."""
    if len(word) < 5:
        return word
    word = word.translate(str.maketrans("äöü", "aou"))
    if len(word) > 6 and word.endswith("nen"):
        return word[:-3]
    if len(word) > 5 and word.endswith(("en", "se", "es", "er")):
        return word[:-2]
    return word[:-1] if word[-1] in "nesr" else word


def normal_german(word: str) -> str:
    """A German word without umlauts and ß, however they are written (Snowball's german2)."""
    return _UMLAUT.sub(
        r"\1", word.translate({ord("ä"): "a\0", ord("ö"): "o\0", ord("ü"): "u\0", ord("ß"): "ss"})
    ).replace("\0", "")


_UMLAUT = re.compile(r"([ao]|(?<![aeiouqy\0])u)e")


# Ending, shortest word with it, what takes its place. The first that fits holds.
_FRENCH_ENDINGS = (
    ("issement", 10, "ir"), ("issant", 9, "ir"), ("ivement", 9, "if"), ("ement", 7, "e"), ("ficatrice", 12, "fier"),
    ("ficateur", 11, "fier"), ("catrice", 10, "quer"), ("cateur", 9, "quer"), ("atrice", 9, "er"), ("ateur", 8, "er"),
    ("trice", 7, "teur"), ("ième", 6, ""), ("teuse", 8, "ter"), ("teur", 7, "ter"), ("euse", 6, "eu"), ("ère", 9, "er"),
    ("ive", 8, "if"), ("folle", 5, "fou"), ("molle", 5, "mou"), ("nnelle", 10, "n"), ("nnel", 10, "n"),
    ("ète", 5, "et"), ("ique", 9, ""), ("esse", 9, "e"), ("inage", 8, "in"), ("ualisation", 10, "uel"),
    ("isation", 10, ""),
    ("isateur", 10, ""), ("ation", 9, ""), ("ition", 9, ""),
)  # fmt: skip
_DOUBLED = re.compile(r"([^\W\d_])\1+")


def french(word: str) -> str:
    """The light stem of a French word."""
    if len(word) > 5 and word.endswith("aux") and word[-4] != "e":
        word = word[:-2] + "l"
    for ending in "xs":
        if len(word) > 3 and word[-1] == ending:
            word = word[:-1]
    for ending, length, instead in _FRENCH_ENDINGS:
        if len(word) >= length and word.endswith(ending):
            word = word[: -len(ending)] + instead
            if ending != "trice":  # teur has a rule of its own
                break
    return _normal_french(word)


def _normal_french(word: str) -> str:
    if len(word) > 4:
        word = _DOUBLED.sub(r"\1", word.translate(_FRENCH)).removesuffix("ie")
    if len(word) > 4:
        for ending in "ree":
            word = word.removesuffix(ending)
        if len(word) > 1 and word[-1] == word[-2] and word[-1].isalpha():
            word = word[:-1]
    return word


def minimal_french(word: str) -> str:
    """The minimal stem of a French word."""
    if len(word) < 6:
        return word
    if word[-1] == "x":
        return word[:-2] + "l" if word.endswith("aux") else word[:-1]
    for ending in "sreé":
        word = word.removesuffix(ending)
    return word[:-1] if word[-1] == word[-2] and word[-1].isalpha() else word


def spanish(word: str) -> str:
    """The light stem of a Spanish word."""
    if len(word) < 5:
        return word
    word = word.translate(_PLAIN)
    if word[-1] in "oae":
        return word[:-1]
    if word.endswith("eses"):
        return word[:-2]
    if word.endswith("ces"):
        return word[:-3] + "z"
    return word[:-2] if word.endswith(("os", "as", "es")) else word


def italian(word: str) -> str:
    """The light stem of an Italian word."""
    if len(word) < 6:
        return word
    word = word.translate(_PLAIN)
    if word.endswith(("ie", "he", "hi", "ii", "ia", "io")):
        return word[:-2]
    return word[:-1] if word[-1] in "eiao" else word


def portuguese(word: str) -> str:
    """The light stem of a Portuguese word."""
    if len(word) < 4:
        return word
    word = _portuguese_singular(word)
    if len(word) > 3 and word[-1] == "a":
        word = _portuguese_masculine(word)
    if len(word) > 4 and word[-1] in "eao":
        word = word[:-1]
    return word.translate(_PORTUGUESE)


def _portuguese_singular(word: str) -> str:
    length = len(word)
    if length > 4 and word.endswith(("res", "ses", "les", "zes")):
        return word[:-2]
    if length > 3 and word.endswith("ns"):
        return word[:-2] + "m"
    for ending, instead in (("eis", "el"), ("éis", "el"), ("ais", "al"), ("óis", "ol"), ("is", "il")):
        if length > 4 and word.endswith(ending):
            return word[: -len(ending)] + instead
    if length > 3 and word.endswith(("ões", "ães")):
        return word[:-3] + "ão"
    if length > 6 and word.endswith("mente"):
        return word[:-5]
    return word.removesuffix("s") if length > 3 else word


def _portuguese_masculine(word: str) -> str:
    if len(word) > 7 and word.endswith(("inha", "iaca", "eira")):
        return word[:-1] + "o"
    if len(word) > 6:
        if word.endswith(("osa", "ica", "ida", "ada", "iva", "ama")):
            return word[:-1] + "o"
        for ending, instead in (("ona", "ão"), ("ora", "or"), ("esa", "ês"), ("na", "no")):
            if word.endswith(ending):
                return word[: -len(ending)] + instead
    return word


_SWEDISH = (
    (8, ("elser", "heten")),
    (7, ("arne", "erna", "ande", "else", "aste", "orna", "aren")),
    (6, ("are", "ast", "het")),
    (5, ("ar", "er", "or", "en", "at", "te", "et")),
    (4, ("t", "a", "e", "n")),
)


def swedish(word: str) -> str:
    """The light stem of a Swedish word."""
    if len(word) > 4:
        word = word.removesuffix("s")
    for length, endings in _SWEDISH:
        if len(word) >= length and word.endswith(endings):
            return word[: -len(endings[0])]
    return word


def minimal_english(word: str) -> str:
    """An English word without the plural."""
    if len(word) < 3 or word[-1] != "s" or word[-2] in "us":
        return word
    if word[-2] == "e":
        if len(word) > 3 and word[-3] == "i" and word[-4] not in "ae":
            return word[:-3] + "y"
        if word[-3] in "iaoe":
            return word
    return word[:-1]


# Alef, yeh and heh each in one form; without the stretching line and the vowel signs.
_ARABIC = str.maketrans(
    "\u0622\u0623\u0625\u0649\u0629",
    "\u0627\u0627\u0627\u064a\u0647",
    "\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652",
)
_ARABIC_PREFIXES = ("ال", "وال", "بال", "كال", "فال", "لل", "و")
_ARABIC_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ة", "ي")  # noqa: RUF001 (Arabic)


def normal_arabic(word: str) -> str:
    """An Arabic word with one form of each letter, and without marks."""
    return word.translate(_ARABIC)


def arabic(word: str) -> str:
    """The light stem of an Arabic word."""
    for prefix in _ARABIC_PREFIXES:
        if word.startswith(prefix) and len(word) >= (4 if len(prefix) == 1 else len(prefix) + 2):
            word = word[len(prefix) :]
            break
    for suffix in _ARABIC_SUFFIXES:
        if word.endswith(suffix) and len(word) >= len(suffix) + 2:
            word = word[: -len(suffix)]
    return word
