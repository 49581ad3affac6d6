"""From text to token ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding
from tokenizers import Tokenizer as RawTokenizer

from connote.contract.errors import Unavailable


@dataclass(frozen=True)
class Encoded:
    """One model input: `ids` and `types` (int64, same length), and how many tokens the text had before it was cut."""

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    tokens: int

    @property
    def used(self) -> int:
        """How many tokens the model sees."""
        return len(self.ids)

    @property
    def is_truncated(self) -> bool:
        """Whether some tokens were left out."""
        return self.tokens > self.used


class Tokenizer:
    """A tokenizer.json, cut at `max_tokens`; whatever truncation and padding the file carries is switched off."""

    def __init__(self, file: Path, max_tokens: int, vocabulary: int) -> None:
        try:
            self._raw = RawTokenizer.from_file(str(file))
        except Exception as error:  # noqa: BLE001 (the library raises nothing narrower)
            raise Unavailable(f"{file.name} is not a tokenizer: {error}") from None
        self._check_ids(file, vocabulary)
        self._raw.no_padding()
        self._raw.no_truncation()
        self._max = max_tokens

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """One input a text; the middle of `[CLS] text [SEP]` is cut, never its ends."""
        return [self._cut(encoding) for encoding in self._raw.encode_batch_fast(list(texts))]

    def encode_pairs(self, query: str, documents: Sequence[str]) -> list[Encoded]:
        """One input a document, `[CLS] query [SEP] document [SEP]`; the document is cut, and the query to half."""
        special = self._raw.num_special_tokens_to_add(is_pair=True)
        half = (self._max - special) // 2
        question = self._raw.encode(query, add_special_tokens=False)
        asked = len(question.ids)
        if asked > half:
            question.truncate(half)
        encoded = []
        for document in self._raw.encode_batch_fast(list(documents), add_special_tokens=False):
            whole = asked + len(document.ids) + special
            room = self._max - special - len(question.ids)
            if len(document.ids) > room:
                document.truncate(room)
            pair = self._raw.post_process(question, document)
            encoded.append(_encoded(pair, whole))
        return encoded

    def display(self) -> NDArray[np.object_]:
        """By id, the token as it is shown: dots become `__`, so that it can be a field name."""
        vocabulary = self._raw.get_vocab(with_added_tokens=True)
        shown = np.full(max(vocabulary.values(), default=-1) + 1, "", dtype=object)
        for token, id in vocabulary.items():
            shown[id] = token.replace(".", "__")
        return shown

    def special(self) -> NDArray[np.int64]:
        """The ids of special tokens."""
        added = self._raw.get_added_tokens_decoder()
        return np.array(sorted(id for id, token in added.items() if token.special), dtype=np.int64)

    def _check_ids(self, file: Path, vocabulary: int) -> None:
        highest = max(self._raw.get_vocab(with_added_tokens=True).values(), default=0)
        if highest >= vocabulary:
            raise Unavailable(f"{file.name} has token id {highest}, the model has {vocabulary} tokens")

    def _cut(self, encoding: Encoding) -> Encoded:
        whole = len(encoding.ids)
        if whole <= self._max:
            return _encoded(encoding, whole)
        # Ends are special tokens: keep them, drop the tail of what they enclose.
        tail = 1 if encoding.special_tokens_mask[-1] else 0
        ids = np.array(encoding.ids, dtype=np.int64)
        types = np.array(encoding.type_ids, dtype=np.int64)
        keep = np.r_[0 : self._max - tail, whole - tail : whole]
        return Encoded(ids[keep], types[keep], whole)


def _encoded(encoding: Encoding, whole: int) -> Encoded:
    ids, types = np.array(encoding.ids, dtype=np.int64), np.array(encoding.type_ids, dtype=np.int64)
    return Encoded(ids, types, whole)
