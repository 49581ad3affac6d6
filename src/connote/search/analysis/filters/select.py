"""Filters that choose among tokens by their types, places, or what came before."""

from collections.abc import Collection

from connote.search.analysis.component import TermFilter, TokenFilter
from connote.search.analysis.text import lower
from connote.search.analysis.token import Stream, Token


class Keep(TermFilter):
    """Keeps only the words given."""

    def __init__(self, words: Collection[str], *, ignore_case: bool = False) -> None:
        self.words = frozenset(map(lower, words)) if ignore_case else frozenset(words)
        self.ignore_case = ignore_case

    def keep(self, token: Token) -> bool:
        """Whether it is one of the words."""
        return (lower(token.term) if self.ignore_case else token.term) in self.words


class KeepTypes(TokenFilter):
    """Keeps tokens of some types, or all but those."""

    def __init__(self, types: Collection[str], *, exclude: bool = False) -> None:
        self.types, self.exclude = frozenset(types), exclude

    def apply(self, stream: Stream) -> Stream:
        """The tokens of the right types."""
        stream.tokens = [token for token in stream.tokens if (token.type in self.types) != self.exclude]
        return stream


def _utf16(term: str) -> bytes:
    """What Java sorts texts by."""
    return term.encode("utf-16-be", "surrogatepass")


class Unique(TokenFilter):
    """Drops a term that was there before, or at the same position."""

    def __init__(self, *, only_on_same_position: bool = False) -> None:
        self.only_on_same_position = only_on_same_position

    def apply(self, stream: Stream) -> Stream:
        """Each term once."""
        first: dict[object, Token] = {}
        for token in stream.tokens:
            key = (token.position, token.term) if self.only_on_same_position else token.term
            first.setdefault(key, token)
        stream.tokens = list(first.values())
        return stream


class Limit(TokenFilter):
    """The first so many tokens."""

    def __init__(self, count: int) -> None:
        self.count = count

    def apply(self, stream: Stream) -> Stream:
        """The first tokens."""
        if len(stream.tokens) > self.count:
            del stream.tokens[self.count :]
            stream.last = stream.tokens[-1].position if stream.tokens else -1
        return stream


class Fingerprint(TokenFilter):
    """All terms sorted, each once, in one token; none if it were longer than `most`."""

    def __init__(self, separator: str = " ", most: int = 255) -> None:
        self.separator, self.most = separator, most

    def apply(self, stream: Stream) -> Stream:
        """One token, or none."""
        if stream.tokens:
            joined = self.separator.join(sorted({token.term for token in stream.tokens}, key=_utf16))
            stream.tokens = [Token(joined, 0, stream.end, 0, "fingerprint")] if len(joined) <= self.most else []
        stream.last = len(stream.tokens)  # one more than it should be, as in Lucene
        return stream
