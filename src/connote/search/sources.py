"""The documents of an index as scripts see them: read some at a time, as scripts go through them in order."""

from collections.abc import Mapping
from typing import Any

from connote.search import embedded
from connote.search.engine.segment import Segment
from connote.store.documents import DocumentStore

# Documents that are read together.
_BLOCK = 256


class Sources:
    """For one search, or several over a point in time. Of a document that is gone in the meantime it is empty."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._known: dict[int, Mapping[str, Any]] = {}

    def of(self, segment: Segment, document: int) -> Mapping[str, Any]:
        """The source of a segment's document."""
        seq, known = int(segment.seqs[document]), self._known
        if seq not in known:
            wanted = segment.seqs[document : document + _BLOCK].tolist()
            states = self._documents.at(wanted)
            known = {each: embedded.source(states[each].source or b"{}") for each in wanted if each in states}
            self._known = known
        return known.get(seq, {})
