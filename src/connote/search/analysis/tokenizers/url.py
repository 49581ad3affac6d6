"""The standard tokenizer with URLs and email addresses as tokens."""

import re
from collections.abc import Iterator

from connote.search.analysis.component import Tokenizer
from connote.search.analysis.token import Token
from connote.search.analysis.tokenizers.simple import MAX_TOKEN_LENGTH
from connote.search.analysis.tokenizers.standard import StandardTokenizer

URL, EMAIL = "<URL>", "<EMAIL>"

# Of the top level domains, those of two letters, and the longer ones that are met most.
_TOP = (
    "[a-z]{2}|com|org|net|edu|gov|mil|int|info|biz|name|pro|museum|aero|coop|jobs|mobi|travel|arpa|cat|tel|xxx|post|"
    "asia|app|dev|blog|shop|store|online|site|tech|cloud|page|live|news|xyz|club|wiki|top|link|agency|academy|email|"
    r"digital|design|media|world|life|today|network|group|solutions|services|xn--[a-z0-9-]{2,59}"
)
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = rf"(?:{_LABEL}\.){{1,20}}(?:{_TOP})\b"
_ADDRESS = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9a-f:.]{2,45}\]"
_PART = r"[\w.~!$&'()*+,;=:@%/?-]{0,4096}"
_REST = rf"(?::[0-9]{{1,5}})?(?:/{_PART})?(?:\#{_PART})?"
_FOUND = re.compile(
    rf"(?<![\w.@-])(?:(?P<email>[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@(?:{_NAME}|\[[0-9.]{{7,15}}\]))"
    rf"|(?P<url>(?:https?|ftp|file)://(?:{_LABEL}(?:\.{_LABEL}){{0,20}}|{_ADDRESS}){_REST}|(?:{_NAME}|{_ADDRESS}){_REST}))",
    re.IGNORECASE | re.ASCII,
)
_TRAILING = ".,;:!?'\")"


class UrlEmailTokenizer(Tokenizer):
    """Words as the standard tokenizer has them, but for URLs and email addresses, which are whole."""

    def __init__(self, max_token_length: int = MAX_TOKEN_LENGTH) -> None:
        self.max_token_length = max_token_length
        self._words = StandardTokenizer(max_token_length)

    def tokens(self, text: str) -> list[Token]:
        """Tokens with their types."""
        found = list(self._tokens(text))
        for position, token in enumerate(found):
            token.position = position
        return found

    def _tokens(self, text: str) -> Iterator[Token]:
        last = 0
        for match in _FOUND.finditer(text):
            start, end = match.span()
            end = start + len(text[start:end].rstrip(_TRAILING))
            if end - start > self.max_token_length:
                continue
            yield from self._between(text, last, start)
            yield Token(text[start:end], start, end, 0, EMAIL if match["email"] else URL)
            last = end
        yield from self._between(text, last, len(text))

    def _between(self, text: str, start: int, end: int) -> Iterator[Token]:
        for token in self._words.tokens(text[start:end]):
            token.start += start
            token.end += start
            yield token
