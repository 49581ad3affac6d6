"""One document as a query sees it, with its texts and what they became."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from connote.search import embedded
from connote.search.collect import Seen
from connote.search.embedded import Chunk, Embedded
from connote.search.engine.segment import Segment, Snapshot
from connote.search.lens.marked import Marked
from connote.search.mapping.document import Reader as DocumentReader
from connote.search.mapping.values import Values
from connote.search.query.query import Weight
from connote.search.query.reader import Reader
from connote.store.documents import Stored


@dataclass(frozen=True)
class Sight:
    """The document with a number in the segment with a number of a snapshot."""

    reader: Reader
    snapshot: Snapshot
    number: int
    document: int
    state: Stored

    @classmethod
    def of(cls, seen: Seen, id: str) -> "Sight | None":
        """The document of that id; None if searches do not see one."""
        place = seen.snapshot.find(id)
        if place is None:
            return None
        number, document = place
        seq = int(seen.snapshot.segments[number].seqs[document])
        state = seen.index.documents.at([seq]).get(seq)
        return None if state is None else cls(seen.reader, seen.snapshot, number, document, state)

    @property
    def segment(self) -> Segment:
        """Where it is."""
        return self.snapshot.segments[self.number]

    @cached_property
    def values(self) -> Values:
        """The values of the document; what the mapping does not take is left out."""
        source = embedded.source(self.state.source or b"{}")
        return DocumentReader(self.reader.mapping, self.state.id, lenient=True).read(source)

    @cached_property
    def embedded(self) -> Mapping[str, Embedded]:
        """Its semantic fields."""
        return embedded.load(self.state.inference)

    def chunks(self, field: str) -> list[tuple[str, Chunk]]:
        """The chunks of a semantic field, each with the path of its text: in the order of the engine's rows."""
        found = self.embedded.get(field)
        return [] if found is None else [(path, each) for path, part in found.parts.items() for each in part.chunks]

    def text(self, field: str) -> Marked:
        """The values of a text field, joined as its offsets count them."""
        return self._marked((field, None), self.values.texts.get(field, []))

    def input(self, field: str, path: str) -> Marked:
        """What a semantic field took from that path, joined as chunks count it."""
        return self._marked((field, path), self.values.inputs.get(field, {}).get(path, []))

    def score(self, weight: Weight) -> np.float32 | None:
        """What the weight says of the document; None if it does not match."""
        hits = weight.run(self.segment, scored=True)
        return hits.points()[self.document] if hits.mask[self.document] else None

    def matches(self, weight: Weight) -> bool:
        """Whether it matches, whatever it scores."""
        return bool(weight.run(self.segment, scored=False).mask[self.document])

    def rank(self, weight: Weight, score: np.float32) -> int:
        """Its place among all that match, from 1; equals share the first place of theirs."""
        better = 0
        for segment in self.snapshot.segments:
            hits = weight.run(segment, scored=True)
            better += int((hits.mask & segment.live & (hits.points() > score)).sum())
        return better + 1

    @cached_property
    def _known(self) -> dict[tuple[str, str | None], Marked]:
        return {}

    def _marked(self, key: tuple[str, str | None], texts: list[str]) -> Marked:
        if key not in self._known:
            self._known[key] = Marked(embedded.join(texts))
        return self._known[key]
