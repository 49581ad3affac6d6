"""The documents of an index as scripts see them: read some at a time, as scripts go through them in order."""

from collections.abc import Mapping
from typing import Any

from connote.search import embedded
from connote.search.engine.segment import Segment
from connote.store.documents import DocumentStore

# Documents that are read together.
_BLOCK = 256


class Sources:
    """For one search. Of a document that is gone in the meantime the source is empty."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._known: dict[int, Mapping[str, Any]] = {}

    def of(self, segment: Segment, document: int) -> Mapping[str, Any]:
        """The source of a segment's document."""
        seq = int(segment.seqs[document])
        if seq not in self._known:
            wanted = segment.seqs[document : document + _BLOCK].tolist()
            states = self._documents.at(wanted)
            self._known = {each: embedded.source(states[each].source or b"{}") for each in wanted if each in states}
        return self._known.get(seq, {})
