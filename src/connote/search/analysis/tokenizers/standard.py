"""The standard tokenizer: words by Unicode's rules (https://unicode.org/reports/tr29/), as Lucene has them.

Each character becomes a letter for its class, and one regular expression over these letters finds the words. Where
ICU's break iterator would give the boundaries only, this gives the types as well, at the speed of `re`.
"""

import re
from collections.abc import Callable, Iterator

import regex

from connote.search.analysis.component import Tokenizer
from connote.search.analysis.token import Token

MAX_TOKEN_LENGTH = 255
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
    "x": r"[\p{WB=Extend}\p{WB=Format}]",
    "G": r"[\p{Script=Hangul}&&[\p{WB=ALetter}\p{WB=Hebrew_Letter}]]",
    "H": r"\p{WB=Hebrew_Letter}",
    "A": r"\p{WB=ALetter}",
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
    """What a token is; `letter` writes a set of classes as a set of characters."""
    extended = f"{letter('xvjmkt')}*+"
    word = _word(lambda names: letter(names) + extended, letter)
    emoji = (
        f"{letter('R')}{extended}{letter('R')}{extended}|{letter('NY')}{letter('v')}?{letter('k')}{extended}"
        f"|{letter('P')}{letter('vmt')}*(?:{letter('j')}{letter('P')}{letter('vmt')}*)*{extended}"
    )
    alone = "|".join(letter(name) + extended for name in "CI")
    return f"{emoji}|{word}|{alone}|(?:{letter('S')}{extended})+"


def _word(one: Callable[[str], str], letter: Callable[[str], str]) -> str:
    """Letters and numbers with what may stand between them, or kana; underscores join these."""
    units = (
        f"{one('AG')}(?:{one('LBq')}(?={letter('AGH')}))?",
        f"{one('H')}(?:{one('Q')}(?={letter('H')})|{one('LB')}(?={letter('AGH')})|{one('q')})?",
        f"{one('N')}(?:{one('MBq')}(?={letter('N')}))?",
    )
    segment = f"(?:(?:{'|'.join(units)})++|(?:{one('K')})++)"
    joint = f"(?:{one('E')})"
    return f"{joint}*+{segment}(?:{joint}++{segment})*+{joint}*+"


_ASCII = {"A": "A-Za-z", "N": "0-9", "E": "_", "L": ":", "M": ",;", "B": ".", "q": "'", "Q": '"', "Y": "#*"}


def _ascii(names: str) -> str:
    held = "".join(_ASCII.get(name, "") for name in names)
    return f"[{held}]" if held else "(?!)"


_IN_ASCII = re.compile(_grammar(_ascii))
_IN_CLASSES = re.compile(_grammar(lambda names: f"[{names}]"))
_NUMBER = re.compile(r"[NEMBqxvjmkt]+")
_EXTENSION = str.maketrans("", "", "xvjmkt")


class StandardTokenizer(Tokenizer):
    """Words, numbers, emoji; ideographs and hiragana each for itself. Longer ones are cut at `max_token_length`."""

    def __init__(self, max_token_length: int = MAX_TOKEN_LENGTH) -> None:
        self.max_token_length = max_token_length

    def tokens(self, text: str) -> list[Token]:
        """Tokens with their types."""
        classes = text.translate(_letters)
        spans = self._spans(_IN_CLASSES, classes)
        return [
            Token(text[start:end], start, end, position, _type(classes[start:end]))
            for position, (start, end) in enumerate(spans)
        ]

    def terms(self, text: str) -> list[str]:
        """Terms alone."""
        if text.isascii():
            terms: list[str] = _IN_ASCII.findall(text)
            if not terms or len(max(terms, key=len)) <= self.max_token_length:
                return terms
        return [text[start:end] for start, end in self._spans(_IN_CLASSES, text.translate(_letters))]

    def _spans(self, pattern: re.Pattern[str], classes: str) -> Iterator[tuple[int, int]]:
        position, longest = 0, self.max_token_length
        while found := pattern.search(classes, position):
            start, position = found.span()
            if position - start > longest:
                # As if the text ended there.
                cut = pattern.match(classes, start, start + longest)
                position = cut.end() if cut else start + 1
                if not cut:
                    continue
            yield start, position


def _type(classes: str) -> str:
    core = classes.translate(_EXTENSION)
    first = core[:1]
    if first in "PRY" or "k" in classes:
        return EMOJI
    kinds = {"C": IDEOGRAPHIC, "I": HIRAGANA, "S": SOUTHEAST_ASIAN}
    if first in kinds:
        return kinds[first]
    if _NUMBER.fullmatch(classes):
        return NUM
    letters = set(core)
    if letters == {"G"}:
        return HANGUL
    return KATAKANA if "K" in letters and letters <= {"K", "E"} else ALPHANUM
