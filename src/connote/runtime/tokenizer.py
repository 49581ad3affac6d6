"""From text to token ids."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding
from tokenizers import Tokenizer as RawTokenizer

from connote.contract.errors import ConnoteError, IllegalArgument, Unavailable

Ids = NDArray[np.int64]

# Of a longer text only so many characters are looked at; the tokens of the rest are not counted.
MOST_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Encoded:
    """One model input: `ids` and `types` (int64, same length), and how many tokens the text had before it was cut."""

    ids: Ids
    types: Ids
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
        self._name, self.most, self._vocabulary = file.name, max_tokens, vocabulary
        with checked(f"{file.name} is not a tokenizer"):
            self._raw = RawTokenizer.from_file(str(file))
            self._raw.no_padding()
            self._raw.no_truncation()
        self._check_ids(self.ids().values())
        self._check_room()
        sample = next(self._batch(["a"], special=True))
        self._check_ids(sample.ids)  # the post_processor has ids of its own
        self._has_types = any(sample.type_ids)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """One input a text; the middle of `[CLS] text [SEP]` is cut, never its ends.

        Raises IllegalArgument for what is not Unicode text, Unavailable if the tokenizer fails at it.
        """
        return [self._cut(encoding) for encoding in self._batch(texts, special=True)]

    def encode_pairs(self, query: str, documents: Sequence[str]) -> list[Encoded]:
        """One input a document, `[CLS] query [SEP] document [SEP]`; a pair that fits is not cut.

        Else the document is, and the query is to half if it is longer. Raises what `encode` raises.
        """
        (question,) = self._batch([query], special=False)
        return [self._pair.join(question.ids, found.ids, self.most) for found in self._batch(documents, special=False)]

    def ids(self) -> dict[str, int]:
        """The id of every token."""
        return self._raw.get_vocab(with_added_tokens=True)

    def display(self) -> NDArray[np.object_]:
        """By id, the token as it is shown. Empty for no token."""
        shown = np.full(self._vocabulary, "", dtype=object)
        for token, id in self.ids().items():
            shown[id] = field_name(token)
        return shown

    def hidden(self) -> Ids:
        """The ids that are never shown: special tokens, and those that stand for no token."""
        added = self._raw.get_added_tokens_decoder()
        special = np.array([id for id, token in added.items() if token.special], dtype=np.int64)
        return np.union1d(special, np.flatnonzero(self.display() == ""))

    def _batch(self, texts: Sequence[str], *, special: bool) -> Iterator[Encoding]:
        """Encodings in order, made a few at a time: the library takes about 100 bytes for a character."""
        for some in portions(texts):
            with checked(f"{self._name} cannot tokenize the input"):
                encodings = self._raw.encode_batch_fast(some, add_special_tokens=special)
            yield from encodings

    @cached_property
    def _pair(self) -> "_Pair":
        """Read off a pair of one token each. The library's own way costs the product of all that is cut off both."""
        (sample,) = self._batch(["a"], special=False)
        sample.truncate(1)
        with checked(f"{self._name} cannot join a query and a document"):
            joined = self._raw.post_process(sample, sample)
        self._check_ids(joined.ids)
        return _Pair.read(joined)

    def _check_ids(self, ids: Iterable[int]) -> None:
        highest = max(ids, default=0)
        if highest >= self._vocabulary:
            raise Unavailable(f"{self._name} has token id {highest}, the model has {self._vocabulary} tokens")

    def _check_room(self) -> None:
        if self._raw.num_special_tokens_to_add(is_pair=False) == 0:
            raise Unavailable(f"{self._name} adds no special tokens to a text: it needs a post_processor")
        special = self._raw.num_special_tokens_to_add(is_pair=True)
        if self.most < special + 2:
            raise Unavailable(f"{self._name} adds {special} special tokens: a maximum of {self.most} leaves no room")

    def _cut(self, encoding: Encoding) -> Encoded:
        ids = np.array(encoding.ids, dtype=np.int64)
        whole = len(ids)
        types = np.array(encoding.type_ids, dtype=np.int64) if self._has_types else np.zeros(whole, dtype=np.int64)
        if whole <= self.most:
            return Encoded(ids, types, whole)
        # Ends are special tokens: keep them, drop the tail of what they enclose.
        tail = int(np.argmin(encoding.special_tokens_mask[::-1]))
        keep = np.r_[0 : self.most - tail, whole - tail : whole]
        return Encoded(ids[keep], types[keep], whole)


@dataclass(frozen=True)
class _Pair:
    """What stands before, between and after a query and a document: ids, types, and the positions of the two."""

    ids: Ids
    types: Ids
    query: int
    document: int

    @classmethod
    def read(cls, sample: Encoding) -> "_Pair":
        own = [position for position, special in enumerate(sample.special_tokens_mask) if not special]
        if len(own) != 2:
            raise Unavailable(f"the tokenizer cannot join a query and a document: of two tokens it makes {len(own)}")
        return cls(np.array(sample.ids, dtype=np.int64), np.array(sample.type_ids, dtype=np.int64), *own)

    def join(self, query: Sequence[int], document: Sequence[int], most: int) -> Encoded:
        room = most - (len(self.ids) - 2)
        asked = query[: max(room // 2, room - len(document))]
        found = document[: room - len(asked)]
        before, between, after = np.split(self.ids, [self.query, self.document])
        ids = np.array([*before, *asked, *between[1:], *found, *after[1:]], dtype=np.int64)
        repeats = np.ones(len(self.ids), dtype=np.int64)
        repeats[[self.query, self.document]] = len(asked), len(found)
        whole = len(self.ids) - 2 + len(query) + len(document)
        return Encoded(ids, np.repeat(self.types, repeats), whole)


def field_name(token: str) -> str:
    """The token as it is shown: a field name, so that dots, which part its levels, become `__`."""
    return token.replace(".", "__")


def portions(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts, each cut at what is far more than any model takes, in lists of not much more than that in all."""
    portion, size = list[str](), 0
    for text in texts:
        portion.append(text[:MOST_CHARACTERS])
        size += len(portion[-1])
        if size >= MOST_CHARACTERS:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


@contextmanager
def checked(fault: str, kind: type[ConnoteError] = Unavailable) -> Iterator[None]:
    """Turn what the library raises, panics of its Rust included, into an error of ours."""
    try:
        yield
    except (ConnoteError, KeyboardInterrupt, SystemExit):
        raise
    except TypeError:
        raise IllegalArgument("the input is not valid Unicode text; send text without unpaired surrogates") from None
    except BaseException as error:  # noqa: BLE001 (nothing narrower: a panic is not an Exception)
        raise kind(f"{fault}: {error}") from None
