"""What stands behind a delimiter in a token: Lucene keeps it as the token's payload, here it is dropped."""

from connote.search.analysis.component import TermFilter
from connote.search.analysis.token import Token

ENCODINGS = ("float", "int", "identity")


class DelimitedPayload(TermFilter):
    """Terms up to the delimiter."""

    def __init__(self, delimiter: str = "|") -> None:
        self.delimiter = delimiter

    def keep(self, token: Token) -> bool:
        """Cut the term."""
        token.term = token.term.split(self.delimiter, 1)[0]
        return True
