"""The normal form of Bengali words: spelt as they sound.

N. UzZaman and M. Khan, "A double metaphone encoding for Bangla and its application in spelling checker", 2005; as
Lucene has it.
"""

_LETTERS = {
    "\u09c0": "\u09bf", "\u09c2": "\u09c1", "\u0999": "\u0982", "\u09b6": "\u09b8", "\u09b7": "\u09b8",
    "\u09a3": "\u09a8", "\u09dc": "\u09b0", "\u09dd": "\u09b0", "\u09ce": "\u09a4",
}  # fmt: skip
_HASANTA, _VISARGA, _CHANDRABINDU = "\u09cd", "\u0983", "\u0981"
_KA, _KHA, _YA, _BA = "\u0995", "\u0996", "\u09af", "\u09ac"


def normal_bengali(word: str) -> str:
    """A Bengali word spelt in one way."""
    made, at = list[str](), 0
    while at < len(word):
        letter = word[at]
        at += 1
        if letter == _KA and word[at : at + 2] == f"{_HASANTA}\u09bf":
            made += [_KA, _KHA] if made else [_KHA]
            at += 2
        elif letter == _YA and made and made[-1] == _HASANTA:
            at += _read_ya(made, word[at : at + 1])
        elif letter == _BA and len(made) > 1 and made[-1] == _HASANTA:
            _read_ba(made)
        elif letter == _VISARGA:
            # At the end an h, which is silent in longer words; else it doubles what comes.
            made += word[at] if at < len(word) else "\u09b9" if len(made) < 3 else ""
        elif letter != _CHANDRABINDU:
            made.append(_LETTERS.get(letter, letter))
    return "".join(made)


def _read_ya(made: list[str], following: str) -> int:
    """Ya behind the first consonant is an e, a long a behind it silent; elsewhere it is; how many letters are read."""
    if len(made) == 2:
        made[-1] = "\u09c7"
        return int(following == "\u09be")
    made.pop()
    return 0


def _read_ba(made: list[str]) -> None:
    """Ba behind the first consonant is silent, and behind two; else it doubles it."""
    if len(made) == 2 or (len(made) >= 5 and made[-3] == _HASANTA):
        made.pop()
    else:
        made[-1] = made[-2]
