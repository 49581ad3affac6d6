"""percolate: the queries, kept in an index, that some documents match.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-percolate-query
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as member
from functools import cached_property
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument, NotFound
from connote.search.engine.arrays import Mask
from connote.search.engine.build import build
from connote.search.engine.segment import Segment, Snapshot, Table
from connote.search.mapping.document import Reader as DocumentReader
from connote.search.mapping.percolator import Percolator
from connote.search.mapping.row import row
from connote.search.query.body import Body
from connote.search.query.hints import ANY, hint
from connote.search.query.query import Asks, Explanation, Hits, Query, Weight
from connote.search.query.reader import Reader
from connote.search.thread import check

Source = Mapping[str, Any]


class Percolation:
    """Some documents as a small index of their own, and which of the kept queries match them."""

    def __init__(
        self, reader: Reader, percolator: Percolator, documents: Sequence[Source], read: Callable[[str], Query]
    ) -> None:
        self.percolator, self.documents = percolator, documents
        self._outer, self._read = reader, read
        self._known: dict[str, Hits] = {}

    @cached_property
    def segment(self) -> Segment:
        """The documents, by their slots. Raises BadDocument for one that does not fit the mapping."""
        mapping = self._outer.mapping
        rows = [
            row(f"_{slot}", slot, 1, DocumentReader(mapping, f"_{slot}").read(each), mapping, {})
            for slot, each in enumerate(self.documents)
        ]
        return Segment(dict(build(rows)))

    @cached_property
    def reader(self) -> Reader:
        """The mapping of the queries over the documents: words score as in Lucene's memory index."""
        return self._outer.over(Snapshot([self.segment]), has_factor=False)

    def query(self, table: Table, document: int) -> str:
        """The JSON of the query that a document of the index keeps; empty if it keeps none."""
        view = table.words(self.percolator.name)
        own = [] if view is None else view.ordinals[view.owners.of(document)].tolist()
        return "" if view is None or not own else view.terms[own[0]]

    def parsed(self, text: str) -> Query:
        """The query in some JSON."""
        return self._read(text)

    def hits(self, text: str) -> Hits:
        """Which of the documents [slots] a query matches, with scores."""
        if text not in self._known:
            self._known[text] = self.run(self.parsed(text))
        return self._known[text]

    def run(self, query: Query) -> Hits:
        """Which of the documents [slots] match, with scores."""
        return query.weigh(self.reader).run(self.segment, scored=True)

    def candidates(self, table: Table) -> Mask:
        """Bool [size]: whose query may match, by the terms that it needs."""
        hints = table.words(self.percolator.hints)
        found = (
            np.zeros(table.size, dtype=np.bool_) if hints is None else hints.having(self._ordinals(hints), table.size)
        )
        return found & table.live if isinstance(table, Segment) else found

    def _ordinals(self, hints: Any) -> list[int]:  # noqa: ANN401 (a view of words)
        return [at for each in self._terms if (at := hints.find(each)) >= 0]

    @cached_property
    def _terms(self) -> Sequence[str]:
        return [ANY, *(found for table in _tables(self.segment) for found in _hints(table))]


def _tables(table: Table) -> list[Table]:
    """The table, and all of nested objects in it."""
    inner = [each for path in table.fields("nested") if (each := table.nested(path)) is not None]
    return [table, *(found for each in inner for found in _tables(each))]


def _hints(table: Table) -> list[str]:
    views = [(name, table.text(name)) for name in table.fields("text")]
    words = [(name, table.words(name)) for name in table.fields("words")]
    return [hint(name, term) for name, view in (*views, *words) if view is not None for term in view.terms]


@dataclass(frozen=True)
class PercolateWeight:
    """The best score of each kept query on any of the documents."""

    percolation: Percolation
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Whose query matches."""
        mask, points = np.zeros(table.size, dtype=np.bool_), np.zeros(table.size, dtype=np.float32)
        for document in np.flatnonzero(self.percolation.candidates(table)).tolist():
            check()
            hits = self.percolation.hits(self.percolation.query(table, document))
            if hits.mask.any():
                mask[document], points[document] = True, hits.points()[hits.mask].max()
        return Hits(mask, points * np.float32(self.boost) if scored else None)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The score of the kept query."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        return Explanation(float(hits.points()[document]), f"PercolateQuery on [{self.percolation.percolator.name}]")


@dataclass(frozen=True, kw_only=True)
class Percolate(Query):
    """The queries that a field keeps and that match one of the documents; `slot` is what the answer calls it."""

    field: str
    read: Callable[[str], Query] = member(repr=False, compare=False)
    documents: Sequence[Source] = ()
    lookup: Mapping[str, str] | None = None
    slot: str | None = None
    percolation: Percolation | None = member(default=None, repr=False, compare=False)

    @classmethod
    def parse(cls, given: Any, read: Callable[[str], Query]) -> Query:  # noqa: ANN401 (JSON)
        """`{"field": "query", "document": {…}}`, or with `documents`, or with `index` and `id` of one that is kept."""
        body = Body("percolate", given)
        name = body.required("field", str)
        document, documents = body.raw("document"), body.raw("documents")
        index, id = body.raw("index"), body.raw("id")
        for ignored in ("routing", "preference", "version", "document_type", "type"):
            body.raw(ignored)
        made = cls(
            field=name,
            read=read,
            documents=_documents(document, documents),
            lookup=None if index is None or id is None else {"index": str(index), "id": str(id)},
            slot=body.text("name"),
            **body.common(),
        )
        body.done()
        if not made.documents and made.lookup is None:
            raise IllegalArgument("[percolate] query, nothing to percolate")
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """With the documents at hand. Raises NotFound if one that is kept is not there."""
        documents = self.documents  # if there are any, it is they, whatever is said beside them
        if self.lookup is not None and not documents:
            source = await asks.document(self.lookup["index"], self.lookup["id"])
            if source is None:
                raise NotFound(f"indexed document [{self.lookup['index']}/{self.lookup['id']}] couldn't be found")
            documents = [source]
        return replace(self, documents=documents, lookup=None, percolation=self._percolation(reader, documents))

    def weigh(self, reader: Reader) -> Weight:
        """Every query that may match, run over the documents. Raises BadDocument."""
        percolation = self.percolation or self._percolation(reader, self.documents)
        percolation.segment  # noqa: B018 (it raises)
        return PercolateWeight(percolation, self.boost)

    def _percolation(self, reader: Reader, documents: Sequence[Source]) -> Percolation:
        found = reader.field(self.field)
        if found is None:
            raise BadQuery(f"field [{self.field}] does not exist")
        if not isinstance(found, Percolator):
            raise BadQuery(f"expected field [{self.field}] to be of type [percolator], but is of type [{found.kind}]")
        return Percolation(reader, found, documents, self.read)


def _documents(one: Any, several: Any) -> list[Source]:  # noqa: ANN401
    """Raises BadQuery, IllegalArgument."""
    if one is not None and several is not None:
        raise IllegalArgument("[percolate] Either specify [document] or [documents], not both")
    listed = several if isinstance(several, list) else [each for each in (one, several) if each is not None]
    if not all(isinstance(each, Mapping) for each in listed):
        raise BadQuery("[percolate] [document] must be an object, and [documents] an array of objects")
    return listed
