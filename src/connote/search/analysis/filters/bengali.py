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
    letters, at = list(word), 0
    while at < len(letters):
        letter = letters[at]
        if letter == _CHANDRABINDU:
            del letters[at]
            continue
        if letter == _KA:
            _read_ksha(letters, at)
        elif letter == _YA:
            at = _read_ya(letters, at)
        elif letter == _BA:
            at = _read_ba(letters, at)
        elif letter == _VISARGA:
            _read_visarga(letters, at)
        else:
            letters[at] = _LETTERS.get(letter, letter)
        at += 1
    return "".join(letters)


def _read_ksha(letters: list[str], at: int) -> None:
    """Ka, hasanta and i become kha, alone at the beginning."""
    if letters[at + 1 : at + 3] == [_HASANTA, "\u09bf"]:
        letters[at : at + 3] = [_KHA] if at == 0 else [_KA, _KHA]


def _read_ya(letters: list[str], at: int) -> int:
    """Ya behind a consonant is an e at the beginning, else silent; the place of what was read last."""
    if at < 1 or letters[at - 1] != _HASANTA:
        return at
    if at == 2:
        end = at + 2 if letters[at + 1 : at + 2] == ["\u09be"] else at + 1
        letters[at - 1 : end] = ["\u09c7"]
        return at - 1
    del letters[at - 1 : at + 1]
    return at - 2


def _read_ba(letters: list[str], at: int) -> int:
    """Ba behind a consonant is silent at the beginning and behind two, else it doubles it."""
    if at < 1 or letters[at - 1] != _HASANTA:
        return at
    if at == 2 or (at >= 5 and letters[at - 3] == _HASANTA):
        del letters[at - 1 : at + 1]
        return at - 2
    if at > 2:
        letters[at - 1 : at + 1] = [letters[at - 2]]
        return at - 1
    return at


def _read_visarga(letters: list[str], at: int) -> None:
    """A visarga at the end is an h, or silent in longer words; else it doubles what comes."""
    if at < len(letters) - 1:
        letters[at] = letters[at + 1]
    elif len(letters) <= 3:
        letters[at] = "\u09b9"
    else:
        del letters[at]
