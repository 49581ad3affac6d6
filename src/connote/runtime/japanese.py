"""Japanese text as words, which no spaces part: by MeCab, with the dictionary that Japanese BERT models know."""

from typing import Any

from tokenizers import NormalizedString, PreTokenizedString

from connote.contract.errors import Unavailable


class JapaneseWords:
    """A pre-tokenizer for `PreTokenizer.custom`. Raises Unavailable where the extra `japanese` is not installed."""

    def __init__(self, *, lower: bool) -> None:
        try:
            import fugashi  # noqa: PLC0415 (an extra)
            import ipadic  # noqa: PLC0415
        except ImportError:
            told = "the tokenization [bert_ja] needs MeCab: pip install 'connote[japanese]', then start the model again"
            raise Unavailable(told) from None
        # It parses under the GIL, so threads may share it.
        self._mecab = fugashi.GenericTagger(ipadic.MECAB_ARGS)
        self._lower = lower

    def pre_tokenize(self, text: PreTokenizedString) -> None:
        """Split it into words; spaces between them belong to none."""
        text.split(self._split)

    def _split(self, _: int, part: NormalizedString) -> list[NormalizedString]:
        whole, words, position = part.normalized, list[Any](), 0
        for node in self._mecab(whole):
            start = whole.index(node.surface, position)
            position = start + len(node.surface)
            words.append(part[start:position])
            if self._lower:  # after MeCab, whose dictionary knows the case
                words[-1].lowercase()
        return words
