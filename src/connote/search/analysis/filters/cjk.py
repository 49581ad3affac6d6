"""Chinese, Japanese and Korean in pairs of characters."""

from collections.abc import Collection, Iterator

from connote.search.analysis.component import Multiplying
from connote.search.analysis.token import Stream, Token

SINGLE, DOUBLE = "<SINGLE>", "<DOUBLE>"
SCRIPTS = {"han": "<IDEOGRAPHIC>", "hiragana": "<HIRAGANA>", "katakana": "<KATAKANA>", "hangul": "<HANGUL>"}


class CjkBigram(Multiplying):
    """Pairs of neighbouring characters of these scripts; a lone one stays, and all do with `unigrams`."""

    def __init__(self, ignored: Collection[str] = (), *, unigrams: bool = False) -> None:
        """`ignored`: scripts that are left as they are."""
        self.types = {kind for script, kind in SCRIPTS.items() if script not in ignored}
        self.unigrams = unigrams

    def apply(self, stream: Stream) -> Stream:
        """The pairs, each with a position of its own."""
        made, position, before = list[Token](), -1, -1
        for run in self._runs(stream.tokens):
            if run[0].type not in self.types:
                position += run[0].position - before
                before = run[0].position
                run[0].position = position
                made.append(run[0])
                continue
            pieces = list(self._pieces(run))
            position += run[0].position - before - 1
            for token in pieces:
                position += 1 if token.length == 1 else 0
                token.position = position
            before = run[-1].position
            made += pieces
        stream.tokens, stream.last = made, position + stream.last - before
        return stream

    def _pieces(self, run: list[Token]) -> Iterator[Token]:
        letters = [place for token in run for place in _places(token)]
        for index, (letter, start, end) in enumerate(letters):
            if self.unigrams or len(letters) == 1:
                yield Token(letter, start, end, 0, SINGLE)
            if index + 1 < len(letters):
                following, _, last = letters[index + 1]
                yield Token(letter + following, start, last, 0, DOUBLE, 2 if self.unigrams else 1)

    def _runs(self, tokens: list[Token]) -> Iterator[list[Token]]:
        """Tokens of these scripts that touch, together; each other one alone."""
        run: list[Token] = []
        for token in tokens:
            ours = token.type in self.types
            if run and not (ours and run[-1].end == token.start):
                yield run
                run = []
            if ours:
                run.append(token)
            else:
                yield [token]
        if run:
            yield run


def _places(token: Token) -> list[tuple[str, int, int]]:
    """Each character with its start and end: the token's, if it was changed."""
    if len(token.term) != token.end - token.start:
        return [(letter, token.start, token.end) for letter in token.term]
    return [(letter, start, start + 1) for start, letter in enumerate(token.term, token.start)]
