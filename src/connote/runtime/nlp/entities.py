"""ner: the named entities of a text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast
from urllib.parse import quote_plus

import numpy as np
from msgspec.structs import replace

from connote.contract.errors import Rejected
from connote.contract.nlp import Ner
from connote.contract.predictions import Entities, Entity
from connote.runtime.nlp.positions import trimmed, units
from connote.runtime.nlp.task import Array, Doubles, Predicting, softmax
from connote.runtime.nlp.windows import Passage, Window

# Those of models trained on CoNLL-2003, which Elasticsearch assumes where none are given.
LABELS = ("O", "B_MISC", "I_MISC", "B_PER", "I_PER", "B_ORG", "I_ORG", "B_LOC", "I_LOC")


@dataclass(frozen=True)
class Tag:
    """What a label says: an entity's class, none outside of entities, and whether an entity begins here for certain."""

    name: str | None
    begins: bool = False

    @classmethod
    def read(cls, label: str) -> "Tag":
        """The tag of an IOB label such as B-PER or I_PER."""
        mark, name = label[:2].upper(), label[2:]
        return cls(name, mark[0] == "B") if mark in ("B-", "B_", "I-", "I_") else cls(None)


@dataclass(frozen=True)
class Word:
    """A word of the text: where it stands, its tag, and that one's probability."""

    start: int
    end: int
    tag: Tag
    probability: float


class NamedEntities(Predicting):
    """A word's tag is the best by the mean of its tokens' probabilities; words of one class in a row are an entity."""

    located = True

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> Entities:
        """The entities in the order of the text."""
        (window,), (logits,) = windows, outputs
        labels = cast("Ner", passage.config.options).classification_labels or LABELS
        if logits.ndim != 2 or logits.shape != (window.used, len(labels)):
            told = f"{len(labels)} numbers, one a label, for each of {window.used} tokens"
            raise Rejected(f"ner expects {told}; the model gives shape {list(logits.shape)}")
        own = softmax(logits)[window.first : window.first + len(window.part)]
        words = list(_words(window, own, [Tag.read(label) for label in labels]))
        text = passage.text
        found = [_entity(text, group, lower=passage.config.tokenization.do_lower_case) for group in _groups(words)]
        return Entities(_annotated(text, found), _placed(text, found), passage.is_truncated)


def _words(window: Window, shares: Doubles, tags: Sequence[Tag]) -> Iterator[Word]:
    """The words that the text has."""
    words, offsets = window.part.words, window.part.offsets
    edges = [0, *(np.flatnonzero(np.diff(words)) + 1).tolist(), len(words)]
    for first, last in pairwise(edges):
        if first == last:  # a text without words
            continue
        mean = shares[first:last].mean(axis=0)
        best = int(mean.argmax())
        yield Word(int(offsets[first, 0]), int(offsets[last - 1, 1]), tags[best], float(mean[best]))


def _groups(words: Sequence[Word]) -> Iterator[list[Word]]:
    group = list[Word]()
    for word in words:
        if group and (word.tag.begins or word.tag.name != group[0].tag.name):
            yield group
            group = []
        if word.tag.name is not None:
            group.append(word)
    if group:
        yield group


def _entity(text: str, group: Sequence[Word], *, lower: bool) -> Entity:
    start, end = trimmed(text, group[0].start, group[-1].end)
    found = text[start:end].lower() if lower else text[start:end]
    probability = sum(word.probability for word in group) / len(group)
    return Entity(found, group[0].tag.name or "", probability, start, end)


def _annotated(text: str, found: Sequence[Entity]) -> str:
    parts, position = list[str](), 0
    for entity in found:
        own = text[entity.start : entity.end]
        link = quote_plus(own, safe="*").replace("~", "%7E")  # as Java's URLEncoder
        parts += [text[position : entity.start], f"[{own}]({entity.name}&{link})"]
        position = entity.end
    return "".join([*parts, text[position:]])


def _placed(text: str, found: Sequence[Entity]) -> list[Entity]:
    to = units(text)
    return [replace(entity, start=to(entity.start), end=to(entity.end)) for entity in found]
