"""Indonesian stems, as Lucene has them.

F. Z. Tala, "A study of stemming effects on information retrieval in Bahasa Indonesia", 2003.
"""

_VOWELS = frozenset("aeiou")
# Prefix, what takes its place, whether a vowel must follow, and what it stands for when suffixes are looked at.
_FIRST = (
    ("meng", "", False, "meng"), ("meny", "s", True, "meng"), ("men", "", False, "meng"), ("mem", "", False, "meng"),
    ("me", "", False, "meng"), ("peng", "", False, "peng"), ("peny", "s", True, "peng"), ("peny", "", False, "peng"),
    ("pen", "t", True, "peng"), ("pen", "", False, "peng"), ("pem", "", False, "peng"), ("di", "", False, "di"),
    ("ter", "", False, "ter"), ("ke", "", False, "ke"),
)  # fmt: skip
# Suffix, and the prefixes that do not go with it.
_SUFFIXES = (
    ("kan", {"ke", "peng", "pe"}),
    ("an", {"di", "meng", "ter"}),
    ("i", {"ber", "ke", "peng"}),
)


class _Word:
    """A word that is being stemmed: its syllables, and the prefixes it had."""

    def __init__(self, text: str) -> None:
        self.text, self.prefixes = text, set[str]()
        self.syllables = sum(letter in _VOWELS for letter in text)

    def become(self, text: str) -> None:
        """Without an affix."""
        self.text = text
        self.syllables -= 1


def light_indonesian(word: str) -> str:
    """Without particles and possessive pronouns."""
    return _inflected(word).text


def indonesian(word: str) -> str:
    """Without prefixes and suffixes, too."""
    made = _inflected(word)
    if _first_prefix(made):
        if _suffix(made):
            _second_prefix(made)
    else:
        _second_prefix(made)
        _suffix(made)
    return made.text


def _inflected(word: str) -> _Word:
    made = _Word(word)
    for listed in (("kah", "lah", "pun"), ("ku", "mu", "nya")):
        found = next((ending for ending in listed if made.text.endswith(ending)), None)
        if made.syllables > 2 and found:
            made.become(made.text.removesuffix(found))
    return made


def _first_prefix(word: _Word) -> bool:
    for prefix, instead, before_vowel, kind in _FIRST:
        rest = word.text[len(prefix) :]
        if word.syllables > 2 and word.text.startswith(prefix) and (not before_vowel or rest[:1] in _VOWELS):
            word.prefixes.add(kind)
            word.become(instead + rest)
            return True
    return False


def _second_prefix(word: _Word) -> None:
    text = word.text
    if word.syllables < 3:
        return
    if text.startswith("ber") or text == "belajar":
        word.prefixes.add("ber")
        word.become(text[3:])
    elif text.startswith("be") and text[3:5] == "er" and text[2] not in _VOWELS:
        word.prefixes.add("ber")
        word.become(text[2:])
    elif text.startswith("per") or text == "pelajar":
        word.become(text[3:])
    elif text.startswith("pe"):
        word.prefixes.add("pe")
        word.become(text[2:])


def _suffix(word: _Word) -> bool:
    for suffix, against in _SUFFIXES:
        fits = word.text.endswith(suffix) and not (suffix == "i" and word.text.endswith("si"))
        if word.syllables > 2 and fits and not word.prefixes & against:
            word.become(word.text.removesuffix(suffix))
            return True
    return False
