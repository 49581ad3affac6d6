"""The words of a field that begin with a text: `_terms_enum`.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-terms-enum
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from connote.contract.errors import IllegalArgument
from connote.search.engine.strings import Dictionary
from connote.search.mapping.keyword import Ip, Keyword
from connote.search.mapping.special import Flattened
from connote.search.query.reader import Reader

MOST = 10_000


@dataclass(frozen=True)
class Wanted:
    """Words of a field that begin with `start`, behind the word `after`."""

    field: str
    start: str = ""
    size: int = 10
    ignores_case: bool = False
    after: str | None = None

    def words(self, readers: Sequence[Reader]) -> list[str]:
        """In order, each once, as many as are wanted; those of deleted documents too. Raises IllegalArgument."""
        if not 0 < self.size <= MOST:
            raise IllegalArgument(f"[size] must be between 1 and {MOST}, not [{self.size}]")
        return list(islice(self._distinct(readers), self.size))

    def _distinct(self, readers: Sequence[Reader]) -> Iterator[str]:
        last = None
        for word in merge(*(self._of(each) for each in self._dictionaries(readers))):
            if word != last:
                yield word
            last = word

    def _dictionaries(self, readers: Sequence[Reader]) -> Iterator[Dictionary]:
        for reader in readers:
            if reader.is_part:  # the words do not tell whose they are
                continue
            field = reader.field(self.field)
            if isinstance(field, Keyword | Ip | Flattened):
                yield from (words.terms for table in reader.tables if (words := table.words(field.name)) is not None)

    def _of(self, terms: Dictionary) -> Iterator[str]:
        among = terms.prefixed(self.start) if not self.ignores_case else range(len(terms))
        start = self.start.casefold()
        for at in among:
            word = terms[at]
            if (self.after is None or word > self.after) and (
                not self.ignores_case or word.casefold().startswith(start)
            ):
                yield word
