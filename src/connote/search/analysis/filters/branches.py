"""Filters that send tokens through other filters, all or those that a script chooses."""

from collections.abc import Sequence
from itertools import groupby

from connote.ingest.painless import Script
from connote.ingest.painless.token import SeenToken
from connote.search.analysis.component import Multiplying, TokenFilter
from connote.search.analysis.filters.select import Unique
from connote.search.analysis.patience import patiently
from connote.search.analysis.token import Stream, Token, bounded

Chain = Sequence[TokenFilter]


class Multiplexer(Multiplying):
    """Each token as every chain makes it, at its place, each term once; first as it is, with `preserve_original`."""

    def __init__(self, chains: Sequence[Chain], *, preserve_original: bool = True) -> None:
        self.chains = [[], *chains] if preserve_original else list(chains)

    def apply(self, stream: Stream) -> Stream:
        """The tokens of all chains."""
        tokens = patiently(stream.tokens, len(stream.tokens))
        stream.tokens = bounded(made for token in tokens for made in self._variants(token, stream.end))
        return Unique(only_on_same_position=True).apply(stream)

    def _variants(self, token: Token, end: int) -> list[Token]:
        made = [each for chain in self.chains for each in _through(chain, Stream([token.copy()], 0, end)).tokens]
        for each in made:
            each.position = token.position
        return made


class Choice:
    """A script that says of a token whether it is chosen.

    It sees `token`: term, position, positionIncrement, positionLength, startOffset, endOffset, type, keyword.
    """

    def __init__(self, script: Script) -> None:
        self.script = script

    def of(self, tokens: Sequence[Token]) -> list[bool]:
        """For each token whether it is chosen. Raises BadScript, and IllegalArgument if it takes too long."""
        chosen, before = list[bool](), -1
        for token in patiently(tokens, len(tokens)):
            chosen.append(self.script.test(token=_shown(token, before)))
            before = token.position
        return chosen


class Predicate(TokenFilter):
    """Keeps the tokens that a script chooses."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice

    def apply(self, stream: Stream) -> Stream:
        """The chosen tokens, at their places."""
        chosen = self.choice.of(stream.tokens)
        stream.tokens = [token for token, keep in zip(stream.tokens, chosen, strict=True) if keep]
        return stream


class Condition(Multiplying):
    """Sends the tokens that a script chooses through a chain, those that follow each other together."""

    def __init__(self, choice: Choice, chain: Chain) -> None:
        self.choice, self.chain = choice, chain

    def apply(self, stream: Stream) -> Stream:
        """The others as they are."""
        made, shift = list[Token](), 0
        pairs = zip(self.choice.of(stream.tokens), stream.tokens, strict=True)
        for is_chosen, run in groupby(pairs, key=lambda pair: pair[0]):
            tokens = [token for _, token in run]
            first, last = tokens[0].position, tokens[-1].position - tokens[0].position
            for token in tokens:
                token.position -= first
            changed = _through(self.chain if is_chosen else (), Stream(tokens, last, stream.end))
            for token in changed.tokens:
                token.position += first + shift
            shift += changed.last - last
            made += changed.tokens
        stream.tokens, stream.last = bounded(made), stream.last + shift
        return stream


def _through(chain: Chain, stream: Stream) -> Stream:
    for part in chain:
        stream = part.apply(stream)
    return stream


def _shown(token: Token, before: int) -> SeenToken:
    shown = {
        "term": token.term,
        "position": token.position,
        "positionIncrement": token.position - before,
        "positionLength": token.length,
        "startOffset": token.start,
        "endOffset": token.end,
        "type": token.type,
        "keyword": token.keyword,
    }
    return SeenToken(shown)
