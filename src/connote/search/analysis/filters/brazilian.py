"""Brazilian stems, as Lucene has them: Snowball's regions and endings of Portuguese on words without marks."""

import re

from connote.search.analysis.filters.endings import listed

_VOWELS = "aeiou"
_PLAIN = str.maketrans("áâãéêíóôõúüçñ", "aaaeeiooouucn")
_FIRST_MARK, _LAST_MARK = "\"'-,;.?!", "-,;.?!'\""
# Endings of nouns and adjectives in the second region, what takes their place, and those of other regions.
_NOUNS = listed(
    "uciones imentos amentos adores adoras logias encias amente idades acoes imento amento adora ismos istas logia "
    "ucion encia mente idade acao ezas icos icas ismo avel ivel ista osos osas ador ivas ivos iras eza ico ica oso osa "
    "iva ivo ira"
)
_INSTEAD = {
    "uciones": "u", "logias": "logias", "encias": "ente", "logia": "log", "ucion": "u", "encia": "ente", "iras": "ir",
    "ira": "ir",
}  # fmt: skip
_VERBS = listed(
    "issemos essemos assemos ariamos eriamos iriamos iremos eremos aremos avamos iramos eramos aramos asseis esseis "
    "isseis arieis erieis irieis irmos iamos armos ermos areis ereis ireis asses esses isses astes assem essem issem "
    "ardes erdes irdes ariam eriam iriam arias erias irias estes istes aveis aria eria iria asse esse isse aste este "
    "iste arei erei irei aram eram iram avam arem erem irem ando endo indo arao erao irao adas idas aras eras iras "
    "avas ares eres ires ados "
    "idos amos emos imos ieis ada ida ara era ira iam ado ido ias ais eis ear ia ei am em ar er ir "
    "as es is eu iu ou"
)


def brazilian(word: str) -> str:
    """The stem; words of less than three letters, or of thirty and more, stay."""
    made = word.lower().translate(_PLAIN)
    made = made[1:] if len(made) > 1 and made[0] in _FIRST_MARK else made
    made = made[:-1] if len(made) > 1 and made[-1] in _LAST_MARK else made
    if not 2 < len(made) < 30:
        return word
    if not made.isalpha():
        return made
    verbal = _verbal(made)
    stem = _without_noun(made, verbal)
    if stem is None:
        stem = _without_verb(made, verbal)
    if stem is None:
        ending = next((ending for ending in ("os", "a", "i", "o") if verbal.endswith(ending)), "")
        stem = made.removesuffix(ending)
    elif verbal.endswith("ci"):
        stem = stem.removesuffix("i")
    return _without_e(stem, verbal)


def _without_noun(word: str, verbal: str) -> str | None:
    """Without the ending of a noun or an adjective; None if there is none."""
    first = _after(word)
    second = _after(first)
    for ending in _NOUNS:
        region = first if ending == "amente" else verbal if ending in ("iras", "ira") else second
        if region.endswith(ending) and (region is not verbal or word.removesuffix(ending).endswith("e")):
            return word.removesuffix(ending) + _INSTEAD.get(ending, "")
    return None


def _without_verb(word: str, verbal: str) -> str | None:
    """Without the ending of a verb; None if there is none. Lucene leaves "ira"."""
    for ending in _VERBS:
        if verbal.endswith(ending):
            return word if ending == "ira" else word.removesuffix(ending)
    return None


def _without_e(stem: str, verbal: str) -> str:
    if not verbal.endswith("e"):
        return stem
    stem = stem.removesuffix("e")
    return stem.removesuffix("u" if verbal.endswith("gue") else "i" if verbal.endswith("cie") else "")


def _after(word: str) -> str:
    """What is after the first vowel and the consonant behind it; "" for none."""
    found = re.search("[aeiou]+[^aeiou]", word[:-1])
    return word[found.end() :] if found else ""


def _verbal(word: str) -> str:
    """Snowball's region RV.

    https://snowballstem.org/algorithms/portuguese/stemmer.html
    """
    last = len(word) - 1
    if word[1] not in _VOWELS:
        found = next((at for at in range(2, last) if word[at] in _VOWELS), None)
        if found is not None:
            return word[found + 1 :]
    elif word[0] in _VOWELS:
        found = next((at for at in range(2, last) if word[at] not in _VOWELS), None)
        if found is not None:
            return word[found + 1 :]
    return word[3:]
