"""Model inputs: texts between special tokens, cut or split into windows where they are longer than the model takes.

The rules are those of Elasticsearch's `tokenization` (`truncate`, `span`); windows overlap as those of transformers do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from connote.contract.errors import Rejected
from connote.contract.nlp import InferenceConfig
from connote.contract.tokenization import NO_SPAN, Tokenization
from connote.runtime.nlp.pieces import Pieces, Text
from connote.runtime.tokenizer import MOST_CHARACTERS, Encoded

# Tokens of all windows of a portion of texts, each window counted as LEAST at least: what they take in memory. With a
# large overlap there would be as many windows as tokens, with many labels many for each text.
MOST_TOKENS, LEAST = 1 << 22, 64


@dataclass(frozen=True, eq=False)
class Passage:
    """One text of a request, and what is asked of it. `tokens` counts those it had, special ones included."""

    text: str
    config: InferenceConfig
    tokens: int
    is_truncated: bool


@dataclass(frozen=True, eq=False)
class Window(Encoded):
    """A model input that knows its text: the tokens of `part` stand from position `first` on."""

    passage: Passage
    part: Text
    first: int


@dataclass(frozen=True)
class Asked:
    """A text with its tokens; of a pair `before` is the text that comes first."""

    text: str
    tokens: Text
    config: InferenceConfig
    before: Text | None = None


def windows(pieces: Pieces, asked: Asked) -> list[Window]:
    """The windows of a text, or of a pair, whose second text is then the one that is split.

    Raises Rejected if they are too long and may not be cut, or have no tokens at all.
    """
    tokenization, before, own = asked.config.tokenization, asked.before, asked.tokens
    added = len(pieces.before) + len(pieces.after) + (len(pieces.between) if before is not None else 0)
    room = tokenization.max_sequence_length - added
    whole = len(own) + (len(before) if before is not None else 0)
    if whole + added == 0:
        raise Rejected(
            "the input has no tokens, and the tokenization adds no special tokens: there is nothing to infer"
        )
    if whole <= room:
        parts = [own]
    elif tokenization.span != NO_SPAN:
        parts = _split(own, room - (whole - len(own)), tokenization)
    else:
        before, own = _cut(before, own, room, tokenization)
        parts = [own]
    cut = len(parts) == 1 and len(own) + (len(before) if before is not None else 0) < whole
    passage = Passage(asked.text, asked.config, whole + added, cut or len(asked.text) > MOST_CHARACTERS)
    return [_window(pieces, passage, before, part, whole + added if cut else 0) for part in parts]


def _window(pieces: Pieces, passage: Passage, before: Text | None, part: Text, tokens: int) -> Window:
    start = pieces.before if before is None else [*pieces.before, *before.ids, *pieces.between]
    ids = np.array([*start, *part.ids, *pieces.after], dtype=np.int64)
    types = np.zeros(len(ids), dtype=np.int64)
    if before is not None:
        types[len(start) :] = pieces.special.second
    return Window(ids, types, tokens or len(ids), passage, part, len(start))


def _split(own: Text, room: int, tokenization: Tokenization) -> list[Text]:
    """Parts of that many tokens, each sharing `span` with the one before it; the last one may be shorter."""
    step = room - tokenization.span
    if step <= 0:
        raise Rejected(
            f"[span] provided [{tokenization.span}] leaves no room to move on: besides special tokens and the first "
            f"text a window has {max(room, 0)} tokens; choose a smaller [span] or a larger [max_sequence_length]"
        )
    count = 1 + -(-(len(own) - room) // step)
    if count * max(room, LEAST) > MOST_TOKENS:
        told = f"a text of {len(own)} tokens would need {count} windows of {room} tokens"
        raise Rejected(f"Input too large. {told}: choose a smaller [span], or send shorter texts")
    return [own[start : start + room] for start in range(0, count * step, step)]


def _cut(before: Text | None, own: Text, room: int, tokenization: Tokenization) -> tuple[Text | None, Text]:
    """As much of them as there is room for, by the rule of `truncate`."""
    whole, truncate = len(own) + (len(before) if before is not None else 0), tokenization.truncate
    most = tokenization.max_sequence_length
    length = whole + most - room
    told = f"Input too large. The tokenized input length [{length}] exceeds the maximum sequence length [{most}]"
    if truncate == "none" or room <= 0:
        raise Rejected(told)
    if before is None:
        return None, own[:room]
    if truncate == "balanced":
        first = min(len(before), max(room // 2, room - len(own)))
        return before[:first], own[: room - first]
    kept, other = (own, "second") if truncate == "first" else (before, "first")
    left = room - len(kept)
    if left <= 0:
        raise Rejected(f"{told}, and truncating the [{truncate}] text is not enough: the {other} alone is too long")
    return (before[:left], own) if truncate == "first" else (before, own[:left])


def all_windows(pieces: Pieces, asked: Iterable[Asked]) -> list[Window]:
    """The windows of several texts, in order. Raises what `windows` raises, and Rejected if they are too many."""
    found, size = list[Window](), 0
    for one in asked:
        found += (own := windows(pieces, one))
        size += sum(max(window.used, LEAST) for window in own)
        if size > MOST_TOKENS:
            raise Rejected("Input too large. There is too much to infer at once: send fewer texts, or fewer labels")
    return found


def encode(pieces: Pieces, texts: Sequence[str], config: InferenceConfig, *, located: bool = False) -> list[Window]:
    """The windows of texts by themselves. Raises what `all_windows` and `Pieces.encode` raise."""
    tokens = pieces.encode(texts, located=located)
    return all_windows(pieces, (Asked(text, found, config) for text, found in zip(texts, tokens, strict=True)))


def encode_pairs(
    pieces: Pieces, before: str, texts: Sequence[str], config: InferenceConfig, *, located: bool = False
) -> list[Window]:
    """The windows of texts that come second, after another text. Raises what `encode` raises."""
    (first,) = pieces.encode([before])
    tokens = pieces.encode(texts, located=located)
    return all_windows(pieces, (Asked(text, found, config, first) for text, found in zip(texts, tokens, strict=True)))
