"""Letters that Scandinavian languages write in different ways (Lucene's ScandinavianNormalizationFilter)."""

import re

_SAME = str.maketrans("äÄöÖ", "æÆøØ")
_PAIRS = {"aa": "å", "ao": "å", "ae": "æ", "oe": "ø", "oo": "ø"}
_PAIR = re.compile("a[aoe]|o[eo]", re.IGNORECASE)
_FOLDED = str.maketrans("åäæÅÄÆøöØÖ", "aaaAAAooOO")
_FOLDED_PAIR = re.compile("(a)[aoe]|(o)[eo]", re.IGNORECASE)


def scandinavian(term: str) -> str:
    """In Danish and Norwegian letters: ä is æ, ö is ø, aa is å."""
    return _PAIR.sub(_letter, term.translate(_SAME))


def _letter(found: re.Match[str]) -> str:
    letter = _PAIRS[found[0].lower()]
    return letter.upper() if found[0][0].isupper() else letter


def scandinavian_folded(term: str) -> str:
    """Without the marks of these letters, and without the second letter of a pair."""
    return _FOLDED_PAIR.sub(lambda found: found[0][0], term).translate(_FOLDED)


# Serbian letters, Cyrillic ones too, in Latin ones without marks.
_SERBIAN = str.maketrans(
    dict(zip("абвгдежзијклмнопрстћуфхцчшžčćš", "abvgdezzijklmnoprstcufhccszccs", strict=True))
    | {"ђ": "dj", "đ": "dj", "љ": "lj", "њ": "nj", "џ": "dz"}
)  # fmt: skip


def serbian(term: str) -> str:
    """In Latin letters without marks (Lucene's SerbianNormalizationFilter)."""
    return term.translate(_SERBIAN)
