"""Thai, which is written without spaces: cut by ICU's dictionary."""

from itertools import pairwise

from connote.chunking.words import Text
from connote.search.analysis.component import Tokenizer
from connote.search.analysis.token import Token


class ThaiTokenizer(Tokenizer):
    """The words that begin with a letter or a digit."""

    def tokens(self, text: str) -> list[Token]:
        """The words, of type `word`."""
        places = [(start, end) for start, end in pairwise(Text(text).boundaries()) if text[start].isalnum()]
        return [Token(text[start:end], start, end, at) for at, (start, end) in enumerate(places)]
