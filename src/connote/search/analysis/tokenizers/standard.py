"""The standard tokenizer: words by Unicode's rules (https://unicode.org/reports/tr29/), as Lucene has them.

Each character becomes a letter for its class, and one regular expression over these letters finds the words. Where
ICU's break iterator would give the boundaries only, this gives the types as well, at the speed of `re`.
"""

import re
from collections.abc import Callable, Iterator

import regex

from connote.search.analysis.component import Tokenizer
from connote.search.analysis.token import Token
from connote.search.analysis.tokenizers.simple import MAX_TOKEN_LENGTH, longest

ALPHANUM, NUM, EMOJI = "<ALPHANUM>", "<NUM>", "<EMOJI>"
IDEOGRAPHIC, HIRAGANA, KATAKANA, HANGUL = "<IDEOGRAPHIC>", "<HIRAGANA>", "<KATAKANA>", "<HANGUL>"
SOUTHEAST_ASIAN = "<SOUTHEAST_ASIAN>"

# The letters, with the characters that they stand for; the first that fits holds.
_CLASSES = {
    "v": r"\uFE0F",  # asks for the colourful form of an emoji
    "j": r"\u200D",  # joins emoji
    "k": r"\u20E3",  # the frame of a keycap
    "t": r"[\U000E0020-\U000E007F]",  # tags, in the flags of regions
    "m": r"\p{Emoji_Modifier}",
    "R": r"\p{WB=Regional_Indicator}",
    "s": r"[[\p{WB=Extend}\p{WB=Format}]&&\p{LB=Complex_Context}]",
    "x": r"[\p{WB=Extend}\p{WB=Format}]",
    "G": r"[\p{Script=Hangul}&&[\p{WB=ALetter}\p{WB=Hebrew_Letter}]]",
    "H": r"\p{WB=Hebrew_Letter}",
    "A": r"\p{WB=ALetter}",
    "D": r"[0-9]",
    "N": r"[\p{WB=Numeric}[\uFF10-\uFF19]]",
    "K": r"\p{WB=Katakana}",
    "E": r"\p{WB=ExtendNumLet}",
    "L": r"[\p{WB=MidLetter}:\uFE55\uFF1A]",
    "M": r"\p{WB=MidNum}",
    "B": r"\p{WB=MidNumLet}",
    "q": r"\p{WB=Single_Quote}",
    "Q": r"\p{WB=Double_Quote}",
    "C": r"\p{Script=Han}",
    "I": r"\p{Script=Hiragana}",
    "S": r"\p{LB=Complex_Context}",
    "Y": r"[#*]",
    "P": r"\p{Extended_Pictographic}",
}
_OTHER = "."
_EXTENDING = "svjmktx"
_FINDERS = {letter: regex.compile(pattern, regex.V1) for letter, pattern in _CLASSES.items()}
_KEPT = 1 << 16


class _Letters(dict[int, str]):
    """By code point, the letter of its class; found out when it is first met."""

    def __missing__(self, point: int) -> str:
        letter = next((name for name, finder in _FINDERS.items() if finder.match(chr(point))), _OTHER)
        if len(self) < _KEPT:
            self[point] = letter
        return letter


_letters = _Letters()


def _grammar(letter: Callable[[str], str]) -> str:
    """What a token is; `letter` writes a set of classes as a set of characters.

    Underscores alone are no token. They are found too, as each would else be looked at again from all before it.
    """
    extended = f"{letter(_EXTENDING)}*+"
    word = _word(lambda names: letter(names) + extended, letter)
    alone = "|".join(letter(name) + extended for name in "CI")
    return f"{_emoji(letter)}|{word}|{alone}|(?:{letter('Ss')}{extended})+|{letter('E')}++"


def _emoji(letter: Callable[[str], str]) -> str:
    """Flags, keycaps, and pictographs, joined or not."""
    extended = f"{letter(_EXTENDING)}*+"
    flag = f"{letter('R')}{extended}{letter('R')}{extended}"
    framed = f"{letter('svjmtx')}*{letter('k')}{extended}"
    word_goes_on = f"{letter('AGHNDE')}|{letter('MBq')}{letter('ND')}"
    keycap = f"{letter('Y')}{framed}|{letter('D')}{framed}(?!{word_goes_on})"
    element = f"{letter('P')}{letter('sjktmx')}*+(?:{letter('v')}(?:{letter('j')}++(?={letter('P')}))?)?"
    tone = f"{letter('m')}{letter('sjktmx')}*+"
    joined = f"(?:(?<={letter('j')}){element})*+"
    picture = f"(?:(?<!{letter('j')}){letter('j')}++)?{element}{joined}|{tone}"
    return f"{flag}|{keycap}|{picture}"


def _word(one: Callable[[str], str], letter: Callable[[str], str]) -> str:
    """Letters and numbers with what may stand between them, or kana; underscores join these."""
    units = (
        f"{one('AG')}(?:{one('LBq')}(?={letter('AGH')}))?",
        f"{one('H')}(?:{one('Q')}(?={letter('H')})|{one('LB')}(?={letter('AGH')})|{one('q')})?",
        f"{one('DN')}(?:{one('MBq')}(?={letter('DN')}))?",
    )
    segment = f"(?:(?:{'|'.join(units)})++|(?:{one('K')})++)"
    joint = f"(?:{one('E')})"
    return f"{joint}{{0,{MAX_TOKEN_LENGTH}}}+{segment}(?:{joint}++{segment})*+{joint}*+"


_ASCII = {"A": "A-Za-z", "D": "0-9", "E": "_", "L": ":", "M": ",;", "B": ".", "q": "'", "Q": '"', "Y": "#*"}


def _ascii(names: str) -> str:
    held = "".join(_ASCII.get(name, "") for name in names)
    return f"[{held}]" if held else "(?!)"


_IN_ASCII = re.compile(_grammar(_ascii))
_IN_CLASSES = re.compile(_grammar(lambda names: f"[{names}]"))
_EMOJI = re.compile(_emoji(lambda names: f"[{names}]"))
_NUMBER = re.compile(f"[DNEMBq{_EXTENDING}]+")
_EXTENSION = str.maketrans("", "", _EXTENDING)
_KINDS = {"C": IDEOGRAPHIC, "I": HIRAGANA, "S": SOUTHEAST_ASIAN, "": SOUTHEAST_ASIAN}


class StandardTokenizer(Tokenizer):
    """Words, numbers, emoji; ideographs and hiragana each for itself. Longer ones are cut at `max_token_length`."""

    def __init__(self, max_token_length: int = MAX_TOKEN_LENGTH) -> None:
        self.max_token_length = max_token_length

    def tokens(self, text: str) -> list[Token]:
        """Tokens with their types."""
        classes = text.translate(_letters)
        spans = self._spans(classes)
        return [
            Token(text[start:end], start, end, position, _type(classes[start:end]))
            for position, (start, end) in enumerate(spans)
        ]

    def terms(self, text: str) -> list[str]:
        """Terms alone."""
        if text.isascii():
            terms: list[str] = _IN_ASCII.findall(text)
            if "_" in text:
                terms = [term for term in terms if term.strip("_")]
            if longest(terms) <= self.max_token_length:
                return terms
        return [text[start:end] for start, end in self._spans(text.translate(_letters))]

    def _spans(self, classes: str) -> Iterator[tuple[int, int]]:
        for found in _IN_CLASSES.finditer(classes):
            start, end = found.span()
            if end - start > self.max_token_length:
                yield from self._cut(classes, start, end)
            elif classes[start] != "E" or classes[start:end].strip("E"):
                yield start, end

    def _cut(self, classes: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The pieces of a long token: each the longest that is one, as if the text ended after so many characters."""
        while start < end:
            piece = _IN_CLASSES.match(classes, start, min(start + self.max_token_length, end))
            if piece and piece[0].strip("E"):
                yield piece.span()
                start = piece.end()
            else:
                start += 1


def _type(classes: str) -> str:
    core = classes.translate(_EXTENSION)
    if _EMOJI.fullmatch(classes):
        return EMOJI
    if core[:1] in _KINDS:
        return _KINDS[core[:1]]
    if _NUMBER.fullmatch(classes):
        return NUM
    return {frozenset("G"): HANGUL, frozenset("K"): KATAKANA}.get(frozenset(core), ALPHANUM)
