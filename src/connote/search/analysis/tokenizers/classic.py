"""The classic tokenizer: words, numbers, hosts, emails, companies and acronyms of European languages."""

import regex

from connote.search.analysis.component import TokenFilter, Tokenizer
from connote.search.analysis.token import Stream, Token

_CJ = r"[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\uff9e\uff9f]"
_ALPHA = rf"[\p{{L}}&&[^{_CJ}]]"
_WORD = rf"(?:{_ALPHA}|\p{{Nd}}|\p{{Script=Thai}})+"
_HAS_DIGIT = rf"(?:{_ALPHA}|\p{{Nd}})*\p{{Nd}}(?:{_ALPHA}|\p{{Nd}})*"
_MARK = "[-_/.,]"
_NUMBERS = (
    rf"{_WORD}{_MARK}{_HAS_DIGIT}",
    rf"{_HAS_DIGIT}{_MARK}{_WORD}",
    rf"{_WORD}(?:{_MARK}{_HAS_DIGIT}{_MARK}{_WORD})+",
    rf"{_HAS_DIGIT}(?:{_MARK}{_WORD}{_MARK}{_HAS_DIGIT})+",
    rf"{_WORD}{_MARK}{_HAS_DIGIT}(?:{_MARK}{_WORD}{_MARK}{_HAS_DIGIT})+",
    rf"{_HAS_DIGIT}{_MARK}{_WORD}(?:{_MARK}{_HAS_DIGIT}{_MARK}{_WORD})+",
)
# The longest wins; of those of a length, the first.
_RULES = [
    (name, regex.compile(pattern, regex.V1))
    for name, pattern in (
        ("<ALPHANUM>", _WORD),
        ("<APOSTROPHE>", rf"{_ALPHA}+(?:'{_ALPHA}+)+"),
        ("<ACRONYM>", rf"{_ALPHA}\.(?:{_ALPHA}\.)+"),
        ("<COMPANY>", rf"{_ALPHA}+[&@]{_ALPHA}+"),
        ("<EMAIL>", rf"{_WORD}(?:[-._]{_WORD})*@{_WORD}(?:[-.]{_WORD})+"),
        ("<HOST>", rf"{_WORD}(?:\.{_WORD})+"),
        *(("<NUM>", pattern) for pattern in _NUMBERS),
        ("<CJ>", _CJ),
    )
]
_START = regex.compile(r"[\p{L}\p{Nd}]|\p{Script=Thai}", regex.V1)
_WINDOW = 4096  # characters that one token is looked for in


class ClassicTokenizer(Tokenizer):
    """Longer tokens than `max_token_length` are dropped."""

    consecutive = False

    def __init__(self, max_token_length: int = 255) -> None:
        self.max_token_length = max_token_length

    def tokens(self, text: str) -> list[Token]:
        """Tokens with their types; a dropped one leaves a hole."""
        found, at, position = list[Token](), 0, 0
        while start := _START.search(text, at):
            begin = start.start()
            ends = [(_end(rule, text, begin), -order, name) for order, (name, rule) in enumerate(_RULES)]
            end, _, name = max(ends)
            if end - begin <= self.max_token_length and end > begin:
                found.append(Token(text[begin:end], begin, end, position, name))
            position += 1
            at = max(end, begin + 1)
        return found


def _end(rule: "regex.Pattern[str]", text: str, begin: int) -> int:
    match = rule.match(text, begin, begin + _WINDOW)
    return match.end() if match else -1


class Classic(TokenFilter):
    """Takes 's off words and the dots out of acronyms."""

    def apply(self, stream: Stream) -> Stream:
        """The tokens, shortened by their types."""
        for token in stream.tokens:
            if token.type == "<APOSTROPHE>" and token.term[-2:] in ("'s", "'S"):
                token.term = token.term[:-2]
            elif token.type == "<ACRONYM>":
                token.term = token.term.replace(".", "")
        return stream
