"""Light stemmers of Bulgarian, Czech, Hungarian, Latvian and Russian, as Lucene has them.

By Jacques Savoy and Ljiljana Dolamic (members.unine.ch/jacques.savoy/clef/: "Searching strategies for the Bulgarian
language", 2007; "Indexing and stemming approaches for the Czech language", 2009; "Light stemming approaches for the
French, Portuguese, German and Hungarian languages", 2006; "Indexing and searching strategies for the Russian
language", 2009); the Latvian one is a light form of Kārlis Krēsliņš' (1996).
"""
# ruff: noqa: RUF001 (Russian and Bulgarian letters)

from connote.search.analysis.filters.endings import cut, endings, fits

_RUSSIAN = (
    endings(7, "иями оями"),
    endings(6, "иям иях оях ями оям оьв ами его ему ери ими ого ому ыми оев"),
    endings(5, "ая яя ях юю ах ею их ия ию ьв ою ую ям ых ея ам ем ей ём ев ий им ое ой ом ов ые ый ым ми"),
    endings(4, "а е и о у й ы я ь"),
)
_RUSSIAN_REST = (endings(4, "ь и"), endings(4, "нн", 1))


def russian(word: str) -> str:
    """The light stem of a Russian word."""
    return cut(cut(word, _RUSSIAN), _RUSSIAN_REST)


_ARTICLES = (endings(7, "ият"), endings(6, "ът то те та ия"), endings(5, "ят"))
_PLURALS = (
    endings(7, "овци", 3), endings(7, "ове"), endings(7, "еве", 3, "й"), endings(6, "ища"), endings(6, "та"),
    endings(6, "ци", 2, "к"), endings(6, "зи", 2, "г"),
)  # fmt: skip
_SHORT_PLURALS = (endings(5, "си", 2, "х"), endings(5, "и"))


def bulgarian(word: str) -> str:
    """The light stem of a Bulgarian word."""
    if len(word) < 4:
        return word
    if len(word) > 5 and word.endswith("ища"):
        return word[:-3]
    word = _bulgarian_singular(cut(word, _ARTICLES))
    if len(word) > 3:
        word = word.removesuffix("я")
        word = word[:-1] if word[-1] in "аое" else word
    if len(word) > 4 and word.endswith("ен"):
        word = f"{word[:-2]}н"
    return word[:-2] + word[-1] if len(word) > 5 and word[-2] == "ъ" else word


def _bulgarian_singular(word: str) -> str:
    if any(fits(word, each) for each in _PLURALS):
        return cut(word, _PLURALS)
    if len(word) > 5 and word[-3] == "е" and word[-1] == "и":
        return f"{word[:-3]}я{word[-2]}"
    return cut(word, _SHORT_PLURALS)


_CZECH = (
    endings(8, "atech"), endings(7, "ětem etem atům"),
    endings(6, "ech ich ích ého ěmi emi ému ěte ete ěti eti ího iho ími ímu imu ách ata aty ých ama ami ové ovi ými"),
    endings(5, "em es ém ím ům at ám os us ým mi ou"), endings(4, "a e i o u ů y á é í ý ě"),
)  # fmt: skip
_CZECH_POSSESSIVES = (endings(6, "ov in ův"),)
_PALATAL = (
    endings(2, "čt", 2, "ck"), endings(2, "št", 2, "sk"), endings(1, "c č", 1, "k"), endings(1, "z ž", 1, "h")
)  # fmt: skip


def czech(word: str) -> str:
    """The light stem of a Czech word."""
    word = cut(cut(word, _CZECH), _CZECH_POSSESSIVES)
    if any(fits(word, each) for each in _PALATAL):
        return cut(word, _PALATAL)
    if len(word) > 1 and word[-2] == "e":
        return word[:-2] + word[-1]
    return f"{word[:-2]}o{word[-1]}" if len(word) > 2 and word[-2] == "ů" else word


_HUNGARIAN = str.maketrans("áëéíóőõöúűũûü", "aeeioooouuuuu")
_VOWELS = "aeiouy"
_HUNGARIAN_CASES = (endings(7, "kent"), endings(6, "nak nek val vel ert rol ban ben bol nal nel hoz hez tol"))
_SHORT_CASES = (endings(5, "at et ot va ve ra re ba be ul ig"),)


def hungarian(word: str) -> str:
    """The light stem of a Hungarian word."""
    word = _hungarian_plural(_hungarian_possessive(_hungarian_case(word.translate(_HUNGARIAN))))
    return word[:-1] if len(word) > 3 and word[-1] in "aeio" else word


def _hungarian_case(word: str) -> str:
    if any(fits(word, each) for each in _HUNGARIAN_CASES):
        return cut(word, _HUNGARIAN_CASES)
    if len(word) > 5 and word.endswith(("al", "el")) and word[-3] not in _VOWELS and word[-3] == word[-4]:
        return word[:-3]
    if len(word) < 5:
        return word
    if fits(word, _SHORT_CASES[0]) or (word.endswith(("on", "en")) and word[-3] not in _VOWELS):
        return word[:-2]
    if word[-1] in "tn":
        return word[:-1]
    doubled = word[-1] in "ae" and word[-2] == word[-3] and word[-2] not in _VOWELS
    return word[:-2] if doubled else word


# Shortest word, endings, what is before them: a vowel, none, or either.
_POSSESSIVES: tuple[tuple[int, tuple[str, ...], bool | None], ...] = (
    (7, ("atok", "otok", "etek"), False), (7, ("itek", "itok"), None), (6, ("unk", "tok", "tek"), False),
    (6, ("juk",), True), (6, ("ink",), None), (5, ("am", "em", "om", "ad", "ed", "od", "uk"), False),
    (5, ("nk", "ja", "je"), True), (5, ("im", "id", "ik"), None), (4, ("a", "e"), False), (4, ("m", "d"), True),
    (4, ("i",), None),
)  # fmt: skip


def _hungarian_possessive(word: str) -> str:
    for shortest, listed, vowel in _POSSESSIVES:
        length = len(listed[0])
        if (
            len(word) >= shortest
            and word.endswith(listed)
            and (vowel is None or (word[-length - 1] in _VOWELS) == vowel)
        ):
            return word[:-length]
    return word


def _hungarian_plural(word: str) -> str:
    if len(word) < 4 or word[-1] != "k":
        return word
    return word[:-2] if len(word) > 4 and word[-2] in "aoe" else word[:-1]


# Ending, the vowels that a word must have more than, whether the consonant before it was made soft.
_LATVIAN = (
    ("ajiem", 3, False), ("ajai", 3, False), ("ajam", 2, False), ("ajām", 2, False), ("ajos", 2, False),
    ("ajās", 2, False), ("iem", 2, True), ("ajā", 2, False), ("ais", 2, False), ("ai", 2, False), ("ei", 2, False),
    *((ending, 1, False) for ending in ("ām", "am", "ēm", "īm", "im", "um")), ("us", 1, True), ("as", 1, False),
    ("ās", 1, False), ("es", 1, False), ("os", 1, True),
    *((ending, 1, False) for ending in ("ij", "īs", "ēs", "is", "ie")), ("u", 1, True), ("a", 1, True), ("i", 1, True),
    *((ending, 1, False) for ending in "eāēīūo"), ("s", 0, False), ("š", 0, False),
)  # fmt: skip
_GENITIVE = (endings(2, "kš", 2, "kst"), endings(2, "ņņ", 2, "nn"))
_SOFT = (
    endings(2, "pj bj mj vj", 1), endings(2, "šņ", 2, "sn"), endings(2, "žņ", 2, "zn"), endings(2, "šļ", 2, "sl"),
    endings(2, "žļ", 2, "zl"), endings(2, "ļņ", 2, "ln"), endings(2, "ļļ", 2, "ll"), endings(1, "č", 1, "c"),
    endings(1, "ļ", 1, "l"), endings(1, "ņ", 1, "n"),
)  # fmt: skip


def latvian(word: str) -> str:
    """The light stem of a Latvian word."""
    vowels = sum(letter in "aeiouāīēū" for letter in word)
    for ending, least, is_soft in _LATVIAN:
        if vowels > least and len(word) >= len(ending) + 3 and word.endswith(ending):
            stem = word[: -len(ending)]
            return cut(stem, (*(_GENITIVE if ending[0] == "u" else ()), *_SOFT)) if is_soft else stem
    return word
