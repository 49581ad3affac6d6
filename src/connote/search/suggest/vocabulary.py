"""The words of a field, and how often they are there, over all indices of a search."""

import time
from collections.abc import Sequence

from connote.contract.errors import IllegalArgument
from connote.search.engine.fields import Text as TextView
from connote.search.engine.fields import Words
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.text import Text
from connote.search.query.reader import Reader

# Seconds that the words of a suggestion may be looked for.
_PATIENCE = 5.0

View = TextView | Words


class Vocabulary:
    """Counts are those of Lucene: of deleted documents too, until their segments are merged."""

    def __init__(self, kind: str, name: str, readers: Sequence[Reader]) -> None:
        """Of suggestions of that kind. Raises IllegalArgument for a field that is not there, or of no words."""
        self.fields = [_field(kind, name, reader) for reader in readers]
        self.documents = sum(reader.snapshot.size for reader in readers)
        self.views: list[View] = []
        for reader, field in zip(readers, self.fields, strict=True):
            for table in reader.tables:
                view = table.text(field.name) or table.words(field.name)
                if view is not None:
                    self.views.append(view)
        self.occurrences = sum(view.sum_length for view in self.views)
        # Of several segments Elasticsearch takes the number of documents for that of different words.
        self.size = len(self.views[0].terms) if len(self.views) == 1 else self.documents
        self._known: dict[str, int] = {}
        self._kind, self._end = kind, time.monotonic() + _PATIENCE

    def check(self) -> None:
        """Raise IllegalArgument if words have been looked for in it for too long."""
        if time.monotonic() > self._end:
            raise IllegalArgument(
                f"[{self._kind}] suggestions take more than {_PATIENCE:g} seconds; ask for fewer words, or with a "
                "longer [prefix_length]"
            )

    def frequency(self, term: str) -> int:
        """In how many documents a term is."""
        return sum(view.frequency(term) for view in self.views)

    def count(self, term: str) -> int:
        """How often it is there."""
        if term not in self._known:
            self._known[term] = sum(_count(view, term) for view in self.views)
        return self._known[term]


def _count(view: View, term: str) -> int:
    return int(view.postings(term).values.sum()) if isinstance(view, TextView) else view.frequency(term)


def _field(kind: str, name: str, reader: Reader) -> Field:
    field = reader.field(name)
    if field is None:
        raise IllegalArgument(f"no mapping found for field [{name}]")
    if not isinstance(field, Text | Keyword):
        raise IllegalArgument(f"[{kind}] suggestions are of text and keyword fields; [{field.name}] is [{field.kind}]")
    return field
