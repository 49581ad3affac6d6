"""An uploaded vocabulary in use: texts as token ids, and where in the text each token stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

from connote.contract.tokenization import Tokenization
from connote.contract.vocabulary import Vocabulary
from connote.runtime.display import Display
from connote.runtime.tokenizer import Ids, checked, field_name, portions
from connote.runtime.vocabulary import KINDS, build, numbered


@dataclass(frozen=True)
class Text:
    """A text's token ids (int64). `offsets` are the first character and the one after the last of each (tokens × 2).

    `words` tells which word of the text each is of. Both are empty if nobody asked for them.
    """

    ids: Ids
    offsets: Ids
    words: Ids

    def __getitem__(self, part: slice) -> "Text":
        return Text(self.ids[part], self.offsets[part], self.words[part])

    def __len__(self) -> int:
        return len(self.ids)


class Pieces:
    """The tokens of a model, and its tokenizer. Raises what `vocabulary.build` raises."""

    def __init__(self, vocabulary: Vocabulary, tokenization: Tokenization) -> None:
        self._raw = build(vocabulary, tokenization)
        self.tokens = vocabulary.tokens
        kind, ids = KINDS[tokenization.name], numbered(vocabulary)
        self.special, self._word = kind.special, kind.word
        special = kind.special
        self.padding, self.mask = ids.get(special.padding, 0), ids.get(special.mask)
        adds = tokenization.with_special_tokens
        self.before, self.after = ([ids[special.beginning]], [ids[special.end]]) if adds else ([], [])
        self.between = self.after * special.between

    def encode(self, texts: Sequence[str], *, located: bool = False) -> Iterator[Text]:
        """The tokens of each text, without special ones that it does not have itself; `located` with offsets and words.

        Raises IllegalArgument for what is not Unicode text, Unavailable if the tokenizer fails at it.
        """
        for some in portions(texts):
            with checked("the model's tokenizer fails at the input"):
                encode = self._raw.encode_batch if located else self._raw.encode_batch_fast
                encodings = encode(some, add_special_tokens=False)
            for encoding in encodings:
                yield _text(encoding, located=located)

    def display(self) -> Display:
        """The vocabulary as sparse vectors show it."""
        shown = np.array([field_name(token) for token in self.tokens], dtype=object)
        special = {token.content for token in self.special.tokens()}
        return Display(shown, np.flatnonzero([token in special or not token for token in self.tokens]))

    def word(self, id: int) -> str:
        """A token as it stands in a text, without the marks of its place in a word."""
        return self._word(self.tokens[id])


def _text(encoding: Encoding, *, located: bool) -> Text:
    ids = np.array(encoding.ids, dtype=np.int64)
    if not located:
        return Text(ids, _NONE, _NONE)
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    return Text(ids, offsets, np.array(encoding.word_ids, dtype=np.int64))


_NONE: NDArray[np.int64] = np.empty(0, dtype=np.int64)
