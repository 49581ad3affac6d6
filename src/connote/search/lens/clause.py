"""A query clause by clause: what each found in a document, and what that is worth."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connote.search.lens import terms, vectors
from connote.search.lens.cutting import Cutting
from connote.search.lens.sight import Sight
from connote.search.lens.vectors import Asked
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.text import scalar
from connote.search.query.boolean import Bool, Boosting
from connote.search.query.chunks import chunks_of
from connote.search.query.geo import GeoBox
from connote.search.query.knn import DenseWeight, Knn
from connote.search.query.match import Match
from connote.search.query.multi import Combined, MultiMatch
from connote.search.query.nested import Nested
from connote.search.query.query import Query
from connote.search.query.sparse import Sparse, SparseWeight

Told = dict[str, Any]
_KINDS = {Sparse: "sparse_vector", Combined: "combined_fields", GeoBox: "geo_bounding_box"}
_MODES = {
    "words": "match",
    "phrase": "match_phrase",
    "phrase_prefix": "match_phrase_prefix",
    "bool_prefix": "match_bool_prefix",
}
_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True)
class Clauses:
    """Tells them, of one document."""

    sight: Sight
    cutting: Cutting

    def told(self, query: Query, occur: str = "query", *, scored: bool = True) -> Told:
        """One clause and those in it. What only filters has no score."""
        weight = query.weigh(self.sight.reader)
        field = getattr(query, "field", None)
        told: Told = {"occur": occur, "kind": kind(query), **({"_name": query.name} if query.name else {})}
        if isinstance(field, str):
            told["field"] = chunks_of(self.sight.reader, field)
        told["matched"] = self.sight.matches(weight)
        told["score"] = self.sight.score(weight) if scored else None
        inner = list(self._inner(query))
        if isinstance(weight, SparseWeight) and isinstance(query, Match | Sparse):
            told |= vectors.sparse(self.sight, weight, self.cutting, self._asked(query))
        elif isinstance(weight, DenseWeight) and isinstance(query, Match | Knn):
            told |= vectors.dense(self.sight, weight)
        elif scored and not inner and (found := terms.terms(self.sight, weight)):
            told["terms"] = found
        if inner:
            told["clauses"] = [self.told(each, how, scored=scored and how in _SCORED) for how, each in inner]
        return told

    def _inner(self, query: Query) -> Iterator[tuple[str, Query]]:
        match query:
            case Bool():
                groups = {"must": query.must, "should": query.should, "filter": query.filters, "must_not": query.never}
                yield from ((name, each) for name, group in groups.items() for each in group)
            case Boosting():
                yield from (("positive", query.positive), ("negative", query.negative))
            case MultiMatch():
                if query.type != "cross_fields":
                    yield from (("field", each) for each in query.each or ())
            case Nested():
                if chunks_of(self.sight.reader, query.path) != query.path:
                    yield "query", query.inner.boosted(query.boost)
            case Knn():
                yield from (("filter", each) for each in query.filters)
            case _:
                yield from (("query", each) for each in query.parts())

    def _asked(self, query: Match | Sparse) -> Asked | None:
        """The text that was embedded; None where the vector was given."""
        if query.text is None:
            return None
        field = self.sight.reader.field(chunks_of(self.sight.reader, query.field))
        endpoint = query.endpoint if isinstance(query, Sparse) else None
        if endpoint is None and isinstance(field, SemanticText):
            endpoint = field.search_endpoint
        return None if endpoint is None else Asked(endpoint, scalar(query.text))


_SCORED = ("query", "must", "should", "positive", "field")


def kind(query: Query) -> str:
    """What the query DSL calls it."""
    if isinstance(query, Match):
        return "semantic" if query.is_semantic_only else _MODES[query.mode]
    name = _KINDS.get(type(query), type(query).__name__)
    return _INNER_CAPITAL.sub("_", name).lower()
